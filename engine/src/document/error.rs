//! Why a file cannot be opened or read, and what the user can do about it.

use std::io;
use std::path::PathBuf;

use super::pages::LibraryError;
use crate::cancel::Cancelled;
use crate::diagnostic::Hint;
use crate::regular_file;

/// A file that cannot be opened or read. The file's path comes last in the message.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// There is no such file.
    #[error("no such file: {}", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder.
    #[error("this is a folder, not a document: {}", path.display())]
    IsDirectory {
        /// The folder.
        path: PathBuf,
    },
    /// It is neither a file nor a folder.
    #[error("this is a device or a pipe, not a document: {}", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// It has no bytes.
    #[error("the file is empty: {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// It is a kind of file that Recto does not read.
    #[error("this is {found}, not a document that Recto reads: {}", path.display())]
    NotADocument {
        /// What it looks like, with its article.
        found: &'static str,
        /// What to do with such a file.
        advice: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// It starts like a document but is damaged.
    #[error("{what} is damaged{}: {}", detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default(), path.display())]
    Damaged {
        /// What it is, with its article.
        what: &'static str,
        /// What the reader of such files says.
        detail: Option<String>,
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted and no password was given.
    #[error("the PDF needs a password: {}", path.display())]
    NeedsPassword {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted and the password is wrong.
    #[error("the password for the PDF is wrong: {}", path.display())]
    WrongPassword {
        /// The file.
        path: PathBuf,
    },
    /// It is encrypted with an unknown method.
    #[error("the PDF is encrypted with an unsupported method: {}", path.display())]
    UnknownEncryption {
        /// The file.
        path: PathBuf,
    },
    /// It has no pages.
    #[error("the PDF has no pages: {}", path.display())]
    ZeroPages {
        /// The file.
        path: PathBuf,
    },
    /// It, or what is requested of it, is larger than Recto allows.
    #[error("{what} is too large ({size}): {}", path.display())]
    TooLarge {
        /// What is too large, with its article.
        what: &'static str,
        /// How large it is and what is allowed.
        size: String,
        /// The file.
        path: PathBuf,
    },
    /// It has no such page.
    #[error("there is no page {number}, the last one is {page_count}: {}", path.display())]
    NoSuchPage {
        /// The page asked for, counted from 1.
        number: u32,
        /// How many there are.
        page_count: u32,
        /// The file.
        path: PathBuf,
    },
    /// A page is damaged.
    #[error("page {number} is damaged: {}", path.display())]
    PageDamaged {
        /// The page, counted from 1.
        number: u32,
        /// The file.
        path: PathBuf,
    },
    /// There is nothing to draw: text files have no page images.
    #[error("a text file cannot be drawn: {}", path.display())]
    NotDrawable {
        /// The file.
        path: PathBuf,
    },
    /// PDFium was not found.
    #[error(transparent)]
    LibraryMissing(#[from] LibraryError),
    /// PDFium was found but cannot be loaded.
    #[error("PDFium, the library that reads PDFs, cannot be loaded ({detail}): {}", library.display())]
    LibraryUnusable {
        /// What the system says.
        detail: String,
        /// The library.
        library: PathBuf,
    },
    /// The process that reads PDFs failed.
    #[error("reading the PDF failed, {detail}: {}", path.display())]
    ProcessDied {
        /// How.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The process that reads PDFs took too long.
    #[error("reading the PDF took longer than {seconds} s and was stopped: {}", path.display())]
    TimedOut {
        /// How long it was given.
        seconds: f32,
        /// The file.
        path: PathBuf,
    },
    /// It is no longer the file that was opened: it was replaced, rewritten or removed.
    #[error("the file changed while it was being read: {}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The process that decodes an image failed.
    #[error("reading the image failed, {detail}: {}", path.display())]
    ImageDied {
        /// How.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The process that decodes an image took too long.
    #[error("reading the image took longer than {seconds} s and was stopped: {}", path.display())]
    ImageTimedOut {
        /// How long it was given.
        seconds: f32,
        /// The file.
        path: PathBuf,
    },
    /// The system refuses access to the file.
    #[error("the file cannot be read ({detail}): {}", path.display())]
    Io {
        /// What the system says.
        detail: String,
        /// The file.
        path: PathBuf,
    },
    /// The work was cancelled.
    #[error(transparent)]
    Cancelled(#[from] Cancelled),
}

impl DocumentError {
    /// Classifies an I/O `error` on the file at `path`.
    pub(super) fn from_io(error: &io::Error, path: PathBuf) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::NotFound { path },
            io::ErrorKind::IsADirectory => Self::IsDirectory { path },
            _ if regular_file::is_not_regular(error) => Self::NotAFile { path },
            io::ErrorKind::PermissionDenied => Self::Io { detail: "permission denied".to_owned(), path },
            _ => Self::Io { detail: error.to_string(), path },
        }
    }
}

impl Hint for DocumentError {
    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::NotFound { .. } => "check the name, or give the whole path",
            Self::IsDirectory { .. } | Self::NotAFile { .. } => "give a file: PDF, image, text or Markdown",
            Self::Empty { .. } => "the download or copy may have failed; get the file again",
            Self::NotADocument { advice, .. } => advice,
            Self::Damaged { what: "the image", .. } => {
                "get the file again; if it opens elsewhere, save it as PNG there"
            }
            Self::Damaged { what: "the text file", .. } => "get the file again, or save it as plain text",
            Self::Damaged { .. } | Self::PageDamaged { .. } => {
                "get the file again; if it opens elsewhere, print it to a new PDF there"
            }
            Self::NeedsPassword { .. } => "write the password to a file and pass it with --password-file",
            Self::WrongPassword { .. } => "check the password, including capital letters and keyboard layout",
            Self::UnknownEncryption { .. } => "open it in the program it was made for and print it to a new PDF",
            Self::ZeroPages { .. } => "there is nothing to read in it; get the file again",
            Self::TooLarge { .. } => "split it into smaller parts",
            Self::NoSuchPage { .. } => "pages are counted from 1, regardless of their printed numbers",
            Self::NotDrawable { .. } => "read its text instead",
            Self::LibraryMissing(missing) => return missing.hint(),
            Self::LibraryUnusable { .. } => "in a source checkout run: cargo xtask pdfium; otherwise reinstall Recto",
            Self::ProcessDied { .. } | Self::TimedOut { .. } => {
                "the file is damaged or malicious; if it opens elsewhere, print it to a new PDF there"
            }
            Self::Changed { .. } => "wait until it is written completely, then open it again; nothing was kept of it",
            Self::ImageDied { .. } | Self::ImageTimedOut { .. } => {
                "the image is very large or damaged; if it opens elsewhere, save it there as a smaller PNG"
            }
            Self::Io { .. } => "check that you have permission to read the file and that its disk is connected",
            Self::Cancelled(_) => return None,
        };
        Some(text.to_owned())
    }
}
