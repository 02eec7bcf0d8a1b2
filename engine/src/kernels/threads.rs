//! Which threads compute: all processors for what somebody waits for; for what goes on behind fewer threads, of low priority,
//! so that whoever works on this machine does not notice.
//!
//! A thread of low priority cannot be given a higher one again without rights that no user has, so there are two pools: rayon's
//! own, and one for work behind, made when it is first needed.

use std::cell::Cell;
use std::sync::OnceLock;

use rayon::{ThreadPool, ThreadPoolBuilder};
use thread_priority::{ThreadPriority, ThreadPriorityValue, set_current_thread_priority};

/// Priority of work behind, of 99: below normal everywhere (niceness 9 on Linux), yet it goes on beside other work behind.
const LOW_PRIORITY: u8 = 25;

/// Up to so many processors none is left free: half of the machine would be too much to leave.
const FEW_PROCESSORS: usize = 2;

thread_local! {
    /// Whether this thread hands out work that goes on behind.
    static IS_BEHIND: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`, all that it shares among threads being done behind.
fn behind<T>(work: impl FnOnce() -> T) -> T {
    with(true, work)
}

/// Does `work`, behind where `is_behind`, else as whatever goes on does.
pub fn behind_where<T>(is_behind: bool, work: impl FnOnce() -> T) -> T {
    if is_behind { behind(work) } else { work() }
}

/// Does `work`, which somebody waits for, in the midst of work behind.
pub fn in_front<T>(work: impl FnOnce() -> T) -> T {
    with(false, work)
}

/// Does `work`, whatever it shares among threads being shared among those that are meant for what this thread does.
pub fn shared<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    match pool_behind() {
        Some(pool) => pool.install(work),
        None => work(),
    }
}

/// How many threads [`shared`] work is shared among.
pub fn count() -> usize {
    pool_behind().map_or_else(rayon::current_num_threads, ThreadPool::current_num_threads)
}

fn with<T>(is_behind: bool, work: impl FnOnce() -> T) -> T {
    /// Puts things back as they were, even where the work panics.
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            IS_BEHIND.set(self.0);
        }
    }
    let _restore = Restore(IS_BEHIND.replace(is_behind));
    work()
}

/// The pool for work behind, where this thread hands out such work; a machine that gives no threads does it in front.
fn pool_behind() -> Option<&'static ThreadPool> {
    static POOL: OnceLock<Option<ThreadPool>> = OnceLock::new();
    if !IS_BEHIND.get() {
        return None;
    }
    let make = || {
        let processors = rayon::current_num_threads();
        let threads = if processors > FEW_PROCESSORS { processors - 1 } else { processors };
        let pool = ThreadPoolBuilder::new().num_threads(threads).thread_name(|i| format!("behind-{i}"));
        let pool = pool.start_handler(|_| lower_priority()).build();
        pool.inspect_err(|error| tracing::warn!(%error, "work behind has no threads of its own")).ok()
    };
    POOL.get_or_init(make).as_ref()
}

/// Lets others go before the thread that calls this, for good.
fn lower_priority() {
    let lowered = ThreadPriorityValue::try_from(LOW_PRIORITY)
        .map(|low| set_current_thread_priority(ThreadPriority::Crossplatform(low)));
    if !matches!(lowered, Ok(Ok(()))) {
        tracing::info!(?lowered, "work behind has the priority of all other work");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> String {
        rayon::broadcast(|_| std::thread::current().name().unwrap_or("").to_owned()).swap_remove(0)
    }

    #[test]
    fn work_behind_has_threads_of_its_own_and_work_in_front_within_it_has_not() {
        let is_behind = || shared(name).starts_with("behind-");
        assert!(!is_behind());
        behind(|| {
            assert!(is_behind());
            in_front(|| assert!(!is_behind()));
            assert!(is_behind());
            let processors = rayon::current_num_threads();
            assert_eq!(count(), if processors > FEW_PROCESSORS { processors - 1 } else { processors });
        });
        assert!(std::panic::catch_unwind(|| behind(|| std::panic::resume_unwind(Box::new(())))).is_err());
        assert!(!is_behind());
    }
}
