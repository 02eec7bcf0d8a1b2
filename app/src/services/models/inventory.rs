//! The model inventory: installed and available models, and the resources of this computer.

use engine::diagnostic::Hint as _;
use engine::hub::{Catalogue, CatalogueEntry, Endpoint, HubError};
use engine::protocol::DeviceChoice;
use engine::store::models::{ListedModel, Manifest, ModelKind, ModelState, ModelStore};
use engine::store::{Directories, SPARE_BYTES, StoreFolder, free_bytes};
use engine::worker::bench::{Machine, Shape, memory_bytes};
use engine::worker::check_device;

use crate::services::models::estimate::Throughput;
use crate::services::models::{InstalledModel, ModelInventory, OfferedModel, Speed};

/// Path of the hub's access tokens page.
const TOKENS_PAGE: &str = "settings/tokens";

/// Collects the inventory.
pub(crate) fn inventory() -> Result<ModelInventory, HubError> {
    let directories = Directories::of_user()?;
    let store = ModelStore::new(&directories);
    let default = store.default_model().ok().map(|model| model.name);
    let installed = store.list()?.into_iter().map(|model| installed(model, default.as_deref())).collect();
    let hub = match Endpoint::from_environment() {
        Ok(endpoint) => endpoint.address().to_owned(),
        Err(error) => {
            tracing::warn!(%error, hint = error.hint(), "models cannot be downloaded from the hub");
            String::new()
        }
    };
    let devices = [DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Metal];
    Ok(ModelInventory {
        installed,
        offered: Catalogue::embedded()?.models.into_iter().map(|entry| offered(entry, &hub)).collect(),
        processor: processor(),
        memory_bytes: memory_bytes(),
        free_bytes: free_bytes(&StoreFolder::Models.path(&directories)),
        devices: devices.map(|device| (device, check_device(device).err())).to_vec(),
        places: vec![
            ("Models", StoreFolder::Models.path(&directories)),
            ("Library and conversations", StoreFolder::Library.path(&directories)),
            ("Reading cache", directories.cache().to_owned()),
        ],
        tokens_address: format!("{hub}/{TOKENS_PAGE}"),
    })
}

/// A catalogue entry as shown in the window.
fn offered(entry: CatalogueEntry, hub: &str) -> OfferedModel {
    let (family, label) = names(&entry);
    // Wheels are unpacked before their parts are joined.
    let copies = if entry.pip.is_some() { 3 } else { 1 };
    let page = entry.hub.first().map(|source| format!("{hub}/{}", source.repository));
    OfferedModel {
        family,
        label,
        can: entry.can,
        download_bytes: entry.download_bytes,
        disk_bytes: entry.download_bytes.saturating_mul(copies).saturating_add(SPARE_BYTES),
        memory_bytes: entry.memory_bytes,
        licence: entry.licence.name,
        licence_address: entry.licence.url,
        notice: entry.licence.notice,
        gate: page.filter(|_| entry.gated),
        name: entry.name,
    }
}

/// Family and label from the title: "T5Gemma 2" and "270M-270M", "Starter" and "Gemma 3 270M".
fn names(entry: &CatalogueEntry) -> (String, String) {
    let name = entry.title.split([':', ',']).next().unwrap_or(&entry.title).trim();
    match name.strip_prefix("T5Gemma 2") {
        Some(size) => ("T5Gemma 2".to_owned(), size.trim().to_owned()),
        None => ("Starter".to_owned(), name.to_owned()),
    }
}

/// Expected speeds of the catalogue models, by name.
pub(crate) fn expected_speeds(throughput: Throughput) -> Result<Vec<(String, Speed)>, HubError> {
    let speed = |entry: &CatalogueEntry| {
        let has_encoder = entry.kind == ModelKind::T5Gemma2;
        // The starter is the decoder of the smallest size.
        let shape = entry.shape.as_deref().map_or(Ok(Shape::Smallest), str::parse::<Shape>).ok()?;
        Some((entry.name.clone(), throughput.speed(&shape.cost(None).ok()?, has_encoder)))
    };
    Ok(Catalogue::embedded()?.models.iter().filter_map(speed).collect())
}

/// "AMD EPYC 7003, 16 threads".
fn processor() -> String {
    let machine = Machine::here();
    let threads = if machine.cpus == 1 { "1 thread".to_owned() } else { format!("{} threads", machine.cpus) };
    format!("{}, {threads}", machine.cpu.unwrap_or(machine.arch))
}

fn installed(model: ListedModel, default: Option<&str>) -> InstalledModel {
    let about =
        |manifest: &Manifest| (manifest.kind.to_string(), manifest.kind == ModelKind::T5Gemma2, manifest.total_bytes());
    let adapter = match &model.state {
        ModelState::Ready(manifest) | ModelState::Damaged(manifest, _) => manifest.adapter.as_ref(),
        ModelState::Foreign(_) => None,
    };
    let adapter = adapter.map(|adapter| adapter.name.clone());
    let ((kind, has_eyes, bytes), problem) = match &model.state {
        ModelState::Ready(manifest) => (about(manifest), None),
        ModelState::Damaged(manifest, faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            (about(manifest), Some(faults.join("; ")))
        }
        ModelState::Foreign(why) => (("Not a model".to_owned(), false, 0), Some(why.clone())),
    };
    InstalledModel {
        is_default: default == Some(&model.name),
        name: model.name,
        kind,
        adapter,
        has_eyes,
        bytes,
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_of_the_catalogue_are_offered_by_family_and_size() {
        let offers: Vec<_> = Catalogue::embedded()
            .unwrap()
            .models
            .into_iter()
            .map(|entry| offered(entry, "https://hub.example"))
            .collect();
        let names: Vec<_> = offers.iter().map(|offer| (offer.family.as_str(), offer.label.as_str())).collect();
        assert_eq!(
            names,
            [("Starter", "Gemma 3 270M"), ("T5Gemma 2", "270M-270M"), ("T5Gemma 2", "1B-1B"), ("T5Gemma 2", "4B-4B")]
        );
        assert_eq!(offers[0].gate, None);
        assert_eq!(offers[1].gate.as_deref(), Some("https://hub.example/google/t5gemma-2-270m-270m"));
        assert!(offers.iter().all(|offer| offer.disk_bytes > offer.download_bytes && !offer.can.is_empty()));
    }

    #[test]
    fn every_available_model_gets_a_speed() {
        let speeds = expected_speeds(Throughput::of(100e9, 10e9)).unwrap();
        assert_eq!(speeds.len(), Catalogue::embedded().unwrap().models.len());
        let is_starter = |(name, _): &&(String, Speed)| name == "starter";
        assert_eq!(speeds.iter().find(is_starter).unwrap().1.pages_per_min, None);
    }
}
