//! The system's dialog for choosing files, on a thread of its own so that the window never waits.

use std::path::PathBuf;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

/// Endings of the files Recto reads.
const ENDINGS: &[&str] = &["pdf", "png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif", "txt", "md"];

/// A dialog that is open, or none.
#[derive(Debug, Default)]
pub(crate) struct FileDialog {
    chosen: Option<Receiver<Vec<PathBuf>>>,
}

impl FileDialog {
    /// Opens the dialog unless it is open; `wake` is called when it closes.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn open(&mut self, wake: impl Fn() + Send + 'static) -> std::io::Result<()> {
        if self.chosen.is_some() {
            return Ok(());
        }
        let (sender, receiver) = bounded(1);
        self.chosen = Some(receiver);
        let ask = move || ask_and_send(sender, wake);
        std::thread::Builder::new().name("file dialog".into()).spawn(ask).map(|_| ())
    }

    /// The files that were chosen since the last call.
    pub(crate) fn poll(&mut self) -> Option<Vec<PathBuf>> {
        match self.chosen.as_ref()?.try_recv() {
            Ok(paths) => {
                self.chosen = None;
                Some(paths)
            }
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                self.chosen = None;
                None
            }
        }
    }
}

fn ask_and_send(sender: Sender<Vec<PathBuf>>, wake: impl Fn()) {
    let dialog = rfd::FileDialog::new().set_title("Open reports").add_filter("Reports", ENDINGS);
    if let Some(paths) = dialog.pick_files() {
        // Nobody listens any more when the window was closed meanwhile.
        let _ = sender.send(paths);
    }
    drop(sender);
    wake();
}
