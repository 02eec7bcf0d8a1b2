//! Which available models fit this computer, and why the others do not.

use engine::store::SPARE_BYTES;

use crate::services::models::{ModelInventory, OfferedModel};

/// An available model, checked against this computer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Offer<'a> {
    /// The model.
    pub model: &'a OfferedModel,
    /// Why it does not fit, if it does not.
    pub obstacle: Option<Obstacle>,
}

/// Why a model does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// It needs more memory than the computer has.
    Memory {
        /// Required memory, in bytes.
        needed: u64,
        /// Memory of this computer, in bytes.
        found: u64,
    },
    /// The disk has too little free space.
    Disk {
        /// Required free space, in bytes.
        needed: u64,
        /// Available free space, in bytes.
        found: u64,
    },
}

/// Models that are not installed, in catalogue order, those that do not fit last.
pub(crate) fn offers(inventory: &ModelInventory) -> Vec<Offer<'_>> {
    let is_new = |model: &&OfferedModel| inventory.installed.iter().all(|installed| installed.name != model.name);
    let mut offers: Vec<Offer<'_>> = inventory
        .offered
        .iter()
        .filter(is_new)
        .map(|model| Offer { model, obstacle: obstacle(model, inventory.memory_bytes, inventory.free_bytes) })
        .collect();
    offers.sort_by_key(|offer| offer.obstacle.is_some());
    offers
}

/// Memory is checked before the disk, since disk space can be freed.
fn obstacle(model: &OfferedModel, memory_bytes: Option<u64>, free_bytes: Option<u64>) -> Option<Obstacle> {
    let lacks = |needed: u64, found: Option<u64>| found.filter(|found| *found < needed).map(|found| (needed, found));
    let memory = lacks(model.memory_bytes.saturating_add(SPARE_BYTES), memory_bytes);
    let disk = lacks(model.disk_bytes, free_bytes);
    memory
        .map(|(needed, found)| Obstacle::Memory { needed, found })
        .or(disk.map(|(needed, found)| Obstacle::Disk { needed, found }))
}

/// Why a download of this size does not fit on the disk; a reserve stays free.
pub(crate) fn disk_obstacle(inventory: &ModelInventory, download_bytes: u64) -> Option<Obstacle> {
    let needed = download_bytes.saturating_add(SPARE_BYTES);
    inventory.free_bytes.filter(|found| *found < needed).map(|found| Obstacle::Disk { needed, found })
}

impl Obstacle {
    /// "Needs 15 GB of memory; this computer has 8 GB".
    pub(crate) fn words(self) -> String {
        match self {
            Self::Memory { needed, found } => {
                let (needed, found) = (memory_words(needed), memory_words(found));
                format!("Needs {needed} of memory; this computer has {found}")
            }
            Self::Disk { needed, found } => {
                format!("Needs {} of free disk space; {} available", size_words(needed), size_words(found))
            }
        }
    }
}

/// "This computer has 16 GB of memory and 120 GB of free disk space"; `None` if neither is known.
pub(crate) fn computer_words(inventory: &ModelInventory) -> Option<String> {
    let memory = inventory.memory_bytes.map(|bytes| format!("{} of memory", memory_words(bytes)));
    let disk = inventory.free_bytes.map(|bytes| format!("{} of free disk space", size_words(bytes)));
    let facts: Vec<String> = memory.into_iter().chain(disk).collect();
    (!facts.is_empty()).then(|| format!("This computer has {}", facts.join(" and ")))
}

/// "16 GB": memory in units of 2^30 bytes, rounded because the system reserves some.
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
    use super::*;
    use crate::services::models::InstalledModel;

    const GB: u64 = 1_000_000_000;

    fn model(name: &str, memory_gb: u64, disk_gb: u64) -> OfferedModel {
        let (memory_bytes, disk_bytes) = (memory_gb * GB, disk_gb * GB);
        OfferedModel { name: name.into(), memory_bytes, disk_bytes, ..OfferedModel::default() }
    }

    fn names(inventory: &ModelInventory) -> Vec<(&str, bool)> {
        offers(inventory).iter().map(|offer| (offer.model.name.as_str(), offer.obstacle.is_none())).collect()
    }

    #[test]
    fn models_that_do_not_fit_come_last_and_installed_ones_are_omitted() {
        let installed = InstalledModel {
            name: "have".into(),
            kind: String::new(),
            adapter: None,
            has_eyes: false,
            bytes: 1,
            is_default: true,
            problem: None,
        };
        let mut inventory = ModelInventory {
            installed: vec![installed],
            offered: vec![model("large", 14, 1), model("have", 1, 1), model("small", 2, 1), model("long", 2, 30)],
            ..ModelInventory::default()
        };
        assert_eq!(names(&inventory), [("large", true), ("small", true), ("long", true)], "nothing is known");
        (inventory.memory_bytes, inventory.free_bytes) = (Some(8 * GB), Some(20 * GB));
        assert_eq!(names(&inventory), [("small", true), ("large", false), ("long", false)]);
        let words: Vec<_> = offers(&inventory).iter().filter_map(|offer| offer.obstacle).map(Obstacle::words).collect();
        assert_eq!(
            words,
            ["Needs 14 GB of memory; this computer has 7 GB", "Needs 30 GB of free disk space; 20 GB available"]
        );
        assert_eq!(
            computer_words(&inventory).unwrap(),
            "This computer has 7 GB of memory and 20 GB of free disk space"
        );
        assert_eq!(computer_words(&ModelInventory::default()), None);
    }

    #[test]
    fn some_memory_is_left_to_the_system() {
        let model = model("exact", 8, 0);
        assert!(obstacle(&model, Some(8 * GB), None).is_some());
        assert_eq!(obstacle(&model, Some(9 * GB), Some(0)), None);
    }

    #[test]
    fn sizes_are_rounded_for_display() {
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
