//! A clean Debian root, entered in its own mount namespace so that nothing stays mounted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::process::{output, run};
use crate::{machine, program, say};

/// A clean root.
pub(super) struct Root {
    folder: PathBuf,
    /// Folders of this machine that are mounted in it, under the same paths.
    shared: Vec<PathBuf>,
}

impl Root {
    /// Creates a fresh copy of this Debian release, downloaded once from the mirror this machine uses.
    ///
    /// # Errors
    /// When it cannot be downloaded, or this user may not create one.
    pub(super) fn fresh(suite: &str, shared: &[&Path]) -> Result<Self> {
        ensure!(machine::is_root(), "clean roots need root");
        machine::need_tools(&[("debootstrap", "debootstrap"), ("unshare", "util-linux")])?;
        let roots = program::target_folder()?.join("roots");
        let base = roots.join(suite);
        if !base.exists() {
            say::line(format_args!("fetching Debian {suite} into {}", base.display()));
            let partial = roots.join(format!("{suite}.partial"));
            if partial.exists() {
                fs::remove_dir_all(&partial).with_context(|| format!("cannot clear {}", partial.display()))?;
            }
            fs::create_dir_all(&roots).with_context(|| format!("cannot make {}", roots.display()))?;
            let mut debootstrap = Command::new("debootstrap");
            run(debootstrap.args(["--variant=minbase", suite]).arg(&partial).arg(mirror()?))?;
            fs::rename(&partial, &base).context("cannot name the root")?;
        }
        let folder = roots.join(format!("{suite}-{}", std::process::id()));
        run(Command::new("cp").args(["--archive", "--reflink=auto"]).arg(&base).arg(&folder))?;
        // Downloaded packages are reused by the next check.
        let archives = roots.join(format!("{suite}-archives"));
        fs::create_dir_all(archives.join("partial")).context("cannot make a folder")?;
        let root = Self { folder, shared: shared.iter().map(|path| path.to_path_buf()).collect() };
        root.write_entrance(&archives)?;
        Ok(root)
    }

    /// Its folder on this machine.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A command that runs a program in it.
    pub(super) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.entrance());
        command.arg(program);
        command
    }

    /// A program on this machine that starts one in the root, passing on arguments and environment.
    pub(super) fn starter(&self, program: &str) -> Result<PathBuf> {
        let path = self.folder.with_extension("start");
        write_program(&path, &format!("#!/bin/sh\nexec '{}' {program} \"$@\"\n", self.entrance().display()))?;
        Ok(path)
    }

    /// Runs apt in the root.
    ///
    /// # Errors
    /// When apt fails.
    pub(super) fn apt(&self, words: &[&str]) -> Result<()> {
        let mut apt = self.command("apt-get");
        run(apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "Dpkg::Use-Pty=0"]).args(words))
    }

    fn entrance(&self) -> PathBuf {
        self.folder.with_extension("enter")
    }

    /// Writes the program that enters the root. It replaces itself by what it starts, so that killing one kills the
    /// other.
    fn write_entrance(&self, archives: &Path) -> Result<()> {
        let root = self.folder.display();
        let mut inside = vec![format!("R='{root}'; mount --rbind /proc \"$R/proc\"; mount --rbind /dev \"$R/dev\"")];
        inside.push(format!("mount --bind '{}' \"$R/var/cache/apt/archives\"", archives.display()));
        let display = Path::new("/tmp/.X11-unix");
        for shared in self.shared.iter().map(PathBuf::as_path).chain([display]) {
            let path = shared.display().to_string();
            ensure!(!path.contains('\''), "{path} cannot be shared with a root");
            fs::create_dir_all(self.folder.join(path.trim_start_matches('/'))).context("cannot make a folder")?;
            inside.push(format!("mount --bind '{path}' \"$R{path}\""));
        }
        let settings = "env PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 TMPDIR=/tmp";
        inside.push(format!("exec chroot \"$R\" {settings} \"$@\""));
        // Double quotes, so that paths can use single ones.
        let inside = inside.join("; ").replace('\\', "\\\\").replace('"', "\\\"").replace('$', "\\$");
        write_program(
            &self.entrance(),
            &format!("#!/bin/sh\nexec unshare --mount --propagation private sh -e -c \"{inside}\" enter \"$@\"\n"),
        )
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // Its mounts ended with its programs; anything left is in cargo's output folder.
        let _ = fs::remove_dir_all(&self.folder);
        let _ = fs::remove_file(self.entrance());
        let _ = fs::remove_file(self.folder.with_extension("start"));
    }
}

/// The Debian mirror this machine uses.
fn mirror() -> Result<String> {
    let mut apt = Command::new("apt-get");
    let targets =
        output(apt.args(["indextargets", "--format", "$(REPO_URI)", "Label: Debian", "Created-By: Packages"]))?;
    targets.lines().next().map(String::from).context("apt knows no mirror of Debian; run apt-get update")
}

#[cfg(unix)]
fn write_program(path: &Path, text: &str) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
        .with_context(|| format!("cannot start {}", path.display()))
}

#[cfg(not(unix))]
fn write_program(_path: &Path, _text: &str) -> Result<()> {
    anyhow::bail!("clean roots are available only on Linux")
}
