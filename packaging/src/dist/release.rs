//! The release being packaged: version, time and device features.

use std::process::Command;

use anyhow::{Context, Result};

use super::target::{System, Target};
use crate::process::{output, repository};

const SECS_OF_DAY: u64 = 86_400;

/// A release, identical on every machine that packages the same commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Release {
    /// The version, `0.1.0`.
    pub(crate) version: String,
    /// Its Unix time in seconds: `SOURCE_DATE_EPOCH`, or the time of the commit.
    pub(crate) epoch_secs: u64,
    /// Whether it is built for NVIDIA cards.
    pub(crate) has_cuda: bool,
}

impl Release {
    /// The release of this working tree, under another version if given.
    ///
    /// # Errors
    /// When neither the environment nor git gives a time.
    pub(crate) fn of_this_tree(version: Option<&str>, has_cuda: bool) -> Result<Self> {
        let epoch = if let Ok(epoch) = std::env::var("SOURCE_DATE_EPOCH") {
            epoch
        } else {
            let mut git = Command::new("git");
            output(git.current_dir(repository()).args(["log", "-1", "--format=%ct"]))
                .context("the time of the commit is unknown; set SOURCE_DATE_EPOCH")?
        };
        Ok(Self {
            version: version.unwrap_or(env!("CARGO_PKG_VERSION")).to_owned(),
            epoch_secs: epoch.trim().parse().context("SOURCE_DATE_EPOCH is not a number of seconds")?,
            has_cuda,
        })
    }

    /// Its time as `2026-11-25T08:41:40Z`.
    pub(crate) fn time(&self) -> String {
        let (year, month, day) = self.date();
        let secs = self.epoch_secs % SECS_OF_DAY;
        format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", secs / 3600, secs / 60 % 60, secs % 60)
    }

    /// Its date: year, month and day, counted from 1.
    pub(crate) fn date(&self) -> (u64, u64, u64) {
        // Years begin in March, so that the leap day comes last; eras have 400 years.
        let days = self.epoch_secs / SECS_OF_DAY + 719_468;
        let (era, of_era) = (days / 146_097, days % 146_097);
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        (era * 400 + year + u64::from(month <= 2), month, day)
    }

    /// Its date and time in RFC 5322 form: `Wed, 25 Nov 2026 08:41:40 +0000`.
    pub(crate) fn time_of_letters(&self) -> String {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let (year, month, day) = self.date();
        let secs = self.epoch_secs % SECS_OF_DAY;
        format!(
            "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} +0000",
            DAYS[(self.epoch_secs / SECS_OF_DAY % 7) as usize],
            MONTHS[(month - 1) as usize],
            secs / 3600,
            secs / 60 % 60,
            secs % 60
        )
    }

    /// Cargo features for a platform.
    pub(crate) fn features(&self, target: &Target) -> Vec<&'static str> {
        let cuda = self.has_cuda.then_some("cuda");
        let metal = (target.system == System::MacOs).then_some("metal");
        cuda.into_iter().chain(metal).collect()
    }

    /// The package name.
    pub(crate) fn name(&self) -> &'static str {
        if self.has_cuda { "recto-cuda" } else { "recto" }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_git_writes_them() {
        for (epoch_secs, time, letters) in [
            (0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 +0000"),
            (951_826_154, "2000-02-29T12:09:14Z", "Tue, 29 Feb 2000 12:09:14 +0000"),
            (1_795_596_100, "2026-11-25T08:41:40Z", "Wed, 25 Nov 2026 08:41:40 +0000"),
        ] {
            let release = Release { version: String::new(), epoch_secs, has_cuda: false };
            assert_eq!((release.time().as_str(), release.time_of_letters().as_str()), (time, letters));
        }
    }
}
