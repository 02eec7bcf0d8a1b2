//! Writes down what the window remembers, on a thread of its own: a disk that is slow costs the window nothing.

use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::store::{DeskFile, Directories};

use crate::window::Keeper;

/// The thread, and where it writes.
pub(crate) struct DeskKeeper {
    file: Option<DeskFile>,
    bytes: Option<Sender<Vec<u8>>>,
    incoming: Receiver<Vec<u8>>,
    thread: Option<JoinHandle<()>>,
}

impl DeskKeeper {
    /// Starts the thread. Where the user has no directory, nothing is remembered.
    ///
    /// # Errors
    /// Fails where the system starts no thread.
    pub(crate) fn spawn() -> std::io::Result<Self> {
        let file = Directories::of_user().ok().map(|directories| DeskFile::new(&directories));
        let (bytes, incoming) = bounded(1);
        let (written_to, to_write) = (file.clone(), incoming.clone());
        let thread = std::thread::Builder::new()
            .name("desk".into())
            .spawn(move || written_to.into_iter().for_each(|file| write(&file, &to_write)))?;
        Ok(Self { file, bytes: Some(bytes), incoming, thread: Some(thread) })
    }
}

/// Writes what comes, the latest only, until nobody sends any more.
fn write(file: &DeskFile, incoming: &Receiver<Vec<u8>>) {
    while let Ok(latest) = incoming.recv() {
        if let Err(error) = file.write(&latest) {
            tracing::warn!(%error, "what the window remembers was not written");
        }
    }
}

impl Keeper for DeskKeeper {
    fn load(&mut self) -> Option<Vec<u8>> {
        let file = self.file.as_ref()?;
        let read = file.read();
        match read {
            Ok(Some(bytes)) if serde_json::from_slice::<serde::de::IgnoredAny>(&bytes).is_err() => {
                // It would be written over in a moment.
                if let Err(error) = file.set_aside() {
                    tracing::warn!(%error, "a damaged memory of the window was not put aside");
                }
                None
            }
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, "what the window remembers was not read");
                None
            }
        }
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        let (Some(sender), mut bytes) = (&self.bytes, bytes) else { return };
        // What waits to be written is older: this takes its place.
        while let Err(TrySendError::Full(newer)) = sender.try_send(bytes) {
            let _ = self.incoming.try_recv();
            bytes = newer;
        }
    }
}

impl Drop for DeskKeeper {
    fn drop(&mut self) {
        self.bytes = None;
        if let Some(thread) = self.thread.take() {
            // What came last is written before the program ends.
            let _ = thread.join();
        }
    }
}
