//! What the serving process takes from itself before it touches a file.

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
    #[cfg(not(unix))]
    let _ = memory_bytes;
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
    #[cfg(not(unix))]
    std::process::exit(code)
}
