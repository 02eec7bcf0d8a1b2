//! A local hub that serves one model, the first part at once and the rest slowly, for screenshots of a download in
//! progress. download under way.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

/// Bytes of the weights, all zero.
const WEIGHTS_BYTES: u64 = 1_572_000_000;
/// Bytes sent at once, and bytes per second afterwards over all connections.
const AT_ONCE_BYTES: u64 = 500_000_000;
const BYTES_PER_SEC: f64 = 12e6;
/// Simultaneous connections.
const CONNECTIONS: f64 = 4.0;
/// Bytes sent at a time.
const CHUNK_BYTES: u64 = 64 << 10;
const CONFIG: &[u8] = b"{}";

/// The hub, which serves until the program exits.
pub(crate) struct SlowHub {
    address: String,
}

impl SlowHub {
    /// Starts serving.
    pub(crate) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("cannot listen on localhost")?;
        let address = format!("http://{}", listener.local_addr().context("a listener without an address")?);
        let serve = move || {
            for stream in listener.incoming().flatten() {
                // A connection that ends early was cancelled by the user.
                let exchange = move || drop(answer(&stream));
                if std::thread::Builder::new().name("slow hub".into()).spawn(exchange).is_err() {
                    return;
                }
            }
        };
        std::thread::Builder::new().name("slow hub".into()).spawn(serve).context("cannot start a thread")?;
        Ok(Self { address })
    }

    /// Its address.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

/// Answers one request and closes the connection.
fn answer(stream: &TcpStream) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut range = None;
    for line in lines {
        let line = line?.to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        range = line.strip_prefix("range: bytes=").and_then(parse_range).or(range);
    }
    let mut out = stream;
    if request.contains("/api/models/") {
        return send(out, listing().as_bytes());
    }
    if request.contains("config.json") {
        return send(out, CONFIG);
    }
    let (from, to) = range.unwrap_or((0, WEIGHTS_BYTES - 1));
    let length = to + 1 - from;
    write!(
        out,
        "HTTP/1.1 206 Partial Content\r\nETag: \"weights\"\r\nContent-Range: bytes {from}-{to}/{WEIGHTS_BYTES}\r\n\
         Content-Length: {length}\r\nConnection: close\r\n\r\n"
    )?;
    let mut zeros = std::io::repeat(0).take(length);
    let mut chunk = vec![0; CHUNK_BYTES as usize];
    let mut at = from;
    loop {
        let read = zeros.read(&mut chunk)?;
        if read == 0 {
            return Ok(());
        }
        out.write_all(&chunk[..read])?;
        at += read as u64;
        if at > AT_ONCE_BYTES {
            std::thread::sleep(Duration::from_secs_f64(read as f64 * CONNECTIONS / BYTES_PER_SEC));
        }
    }
}

fn send(mut out: &TcpStream, body: &[u8]) -> std::io::Result<()> {
    write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    out.write_all(body)
}

/// `8388608-16777215`.
fn parse_range(text: &str) -> Option<(u64, u64)> {
    let (from, to) = text.trim().split_once('-')?;
    Some((from.parse().ok()?, to.parse().ok()?))
}

/// The hub's description of the model.
fn listing() -> String {
    let hash: String = Sha256::digest(CONFIG).iter().map(|byte| format!("{byte:02x}")).collect();
    serde_json::json!({
        "sha": "0".repeat(40),
        "gated": "manual",
        "cardData": { "license": "gemma" },
        "siblings": [
            { "rfilename": "config.json", "size": CONFIG.len(), "lfs": { "sha256": hash, "size": CONFIG.len() } },
            { "rfilename": "model.safetensors", "size": WEIGHTS_BYTES,
              "lfs": { "sha256": "0".repeat(64), "size": WEIGHTS_BYTES } },
        ],
    })
    .to_string()
}
