//! The client for image files: one open file, decoded by a process that may run out of memory or time.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::super::geometry::Rect;
use super::client::PagesOptions;
use super::connection::{Broken, Connection};
use super::picture_wire::{PictureFault, PictureReply, PictureRequest, PicturesInfo, VERSION};
use crate::cancel::CancelToken;

/// After this many deaths in a row without a reply, the file is given up.
const MAX_DEATHS_IN_A_ROW: u32 = 5;

/// Most processes that wait for the next request. With more files open than that, each request starts its own.
const MAX_WAITING: usize = 8;

/// How many processes there are.
static RUNNING: AtomicUsize = AtomicUsize::new(0);

/// Why the process did not answer a request.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum PictureError {
    #[error("the process that reads images could not be started: {0}")]
    Start(#[source] std::io::Error),
    #[error("the image is refused: {0:?}")]
    Refused(PictureFault),
    #[error("its process ended unexpectedly ({0})")]
    Died(String),
    #[error("it took longer than {} s", .0.as_secs_f32())]
    TimedOut(Duration),
    #[error("its process ended unexpectedly {MAX_DEATHS_IN_A_ROW} times in a row")]
    GaveUp,
    #[error("the process that reads images belongs to another version of Recto")]
    OtherVersion,
    #[error("the file changed while it was read")]
    Changed,
    #[error("cancelled")]
    Cancelled,
}

/// A process, counted while it runs.
#[derive(Debug)]
struct Running(Connection<PictureRequest, PictureReply>);

impl Drop for Running {
    fn drop(&mut self) {
        RUNNING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One open image file.
#[derive(Debug)]
pub(in super::super) struct PicturesProcess {
    options: PagesOptions,
    path: PathBuf,
    info: PicturesInfo,
    running: Option<Running>,
    deaths_in_a_row: u32,
}

impl PicturesProcess {
    /// Starts the process and opens a file. Of `options`, PDFium's library is not used.
    pub(in super::super) fn open(
        options: PagesOptions,
        path: &Path,
        cancel: &CancelToken,
    ) -> Result<Self, PictureError> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let (running, info) = start(&options, &path, cancel)?;
        Ok(Self { options, path, info, running: Some(running), deaths_in_a_row: 0 })
    }

    /// What the file says.
    pub(in super::super) fn info(&self) -> &PicturesInfo {
        &self.info
    }

    /// Makes sure that picture `index` (from 0) can be decoded.
    pub(in super::super) fn check(&mut self, index: u32, cancel: &CancelToken) -> Result<(), PictureError> {
        let deadline = Instant::now() + self.options.limits.page_timeout;
        self.ask(
            self.options.limits.page_timeout,
            |connection| {
                connection.send(&PictureRequest::Check { index }).map_err(Failed::Broken)?;
                match connection.receive(deadline, cancel).map_err(Failed::Broken)? {
                    PictureReply::Checked => Ok(()),
                    other => Err(Failed::Other(other)),
                }
            },
            cancel,
        )
    }

    /// Draws `rect` (page space) of picture `index` (from 0) on white: rows of red, green, blue.
    pub(in super::super) fn render(
        &mut self,
        index: u32,
        rect: Rect,
        (width_px, height_px): (u32, u32),
        cancel: &CancelToken,
    ) -> Result<Vec<u8>, PictureError> {
        let timeout = self.options.limits.render_timeout;
        let deadline = Instant::now() + timeout;
        self.ask(
            timeout,
            |connection| {
                let request = PictureRequest::Render { index, rect, width_px, height_px };
                connection.send(&request).map_err(Failed::Broken)?;
                let length = width_px as usize * height_px as usize * 3;
                let mut pixels = Vec::with_capacity(length);
                while pixels.len() < length {
                    match connection.receive(deadline, cancel).map_err(Failed::Broken)? {
                        PictureReply::Piece(piece) if !piece.0.is_empty() && piece.0.len() <= length - pixels.len() => {
                            pixels.extend_from_slice(&piece.0);
                        }
                        other => return Err(Failed::Other(other)),
                    }
                }
                Ok(pixels)
            },
            cancel,
        )
    }

    /// Lets `talk` ask the process, which is started again where it ended.
    fn ask<T>(
        &mut self,
        timeout: Duration,
        talk: impl FnOnce(&mut Connection<PictureRequest, PictureReply>) -> Result<T, Failed>,
        cancel: &CancelToken,
    ) -> Result<T, PictureError> {
        if self.deaths_in_a_row >= MAX_DEATHS_IN_A_ROW {
            return Err(PictureError::GaveUp);
        }
        let result =
            self.running(cancel).and_then(|running| talk(&mut running.0).map_err(|why| why.into_error(timeout)));
        match &result {
            Ok(_) | Err(PictureError::Refused(_)) => {
                self.deaths_in_a_row = 0;
                if RUNNING.load(Ordering::Relaxed) > MAX_WAITING {
                    self.running = None;
                }
            }
            Err(error) => {
                self.running = None;
                self.deaths_in_a_row += u32::from(matches!(error, PictureError::Died(_) | PictureError::TimedOut(_)));
            }
        }
        result
    }

    fn running(&mut self, cancel: &CancelToken) -> Result<&mut Running, PictureError> {
        let running = if let Some(running) = self.running.take() {
            running
        } else {
            let (running, info) = start(&self.options, &self.path, cancel)?;
            if info != self.info {
                return Err(PictureError::Changed);
            }
            running
        };
        Ok(self.running.insert(running))
    }
}

/// Why a request failed.
enum Failed {
    Broken(Broken),
    /// A reply that does not match it.
    Other(PictureReply),
}

impl Failed {
    fn into_error(self, timeout: Duration) -> PictureError {
        match self {
            Self::Broken(Broken::Died(how)) => PictureError::Died(how),
            Self::Broken(Broken::Late) => PictureError::TimedOut(timeout),
            Self::Broken(Broken::Cancelled) => PictureError::Cancelled,
            Self::Other(PictureReply::Refused(fault)) => PictureError::Refused(fault),
            Self::Other(_) => PictureError::OtherVersion,
        }
    }
}

/// Starts a process and opens the file in it.
fn start(options: &PagesOptions, path: &Path, cancel: &CancelToken) -> Result<(Running, PicturesInfo), PictureError> {
    let timeout = options.limits.open_timeout;
    let deadline = Instant::now() + timeout;
    let file_bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let memory_bytes = match options.limits.memory_bytes {
        0 => 0,
        limit => limit.saturating_add(file_bytes),
    };
    let connection = Connection::start(&options.program, &["--pictures".as_ref()], memory_bytes);
    let mut running = Running(connection.map_err(PictureError::Start)?);
    RUNNING.fetch_add(1, Ordering::Relaxed);
    let broken = |broken| Failed::Broken(broken).into_error(timeout);
    match running.0.receive(deadline, cancel).map_err(broken)? {
        PictureReply::Hello { version: VERSION } => {}
        other => return Err(Failed::Other(other).into_error(timeout)),
    }
    running.0.send(&PictureRequest::Open { path: path.as_os_str().to_owned() }).map_err(broken)?;
    match running.0.receive(deadline, cancel).map_err(broken)? {
        PictureReply::Opened(info) if info.is_sound() => Ok((running, info)),
        other => Err(Failed::Other(other).into_error(timeout)),
    }
}
