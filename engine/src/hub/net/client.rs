//! HTTP requests to the hub, and to the hosts it redirects to.

use std::io::Read;
use std::time::{Duration, Instant};

use crossbeam_channel::RecvTimeoutError;
use ureq::http::{HeaderMap, Uri, header};
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, BodyReader};

use super::endpoint::{is_private, redirected};
use super::error::{NetError, Refusal};
use super::names::Names;
use super::proxy::proxy_for;
use super::{Endpoint, POLL, Transfer};
use crate::cancel::{CancelToken, Cancelled};
use crate::hub::Token;

/// The hub redirects once or twice; more means a redirect loop.
const MAX_REDIRECTS: usize = 8;
/// The hub's headers take a few kilobytes, most of them policies.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// An HTTP client for the hub, with the user's token where there is one. Clones share their connections.
#[derive(Clone)]
pub(in crate::hub) struct Client {
    agent: Agent,
    endpoint: Endpoint,
    token: Option<Token>,
    transfer: Transfer,
}

/// A successful response whose body is still to be read.
pub(in crate::hub) struct Response {
    /// Its status: 200 or 206.
    pub(in crate::hub) status: u16,
    /// Its header.
    pub(in crate::hub) headers: HeaderMap,
    /// Its body.
    pub(in crate::hub) body: Body,
}

impl Response {
    /// A header field, where it is text.
    pub(in crate::hub) fn field(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok().map(str::trim)
    }

    /// The body, with a minimum transfer rate.
    pub(in crate::hub) fn reader(self, transfer: &Transfer) -> PacedReader {
        let (stall, least_bytes) = (transfer.stall, transfer.least_bytes);
        PacedReader { inner: self.body.into_reader(), stall, least_bytes, since: Instant::now(), bytes: 0 }
    }
}

/// Reads a body and fails where the transfer rate is too low. A timeout per read is not enough: a server that sends a byte now
/// and then never exceeds it.
pub(in crate::hub) struct PacedReader {
    inner: BodyReader<'static>,
    stall: Duration,
    least_bytes: u64,
    since: Instant,
    bytes: u64,
}

impl Read for PacedReader {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.bytes += read as u64;
        if self.since.elapsed() > self.stall {
            if read > 0 && self.bytes < self.least_bytes {
                return Err(std::io::ErrorKind::TimedOut.into());
            }
            (self.since, self.bytes) = (Instant::now(), 0);
        }
        Ok(read)
    }
}

