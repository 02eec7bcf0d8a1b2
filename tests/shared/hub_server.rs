//! A hub for tests, on this machine alone: it serves a repository as the real one does, or misbehaves as a test wants.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::json;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

/// The commit that all repositories here are at.
pub(crate) const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) fields: BTreeMap<String, String>,
    /// How often this path was asked for before.
    pub(crate) before: usize,
}

impl Asked {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(String::as_str)
    }

    /// Whether it is for a file of this name.
    pub(crate) fn is_for(&self, file: &str) -> bool {
        self.path.ends_with(&format!("/{file}"))
    }
}

/// An answer, and how it is given.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) manner: Manner,
}

/// How a body is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Manner {
    /// As it should be.
    Whole,
    /// Only so many bytes of it, then the connection ends.
    Cut(usize),
    /// Without a length, in chunks.
    Chunked,
    /// A byte at a time, with pauses between.
    Drip(Duration),
    /// So many bytes of it, and then nothing for a minute.
    Hang(usize),
    /// The request is taken and never answered.
    Silent,
    /// The connection ends before anything was said.
    Nothing,
}

impl Reply {
    pub(crate) fn new(status: u16) -> Self {
        Self { status, fields: Vec::new(), body: Vec::new(), manner: Manner::Whole }
    }

    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.retain(|(other, _)| other != name);
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    pub(crate) fn manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }
}

/// What a repository holds.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) name: String,
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) gated: bool,
    pub(crate) tag: String,
}

impl Repository {
    pub(crate) fn new(name: &str, files: &[(&str, Vec<u8>)]) -> Self {
        let files = files.iter().map(|(name, content)| ((*name).to_owned(), content.clone())).collect();
        Self { name: name.to_owned(), files, gated: false, tag: "\"state-1\"".to_owned() }
    }

    /// What the hub says of it.
    pub(crate) fn listing(&self) -> serde_json::Value {
        let sibling = |(name, content): (&String, &Vec<u8>)| {
            let blob = hex(&Sha1::digest([format!("blob {}\0", content.len()).as_bytes(), content].concat()));
            // As on the real hub, weights are kept apart, and their blob is a pointer.
            if ["safetensors", "gguf"].iter().any(|end| name.ends_with(end)) {
                let lfs = json!({ "sha256": hex(&Sha256::digest(content)), "size": content.len(), "pointerSize": 134 });
                json!({ "rfilename": name, "size": content.len(), "blobId": "f".repeat(40), "lfs": lfs })
            } else {
                json!({ "rfilename": name, "size": content.len(), "blobId": blob })
            }
        };
        let siblings: Vec<_> = self.files.iter().map(sibling).collect();
        json!({
            "id": self.name,
            "sha": COMMIT,
            "gated": if self.gated { json!("manual") } else { json!(false) },
            "cardData": { "license": "gemma" },
            "siblings": siblings,
        })
    }

    /// What a good hub answers.
    pub(crate) fn answer(&self, asked: &Asked) -> Reply {
        let listing = format!("/api/models/{}/revision/", self.name);
        if let Some(revision) = asked.path.strip_prefix(&listing) {
            return match revision {
                "main?blobs=true" | "v1?blobs=true" => Reply::new(200).body(self.listing().to_string()),
                _ => Reply::new(404).with("X-Error-Code", "RevisionNotFound"),
            };
        }
        let file = asked.path.strip_prefix(&format!("/{}/resolve/{COMMIT}/", self.name));
        match file.and_then(|name| self.files.get(name)) {
            Some(content) => content_of(content, &self.tag, asked),
            None => Reply::new(404).with("X-Error-Code", "RepoNotFound"),
        }
    }
}

/// A file, or the range of it that was asked for.
pub(crate) fn content_of(content: &[u8], tag: &str, asked: &Asked) -> Reply {
    let is_same = asked.field("if-range").is_none_or(|wanted| wanted == tag);
    let range = asked.field("range").and_then(|range| range.strip_prefix("bytes=")?.split_once('-'));
    let Some((start, end)) = range.filter(|_| is_same) else {
        return Reply::new(200).with("ETag", tag).body(content);
    };
    let (start, end): (usize, usize) = (start.parse().unwrap(), end.parse().unwrap());
    Reply::new(206)
        .with("ETag", tag)
        .with("Content-Range", format!("bytes {start}-{end}/{}", content.len()))
        .body(&content[start..=end])
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

type Handler = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A server that is there until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Asked>>>,
    most_at_once: Arc<Mutex<(usize, usize)>>,
    ended: Arc<AtomicBool>,
}

