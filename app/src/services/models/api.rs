//! The seam between the window and whoever keeps models: commands go one way, events come the other, nobody waits.

use std::path::PathBuf;

use engine::protocol::{DeviceChoice, ErrorReport};
use serde::{Deserialize, Serialize};

use crate::services::models::Secret;

/// What the keeper of models is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelCommand {
    /// Tell which models there are, and where could be computed.
    List,
    /// Fetch a model; the user has agreed to its licence.
    Fetch(Fetch),
    /// Ask the hub what a model is and under which licence it comes, before it is fetched.
    LookUp(Fetch),
    /// Tell whether there is a token to fetch models with that are given out on request.
    LookForToken,
    /// Install a model from this folder or file. `agreed` where the user has seen its licence.
    Add {
        /// The folder or file.
        path: PathBuf,
        /// Whether the user has agreed to its licence.
        agreed: bool,
    },
    /// Remove an installed model.
    Remove(String),
    /// Find out how fast a model works on this computer.
    Measure {
        /// The model.
        name: String,
        /// Where it computes.
        device: DeviceChoice,
    },
    /// Find out within ten seconds how fast the models that can be fetched would be here.
    Estimate(DeviceChoice),
    /// Ask whether there is a newer Recto.
    CheckForUpdates,
    /// Show a folder in the system's own window for that.
    ShowFolder(PathBuf),
    /// Give up what is under way.
    Cancel,
}

/// A model that is to be fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Which one.
    pub what: Wanted,
    /// The token that the user typed; where there is none, one that is found is used.
    pub token: Option<Secret>,
    /// Whether that is to be kept in the system's keyring.
    pub keeps_token: bool,
}

/// Which model is fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// One of those that are offered, by its name.
    Offered(String),
    /// Any repository of the hub.
    Repository {
        /// Its id: `owner/name`.
        id: String,
        /// Branch, tag or commit; the newest where there is none.
        revision: Option<String>,
    },
}

impl Wanted {
    /// What it is called while it is fetched.
    pub fn name(&self) -> &str {
        match self {
            Self::Offered(name) | Self::Repository { id: name, .. } => name,
        }
    }
}

/// What the keeper of models tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// Which models there are, and where could be computed.
    Listed(ModelInventory),
    /// How far a fetch or an installation has come.
    Progress {
        /// The model.
        name: String,
        /// What is being done, in words.
        stage: &'static str,
        /// Bytes done.
        done_bytes: u64,
        /// Bytes in all.
        total_bytes: u64,
    },
    /// How fast a model works; with that its measurement has ended.
    Measured {
        /// The model.
        name: String,
        /// Where it computes.
        device: DeviceChoice,
        /// How fast.
        speed: Speed,
    },
    /// How fast models that can be fetched would be, about; with that the estimate has ended.
    Estimated {
        /// Where they would compute.
        device: DeviceChoice,
        /// Names and speeds.
        speeds: Vec<(String, Speed)>,
    },
    /// Where a token was found, in words: "the keyring"; `None` where there is none.
    Token(Option<&'static str>),
    /// What came of asking for a newer Recto.
    Updates(Updates),
    /// What was under way has ended well, or because it was given up.
    Ended,
    /// A model was installed, and nothing is under way any more.
    Installed(String),
    /// A model was found on the hub, and asks for agreement to its licence before it is fetched.
    AsksToFetch(FoundModel),
    /// A model asks for agreement to its licence before it is installed.
    AsksToAgree {
        /// The folder or file.
        path: PathBuf,
        /// The notice.
        notice: String,
    },
    /// What was under way failed.
    Failed {
        /// Why.
        report: ErrorReport,
        /// A page of the web where something can be done about it.
        address: Option<String>,
    },
}

/// Which models there are, and where could be computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelInventory {
    /// Installed ones.
    pub installed: Vec<InstalledModel>,
    /// Those that can be fetched.
    pub offered: Vec<OfferedModel>,
    /// What the processor is called, and how many threads it has.
    pub processor: String,
    /// Memory of the computer, in bytes, where that is known.
    pub memory_bytes: Option<u64>,
    /// Bytes free where models are kept, where that is known.
    pub free_bytes: Option<u64>,
    /// Devices, and why those that cannot be used cannot.
    pub devices: Vec<(DeviceChoice, Option<ErrorReport>)>,
    /// What is kept where.
    pub places: Vec<(&'static str, PathBuf)>,
    /// The page of the hub where its users make tokens.
    pub tokens_address: String,
}

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// Its name.
    pub name: String,
    /// What kind of model it is, in words.
    pub kind: String,
    /// What its adapter is called, where it has one.
    pub adapter: Option<String>,
    /// Whether it reads figures.
    pub has_eyes: bool,
    /// Bytes on disk.
    pub bytes: u64,
    /// Whether it answers where none is named.
    pub is_default: bool,
    /// What is wrong with it.
    pub problem: Option<String>,
}

/// How fast a model works on this computer, in what its user reads by.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Speed {
    /// Pages of text that are read in a minute; `None` for a model that looks pages up when it is asked.
    pub pages_per_min: Option<f32>,
    /// Seconds for a figure; `None` for a model without eyes.
    pub figure_secs: Option<f32>,
    /// Seconds to an answer's first word.
    pub wait_secs: f32,
    /// Words of an answer that are written in a second.
    pub words_per_sec: f32,
}

/// A model that can be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfferedModel {
    /// Its name.
    pub name: String,
    /// The family it is of.
    pub family: String,
    /// Which one of the family it is.
    pub label: String,
    /// What it can do and what it cannot, a few words each.
    pub can: Vec<String>,
    /// Bytes to be downloaded.
    pub download_bytes: u64,
    /// Bytes that must be free on the disk for that.
    pub disk_bytes: u64,
    /// Memory that it answers in, in bytes.
    pub memory_bytes: u64,
    /// Name of its licence.
    pub licence: String,
    /// Where the licence can be read.
    pub licence_address: String,
    /// What the user agrees to.
    pub notice: String,
    /// The page where its publisher gives it out to people with an account; `None` where none is needed.
    pub gate: Option<String>,
}

/// A model that was found on the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundModel {
    /// What fetches exactly this one.
    pub fetch: Fetch,
    /// Bytes to be downloaded.
    pub download_bytes: u64,
    /// Name of its licence, as far as the hub says.
    pub licence: String,
    /// Where the licence can be read: its own page, or that of the model.
    pub licence_address: String,
    /// What the user agrees to.
    pub notice: String,
}

/// Whether there is a newer Recto.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Updates {
    /// Nobody said where releases are announced.
    Nowhere,
    /// This is the newest one.
    UpToDate,
    /// There is a newer one.
    Newer {
        /// Its version.
        version: String,
        /// The page it is announced on.
        address: String,
    },
    /// It could not be found out.
    Failed(ErrorReport),
}

/// Whoever keeps models.
pub trait ModelService {
    /// Hands over a command.
    fn send(&mut self, command: ModelCommand);

    /// The next event that has come.
    fn try_recv(&mut self) -> Option<ModelEvent>;
}
