//! Downloading one file in pieces, several at a time, into a file of the store.
//!
//! Each piece has its own thread, which only reads from the network; the caller's thread writes. So nothing is written after a
//! cancellation, even where a thread still hangs in a read.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ureq::http::Uri;

use super::net::{Client, NetError, POLL, Response};
use crate::cancel::{CancelToken, Cancelled};
use crate::store::{PartialFile, StoreError, Wanted};

/// Size of the chunks that threads send.
const CHUNK_BYTES: usize = 128 << 10;

/// Why a download stopped.
#[derive(Debug)]
pub(super) enum Stop {
    Net(NetError),
    Store(StoreError),
    Cancelled(Cancelled),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a thread reports.
enum Report {
    /// A response has begun: the file's ETag, and whether the server sends the whole file although a range was requested.
    Head { tag: Option<String>, whole: bool },
    /// Some bytes of the file.
    Bytes { offset: u64, bytes: Vec<u8> },
    /// All bytes of a piece were sent.
    Piece(usize),
    /// The thread has failed, and with it the download.
    Failed(NetError),
}

/// What the threads of one file share.
struct Shared {
    client: Client,
    uri: Uri,
    wanted: Wanted,
    /// Pieces that no thread has taken yet.
    queue: Mutex<VecDeque<usize>>,
    /// The ETag that all pieces must have.
    tag: Mutex<Option<String>>,
    /// Whether the server sends ranges.
    in_pieces: AtomicBool,
    abandoned: AtomicBool,
}

/// Downloads all missing pieces of `file`. `on_bytes` is called with the number of bytes present.
///
/// # Errors
/// Where the file changes during the download, it is started over once; the second time is [`NetError::Changed`].
pub(super) fn fetch_file(
    client: &Client,
    uri: &Uri,
    file: &mut PartialFile,
    cancel: &CancelToken,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let mut may_restart = true;
    loop {
        match fetch_missing(client, uri, file, cancel, &mut may_restart, on_bytes) {
            Err(Stop::Net(NetError::Changed)) if may_restart => {
                may_restart = false;
                file.restart(None)?;
            }
            end => return end,
        }
    }
}

fn fetch_missing(
    client: &Client,
    uri: &Uri,
    file: &mut PartialFile,
    cancel: &CancelToken,
    may_restart: &mut bool,
    on_bytes: &mut dyn FnMut(u64),
) -> Result<(), Stop> {
    let missing: VecDeque<usize> = (0..file.wanted().num_pieces()).filter(|&index| !file.has_piece(index)).collect();
    let num_missing = missing.len();
    if num_missing == 0 {
        return Ok(());
    }
    let shared = Arc::new(Shared {
        client: client.clone(),
        uri: uri.clone(),
        wanted: file.wanted().clone(),
        queue: Mutex::new(missing),
        tag: Mutex::new(file.tag().map(ToOwned::to_owned)),
        in_pieces: AtomicBool::new(false),
        abandoned: AtomicBool::new(false),
    });
    let (sender, receiver) = crossbeam_channel::bounded(2 * client.transfer().connections.max(1));
    start(&shared, &sender)?;
    let others = client.transfer().connections.min(num_missing).saturating_sub(1);
    let mut round = Round { shared: &shared, sender: Some(sender), others, may_restart, on_bytes };
    let end = round.follow(file, &receiver, cancel);
    shared.abandoned.store(true, Ordering::Relaxed);
    if matches!(end, Err(Stop::Cancelled(_))) {
        client.close();
    }
    end
}

/// One attempt at the missing pieces, on the caller's thread.
struct Round<'a> {
    shared: &'a Arc<Shared>,
    /// For starting further threads; kept until the first response shows whether ranges are supported.
    sender: Option<Sender<Report>>,
    others: usize,
    may_restart: &'a mut bool,
    on_bytes: &'a mut dyn FnMut(u64),
}

