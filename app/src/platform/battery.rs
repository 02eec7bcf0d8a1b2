//! Notifies the window when the computer switches between battery and mains power.
//!
//! The crate `starship-battery` queries the system; only the current state of each battery is used.

use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use starship_battery::{Manager, State};

use crate::wake::Wake;

/// Polling interval.
const EVERY: Duration = Duration::from_secs(20);

/// Capacity of the channel; the window drains it every frame.
const QUEUED: usize = 16;

/// Starts watching the batteries; `wake` is called after each change. Without a battery the thread ends at once.
///
/// # Errors
/// Fails if the thread cannot be started.
pub(crate) fn watch(wake: Wake) -> std::io::Result<Receiver<bool>> {
    let mut manager = Manager::new().ok();
    watch_with(move || batteries(manager.as_mut()?), EVERY, wake)
}

/// The state of each battery; `None` without one.
fn batteries(manager: &mut Manager) -> Option<Vec<State>> {
    let states: Vec<State> = manager.batteries().ok()?.flatten().map(|battery| battery.state()).collect();
    (!states.is_empty()).then_some(states)
}

fn watch_with(
    mut poll: impl FnMut() -> Option<Vec<State>> + Send + 'static,
    every: Duration,
    wake: Wake,
) -> std::io::Result<Receiver<bool>> {
    let (sender, changes) = bounded(QUEUED);
    std::thread::Builder::new().name("power".into()).spawn(move || {
        let mut was_on_battery = false;
        while let Some(states) = poll() {
            let is_on_battery = states.contains(&State::Discharging);
            if is_on_battery != was_on_battery {
                was_on_battery = is_on_battery;
                if sender.send(is_on_battery).is_err() {
                    return;
                }
                wake();
            }
            std::thread::sleep(every);
        }
    })?;
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn only_changes_are_sent() {
        let (full, used, charged) = (vec![State::Full], vec![State::Full, State::Discharging], vec![State::Charging]);
        let mut seen = vec![full.clone(), full, used.clone(), used, charged].into_iter();
        let changes = watch_with(move || seen.next(), Duration::ZERO, Arc::new(|| ())).unwrap();
        assert_eq!(changes.iter().collect::<Vec<_>>(), [true, false]);
        let changes = watch_with(|| None, EVERY, Arc::new(|| ())).unwrap();
        assert!(changes.recv().is_err(), "without a battery the thread ends");
    }
}
