//! The model thread: runs downloads, installations and measurements, which take minutes.

use std::path::PathBuf;
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, bounded};
use engine::cancel::CancelToken;
use engine::diagnostic::Hint;
use engine::hub::{Catalogue, HubError, newer_release, plan_addition, releases_address};
use engine::mailbox::{Mailbox, mailbox};
use engine::protocol::ErrorReport;
use engine::store::models::ModelStore;
use engine::store::{Directories, StoreError};

use crate::platform::file_manager;
use crate::services::models::estimate::measure_throughput;
use crate::services::models::fetch::{explain, fetch, look_up, token_place, watch};
use crate::services::models::inventory::{expected_speeds, inventory};
use crate::services::models::speed::{SpeedError, measure};
use crate::services::models::{ModelCommand, ModelEvent, ModelService, Updates};
use crate::wake::Wake;

/// Events that wait at most for the window.
const QUEUED_EVENTS: usize = 256;

/// Handle of the model thread.
pub(crate) struct ModelThread {
    commands: Option<Mailbox<(ModelCommand, CancelToken)>>,
    events: Option<Receiver<ModelEvent>>,
    cancel: CancelToken,
    thread: Option<JoinHandle<()>>,
}

impl ModelThread {
    /// Starts the thread; `wake` is called after every event.
    ///
    /// # Errors
    /// Fails if the thread cannot be started.
    pub(crate) fn spawn(wake: Wake) -> std::io::Result<Self> {
        let (commands, incoming) = mailbox::<(ModelCommand, CancelToken)>(supersedes);
        let (outgoing, events) = bounded(QUEUED_EVENTS);
        let thread = std::thread::Builder::new().name("models".into()).spawn(move || {
            let tell = |event| {
                // Nobody listens any more when the window was closed. Progress is dropped where events pile up, so that a
                // window that is not drawn never holds up a download; all other events wait for room.
                let _ = match event {
                    ModelEvent::Progress { .. } => outgoing.try_send(event).is_ok(),
                    event => outgoing.send(event).is_ok(),
                };
                wake();
            };
            while let Some((command, cancel)) = incoming.recv() {
                dispatch(command, &cancel, &tell);
            }
        })?;
        Ok(Self {
            commands: Some(commands),
            events: Some(events),
            cancel: CancelToken::default(),
            thread: Some(thread),
        })
    }
}

impl ModelService for ModelThread {
    fn send(&mut self, command: ModelCommand) {
        if command == ModelCommand::Cancel {
            self.cancel.cancel();
            self.cancel = CancelToken::default();
        } else if let Some(commands) = &self.commands {
            commands.send((command, self.cancel.clone()));
        }
    }

    fn try_recv(&mut self) -> Option<ModelEvent> {
        self.events.as_ref()?.try_recv().ok()
    }
}

impl Drop for ModelThread {
    fn drop(&mut self) {
        self.cancel.cancel();
        // The receiver goes first: a thread that waits for room in a full channel must see that nobody reads any more.
        self.events = None;
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            // Partial work is cleaned up; a panic was reported when it happened.
            let _ = thread.join();
        }
    }
}

