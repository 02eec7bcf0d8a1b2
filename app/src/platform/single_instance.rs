//! One window per user: a second start hands its files to the running window and exits.
//!
//! The running window listens on a local socket in the user's directories. It receives file names and opens them as if they
//! had been dropped on it; it sends no reply. On macOS, requests from the Finder use the same channel.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::store::{Directories, StoreFolder};
use interprocess::local_socket::traits::{ListenerExt as _, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use serde::{Deserialize, Serialize};

use crate::wake::Wake;

/// Maximum length of a request, in bytes.
const MAX_REQUEST_BYTES: u64 = 1 << 20;

/// Requests that wait at most for the window, each with all files of one start of the program.
const QUEUED_REQUESTS: usize = 1024;

/// What a second start of the program asks the running window to open.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRequest {
    /// Files to open.
    #[serde(with = "engine::store::path_text::list")]
    pub files: Vec<PathBuf>,
    /// Question to ask on the first of them.
    pub question: Option<String>,
}

/// Result of handing a request to a running window.
pub(crate) enum Handover {
    /// A running window took the request.
    Done,
    /// No window is running; this one listens, if the system allows it.
    NoWindow(Option<Listener>),
}

/// Hands a request to the running window, or starts listening as the first one.
pub(crate) fn hand_over(request: &OpenRequest) -> Handover {
    let Ok(directories) = Directories::of_user() else { return Handover::NoWindow(None) };
    let folder = StoreFolder::Library.path(&directories);
    if send_to(&folder, request).is_some() {
        return Handover::Done;
    }
    let listener = listen_at(&folder);
    if listener.is_none() {
        tracing::info!("cannot listen for other starts: each opens its own window");
    }
    Handover::NoWindow(listener)
}

/// The sending end for open requests, from any source.
#[derive(Clone)]
pub(crate) struct OpenRequests {
    sender: Sender<OpenRequest>,
    wake: Arc<OnceLock<Wake>>,
}

impl OpenRequests {
    /// A channel to a window, which may be created later.
    pub(crate) fn new() -> (Self, Receiver<OpenRequest>) {
        let (sender, requests) = bounded(QUEUED_REQUESTS);
        (Self { sender, wake: Arc::default() }, requests)
    }

    /// Calls `wake` after each request from now on.
    pub(crate) fn wake_with(&self, wake: Wake) {
        // There is one window, which sets this once.
        let _ = self.wake.set(wake);
    }

    /// Sends a request to the window; `false` if it is closed.
    ///
    /// Never blocks, since on a Mac this runs on the window's own thread: one request too many is dropped and logged.
    pub(crate) fn send(&self, request: OpenRequest) -> bool {
        let is_open = match self.sender.try_send(request) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                tracing::warn!("files were not opened: {QUEUED_REQUESTS} requests wait for the window already");
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        };
        if let Some(wake) = self.wake.get() {
            wake();
        }
        is_open
    }
}

/// Starts accepting requests from other starts of the program.
///
/// # Errors
/// Fails if the thread cannot be started.
pub(crate) fn accept_requests(listener: Listener, requests: OpenRequests) -> std::io::Result<()> {
    let listen = move || {
        for stream in listener.incoming().flatten() {
            let mut line = String::new();
            let read = BufReader::new(stream.take(MAX_REQUEST_BYTES)).read_line(&mut line);
            let Some(request) = read.ok().and_then(|_| serde_json::from_str(&line).ok()) else { continue };
            if !requests.send(request) {
                return;
            }
        }
    };
    std::thread::Builder::new().name("open requests".into()).spawn(listen).map(|_| ())
}

fn send_to(folder: &Path, request: &OpenRequest) -> Option<()> {
    let mut stream = Stream::connect(name(folder)?).ok()?;
    allow_it_to_the_front();
    let line = serde_json::to_string(request).ok()?;
    writeln!(stream, "{line}").ok()
}

/// Lets the running window come to the front: Windows grants that only to the program that the user just started.
fn allow_it_to_the_front() {
    #[cfg(windows)]
    #[expect(unsafe_code, reason = "a call of the Windows API")]
    // SAFETY: the call takes a number and touches no memory of ours.
    unsafe {
        use windows_sys::Win32::UI::WindowsAndMessaging::{ASFW_ANY, AllowSetForegroundWindow};
        // If refused, the window's taskbar button flashes instead.
        AllowSetForegroundWindow(ASFW_ANY);
    }
}

