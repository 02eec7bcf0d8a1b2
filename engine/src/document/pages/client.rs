//! The client: one open PDF, read by a process that may crash.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::super::geometry::Rect;
use super::super::raw::{LinkTarget, RawPage};
use super::connection::{Broken, Connection};
use super::wire::{Extras, Fault, FileInfo, MAX_OUTLINE_DEPTH, Reply, Request};
use crate::cancel::CancelToken;

/// After this many crashes in a row without a reply, the file is given up.
const MAX_DEATHS_IN_A_ROW: u32 = 5;

/// Resource limits of the process that reads PDFs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Address space in bytes, besides the size of the file itself; 0: no limit.
    pub memory_bytes: u64,
    /// Starting the process and opening the file.
    pub open_timeout: Duration,
    /// Reading one page.
    pub page_timeout: Duration,
    /// Drawing one rectangle.
    pub render_timeout: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_bytes: 3 << 30,
            open_timeout: Duration::from_secs(60),
            page_timeout: Duration::from_secs(20),
            render_timeout: Duration::from_secs(30),
        }
    }
}

/// How the process is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PagesOptions {
    /// The program and its first arguments; `--pdfium PATH --memory-bytes N` follow, or for an
    /// image file `--pictures --memory-bytes N`.
    pub program: Vec<OsString>,
    /// PDFium's library file.
    pub pdfium: PathBuf,
    /// Its resource limits.
    pub limits: Limits,
}

impl PagesOptions {
    /// The running program itself, as `pages`, with the usual limits.
    ///
    /// # Errors
    /// Fails if the system does not say which program is running.
    pub fn this_program(pdfium: PathBuf) -> io::Result<Self> {
        let program = vec![std::env::current_exe()?.into_os_string(), "pages".into()];
        Ok(Self { program, pdfium, limits: Limits::default() })
    }
}

/// Why the process did not answer a request.
#[derive(Debug, thiserror::Error)]
pub enum PagesError {
    /// It could not be started.
    #[error("the process that reads PDFs could not be started: {0}")]
    Start(#[source] io::Error),
    /// It refused; the message is for logs, callers distinguish the faults.
    #[error("PDFium reported an error: {0:?}")]
    Refused(Fault),
    /// It ended during the request; how, if the system says.
    #[error("PDFium ended unexpectedly ({0})")]
    Died(String),
    /// It took too long and was killed.
    #[error("PDFium took longer than {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    /// It crashed too often in a row.
    #[error("PDFium ended unexpectedly {MAX_DEATHS_IN_A_ROW} times in a row")]
    GaveUp,
    /// Its reply does not match the request.
    #[error("the process that reads PDFs belongs to another version of Recto")]
    OtherVersion,
    /// Its reply contains values that no file can have.
    #[error("the process that reads PDFs returned impossible values")]
    Unsound,
    /// The file is no longer the one that was opened.
    #[error("the file changed while it was read")]
    Changed,
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
}

impl PagesError {
    /// Whether the process ended during the request.
    fn is_death(&self) -> bool {
        matches!(self, Self::Died(_) | Self::TimedOut(_))
    }
}

/// One open PDF.
#[derive(Debug)]
pub struct PagesProcess {
    options: PagesOptions,
    path: PathBuf,
    password: Option<String>,
    info: FileInfo,
    connection: Option<Connection<Request, Reply>>,
    /// Whether labels or outline could not be read as a whole.
    lacks_extras: bool,
    /// The page requested ahead, whose reply is still to come.
    ahead: Option<u32>,
    deaths_in_a_row: u32,
}

impl PagesProcess {
    /// Starts the process and opens a file.
    ///
    /// # Errors
    /// Fails if the process cannot be started, refuses the file, dies or takes too long over it, and if `cancel`
    /// was set.
    pub fn open(
        options: PagesOptions,
        path: &Path,
        password: Option<String>,
        cancel: &CancelToken,
    ) -> Result<Self, PagesError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let (connection, info) = start(&options, &path, password.as_deref(), cancel)?;
        let connection = Some(connection);
        let mut opened =
            Self { options, path, password, info, lacks_extras: false, connection, ahead: None, deaths_in_a_row: 0 };
        opened.add_extras(cancel)?;
        Ok(opened)
    }

    /// The file's own metadata.
    pub fn info(&self) -> &FileInfo {
        &self.info
    }

    /// Whether labels or the table of contents had to be left out, or a part of them.
    pub fn lacks_extras(&self) -> bool {
        self.lacks_extras
    }

    /// Adds labels and outline. A file that kills the process with them is read without.
    fn add_extras(&mut self, cancel: &CancelToken) -> Result<(), PagesError> {
        let timeout = self.options.limits.page_timeout;
        match self.ask(&Request::Extras, timeout, cancel) {
            Ok(Reply::Extras(Extras { mut labels, mut outline, truncated })) => {
                let page_count = self.info.page_count;
                labels.truncate(page_count as usize);
                outline.retain(|item| item.depth <= MAX_OUTLINE_DEPTH);
                outline.retain(|item| item.page.is_none_or(|page| (1..=page_count).contains(&page)));
                (self.info.labels, self.info.outline, self.lacks_extras) = (labels, outline, truncated);
            }
            Ok(_) => return Err(self.confused()),
            Err(PagesError::Cancelled) => return Err(PagesError::Cancelled),
            Err(_) => self.lacks_extras = true,
        }
        // This says nothing of the pages.
        self.deaths_in_a_row = 0;
        Ok(())
    }

    /// Requests page `index` (from 0) ahead of time. Errors show when the page is read.
    pub fn ask_ahead(&mut self, index: u32) {
        if self.ahead.is_none()
            && let Some(connection) = &mut self.connection
            && connection.send(&Request::Page { index }).is_ok()
        {
            self.ahead = Some(index);
        }
    }

