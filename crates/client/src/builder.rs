//! Making a client: credentials, server, timeout.

use std::env;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderValue, Request, Response, Uri};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dataforseo_models::{Date, api, today};
use hyper::body::Body;
use hyper::rt::{Read, Write};
use hyper_util::client::legacy::connect::Connection;
use hyper_util::client::proxy::matcher::Matcher;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretString};
use tower_layer::Layer;
use tower_service::Service;

use crate::budget::{Ledger, Prices};
use crate::client::{Client, Inner};
use crate::http::connector::{BoxError, Connector};
use crate::http::middleware::{HttpService, RequestBody};
use crate::http::transport::{Network, Transport, pooled, tcp_and_tls};
use crate::limits::Limiter;
use crate::limits::account::AccountLimits;
use crate::observe::Observer;
use crate::retry::{RetryPolicy, StandardRetryPolicy};

/// Why no client could be made. No message has a credential in it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConfigError {
    /// No credentials were given.
    #[error(
        "no credentials: call `credentials`, or set DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD and use `from_env`"
    )]
    NoCredentials,
    /// An environment variable is not set, or empty.
    #[error(
        "the environment variable {0} is not set: it takes the API login or password of https://app.dataforseo.com/api-access"
    )]
    MissingVariable(&'static str),
    /// Login or password cannot be sent by HTTP Basic.
    #[error("{0}")]
    Credentials(&'static str),
    /// The base URL cannot be used.
    #[error("base URL: {0}")]
    BaseUrl(String),
    /// The URL of the proxy cannot be used. It is not in the message: it can hold a password.
    #[error("the URL of the proxy cannot be used: expected one such as http://proxy.example:3128")]
    Proxy,
    /// What may be spent is no amount of money.
    #[error("{0} is no amount of money")]
    InvalidBudget(String),
    /// TLS cannot be set up.
    #[error("TLS: {0}")]
    Tls(String),
}

/// Login and password for the API.
const LOGIN: &str = "DATAFORSEO_LOGIN";
const PASSWORD: &str = "DATAFORSEO_PASSWORD";
/// Another server, such as a mock server.
const BASE_URL: &str = "DATAFORSEO_BASE_URL";

/// How a client says what day it is, for limits that move with the day.
pub(crate) type Clock = Arc<dyn Fn() -> Date + Send + Sync>;

/// Puts a layer around what sends.
type Wrap = Arc<dyn Fn(HttpService) -> HttpService + Send + Sync>;

/// Makes a [`Client`].
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
    connector: Option<Connector>,
    layers: Vec<Wrap>,
    /// `None` for what the environment says.
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
            .field("base_url", &without_secrets(&self.base_url))
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
            // The server gives a live call up by itself; the answer to that is worth waiting for.
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

    /// The API login and password, which are not those of the web site.
    pub fn credentials(mut self, login: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials = Some((login.into().into(), password.into().into()));
        self
    }

    /// Takes the credentials from `DATAFORSEO_LOGIN` and `DATAFORSEO_PASSWORD`; and the base URL
    /// from `DATAFORSEO_BASE_URL`, if that is set, as `dataforseo-mock-server exec` does.
    ///
    /// # Errors
    /// When one of them is not set, or empty.
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

    /// Calls the sandbox: free, invented data, real credentials.
    pub fn sandbox(self) -> Self {
        self.base_url(api::SANDBOX)
    }

    /// Calls another server, such as the mock server. Paths begin behind it: `/v3/…`.
    pub fn base_url(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// Lets credentials go over `http://` to a server that is not this machine. Only for a mock
    /// server in a network that you trust.
    pub fn allow_http(mut self) -> Self {
        self.allow_http = true;
        self
    }

    /// How long a call may take in all; 150 s unless set. The server itself gives a live call up
    /// after 120 s, so a shorter timeout can lose an answer that is paid for.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting may take; 10 s unless set.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Opens connections with this in the place of TCP and TLS: any connector of `hyper_util`, such
    /// as one through a proxy, or the mock server's own, which needs no socket. TLS and
    /// [`connect_timeout`](Self::connect_timeout) are its own affair then, and so is whether
    /// credentials travel in the clear.
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
        self.connector = Some(Connector::new(connector));
        self
    }

    /// Puts middleware around each exchange over HTTP: a tower layer, which sees each attempt as it is
    /// sent, and its answer as it arrives. The one that is added last sees a request first. Limits,
    /// money, repeats and the timeout stay outside: each repeat comes through here again.
    ///
    /// The request has the credentials in its header `authorization`; the value does not show
    /// itself in `Debug`. An error of the layer counts as one of the transport: as not sent if
    /// nobody read the request's body until then, else as perhaps charged. An answer that the layer
    /// gives by itself is taken as the API's, with what it says of its cost.
    ///
    /// ```
    /// # fn main() -> Result<(), dataforseo_client::ConfigError> {
    /// use dataforseo_client::{Client, HttpService, RequestBody};
    /// use tower_service::Service;
    ///
    /// /// Says to which department a call belongs.
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

    /// Goes through the HTTP proxy at this URL, such as `http://proxy.example:3128`, with the
    /// credentials that are in it, if any. Unless this or [`no_proxy`](Self::no_proxy) is called,
    /// the environment says (`HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`). The proxy sees the name of the
    /// server and nothing more; calls that are not encrypted do not go through it.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(Proxy::At(url.into().into()));
        self
    }

    /// Goes through no proxy, whatever the environment says.
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Some(Proxy::None);
        self
    }

    /// Trusts the certificates in this PEM file's text, too: for a company's own authority, or for
    /// a proxy that looks into TLS.
    pub fn root_certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Keeps the account's limits by this; by [`AccountLimits::default`](crate::AccountLimits)
    /// unless set. Give the same one to all clients that use the account.
    pub fn limiter(mut self, limiter: Arc<dyn Limiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Sends calls that failed again by this policy; by [`StandardRetryPolicy::default`](crate::StandardRetryPolicy) unless
    /// set. [`NeverRetry`](crate::NeverRetry) sends each call once.
    pub fn retry_policy(mut self, policy: impl RetryPolicy + 'static) -> Self {
        self.retry_policy = Some(Arc::new(policy));
        self
    }

    /// Estimates calls by these prices; by those that this version knows unless set.
    pub fn prices(mut self, prices: Prices) -> Self {
        self.prices = prices;
        self
    }

    /// Refuses a call before it is sent when it would go beyond so many US dollars, by what was
    /// spent and by the estimates of what is under way. What the API charges may differ from the
    /// estimate, so the sum can pass it by that much. No limit unless set.
    pub fn budget(mut self, us_dollars: f64) -> Self {
        self.budget = Some(us_dollars);
        self
    }

    /// Tells this of each attempt at a call.
    pub fn observer(mut self, observer: impl Observer + 'static) -> Self {
        self.observer = Some(Arc::new(observer));
        self
    }

    /// Looks at some of the answers for what is not as documented. Several clients can share a watch.
    #[cfg(feature = "drift")]
    pub fn drift_watch(mut self, watch: crate::drift_watch::DriftWatch) -> Self {
        self.drift_watch = Some(watch);
        self
    }

    /// How large an answer may be after decompression; 256 MiB unless set.
    pub fn max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sends tasks that break documented limits too. For the day on which the API allows more
    /// than this version knows.
    pub fn without_validation(mut self) -> Self {
        self.validate = false;
        self
    }

    /// Says what day it is, for limits that move with the day. Today's date in UTC unless set.
    pub fn clock(mut self, clock: impl Fn() -> Date + Send + Sync + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// When credentials are missing, or cannot be sent, or the base URL cannot be used.
    pub fn build(self) -> Result<Client, ConfigError> {
        let (login, password) = self
            .credentials
            .as_ref()
            .ok_or(ConfigError::NoCredentials)?;
        let authorization = basic(login, password)?;
        let base = base(&self.base_url, self.allow_http)?;
        let connector = match self.connector {
            Some(connector) => connector,
            None => tcp_and_tls(Network {
                connect_timeout: self.connect_timeout,
                proxies: proxies(self.proxy.as_ref())?,
                roots: certificates(&self.roots)?,
            })
            .map_err(|error| ConfigError::Tls(error.to_string()))?,
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
        if let Some(max) = self.budget.filter(|max| max.is_nan() || *max < 0.0) {
            return Err(ConfigError::InvalidBudget(max.to_string()));
        }
        let inner = Inner {
            transport,
            validation: self.validate.then_some(self.clock),
            limiter: self
                .limiter
                .unwrap_or_else(|| Arc::new(AccountLimits::default())),
            retry_policy: self
                .retry_policy
                .unwrap_or_else(|| Arc::new(StandardRetryPolicy::default())),
            prices: self.prices,
            observer: self.observer,
            #[cfg(feature = "drift")]
            drift_watch: self.drift_watch,
        };
        Ok(Client::new(inner, Ledger::new(self.budget)))
    }
}

/// How to get out.
#[derive(Clone)]
enum Proxy {
    None,
    /// Its URL, which can hold a password.
    At(SecretString),
}

fn proxies(proxy: Option<&Proxy>) -> Result<Matcher, ConfigError> {
    let url = match proxy {
        None => return Ok(Matcher::from_env()),
        Some(Proxy::None) => return Ok(Matcher::builder().build()),
        Some(Proxy::At(url)) => url.expose_secret(),
    };
    let uri = url.parse::<Uri>().ok();
    if uri.as_ref().and_then(Uri::scheme_str) != Some("http") {
        return Err(ConfigError::Proxy);
    }
    Ok(Matcher::builder().all(url).build())
}

fn certificates(pems: &[Vec<u8>]) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let mut all = Vec::new();
    for pem in pems {
        let before = all.len();
        for certificate in CertificateDer::pem_slice_iter(pem) {
            let certificate = certificate.map_err(|error| ConfigError::Tls(error.to_string()))?;
            all.push(certificate);
        }
        if all.len() == before {
            let reason = "there is no certificate in the PEM text";
            return Err(ConfigError::Tls(reason.to_owned()));
        }
    }
    Ok(all)
}

/// The value of the `Authorization` header, marked so that no `Debug` prints it.
fn basic(login: &SecretString, password: &SecretString) -> Result<HeaderValue, ConfigError> {
    let (login, password) = (login.expose_secret(), password.expose_secret());
    if login.is_empty() || password.is_empty() {
        return Err(ConfigError::Credentials(
            "login and password must not be empty",
        ));
    }
    if login.contains(':') {
        return Err(ConfigError::Credentials(
            "HTTP Basic cannot send a login with a colon",
        ));
    }
    let encoded = STANDARD.encode(format!("{login}:{password}"));
    let mut value = HeaderValue::try_from(format!("Basic {encoded}"))
        .map_err(|_| ConfigError::Credentials("login or password cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Checks a base URL and takes the slash off its end.
fn base(url: &str, allow_http: bool) -> Result<String, ConfigError> {
    let refuse = |reason: &str| {
        Err(ConfigError::BaseUrl(format!(
            "`{}` {reason}",
            without_secrets(url)
        )))
    };
    let trimmed = url.trim_end_matches('/');
    let Ok(uri) = trimmed.parse::<Uri>() else {
        return refuse("is no URL; expected one such as https://api.dataforseo.com");
    };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return refuse("is not complete; expected one such as https://api.dataforseo.com");
    };
    if authority.as_str().contains('@') {
        return refuse("holds credentials; give them to `credentials` instead");
    }
    if uri.query().is_some() || url.contains('#') {
        return refuse("has a query or a fragment; expected scheme, host, and at most a path");
    }
    if uri.path().trim_end_matches('/').ends_with("/v3") {
        return refuse("ends in `/v3`, which every path begins with: leave it out");
    }
    match scheme {
        "https" => {}
        "http" if allow_http || is_this_machine(authority.host()) => {}
        "http" => {
            return refuse(
                "would send the credentials unencrypted; use https, or `allow_http` for a mock server",
            );
        }
        _ => return refuse("has a scheme that is neither https nor http"),
    }
    Ok(trimmed.to_owned())
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A URL without what can hold a secret, for messages: what stands in front of an `@`, and the
/// query.
fn without_secrets(url: &str) -> String {
    let (url, query) = match url.split_once('?') {
        Some((url, _)) => (url, "?[redacted]"),
        None => (url, ""),
    };
    let url = match url.rsplit_once('@') {
        Some((before, host)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://[redacted]@{host}")
        }
        None => url.to_owned(),
    };
    url + query
}

#[cfg(test)]
mod tests {
    use super::{BASE_URL, ClientBuilder, ConfigError, LOGIN, PASSWORD, basic};

    #[test]
    fn credentials_come_from_both_variables() {
        let with = |login: Option<&str>, password: Option<&str>| {
            let (login, password) = (login.map(str::to_owned), password.map(str::to_owned));
            let look_up = move |name: &str| match name {
                LOGIN => login.clone(),
                PASSWORD => password.clone(),
                BASE_URL => None,
                other => panic!("asked for {other}"),
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

    #[test]
    fn the_version_is_not_part_of_the_base() {
        for url in ["https://x.example/v3", "https://x.example/proxy/v3//"] {
            let error = super::base(url, false).unwrap_err().to_string();
            assert!(error.contains("leave it out"), "{error}");
        }
        assert!(super::base("https://x.example/v3/proxy", false).is_ok());
        assert!(super::base("https://v3/", false).is_ok());
    }

    /// No type prints the header; should one ever do, the value itself does not.
    #[test]
    fn the_header_does_not_print_itself() {
        let header = basic(&"login".to_owned().into(), &"password".to_owned().into()).unwrap();
        assert_eq!(header, "Basic bG9naW46cGFzc3dvcmQ=");
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
