//! Building a client: credentials, server, timeouts, policies.

use std::env;
use std::fmt;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use ::http::{HeaderValue, Request, Response, Uri};
use bytes::Bytes;
use dataforseo_http::{
    Cleartext, Redactor, base_url, basic_auth, certificates, is_valid_budget, redact_url,
};
use dataforseo_models::{Date, api, today};
use hyper::body::Body;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use rustls::pki_types::CertificateDer;
use secrecy::{ExposeSecret, SecretString};
use tower_layer::Layer;
use tower_service::Service;

use crate::budget::Ledger;
use crate::client::{Client, Inner};
use crate::http::connector::{AnyConnector, BoxError};
use crate::http::middleware::{HttpService, RequestBody};
use crate::http::proxy::{Credentials, Proxy, proxies};
use crate::http::transport::Transport;
use crate::http::{Network, connector, pooled};
use crate::limits::Limiter;
use crate::limits::account::AccountLimits;
use crate::observe::Observer;
use crate::prices::Prices;
use crate::request::Clock;
use crate::retry::{RetryPolicy, StandardRetryPolicy};

/// The error of settings with which no client can be built. No message contains a credential.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No credentials were set.
    #[error(
        "no credentials: call `credentials`, or set DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD and use `from_env`"
    )]
    NoCredentials,
    /// This environment variable is not set, or empty.
    #[error(
        "the environment variable {0} is not set: it contains the API login or password from https://app.dataforseo.com/api-access"
    )]
    MissingVariable(&'static str),
    /// Login or password cannot be sent with HTTP basic authentication.
    #[error("{0}")]
    Credentials(&'static str),
    /// The base URL cannot be used.
    #[error("base URL: {0}")]
    BaseUrl(String),
    /// The URL of the proxy cannot be used. The message leaves it out, as it can contain a password.
    #[error("the URL of the proxy cannot be used: expected one such as http://proxy.example:3128")]
    Proxy,
    /// This environment variable is not the URL of a proxy. The message leaves the value out, as it can
    /// contain a password.
    #[error(
        "the environment variable {0} is not the URL of a proxy: expected one such as http://proxy.example:3128; unset it, or name the server in NO_PROXY, to call without a proxy"
    )]
    ProxyVariable(&'static str),
    /// The budget is negative or NaN.
    #[error("{0} is not a budget: expected an amount of US dollars, 0 or more")]
    InvalidBudget(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
}

/// The environment variables of login and password.
const LOGIN: &str = "DATAFORSEO_LOGIN";
const PASSWORD: &str = "DATAFORSEO_PASSWORD";
/// The environment variable of another server, such as a mock server.
const BASE_URL: &str = "DATAFORSEO_BASE_URL";

/// Adds middleware to the service that sends requests.
type Wrap = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

/// A builder for a [`Client`].
///
/// Credentials are required. Every other setting has a default:
///
/// | setting | default |
/// | --- | --- |
/// | server | production, `https://api.dataforseo.com` |
/// | [`timeout`](Self::timeout) per attempt | 150 s |
/// | [`connect_timeout`](Self::connect_timeout) | 10 s |
/// | [`limiter`](Self::limiter) | [`AccountLimits::default`](crate::AccountLimits) |
/// | [`retry_policy`](Self::retry_policy) | [`StandardRetryPolicy::default`](crate::StandardRetryPolicy) |
/// | [`budget`](Self::budget) | none |
/// | [`max_response_bytes`](Self::max_response_bytes) | 256 MiB |
/// | proxy | `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` of the environment |
///
/// ```
/// # fn main() -> Result<(), dataforseo_client::ConfigError> {
/// use dataforseo_client::Client;
///
/// let client = Client::builder().credentials("login", "password").sandbox().build()?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientBuilder {
    credentials: Option<(SecretString, SecretString)>,
    base_url: String,
    allow_http: bool,
    timeout: Duration,
    connect_timeout: Duration,
    max_response_bytes: usize,
    validate: bool,
    clock: Clock,
    connector: Option<AnyConnector>,
    layers: Vec<Wrap>,
    /// `None` for the proxy of the environment.
    proxy: Option<Proxy>,
    roots: Vec<Vec<u8>>,
    limiter: Option<Arc<dyn Limiter>>,
    retry_policy: Option<Arc<dyn RetryPolicy>>,
    prices: Prices,
    budget: Option<f64>,
    observer: Option<Arc<dyn Observer>>,
    #[cfg(feature = "drift")]
    drift_watch: Option<crate::drift_watch::DriftWatch>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientBuilder")
            .field(
                "credentials",
                &self.credentials.as_ref().map(|_| "[redacted]"),
            )
            .field("base_url", &redact_url(&self.base_url))
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    pub(crate) fn new() -> Self {
        Self {
            credentials: None,
            base_url: api::PRODUCTION.to_owned(),
            allow_http: false,
            // The server ends a live call by itself; its response is worth the wait.
            timeout: api::SERVER_TIMEOUT + Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            max_response_bytes: 256 << 20,
            validate: true,
            clock: Arc::new(today),
            connector: None,
            layers: Vec::new(),
            proxy: None,
            roots: Vec::new(),
            limiter: None,
            retry_policy: None,
            prices: Prices::known(),
            budget: None,
            observer: None,
            #[cfg(feature = "drift")]
            drift_watch: None,
        }
    }

    /// Sets the API login and password. They differ from those of the web site, and are listed at
    /// <https://app.dataforseo.com/api-access>.
    pub fn credentials(mut self, login: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((login.into().into(), password.into().into()));
        self
    }

    /// Reads the credentials from `DATAFORSEO_LOGIN` and `DATAFORSEO_PASSWORD`, and the base URL from
    /// `DATAFORSEO_BASE_URL` if that is set, as `dataforseo-mock-server exec` does.
    ///
    /// # Errors
    /// When `DATAFORSEO_LOGIN` or `DATAFORSEO_PASSWORD` is not set, or is empty.
    pub fn credentials_from_env(self) -> Result<Self, ConfigError> {
        self.credentials_from(|name| env::var(name).ok())
    }

    fn credentials_from(
        self,
        look_up: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let variable = |name| {
            let value = look_up(name).filter(|value| !value.is_empty());
            value.ok_or(ConfigError::MissingVariable(name))
        };
        let this = self.credentials(variable(LOGIN)?, variable(PASSWORD)?);
        Ok(match look_up(BASE_URL).filter(|url| !url.is_empty()) {
            Some(url) => this.base_url(url),
            None => this,
        })
    }

    /// Uses the vendor's sandbox server. It is free, returns generated data, and requires real
    /// credentials.
    pub fn sandbox(self) -> Self {
        self.base_url(api::SANDBOX)
    }

    /// Sets the URL of the server, such as a mock server. Paths such as `/v3/…` are appended to it.
    /// Defaults to the production server.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Allows `http://` to a server that is not this machine, which sends credentials unencrypted.
    /// Only for a mock server in a network that you trust.
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// Sets the timeout per attempt, from connecting to the last byte of the response. Defaults to
    /// 150 s.
    ///
    /// The server ends a live call after 120 s, so a shorter timeout can lose a response that is
    /// charged. Retries and the wait for limits are not included, and neither is time in which the
    /// process stands still.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets the timeout for connecting. Defaults to 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the connector that opens connections, in place of TCP and TLS.
    ///
    /// Accepts any connector of `hyper_util`, such as one with another proxy protocol, or the mock
    /// server's, which needs no socket. The connector is then responsible for TLS, for
    /// [`connect_timeout`](Self::connect_timeout), and for not sending credentials unencrypted.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// use dataforseo_client::Client;
    /// use dataforseo_mock_server::MockServer;
    ///
    /// let mock = MockServer::in_memory();
    /// let client = Client::builder()
    ///     .credentials("login", "password")
    ///     .base_url(mock.url())
    ///     .connector(mock.connector())
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn connector<C>(mut self, connector: C) -> Self
    where
        C: Service<Uri> + Clone + Send + Sync + 'static,
        C::Response: Read + Write + Connection + Unpin + Send + 'static,
        C::Error: Into<BoxError>,
        C::Future: Send,
    {
        self.connector = Some(AnyConnector::new(connector));
        self
    }

    /// Adds middleware: a tower layer that sees the HTTP request and response of every attempt.
    ///
    /// The layer that is added last sees a request first. Limits, budget, retries and the timeout are
    /// outside: each retry passes through the layers again.
    ///
    /// The header `authorization` contains the credentials; its value is not printed by `Debug`. An
    /// error of the layer is a transport error. It counts as not sent if the body of the request was
    /// not read, otherwise as possibly charged. A response that the layer returns by itself is treated
    /// as the API's, including its cost.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// use dataforseo_client::{Client, HttpService, RequestBody};
    /// use tower_service::Service;
    ///
    /// /// Adds the department that a call belongs to.
    /// #[derive(Clone)]
    /// struct Department(HttpService);
    ///
    /// impl Service<http::Request<RequestBody>> for Department {
    ///     type Response = <HttpService as Service<http::Request<RequestBody>>>::Response;
    ///     type Error = <HttpService as Service<http::Request<RequestBody>>>::Error;
    ///     type Future = <HttpService as Service<http::Request<RequestBody>>>::Future;
    ///
    ///     fn poll_ready(
    ///         &mut self,
    ///         context: &mut std::task::Context<'_>,
    ///     ) -> std::task::Poll<Result<(), Self::Error>> {
    ///         self.0.poll_ready(context)
    ///     }
    ///
    ///     fn call(&mut self, mut request: http::Request<RequestBody>) -> Self::Future {
    ///         let department = http::HeaderValue::from_static("search");
    ///         request.headers_mut().insert("x-department", department);
    ///         self.0.call(request)
    ///     }
    /// }
    ///
    /// let client = Client::builder()
    ///     .credentials("login", "password")
    ///     .layer(tower_layer::layer_fn(Department))
    ///     .build()?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn layer<L, B>(mut self, layer: L) -> Self
    where
        L: Layer<HttpService> + Send + Sync + 'static,
        L::Service: Service<Request<RequestBody>, Response = Response<B>>,
        L::Service: Clone + Send + Sync + 'static,
        <L::Service as Service<Request<RequestBody>>>::Error: Into<BoxError>,
        <L::Service as Service<Request<RequestBody>>>::Future: Send,
        B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
    {
        let wrap = move |service: HttpService| service.wrap(&layer);
        self.layers.push(Arc::new(wrap));
        self
    }

    /// Sets the URL of an HTTP proxy, such as `http://proxy.example:3128`, with credentials if it
    /// requires them.
    ///
    /// Defaults to the environment (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`); a value that is not the URL
    /// of an HTTP proxy is an error of [`build`](Self::build). The proxy sees the name of the server and
    /// nothing else. Requests without TLS do not use the proxy.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Proxy::Url(url.into().into()));
        self
    }

    /// Disables proxies, including those of the environment variables.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Some(Proxy::None);
        self
    }

    /// Adds trusted certificates, as PEM text: for a company's own certificate authority, for a proxy that
    /// inspects TLS, or for a server with a self-signed certificate.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Sets the limiter that keeps the account's rate limits. Defaults to
    /// [`AccountLimits::default`](crate::AccountLimits).
    ///
    /// Clones of a client share its limiter. Clients that are built separately for one account do
    /// not, so pass the same limiter to each of them.
    pub fn limiter(mut self, limiter: Arc<dyn Limiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sets the policy that decides which failed calls are retried. Defaults to
    /// [`StandardRetryPolicy::default`](crate::StandardRetryPolicy).
    /// [`NeverRetry`](crate::NeverRetry) disables retries.
    pub fn retry_policy(mut self, policy: impl RetryPolicy + 'static) -> Self {
        self.retry_policy = Some(Arc::new(policy));
        self
    }

    /// Sets the prices for estimates. Defaults to [`Prices::known`].
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// Sets a budget in US dollars. Defaults to none.
    ///
    /// A call whose estimate exceeds the rest of the budget is not sent:
    /// [`ErrorKind::BudgetExceeded`](crate::ErrorKind). The estimates of calls in flight count as
    /// spent, and so do those of calls that may have been charged. The actual cost can differ from the
    /// estimate, so the costs can exceed the budget by the difference. For an endpoint without a price the
    /// estimate is 0: see [`Prices`].
    pub fn budget(mut self, us_dollars: f64) -> Self {
        self.budget = Some(us_dollars);
        self
    }

    /// Sets a callback for metrics, which runs after each attempt. Defaults to none.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Sets a watch that compares a sample of the responses with the documentation. Defaults to none.
    /// Several clients can share a watch.
    #[cfg(feature = "drift")]
    pub fn drift_watch(mut self, watch: crate::drift_watch::DriftWatch) -> Self {
        self.drift_watch = Some(watch);
        self
    }

    /// Sets the maximum size of a response after decompression, in bytes. Defaults to 256 MiB.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends tasks that break documented limits, too. By default they are not sent.
    ///
    /// For limits that the API has changed since this version of the crate.
    pub fn without_validation(mut self) -> Self {
        self.validate = false;
        self
    }

    /// Sets the source of the current date, for limits that depend on it. Defaults to today in UTC.
    pub fn clock(mut self, clock: impl Fn() -> Date + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the client. Nothing is sent.
    ///
    /// # Errors
    /// When credentials are missing or cannot be sent, or when the base URL, the proxy, a certificate
    /// or the budget cannot be used.
    pub fn build(self) -> Result<Client, ConfigError> {
        let (login, password) = self
            .credentials
            .as_ref()
            .ok_or(ConfigError::NoCredentials)?;
        let authorization = authorization(login, password)?;
        let cleartext = if self.allow_http {
            Cleartext::Allowed
        } else {
            Cleartext::LoopbackOnly
        };
        let base = base_url(&self.base_url, cleartext)
            .map_err(|error| ConfigError::BaseUrl(error.to_string()))?;
        if let Some(budget) = self.budget.filter(|budget| !is_valid_budget(*budget)) {
            return Err(ConfigError::InvalidBudget(budget.to_string()));
        }
        let mut redactor =
            Redactor::default().with(login.expose_secret(), password.expose_secret());
        let connector = match self.connector {
            Some(connector) => connector,
            None => {
                let proxies = proxies(self.proxy.as_ref(), &base, |name| env::var(name).ok())?;
                if let Some(Credentials { user, password }) = proxies.credentials {
                    redactor = redactor.with(&user, &password);
                }
                connector(Network {
                    connect_timeout: self.connect_timeout,
                    proxies: proxies.matcher,
                    roots: roots(&self.roots)?,
                })
                .map_err(|error| ConfigError::Tls(error.to_string()))?
            }
        };
        let wrap = |service, layer: &Wrap| layer(service);
        let http = self.layers.iter().fold(pooled(connector), wrap);
        let transport = Transport::new(
            base,
            authorization,
            self.timeout,
            self.max_response_bytes,
            http,
        );
        let limiter = self
            .limiter
            .unwrap_or_else(|| Arc::new(AccountLimits::default()));
        limiter.on_client(self.timeout);
        let inner = Inner {
            transport,
            redactor,
            validation: self.validate.then_some(self.clock),
            limiter,
            retry_policy: self
                .retry_policy
                .unwrap_or_else(|| Arc::new(StandardRetryPolicy::default())),
            prices: RwLock::new(self.prices),
            observer: self.observer,
            #[cfg(feature = "drift")]
            drift_watch: self.drift_watch,
        };
        Ok(Client::new(inner, Ledger::new(self.budget)))
    }
}

fn roots(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let mut all = Vec::new();
    for pem in pems {
        all.extend(certificates(pem).map_err(|error| ConfigError::Tls(error.to_string()))?);
    }
    Ok(all)
}

/// Returns the value of the `Authorization` header, which `Debug` does not print.
fn authorization(
    login: &SecretString,
    password: &SecretString,
) -> Result<HeaderValue, ConfigError> {
    let (login, password) = (login.expose_secret(), password.expose_secret());
    if login.is_empty() || password.is_empty() {
        return Err(ConfigError::Credentials(
            "login and password must not be empty",
        ));
    }
    if login.contains(':') {
        return Err(ConfigError::Credentials(
            "the login must not contain a colon, which HTTP basic authentication cannot send",
        ));
    }
    basic_auth(&format!("{login}:{password}"))
        .map_err(|_| ConfigError::Credentials("login or password cannot be sent in an HTTP header"))
}

#[cfg(test)]
mod tests {
    use super::{BASE_URL, ClientBuilder, ConfigError, LOGIN, PASSWORD};

    #[test]
    fn credentials_come_from_both_variables() {
        let with = |login: Option<&str>, password: Option<&str>| {
            let (login, password) = (login.map(str::to_owned), password.map(str::to_owned));
            let look_up = move |name: &str| match name {
                LOGIN => login.clone(),
                PASSWORD => password.clone(),
                BASE_URL => None,
                other => panic!("unexpected variable {other}"),
            };
            ClientBuilder::new().credentials_from(look_up)
        };
        assert!(with(Some("l"), Some("p")).unwrap().build().is_ok());
        for (login, password, missing) in [
            (None, Some("p"), LOGIN),
            (Some("l"), None, PASSWORD),
            (Some("l"), Some(""), PASSWORD),
        ] {
            let error = with(login, password).expect_err("missing");
            assert_eq!(error, ConfigError::MissingVariable(missing));
            assert!(error.to_string().contains(missing));
        }
    }
}
