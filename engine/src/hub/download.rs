//! Fetching one file in pieces, several at a time, into a file of the store.
//!
//! Pieces come on threads of their own, which only read from the network; what they bring is written by whoever waits for
//! them. So nothing is written any more once the download was given up, even where a thread still hangs in a read.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ureq::http::Uri;

use super::net::{Answer, Client, NetError, POLL};
use crate::cancel::{CancelToken, Cancelled};
use crate::store::{PartialFile, StoreError, Wanted};

/// How much is handed over at a time.
const CHUNK_BYTES: usize = 128 << 10;

/// Why a file did not come.
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

/// What a thread tells.
enum News {
    /// A piece has begun to come: what the server calls this state of the file, and whether all of it comes although a piece
    /// was asked for.
    Head { tag: Option<String>, whole: bool },
    /// Some bytes of the file.
    Bytes { offset: u64, bytes: Vec<u8> },
    /// All bytes of a piece were told.
    Piece(usize),
    /// The thread has given up, and with it the file.
    Failed(NetError),
}

/// What the threads of one file share.
struct Shared {
    client: Client,
    uri: Uri,
    wanted: Wanted,
    /// Pieces that nobody is fetching yet.
    queue: Mutex<VecDeque<usize>>,
    /// What the server calls the state of the file that all pieces must be of.
    tag: Mutex<Option<String>>,
    /// Whether pieces come as they were asked for.
    in_pieces: AtomicBool,
    given_up: AtomicBool,
}

/// Fetches all pieces of `file` that have not come. `on_bytes` is told how many bytes of the file there are.
///
/// # Errors
/// A file that changes while it is fetched is begun again once; [`NetError::Changed`] is the second time.
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
        given_up: AtomicBool::new(false),
    });
    let (sender, receiver) = crossbeam_channel::bounded(2 * client.transfer().connections.max(1));
    start(&shared, &sender)?;
    let others = client.transfer().connections.min(num_missing).saturating_sub(1);
    let mut round = Round { shared: &shared, sender: Some(sender), others, may_restart, on_bytes };
    let end = round.follow(file, &receiver, cancel);
    shared.given_up.store(true, Ordering::Relaxed);
    if matches!(end, Err(Stop::Cancelled(_))) {
        client.close();
    }
    end
}

/// One attempt at the missing pieces, as whoever waits for them sees it.
struct Round<'a> {
    shared: &'a Arc<Shared>,
    /// To start further threads with, until the first answer has shown whether there may be any.
    sender: Option<Sender<News>>,
    others: usize,
    may_restart: &'a mut bool,
    on_bytes: &'a mut dyn FnMut(u64),
}

