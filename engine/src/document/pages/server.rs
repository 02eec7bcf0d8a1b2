//! The server: `recto pages`.
//!
//! A separate thread reads the pipe, so that this process ends as soon as the engine does, even from within PDFium. Each
//! process reads one file, which it opens before it enters its sandbox.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crossbeam_channel::{Receiver, bounded};
use memmap2::Mmap;
use serde::de::DeserializeOwned;

use super::extract::{read_page, render_page};
use super::info::{extras, file_info};
use super::pdfium::{Library, PdfFile};
use super::sandbox::{Sandbox, close_inherited, enter, leave, limit_this_process};
use super::wire::{Fault, Reply, Request, VERSION, read_message, write_message};

/// How the server is started.
#[derive(Clone, Debug)]
pub struct ServeOptions {
    /// PDFium's library.
    pub pdfium: PathBuf,
    /// Most address space of this process, in bytes; 0: no limit.
    pub memory_bytes: u64,
}

/// The server could not go on.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The thread that reads the pipe could not be started, or the pipe broke.
    #[error("the pipe to Recto failed: {0}")]
    Pipe(#[from] io::Error),
}

impl crate::diagnostic::Hint for ServeError {
    fn hint(&self) -> Option<String> {
        Some("this command is started by Recto itself".to_owned())
    }
}

/// Answers requests from standard input on standard output until the input closes, then ends the process.
///
/// # Errors
/// Fails if standard output is closed.
pub fn serve(options: &ServeOptions) -> Result<(), ServeError> {
    serve_with(options, |_| ())
}

/// Like [`serve`], but calls `in_sandbox` once the process has entered its sandbox, before PDFium sees the file.
///
/// # Errors
/// As [`serve`].
pub fn serve_with(options: &ServeOptions, in_sandbox: impl FnOnce(Sandbox)) -> Result<(), ServeError> {
    close_inherited();
    limit_this_process(options.memory_bytes);
    let mut input = BufReader::new(io::stdin());
    let mut replies = BufWriter::with_capacity(1 << 16, io::stdout());
    let library = match Library::load(&options.pdfium) {
        Ok(library) => library,
        Err(fault) => return Ok(write_message(&mut replies, &Reply::Refused(fault))?),
    };
    write_message(&mut replies, &Reply::Hello { version: VERSION })?;
    // The file is opened first and parsed last: PDFium reads it inside the sandbox.
    let Some(request) = read_message::<Request>(&mut input)? else { return Ok(()) };
    let Request::Open { path, password } = request else {
        return Ok(write_message(&mut replies, &Reply::Refused(Fault::NothingOpen))?);
    };
    let bytes = match map(Path::new(&path)) {
        Ok(bytes) => bytes,
        Err(fault) => return Ok(write_message(&mut replies, &Reply::Refused(fault))?),
    };
    let sandbox = enter();
    let requests = listen(input)?;
    let sandbox = sandbox.finish();
    in_sandbox(sandbox);
    match open(&library, bytes, password.as_deref()) {
        Ok(file) => {
            write_message(&mut replies, &Reply::Opened(file_info(&file), sandbox))?;
            answer_all(&file, &requests, &mut replies)
        }
        Err(fault) => Ok(write_message(&mut replies, &Reply::Refused(fault))?),
    }
}

/// Reads requests on a thread of its own. When the input closes, nobody waits for a reply: the process ends.
pub(super) fn listen<T: DeserializeOwned + Send + 'static>(mut input: BufReader<io::Stdin>) -> io::Result<Receiver<T>> {
    let (sender, receiver) = bounded(1);
    std::thread::Builder::new().name("pages-pipe".to_owned()).spawn(move || {
        while let Ok(Some(request)) = read_message::<T>(&mut input) {
            if sender.send(request).is_err() {
                break;
            }
        }
        leave(0)
    })?;
    Ok(receiver)
}

fn answer_all(file: &PdfFile, requests: &Receiver<Request>, replies: &mut impl Write) -> Result<(), ServeError> {
    for request in requests {
        let reply = match request {
            // Another file would have to be opened, which the sandbox does not let through.
            Request::Open { .. } => Err(Fault::OutOfBounds),
            Request::Page { index } => read_page(file, index).map(Reply::Page),
            Request::Render { index, rect, width_px, height_px } => {
                render_page(file, index, &rect, width_px, height_px).map(Reply::Rendered)
            }
            Request::Extras => Ok(Reply::Extras(extras(file))),
        };
        write_message(replies, &reply.unwrap_or_else(Reply::Refused))?;
    }
    Ok(())
}

#[expect(unsafe_code, reason = "a file is mapped into memory rather than read")]
fn map(path: &Path) -> Result<Mmap, Fault> {
    let file = File::open(path).map_err(|error| Fault::Io(error.to_string()))?;
    // SAFETY: a file that is changed or cut while it is mapped can make PDFium read nonsense or end this process; both
    // are what this process is there for.
    unsafe { Mmap::map(&file) }.map_err(|error| Fault::Io(error.to_string()))
}

fn open(library: &Rc<Library>, bytes: Mmap, password: Option<&str>) -> Result<PdfFile, Fault> {
    let file = PdfFile::open(library, bytes, password)?;
    match file.page_count() {
        0 => Err(Fault::ZeroPages),
        _ => Ok(file),
    }
}