impl Client {
    pub(in crate::hub) fn new(endpoint: Endpoint, token: Option<Token>, transfer: Transfer) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .tls_config(tls())
            .user_agent(concat!("recto/", env!("CARGO_PKG_VERSION")))
            .max_response_header_size(MAX_HEADER_BYTES)
            .max_idle_connections_per_host(transfer.connections)
            .timeout_resolve(Some(transfer.connect))
            .timeout_connect(Some(transfer.connect))
            .timeout_send_request(Some(transfer.stall.min(transfer.answer)))
            .timeout_recv_response(Some(transfer.stall.min(transfer.answer)))
            .timeout_per_read(Some(transfer.stall))
            .build();
        let agent = Agent::with_parts(config, DefaultConnector::default(), Names::default());
        Self { agent, endpoint, token, transfer }
    }

    pub(in crate::hub) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether there is a token that is not sent because the connection is not encrypted.
    pub(in crate::hub) fn withholds_token(&self) -> bool {
        self.token.is_some() && !self.endpoint.takes_token()
    }

    pub(in crate::hub) fn transfer(&self) -> &Transfer {
        &self.transfer
    }

    /// Aborts all requests in progress; the client cannot be used afterwards.
    pub(in crate::hub) fn close(&self) {
        self.agent.clone().shutdown();
    }

    /// Requests `uri`, or a range of it, and follows redirects. The token is sent to the hub only, also after redirects.
    /// Blocks.
    pub(in crate::hub) fn open(
        &self,
        uri: &Uri,
        range: Option<&str>,
        if_range: Option<&str>,
    ) -> Result<Response, NetError> {
        let mut uri = uri.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut request = self.agent.get(&uri).config().proxy(proxy_for(&uri)?).build();
            let token = self.token.as_ref().filter(|_| self.endpoint.is_trusted(&uri));
            for (name, value) in [
                (header::AUTHORIZATION, token.map(Token::header).as_deref()),
                (header::RANGE, range),
                (header::IF_RANGE, if_range),
            ] {
                if let Some(value) = value {
                    request = request.header(name, value);
                }
            }
            let response = request.call().map_err(|error| match NetError::of(error) {
                NetError::Stalled => NetError::Silent,
                other => other,
            })?;
            let (parts, body) = response.into_parts();
            match parts.status.as_u16() {
                status @ (200 | 206) => return Ok(Response { status, headers: parts.headers, body }),
                301 | 302 | 303 | 307 | 308 => uri = next(&uri, &parts.headers)?,
                _ => return Err(NetError::Refused(Refusal::of(parts.status, &parts.headers, token.is_some()))),
            }
        }
        Err(NetError::BadRedirect(format!("more than {MAX_REDIRECTS} redirects")))
    }

    /// Downloads a small resource of at most `max_bytes`; retries where that may help.
    ///
    /// # Errors
    /// Returns [`Cancelled`] within a fraction of a second; the inner error is any other failure.
    pub(in crate::hub) fn fetch(
        &self,
        uri: &Uri,
        max_bytes: u64,
        cancel: &CancelToken,
    ) -> Result<Result<Vec<u8>, NetError>, Cancelled> {
        let mut number = 0;
        loop {
            let (client, asked) = (self.clone(), uri.clone());
            let result = self.wait(cancel, move || client.read_all(&asked, max_bytes))?;
            let Some(pause) = result.as_ref().err().and_then(|error| self.pause(error, number)) else {
                return Ok(result);
            };
            sleep(pause, cancel)?;
            number += 1;
        }
    }

    /// How long to wait before retry `number`, counted from 0; `None` where no retry is due.
    pub(in crate::hub) fn pause(&self, error: &NetError, number: u32) -> Option<Duration> {
        // A host that cannot be reached or does not answer will hardly come back within seconds.
        let retries = if matches!(error, NetError::Unreachable(_) | NetError::Silent) {
            self.transfer.retries.min(1)
        } else {
            self.transfer.retries
        };
        if !error.is_transient() || number >= retries {
            return None;
        }
        let own = self.transfer.pause_before(number);
        match error.retry_after() {
            Some(asked) if asked > self.transfer.longest_pause => None,
            Some(asked) => Some(asked.max(own)),
            None => Some(own),
        }
    }

    fn read_all(&self, uri: &Uri, max_bytes: u64) -> Result<Vec<u8>, NetError> {
        let response = self.open(uri, None, None)?;
        let mut bytes = Vec::new();
        let reader = response.reader(&self.transfer);
        let read = reader.take(max_bytes.saturating_add(1)).read_to_end(&mut bytes);
        read.map_err(|error| NetError::of_body(&error, bytes.is_empty()))?;
        if bytes.len() as u64 > max_bytes {
            return Err(NetError::BadResponse(format!("it is longer than {max_bytes} bytes")));
        }
        Ok(bytes)
    }

    /// Runs `work` on its own thread and waits for it. On cancellation all connections are closed; the thread, which may
    /// still be resolving a name, ends by itself later.
    fn wait<T: Send + 'static>(
        &self,
        cancel: &CancelToken,
        work: impl FnOnce() -> Result<T, NetError> + Send + 'static,
    ) -> Result<Result<T, NetError>, Cancelled> {
        let (sender, receiver) = crossbeam_channel::bounded(1);
        let run = move || {
            // Nobody receives it after a cancellation.
            let _ = sender.send(work());
        };
        if let Err(error) = std::thread::Builder::new().name("hub".to_owned()).spawn(run) {
            return Ok(Err(NetError::Unreachable(error.to_string())));
        }
        loop {
            if let Err(cancelled) = cancel.check() {
                self.close();
                return Err(cancelled);
            }
            match receiver.recv_timeout(POLL) {
                Ok(result) => return Ok(result),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Ok(Err(NetError::Interrupted("its thread ended early".to_owned())));
                }
            }
        }
    }
}

/// Sleeps, unless cancelled.
fn sleep(pause: Duration, cancel: &CancelToken) -> Result<(), Cancelled> {
    let until = Instant::now() + pause;
    loop {
        cancel.check()?;
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        std::thread::sleep(left.min(POLL));
    }
}

/// The target of a redirect. An encrypted request is never redirected to an unencrypted one.
fn next(from: &Uri, headers: &HeaderMap) -> Result<Uri, NetError> {
    let location = headers.get(header::LOCATION).and_then(|value| value.to_str().ok());
    let astray = || {
        NetError::BadRedirect(format!("{} sent a redirect without a valid address", from.host().unwrap_or_default()))
    };
    let to = redirected(from, location.ok_or_else(astray)?).ok_or_else(astray)?;
    if is_private(from) && !is_private(&to) {
        return Err(NetError::BadRedirect("it leads to an unencrypted connection".to_owned()));
    }
    Ok(to)
}

#[cfg(any(windows, target_vendor = "apple"))]
fn tls() -> TlsConfig {
    TlsConfig::builder().provider(TlsProvider::NativeTls).root_certs(RootCerts::PlatformVerifier).build()
}

#[cfg(not(any(windows, target_vendor = "apple")))]
fn tls() -> TlsConfig {
    let ring = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(ring)
        .build()
}
