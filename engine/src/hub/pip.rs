//! Running the user's own pip.
//!
//! pip is told what to download and where to put it. Where it comes from is up to pip's own configuration.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::catalogue::Part;
use super::error::HubError;
use super::options::PullOptions;
use crate::cancel::CancelToken;
use crate::child::Program;
use crate::store::StoreError;

/// How often progress and cancellation are checked.
const POLL: Duration = Duration::from_millis(100);
/// How long to wait for remaining output after pip has ended: programs that it started may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(500);
const MAX_LINES: usize = 400;
/// Lines of pip's output that are told with an error.
const TOLD_LINES: usize = 12;

/// Variables for pip's network access and configuration. They do not include an access token: pip downloads from its own
/// index.
const NEEDED: &[&str] = &[
    "http_proxy",
    "https_proxy",
    "all_proxy",
    "no_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NETRC",
    "XDG_CONFIG_HOME",
    "XDG_CONFIG_DIRS",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "VIRTUAL_ENV",
];

/// A running pip; killed on drop.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Downloads the package of a part into `destination`; pip keeps temporary files in `workplace`. `count` is called with the
/// number of bytes so far.
///
/// # Errors
/// Returns pip's error as a [`HubError`], or [`HubError::Cancelled`] within a fraction of a second.
pub(super) fn download(
    part: &Part,
    destination: &Path,
    workplace: &Path,
    options: &PullOptions,
    cancel: &CancelToken,
    count: &mut dyn FnMut(u64),
) -> Result<(), HubError> {
    let (sender, output) = crossbeam_channel::bounded(256);
    let mut pip = start(part, destination, workplace, options, &sender)?;
    // The reader threads have clones: the channel closes when they are done.
    drop(sender);
    let mut lines = Vec::new();
    let mut bytes = 0;
    let mut last_change = Instant::now();
    let status = loop {
        cancel.check()?;
        let before = (lines.len(), bytes);
        listen(&output, POLL, &mut lines);
        bytes = bytes_under(workplace).max(bytes_under(destination)).max(bytes);
        count(bytes);
        if before != (lines.len(), bytes) {
            last_change = Instant::now();
        }
        if let Some(status) = pip.0.try_wait().map_err(|error| failed(&error))? {
            break status;
        }
        if last_change.elapsed() > options.stall {
            return Err(HubError::Stalled { secs: options.stall.as_secs() });
        }
    };
    let deadline = Instant::now() + LAST_WORDS;
    while Instant::now() < deadline && listen(&output, LAST_WORDS, &mut lines) {}
    judge(status, &lines, destination, options)
}

fn start(
    part: &Part,
    destination: &Path,
    workplace: &Path,
    options: &PullOptions,
    sender: &Sender<String>,
) -> Result<Running, HubError> {
    let destination = std::path::absolute(destination).map_err(|error| failed(&error))?;
    let workplace = std::path::absolute(workplace).map_err(|error| failed(&error))?;
    // Isolated (-I): Python loads no code from the current folder or from `PYTHON*` variables, so unbuffered output is an option
    // as well (-u).
    let program = Program::new(&options.python)
        .args(["-I", "-u", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--progress-bar", "off", "--dest"])
        .args([&destination])
        .args([format!("{}=={}", part.package, part.version)])
        .in_folder(&workplace)
        .passing(NEEDED)
        .passing_prefixes(&["PIP_"])
        // pip's temporary folder: its bytes can be counted, and nothing is left behind when pip is killed.
        .with("TMPDIR", &workplace)
        .with("TMP", &workplace)
        .with("TEMP", &workplace)
        .piped_output()
        .piped_errors()
        .ending_with_this_process();
    let mut pip = Running(program.start().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => HubError::NoPython { python: options.python.display().to_string() },
        _ => failed(&error),
    })?);
    if let Some(stdout) = pip.0.stdout.take() {
        pump("pip-stdout", stdout, sender.clone())?;
    }
    if let Some(stderr) = pip.0.stderr.take() {
        pump("pip-stderr", stderr, sender.clone())?;
    }
    Ok(pip)
}

/// Forwards lines from its own thread until the pipe or the channel closes.
fn pump(name: &str, pipe: impl Read + Send + 'static, sender: Sender<String>) -> Result<(), HubError> {
    let read = move || {
        let mut pipe = BufReader::new(pipe);
        let mut line = Vec::new();
        while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim().to_owned();
            line.clear();
            if sender.send(text).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new().name(name.to_owned()).spawn(read).map_err(|error| failed(&error))?;
    Ok(())
}

/// Collects a line that arrives within `timeout`; false once the channel is closed.
fn listen(output: &Receiver<String>, timeout: Duration, lines: &mut Vec<String>) -> bool {
    match output.recv_timeout(timeout) {
        Ok(line) => {
            tracing::debug!(target: "recto::pip", "{line}");
            if lines.len() == MAX_LINES {
                lines.remove(0);
            }
            lines.push(line);
            true
        }
        Err(RecvTimeoutError::Timeout) => true,
        Err(RecvTimeoutError::Disconnected) => {
            // The channel is closed, but the process may still run.
            std::thread::sleep(timeout.min(POLL));
            false
        }
    }
}

fn judge(status: ExitStatus, lines: &[String], destination: &Path, options: &PullOptions) -> Result<(), HubError> {
    if status.success() {
        return Ok(());
    }
    Err(diagnose(lines, destination, options))
}

/// Derives the error from pip's output.
fn diagnose(lines: &[String], destination: &Path, options: &PullOptions) -> HubError {
    const NETWORK: [&str; 10] = [
        "NewConnectionError",
        "ConnectTimeoutError",
        "ReadTimeoutError",
        "Failed to establish a new connection",
        "Temporary failure in name resolution",
        "Name or service not known",
        "getaddrinfo failed",
        "Network is unreachable",
        "ProxyError",
        "Connection broken",
    ];
    let first_with = |signs: &[&str]| lines.iter().find(|line| signs.iter().any(|sign| line.contains(sign)));
    let last_error = lines.iter().rev().find_map(|line| line.strip_prefix("ERROR: "));
    let last_words = lines.iter().rev().find(|line| !line.is_empty()).map(String::as_str);
    let detail = last_error.or(last_words).unwrap_or("no output").to_owned();
    let told = lines.iter().filter(|line| !line.is_empty()).rev().take(TOLD_LINES).map(String::as_str);
    let output = told.collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("\n");
    if first_with(&["No module named pip", "No module named 'pip'"]).is_some() {
        return HubError::NoPip { python: options.python.display().to_string() };
    }
    if first_with(&["No space left on device", "[Errno 28]", "Disk quota exceeded"]).is_some() {
        let free_bytes = crate::store::free_bytes(destination);
        return StoreError::DiskFull { path: destination.to_owned(), needed_bytes: 0, free_bytes }.into();
    }
    // Without a network pip also reports a missing package, so this comes first.
    if first_with(&NETWORK).is_some() {
        return HubError::NoNetwork { output };
    }
    if first_with(&["No matching distribution found", "Could not find a version"]).is_some() {
        return HubError::NoPackage { detail, output };
    }
    HubError::PipFailed { detail, output }
}

/// Total size of the files below a folder, as far as they can be read.
fn bytes_under(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().fold(0, |sum, entry| {
        let bytes = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_under(&entry.path()),
            Ok(metadata) => metadata.len(),
            // It was renamed or removed meanwhile.
            Err(_) => 0,
        };
        sum + bytes
    })
}

fn failed(error: &std::io::Error) -> HubError {
    HubError::PipFailed { detail: error.to_string(), output: String::new() }
}
