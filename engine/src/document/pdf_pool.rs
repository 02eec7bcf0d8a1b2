//! How many processes read PDFs at a time: however many reports are open, the ones used last keep their process.
//!
//! A process takes memory, handles and a slot among the user's processes. Starting one again takes a fraction of a second.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::pages::PagesProcess;

/// Processes of reports that are not being read this moment.
const MAX_PROCESSES: usize = 8;

/// The process of an open PDF, where it has one.
pub(super) type Slot = Arc<Mutex<Option<PagesProcess>>>;

/// Slots with a process, the one used last at the end.
static USED: Mutex<VecDeque<Weak<Mutex<Option<PagesProcess>>>>> = Mutex::new(VecDeque::new());

/// Takes hold of a slot, whatever happened to the thread that held it before.
pub(super) fn hold(slot: &Slot) -> MutexGuard<'_, Option<PagesProcess>> {
    slot.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Notes that `slot` is used now, and ends the processes that were not used for longest. Those in use stay.
pub(super) fn note_use(slot: &Slot) {
    // Ended after the list is let go: a process may take a moment to end.
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