fn listen_at(folder: &Path) -> Option<Listener> {
    engine::store::output::create_own_folder(folder).ok()?;
    // A socket left by a killed program is replaced; one in use was found before.
    let listener = ListenerOptions::new().name(name(folder)?).try_overwrite(true).create_sync().ok()?;
    #[cfg(unix)]
    if let Err(error) = engine::store::output::close_own_file(&folder.join("window.sock")) {
        // Its folder is closed all the same.
        tracing::warn!(%error, "the socket cannot be closed to other users");
    }
    Some(listener)
}

#[cfg(unix)]
fn name(folder: &Path) -> Option<Name<'static>> {
    use interprocess::local_socket::{GenericFilePath, ToFsName as _};
    folder.join("window.sock").to_fs_name::<GenericFilePath>().ok().map(Name::into_owned)
}

#[cfg(windows)]
fn name(folder: &Path) -> Option<Name<'static>> {
    use interprocess::local_socket::{GenericNamespaced, ToNsName as _};
    // Named pipes share one namespace, so the name is derived from the folder.
    let of_folder: String =
        folder.to_string_lossy().chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    format!("recto-{of_folder}").to_ns_name::<GenericNamespaced>().ok()
}

/// Absolute paths: the running window has another working directory.
pub(crate) fn absolute(files: Vec<PathBuf>) -> Vec<PathBuf> {
    files.into_iter().map(|file| std::path::absolute(&file).unwrap_or(file)).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    /// A file name that is not Unicode, where the system has such.
    fn not_unicode() -> PathBuf {
        #[cfg(unix)]
        {
            use std::os::unix::ffi::OsStringExt as _;
            std::ffi::OsString::from_vec(b"/reports/r\xe9sum\xe9.pdf".to_vec()).into()
        }
        #[cfg(windows)]
        {
            use std::os::windows::ffi::OsStringExt as _;
            std::ffi::OsString::from_wide(&[0x72, 0xd800]).into()
        }
    }

    #[test]
    fn a_second_start_reaches_the_first_and_malformed_requests_are_ignored() {
        let home = tempfile::tempdir().unwrap();
        let files = vec!["/reports/ümlaut report.pdf".into(), not_unicode()];
        let request = OpenRequest { files, question: Some("How much?".into()) };
        assert!(send_to(home.path(), &request).is_none(), "no window is running");
        let listener = listen_at(home.path()).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(home.path()), mode(&home.path().join("window.sock"))), (0o700, 0o600));
        }
        let (sender, requests) = OpenRequests::new();
        accept_requests(listener, sender).unwrap();
        for malformed in [&b"\n"[..], b"{", b"", b"\xff\xff\n"] {
            Stream::connect(name(home.path()).unwrap()).unwrap().write_all(malformed).unwrap();
        }
        send_to(home.path(), &request).unwrap();
        assert_eq!(requests.recv_timeout(Duration::from_secs(5)).unwrap(), request);
    }

    #[test]
    fn requests_before_the_window_exists_wait_for_it() {
        let (sender, requests) = OpenRequests::new();
        let early = OpenRequest { files: vec!["early.pdf".into()], question: None };
        assert!(sender.send(early.clone()), "the receiver exists, the window does not");
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        sender.wake_with(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert!(sender.send(OpenRequest::default()));
        assert_eq!(woken.load(Ordering::SeqCst), 1, "earlier requests are polled without a wake");
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), [early, OpenRequest::default()]);
        drop(requests);
        assert!(!sender.send(OpenRequest::default()), "the window is closed");
    }

    #[test]
    fn a_stale_socket_does_not_block_the_next_window() {
        let home = tempfile::tempdir().unwrap();
        engine::store::output::write_file(&home.path().join("window.sock"), b"").unwrap();
        assert!(send_to(home.path(), &OpenRequest::default()).is_none());
        assert!(listen_at(home.path()).is_some());
    }
}
