//! One window per user: a second start hands its files to the window that is there, and ends.
//!
//! The running window listens on a local socket below the user's own directories. What comes over it is names of files, which
//! the window opens as if they had been dropped on it; nothing is answered. On a Mac the Finder's wishes come the same way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::store::{Directories, StoreFolder};
use interprocess::local_socket::traits::{ListenerExt as _, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use serde::{Deserialize, Serialize};

use crate::wake::Wake;

/// Longest call that is listened to, in bytes.
const LONGEST_CALL: u64 = 1 << 20;

/// OpenRequests that wait at most for the window, each with all files of one start of the program.
const QUEUED_CALLS: usize = 1024;

/// What another start of the program wants of the window that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Files to open.
    pub files: Vec<PathBuf>,
    /// Question to ask on the first of them.
    pub question: Option<String>,
}

/// What came of looking for a window.
pub(crate) enum Found {
    /// There was one, and it has been told.
    Told,
    /// There is none; this one listens, where the system lets it.
    Nobody(Option<Listener>),
}

/// Tells the window that is there, or becomes it.
pub(crate) fn find_running_window(call: &OpenRequest) -> Found {
    let Ok(directories) = Directories::of_user() else { return Found::Nobody(None) };
    let folder = StoreFolder::Library.path(&directories);
    if tell(&folder, call).is_some() {
        return Found::Told;
    }
    let listener = listen_at(&folder);
    if listener.is_none() {
        tracing::info!("a second start will open a second window");
    }
    Found::Nobody(listener)
}

/// Where calls go to, whoever makes them.
#[derive(Clone)]
pub(crate) struct OpenRequests {
    sender: Sender<OpenRequest>,
    wake: Arc<OnceLock<Wake>>,
}

impl OpenRequests {
    /// The way to a window, which may be made later, and its end at the window.
    pub(crate) fn new() -> (Self, Receiver<OpenRequest>) {
        let (sender, calls) = bounded(QUEUED_CALLS);
        (Self { sender, wake: Arc::default() }, calls)
    }

    /// OpenRequests `wake` after each call from now on.
    pub(crate) fn wake_with(&self, wake: Wake) {
        // There is one window, which says so once.
        let _ = self.wake.set(wake);
    }

    /// Hands a call to the window; `false` when it is gone.
    ///
    /// Never blocks, since on a Mac this runs on the window's own thread: a call too many is dropped and logged.
    pub(crate) fn send(&self, call: OpenRequest) -> bool {
        let is_there = match self.sender.try_send(call) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                tracing::warn!("files were not opened: {QUEUED_CALLS} calls wait for the window already");
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        };
        if let Some(wake) = self.wake.get() {
            wake();
        }
        is_there
    }
}

/// Passes on what other starts of the program want, from now on.
///
/// # Errors
/// Fails where the system starts no thread.
pub(crate) fn take_open_requests(listener: Listener, calls: OpenRequests) -> std::io::Result<()> {
    let listen = move || {
        for stream in listener.incoming().flatten() {
            let mut line = String::new();
            let read = BufReader::new(stream.take(LONGEST_CALL)).read_line(&mut line);
            let Some(call) = read.ok().and_then(|_| serde_json::from_str(&line).ok()) else { continue };
            if !calls.send(call) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("calls".into()).spawn(listen).map(|_| ())
}

fn tell(folder: &Path, call: &OpenRequest) -> Option<()> {
    let mut stream = Stream::connect(name(folder)?).ok()?;
    let_it_come_to_the_front();
    // Names of files always have a form in JSON, or are left out by whoever made the call.
    let line = serde_json::to_string(call).ok()?;
    writeln!(stream, "{line}").ok()
}

/// Lets the window that is there come to the front: Windows grants that to the program alone that the user has just started.
fn let_it_come_to_the_front() {
    #[cfg(windows)]
    #[expect(unsafe_code, reason = "who may come to the front is said to the system's own library")]
    // SAFETY: the call takes a number and touches no memory of ours.
    unsafe {
        use windows_sys::Win32::UI::WindowsAndMessaging::{ASFW_ANY, AllowSetForegroundWindow};
        // Where it is refused, the window's button in the task bar blinks instead.
        AllowSetForegroundWindow(ASFW_ANY);
    }
}

fn listen_at(folder: &Path) -> Option<Listener> {
    engine::store::output::create_folder(folder).ok()?;
    // One that a killed program left is taken over; one that is in use was found before.
    ListenerOptions::new().name(name(folder)?).try_overwrite(true).create_sync().ok()
}

#[cfg(unix)]
fn name(folder: &Path) -> Option<Name<'static>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName as _};
    folder.join("window.sock").to_fs_name::<GenericFilePath>().ok().map(Name::into_owned)
}

#[cfg(windows)]
fn name(folder: &Path) -> Option<Name<'static>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName as _};
    // Pipes have a name of their own, the same for all that is below one folder.
    let of_folder: String =
        folder.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    format!("recto-{of_folder}").to_ns_name::<GenericNamespaced>().ok()
}

/// Files as they are found from anywhere: the window that is told of them runs in another folder.
pub(crate) fn absolute(files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.into_iter().map(|file| std::path::absolute(&file).unwrap_or(file)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_start_tells_the_first_and_rubbish_is_not_listened_to() {
        let home = tempfile::tempdir().unwrap();
        let call =
            OpenRequest { files: vec!["/reports/ümlaut report.pdf".into()], question: Some("How much?".into()) };
        assert!(tell(home.path(), &call).is_none(), "nobody is there");
        let listener = listen_at(home.path()).unwrap();
        let (way, calls) = OpenRequests::new();
        take_open_requests(listener, way).unwrap();
        for rubbish in [&b"\n"[..], b"{", b"", b"\xff\xff\n"] {
            Stream::connect(name(home.path()).unwrap()).unwrap().write_all(rubbish).unwrap();
        }
        tell(home.path(), &call).unwrap();
        assert_eq!(calls.recv_timeout(Duration::from_secs(5)).unwrap(), call);
    }

    #[test]
    fn calls_that_come_before_the_window_is_there_wait_for_it() {
        let (way, calls) = OpenRequests::new();
        let early = OpenRequest { files: vec!["early.pdf".into()], question: None };
        assert!(way.send(early.clone()), "the window's end is there, the window is not");
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        way.wake_with(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert!(way.send(OpenRequest::default()));
        assert_eq!(woken.load(Ordering::SeqCst), 1, "the window looks for what came before by itself");
        assert_eq!(calls.try_iter().collect::<Vec<_>>(), [early, OpenRequest::default()]);
        drop(calls);
        assert!(!way.send(OpenRequest::default()), "the window is gone");
    }

    #[test]
    fn what_a_killed_window_left_does_not_keep_the_next_from_listening() {
        let home = tempfile::tempdir().unwrap();
        engine::store::output::write_file(&home.path().join("window.sock"), b"").unwrap();
        assert!(tell(home.path(), &OpenRequest::default()).is_none());
        assert!(listen_at(home.path()).is_some());
    }
}
