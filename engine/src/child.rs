//! Starts child processes, whatever program they run.
//!
//! A child gets a few environment variables that every program needs, those that the caller names, and no others: it must not
//! see an access token in our environment. Programs are found by path or through `PATH`, never in the current folder.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Variables passed to every program: search paths, the user's folders, language and time zone, and what Windows needs to
/// start a process.
///
/// The loader's variables have affected this program already, so passing them on grants nothing new; without them a
/// wrapper such as torsocks would not cover child processes.
const BASICS: &[&str] = &[
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TMPDIR",
    "TMP",
    "TEMP",
    "LD_LIBRARY_PATH",
    "LD_PRELOAD",
    "DYLD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "DYLD_INSERT_LIBRARIES",
    "SystemRoot",
    "SystemDrive",
    "windir",
    "ComSpec",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "ProgramData",
    "ProgramFiles",
    "ProgramFiles(x86)",
    "CommonProgramFiles",
    "NUMBER_OF_PROCESSORS",
    "PROCESSOR_ARCHITECTURE",
];

/// Prefixes of further variables passed to every program.
const BASIC_PREFIXES: &[&str] = &["LC_", "TORSOCKS_"];

/// Parts of the names of variables that hold secrets.
const SECRETS: &[&str] =
    &["TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "API_KEY", "ACCESS_KEY", "PRIVATE_KEY"];

/// A program to start: without a console window, and with null standard streams by default.
#[derive(Debug)]
pub struct Program {
    command: Command,
}

impl Program {
    /// The program `name`: an absolute path, a path relative to the current folder, or a name looked up in `PATH`.
    pub fn new(name: impl AsRef<OsStr>) -> Self {
        let mut command = Command::new(fixed(name.as_ref()));
        command.env_clear().envs(chosen(|variable| {
            BASICS.iter().any(|basic| is_same(variable, basic)) || begins_with_any(variable, BASIC_PREFIXES)
        }));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        without_console(&mut command);
        Self { command }
    }

    /// Passes on these variables, if they are set.
    #[must_use]
    pub fn passing(mut self, names: &[&str]) -> Self {
        self.command.envs(chosen(|variable| names.iter().any(|name| is_same(variable, name))));
        self
    }

    /// Passes on all variables with these prefixes.
    #[must_use]
    pub fn passing_prefixes(mut self, prefixes: &[&str]) -> Self {
        self.command.envs(chosen(|variable| begins_with_any(variable, prefixes)));
        self
    }

    /// Passes on all variables except those whose names suggest a secret: for programs of the desktop, which need more
    /// variables than can be listed.
    #[must_use]
    pub fn passing_all_but_secrets(mut self) -> Self {
        self.command.envs(chosen(|variable| !is_secret(variable)));
        self
    }

    /// Sets a variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Starts it in `folder`.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Connects its standard input to a pipe.
    #[must_use]
    pub fn piped_input(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Connects its standard output to a pipe.
    #[must_use]
    pub fn piped_output(mut self) -> Self {
        self.command.stdout(Stdio::piped());
        self
    }

    /// Connects its standard error to a pipe.
    #[must_use]
    pub fn piped_errors(mut self) -> Self {
        self.command.stderr(Stdio::piped());
        self
    }

    /// Has it killed together with this process. Only on Linux; elsewhere it ends when it can no longer print.
    #[must_use]
    pub fn ending_with_this_process(mut self) -> Self {
        #[cfg(target_os = "linux")]
        end_with_this_process(&mut self.command);
        self
    }

    /// Starts it.
    ///
    /// # Errors
    /// Fails if the program is not found or the process cannot be started.
    pub fn start(mut self) -> std::io::Result<Child> {
        self.command.spawn()
    }
}

/// Makes a path absolute, since the program may start in another folder; leaves a name for `PATH` as it is.
fn fixed(name: &OsStr) -> OsString {
    let path = Path::new(name);
    if path.components().count() < 2 {
        return name.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| PathBuf::from(name)).into_os_string()
}

/// The variables of this process whose names satisfy `is_wanted`.
fn chosen(is_wanted: impl Fn(&str) -> bool) -> impl Iterator<Item = (OsString, OsString)> {
    std::env::vars_os().filter(move |(name, _)| name.to_str().is_some_and(&is_wanted))
}

/// Compares names of variables, which Windows does case-insensitively.
fn is_same(one: &str, other: &str) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

fn begins_with_any(variable: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| variable.get(..prefix.len()).is_some_and(|start| is_same(start, prefix)))
}

fn is_secret(variable: &str) -> bool {
    let name = variable.to_ascii_uppercase();
    SECRETS.iter().any(|part| name.contains(part))
}

/// Makes `command` start without a console window, which on Windows would flash up in front of the application.
fn without_console(command: &mut Command) {
    #[cfg(windows)]
    {
        use std::os::windows::process::CommandExt as _;
        use windows_sys::Win32::System::Threading::CREATE_NO_WINDOW;
        command.creation_flags(CREATE_NO_WINDOW);
    }
    #[cfg(not(windows))]
    let _ = command;
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the standard library has no safe way to set this for a child")]
fn end_with_this_process(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;
    let ask = || {
        // SAFETY: this call takes no pointers, allocates nothing and may be made between fork and exec.
        match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        }
    };
    // SAFETY: the closure only makes that one call, and reads `errno` when it fails.
    unsafe { command.pre_exec(ask) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in ["HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "github_token", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["PATH", "DISPLAY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "XAUTHORITY"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn a_name_is_left_to_the_path_and_a_path_is_made_absolute() {
        assert_eq!(fixed(OsStr::new("python3")), OsStr::new("python3"));
        assert!(Path::new(&fixed(OsStr::new("bin/python3"))).is_absolute());
        assert!(Path::new(&fixed(OsStr::new("./python3"))).is_absolute());
    }

    #[cfg(unix)]
    #[test]
    fn a_program_sees_the_basics_and_what_it_was_given() {
        use std::io::Read as _;
        // Cargo sets variables for every test: they stand for whatever else is in a user's environment.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let seen = |program: Program| {
            let mut child = program.piped_output().start().unwrap();
            let mut text = String::new();
            child.stdout.take().unwrap().read_to_string(&mut text).unwrap();
            child.wait().unwrap();
            text
        };
        let plain = seen(Program::new("env").with("GIVEN", "yes"));
        assert!(plain.contains("\nPATH=") || plain.starts_with("PATH="), "{plain}");
        assert!(plain.contains("GIVEN=yes"), "{plain}");
        assert!(!plain.contains("CARGO_"), "{plain}");
        assert!(seen(Program::new("env").passing(&["CARGO_MANIFEST_DIR"])).contains("CARGO_MANIFEST_DIR="));
        assert!(seen(Program::new("env").passing_prefixes(&["CARGO_MANIFEST_"])).contains("CARGO_MANIFEST_DIR="));
        assert!(seen(Program::new("env").passing_all_but_secrets()).contains("CARGO_MANIFEST_DIR="));
        let folder = tempfile::tempdir().unwrap();
        let there = seen(Program::new("pwd").args(["-P"]).in_folder(folder.path()));
        assert_eq!(Path::new(there.trim()), folder.path().canonicalize().unwrap());
    }
}