/// Asking twice for the same list is asking once.
fn supersedes((earlier, _): &(ModelCommand, CancelToken), (later, _): &(ModelCommand, CancelToken)) -> bool {
    matches!(later, ModelCommand::List | ModelCommand::LookForToken) && earlier == later
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    Hub(#[from] HubError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Speed(#[from] SpeedError),
    #[error("{} cannot be opened: {source}", .path.display())]
    Folder { path: PathBuf, source: std::io::Error },
}

impl Hint for CommandError {
    fn details(&self) -> Option<String> {
        match self {
            Self::Hub(error) => error.details(),
            _ => None,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Hub(error) => error.hint(),
            Self::Store(error) => error.hint(),
            Self::Speed(error) => error.hint(),
            Self::Folder { .. } => Some("open it in your file manager".into()),
        }
    }
}

fn dispatch(command: ModelCommand, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) {
    match execute(command, cancel, tell) {
        Ok(Some(event)) => tell(event),
        Ok(None) => {}
        Err(_) if cancel.is_cancelled() => tell(ModelEvent::Ended),
        Err(CommandError::Hub(error)) => {
            let (report, address) = explain(&error);
            tell(ModelEvent::Failed { report, address });
        }
        Err(error) => {
            let report = ErrorReport::of(&error);
            tell(ModelEvent::Failed { report, address: None });
        }
    }
}

/// Executes a command and returns its final event.
fn execute(
    command: ModelCommand,
    cancel: &CancelToken,
    tell: &impl Fn(ModelEvent),
) -> Result<Option<ModelEvent>, CommandError> {
    Ok(Some(match command {
        ModelCommand::List => ModelEvent::Listed(inventory()?),
        ModelCommand::LookForToken => ModelEvent::Token(token_place()),
        ModelCommand::LookUp(request) => ModelEvent::AsksToFetch(look_up(&request, cancel)?),
        ModelCommand::Fetch(request) => ModelEvent::Installed(fetch(&request, cancel, tell)?),
        ModelCommand::Add { path, agreed } => add(path, agreed, cancel, tell)?,
        ModelCommand::Remove(name) => {
            ModelStore::new(&Directories::of_user()?).remove(&name)?;
            ModelEvent::Ended
        }
        ModelCommand::Measure { name, device } => {
            let speed = measure(&name, device, cancel)?;
            ModelEvent::Measured { name, device, speed }
        }
        ModelCommand::Estimate(device) => {
            let speeds = expected_speeds(measure_throughput(device, cancel)?)?;
            ModelEvent::Estimated { device, speeds }
        }
        ModelCommand::CheckForUpdates => ModelEvent::Updates(check_for_updates(cancel)?),
        ModelCommand::ShowFolder(path) => {
            show_folder(path)?;
            return Ok(None);
        }
        ModelCommand::Cancel => return Ok(None),
    }))
}

/// Checks for a newer Recto; errors are part of the result, shown next to the button.
fn check_for_updates(cancel: &CancelToken) -> Result<Updates, CommandError> {
    let Some(address) = releases_address() else { return Ok(Updates::Nowhere) };
    match newer_release(&address, env!("CARGO_PKG_VERSION"), cancel) {
        Ok(None) => Ok(Updates::UpToDate),
        Ok(Some(release)) => Ok(Updates::Newer { version: release.version, address: release.page }),
        Err(HubError::Cancelled(cancelled)) => Err(HubError::Cancelled(cancelled).into()),
        Err(error) => {
            let hint = Some("Check the connection and try again".to_owned());
            Ok(Updates::Failed(ErrorReport { hint, ..ErrorReport::of(&error) }))
        }
    }
}

/// Installs a model from files, unless its licence must be accepted first.
fn add(
    path: PathBuf,
    agreed: bool,
    cancel: &CancelToken,
    tell: &impl Fn(ModelEvent),
) -> Result<ModelEvent, CommandError> {
    let store = ModelStore::new(&Directories::of_user()?);
    let addition = plan_addition(std::slice::from_ref(&path), None, &Catalogue::embedded()?)?;
    store.require_unused(addition.name())?;
    if let Some(licence) = addition.licence().filter(|_| !agreed) {
        return Ok(ModelEvent::AsksToAgree { path, notice: licence.notice.clone() });
    }
    let name = addition.name().to_owned();
    addition.install(&store, true, cancel, &mut watch(&name, tell))?;
    Ok(ModelEvent::Installed(name))
}

/// Shows a folder, creating it if necessary.
fn show_folder(path: PathBuf) -> Result<(), CommandError> {
    engine::store::output::create_own_folder(&path)?;
    file_manager::show(&path).map_err(|source| CommandError::Folder { path, source })
}
