//! Recto's files on disk, as the checks see them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::display::Scratch;

/// A separate home for one check, with the installed models.
pub(crate) struct Home {
    folder: PathBuf,
    /// The folder, if it is removed with this value.
    _scratch: Option<Scratch>,
}

impl Home {
    /// Creates one in `parent` and links the user's models.
    pub(crate) fn new(parent: &Path) -> Result<Self> {
        Self::called(parent, "home")
    }

    /// Does the same under another name.
    pub(crate) fn called(parent: &Path, name: &str) -> Result<Self> {
        let scratch = Scratch::new(parent, name)?;
        let data = scratch.0.join("data");
        std::fs::create_dir_all(&data).context("cannot make a folder")?;
        let models = models()?;
        if models.exists() {
            lend(&models, &data.join("models-v1"))?;
        }
        Ok(Self::of(scratch))
    }

    fn of(scratch: Scratch) -> Self {
        Self { folder: scratch.0.clone(), _scratch: Some(scratch) }
    }

    /// A home that exists already, with its `data` below this folder.
    pub(crate) fn found(folder: PathBuf) -> Self {
        Self { folder, _scratch: None }
    }

    /// A home without models, as on a fresh machine.
    pub(crate) fn fresh(parent: &Path) -> Result<Self> {
        Ok(Self::of(Scratch::new(parent, "fresh-home")?))
    }

    /// The folder.
    pub(crate) fn path(&self) -> &Path {
        &self.folder
    }

    /// The page at the top of the front report, counted from 1; `None` before it is saved.
    pub(crate) fn page(&self) -> Result<Option<u64>> {
        let Some(desk) = self.read("desk.json")? else { return Ok(None) };
        let report =
            desk["reports"].as_array().and_then(|all| all.iter().find(|report| report["hash"] == desk["front"]));
        Ok(report.and_then(|report| report["top"]["index"].as_u64()).map(|index| index + 1))
    }

    /// SHA-256 of the front report.
    pub(crate) fn front(&self) -> Result<Option<String>> {
        Ok(self.read("desk.json")?.and_then(|desk| desk["front"].as_str().map(String::from)))
    }

    /// Turns of the conversation about the front report.
    pub(crate) fn turns(&self) -> Result<Vec<Value>> {
        let Some(hash) = self.front()? else { return Ok(Vec::new()) };
        let kept = self.read(&format!("reports/{hash}/conversation.json"))?;
        Ok(kept.and_then(|kept| kept["turns"].as_array().cloned()).unwrap_or_default())
    }

    /// Writes settings as the window would.
    pub(crate) fn set(&self, settings: &Value) -> Result<()> {
        std::fs::create_dir_all(self.library()).context("cannot make the library's folder")?;
        std::fs::write(self.library().join("settings.json"), settings.to_string()).context("cannot write settings")
    }

    /// The last log line with these words, starting at them.
    pub(crate) fn logged(&self, words: &str) -> Result<String> {
        let path = self.log();
        let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let line = text.lines().rev().find(|line| line.contains(words));
        line.map(String::from).with_context(|| format!("the log does not mention {words:?}"))
    }

    /// Number of encodings in the cache.
    pub(crate) fn encoded(&self) -> usize {
        let entries = std::fs::read_dir(self.folder.join("cache/encodings-v1")).into_iter().flatten().flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|end| end == "enc")).count()
    }

    /// Whether a saved file was damaged.
    pub(crate) fn has_damage(&self) -> bool {
        let mut entries = std::fs::read_dir(self.library()).into_iter().flatten().flatten();
        entries.any(|entry| entry.file_name().to_string_lossy().starts_with("damaged"))
    }

    fn log(&self) -> PathBuf {
        self.folder.join("data/log-v1/recto.log")
    }

    fn library(&self) -> PathBuf {
        self.folder.join("data/library-v1")
    }

    /// A record on disk: complete, or absent.
    fn read(&self, name: &str) -> Result<Option<Value>> {
        let Ok(text) = std::fs::read_to_string(self.library().join(name)) else { return Ok(None) };
        serde_json::from_str(&text).with_context(|| format!("{name} is incomplete")).map(Some)
    }
}

/// The folder of the user's models.
pub(crate) fn models() -> Result<PathBuf> {
    let user = directories::ProjectDirs::from("", "", "recto").context("this user has no home folder")?;
    Ok(std::env::var_os("RECTO_HOME")
        .map_or_else(|| user.data_dir().join("models-v1"), |home| PathBuf::from(home).join("data/models-v1")))
}

#[cfg(unix)]
fn lend(models: &Path, to: &Path) -> Result<()> {
    std::os::unix::fs::symlink(models, to).context("cannot link the models")
}

#[cfg(not(unix))]
fn lend(_models: &Path, _to: &Path) -> Result<()> {
    anyhow::bail!("there is no virtual display on this system")
}
