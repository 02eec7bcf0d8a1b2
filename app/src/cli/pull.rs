//! `recto models pull`: downloads a model of the catalogue, or any hub repository, once its licence is accepted.

use std::io::IsTerminal as _;

use clap::Args;
use engine::cancel::CancelToken;
use engine::hub::{
    Catalogue, CatalogueEntry, HubError, HubRequest, Progress, PullOptions, Pulled, Token, TokenPlace, find_on_hub,
    pull, pull_from_hub,
};
use engine::store::Directories;
use engine::store::models::ModelStore;

use crate::cli::console::{about, agree, note, say, with_progress_bar};
use crate::cli::failure::Failure;

/// Arguments of `recto models pull`.
#[derive(Debug, Args)]
pub(super) struct PullArgs {
    /// `starter`, `t5gemma-2-270m-270m`, `t5gemma-2-1b-1b`, `t5gemma-2-4b-4b`, or any hub repository as OWNER/NAME
    #[arg(value_name = "MODEL")]
    name: String,
    /// Branch, tag or commit of the repository [default: latest]
    #[arg(long)]
    revision: Option<String>,
    /// File to download, if the repository has several GGUF models
    #[arg(long)]
    file: Option<String>,
    /// Name to install it under [default: its own]
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// Accept the model's licence after its notice is shown
    #[arg(long)]
    accept_licence: bool,
}

/// Runs `recto models pull`.
pub(super) fn run(arguments: &PullArgs, directories: &Directories, store: &ModelStore) -> Result<(), Failure> {
    let catalogue = Catalogue::embedded()?;
    let pulled = match catalogue.find(&arguments.name) {
        Ok(entry) => from_catalogue(entry, arguments, directories, store)?,
        Err(_) if arguments.name.contains('/') => from_hub(arguments, directories, store)?,
        Err(error) => return Err(error.into()),
    };
    match pulled {
        Pulled::Installed(manifest) => say(&format!("Installed {}: {}", manifest.name, about(&manifest))),
        Pulled::AlreadyThere(manifest) => {
            say(&format!("{} is installed and verified: {}", manifest.name, about(&manifest)))
        }
    }
}

fn from_catalogue(
    entry: &CatalogueEntry,
    arguments: &PullArgs,
    directories: &Directories,
    store: &ModelStore,
) -> Result<Pulled, Failure> {
    let name = arguments.new_name.as_ref().unwrap_or(&entry.name);
    let is_new = store.require_unused(name).is_ok();
    if is_new {
        note(&format!("{}\n{} MB to download\n", entry.title, entry.download_bytes / 1_000_000));
    }
    let licence_accepted = is_new && agree(&entry.licence, arguments.accept_licence);
    // Public models are downloaded anonymously.
    let options = PullOptions { licence_accepted, token: entry.gated.then(find_token).flatten(), ..options(arguments) };
    with_token(options, |options, observe| pull(entry, directories, options, &CancelToken::default(), observe))
}

fn from_hub(arguments: &PullArgs, directories: &Directories, store: &ModelStore) -> Result<Pulled, Failure> {
    let request = HubRequest {
        repository: arguments.name.clone(),
        revision: arguments.revision.clone(),
        file: arguments.file.clone(),
    };
    let options = PullOptions { token: find_token(), ..options(arguments) };
    let cancel = CancelToken::default();
    let (model, options) = match find_on_hub(&request, &options, &cancel) {
        Err(error @ (HubError::TokenNeeded { .. } | HubError::NoRepository { .. })) if options.token.is_none() => {
            let Some(token) = ask_for_token(&error) else { return Err(error.into()) };
            let options = PullOptions { token: Some(token), ..options };
            (find_on_hub(&request, &options, &cancel)?, options)
        }
        found => (found?, options),
    };
    let is_new = store.require_unused(arguments.new_name.as_deref().unwrap_or(model.default_name())).is_ok();
    if is_new {
        let gated = if model.gated { ", gated" } else { "" };
        let (repository, commit) = (&model.repository, &model.commit);
        note(&format!("{repository} at {commit}{gated}\n{} MB to download\n", model.total_bytes() / 1_000_000));
    }
    let licence_accepted = is_new && agree(&model.licence, arguments.accept_licence);
    let options = PullOptions { licence_accepted, ..options };
    with_token(options, |options, observe| pull_from_hub(&model, directories, options, &cancel, observe))
}

fn options(arguments: &PullArgs) -> PullOptions {
    PullOptions { name: arguments.new_name.clone(), revision: arguments.revision.clone(), ..PullOptions::default() }
}

/// Downloads, and retries once with a typed token if the hub requires one and there is a terminal.
fn with_token(
    options: PullOptions,
    mut work: impl FnMut(&PullOptions, &mut dyn FnMut(Progress)) -> Result<Pulled, HubError>,
) -> Result<Pulled, Failure> {
    match with_progress_bar(|observe| work(&options, observe)) {
        Err(error @ (HubError::TokenNeeded { .. } | HubError::TokenRefused { .. })) => {
            let Some(token) = ask_for_token(&error) else { return Err(error.into()) };
            let options = PullOptions { token: Some(token), ..options };
            Ok(with_progress_bar(|observe| work(&options, observe))?)
        }
        end => Ok(end?),
    }
}

/// Finds the user's token and notes where it was found.
fn find_token() -> Option<Token> {
    let (token, place) = Token::find()?;
    note(match place {
        TokenPlace::Environment => "Using the token in the environment",
        TokenPlace::HubFile => "Using the token in the Hugging Face token file",
        TokenPlace::Keyring => "Using the token in the system keyring",
    });
    Some(token)
}

/// Asks for a token without echo, if there is a terminal; saves it in the keyring on request.
fn ask_for_token(error: &HubError) -> Option<Token> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return None;
    }
    note(&error.to_string());
    if let Some(hint) = engine::diagnostic::Hint::hint(error) {
        note(&hint);
    }
    note("Type or paste a token (it is not shown), or press Enter to cancel:");
    let token = rpassword::read_password().ok().filter(|text| !text.trim().is_empty())?;
    let token = match Token::new(&token) {
        Ok(token) => token,
        Err(error) => {
            note(&error.to_string());
            return None;
        }
    };
    note("Type yes to save it in the system keyring:");
    let mut answer = String::new();
    if std::io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        match token.keep() {
            Ok(()) => note("Saved"),
            Err(error) => note(&error.to_string()),
        }
    }
    Some(token)
}
