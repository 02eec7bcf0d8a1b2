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
    #[cfg(windows)]
    if !is_in_job_of_its_own(memory_bytes) {
        tracing::warn!("a limit of the process that reads PDFs could not be set");
    }
}

/// Puts this process into a job of its own: at most `memory_bytes` (0: as much as there is), and no dialog where it crashes.
#[cfg(windows)]
#[expect(unsafe_code, reason = "the system's limits are only to be had through its own library")]
fn is_in_job_of_its_own(memory_bytes: u64) -> bool {
    use std::ptr::null;
    use windows_sys::Win32::System::JobObjects::{
        AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION,
        JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectExtendedLimitInformation,
        SetInformationJobObject,
    };
    use windows_sys::Win32::System::Threading::GetCurrentProcess;
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags = JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION;
    if memory_bytes > 0 {
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
        limits.ProcessMemoryLimit = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
    }
    let length = u32::try_from(size_of_val(&limits)).unwrap_or_default();
    // SAFETY: the pointers are null where that is allowed, or to a value of the length told that outlives the calls. The
    // job's handle is kept open until the process ends, which ends the job.
    unsafe {
        let job = CreateJobObjectW(null(), null());
        !job.is_null()
            && SetInformationJobObject(job, JobObjectExtendedLimitInformation, (&raw const limits).cast(), length) != 0
            && AssignProcessToJobObject(job, GetCurrentProcess()) != 0
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