impl Server {
    pub(crate) fn start(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::start_with(Arc::new(handler), false)
    }

    /// One that opens connections to others for whoever asks it to.
    pub(crate) fn proxy() -> Self {
        Self::start_with(Arc::new(|_: &Asked| Reply::new(405)), true)
    }

    fn start_with(handler: Arc<Handler>, is_proxy: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = Self { address, seen: Arc::default(), most_at_once: Arc::default(), ended: Arc::default() };
        let (seen, most, ended) =
            (Arc::clone(&server.seen), Arc::clone(&server.most_at_once), Arc::clone(&server.ended));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                let (handler, seen, most) = (Arc::clone(&handler), Arc::clone(&seen), Arc::clone(&most));
                thread::spawn(move || {
                    // A client that goes away in the middle is none of the server's troubles.
                    let _ = converse(stream, &handler, &seen, &most, is_proxy);
                });
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All that was asked so far.
    pub(crate) fn seen(&self) -> Vec<Asked> {
        self.seen.lock().unwrap().clone()
    }

    /// How often a file was asked for.
    pub(crate) fn count(&self, file: &str) -> usize {
        self.seen().iter().filter(|asked| asked.is_for(file)).count()
    }

    /// How many answers were under way at the same time, at most.
    pub(crate) fn most_at_once(&self) -> usize {
        self.most_at_once.lock().unwrap().1
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        // Lets the thread that listens see it.
        let _ = TcpStream::connect(self.address);
    }
}

fn converse(
    stream: TcpStream,
    handler: &Arc<Handler>,
    seen: &Mutex<Vec<Asked>>,
    most_at_once: &Mutex<(usize, usize)>,
    is_proxy: bool,
) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let mut words = line.split_ascii_whitespace();
        let (method, path) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
        let mut fields = BTreeMap::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            fields.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let asked = {
            let mut seen = seen.lock().unwrap();
            let before = seen.iter().filter(|asked| asked.path == path).count();
            let asked = Asked { path, fields, before };
            seen.push(asked.clone());
            asked
        };
        if is_proxy && method == "CONNECT" {
            return relay(stream, &asked.path);
        }
        {
            let mut count = most_at_once.lock().unwrap();
            count.0 += 1;
            count.1 = count.1.max(count.0);
        }
        let reply = handler(&asked);
        let sent = send(&mut stream, &reply);
        most_at_once.lock().unwrap().0 -= 1;
        if !sent? {
            stream.shutdown(Shutdown::Both)?;
            return Ok(());
        }
    }
}

/// Sends an answer; false when the connection ends with it.
fn send(stream: &mut TcpStream, reply: &Reply) -> std::io::Result<bool> {
    if reply.manner == Manner::Nothing {
        return Ok(false);
    }
    if reply.manner == Manner::Silent {
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        let _ = stream.read(&mut [0]);
        return Ok(false);
    }
    let mut head = format!("HTTP/1.1 {} Said\r\n", reply.status);
    for (name, value) in &reply.fields {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if reply.manner == Manner::Chunked {
        head.push_str("Transfer-Encoding: chunked\r\n");
    } else if !reply.fields.iter().any(|(name, _)| name == "Content-Length") {
        let _ = write!(head, "Content-Length: {}\r\n", reply.body.len());
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes())?;
    match reply.manner {
        Manner::Whole => stream.write_all(&reply.body)?,
        Manner::Cut(bytes) => {
            stream.write_all(&reply.body[..bytes.min(reply.body.len())])?;
            return Ok(false);
        }
        Manner::Chunked => {
            for chunk in reply.body.chunks(1000) {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")?;
        }
        Manner::Drip(pause) => {
            for byte in &reply.body {
                stream.write_all(&[*byte])?;
                thread::sleep(pause);
            }
        }
        Manner::Hang(bytes) => {
            stream.write_all(&reply.body[..bytes.min(reply.body.len())])?;
            // Until the other side has had enough.
            stream.set_read_timeout(Some(Duration::from_mins(1)))?;
            let _ = stream.read(&mut [0]);
            return Ok(false);
        }
        Manner::Silent | Manner::Nothing => {}
    }
    stream.flush()?;
    Ok(true)
}

/// Opens a connection to `target` and passes on what comes from either side.
fn relay(mut client: TcpStream, target: &str) -> std::io::Result<()> {
    let mut server = TcpStream::connect(target)?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n")?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Both);
    });
    std::io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}
