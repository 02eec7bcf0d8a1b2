//! What the user can do. Drawing functions push commands; [`crate::window::app`] alone dispatches them.
//!
//! Commands are grouped by what they act on, and each group is matched exhaustively: a new variant without a handler does
//! not compile. Labels, keys and tooltips are in one [`table`].

mod app;
mod available;
mod id;
mod info;
pub(crate) mod keys;
mod model;
pub(crate) mod palette;
mod report;
pub(crate) mod table;
mod turn;

pub(crate) use app::AppCommand;
pub(crate) use available::Available;
pub(crate) use id::CommandId;
pub(crate) use keys::KeyContext;
pub(crate) use model::ModelUiCommand;
pub(crate) use report::ReportCommand;
pub(crate) use turn::{TurnCommand, TurnEffect};

use crate::services::models::ModelCommand;
use crate::window::pages::ViewAction;

/// A command of the user.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum UserCommand {
    /// For the window: its screens, tabs, dialogs and settings.
    App(AppCommand),
    /// For the report in front.
    Report(ReportCommand),
    /// For a question of its conversation, or the answer.
    Turn(TurnCommand),
    /// For its pages, as they are shown.
    View(ViewAction),
    /// For the models.
    Model(ModelUiCommand),
}

impl From<AppCommand> for UserCommand {
    fn from(command: AppCommand) -> Self {
        Self::App(command)
    }
}

impl From<ReportCommand> for UserCommand {
    fn from(command: ReportCommand) -> Self {
        Self::Report(command)
    }
}

impl From<TurnCommand> for UserCommand {
    fn from(command: TurnCommand) -> Self {
        Self::Turn(command)
    }
}

impl From<ViewAction> for UserCommand {
    fn from(action: ViewAction) -> Self {
        Self::View(action)
    }
}

impl From<ModelUiCommand> for UserCommand {
    fn from(command: ModelUiCommand) -> Self {
        Self::Model(command)
    }
}

impl From<ModelCommand> for UserCommand {
    fn from(command: ModelCommand) -> Self {
        Self::Model(ModelUiCommand::Run(command))
    }
}

/// Commands of one frame, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Commands(Vec<UserCommand>);

impl Commands {
    /// Adds a command.
    pub(crate) fn push(&mut self, command: impl Into<UserCommand>) {
        self.0.push(command.into());
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl IntoIterator for Commands {
    type Item = UserCommand;
    type IntoIter = std::vec::IntoIter<UserCommand>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