impl Round<'_> {
    fn follow(&mut self, file: &mut PartialFile, reports: &Receiver<Report>, cancel: &CancelToken) -> Result<(), Stop> {
        let mut present_bytes = file.done_bytes();
        (self.on_bytes)(present_bytes);
        loop {
            cancel.check().map_err(Stop::Cancelled)?;
            match reports.recv_timeout(POLL) {
                Ok(Report::Head { tag, whole }) => {
                    self.on_head(file, tag.as_deref(), whole)?;
                    if whole {
                        present_bytes = 0;
                    }
                }
                Ok(Report::Bytes { offset, bytes }) => {
                    file.write_at(offset, &bytes)?;
                    present_bytes += bytes.len() as u64;
                    (self.on_bytes)(present_bytes.min(file.wanted().bytes));
                }
                Ok(Report::Piece(index)) => file.finish_piece(index)?,
                Ok(Report::Failed(error)) => return Err(Stop::Net(error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // All threads are done, so every piece was reported.
        let all = (0..file.wanted().num_pieces()).all(|index| file.has_piece(index));
        if all { Ok(()) } else { Err(Stop::Net(NetError::Interrupted("a thread ended early".to_owned()))) }
    }

    /// Handles the beginning of a response: the first one has the ETag, and shows whether pieces can be downloaded in parallel.
    fn on_head(&mut self, file: &mut PartialFile, tag: Option<&str>, whole: bool) -> Result<(), Stop> {
        let is_first = self.sender.is_some();
        if whole && is_first && file.done_bytes() > 0 {
            // The file has changed since the pieces were downloaded, or the server ignores ranges: it sends everything.
            if !std::mem::take(self.may_restart) {
                return Err(Stop::Net(NetError::Changed));
            }
            file.restart(tag)?;
        } else if is_first && file.done_bytes() == 0 && file.tag() != tag {
            file.restart(tag)?;
        }
        if let Some(sender) = self.sender.take()
            && !whole
        {
            for _ in 0..self.others {
                start(self.shared, &sender)?;
            }
        }
        Ok(())
    }
}

/// Starts a thread that downloads pieces until none is left.
fn start(shared: &Arc<Shared>, sender: &Sender<Report>) -> Result<(), Stop> {
    let (shared, sender) = (Arc::clone(shared), sender.clone());
    let run = move || {
        if let Err(error) = shared.work(&sender)
            && error != NetError::Abandoned
        {
            // The channel is closed when another piece has failed.
            let _ = sender.send(Report::Failed(error));
        }
    };
    let started = std::thread::Builder::new().name("hub-piece".to_owned()).spawn(run);
    started.map(|_| ()).map_err(|error| Stop::Net(NetError::Unreachable(error.to_string())))
}

impl Shared {
    fn work(&self, sender: &Sender<Report>) -> Result<(), NetError> {
        loop {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(index) = next else { return Ok(()) };
            if self.fetch_piece(index, sender)? {
                return Ok(());
            }
        }
    }

    /// Downloads a piece, and resumes it after a lost connection. True when the server sent the whole file instead.
    fn fetch_piece(&self, index: usize, sender: &Sender<Report>) -> Result<bool, NetError> {
        let (start, end) = self.wanted.piece(index);
        let mut at = start;
        let mut number = 0;
        loop {
            let result = self.fetch_range(&mut at, end, sender);
            if self.abandoned.load(Ordering::Relaxed) {
                return Err(NetError::Abandoned);
            }
            match result {
                Ok(true) => return Ok(true),
                Ok(false) => {
                    send(sender, Report::Piece(index))?;
                    return Ok(false);
                }
                Err(error) => {
                    let Some(pause) = self.client.pause(&error, number) else { return Err(error) };
                    tracing::info!(target: "recto::hub", "retry in {pause:?}: {error:?}");
                    let until = Instant::now() + pause;
                    while Instant::now() < until {
                        if self.abandoned.load(Ordering::Relaxed) {
                            return Err(NetError::Abandoned);
                        }
                        std::thread::sleep(until.saturating_duration_since(Instant::now()).min(POLL));
                    }
                    number += 1;
                }
            }
        }
    }

    /// Requests the bytes from `at` to `end` and forwards them; `at` advances.
    fn fetch_range(&self, at: &mut u64, end: u64, sender: &Sender<Report>) -> Result<bool, NetError> {
        let known = self.tag.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_strong = |tag: &&String| !tag.starts_with("W/");
        let range = format!("bytes={at}-{}", end - 1);
        let response =
            self.client.open(&self.uri, Some(&range), known.as_ref().filter(is_strong).map(String::as_str))?;
        let tag = response.field("etag").map(ToOwned::to_owned);
        if response.status == 200 {
            return self.take_whole(response, tag, sender).map(|()| true);
        }
        if known.is_some() && tag.is_some() && known != tag {
            return Err(NetError::Changed);
        }
        check_range(&response, *at, end, self.wanted.bytes)?;
        *self.tag.lock().unwrap_or_else(PoisonError::into_inner) = known.or_else(|| tag.clone());
        self.in_pieces.store(true, Ordering::Relaxed);
        send(sender, Report::Head { tag, whole: false })?;
        self.take(response, at, end, &mut |_| Ok(()), sender).map(|()| false)
    }

    /// Receives the whole file.
    fn take_whole(&self, response: Response, tag: Option<String>, sender: &Sender<Report>) -> Result<(), NetError> {
        // After ranges were sent in this attempt, a whole file means that it has changed.
        if self.in_pieces.load(Ordering::Relaxed) {
            return Err(NetError::Changed);
        }
        check_length(&response, self.wanted.bytes)?;
        send(sender, Report::Head { tag, whole: true })?;
        let mut at = 0;
        let mut index = 0;
        let mut on_bytes = |at: u64| {
            while index < self.wanted.num_pieces() && self.wanted.piece(index).1 <= at {
                send(sender, Report::Piece(index))?;
                index += 1;
            }
            Ok(())
        };
        self.take(response, &mut at, self.wanted.bytes, &mut on_bytes, sender)
    }

    /// Reads a body from `at` to `end` and forwards it; a shorter body means a lost connection.
    fn take(
        &self,
        response: Response,
        at: &mut u64,
        end: u64,
        on_bytes: &mut dyn FnMut(u64) -> Result<(), NetError>,
        sender: &Sender<Report>,
    ) -> Result<(), NetError> {
        let mut reader = response.reader(self.client.transfer());
        let begun = *at;
        while *at < end {
            let room = (end - *at).min(CHUNK_BYTES as u64) as usize;
            let mut bytes = vec![0; room];
            let read = reader.read(&mut bytes).map_err(|error| NetError::of_body(&error, *at == begun))?;
            if self.abandoned.load(Ordering::Relaxed) {
                return Err(NetError::Abandoned);
            }
            if read == 0 {
                return Err(NetError::Interrupted(format!("{} bytes are missing", end - *at)));
            }
            bytes.truncate(read);
            send(sender, Report::Bytes { offset: *at, bytes })?;
            *at += read as u64;
            on_bytes(*at)?;
        }
        // Reading to the end shows whether there is more, and lets the next piece reuse the connection.
        match reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(NetError::BadResponse("it sent more than was requested".to_owned())),
            Err(error) => Err(NetError::of_io(&error)),
        }
    }
}

fn send(sender: &Sender<Report>, report: Report) -> Result<(), NetError> {
    sender.send(report).map_err(|_| NetError::Abandoned)
}

/// Checks that a response has the requested range, of a file of the expected length.
fn check_range(response: &Response, start: u64, end: u64, total: u64) -> Result<(), NetError> {
    let expected = format!("bytes {start}-{}/{total}", end - 1);
    let of_any_length = format!("bytes {start}-{}/*", end - 1);
    let found = response.field("content-range").unwrap_or("no range");
    if found != expected && found != of_any_length {
        return Err(NetError::BadResponse(format!("it sent {found:?}, but {expected:?} was requested")));
    }
    check_length(response, end - start)
}

fn check_length(response: &Response, bytes: u64) -> Result<(), NetError> {
    match response.field("content-length").map(str::parse::<u64>) {
        Some(Ok(length)) if length != bytes => {
            Err(NetError::BadResponse(format!("it sent {length} bytes, but {bytes} were expected")))
        }
        Some(Err(_)) => Err(NetError::BadResponse("its length is not a number".to_owned())),
        _ => Ok(()),
    }
}
