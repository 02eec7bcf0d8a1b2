//! Waiting for those who have a file open for a moment: on Windows it cannot be renamed meanwhile, and virus scanners open
//! every new file.

use std::io;
use std::time::{Duration, Instant};

/// How long a scanner may take.
const LONGEST: Duration = Duration::from_secs(2);

/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(25);

/// What Windows says of a file that somebody has open: access denied, shared with another, locked in part.
const HELD: [i32; 3] = [5, 32, 33];

/// How long one has been waiting.
#[derive(Debug)]
pub(super) struct Patience(Instant);

impl Patience {
    /// Begins to wait.
    pub(super) fn begin() -> Self {
        Self(Instant::now())
    }

    /// Whether to try again after `error`, which on other systems does not pass; where so, a pause has been made.
    pub(super) fn is_left_after(&self, error: &io::Error) -> bool {
        let passes = cfg!(windows) && error.raw_os_error().is_some_and(|code| HELD.contains(&code));
        let is_left = passes && self.0.elapsed() < LONGEST;
        if is_left {
            std::thread::sleep(PAUSE);
        }
        is_left
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
