//! Retrying while another program has a file open: on Windows it cannot be renamed meanwhile, and virus scanners open every
//! new file.

use std::io;
use std::time::{Duration, Instant};

/// How long to go on retrying.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Pause between two attempts.
const PAUSE: Duration = Duration::from_millis(25);

/// Windows error codes for a file that another program has open: access denied, sharing violation, lock violation.
const IN_USE: [i32; 3] = [5, 32, 33];

/// A series of attempts, limited in time.
#[derive(Debug)]
pub(super) struct Retry(Instant);

impl Retry {
    /// Starts the clock.
    pub(super) fn new() -> Self {
        Self(Instant::now())
    }

    /// Whether to try again after `error`; pauses first where so. On other systems than Windows it never does.
    pub(super) fn should_retry(&self, error: &io::Error) -> bool {
        let is_transient = cfg!(windows) && error.raw_os_error().is_some_and(|code| IN_USE.contains(&code));
        let again = is_transient && self.0.elapsed() < MAX_WAIT;
        if again {
            std::thread::sleep(PAUSE);
        }
        again
    }
}

#[cfg(all(test, windows))]
mod tests {
    use std::fs::File;
    use std::os::windows::fs::OpenOptionsExt as _;

    use super::*;
    use crate::store::atomic::write_file;

    #[test]
    fn a_file_that_is_held_for_a_moment_is_replaced_after_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("desk.json");
        write_file(&path, b"first").unwrap();
        let holder = File::options().read(true).share_mode(0).open(&path).unwrap();
        let letting_go = std::thread::Builder::new().spawn(move || {
            std::thread::sleep(PAUSE * 4);
            drop(holder);
        });
        write_file(&path, b"second").unwrap();
        letting_go.unwrap().join().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
    }
}
