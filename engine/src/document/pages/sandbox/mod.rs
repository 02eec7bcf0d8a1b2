//! Restrictions that the serving process puts on itself before it parses a file, and how many of them the system supports.

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};

#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "macos")]
mod macos;
#[cfg(windows)]
mod windows;

/// Strength of the sandbox of the process that reads PDFs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sandbox {
    /// It can read only its own file and fonts, and cannot write files, use the network or start programs.
    Full,
    /// Some of these restrictions.
    Partial,
    /// Only memory and time are limited.
    None,
}

/// The last reported sandbox: 0 for none yet, then in the order of [`Sandbox`].
static LAST: AtomicU8 = AtomicU8::new(0);

/// Returns the sandbox that the last process reported; `None` before the first.
pub fn last_sandbox() -> Option<Sandbox> {
    match LAST.load(Ordering::Relaxed) {
        1 => Some(Sandbox::Full),
        2 => Some(Sandbox::Partial),
        3 => Some(Sandbox::None),
        _ => None,
    }
}

/// Stores what a process reported; logs it if it has changed.
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

/// A sandbox that is being entered. Restrictions that apply only to this thread and later ones are in place;
/// [`Entering::finish`] adds the rest.
pub(super) struct Entering {
    /// Whether the first part is in place.
    is_restricted: bool,
}

/// Starts to remove what this process does not need to read its open file.
pub(super) fn enter() -> Entering {
    #[cfg(target_os = "linux")]
    let is_restricted = linux::restrict_files();
    #[cfg(target_os = "macos")]
    let is_restricted = macos::enter();
    #[cfg(windows)]
    let is_restricted = windows::lower();
    #[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
    let is_restricted = false;
    Entering { is_restricted }
}

impl Entering {
    /// Adds the rest, in all threads. No thread can be started afterwards.
    #[cfg(target_os = "linux")]
    pub(super) fn finish(self) -> Sandbox {
        match (self.is_restricted, linux::filter_calls()) {
            (true, true) => Sandbox::Full,
            (false, false) => Sandbox::None,
            _ => Sandbox::Partial,
        }
    }

    /// Reports the result. On these systems the sandbox lists what is denied, not what is allowed, so it is never full.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn finish(self) -> Sandbox {
        if self.is_restricted { Sandbox::Partial } else { Sandbox::None }
    }
}

/// Closes descriptors inherited from the program that started Recto.
pub(super) fn close_inherited() {
    #[cfg(target_os = "linux")]
    #[expect(unsafe_code, reason = "the system's limits are only to be had through the C library")]
    // SAFETY: called first, before this process has opened anything; descriptors 0 to 2 stay open. On kernels without the
    // call, all stay open.
    unsafe {
        libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0);
    }
}

/// Limits this process: at most `memory_bytes` of address space (0: no limit), and no core dumps.
///
/// On systems without such limits the process goes on without.
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
