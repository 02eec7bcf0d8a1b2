//! Limits the number of PDF processes: only the most recently used PDFs keep theirs.
//!
//! A process takes memory, handles and one of the user's process slots. Restarting one takes a fraction of a second.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::pages::PagesProcess;

/// Most processes of PDFs that are not being read.
const MAX_PROCESSES: usize = 8;

/// The process of an open PDF, if it has one.
pub(super) type Slot = Arc<Mutex<Option<PagesProcess>>>;

/// Slots with a process, the most recently used last.
static USED: Mutex<VecDeque<Weak<Mutex<Option<PagesProcess>>>>> = Mutex::new(VecDeque::new());

/// Locks a slot, even if the thread that held it panicked.
pub(super) fn hold(slot: &Slot) -> MutexGuard<'_, Option<PagesProcess>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Marks `slot` as used now, and ends the least recently used processes. Those in use stay.
pub(super) fn note_use(slot: &Slot) {
    // Ended after the list is unlocked, since a process may take a moment to end.
    let mut ended = Vec::new();
    {
        let mut used = USED.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Arc::downgrade(slot);
        used.retain(|other| other.strong_count() > 0 && !other.ptr_eq(&own));
        used.push_back(own);
        let mut too_many = used.len().saturating_sub(MAX_PROCESSES);
        used.retain(|other| {
            if too_many == 0 {
                return true;
            }
            let Some(other) = other.upgrade() else { return false };
            let Ok(mut process) = other.try_lock() else { return true };
            too_many -= 1;
            ended.extend(process.take());
            false
        });
    }
    drop(ended);
}
