//! What the serving process takes from itself before it touches a file, and how much of that the system does.

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// How far the process that reads PDFs is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// It reads nothing but its own file and fonts, writes nothing, reaches no network and starts no program.
    Full,
    /// Some of that.
    Partial,
    /// Memory and time are limited, and nothing else.
    None,
}

/// What the last process that was started said: 0 nothing yet, then in the order of [`Sandbox`].
static LAST: AtomicU8 = AtomicU8::new(0);

/// How far the processes that read PDFs are held on this computer, as the last one said; `None` before there was one.
pub fn last_sandbox() -> Option<Sandbox> {
    match LAST.load(Ordering::Relaxed) {
        1 => Some(Sandbox::Full),
        2 => Some(Sandbox::Partial),
        3 => Some(Sandbox::None),
        _ => None,
    }
}

/// Keeps what a process said, and logs it where it is new and not everything.
pub(super) fn note(sandbox: Sandbox) {
    let code = match sandbox {
        Sandbox::Full => 1,
        Sandbox::Partial => 2,
        Sandbox::None => 3,
    };
    if LAST.swap(code, Ordering::Relaxed) == code {
        return;
    }
    match sandbox {
        Sandbox::Full => tracing::debug!("the process that reads PDFs is sandboxed"),
        Sandbox::Partial => tracing::warn!("this system sandboxes the process that reads PDFs only in part"),
        Sandbox::None => tracing::warn!("this system has no sandbox for the process that reads PDFs"),
    }
}

/// A sandbox that is being entered. What holds only threads that start later is in place; [`Entering::finish`] does the rest.
pub(super) struct Entering {
    /// Whether the first part is in place.
    is_held: bool,
}

/// Begins to take from this process what it does not need to read the file that it has opened.
pub(super) fn enter() -> Entering {
    #[cfg(target_os = "linux")]
    let is_held = linux::hold_files();
    #[cfg(target_os = "macos")]
    let is_held = macos::enter();
    #[cfg(windows)]
    let is_held = windows::lower();
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    let is_held = false;
    Entering { is_held }
}

impl Entering {
    /// Takes the rest, in all threads. No thread can be started afterwards.
    #[cfg(target_os = "linux")]
    pub(super) fn finish(self) -> Sandbox {
        match (self.is_held, linux::hold_calls()) {
            (true, true) => Sandbox::Full,
            (false, false) => Sandbox::None,
            _ => Sandbox::Partial,
        }
    }

    /// Says what was taken. These systems are told what is refused, not all that is allowed, so it is never everything.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn finish(self) -> Sandbox {
        if self.is_held { Sandbox::Partial } else { Sandbox::None }
    }
}

/// Closes the descriptors that whoever started Recto has left open, which are nobody's business here.
pub(super) fn close_inherited() {
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "the system's limits are only to be had through the C library")]
    // SAFETY: called first, before this process has opened anything; descriptors 0 to 2 stay open. Where the kernel lacks the
    // call, they stay open too.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

/// Limits this process: at most `memory_bytes` of address space (0: as much as there is), and no core dumps.
///
/// Where the system has no such limits, the process goes on without.
pub(super) fn limit_this_process(memory_bytes: u64) {
    #[cfg(unix)]
    {
        set_limit(libc::RLIMIT_CORE, 0);
        if memory_bytes > 0 {
            set_limit(libc::RLIMIT_AS, memory_bytes);
        }
    }
    #[cfg(windows)]
    if !windows::is_in_job_of_its_own(memory_bytes) {
        tracing::warn!("a limit of the process that reads PDFs could not be set");
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
type Resource = libc::__rlimit_resource_t;
#[cfg(all(unix, not(all(target_os = "linux", target_env = "gnu"))))]
type Resource = libc::c_int;

#[cfg(unix)]
#[expect(unsafe_code, reason = "the system's limits are only to be had through the C library")]
fn set_limit(resource: Resource, value: u64) {
    let limit = libc::rlimit { rlim_cur: value as libc::rlim_t, rlim_max: value as libc::rlim_t };
    // SAFETY: `limit` is a valid `rlimit` that outlives the call, which only reads it.
    let outcome = unsafe { libc::setrlimit(resource, &raw const limit) };
    if outcome != 0 {
        tracing::warn!("a limit of the process that reads PDFs could not be set");
    }
}

/// Ends this process at once, whatever its other threads are doing.
///
/// An ordinary exit runs the destructors of PDFium while another thread may be inside it.
pub(super) fn leave(code: i32) -> ! {
    #[cfg(unix)]
    #[expect(unsafe_code, reason = "the standard library has no exit that skips destructors")]
    // SAFETY: `_exit` has no preconditions; nothing in this process has to be saved.
    unsafe {
        libc::_exit(code)
    }
    #[cfg(windows)]
    #[expect(unsafe_code, reason = "the standard library has no exit that skips destructors")]
    // SAFETY: the handle is that of this process; nothing in it has to be saved.
    unsafe {
        use windows_sys::Win32::System::Threading::{GetCurrentProcess, TerminateProcess};
        TerminateProcess(GetCurrentProcess(), code.cast_unsigned());
    }
    #[cfg(not(unix))]
    std::process::exit(code)
}
