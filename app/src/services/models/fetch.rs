//! Downloads models for the window: looks them up, finds an access token, and words errors for people who see buttons and no
//! terminal.

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
        TokenPlace::HubFile => "the Hugging Face token file",
        TokenPlace::Keyring => "the system keyring",
    })
}

/// Reports the progress of an installation.
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

/// Looks up a model on the hub.
pub(crate) fn look_up(request: &Fetch, cancel: &CancelToken) -> Result<FoundModel, HubError> {
    let Wanted::Repository { id, revision } = &request.what else {
        return Err(HubError::BadRepository { name: request.what.name().to_owned() });
    };
    let hub_request = HubRequest { repository: id.clone(), revision: revision.clone(), file: None };
    let options = PullOptions { token: token(request)?, ..PullOptions::default() };
    let model = find_on_hub(&hub_request, &options, cancel)?;
    let mut notice = model.licence.notice.clone();
    if notice.is_empty() {
        notice = format!("{} is licensed under: {}", model.repository, model.licence.line());
    }
    Ok(FoundModel {
        download_bytes: model.total_bytes(),
        licence: model.licence.name.clone(),
        licence_address: model.licence.url.clone(),
        notice,
        // Pins the revision shown, in case the branch moves.
        fetch: Fetch {
            what: Wanted::Repository { id: model.repository, revision: Some(model.commit) },
            ..request.clone()
        },
    })
}

/// Downloads a model whose licence was accepted; returns the installed name.
pub(crate) fn fetch(request: &Fetch, cancel: &CancelToken, tell: &impl Fn(ModelEvent)) -> Result<String, HubError> {
    let directories = Directories::of_user()?;
    let mut options = PullOptions { licence_accepted: true, hub_first: true, ..PullOptions::default() };
    let mut observe = watch(request.what.name(), tell);
    let pulled = match &request.what {
        Wanted::Offered(name) => {
            let catalogue = Catalogue::embedded()?;
            let entry = catalogue.find(name)?;
            if entry.gated {
                // Public models are downloaded anonymously.
                options.token = token(request)?;
            }
            pull(entry, &directories, &options, cancel, &mut observe)?
        }
        Wanted::Repository { id, revision } => {
            options.token = token(request)?;
            let hub_request = HubRequest { repository: id.clone(), revision: revision.clone(), file: None };
            let model = find_on_hub(&hub_request, &options, cancel)?;
            pull_from_hub(&model, &directories, &options, cancel, &mut observe)?
        }
    };
    let (Pulled::AlreadyThere(manifest) | Pulled::Installed(manifest)) = pulled;
    if request.keeps_token
        && let Some(token) = options.token
    {
        // Only a token that worked is saved; the model is installed even if saving fails.
        if let Err(error) = token.keep() {
            tracing::warn!(%error, "the token cannot be saved");
        }
    }
    Ok(manifest.name)
}

/// The typed token, or one found on the system.
fn token(request: &Fetch) -> Result<Option<Token>, HubError> {
    match &request.token {
        Some(typed) => Token::new(typed.reveal()).map(Some),
        None => Ok(Token::find().map(|(token, _)| token)),
    }
}

/// Message and hint for the window, and a web page that helps.
pub(crate) fn explain(error: &HubError) -> (ErrorReport, Option<String>) {
    let (hint, page) = match error {
        HubError::TokenNeeded { page, .. } => {
            (Some("Accept the terms on its page, then download it again with your access token"), Some(page))
        }
        HubError::TokenRefused { page, .. } => (
            Some(
                "Download it again with another token: it needs read access, from an account that has accepted the terms",
            ),
            Some(page),
        ),
        HubError::NotAllowed { page, .. } => (
            Some(
                "Accept the terms on its page with the account of your token; if access is granted by hand, wait for \
                 approval",
            ),
            Some(page),
        ),
        HubError::NoRepository { page, .. } => {
            (Some("Check the name; private or gated models need your access token"), Some(page))
        }
        HubError::BadToken => (Some("Copy it again from the access tokens page; it begins with hf_"), None),
        HubError::Unreachable { .. } | HubError::Cut { .. } | HubError::Silent { .. } | HubError::NoNetwork { .. } => {
            (Some("Check the connection and try again; the download resumes where it stopped"), None)
        }
        HubError::NotDelivered { .. } => {
            (Some("Check the connection and try again to resume the download, or add the model from a folder"), None)
        }
        HubError::NoPackage { .. } | HubError::PipFailed { .. } | HubError::Stalled { .. } => {
            (Some("Try again to resume the download, or add the model from a folder"), None)
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
    fn denied_access_is_explained_without_a_terminal() {
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
