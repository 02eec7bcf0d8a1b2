//! The system's file dialogs, run on their own thread so that the window never blocks.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

/// File extensions that Recto opens.
const EXTENSIONS: &[&str] = &["pdf", "png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "txt", "md"];

/// What the user is asked to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// Reports to open.
    Reports,
    /// The folder of a model.
    Model,
    /// A path for an exported conversation.
    Export(SaveAs),
}

/// The file that a save dialog proposes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SaveAs {
    /// Proposed name without extension.
    pub stem: String,
    /// Name of the format, shown by the dialog.
    pub format: &'static str,
    /// Extension of the format, added where the user types none of `accepted`.
    pub extension: &'static str,
    /// Accepted extensions, in lower case; kept as typed.
    pub accepted: &'static [&'static str],
}

/// What the user chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// Reports to open.
    Reports(Vec<PathBuf>),
    /// The folder of a model.
    Model(PathBuf),
    /// A path for an exported conversation.
    Export(PathBuf),
}

/// At most one open dialog.
#[derive(Debug, Default)]
pub(crate) struct FileDialog {
    chosen: Option<Receiver<Chosen>>,
}

impl FileDialog {
    /// Opens a dialog unless one is open; `wake` is called when it closes.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub(crate) fn open(&mut self, choice: Choice, wake: impl Fn() + Send + 'static) -> std::io::Result<()> {
        if self.chosen.is_some() {
            return Ok(());
        }
        let (sender, receiver) = bounded(1);
        self.chosen = Some(receiver);
        let ask = move || ask_and_send(choice, sender, wake);
        std::thread::Builder::new().name("file dialog".into()).spawn(ask).map(|_| ())
    }

    /// The choice made since the last call.
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
            let reports = dialog.set_title("Open reports").add_filter("Reports", EXTENSIONS).pick_files();
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
        // The window may have been closed meanwhile.
        let _ = sender.send(chosen);
    }
    drop(sender);
    wake();
}

/// Adds the extension of the format unless an accepted one was typed.
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
