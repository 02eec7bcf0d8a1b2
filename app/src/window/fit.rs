//! Which of the models that can be fetched fit this computer, and why the others do not.

use engine::store::SPARE_BYTES;

use super::model_keeper::{ModelShelf, OfferedModel};

/// A model as it is offered on this computer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Offer<'a> {
    /// The model.
    pub model: &'a OfferedModel,
    /// Why it does not fit, where it does not.
    pub obstacle: Option<Obstacle>,
}

/// Why a model does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It answers in more memory than there is.
    Memory {
        /// What a computer should have, in bytes.
        needed: u64,
        /// What this one has.
        found: u64,
    },
    /// The disk has not enough room left.
    Disk {
        /// What has to be free, in bytes.
        needed: u64,
        /// What is free.
        found: u64,
    },
}

/// Models that are not installed, in the order they are offered, those that do not fit last.
pub(crate) fn offers(shelf: &ModelShelf) -> Vec<Offer<'_>> {
    let is_new = |model: &&OfferedModel| shelf.installed.iter().all(|installed| installed.name != model.name);
    let mut offers: Vec<Offer<'_>> = shelf
        .offered
        .iter()
        .filter(is_new)
        .map(|model| Offer { model, obstacle: obstacle(model, shelf.memory_bytes, shelf.free_bytes) })
        .collect();
    offers.sort_by_key(|offer| offer.obstacle.is_some());
    offers
}

/// Memory decides before the disk does: room on a disk can be made.
fn obstacle(model: &OfferedModel, memory_bytes: Option<u64>, free_bytes: Option<u64>) -> Option<Obstacle> {
    let lacks = |needed: u64, found: Option<u64>| found.filter(|found| *found < needed).map(|found| (needed, found));
    let memory = lacks(model.memory_bytes.saturating_add(SPARE_BYTES), memory_bytes);
    let disk = lacks(model.disk_bytes, free_bytes);
    memory
        .map(|(needed, found)| Obstacle::Memory { needed, found })
        .or(disk.map(|(needed, found)| Obstacle::Disk { needed, found }))
}

/// Why so much cannot be fetched; room is left for what else is written meanwhile.
pub(crate) fn disk_obstacle(shelf: &ModelShelf, download_bytes: u64) -> Option<Obstacle> {
    let needed = download_bytes.saturating_add(SPARE_BYTES);
    shelf.free_bytes.filter(|found| *found < needed).map(|found| Obstacle::Disk { needed, found })
}

impl Obstacle {
    /// "Needs a computer with 15 GB of memory; this one has 8 GB".
    pub(crate) fn words(self) -> String {
        match self {
            Self::Memory { needed, found } => {
                let (needed, found) = (memory_words(needed), memory_words(found));
                format!("Needs a computer with {needed} of memory; this one has {found}")
            }
            Self::Disk { needed, found } => {
                format!("Needs {} free on the disk; there are {}", size_words(needed), size_words(found))
            }
        }
    }
}

/// "This computer has 16 GB of memory and 120 GB free on its disk"; `None` where neither is known.
pub(crate) fn computer_words(shelf: &ModelShelf) -> Option<String> {
    let memory = shelf.memory_bytes.map(|bytes| format!("{} of memory", memory_words(bytes)));
    let disk = shelf.free_bytes.map(|bytes| format!("{} free on its disk", size_words(bytes)));
    let facts: Vec<String> = memory.into_iter().chain(disk).collect();
    (!facts.is_empty()).then(|| format!("This computer has {}", facts.join(" and ")))
}

/// "16 GB": memory is sold in gigabytes of 1,024 times 1,024 times 1,024 bytes, of which the system keeps a little.
fn memory_words(bytes: u64) -> String {
    format!("{:.0} GB", (bytes as f64 / f64::from(1 << 30)).round().max(1.0))
}

/// "240 MB", "1.6 GB", "15 GB".
pub(crate) fn size_words(bytes: u64) -> String {
    match bytes as f64 / 1e6 {
        megabytes if megabytes < 1.0 => "less than 1 MB".to_owned(),
        megabytes if megabytes < 999.5 => format!("{megabytes:.0} MB"),
        megabytes if megabytes < 9950.0 => format!("{:.1} GB", megabytes / 1e3).replace(".0 ", " "),
        megabytes => format!("{:.0} GB", megabytes / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::super::model_keeper::InstalledModel;
    use super::*;

    const GB: u64 = 1_000_000_000;

    fn model(name: &str, memory_gb: u64, disk_gb: u64) -> OfferedModel {
        let (memory_bytes, disk_bytes) = (memory_gb * GB, disk_gb * GB);
        OfferedModel { name: name.into(), memory_bytes, disk_bytes, ..OfferedModel::default() }
    }

    fn names(shelf: &ModelShelf) -> Vec<(&str, bool)> {
        offers(shelf).iter().map(|offer| (offer.model.name.as_str(), offer.obstacle.is_none())).collect()
    }

    #[test]
    fn what_does_not_fit_comes_last_and_what_is_installed_not_at_all() {
        let installed = InstalledModel {
            name: "have".into(),
            kind: String::new(),
            adapter: None,
            has_eyes: false,
            bytes: 1,
            is_default: true,
            problem: None,
        };
        let mut shelf = ModelShelf {
            installed: vec![installed],
            offered: vec![model("large", 14, 1), model("have", 1, 1), model("small", 2, 1), model("long", 2, 30)],
            ..ModelShelf::default()
        };
        assert_eq!(names(&shelf), [("large", true), ("small", true), ("long", true)], "nothing is known");
        (shelf.memory_bytes, shelf.free_bytes) = (Some(8 * GB), Some(20 * GB));
        assert_eq!(names(&shelf), [("small", true), ("large", false), ("long", false)]);
        let words: Vec<_> = offers(&shelf).iter().filter_map(|offer| offer.obstacle).map(Obstacle::words).collect();
        assert_eq!(
            words,
            [
                "Needs a computer with 14 GB of memory; this one has 7 GB",
                "Needs 30 GB free on the disk; there are 20 GB"
            ]
        );
        assert_eq!(computer_words(&shelf).unwrap(), "This computer has 7 GB of memory and 20 GB free on its disk");
        assert_eq!(computer_words(&ModelShelf::default()), None);
    }

    #[test]
    fn a_model_that_takes_all_memory_leaves_none_to_the_system() {
        let model = model("exact", 8, 0);
        assert!(obstacle(&model, Some(8 * GB), None).is_some());
        assert_eq!(obstacle(&model, Some(9 * GB), Some(0)), None);
    }

    #[test]
    fn sizes_are_said_as_people_say_them() {
        for (bytes, words) in [
            (0, "less than 1 MB"),
            (238_175_024, "238 MB"),
            (999_600_000, "1 GB"),
            (1_606_000_000, "1.6 GB"),
            (15_052_000_000, "15 GB"),
        ] {
            assert_eq!(size_words(bytes), words);
        }
    }
}
