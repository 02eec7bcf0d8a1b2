//! The system's dialog for choosing files, on a thread of its own so that the window never waits.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

/// Endings of the files Recto reads.
const ENDINGS: &[&str] = &["pdf", "png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "txt", "md"];

/// What is to be chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Reports to open.
    Reports,
    /// The folder of a model.
    Model,
    /// Where to write an exported conversation.
    Export(SaveAs),
}

/// A file to be written, as the dialog proposes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaveAs {
    /// Proposed name, without its extension.
    pub stem: String,
    /// Name of the format, shown by the dialog.
    pub format: &'static str,
    /// Extension of the format, added where the user types none of `accepted`.
    pub extension: &'static str,
    /// Extensions, in lower case, that are kept as typed.
    pub accepted: &'static [&'static str],
}

/// What was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Reports to open.
    Reports(Vec<PathBuf>),
    /// The folder of a model.
    Model(PathBuf),
    /// Where to write a conversation.
    Export(PathBuf),
}

/// A dialog that is open, or none.
#[derive(Debug, Default)]
pub(crate) struct FileDialog {
    chosen: Option<Receiver<Chosen>>,
}

impl FileDialog {
    /// Opens the dialog unless it is open; `wake` is called when it closes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn open(&mut self, choice: Choice, wake: impl Fn() + Send + 'static) -> std::io::Result<()> {
        if self.chosen.is_some() {
            return Ok(());
        }
        let (sender, receiver) = bounded(1);
        self.chosen = Some(receiver);
        let ask = move || ask_and_send(choice, sender, wake);
        std::thread::Builder::new().name("file dialog".into()).spawn(ask).map(|_| ())
    }

    /// The files that were chosen since the last call.
    pub(crate) fn poll(&mut self) -> Option<Chosen> {
        match self.chosen.as_ref()?.try_recv() {
            Ok(chosen) => {
                self.chosen = None;
                Some(chosen)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.chosen = None;
                None
            }
        }
    }
}

fn ask_and_send(choice: Choice, sender: Sender<Chosen>, wake: impl Fn()) {
    let dialog = rfd::FileDialog::new();
    let chosen = match choice {
        Choice::Reports => {
            let reports = dialog.set_title("Open reports").add_filter("Reports", ENDINGS).pick_files();
            reports.map(Chosen::Reports)
        }
        Choice::Model => dialog.set_title("Add a model from a folder").pick_folder().map(Chosen::Model),
        Choice::Export(file) => {
            let dialog = dialog.set_title("Export the conversation").add_filter(file.format, &[file.extension]);
            let path = dialog.set_file_name(format!("{}.{}", file.stem, file.extension)).save_file();
            path.map(|path| Chosen::Export(with_extension(path, &file)))
        }
    };
    if let Some(chosen) = chosen {
        // Nobody listens any more when the window was closed meanwhile.
        let _ = sender.send(chosen);
    }
    drop(sender);
    wake();
}

/// The extension says in which format a file is written, so it never lacks one.
fn with_extension(path: PathBuf, file: &SaveAs) -> PathBuf {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    if extension.is_some_and(|extension| file.accepted.contains(&extension.as_str())) {
        return path;
    }
    let mut name = path.into_os_string();
    name.push(format!(".{}", file.extension));
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_saved_with_an_extension_of_its_format() {
        let file = SaveAs { stem: "a".into(), format: "Markdown", extension: "md", accepted: &["md", "markdown"] };
        for (typed, expected) in [("a", "a.md"), ("a.md", "a.md"), ("a.MARKDOWN", "a.MARKDOWN"), ("v1.2", "v1.2.md")] {
            assert_eq!(with_extension(typed.into(), &file), PathBuf::from(expected));
        }
    }
}
