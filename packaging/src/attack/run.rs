//! Runs the program on one file as a user would, in a home of its own, with a watch on its time and memory.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::verdict::{End, Ended};

/// A run that takes more is stopped, so that it does not take the machine down.
const STOPPED_AT_BYTES: u64 = 4_000_000_000;
/// Time between looks at the run.
const PAUSE: Duration = Duration::from_millis(5);
/// Most of the output that is looked at.
const MOST_OUTPUT: u64 = 16 << 20;

/// Name of the model that is added.
pub(super) const MODEL: &str = "attacked";

/// The program and where it runs.
pub(super) struct Runner {
    pub(super) program: PathBuf,
    /// A folder of which everything is removed before each file.
    pub(super) scratch: PathBuf,
    pub(super) limit: Duration,
}

impl Runner {
    /// The home of the current file, empty.
    pub(super) fn fresh_home(&self) -> Result<PathBuf> {
        let home = self.scratch.join("home");
        if home.exists() {
            fs::remove_dir_all(&home).context("cannot remove the last home")?;
        }
        fs::create_dir_all(&home).context("cannot make a home")?;
        Ok(home)
    }

    /// Runs the program with these arguments.
    ///
    /// # Errors
    /// When it cannot be started or watched.
    pub(super) fn run(&self, home: &Path, arguments: &[String]) -> Result<Ended> {
        let (out, err) = (self.scratch.join("stdout"), self.scratch.join("stderr"));
        let mut command = Command::new(&self.program);
        command.args(arguments).env("RECTO_HOME", home).env_remove("RECTO_LOG").env("NO_COLOR", "1");
        command.stdin(Stdio::null()).current_dir(&self.scratch);
        command.stdout(File::create(&out).context("cannot make a file")?);
        command.stderr(File::create(&err).context("cannot make a file")?);
        let mut child = command.spawn().with_context(|| format!("cannot start {}", self.program.display()))?;
        let begun = Instant::now();
        let (mut peak_bytes, mut own_peak_bytes, mut family) = (0, 0, BTreeSet::new());
        let end = loop {
            if let Some(status) = child.try_wait().context("cannot wait for the program")? {
                break end_of(status);
            }
            let (processes, own_bytes, bytes) = memory::of(child.id());
            own_peak_bytes = own_bytes.max(own_peak_bytes);
            family.extend(processes);
            peak_bytes = bytes.max(peak_bytes);
            let stopped = if begun.elapsed() > self.limit { Some(End::TimeUp) } else { None };
            let stopped = if bytes > STOPPED_AT_BYTES { Some(End::MemoryUp) } else { stopped };
            if let Some(end) = stopped {
                // It may have ended in this moment.
                let _ = child.kill();
                child.wait().context("cannot wait for the program")?;
                break end;
            }
            std::thread::sleep(PAUSE);
        };
        family.remove(&child.id());
        let is_refused_addition = end != End::Code(0) && arguments.iter().any(|word| word == "add");
        let mut left = leftovers(home, is_refused_addition)?;
        left.extend(memory::surviving(&family));
        Ok(Ended { end, stdout: read(&out)?, stderr: read(&err)?, peak_bytes, own_peak_bytes, left })
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    file.take(MOST_OUTPUT).read_to_end(&mut bytes).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(bytes)
}

#[cfg(unix)]
fn end_of(status: ExitStatus) -> End {
    use std::os::unix::process::ExitStatusExt;
    status.signal().map_or_else(|| End::Code(status.code().unwrap_or(-1)), End::Signal)
}

#[cfg(not(unix))]
fn end_of(status: ExitStatus) -> End {
    End::Code(status.code().unwrap_or(-1))
}

/// Files that a run should have removed: those in the making, and those of a model that it refused.
fn leftovers(home: &Path, is_refused_addition: bool) -> Result<Vec<String>> {
    let mut left = Vec::new();
    let mut folders = vec![home.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))? {
            let entry = entry.with_context(|| format!("cannot list {}", folder.display()))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let is_in_the_making = [".adding-", ".writing-", ".removing-"].iter().any(|start| name.starts_with(start))
                || [".part", ".journal", ".tmp"].iter().any(|end| name.ends_with(end));
            let is_of_refused = is_refused_addition && name == MODEL;
            if is_in_the_making || is_of_refused {
                left.push(path.strip_prefix(home).unwrap_or(&path).display().to_string());
            } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(path);
            }
        }
    }
    left.sort();
    Ok(left)
}

/// Memory as Linux tells it.
#[cfg(target_os = "linux")]
mod memory {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    /// The processes that `root` started and their children, with itself; the most memory that it held so far; and the
    /// most that each of them held, together.
    pub(super) fn of(root: u32) -> (Vec<u32>, u64, u64) {
        let (mut all, mut at, mut bytes) = (vec![root], 0, 0);
        while let Some(&process) = all.get(at) {
            at += 1;
            bytes += peak(process).unwrap_or_default();
            all.extend(children(process));
        }
        (all, peak(root).unwrap_or_default(), bytes)
    }

    fn peak(process: u32) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
    }

    /// Children may have been started by any thread.
    fn children(process: u32) -> Vec<u32> {
        let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
        let lists = threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
        lists.flat_map(|list| list.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect()
    }

    /// Those that still run a second after the program ended.
    pub(super) fn surviving(processes: &BTreeSet<u32>) -> Vec<String> {
        let runs = |id: &&u32| {
            let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            Path::new(&format!("/proc/{id}/exe")).exists() && status.contains("recto") && !status.contains("State:\tZ")
        };
        for _ in 0..20 {
            if processes.iter().find(runs).is_none() {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        processes.iter().filter(runs).map(|id| format!("process {id}")).collect()
    }
}

/// Memory on systems where it is not measured.
#[cfg(not(target_os = "linux"))]
mod memory {
    use std::collections::BTreeSet;

    pub(super) fn of(root: u32) -> (Vec<u32>, u64, u64) {
        (vec![root], 0, 0)
    }

    pub(super) fn surviving(_: &BTreeSet<u32>) -> Vec<String> {
        Vec::new()
    }
}
