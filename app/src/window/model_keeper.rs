//! The seam between the window and whoever keeps models: commands go one way, events come the other, nobody waits.

use std::path::PathBuf;

use engine::protocol::{DeviceChoice, ErrorReport};
use serde::{Deserialize, Serialize};

/// What the keeper of models is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModelCommand {
    /// Tell which models there are, and where could be computed.
    List,
    /// Fetch a model of the catalogue; the user has agreed to its licence.
    Fetch(String),
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
    /// Show a folder in the system's own window for that.
    ShowFolder(PathBuf),
    /// Give up what is under way.
    Cancel,
}

/// What the keeper of models tells.
#[derive(Clone, Debug, PartialEq)]
pub enum ModelEvent {
    /// Which models there are, and where could be computed.
    Listed(ModelShelf),
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
    /// What was under way has ended well, or because it was given up.
    Ended,
    /// A model asks for agreement to its licence before it is installed.
    AsksToAgree {
        /// The folder or file.
        path: PathBuf,
        /// The notice.
        notice: String,
    },
    /// What was under way failed.
    Failed(ErrorReport),
}

/// Which models there are, and where could be computed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelShelf {
    /// Installed ones.
    pub installed: Vec<InstalledModel>,
    /// Those that can be fetched.
    pub offered: Vec<OfferedModel>,
    /// What the processor is called, and how many threads it has.
    pub processor: String,
    /// Devices, and why those that cannot be used cannot.
    pub devices: Vec<(DeviceChoice, Option<ErrorReport>)>,
    /// What is kept where.
    pub places: Vec<(&'static str, PathBuf)>,
}

/// An installed model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstalledModel {
    /// Its name.
    pub name: String,
    /// What kind of model it is, in words.
    pub kind: String,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedModel {
    /// Its name.
    pub name: String,
    /// What it is.
    pub title: String,
    /// Bytes to be downloaded.
    pub download_bytes: u64,
    /// Its licence.
    pub licence: String,
    /// What the user agrees to.
    pub notice: String,
}

/// Whoever keeps models.
pub trait ModelKeeper {
    /// Hands over a command.
    fn send(&mut self, command: ModelCommand);

    /// The next event that has come.
    fn try_recv(&mut self) -> Option<ModelEvent>;
}
