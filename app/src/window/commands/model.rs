//! Commands for the models: work for the model service, and the dialogs around it.

use crate::services::models::ModelCommand;
use crate::window::state::models::Asked;

/// A command for the models.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ModelUiCommand {
    /// Send a command to the model service.
    Run(ModelCommand),
    /// Ask the user about a model before anything is done; `None` closes the dialog.
    ShowDialog(Option<Asked>),
    /// Show the field for an access token although one was found.
    EnterToken,
    /// Ask the sample report a first question with the model just installed.
    TrySample,
    /// Close the message that a model was installed.
    DismissInstalled,
    /// Show the system's file dialog for adding a model from a folder.
    ChooseFolder,
}
