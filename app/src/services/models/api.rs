//! The interface between the window and the model service: commands in, events out, never blocking.

use std::path::PathBuf;

use engine::protocol::{DeviceChoice, ErrorReport};
use serde::{Deserialize, Serialize};

use crate::services::models::Secret;

/// Commands to the model service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelCommand {
    /// List models and devices.
    List,
    /// Download a model whose licence the user has accepted.
    Fetch(Fetch),
    /// Look up a model and its licence on the hub before downloading it.
    LookUp(Fetch),
    /// Look for an access token for gated models.
    LookForToken,
    /// Install a model from this folder or file.
    Add {
        /// The folder or file.
        path: PathBuf,
        /// Whether the user has accepted its licence.
        agreed: bool,
    },
    /// Remove an installed model.
    Remove(String),
    /// Measure the speed of a model on this computer.
    Measure {
        /// The model.
        name: String,
        /// The device to run on.
        device: DeviceChoice,
    },
    /// Estimate the speeds of the available models on this computer, within ten seconds.
    Estimate(DeviceChoice),
    /// Check for a newer Recto.
    CheckForUpdates,
    /// Show a folder in the file manager.
    ShowFolder(PathBuf),
    /// Cancel the current task.
    Cancel,
}

/// A model to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Which one.
    pub what: Wanted,
    /// The token typed by the user; without one, a token found on the system is used.
    pub token: Option<Secret>,
    /// Whether to save the token in the system keyring.
    pub keeps_token: bool,
}

/// Identifies a model to download.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A model of the catalogue, by name.
    Offered(String),
    /// Any hub repository.
    Repository {
        /// Its id: `owner/name`.
        id: String,
        /// Branch, tag or commit; `None` for the latest.
        revision: Option<String>,
    },
}

impl Wanted {
    /// Name shown during the download.
    pub fn name(&self) -> &str {
        match self {
            Self::Offered(name) | Self::Repository { id: name, .. } => name,
        }
    }
}

/// Events of the model service.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// The models and devices.
    Listed(ModelInventory),
    /// Progress of a download or an installation.
    Progress {
        /// The model.
        name: String,
        /// The current stage, in words.
        stage: &'static str,
        /// Bytes done.
        done_bytes: u64,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// A measured speed; ends the measurement.
    Measured {
        /// The model.
        name: String,
        /// The device to run on.
        device: DeviceChoice,
        /// The speed.
        speed: Speed,
    },
    /// Estimated speeds of available models; ends the estimate.
    Estimated {
        /// The device.
        device: DeviceChoice,
        /// Names and speeds.
        speeds: Vec<(String, Speed)>,
    },
    /// Where a token was found, in words: "the keyring"; `None` without one.
    Token(Option<&'static str>),
    /// Result of the check for updates.
    Updates(Updates),
    /// The current task has finished or was cancelled.
    Ended,
    /// A model was installed; ends the task.
    Installed(String),
    /// A model was found on the hub; its licence must be accepted before the download.
    AsksToFetch(FoundModel),
    /// The licence of a model must be accepted before it is installed.
    AsksToAgree {
        /// The folder or file.
        path: PathBuf,
        /// The licence notice.
        notice: String,
    },
    /// The current task failed.
    Failed {
        /// Why.
        report: ErrorReport,
        /// A web page that helps to resolve it.
        address: Option<String>,
    },
}

/// The models, and the resources of this computer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInventory {
    /// Installed models.
    pub installed: Vec<InstalledModel>,
    /// Models of the catalogue.
    pub offered: Vec<OfferedModel>,
    /// Processor name and number of threads.
    pub processor: String,
    /// Memory of the computer in bytes, if known.
    pub memory_bytes: Option<u64>,
    /// Free bytes on the disk with the models, if known.
    pub free_bytes: Option<u64>,
    /// Devices, with the reason if one cannot be used.
    pub devices: Vec<(DeviceChoice, Option<ErrorReport>)>,
    /// Folders with Recto's data, by name.
    pub places: Vec<(&'static str, PathBuf)>,
    /// The hub page where access tokens are created.
    pub tokens_address: String,
}

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// Its name.
    pub name: String,
    /// Kind of model, in words.
    pub kind: String,
    /// Name of its adapter, if it has one.
    pub adapter: Option<String>,
    /// Whether it has a vision tower.
    pub has_eyes: bool,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whether it is the default model.
    pub is_default: bool,
    /// The fault, if it is damaged.
    pub problem: Option<String>,
}

/// Speed of a model on this computer, in units that matter to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Pages of text read per minute; `None` for a model without an encoder.
    pub pages_per_min: Option<f32>,
    /// Seconds per figure; `None` for a text-only model.
    pub figure_secs: Option<f32>,
    /// Seconds to the first word of an answer.
    pub wait_secs: f32,
    /// Words per second of an answer.
    pub words_per_sec: f32,
}

/// A model that can be downloaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedModel {
    /// Its name.
    pub name: String,
    /// Its family.
    pub family: String,
    /// Its label within the family.
    pub label: String,
    /// Its abilities and limits, a few words each.
    pub can: Vec<String>,
    /// Download size in bytes.
    pub download_bytes: u64,
    /// Free disk space required, in bytes.
    pub disk_bytes: u64,
    /// Memory required to answer, in bytes.
    pub memory_bytes: u64,
    /// Name of its licence.
    pub licence: String,
    /// Web address of the licence.
    pub licence_address: String,
    /// Licence notice that the user accepts.
    pub notice: String,
    /// The page where access is requested; `None` for a public model.
    pub gate: Option<String>,
}

/// A model found on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// Downloads exactly this revision.
    pub fetch: Fetch,
    /// Download size in bytes.
    pub download_bytes: u64,
    /// Name of its licence according to the hub.
    pub licence: String,
    /// Web address of the licence, or of the model.
    pub licence_address: String,
    /// Licence notice that the user accepts.
    pub notice: String,
}

/// Result of the check for updates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updates {
    /// This build has no update address.
    Nowhere,
    /// This is the latest version.
    UpToDate,
    /// A newer version is available.
    Newer {
        /// Its version.
        version: String,
        /// Its release page.
        address: String,
    },
    /// The check failed.
    Failed(ErrorReport),
}

/// Implemented by the model thread, and by a script in tests.
pub trait ModelService {
    /// Sends a command.
    fn send(&mut self, command: ModelCommand);

    /// The next event, if any.
    fn try_recv(&mut self) -> Option<ModelEvent>;
}
