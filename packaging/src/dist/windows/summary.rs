//! Makes an `.msi` reproducible: wixl writes the current time and a random GUID into its summary.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

/// Type tag of a time.
const TIME: [u8; 4] = [0x40, 0, 0, 0];

/// Start of the GUID: type tag, length with terminating zero, opening brace.
const IDENTITY: [u8; 9] = [0x1e, 0, 0, 0, 39, 0, 0, 0, b'{'];

/// Seconds from 1 January 1601, the epoch of Windows, to 1970.
const SINCE_1601: u64 = 11_644_473_600;

/// Number of times: creation and last change.
const NUM_TIMES: usize = 2;

/// Replaces the GUID by `identity` and the times by the release's.
///
/// # Errors
/// When the file has no summary in wixl's form.
pub(super) fn settle(path: &Path, identity: &str, epoch_secs: u64) -> Result<()> {
    let mut bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    settle_bytes(&mut bytes, identity, epoch_secs).with_context(|| format!("in {}", path.display()))?;
    fs::write(path, bytes).with_context(|| format!("cannot write {}", path.display()))
}

fn settle_bytes(bytes: &mut [u8], identity: &str, epoch_secs: u64) -> Result<()> {
    ensure!(identity.len() == 36, "{identity} is not a GUID");
    let found: Vec<_> = positions(bytes, &IDENTITY).collect();
    let [start] = found[..] else { anyhow::bail!("found {} GUIDs instead of one", found.len()) };
    let text = bytes.get_mut(start + IDENTITY.len()..start + IDENTITY.len() + 36).context("it is truncated")?;
    text.copy_from_slice(identity.as_bytes());
    let time = ((epoch_secs + SINCE_1601) * 10_000_000).to_le_bytes();
    // The times follow the GUID.
    let times: Vec<_> =
        positions(bytes, &TIME).filter(|at| (start..start + 128).contains(at)).take(NUM_TIMES).collect();
    ensure!(times.len() == NUM_TIMES, "its summary has {} times", times.len());
    for at in times {
        bytes.get_mut(at + TIME.len()..at + TIME.len() + 8).context("it is truncated")?.copy_from_slice(&time);
    }
    Ok(())
}

/// Offsets of `wanted`.
fn positions(bytes: &[u8], wanted: &[u8]) -> impl Iterator<Item = usize> {
    bytes.windows(wanted.len()).enumerate().filter(move |(_, window)| *window == wanted).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Something before, the identity, and two times.
    fn summary(identity: &str, time: u64) -> Vec<u8> {
        let mut bytes = vec![7; 50];
        bytes.extend(IDENTITY);
        bytes.extend(identity.as_bytes());
        bytes.extend(b"}\0\0");
        for _ in 0..NUM_TIMES {
            bytes.extend(TIME);
            bytes.extend(time.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn the_same_package_has_the_same_summary_whenever_it_is_made() {
        let (one, other) = ("30C9FC76-493A-4535-A3E7-D5FDCAB998CB", "BE05AFC6-0B1B-5EFA-AEE3-0123456789AB");
        let mut bytes = summary(one, 134_000_000_000_000_000);
        settle_bytes(&mut bytes, other, 0).unwrap();
        assert_eq!(bytes, summary(other, 116_444_736_000_000_000));
        assert!(settle_bytes(&mut [0; 200], other, 0).is_err());
    }
}
