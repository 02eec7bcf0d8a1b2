//! `recto models pull`: a model of the catalogue, or any repository of the hub, after its licence.

use std::io::IsTerminal as _;

use engine::cancel::CancelToken;
use engine::hub::{
    Catalogue, CatalogueEntry, HubError, HubRequest, Progress, PullOptions, Pulled, Token, TokenPlace, find_on_hub,
    pull, pull_from_hub,
};
use engine::store::Directories;
use engine::store::models::ModelStore;
use engine::untrusted::printable_message;

use crate::cli::failure::Failure;
use crate::cli::models::{PullArgs, about, agree, note, say, watched};

/// Runs `recto models pull`.
pub(super) fn run(arguments: &PullArgs, directories: &Directories, store: &ModelStore) -> Result<(), Failure> {
    let catalogue = Catalogue::embedded()?;
    let pulled = match catalogue.find(&arguments.name) {
        Ok(entry) => of_catalogue(entry, arguments, directories, store)?,
        Err(_) if arguments.name.contains('/') => of_hub(arguments, directories, store)?,
        Err(error) => return Err(error.into()),
    };
    match pulled {
        Pulled::Installed(manifest) => say(&format!("Installed {}: {}", manifest.name, about(&manifest))),
        Pulled::AlreadyThere(manifest) => {
            say(&format!("{} is installed and verified: {}", manifest.name, about(&manifest)))
        }
    }
}

fn of_catalogue(
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
    // What needs no token is not asked for in anybody's name.
    let options = PullOptions { licence_accepted, token: entry.gated.then(found).flatten(), ..options(arguments) };
    with_token(options, |options, observe| pull(entry, directories, options, &CancelToken::default(), observe))
}

fn of_hub(arguments: &PullArgs, directories: &Directories, store: &ModelStore) -> Result<Pulled, Failure> {
    let request = HubRequest {
        repository: arguments.name.clone(),
        revision: arguments.revision.clone(),
        file: arguments.file.clone(),
    };
    let options = PullOptions { token: found(), ..options(arguments) };
    let cancel = CancelToken::default();
    let (model, options) = match find_on_hub(&request, &options, &cancel) {
        Err(error @ (HubError::TokenNeeded { .. } | HubError::NoRepository { .. })) if options.token.is_none() => {
            let Some(token) = typed(&error) else { return Err(error.into()) };
            let options = PullOptions { token: Some(token), ..options };
            (find_on_hub(&request, &options, &cancel)?, options)
        }
        found => (found?, options),
    };
    let is_new = store.require_unused(arguments.new_name.as_deref().unwrap_or(model.default_name())).is_ok();
    if is_new {
        let gated = if model.gated { ", given out on request only" } else { "" };
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

/// Pulls, and once more with a token that is typed, where the hub wants one and there is somebody to type it.
fn with_token(
    options: PullOptions,
    mut work: impl FnMut(&PullOptions, &mut dyn FnMut(Progress)) -> Result<Pulled, HubError>,
) -> Result<Pulled, Failure> {
    match watched(|observe| work(&options, observe)) {
        Err(error @ (HubError::TokenNeeded { .. } | HubError::TokenRefused { .. })) => {
            let Some(token) = typed(&error) else { return Err(error.into()) };
            let options = PullOptions { token: Some(token), ..options };
            Ok(watched(|observe| work(&options, observe))?)
        }
        end => Ok(end?),
    }
}

/// The user's token, and a line that says where it was found.
fn found() -> Option<Token> {
    let (token, place) = Token::find()?;
    note(match place {
        TokenPlace::Environment => "Using the token in the environment",
        TokenPlace::HubFile => "Using the token that the hub's own programs keep",
        TokenPlace::Keyring => "Using the token in the system's keyring",
    });
    Some(token)
}

/// A token typed without being shown, where there is a terminal; kept in the keyring when that is wished.
fn typed(error: &HubError) -> Option<Token> {
    if !(std::io::stdin().is_terminal() && std::io::stderr().is_terminal()) {
        return None;
    }
    note(&printable_message(&error.to_string()).to_string());
    if let Some(hint) = engine::diagnostic::Hint::hint(error) {
        note(&hint);
    }
    note("Type or paste a token (it is not shown), or nothing to leave it:");
    let token = rpassword::read_password().ok().filter(|text| !text.trim().is_empty())?;
    let token = match Token::new(&token) {
        Ok(token) => token,
        Err(error) => {
            note(&printable_message(&error.to_string()).to_string());
            return None;
        }
    };
    note("Type yes to keep it in the system's keyring:");
    let mut answer = String::new();
    if std::io::stdin().read_line(&mut answer).is_ok() && answer.trim().eq_ignore_ascii_case("yes") {
        match token.keep() {
            Ok(()) => note("Kept"),
            Err(error) => note(&printable_message(&error.to_string()).to_string()),
        }
    }
    Some(token)
}
