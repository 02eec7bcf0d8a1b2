//! Running the user's own pip and watching it.
//!
//! pip is told what to download and where to put it, never from where: its own configuration decides that.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use super::{HubError, Part, PullOptions};
use crate::cancel::CancelToken;
use crate::child::Program;
use crate::store::StoreError;

/// How often the folder is measured and the wish to stop looked at.
const POLL: Duration = Duration::from_millis(100);
/// How long output may take to arrive after pip has ended: programs it started may keep the pipe open.
const LAST_WORDS: Duration = Duration::from_millis(500);
const MAX_LINES: usize = 400;

/// Variables that pip's ways to the network and its own configuration hang on. An access token is not among them: pip downloads
/// from its own index.
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

/// pip while it runs; it is ended with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Downloads the package of a part into `destination`; pip works in `workplace` on the way. `count` is told how many bytes
/// have come.
///
/// # Errors
/// Returns what pip ran into as [`HubError`], or [`HubError::Cancelled`] within a fraction of a second.
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
    // The threads that read have their own: once they are done the channel is closed.
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
    // Isolated: neither the current folder nor `PYTHON*` variables decide whose code runs. So is the output's buffer an option.
    let program = Program::new(&options.python)
        .args(["-I", "-u", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input"])
        .args(["--disable-pip-version-check", "--progress-bar", "off", "--dest"])
        .args([&destination])
        .args([format!("{}=={}", part.package, part.version)])
        .in_folder(&workplace)
        .passing(NEEDED)
        .passing_prefixes(&["PIP_"])
        // Where pip keeps a file until it is whole; so its bytes can be counted, and nothing is left when it is killed.
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

/// Passes on lines from a thread of its own until the pipe closes or nobody listens.
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

/// Takes what was said within `patience`; false once nothing more can come.
fn listen(output: &Receiver<String>, patience: Duration, lines: &mut Vec<String>) -> bool {
    match output.recv_timeout(patience) {
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
            // Nothing to wait for on the channel any more; the process itself is still to be waited for.
            std::thread::sleep(patience.min(POLL));
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

/// What pip's words mean.
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
    let detail = last_error.or(last_words).unwrap_or("it said nothing").to_owned();
    if first_with(&["No module named pip", "No module named 'pip'"]).is_some() {
        return HubError::NoPip { python: options.python.display().to_string() };
    }
    if first_with(&["No space left on device", "[Errno 28]", "Disk quota exceeded"]).is_some() {
        let free_bytes = crate::store::free_bytes(destination);
        return StoreError::DiskFull { path: destination.to_owned(), needed_bytes: 0, free_bytes }.into();
    }
    // Without a network pip also says that it found no package, so this comes first.
    if let Some(line) = first_with(&NETWORK) {
        return HubError::NoNetwork {
            detail: NETWORK.iter().find(|sign| line.contains(*sign)).map_or(detail, ToString::to_string),
        };
    }
    if first_with(&["No matching distribution found", "Could not find a version"]).is_some() {
        return HubError::NoPackage { detail };
    }
    HubError::PipFailed { detail }
}

/// Bytes in all files below a folder, as far as they can be seen.
fn bytes_under(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else { return 0 };
    entries.flatten().fold(0, |sum, entry| {
        let bytes = match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => bytes_under(&entry.path()),
            Ok(metadata) => metadata.len(),
            // It was renamed or taken away in between.
            Err(_) => 0,
        };
        sum + bytes
    })
}

fn failed(error: &std::io::Error) -> HubError {
    HubError::PipFailed { detail: error.to_string() }
}
