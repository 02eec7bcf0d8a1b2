//! Tells the window when the computer begins and ceases to run on its battery.
//!
//! The crate `starship-battery` knows how to ask each system; only what a battery does at the moment is taken from it.

use std::time::Duration;

use crossbeam_channel::{Receiver, bounded};
use starship_battery::{Manager, State};

use crate::wake::Wake;

/// How often the batteries are looked at.
const EVERY: Duration = Duration::from_secs(20);

/// Changes that wait at most for the window; it takes them at each frame.
const QUEUED: usize = 16;

/// Looks at the batteries from now on; `wake` is called after each change. A computer without a battery is asked once.
///
/// # Errors
/// Fails where the system starts no thread.
pub(crate) fn watch(wake: Wake) -> std::io::Result<Receiver<bool>> {
    let mut manager = Manager::new().ok();
    watch_with(move || batteries(manager.as_mut()?), EVERY, wake)
}

/// What each battery does; `None` where there is none.
fn batteries(manager: &mut Manager) -> Option<Vec<State>> {
    let states: Vec<State> = manager.batteries().ok()?.flatten().map(|battery| battery.state()).collect();
    (!states.is_empty()).then_some(states)
}

fn watch_with(
    mut look: impl FnMut() -> Option<Vec<State>> + Send + 'static,
    every: Duration,
    wake: Wake,
) -> std::io::Result<Receiver<bool>> {
    let (sender, news) = bounded(QUEUED);
    std::thread::Builder::new().name("power".into()).spawn(move || {
        let mut told = false;
        while let Some(states) = look() {
            let is_on_battery = states.contains(&State::Discharging);
            if is_on_battery != told {
                told = is_on_battery;
                if sender.send(told).is_err() {
                    return;
                }
                wake();
            }
            std::thread::sleep(every);
        }
    })?;
    Ok(news)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn changes_are_told_and_nothing_else() {
        let (full, used, charged) = (vec![State::Full], vec![State::Full, State::Discharging], vec![State::Charging]);
        let mut seen = vec![full.clone(), full, used.clone(), used, charged].into_iter();
        let news = watch_with(move || seen.next(), Duration::ZERO, Arc::new(|| ())).unwrap();
        assert_eq!(news.iter().collect::<Vec<_>>(), [true, false]);
        let news = watch_with(|| None, EVERY, Arc::new(|| ())).unwrap();
        assert!(news.recv().is_err(), "without a battery nobody looks again");
    }
}
