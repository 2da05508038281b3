//! The options that say whom the program talks to, and the client that follows from them.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dataforseo_client::models::api;
use dataforseo_client::{Client, ClientBuilder, ConfigError, NeverRetry, NoLimits};
use dataforseo_mock_server::{MockServer, OnMiss};

use crate::exit::Failure;
use crate::output::tell;

/// The variables with the credentials. There is no flag for them: others on the machine see the
/// arguments of a program.
pub(crate) const CREDENTIALS: [&str; 2] = ["DATAFORSEO_LOGIN", "DATAFORSEO_PASSWORD"];

/// Another server.
pub(crate) const BASE_URL: &str = "DATAFORSEO_BASE_URL";

#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Ask the built-in mock instead of the API: no network, no credentials, no money. What it
    /// answers is made up.
    #[arg(long, global = true)]
    pub(crate) mock: bool,
    /// Ask the sandbox: free, invented data, real credentials.
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// Ask another server; DATAFORSEO_BASE_URL does the same. Paths begin behind it: /v3/…
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Let credentials go over http:// to a server that is not this machine.
    #[arg(long, global = true)]
    pub(crate) allow_http: bool,
    /// Trust the certificates in this PEM file, too: for a proxy that looks into TLS.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Give a call up after so many seconds, 150 unless given. The API itself gives up after 120:
    /// less can lose an answer that is paid for.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,
    /// Send a call once, even if it failed without being charged.
    #[arg(long, global = true)]
    pub(crate) no_retries: bool,
}

/// Whose credentials a client has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Those of the environment, which must be there.
    Needed,
    /// None: nothing will be sent.
    Unused,
}

/// The beginnings of a client. The mock lives as long as this.
pub(crate) struct Opened {
    pub(crate) builder: ClientBuilder,
    /// Where requests go.
    pub(crate) base_url: String,
    _mock: Option<MockServer>,
}

impl Connection {
    /// Begins to make a client.
    pub(crate) fn open(&self, credentials: Credentials) -> Result<Opened, Failure> {
        let others = [self.sandbox, self.base_url.is_some(), self.mock];
        if others.into_iter().filter(|given| *given).count() > 1 {
            let reason = "--mock, --sandbox and --base-url name three servers: give one of them";
            return Err(Failure::usage(reason));
        }
        let mut builder = Client::builder();
        if let Some(seconds) = self.timeout {
            builder = builder.timeout(Duration::from_secs(seconds));
        }
        if self.no_retries {
            builder = builder.retry_policy(NeverRetry);
        }
        if self.allow_http {
            builder = builder.allow_http();
        }
        if let Some(file) = &self.ca_file {
            let pem = fs::read(file);
            let wrong = |error| Failure::usage(format!("--ca-file {}: {error}", file.display()));
            builder = builder.root_certificates(pem.map_err(wrong)?);
        }
        if self.mock {
            return mocked(builder);
        }
        builder = match credentials {
            Credentials::Needed => builder.credentials_from_env()?,
            Credentials::Unused => builder.credentials("-", "-"),
        };
        let base_url = self.url();
        Ok(Opened {
            builder: builder.base_url(&base_url),
            base_url,
            _mock: None,
        })
    }

    /// The base URL, if it is not the mock's.
    fn url(&self) -> String {
        match &self.base_url {
            Some(url) => url.clone(),
            None if self.sandbox => api::SANDBOX.to_owned(),
            None => variable(BASE_URL).unwrap_or_else(|| api::PRODUCTION.to_owned()),
        }
    }
}

fn mocked(builder: ClientBuilder) -> Result<Opened, Failure> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory();
    let mock = mock.map_err(Failure::unexpected)?;
    tell("the built-in mock answers, not the API");
    Ok(Opened {
        builder: builder
            .credentials("mock", "mock")
            .limiter(Arc::new(NoLimits))
            .base_url(mock.url())
            .connector(mock.connector()),
        base_url: mock.url(),
        _mock: Some(mock),
    })
}

impl Opened {
    /// Makes the client as it is.
    pub(crate) fn client(&self) -> Result<Client, ConfigError> {
        self.builder.clone().build()
    }
}

/// A variable of the environment that is not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
