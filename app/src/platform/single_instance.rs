//! One window per user: a second start hands its files to the running window and exits.
//!
//! The running window listens on a local socket in the user's directories. It receives file names and opens them as if they
//! had been dropped on it, and acknowledges each request with one line. A second start that gets no acknowledgement in time
//! opens a window of its own: files are opened twice rather than not at all. On macOS, requests from the Finder use the same
//! channel.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::store::{Directories, StoreFolder};
use interprocess::local_socket::traits::{ListenerExt as _, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use serde::{Deserialize, Serialize};

use crate::wake::Wake;

/// Maximum length of a request, in bytes.
const MAX_REQUEST_BYTES: u64 = 1 << 20;

/// How long a second start waits for the acknowledgement.
const ACKNOWLEDGE_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a client may pause while it sends its request.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Most clients served at the same time. A further one is dropped, and opens its own window.
const MAX_CONNECTIONS: usize = 32;

/// The acknowledgement of a request.
const TAKEN: &str = "taken\n";

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
    /// No window is running, or it does not respond; this one listens, if the system allows it.
    NoWindow(Option<Listener>),
}

/// Hands a request to the running window, or starts listening as the first one.
pub(crate) fn hand_over(request: &OpenRequest) -> Handover {
    let Ok(directories) = Directories::of_user() else { return Handover::NoWindow(None) };
    let folder = StoreFolder::Library.path(&directories);
    match send_to(&folder, request, ACKNOWLEDGE_TIMEOUT) {
        Delivery::Taken => return Handover::Done,
        // The socket is left to the window that has it: it may recover.
        Delivery::NoReply => {
            tracing::warn!("the open window does not respond; the files are opened in another");
            return Handover::NoWindow(None);
        }
        Delivery::NoWindow => {}
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

    /// Sends a request to the window.
    ///
    /// Never blocks, since on a Mac this runs on the window's own thread: one request too many is dropped and logged.
    pub(crate) fn send(&self, request: OpenRequest) -> Handed {
        let handed = match self.sender.try_send(request) {
            Ok(()) => Handed::Taken,
            Err(TrySendError::Full(_)) => {
                tracing::warn!("files were not opened: {QUEUED_REQUESTS} requests wait for the window already");
                Handed::TooMany
            }
            Err(TrySendError::Disconnected(_)) => Handed::Gone,
        };
        if let Some(wake) = self.wake.get() {
            wake();
        }
        handed
    }
}

/// Result of sending a request to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    /// The window has it.
    Taken,
    /// Too many requests wait already.
    TooMany,
    /// The window is closed.
    Gone,
}

/// Starts accepting requests from other starts of the program.
///
/// # Errors
/// Fails if the thread cannot be started.
pub(crate) fn accept_requests(listener: Listener, requests: OpenRequests) -> std::io::Result<()> {
    let connections = Arc::new(AtomicUsize::new(0));
    let listen = move || {
        for stream in listener.incoming().flatten() {
            // Each client has its own thread, so that a silent one delays no other.
            if connections.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
                connections.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (open, requests) = (Arc::clone(&connections), requests.clone());
            let serve = move || {
                serve_client(&stream, &requests);
                open.fetch_sub(1, Ordering::SeqCst);
            };
            if let Err(error) = std::thread::Builder::new().name("open request".into()).spawn(serve) {
                connections.fetch_sub(1, Ordering::SeqCst);
                tracing::warn!(%error, "a request to open files was dropped");
            }
        }
    };
    std::thread::Builder::new().name("open requests".into()).spawn(listen).map(|_| ())
}

/// Reads one request, sends it to the window, and acknowledges it.
fn serve_client(stream: &Stream, requests: &OpenRequests) {
    // Named pipes on Windows have no timeouts; there a silent client occupies a thread until it exits.
    let _ = stream.set_recv_timeout(Some(READ_TIMEOUT));
    let _ = stream.set_send_timeout(Some(READ_TIMEOUT));
    let mut line = String::new();
    let read = BufReader::new(stream.take(MAX_REQUEST_BYTES)).read_line(&mut line);
    let Some(request) = read.ok().and_then(|_| serde_json::from_str(&line).ok()) else { return };
    // A client that timed out has opened its files itself.
    if is_waiting(stream) && requests.send(request) == Handed::Taken {
        // It may time out just now; then its files are open twice.
        let _ = write_all(stream, TAKEN);
    }
}

/// Whether the client is still connected; it sends nothing more until it gets a reply.
fn is_waiting(mut stream: &Stream) -> bool {
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let is_waiting = match stream.read(&mut [0]) {
        Ok(_) => false,
        Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
    };
    is_waiting && stream.set_nonblocking(false).is_ok()
}

fn write_all(mut stream: &Stream, line: &str) -> std::io::Result<()> {
    stream.write_all(line.as_bytes())?;
    stream.flush()
}

/// Result of sending a request to another process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Delivery {
    /// The window acknowledged the request.
    Taken,
    /// A window listens, but did not acknowledge the request in time.
    NoReply,
    /// No window listens.
    NoWindow,
}