    /// Reads page `index` (from 0).
    ///
    /// # Errors
    /// As [`PagesProcess::open`]; later requests restart the process.
    pub fn page(&mut self, index: u32, cancel: &CancelToken) -> Result<RawPage, PagesError> {
        let timeout = self.options.limits.page_timeout;
        match self.ask(&Request::Page { index }, timeout, cancel)? {
            Reply::Page(page) if !self.is_sound(&page) => {
                self.connection = None;
                Err(PagesError::Unsound)
            }
            Reply::Page(page) => Ok(page),
            _ => Err(self.confused()),
        }
    }

    /// Draws `rect` (page space) of page `index` (from 0) on white: rows of red, green, blue.
    ///
    /// # Errors
    /// As [`PagesProcess::page`].
    pub fn render(
        &mut self,
        index: u32,
        rect: Rect,
        (width_px, height_px): (u32, u32),
        cancel: &CancelToken,
    ) -> Result<Vec<u8>, PagesError> {
        let timeout = self.options.limits.render_timeout;
        match self.ask(&Request::Render { index, rect, width_px, height_px }, timeout, cancel)? {
            Reply::Rendered(pixels) if pixels.0.len() == width_px as usize * height_px as usize * 3 => Ok(pixels.0),
            _ => Err(self.confused()),
        }
    }

    fn ask(&mut self, request: &Request, timeout: Duration, cancel: &CancelToken) -> Result<Reply, PagesError> {
        let already_asked = self.settle_ahead(request, cancel);
        if self.deaths_in_a_row >= MAX_DEATHS_IN_A_ROW {
            return Err(PagesError::GaveUp);
        }
        let result = self.ask_once(request, already_asked, timeout, cancel);
        match &result {
            Ok(_) | Err(PagesError::Refused(_)) => self.deaths_in_a_row = 0,
            Err(error) => {
                self.connection = None;
                if error.is_death() {
                    self.deaths_in_a_row += 1;
                }
            }
        }
        result
    }

    /// Whether `request` is the one that was sent ahead; otherwise discards that one's reply.
    fn settle_ahead(&mut self, request: &Request, cancel: &CancelToken) -> bool {
        let Some(ahead) = self.ahead.take() else { return false };
        if *request == (Request::Page { index: ahead }) {
            return self.connection.is_some();
        }
        let timeout = self.options.limits.page_timeout;
        if let Some(connection) = &mut self.connection
            && connection.receive(Instant::now() + timeout, cancel).is_err()
        {
            self.connection = None;
        }
        false
    }

    fn ask_once(
        &mut self,
        request: &Request,
        already_asked: bool,
        timeout: Duration,
        cancel: &CancelToken,
    ) -> Result<Reply, PagesError> {
        let connection = if let Some(connection) = &mut self.connection {
            connection
        } else {
            let (connection, info) = start(&self.options, &self.path, self.password.as_deref(), cancel)?;
            if !info.is_of_same_file(&self.info) {
                return Err(PagesError::Changed);
            }
            self.connection.insert(connection)
        };
        if !already_asked {
            connection.send(request).map_err(|broken| broken.into_error(timeout))?;
        }
        refuse(connection.receive(Instant::now() + timeout, cancel).map_err(|broken| broken.into_error(timeout))?)
    }

    /// Whether this can be a page of the file. The lengths of its lists were checked during deserialisation.
    fn is_sound(&self, page: &RawPage) -> bool {
        let is_side = |side: f32| side.is_finite() && side > 0.0;
        let is_target = |target: &LinkTarget| match target {
            LinkTarget::Page(number) => (1..=self.info.page_count).contains(number),
            LinkTarget::Uri(_) => true,
        };
        is_side(page.width_pt)
            && is_side(page.height_pt)
            && page.chars.iter().all(|char| usize::from(char.font) < page.fonts.len())
            && page.links.iter().all(|link| is_target(&link.target))
    }

    /// The two sides are out of step.
    fn confused(&mut self) -> PagesError {
        self.connection = None;
        PagesError::OtherVersion
    }
}

/// Starts a process and opens the file in it.
fn start(
    options: &PagesOptions,
    path: &Path,
    password: Option<&str>,
    cancel: &CancelToken,
) -> Result<(Connection<Request, Reply>, FileInfo), PagesError> {
    let timeout = options.limits.open_timeout;
    let deadline = Instant::now() + timeout;
    let file_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let memory_bytes = match options.limits.memory_bytes {
        0 => 0,
        limit => limit.saturating_add(file_bytes),
    };
    let mut connection =
        Connection::start(&options.program, &["--pdfium".as_ref(), options.pdfium.as_os_str()], memory_bytes)
            .map_err(PagesError::Start)?;
    let into_error = |broken: Broken| broken.into_error(timeout);
    match refuse(connection.receive(deadline, cancel).map_err(into_error)?)? {
        Reply::Hello { version: super::wire::VERSION } => {}
        _ => return Err(PagesError::OtherVersion),
    }
    let open = Request::Open { path: path.as_os_str().to_owned(), password: password.map(str::to_owned) };
    connection.send(&open).map_err(into_error)?;
    match refuse(connection.receive(deadline, cancel).map_err(into_error)?)? {
        Reply::Opened(info, _) if !info.is_sound() => Err(PagesError::Unsound),
        Reply::Opened(info, sandbox) => {
            super::sandbox::note(sandbox);
            Ok((connection, info))
        }
        _ => Err(PagesError::OtherVersion),
    }
}

fn refuse(reply: Reply) -> Result<Reply, PagesError> {
    match reply {
        Reply::Refused(fault) => Err(PagesError::Refused(fault)),
        reply => Ok(reply),
    }
}