impl Round<'_> {
    fn follow(&mut self, file: &mut PartialFile, news: &Receiver<News>, cancel: &CancelToken) -> Result<(), Stop> {
        let mut there_bytes = file.done_bytes();
        (self.on_bytes)(there_bytes);
        loop {
            cancel.check().map_err(Stop::Cancelled)?;
            match news.recv_timeout(POLL) {
                Ok(News::Head { tag, whole }) => {
                    self.on_head(file, tag.as_deref(), whole)?;
                    if whole {
                        there_bytes = 0;
                    }
                }
                Ok(News::Bytes { offset, bytes }) => {
                    file.write_at(offset, &bytes)?;
                    there_bytes += bytes.len() as u64;
                    (self.on_bytes)(there_bytes.min(file.wanted().bytes));
                }
                Ok(News::Piece(index)) => file.finish_piece(index)?,
                Ok(News::Failed(error)) => return Err(Stop::Net(error)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // All threads are done, so each piece was told to be there.
        let all = (0..file.wanted().num_pieces()).all(|index| file.has_piece(index));
        if all { Ok(()) } else { Err(Stop::Net(NetError::Interrupted("a thread ended".to_owned()))) }
    }

    /// Takes note of an answer: the first one tells how the file is called, and whether pieces can come side by side.
    fn on_head(&mut self, file: &mut PartialFile, tag: Option<&str>, whole: bool) -> Result<(), Stop> {
        let is_first = self.sender.is_some();
        if whole && is_first && file.done_bytes() > 0 {
            // The server does not know the state of the file any more that pieces are here of, or ignores ranges: what comes
            // now is everything.
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

/// Starts a thread that fetches pieces until there are none.
fn start(shared: &Arc<Shared>, sender: &Sender<News>) -> Result<(), Stop> {
    let (shared, sender) = (Arc::clone(shared), sender.clone());
    let run = move || {
        if let Err(error) = shared.work(&sender)
            && error != NetError::Abandoned
        {
            // Nobody listens any more when another piece has failed.
            let _ = sender.send(News::Failed(error));
        }
    };
    let started = std::thread::Builder::new().name("hub-piece".to_owned()).spawn(run);
    started.map(|_| ()).map_err(|error| Stop::Net(NetError::Unreachable(error.to_string())))
}

impl Shared {
    fn work(&self, sender: &Sender<News>) -> Result<(), NetError> {
        loop {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let Some(index) = next else { return Ok(()) };
            if self.fetch_piece(index, sender)? {
                return Ok(());
            }
        }
    }

    /// Fetches a piece, and goes on where it broke off when the connection does. True when all of the file came instead.
    fn fetch_piece(&self, index: usize, sender: &Sender<News>) -> Result<bool, NetError> {
        let (start, end) = self.wanted.piece(index);
        let mut at = start;
        let mut number = 0;
        loop {
            let result = self.fetch_range(&mut at, end, sender);
            if self.given_up.load(Ordering::Relaxed) {
                return Err(NetError::Abandoned);
            }
            match result {
                Ok(true) => return Ok(true),
                Ok(false) => {
                    tell(sender, News::Piece(index))?;
                    return Ok(false);
                }
                Err(error) => {
                    let Some(pause) = self.client.pause(&error, number) else { return Err(error) };
                    tracing::debug!(target: "recto::hub", "again in {pause:?}: {error:?}");
                    let until = Instant::now() + pause;
                    while Instant::now() < until {
                        if self.given_up.load(Ordering::Relaxed) {
                            return Err(NetError::Abandoned);
                        }
                        std::thread::sleep(until.saturating_duration_since(Instant::now()).min(POLL));
                    }
                    number += 1;
                }
            }
        }
    }

    /// Asks for the bytes from `at` to `end` and tells what comes; `at` moves along.
    fn fetch_range(&self, at: &mut u64, end: u64, sender: &Sender<News>) -> Result<bool, NetError> {
        let known = self.tag.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_strong = |tag: &&String| !tag.starts_with("W/");
        let range = format!("bytes={at}-{}", end - 1);
        let answer = self.client.open(&self.uri, Some(&range), known.as_ref().filter(is_strong).map(String::as_str))?;
        let tag = answer.field("etag").map(ToOwned::to_owned);
        if answer.status == 200 {
            return self.take_whole(answer, tag, sender).map(|()| true);
        }
        if known.is_some() && tag.is_some() && known != tag {
            return Err(NetError::Changed);
        }
        check_range(&answer, *at, end, self.wanted.bytes)?;
        *self.tag.lock().unwrap_or_else(PoisonError::into_inner) = known.or_else(|| tag.clone());
        self.in_pieces.store(true, Ordering::Relaxed);
        tell(sender, News::Head { tag, whole: false })?;
        self.take(answer, at, end, &mut |_| Ok(()), sender).map(|()| false)
    }

    /// All of the file comes, from its beginning.
    fn take_whole(&self, answer: Answer, tag: Option<String>, sender: &Sender<News>) -> Result<(), NetError> {
        // While other pieces come, or have come in this attempt, this is another state of the file.
        if self.in_pieces.load(Ordering::Relaxed) {
            return Err(NetError::Changed);
        }
        check_length(&answer, self.wanted.bytes)?;
        tell(sender, News::Head { tag, whole: true })?;
        let mut at = 0;
        let mut index = 0;
        let mut on_bytes = |at: u64| {
            while index < self.wanted.num_pieces() && self.wanted.piece(index).1 <= at {
                tell(sender, News::Piece(index))?;
                index += 1;
            }
            Ok(())
        };
        self.take(answer, &mut at, self.wanted.bytes, &mut on_bytes, sender)
    }

    /// Reads a body from `at` to `end` and tells what comes; a body that is shorter is one that was cut.
    fn take(
        &self,
        answer: Answer,
        at: &mut u64,
        end: u64,
        on_bytes: &mut dyn FnMut(u64) -> Result<(), NetError>,
        sender: &Sender<News>,
    ) -> Result<(), NetError> {
        let mut reader = answer.reader(self.client.transfer());
        while *at < end {
            let room = (end - *at).min(CHUNK_BYTES as u64) as usize;
            let mut bytes = vec![0; room];
            let read = reader.read(&mut bytes).map_err(|error| NetError::of_io(&error))?;
            if self.given_up.load(Ordering::Relaxed) {
                return Err(NetError::Abandoned);
            }
            if read == 0 {
                return Err(NetError::Interrupted(format!("{} bytes are missing", end - *at)));
            }
            bytes.truncate(read);
            tell(sender, News::Bytes { offset: *at, bytes })?;
            *at += read as u64;
            on_bytes(*at)?;
        }
        // Reading on shows whether there is more, and leaves the connection to the next piece.
        match reader.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(NetError::BadResponse("it sends more than was asked for".to_owned())),
            Err(error) => Err(NetError::of_io(&error)),
        }
    }
}

fn tell(sender: &Sender<News>, news: News) -> Result<(), NetError> {
    sender.send(news).map_err(|_| NetError::Abandoned)
}

/// Checks that an answer is of the range that was asked for, and of a file of the right length.
fn check_range(answer: &Answer, start: u64, end: u64, total: u64) -> Result<(), NetError> {
    let expected = format!("bytes {start}-{}/{total}", end - 1);
    let of_any_length = format!("bytes {start}-{}/*", end - 1);
    let found = answer.field("content-range").unwrap_or("no range");
    if found != expected && found != of_any_length {
        return Err(NetError::BadResponse(format!("it sends {found:?} where {expected:?} was asked for")));
    }
    check_length(answer, end - start)
}

fn check_length(answer: &Answer, bytes: u64) -> Result<(), NetError> {
    match answer.field("content-length").map(str::parse::<u64>) {
        Some(Ok(length)) if length != bytes => {
            Err(NetError::BadResponse(format!("it sends {length} bytes where {bytes} were expected")))
        }
        Some(Err(_)) => Err(NetError::BadResponse("it sends a length that is no number".to_owned())),
        _ => Ok(()),
    }
}