/// Sends a request to the window of `folder`, and waits at most `timeout` for the acknowledgement.
fn send_to(folder: &Path, request: &OpenRequest, timeout: Duration) -> Delivery {
    let Some(name) = name(folder) else { return Delivery::NoWindow };
    let (sender, outcome) = bounded(1);
    let Ok(mut line) = serde_json::to_string(request) else { return Delivery::NoReply };
    line.push('\n');
    // On its own thread, since not every system has timeouts for connecting and reading.
    let deliver = move || {
        let _ = sender.send(deliver(name, &line, timeout));
    };
    if std::thread::Builder::new().name("hand over".into()).spawn(deliver).is_err() {
        return Delivery::NoReply;
    }
    outcome.recv_timeout(timeout).unwrap_or(Delivery::NoReply)
}

fn deliver(name: Name<'static>, line: &str, timeout: Duration) -> Delivery {
    let Ok(stream) = Stream::connect(name) else { return Delivery::NoWindow };
    let _ = stream.set_recv_timeout(Some(timeout));
    let _ = stream.set_send_timeout(Some(timeout));
    allow_it_to_the_front();
    let mut reply = String::new();
    let read = write_all(&stream, line).and_then(|()| BufReader::new(stream.take(64)).read_line(&mut reply));
    if read.is_ok() && reply == TAKEN { Delivery::Taken } else { Delivery::NoReply }
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
    use std::time::Instant;

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

    /// Long enough for a busy computer.
    const LONG: Duration = Duration::from_secs(20);

    fn request() -> OpenRequest {
        let files = vec!["/reports/ümlaut report.pdf".into(), not_unicode()];
        OpenRequest { files, question: Some("How much?".into()) }
    }

    fn connect(folder: &Path) -> Stream {
        Stream::connect(name(folder).unwrap()).unwrap()
    }

    #[test]
    fn a_second_start_reaches_the_first_and_malformed_requests_are_ignored() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(send_to(home.path(), &request(), LONG), Delivery::NoWindow);
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
            connect(home.path()).write_all(malformed).unwrap();
        }
        assert_eq!(send_to(home.path(), &request(), LONG), Delivery::Taken);
        assert_eq!(requests.recv_timeout(LONG).unwrap(), request());
    }

    #[test]
    fn silent_clients_delay_no_other() {
        let home = tempfile::tempdir().unwrap();
        let listener = listen_at(home.path()).unwrap();
        let (sender, requests) = OpenRequests::new();
        accept_requests(listener, sender).unwrap();
        let idle: Vec<Stream> = (0..5).map(|_| connect(home.path())).collect();
        let half = connect(home.path());
        write_all(&half, "{\"files\":[").unwrap();
        assert_eq!(send_to(home.path(), &request(), LONG), Delivery::Taken);
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), [request()], "an acknowledged request is in the queue");
        drop((idle, half));
    }

    #[test]
    fn a_window_that_does_not_respond_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        // As a suspended process does: the system accepts connections for it, and nobody reads them.
        let listener = listen_at(home.path()).unwrap();
        let begun = Instant::now();
        assert_eq!(send_to(home.path(), &request(), Duration::from_millis(300)), Delivery::NoReply);
        assert!(begun.elapsed() < LONG);
        // When it recovers, it does not open what the other start has opened itself.
        std::thread::sleep(Duration::from_millis(300));
        let (sender, requests) = OpenRequests::new();
        accept_requests(listener, sender).unwrap();
        assert_eq!(send_to(home.path(), &OpenRequest::default(), LONG), Delivery::Taken);
        if cfg!(unix) {
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(requests.try_iter().collect::<Vec<_>>(), [OpenRequest::default()]);
        }
    }

    #[test]
    fn a_full_queue_or_a_closed_window_acknowledges_nothing() {
        let home = tempfile::tempdir().unwrap();
        let listener = listen_at(home.path()).unwrap();
        let (sender, requests) = OpenRequests::new();
        while sender.send(OpenRequest::default()) == Handed::Taken {}
        accept_requests(listener, sender).unwrap();
        assert_eq!(send_to(home.path(), &request(), LONG), Delivery::NoReply);
        drop(requests);
        assert_eq!(send_to(home.path(), &request(), LONG), Delivery::NoReply);
    }

    #[test]
    fn requests_before_the_window_exists_wait_for_it() {
        let (sender, requests) = OpenRequests::new();
        let early = OpenRequest { files: vec!["early.pdf".into()], question: None };
        assert_eq!(sender.send(early.clone()), Handed::Taken, "the receiver exists, the window does not");
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        sender.wake_with(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(sender.send(OpenRequest::default()), Handed::Taken);
        assert_eq!(woken.load(Ordering::SeqCst), 1, "earlier requests are polled without a wake");
        assert_eq!(requests.try_iter().collect::<Vec<_>>(), [early, OpenRequest::default()]);
        drop(requests);
        assert_eq!(sender.send(OpenRequest::default()), Handed::Gone);
    }

    #[test]
    fn a_stale_socket_does_not_block_the_next_window() {
        let home = tempfile::tempdir().unwrap();
        engine::store::output::write_file(&home.path().join("window.sock"), b"").unwrap();
        assert_eq!(send_to(home.path(), &OpenRequest::default(), LONG), Delivery::NoWindow);
        assert!(listen_at(home.path()).is_some());
    }
}
