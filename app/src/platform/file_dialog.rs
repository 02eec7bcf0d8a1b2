//! The system's file dialogs, run on their own thread so that the window never blocks.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

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
    /// Nothing: this system has no file dialog.
    NoDialog,
}

/// What a system without a file dialog lacks, and what to do.
pub(crate) const NO_DIALOG: &str = "this system has no file dialog: there is neither a desktop portal nor zenity";
pub(crate) const NO_DIALOG_HINT: &str =
    "Install xdg-desktop-portal-gtk or zenity. Until then drop files on the window, or start Recto with their paths.";

/// Nobody cancels a dialog as fast as this.
const NO_ONE_CANCELS_IN: Duration = Duration::from_millis(300);

/// Programs that show a file dialog where the desktop portal does not.
const DIALOG_PROGRAM: &str = "zenity";

/// The file that announces the desktop portal, below each folder of `XDG_DATA_DIRS`.
const PORTAL: &str = "dbus-1/services/org.freedesktop.portal.Desktop.service";

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
    let begun = Instant::now();
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
    // Where no dialog can be shown, the answer is the same as after Cancel.
    let chosen = chosen.or_else(|| {
        let (programs, data) = (std::env::var_os("PATH"), std::env::var_os("XDG_DATA_DIRS"));
        let lacks_dialog =
            cfg!(target_os = "linux") && has_no_dialog(programs.as_deref(), data.as_deref(), begun.elapsed());
        lacks_dialog.then_some(Chosen::NoDialog)
    });
    if let Some(chosen) = chosen {
        // The window may have been closed meanwhile.
        let _ = sender.send(chosen);
    }
    drop(sender);
    wake();
}

/// Whether a dialog that nothing was chosen in cannot have been shown: there is no program for it, and no portal, or one
/// that failed at once.
fn has_no_dialog(programs: Option<&OsStr>, data: Option<&OsStr>, elapsed: Duration) -> bool {
    let is_in = |folders: &OsStr, name: &str| std::env::split_paths(folders).any(|folder| folder.join(name).is_file());
    let data = data.filter(|data| !data.is_empty()).unwrap_or(OsStr::new("/usr/local/share:/usr/share"));
    let has_program = programs.is_some_and(|programs| is_in(programs, DIALOG_PROGRAM));
    !has_program && (elapsed < NO_ONE_CANCELS_IN || !is_in(data, PORTAL))
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
#[allow(clippy::disallowed_methods, reason = "tests make the files that they need")]
mod tests {
    use super::*;

    #[test]
    fn a_missing_dialog_is_told_from_a_cancelled_one() {
        let root = tempfile::tempdir().unwrap();
        let (empty, full) = (root.path().join("empty"), root.path().join("full"));
        std::fs::create_dir_all(full.join(PORTAL).parent().unwrap()).unwrap();
        std::fs::create_dir_all(&empty).unwrap();
        std::fs::write(full.join(DIALOG_PROGRAM), "").unwrap();
        std::fs::write(full.join(PORTAL), "").unwrap();
        let (at_once, later) = (Duration::from_millis(20), Duration::from_secs(3));
        for (programs, data, elapsed, expected) in [
            (&empty, &empty, at_once, true),
            (&empty, &empty, later, true),
            (&empty, &full, at_once, true),
            (&empty, &full, later, false),
            (&full, &empty, at_once, false),
            (&full, &full, later, false),
        ] {
            let lacks = has_no_dialog(Some(programs.as_os_str()), Some(data.as_os_str()), elapsed);
            assert_eq!(lacks, expected, "{} {} {elapsed:?}", programs.display(), data.display());
        }
        assert!(has_no_dialog(None, Some(empty.as_os_str()), later));
    }

    #[test]
    fn a_file_is_saved_with_an_extension_of_its_format() {
        let file = SaveAs { stem: "a".into(), format: "Markdown", extension: "md", accepted: &["md", "markdown"] };
        for (typed, expected) in [("a", "a.md"), ("a.md", "a.md"), ("a.MARKDOWN", "a.MARKDOWN"), ("v1.2", "v1.2.md")] {
            assert_eq!(with_extension(typed.into(), &file), PathBuf::from(expected));
        }
    }
}
