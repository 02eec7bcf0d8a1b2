//! A wine prefix: its disk, its registry, and programs started in it on a virtual display.
//!
//! Wine lacks a system library that Rust programs load, so a substitute is installed in the prefix; packages do not
//! contain it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail, ensure};

use crate::machine;
use crate::process::{describe, run};
use crate::window::display::{Display, Scratch, wait_for};

/// Source of the library that wine lacks.
const LACKING: &str = "#include <windows.h>\n#include <ntsecapi.h>\n\
    __declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)\n\
    { return RtlGenRandom(bytes, (ULONG)count); }\n";

/// A fresh prefix, removed on drop.
pub(crate) struct Wine {
    scratch: Scratch,
    display: Display,
}

impl Wine {
    /// Creates one in `parent`.
    ///
    /// # Errors
    /// When wine is missing or fails.
    pub(crate) fn new(parent: &Path, name: &str) -> Result<Self> {
        machine::need_tools(&[
            ("wine", "wine"),
            ("wineserver", "wine"),
            ("Xvfb", "xvfb"),
            ("xdotool", "xdotool"),
            ("import", "imagemagick"),
            ("x86_64-w64-mingw32-gcc", "gcc-mingw-w64-x86-64-win32"),
        ])?;
        let wine = Self { scratch: Scratch::new(parent, name)?, display: Display::start(1360, 860)? };
        run(wine.command().args(["wineboot", "--init"]))?;
        wine.settle()?;
        wine.add_what_lacks()?;
        Ok(wine)
    }

    /// The display.
    pub(crate) fn display(&self) -> &Display {
        &self.display
    }

    /// A `wine` command without arguments.
    pub(crate) fn command(&self) -> Command {
        let mut command = self.display.command("wine");
        command.env("WINEPREFIX", self.prefix()).env("WINEARCH", "win64").env("WINEDEBUG", "-all");
        // No browser and no .NET; bcryptprimitives is our substitute.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=;winemenubuilder.exe=;bcryptprimitives=n");
        command.env_remove("RECTO_HOME");
        command
    }

    /// Runs a program and returns its output.
    pub(crate) fn run(&self, words: &[&str]) -> Result<String> {
        let Output { status, stdout, stderr } = self.output(words)?;
        let said = String::from_utf8_lossy(&stdout).into_owned();
        if !status.success() {
            bail!("`{}` ended with {status}: {said}{}", words.join(" "), String::from_utf8_lossy(&stderr));
        }
        Ok(said)
    }

    /// Runs a program, whether or not it succeeds.
    pub(crate) fn output(&self, words: &[&str]) -> Result<Output> {
        let mut command = self.command();
        command.args(words);
        command.output().with_context(|| format!("cannot start `{}`", describe(&command)))
    }

    /// Waits until all programs have exited and the registry is on disk.
    pub(crate) fn settle(&self) -> Result<()> {
        let mut server = Command::new("wineserver");
        run(server.env("WINEPREFIX", self.prefix()).arg("-w"))
    }

    /// The path of a file on drive C, given with `/`.
    pub(crate) fn place(&self, inside: &str) -> PathBuf {
        self.prefix().join("drive_c").join(inside)
    }

    /// The user's folder, relative to drive C.
    pub(crate) fn user(&self) -> Result<String> {
        let users = self.place("users");
        let entries = fs::read_dir(&users).with_context(|| format!("cannot list {}", users.display()))?;
        let mut names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let name = names.find(|name| name != "Public").context("the prefix has no user")?;
        Ok(format!("users/{name}"))
    }

    /// A value below `HKEY_CURRENT_USER`; `None` where there is none.
    pub(crate) fn registered(&self, key: &str, name: Option<&str>) -> Result<Option<String>> {
        let key = format!(r"HKCU\{key}");
        let mut words = vec!["reg", "query", &key];
        words.extend(name.map_or(vec!["/ve"], |name| vec!["/v", name]));
        let output = self.output(&words)?;
        let said = String::from_utf8_lossy(&output.stdout);
        let value = said.lines().find_map(|line| line.split_once("REG_SZ")).map(|(_, value)| value.trim().to_owned());
        Ok(value.filter(|_| output.status.success()))
    }

    /// Names of all files and registry lines that mention Recto, except in temporary folders.
    pub(crate) fn traces(&self) -> Result<Vec<String>> {
        self.settle()?;
        let mut traces = Vec::new();
        let mut open = vec![self.place("users"), self.place("windows/Installer"), self.place("Program Files")];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().to_lowercase();
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if name.contains("recto") && !name.contains("director") {
                    traces.push(entry.path().display().to_string());
                } else if is_folder && name != "temp" {
                    open.push(entry.path());
                }
            }
        }
        for hive in ["user.reg", "system.reg"] {
            let path = self.prefix().join(hive);
            let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let text = String::from_utf8_lossy(&text).to_lowercase();
            let speaks = |line: &&str| line.contains("recto") && !line.contains("director");
            traces.extend(text.lines().filter(speaks).map(|line| format!("{hive}: {line}")));
        }
        traces.sort();
        Ok(traces)
    }

    /// Waits until a file is gone: an uninstaller continues in the background.
    pub(crate) fn wait_until_gone(&self, inside: &str) -> Result<()> {
        let path = self.place(inside);
        wait_for("a file to be removed", || Ok((!path.exists()).then_some(())))
    }

    fn add_what_lacks(&self) -> Result<()> {
        let source = self.scratch.0.join("lacking.c");
        fs::write(&source, LACKING).with_context(|| format!("cannot write {}", source.display()))?;
        let library = self.place("windows/system32/bcryptprimitives.dll");
        let mut compiler = Command::new("x86_64-w64-mingw32-gcc");
        run(compiler.args(["-shared", "-O2", "-o"]).arg(&library).arg(&source).arg("-ladvapi32"))?;
        ensure!(library.is_file(), "the substitute library was not built");
        Ok(())
    }

    fn prefix(&self) -> PathBuf {
        self.scratch.0.join("prefix")
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        // Programs still running would write into a folder that is being removed.
        let mut server = Command::new("wineserver");
        let _ = server.env("WINEPREFIX", self.prefix()).arg("-k").status();
    }
}
