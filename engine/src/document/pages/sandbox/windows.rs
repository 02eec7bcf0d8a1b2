//! Windows: a job object, low integrity, no privileges, no child processes.
//!
//! A process of low integrity can read what its user can, and use the network, but cannot write to the user's files or
//! access other programs. So the sandbox is partial.
#![expect(unsafe_code, reason = "the system's limits are only to be had through its own library")]

use std::ptr::{null, null_mut};

use windows_sys::Win32::Foundation::{CloseHandle, HANDLE};
use windows_sys::Win32::Security::{
    AdjustTokenPrivileges, GetLengthSid, SID, SID_AND_ATTRIBUTES, SID_IDENTIFIER_AUTHORITY, SetTokenInformation,
    TOKEN_ADJUST_DEFAULT, TOKEN_ADJUST_PRIVILEGES, TOKEN_MANDATORY_LABEL, TOKEN_QUERY, TokenIntegrityLevel,
};
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_ACTIVE_PROCESS,
    JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION, JOB_OBJECT_LIMIT_PROCESS_MEMORY, JOB_OBJECT_UILIMIT_DESKTOP,
    JOB_OBJECT_UILIMIT_DISPLAYSETTINGS, JOB_OBJECT_UILIMIT_EXITWINDOWS, JOB_OBJECT_UILIMIT_GLOBALATOMS,
    JOB_OBJECT_UILIMIT_READCLIPBOARD, JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS, JOB_OBJECT_UILIMIT_WRITECLIPBOARD,
    JOBOBJECT_BASIC_UI_RESTRICTIONS, JOBOBJECT_EXTENDED_LIMIT_INFORMATION, JobObjectBasicUIRestrictions,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};
use windows_sys::Win32::System::Threading::{GetCurrentProcess, OpenProcessToken};

/// Authority of integrity levels.
const MANDATORY_LABEL_AUTHORITY: [u8; 6] = [0, 0, 0, 0, 0, 16];
/// The level below that of ordinary programs.
const LOW: u32 = 0x1000;

/// The attribute of a group that is an integrity level.
const SE_GROUP_INTEGRITY: u32 = 0x20;

/// Puts this process into a job of its own: at most `memory_bytes` (0: no limit), no child process, no dialog after a crash,
/// and no access to the desktop's clipboard, settings and session.
pub(super) fn is_in_job_of_its_own(memory_bytes: u64) -> bool {
    let mut limits = JOBOBJECT_EXTENDED_LIMIT_INFORMATION::default();
    limits.BasicLimitInformation.LimitFlags =
        JOB_OBJECT_LIMIT_DIE_ON_UNHANDLED_EXCEPTION | JOB_OBJECT_LIMIT_ACTIVE_PROCESS;
    limits.BasicLimitInformation.ActiveProcessLimit = 1;
    if memory_bytes > 0 {
        limits.BasicLimitInformation.LimitFlags |= JOB_OBJECT_LIMIT_PROCESS_MEMORY;
        limits.ProcessMemoryLimit = usize::try_from(memory_bytes).unwrap_or(usize::MAX);
    }
    let desktop = JOBOBJECT_BASIC_UI_RESTRICTIONS {
        UIRestrictionsClass: JOB_OBJECT_UILIMIT_DESKTOP
            | JOB_OBJECT_UILIMIT_DISPLAYSETTINGS
            | JOB_OBJECT_UILIMIT_EXITWINDOWS
            | JOB_OBJECT_UILIMIT_GLOBALATOMS
            | JOB_OBJECT_UILIMIT_READCLIPBOARD
            | JOB_OBJECT_UILIMIT_SYSTEMPARAMETERS
            | JOB_OBJECT_UILIMIT_WRITECLIPBOARD,
    };
    // SAFETY: the pointers are null where that is allowed, or to values of the given length that outlive the calls. The job's
    // handle is kept open until the process ends, which ends the job.
    unsafe {
        let job = CreateJobObjectW(null(), null());
        !job.is_null()
            && SetInformationJobObject(
                job,
                JobObjectExtendedLimitInformation,
                (&raw const limits).cast(),
                length_of(&limits),
            ) != 0
            && SetInformationJobObject(
                job,
                JobObjectBasicUIRestrictions,
                (&raw const desktop).cast(),
                length_of(&desktop),
            ) != 0
            && AssignProcessToJobObject(job, GetCurrentProcess()) != 0
    }
}

/// Drops the privileges and lowers the integrity of this process, with all its threads; returns whether that succeeded.
pub(super) fn lower() -> bool {
    let mut token: HANDLE = null_mut();
    let access = TOKEN_ADJUST_DEFAULT | TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY;
    // SAFETY: the handle of this process is always valid, and `token` outlives the call.
    if unsafe { OpenProcessToken(GetCurrentProcess(), access, &raw mut token) } == 0 {
        return false;
    }
    let mut low = SID {
        Revision: 1,
        SubAuthorityCount: 1,
        IdentifierAuthority: SID_IDENTIFIER_AUTHORITY { Value: MANDATORY_LABEL_AUTHORITY },
        SubAuthority: [LOW],
    };
    let level = (&raw mut low).cast();
    let label = TOKEN_MANDATORY_LABEL { Label: SID_AND_ATTRIBUTES { Sid: level, Attributes: SE_GROUP_INTEGRITY } };
    // SAFETY: the token has the access rights needed; `label` and the level it points to outlive the calls, and the length is
    // that of both, as documented. The token is closed after its last use.
    unsafe {
        let length = length_of(&label) + GetLengthSid(level);
        let unprivileged = AdjustTokenPrivileges(token, 1, null(), 0, null_mut(), null_mut()) != 0;
        let lowered = SetTokenInformation(token, TokenIntegrityLevel, (&raw const label).cast(), length) != 0;
        CloseHandle(token);
        unprivileged && lowered
    }
}

fn length_of<T>(value: &T) -> u32 {
    u32::try_from(size_of_val(value)).unwrap_or_default()
}
