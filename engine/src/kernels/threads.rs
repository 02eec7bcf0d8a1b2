//! The thread pools: all processors for foreground work that the user waits for; fewer threads of low priority for background
//! work, so that the machine stays responsive.
//!
//! An unprivileged process cannot raise a thread's priority again once it is lowered, so there are two pools: rayon's own,
//! and one for background work, created when it is first needed.

use std::cell::Cell;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// Priority of background work, of 99: below normal on every platform (niceness 9 on Linux), but not the lowest.
const LOW_PRIORITY: u8 = 25;

/// With up to so many processors background work uses all of them: leaving one free would cost half of the machine.
const FEW_PROCESSORS: usize = 2;

thread_local! {
    /// Whether this thread starts background work.
    static IS_BACKGROUND: Cell<bool> = const { Cell::new(false) };
}

/// Runs `work`; what it shares among threads runs in the background pool.
fn in_background<T>(work: impl FnOnce() -> T) -> T {
    with(true, work)
}

/// Runs `work`, in the background if `is_background`, else as the current thread does.
pub fn in_background_if<T>(is_background: bool, work: impl FnOnce() -> T) -> T {
    if is_background { in_background(work) } else { work() }
}

/// Runs `work` in the foreground, also from within background work.
pub fn in_foreground<T>(work: impl FnOnce() -> T) -> T {
    with(false, work)
}

/// Runs `work`; what it shares among threads runs in the pool of the current thread's kind of work.
pub fn shared<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match background_pool() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// Number of threads for [`shared`] work.
pub fn count() -> usize {
    background_pool().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
}

fn with<T>(is_background: bool, work: impl FnOnce() -> T) -> T {
    /// Restores the previous state, even if the work panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_BACKGROUND.set(self.0);
        }
    }
    let _restore = Restore(IS_BACKGROUND.replace(is_background));
    work()
}

/// The background pool, where this thread starts background work; without it that work runs in the foreground.
fn background_pool() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if !IS_BACKGROUND.get() {
        return None;
    }
    let make = || {
        let processors = rayon::current_num_threads();
        let threads = if processors > FEW_PROCESSORS { processors - 1 } else { processors };
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("background-{i}"));
        let pool = pool.start_handler(|_| lower_priority()).build();
        pool.inspect_err(|error| tracing::warn!(%error, "the background thread pool cannot be created")).ok()
    };
    POOL.get_or_init(make).as_ref()
}

/// Lowers the priority of the calling thread, permanently.
fn lower_priority() {
    let lowered = ThreadPriorityValue::try_from(LOW_PRIORITY)
        .map(|low| set_current_thread_priority(ThreadPriority::Crossplatform(low)));
    if !matches!(lowered, Ok(Ok(()))) {
        tracing::info!(?lowered, "background work runs at normal priority");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> String {
        rayon::broadcast(|_| std::thread::current().name().unwrap_or("").to_owned()).swap_remove(0)
    }

    #[test]
    fn background_work_has_its_own_threads_and_foreground_work_within_it_does_not() {
        let is_background = || shared(name).starts_with("background-");
        assert!(!is_background());
        in_background(|| {
            assert!(is_background());
            in_foreground(|| assert!(!is_background()));
            assert!(is_background());
            let processors = rayon::current_num_threads();
            assert_eq!(count(), if processors > FEW_PROCESSORS { processors - 1 } else { processors });
        });
        assert!(std::panic::catch_unwind(|| in_background(|| std::panic::resume_unwind(Box::new(())))).is_err());
        assert!(!is_background());
    }
}
