//! Keeps models for the window, on a thread of its own: fetching takes minutes.

use std::path::PathBuf;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, unbounded};
use engine::cancel::CancelToken;
use engine::diagnostic::Hint;
use engine::hub::{Catalogue, HubError, Progress, PullOptions, Stage, plan_addition, pull};
use engine::protocol::{DeviceChoice, ErrorReport};
use engine::store::models::{ListedModel, Manifest, ModelKind, ModelState, ModelStore};
use engine::store::{Bucket, Directories, StoreError};
use engine::worker::bench::Machine;
use engine::worker::check_device;

use super::speed::{SpeedError, measure};
use crate::window::{InstalledModel, ModelCommand, ModelEvent, ModelKeeper, ModelShelf, OfferedModel, Wake};

/// The thread as the window sees it.
pub(crate) struct RunningModelKeeper {
    commands: Option<Sender<(ModelCommand, CancelToken)>>,
    events: Receiver<ModelEvent>,
    cancel: CancelToken,
    thread: Option<JoinHandle<()>>,
}

impl RunningModelKeeper {
    /// Starts the thread; `wake` is called after every event.
    ///
    /// # Errors
    /// Fails where the system starts no thread.
    pub(crate) fn spawn(wake: Wake) -> std::io::Result<Self> {
        let (commands, incoming) = unbounded::<(ModelCommand, CancelToken)>();
        let (outgoing, events) = unbounded();
        let thread = std::thread::Builder::new().name("models".into()).spawn(move || {
            let tell = |event| {
                // Nobody listens any more when the window was closed.
                let _ = outgoing.send(event);
                wake();
            };
            while let Ok((command, cancel)) = incoming.recv() {
                carry_out(command, &cancel, &tell);
            }
        })?;
        Ok(Self { commands: Some(commands), events, cancel: CancelToken::default(), thread: Some(thread) })
    }
}

impl ModelKeeper for RunningModelKeeper {
    fn send(&mut self, command: ModelCommand) {
        if command == ModelCommand::Cancel {
            self.cancel.cancel();
            self.cancel = CancelToken::default();
        } else if let Some(commands) = &self.commands {
            // The thread ends only with this value.
            let _ = commands.send((command, self.cancel.clone()));
        }
    }

    fn try_recv(&mut self) -> Option<ModelEvent> {
        self.events.try_recv().ok()
    }
}

impl Drop for RunningModelKeeper {
    fn drop(&mut self) {
        self.cancel.cancel();
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // What is half fetched is swept away; a panic there was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Speed(#[from] SpeedError),
    #[error("{} cannot be shown: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

impl Hint for Refusal {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Hub(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Speed(error) => error.hint(),
            Self::Folder { .. } => Some("open it with the program you manage files with".into()),
        }
    }
}

fn carry_out(command: ModelCommand, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) {
    let done = match command {
        ModelCommand::List => list().map(|shelf| tell(ModelEvent::Listed(shelf))),
        ModelCommand::Fetch(name) => fetch(&name, cancel, tell).map(|()| tell(ModelEvent::Ended)),
        ModelCommand::Add { path, agreed } => add(path, agreed, cancel, tell),
        ModelCommand::Remove(name) => remove(&name).map(|()| tell(ModelEvent::Ended)),
        ModelCommand::Measure { name, device } => measure(&name, device, cancel)
            .map(|speed| tell(ModelEvent::Measured { name, device, speed }))
            .map_err(Refusal::from),
        ModelCommand::ShowFolder(path) => show_folder(path),
        ModelCommand::Cancel => Ok(()),
    };
    match done {
        Ok(()) => {}
        Err(_) if cancel.is_cancelled() => tell(ModelEvent::Ended),
        Err(error) => tell(ModelEvent::Failed(ErrorReport { message: error.to_string(), hint: error.hint() })),
    }
}

fn list() -> Result<ModelShelf, Refusal> {
    let directories = Directories::of_user()?;
    let store = ModelStore::new(&directories);
    let default = store.default_model().ok().map(|model| model.name);
    let installed = store.list()?.into_iter().map(|model| installed(model, default.as_deref())).collect();
    let offered = Catalogue::embedded()?.models.into_iter().map(|entry| OfferedModel {
        name: entry.name,
        title: entry.title,
        download_bytes: entry.download_bytes,
        licence: entry.licence.line(),
        notice: entry.licence.notice,
    });
    let devices = [DeviceChoice::Cpu, DeviceChoice::Cuda, DeviceChoice::Metal];
    Ok(ModelShelf {
        installed,
        offered: offered.collect(),
        processor: processor(),
        devices: devices.map(|device| (device, check_device(device).err())).to_vec(),
        places: vec![
            ("Models", Bucket::Models.path(&directories)),
            ("Library and conversations", Bucket::Library.path(&directories)),
            ("What was read", directories.cache().to_owned()),
        ],
    })
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
    let ((kind, has_eyes, bytes), problem) = match &model.state {
        ModelState::Ready(manifest) => (about(manifest), None),
        ModelState::Damaged(manifest, faults) => {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            (about(manifest), Some(faults.join("; ")))
        }
        ModelState::Foreign(why) => (("Not a model".to_owned(), false, 0), Some(why.clone())),
    };
    InstalledModel { is_default: default == Some(&model.name), name: model.name, kind, has_eyes, bytes, problem }
}

/// Follows an installation.
fn watch<'a>(name: &'a str, tell: &'a impl Fn(ModelEvent)) -> impl FnMut(Progress) + 'a {
    move |progress| {
        let stage = match progress.stage {
            Stage::Download => "Downloading",
            Stage::Copy => "Installing",
            Stage::Verify => "Verifying",
        };
        let Progress { done_bytes, total_bytes, .. } = progress;
        tell(ModelEvent::Progress { name: name.to_owned(), stage, done_bytes, total_bytes });
    }
}

fn fetch(name: &str, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) -> Result<(), Refusal> {
    let catalogue = Catalogue::embedded()?;
    let options = PullOptions { licence_accepted: true, ..PullOptions::default() };
    pull(catalogue.find(name)?, &Directories::of_user()?, &options, cancel, &mut watch(name, tell))?;
    Ok(())
}

fn add(path: PathBuf, agreed: bool, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) -> Result<(), Refusal> {
    let store = ModelStore::new(&Directories::of_user()?);
    let addition = plan_addition(std::slice::from_ref(&path), None, &Catalogue::embedded()?)?;
    store.require_unused(addition.name())?;
    if let Some(licence) = addition.licence().filter(|_| !agreed) {
        tell(ModelEvent::AsksToAgree { path, notice: licence.notice.clone() });
        return Ok(());
    }
    let name = addition.name().to_owned();
    addition.install(&store, true, cancel, &mut watch(&name, tell))?;
    tell(ModelEvent::Ended);
    Ok(())
}

/// Shows a folder, which is made where nothing has been kept yet.
fn show_folder(path: PathBuf) -> Result<(), Refusal> {
    engine::store::output::create_folder(&path)?;
    open::that_detached(&path).map_err(|source| Refusal::Folder { path, source })
}

fn remove(name: &str) -> Result<(), Refusal> {
    Ok(ModelStore::new(&Directories::of_user()?).remove(name)?)
}
