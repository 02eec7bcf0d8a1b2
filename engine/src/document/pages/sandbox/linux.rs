//! Linux: Landlock for files, seccomp for system calls.
//!
//! Landlock comes first and restricts the calling thread and those it starts later; the seccomp filter comes last and
//! restricts all threads. So the thread that reads the pipe is started in between, and no other can be.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetError,
    RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter_all_threads,
};

/// Where PDFium looks for fonts that are not embedded, and where links in those folders lead.
const FONT_FOLDERS: &[&str] = &[
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/usr/share/X11/fonts",
    "/usr/share/texmf/fonts",
    "/usr/share/texmf-dist/fonts",
    "/usr/share/texlive/texmf-dist/fonts",
    "/usr/share/ghostscript/fonts",
];

/// System calls allowed with any arguments: memory, time, waiting, open descriptors, exit.
const ALLOWED: &[libc::c_long] = &[
    libc::SYS_read,
    libc::SYS_write,
    libc::SYS_readv,
    libc::SYS_writev,
    libc::SYS_pread64,
    libc::SYS_lseek,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_getdents64,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_set_robust_list,
    libc::SYS_rseq,
    libc::SYS_membarrier,
    libc::SYS_getrandom,
    libc::SYS_clock_gettime,
    libc::SYS_clock_getres,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_ppoll,
    libc::SYS_restart_syscall,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_getpid,
    libc::SYS_gettid,
    // The C library's `qsort` queries the memory size.
    libc::SYS_sysinfo,
    libc::SYS_getuid,
    libc::SYS_geteuid,
    libc::SYS_getgid,
    libc::SYS_getegid,
    libc::SYS_exit,
    libc::SYS_exit_group,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_getdents,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_poll,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_time,
];

/// Denies opening any file, except reading fonts. Returns whether the kernel enforces it.
pub(super) fn restrict_files() -> bool {
    match landlock() {
        Ok(status) => status != RulesetStatus::NotEnforced,
        Err(_) => false,
    }
}

fn landlock() -> Result<RulesetStatus, RulesetError> {
    let fonts = AccessFs::ReadFile | AccessFs::ReadDir;
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .handle_access(AccessNet::from_all(ABI::V4))?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rules(path_beneath_rules(FONT_FOLDERS, fonts))?
        .restrict_self()?;
    Ok(status.ruleset)
}

/// Filters system calls in all threads of this process: no network, no other program or process, no file opened for writing,
/// no new executable memory. All calls not listed fail. Returns whether the kernel enforces it.
pub(super) fn filter_calls() -> bool {
    filter().is_ok_and(|filter| apply_filter_all_threads(&filter).is_ok())
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = ALLOWED.iter().map(|&call| (call, Vec::new())).collect();
    let writing = (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC) as u64;
    let executable = libc::PROT_EXEC as u64;
    rules.insert(libc::SYS_openat, vec![lacks(2, writing)?]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![lacks(1, writing)?]);
    rules.insert(libc::SYS_mmap, vec![lacks(2, executable)?]);
    rules.insert(libc::SYS_mprotect, vec![lacks(2, executable)?]);
    // A limit may be read, not set.
    rules.insert(libc::SYS_prlimit64, vec![is(2, SeccompCmpArgLen::Qword, 0)?]);
    rules.insert(libc::SYS_prctl, vec![is(0, SeccompCmpArgLen::Dword, libc::PR_SET_NAME as u64)?]);
    rules.insert(
        libc::SYS_fcntl,
        [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL]
            .iter()
            .map(|&what| is(1, SeccompCmpArgLen::Dword, what as u64))
            .collect::<Result<_, _>>()?,
    );
    // `abort` signals its own process; signals to others are denied.
    rules.insert(libc::SYS_tgkill, vec![is(0, SeccompCmpArgLen::Dword, u64::from(std::process::id()))?]);
    let architecture = std::env::consts::ARCH.try_into()?;
    SeccompFilter::new(rules, SeccompAction::Errno(libc::EPERM as u32), SeccompAction::Allow, architecture)?.try_into()
}

/// Allows a call whose argument `index` has none of these bits.
fn lacks(index: u8, bits: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    let condition = SeccompCondition::new(index, SeccompCmpArgLen::Dword, SeccompCmpOp::MaskedEq(bits), 0)?;
    SeccompRule::new(vec![condition])
}

/// Allows a call whose argument `index` has this value.
fn is(index: u8, length: SeccompCmpArgLen, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![SeccompCondition::new(index, length, SeccompCmpOp::Eq, value)?])
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_filter_can_be_made_for_this_processor() {
        assert!(super::filter().is_ok_and(|filter| filter.len() < 4096));
    }
}
