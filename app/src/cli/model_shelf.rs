//! What the window is told of models: which are installed, which can be had, and what this computer has for them.

use engine::diagnostic::Hint as _;
use engine::hub::{Catalogue, CatalogueEntry, Endpoint, HubError};
use engine::protocol::DeviceChoice;
use engine::store::models::{ListedModel, Manifest, ModelKind, ModelState, ModelStore};
use engine::store::{Bucket, Directories, SPARE_BYTES, free_bytes};
use engine::worker::bench::{Machine, Shape, memory_bytes};
use engine::worker::check_device;

use super::estimate::Rates;
use crate::window::{InstalledModel, ModelShelf, OfferedModel, Speed};

/// The page of the hub where its users make tokens, below its address.
const TOKENS_PAGE: &str = "settings/tokens";

/// All of it.
pub(super) fn shelf() -> Result<ModelShelf, HubError> {
    let directories = Directories::of_user()?;
    let store = ModelStore::new(&directories);
    let default = store.default_model().ok().map(|model| model.name);
    let installed = store.list()?.into_iter().map(|model| installed(model, default.as_deref())).collect();
    let hub = match Endpoint::from_environment() {
        Ok(endpoint) => endpoint.address().to_owned(),
        Err(error) => {
            tracing::warn!(%error, hint = error.hint(), "no models can be fetched from the hub");
            String::new()
        }
    };
    let devices = [DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Metal];
    Ok(ModelShelf {
        installed,
        offered: Catalogue::embedded()?.models.into_iter().map(|entry| offered(entry, &hub)).collect(),
        processor: processor(),
        memory_bytes: memory_bytes(),
        free_bytes: free_bytes(&Bucket::Models.path(&directories)),
        devices: devices.map(|device| (device, check_device(device).err())).to_vec(),
        places: vec![
            ("Models", Bucket::Models.path(&directories)),
            ("Library and conversations", Bucket::Library.path(&directories)),
            ("What was read", directories.cache().to_owned()),
        ],
        tokens_address: format!("{hub}/{TOKENS_PAGE}"),
    })
}

/// A model of the catalogue as the window offers it.
fn offered(entry: CatalogueEntry, hub: &str) -> OfferedModel {
    let (family, label) = names(&entry);
    // Wheels are unpacked before what is in them is put together.
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

/// "T5Gemma 2" and "270M-270M", "Starter" and "Gemma 3 270M": its title says the name first.
fn names(entry: &CatalogueEntry) -> (String, String) {
    let name = entry.title.split([':', ',']).next().unwrap_or(&entry.title).trim();
    match name.strip_prefix("T5Gemma 2") {
        Some(size) => ("T5Gemma 2".to_owned(), size.trim().to_owned()),
        None => ("Starter".to_owned(), name.to_owned()),
    }
}

/// How fast each of the models that are offered would be, by their names.
pub(super) fn expected(rates: Rates) -> Result<Vec<(String, Speed)>, HubError> {
    let speed = |entry: &CatalogueEntry| {
        let has_encoder = entry.kind == ModelKind::T5Gemma2;
        // The starter is the smallest size's decoder.
        let shape = entry.shape.as_deref().map_or(Ok(Shape::Smallest), str::parse::<Shape>).ok()?;
        Some((entry.name.clone(), rates.speed(&shape.cost(None).ok()?, has_encoder)))
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
    fn every_model_that_is_offered_gets_a_speed() {
        let speeds = expected(Rates::of(100e9, 10e9)).unwrap();
        assert_eq!(speeds.len(), Catalogue::embedded().unwrap().models.len());
        let is_starter = |(name, _): &&(String, Speed)| name == "starter";
        assert_eq!(speeds.iter().find(is_starter).unwrap().1.pages_per_min, None);
    }
}
