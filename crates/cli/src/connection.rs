//! The options that select the server, and the client for it.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dataforseo_client::models::api;
use dataforseo_client::{Client, ClientBuilder, ConfigError, NeverRetry, NoLimits};
use dataforseo_mock_server::{MockServer, OnMiss};

use crate::exit::{CliError, of_error};
use crate::limits::{LimitOptions, REDIS_TIMEOUT, SharedLimits};
use crate::output::note;

/// The environment variables with the credentials. There is no flag for them, as other users of the
/// machine can see the arguments of a program.
pub(crate) const CREDENTIALS: [&str; 2] = ["DATAFORSEO_LOGIN", "DATAFORSEO_PASSWORD"];

/// The environment variable with the base URL of another server.
pub(crate) const BASE_URL: &str = "DATAFORSEO_BASE_URL";

// No doc comment: clap would use it as the description of the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct Connection {
    /// Use the built-in mock server instead of the API: no network, no credentials, no cost. Its
    /// responses are generated.
    #[arg(long, global = true)]
    pub(crate) mock: bool,
    /// Use the sandbox of the API: no cost, generated data, real credentials.
    #[arg(long, global = true)]
    pub(crate) sandbox: bool,
    /// Use another server. DATAFORSEO_BASE_URL sets it, too. Paths such as /v3/… are appended.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Allow credentials to be sent over http:// to another machine.
    #[arg(long, global = true)]
    pub(crate) allow_http: bool,
    /// Trust the certificates in this PEM file as well: for a proxy that intercepts TLS.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Total timeout per call in seconds. Defaults to 150. The API itself gives up after 120 s: a
    /// shorter timeout can lose a response that is charged.
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: Option<u64>,
    /// Send each call once. By default, calls that failed without a charge are retried.
    #[arg(long, global = true)]
    pub(crate) no_retries: bool,
    /// Load the prices and rates of the account first, with a free call. Estimates and limits then
    /// follow them. By default, they are those of one account on the day that `Cost` in the help of an
    /// endpoint names.
    #[arg(long, global = true)]
    pub(crate) account_rates: bool,
    #[command(flatten)]
    pub(crate) limits: LimitOptions,
}

/// The credentials that a client needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credentials {
    /// Those of the environment, which must be set.
    Required,
    /// None, as nothing will be sent.
    Unused,
}

/// The settings of a client. They own the mock server.
pub(crate) struct ClientSetup {
    pub(crate) builder: ClientBuilder,
    /// The base URL of the server.
    pub(crate) base_url: String,
    limits: SharedLimits,
    _mock: Option<MockServer>,
}

impl Connection {
    /// Returns the settings of a client for the selected server.
    pub(crate) fn setup(&self, credentials: Credentials) -> Result<ClientSetup, CliError> {
        self.setup_with(credentials, REDIS_TIMEOUT)
    }

    /// Returns the settings of a client for the selected server, which waits for Redis for at most
    /// `redis_timeout`.
    pub(crate) fn setup_with(
        &self,
        credentials: Credentials,
        redis_timeout: Duration,
    ) -> Result<ClientSetup, CliError> {
        let others = [self.sandbox, self.base_url.is_some(), self.mock];
        if others.into_iter().filter(|given| *given).count() > 1 {
            let reason =
                "--mock, --sandbox and --base-url select different servers: give one of them";
            return Err(CliError::usage(reason));
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
            let wrong = |error| CliError::usage(format!("--ca-file {}: {error}", file.display()));
            builder = builder.root_certificates(pem.map_err(wrong)?);
        }
        if self.mock {
            return mock_setup(builder);
        }
        builder = match credentials {
            Credentials::Required => builder.credentials_from_env()?,
            Credentials::Unused => builder.credentials("-", "-"),
        };
        let base_url = self.url();
        let limits = match credentials {
            Credentials::Required => {
                let login = variable(CREDENTIALS[0]).unwrap_or_default();
                self.limits.open(&base_url, &login, redis_timeout)?
            }
            Credentials::Unused => SharedLimits::Process,
        };
        Ok(ClientSetup {
            builder: builder.base_url(&base_url).limiter(limits.limiter()),
            base_url,
            limits,
            _mock: None,
        })
    }

    /// Loads the prices and rates of the account into a client, if the options request it.
    pub(crate) async fn load_rates(&self, client: &Client) -> Result<(), CliError> {
        if !self.account_rates {
            return Ok(());
        }
        let loaded = client.load_account_rates().await;
        let rates = loaded.map_err(|error| {
            let message = format!("--account-rates: {}", error.display_chain());
            CliError::new(of_error(&error), message)
        })?;
        if !rates.unread.is_empty() {
            // The names are the server's, so they are not shown.
            note(format!(
                "warning: {} prices or rates of the account are missing or have an unknown form: those of \
                 this program apply",
                rates.unread.len()
            ));
        }
        Ok(())
    }

    /// Returns the base URL of a server other than the mock.
    fn url(&self) -> String {
        match &self.base_url {
            Some(url) => url.clone(),
            None if self.sandbox => api::SANDBOX.to_owned(),
            None => variable(BASE_URL).unwrap_or_else(|| api::PRODUCTION.to_owned()),
        }
    }
}

/// Starts the mock server in memory.
fn mock_setup(builder: ClientBuilder) -> Result<ClientSetup, CliError> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory();
    let mock = mock.map_err(CliError::unexpected)?;
    note("using the built-in mock server, not the API");
    Ok(ClientSetup {
        builder: builder
            .credentials("mock", "mock")
            .limiter(Arc::new(NoLimits))
            .base_url(mock.url())
            .connector(mock.connector()),
        base_url: mock.url(),
        limits: SharedLimits::Process,
        _mock: Some(mock),
    })
}

impl ClientSetup {
    /// Builds the client.
    pub(crate) fn build(&self) -> Result<Client, ConfigError> {
        self.builder.clone().build()
    }

    /// Releases what the calls of the client hold, before the program ends.
    pub(crate) async fn finish(&self) {
        self.limits.flush().await;
    }
}

/// Returns an environment variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
