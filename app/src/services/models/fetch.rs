//! Fetching models for the window: looking them up, finding a token, and saying what went wrong in words for people who see
//! buttons and no terminal.

use engine::cancel::CancelToken;
use engine::diagnostic::Hint;
use engine::hub::{
    Catalogue, HubError, HubRequest, Progress, PullOptions, Pulled, Stage, Token, TokenPlace, find_on_hub, pull,
    pull_from_hub,
};
use engine::protocol::ErrorReport;
use engine::store::Directories;

use crate::services::models::{Fetch, FoundModel, ModelEvent, Wanted};

/// Where a token was found, in words.
pub(crate) fn token_place() -> Option<&'static str> {
    Token::find().map(|(_, place)| match place {
        TokenPlace::Environment => "the environment (HF_TOKEN)",
        TokenPlace::HubFile => "the file of the hub's own programs",
        TokenPlace::Keyring => "the system's keyring",
    })
}

/// Follows an installation.
pub(crate) fn watch<'a>(name: &'a str, tell: &'a impl Fn(ModelEvent)) -> impl FnMut(Progress) + 'a {
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

/// Asks the hub about a model.
pub(crate) fn look_up(wish: &Fetch, cancel: &CancelToken) -> Result<FoundModel, HubError> {
    let Wanted::Repository { id, revision } = &wish.what else {
        return Err(HubError::BadRepository { name: wish.what.name().to_owned() });
    };
    let request = HubRequest { repository: id.clone(), revision: revision.clone(), file: None };
    let options = PullOptions { token: token(wish)?, ..PullOptions::default() };
    let model = find_on_hub(&request, &options, cancel)?;
    let mut notice = model.licence.notice.clone();
    if notice.is_empty() {
        notice = format!("{} comes under the licence: {}", model.repository, model.licence.line());
    }
    Ok(FoundModel {
        download_bytes: model.total_bytes(),
        licence: model.licence.name.clone(),
        licence_address: model.licence.url.clone(),
        notice,
        // Exactly what was shown is fetched, whatever the branch becomes meanwhile.
        fetch: Fetch {
            what: Wanted::Repository { id: model.repository, revision: Some(model.commit) },
            ..wish.clone()
        },
    })
}

/// Fetches a model whose licence was agreed to; the name it was installed under.
pub(crate) fn fetch(wish: &Fetch, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) -> Result<String, HubError> {
    let directories = Directories::of_user()?;
    let mut options = PullOptions { licence_accepted: true, hub_first: true, ..PullOptions::default() };
    let mut observe = watch(wish.what.name(), tell);
    let pulled = match &wish.what {
        Wanted::Offered(name) => {
            let catalogue = Catalogue::embedded()?;
            let entry = catalogue.find(name)?;
            if entry.gated {
                // What needs no token is not asked for in anybody's name.
                options.token = token(wish)?;
            }
            pull(entry, &directories, &options, cancel, &mut observe)?
        }
        Wanted::Repository { id, revision } => {
            options.token = token(wish)?;
            let request = HubRequest { repository: id.clone(), revision: revision.clone(), file: None };
            let model = find_on_hub(&request, &options, cancel)?;
            pull_from_hub(&model, &directories, &options, cancel, &mut observe)?
        }
    };
    let (Pulled::AlreadyThere(manifest) | Pulled::Installed(manifest)) = pulled;
    if wish.keeps_token
        && let Some(token) = options.token
    {
        // Only one that has opened a door is worth keeping; and the model is there, whatever becomes of the token.
        if let Err(error) = token.keep() {
            tracing::warn!(%error, "the token is not kept");
        }
    }
    Ok(manifest.name)
}

/// The token that was typed, or one that is found.
fn token(wish: &Fetch) -> Result<Option<Token>, HubError> {
    match &wish.token {
        Some(typed) => Token::new(typed.reveal()).map(Some),
        None => Ok(Token::find().map(|(token, _)| token)),
    }
}

/// What went wrong, what to do about it in the window, and the page where that may be.
pub(crate) fn explain(error: &HubError) -> (ErrorReport, Option<String>) {
    let (hint, page) = match error {
        HubError::TokenNeeded { page, .. } => {
            (Some("Accept its terms on its page, then get it again and type a token of yours"), Some(page))
        }
        HubError::TokenRefused { page, .. } => (
            Some("Get it again and type another token: one that may read, of an account that has accepted the terms"),
            Some(page),
        ),
        HubError::NotAllowed { page, .. } => (
            Some(
                "Accept its terms on its page with the account that the token is of; where access is granted by hand, wait \
                 for it",
            ),
            Some(page),
        ),
        HubError::NoRepository { page, .. } => {
            (Some("Check its name; one that is not open to all asks for a token of yours"), Some(page))
        }
        HubError::BadToken => (Some("Copy it again from the hub's page of access tokens; it begins with hf_"), None),
        HubError::Unreachable { .. } | HubError::Cut { .. } | HubError::Silent { .. } | HubError::NoNetwork { .. } => {
            (Some("Check the connection and try again: what has come is kept"), None)
        }
        HubError::NotDelivered { .. } => (
            Some("Check the connection and try again: what has come is kept. Or add the model's files from a folder"),
            None,
        ),
        HubError::NoPackage { .. } | HubError::PipFailed { .. } | HubError::Stalled { .. } => {
            (Some("Try again: what has come is kept. Or add the model's files from a folder"), None)
        }
        _ => (None, None),
    };
    let hint = hint.map(str::to_owned).or_else(|| error.hint());
    (ErrorReport { hint, ..ErrorReport::of(error) }, page.cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_door_is_explained_without_a_terminal() {
        let (repository, page) = ("google/t5gemma-2-270m-270m".to_owned(), "https://hub.example/google".to_owned());
        for error in [
            HubError::TokenNeeded { repository: repository.clone(), page: page.clone() },
            HubError::TokenRefused { repository: repository.clone(), page: page.clone() },
            HubError::NotAllowed { repository, page: page.clone() },
        ] {
            let (report, address) = explain(&error);
            assert_eq!(address.as_ref(), Some(&page));
            let hint = report.hint.unwrap();
            assert!(!hint.contains("recto ") && !hint.contains("HF_TOKEN"), "{hint}");
        }
        let (report, address) = explain(&HubError::BadRepository { name: "x".into() });
        assert!(address.is_none() && report.hint.is_some());
    }
}
