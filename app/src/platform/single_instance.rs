//! One window per user: a second start hands its files to the window that is there, and ends.
//!
//! The running window listens on a local socket below the user's own directories. What comes over it is names of files, which
//! the window opens as if they had been dropped on it. It says so in one line, and a second start that does not hear that in time
//! opens a window of its own: files are opened twice rather than not at all. On a Mac the Finder's wishes come the same way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use engine::store::{Bucket, Directories};
use interprocess::local_socket::traits::{ListenerExt as _, Stream as _};
use interprocess::local_socket::{Listener, ListenerOptions, Name, Stream};
use serde::{Deserialize, Serialize};

use crate::wake::Wake;

/// Longest call that is listened to, in bytes.
const LONGEST_CALL: u64 = 1 << 20;

/// How long a second start waits to hear that its files were taken.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long another start may take to say the next part of what it wants.
const READ_TIMEOUT: Duration = Duration::from_secs(2);

/// Starts that are listened to at the same time. One too many is not heard, and opens its own window.
const MAX_CONNECTIONS: usize = 32;

/// What is answered when the files were taken.
const TAKEN: &str = "taken\n";

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
    /// There is none, or it does not answer; this one listens, where the system lets it.
    Nobody(Option<Listener>),
}

/// Tells the window that is there, or becomes it.
pub(crate) fn find_running_window(call: &OpenRequest) -> Found {
    let Ok(directories) = Directories::of_user() else { return Found::Nobody(None) };
    let folder = Bucket::Library.path(&directories);
    match tell(&folder, call, PATIENCE) {
        Told::Taken => return Found::Told,
        // The socket is left to the window that has it: it may go on.
        Told::Unheard => {
            tracing::warn!("the window that is open does not answer; the files are opened in another");
            return Found::Nobody(None);
        }
        Told::NobodyThere => {}
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

    /// Hands a call to the window.
    ///
    /// Never blocks, since on a Mac this runs on the window's own thread: a call too many is dropped and logged.
    pub(crate) fn send(&self, call: OpenRequest) -> Handed {
        let handed = match self.sender.try_send(call) {
            Ok(()) => Handed::Taken,
            Err(TrySendError::Full(_)) => {
                tracing::warn!("files were not opened: {QUEUED_CALLS} calls wait for the window already");
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

/// What became of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Handed {
    /// The window has it.
    Taken,
    /// Too many wait already.
    TooMany,
    /// The window is gone.
    Gone,
}

/// Passes on what other starts of the program want, from now on.
///
/// # Errors
/// Fails where the system starts no thread.
pub(crate) fn take_open_requests(listener: Listener, calls: OpenRequests) -> std::io::Result<()> {
    let connections = Arc::new(AtomicUsize::new(0));
    let listen = move || {
        for stream in listener.incoming().flatten() {
            // Each is listened to on a thread of its own, so that one who says nothing holds up nobody.
            if connections.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
                connections.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (open, calls) = (Arc::clone(&connections), calls.clone());
            let take = move || {
                take_one(&stream, &calls);
                open.fetch_sub(1, Ordering::SeqCst);
            };
            if let Err(error) = std::thread::Builder::new().name("call".into()).spawn(take) {
                connections.fetch_sub(1, Ordering::SeqCst);
                tracing::warn!(%error, "another start of the program was not listened to");
            }
        }
    };
    std::thread::Builder::new().name("calls".into()).spawn(listen).map(|_| ())
}

/// Reads one call, hands it to the window, and says so.
fn take_one(stream: &Stream, calls: &OpenRequests) {
    // Pipes of Windows have no time limits; there a silent start costs a thread until it ends.
    let _ = stream.set_recv_timeout(Some(READ_TIMEOUT));
    let _ = stream.set_send_timeout(Some(READ_TIMEOUT));
    let mut line = String::new();
    let read = BufReader::new(stream.take(LONGEST_CALL)).read_line(&mut line);
    let Some(call) = read.ok().and_then(|_| serde_json::from_str(&line).ok()) else { return };
    // One that has given up has opened its files itself.
    if is_waiting(stream) && calls.send(call) == Handed::Taken {
        // It may give up in this moment; then its files are open twice.
        let _ = write_all(stream, TAKEN);
    }
}

/// Whether the other side is still there; it says nothing more until it is answered.
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

/// What came of telling the window that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Told {
    /// It has taken the files.
    Taken,
    /// Somebody listens, and has not said in time that the files were taken.
    Unheard,
    /// Nobody listens.
    NobodyThere,
}

/// Tells the window below `folder`, and waits at most `patience` for its answer.
fn tell(folder: &Path, call: &OpenRequest, patience: Duration) -> Told {
    let Some(name) = name(folder) else { return Told::NobodyThere };
    let (sender, answer) = bounded(1);
    // Files always have a form in JSON here, or are left out by whoever made the call.
    let Ok(mut line) = serde_json::to_string(call) else { return Told::Unheard };
    line.push('\n');
    // On a thread of its own, since not every system lets a connection or an answer be waited for in time.
    let ask = move || {
        let _ = sender.send(ask(name, &line, patience));
    };
    if std::thread::Builder::new().name("call".into()).spawn(ask).is_err() {
        return Told::Unheard;
    }
    answer.recv_timeout(patience).unwrap_or(Told::Unheard)
}

fn ask(name: Name<'static>, line: &str, patience: Duration) -> Told {
    let Ok(stream) = Stream::connect(name) else { return Told::NobodyThere };
    let _ = stream.set_recv_timeout(Some(patience));
    let _ = stream.set_send_timeout(Some(patience));
    let_it_come_to_the_front();
    let mut answer = String::new();
    let heard = write_all(&stream, line).and_then(|()| BufReader::new(stream.take(64)).read_line(&mut answer));
    if heard.is_ok() && answer == TAKEN { Told::Taken } else { Told::Unheard }
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
    use std::time::Instant;

    use super::*;

    /// Long enough for a busy computer.
    const LONG: Duration = Duration::from_secs(20);

    fn call() -> OpenRequest {
        OpenRequest { files: vec!["/reports/ümlaut report.pdf".into()], question: Some("How much?".into()) }
    }

    fn connect(folder: &Path) -> Stream {
        Stream::connect(name(folder).unwrap()).unwrap()
    }

    #[test]
    fn a_second_start_tells_the_first_and_rubbish_is_not_listened_to() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(tell(home.path(), &call(), LONG), Told::NobodyThere);
        let listener = listen_at(home.path()).unwrap();
        let (way, calls) = OpenRequests::new();
        take_open_requests(listener, way).unwrap();
        for rubbish in [&b"\n"[..], b"{", b"", b"\xff\xff\n"] {
            connect(home.path()).write_all(rubbish).unwrap();
        }
        assert_eq!(tell(home.path(), &call(), LONG), Told::Taken);
        assert_eq!(calls.recv_timeout(LONG).unwrap(), call());
    }

    #[test]
    fn clients_that_say_nothing_hold_up_nobody() {
        let home = tempfile::tempdir().unwrap();
        let listener = listen_at(home.path()).unwrap();
        let (way, calls) = OpenRequests::new();
        take_open_requests(listener, way).unwrap();
        let idle: Vec<Stream> = (0..5).map(|_| connect(home.path())).collect();
        let half = connect(home.path());
        write_all(&half, "{\"files\":[").unwrap();
        assert_eq!(tell(home.path(), &call(), LONG), Told::Taken);
        assert_eq!(calls.try_iter().collect::<Vec<_>>(), [call()], "what was taken is in the window's queue");
        drop((idle, half));
    }

    #[test]
    fn a_window_that_does_not_answer_is_not_waited_for() {
        let home = tempfile::tempdir().unwrap();
        // It listens, as far as the system is concerned, and never looks, as one that was stopped.
        let listener = listen_at(home.path()).unwrap();
        let begun = Instant::now();
        assert_eq!(tell(home.path(), &call(), Duration::from_millis(300)), Told::Unheard);
        assert!(begun.elapsed() < LONG);
        // When it goes on, what the other has opened itself is not opened again.
        std::thread::sleep(Duration::from_millis(300));
        let (way, calls) = OpenRequests::new();
        take_open_requests(listener, way).unwrap();
        assert_eq!(tell(home.path(), &OpenRequest::default(), LONG), Told::Taken);
        if cfg!(unix) {
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(calls.try_iter().collect::<Vec<_>>(), [OpenRequest::default()]);
        }
    }

    #[test]
    fn a_window_whose_queue_is_full_or_gone_says_nothing() {
        let home = tempfile::tempdir().unwrap();
        let listener = listen_at(home.path()).unwrap();
        let (way, calls) = OpenRequests::new();
        while way.send(OpenRequest::default()) == Handed::Taken {}
        take_open_requests(listener, way).unwrap();
        assert_eq!(tell(home.path(), &call(), LONG), Told::Unheard);
        drop(calls);
        assert_eq!(tell(home.path(), &call(), LONG), Told::Unheard);
    }

    #[test]
    fn calls_that_come_before_the_window_is_there_wait_for_it() {
        let (way, calls) = OpenRequests::new();
        let early = OpenRequest { files: vec!["early.pdf".into()], question: None };
        assert_eq!(way.send(early.clone()), Handed::Taken, "the window's end is there, the window is not");
        let woken = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&woken);
        way.wake_with(Arc::new(move || {
            counter.fetch_add(1, Ordering::SeqCst);
        }));
        assert_eq!(way.send(OpenRequest::default()), Handed::Taken);
        assert_eq!(woken.load(Ordering::SeqCst), 1, "the window looks for what came before by itself");
        assert_eq!(calls.try_iter().collect::<Vec<_>>(), [early, OpenRequest::default()]);
        drop(calls);
        assert_eq!(way.send(OpenRequest::default()), Handed::Gone);
    }

    #[test]
    fn what_a_killed_window_left_does_not_keep_the_next_from_listening() {
        let home = tempfile::tempdir().unwrap();
        engine::store::output::write_file(&home.path().join("window.sock"), b"").unwrap();
        assert_eq!(tell(home.path(), &OpenRequest::default(), LONG), Told::NobodyThere);
        assert!(listen_at(home.path()).is_some());
    }
}
