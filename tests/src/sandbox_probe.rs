//! `recto pages` that, inside its sandbox, attempts what malicious code would, and prints the result of each attempt on standard
//! error: a name and the system's error number, 0 for success.
//!
//! The same attempts are made before it enters the sandbox, so that refusals for other reasons do not count.

use std::path::PathBuf;

use engine::document::pages::{ServeOptions, serve_with};

fn main() -> std::process::ExitCode {
    let value = |name: &str| std::env::args_os().skip_while(|argument| argument != name).nth(1);
    let options = ServeOptions { pdfium: value("--pdfium").map(PathBuf::from).unwrap_or_default(), memory_bytes: 0 };
    let scratch = value("--scratch").map(PathBuf::from).unwrap_or_default();
    attempts::make("before", &scratch);
    let served = serve_with(&options, |sandbox| attempts::make(&format!("{sandbox:?}"), &scratch));
    if served.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// The attempts are those of Linux, where the test runs.
#[cfg(not(target_os = "linux"))]
mod attempts {
    pub(super) fn make(_when: &str, _scratch: &std::path::Path) {}
}

#[cfg(target_os = "linux")]
#[allow(unsafe_code, reason = "the attempts are system calls")]
#[allow(clippy::print_stderr, reason = "it prints the results of the attempts")]
#[allow(clippy::disallowed_methods, reason = "the attempts change files directly")]
mod attempts {
    use std::ffi::CString;
    use std::io::Error;
    use std::path::Path;

    type Outcome = Result<(), Error>;
    type Attempt<'a> = Box<dyn Fn() -> Outcome + 'a>;

    /// Makes all attempts.
    pub(super) fn make(when: &str, scratch: &Path) {
        let beside = scratch.join("written");
        let attempts: [(&str, Attempt<'_>); 22] = [
            ("read-users", Box::new(|| std::fs::read("/etc/passwd").map(drop))),
            ("read-beside", Box::new(|| std::fs::read(scratch.join("other.txt")).map(drop))),
            ("list-folder", Box::new(|| std::fs::read_dir(scratch).map(drop))),
            ("read-process", Box::new(|| std::fs::read("/proc/self/environ").map(drop))),
            ("read-parent", Box::new(|| std::fs::read(format!("/proc/{}/maps", parent())).map(drop))),
            ("read-font", Box::new(a_font)),
            ("write-new", Box::new(|| std::fs::File::options().create(true).append(true).open(&beside).map(drop))),
            ("write-old", Box::new(|| std::fs::File::options().write(true).open(scratch.join("other.txt")).map(drop))),
            ("make-folder", Box::new(|| gone(std::fs::create_dir(scratch.join("folder")), &scratch.join("folder")))),
            (
                "make-link",
                Box::new(|| gone(std::os::unix::fs::symlink("/", scratch.join("link")), &scratch.join("link"))),
            ),
            ("rename", Box::new(|| std::fs::rename(scratch.join("other.txt"), scratch.join("other.txt")))),
            ("remove", Box::new(|| std::fs::remove_file(scratch.join("not-there")))),
            ("socket-tcp", Box::new(|| socket(libc::AF_INET, libc::SOCK_STREAM))),
            ("socket-udp", Box::new(|| socket(libc::AF_INET6, libc::SOCK_DGRAM))),
            ("socket-unix", Box::new(|| socket(libc::AF_UNIX, libc::SOCK_STREAM))),
            ("connect", Box::new(|| refused(std::net::TcpStream::connect(("127.0.0.1", 9)).map(drop)))),
            ("start-program", Box::new(|| std::process::Command::new("/bin/true").status().map(drop))),
            ("exec", Box::new(exec)),
            ("fork", Box::new(fork)),
            ("signal-parent", Box::new(|| call(&[libc::SYS_kill, parent(), 0]))),
            (
                "trace",
                Box::new(|| {
                    call(&[libc::SYS_ptrace, libc::c_long::from(libc::PTRACE_PEEKDATA), i64::from(i32::MAX), 0, 0])
                }),
            ),
            ("executable-memory", Box::new(executable)),
        ];
        for (name, attempt) in attempts {
            let code = attempt().err().map_or(0, |error| error.raw_os_error().unwrap_or(-1));
            eprintln!("{when} {name} {code}");
        }
    }

    /// As it was before the sandbox, where the system no longer says.
    fn parent() -> libc::c_long {
        static PARENT: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        libc::c_long::from(PARENT.get_or_init(std::os::unix::process::parent_id).cast_signed())
    }

    /// Reads the first font that the system has; there may be none.
    fn a_font() -> Outcome {
        let mut folders = vec![std::path::PathBuf::from("/usr/share/fonts")];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.flatten().map(|entry| entry.path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "ttf") {
                    return std::fs::read(path).map(drop);
                }
            }
        }
        Err(Error::from_raw_os_error(libc::ENOENT))
    }

    /// Takes away what an attempt has made, so that the next can make it.
    fn gone(made: Outcome, path: &Path) -> Outcome {
        let _ = std::fs::remove_dir(path);
        let _ = std::fs::remove_file(path);
        made
    }

    /// A connection that reaches a closed port has reached it.
    fn refused(outcome: Outcome) -> Outcome {
        outcome.or_else(|error| if error.raw_os_error() == Some(libc::ECONNREFUSED) { Ok(()) } else { Err(error) })
    }

    fn socket(family: i32, kind: i32) -> Outcome {
        // SAFETY: the call takes numbers; what it opens is closed.
        unsafe {
            match libc::socket(family, kind, 0) {
                -1 => Err(Error::last_os_error()),
                socket => {
                    libc::close(socket);
                    Ok(())
                }
            }
        }
    }

    /// A system call with numbers alone.
    fn call(arguments: &[libc::c_long]) -> Outcome {
        let at = |index: usize| arguments.get(index).copied().unwrap_or_default();
        // SAFETY: none of the calls that are made takes a pointer that is not null.
        let outcome = unsafe { libc::syscall(at(0), at(1), at(2), at(3), at(4)) };
        if outcome == -1 { Err(Error::last_os_error()) } else { Ok(()) }
    }

    /// Executes a program that is not there: the error says whether it was looked for.
    fn exec() -> Outcome {
        let Ok(path) = CString::new("/no/such/program") else { return Ok(()) };
        let arguments = [path.as_ptr(), std::ptr::null()];
        // SAFETY: the path and the list of arguments end in a zero and outlive the call.
        unsafe { libc::execv(path.as_ptr(), arguments.as_ptr()) };
        let error = Error::last_os_error();
        if error.raw_os_error() == Some(libc::ENOENT) { Ok(()) } else { Err(error) }
    }

    fn fork() -> Outcome {
        // SAFETY: the child only ends itself, and is waited for.
        unsafe {
            match libc::fork() {
                -1 => Err(Error::last_os_error()),
                0 => libc::_exit(0),
                child => {
                    libc::waitpid(child, std::ptr::null_mut(), 0);
                    Ok(())
                }
            }
        }
    }

    fn executable() -> Outcome {
        let (all, private) =
            (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS);
        // SAFETY: new memory is asked for, and given back.
        unsafe {
            let memory = libc::mmap(std::ptr::null_mut(), 4096, all, private, -1, 0);
            if memory == libc::MAP_FAILED {
                return Err(Error::last_os_error());
            }
            libc::munmap(memory, 4096);
        }
        Ok(())
    }
}
