//! Recording: sends requests to the real API and keeps the responses as fixtures without secrets.

mod budget;
mod entities;
mod fixture_file;
mod readings;
mod sanitize;
mod secrets;
mod upstream;

use std::collections::HashMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use dataforseo_http::decode_basic_auth;
use dataforseo_models::{Method, RawEnvelope, StatusClass, StatusCode, today};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;

pub(crate) use self::budget::Budget;
use self::fixture_file::{ManualParts, file_name, fixture_text, write_atomically};
use self::sanitize::check_json;
pub(crate) use self::sanitize::{Clean, Exchange, Sanitizer};
use self::secrets::Searched;
pub(crate) use self::secrets::Secrets;
pub use self::upstream::Upstream;
pub(crate) use self::upstream::{UpstreamClient, UpstreamResponse};
use crate::endpoints::{self, EndpointIndex, did_you_mean};
use crate::fixtures::{Embedded, Fixture, FixtureError, LookupKey, Store, fixture_files};
use crate::matching::MatchRule;
use crate::redact::Raw;
use crate::replay::MockResponse;
use crate::session::Session;

/// The response headers that a fixture keeps.
const KEPT_HEADERS: [&str; 3] = ["content-type", "retry-after", "www-authenticate"];

/// The settings of a recording: which upstream, into which folder, for how much money.
///
/// A server with these settings sends each request that matches no fixture of the folder to the
/// upstream. It returns the upstream's response to the caller and writes it into the folder as a
/// fixture. Credentials, account data and e-mail addresses are replaced before anything is written.
///
/// Pass it to [`Builder::record`](crate::Builder::record).
///
/// ```
/// use dataforseo_mock_server::{MockServer, Record, Upstream};
///
/// let mock = MockServer::builder().record(Record::to("fixtures").upstream(Upstream::Sandbox));
/// ```
#[derive(Clone)]
#[must_use]
pub struct Record {
    folder: PathBuf,
    upstream: Upstream,
    credentials: Option<String>,
    budget: Option<f64>,
    allow_network: bool,
    scope: Scope,
    report: Option<ReportRecord>,
}

/// Which requests go to the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those without a fixture.
    Missing,
    /// All of them.
    All,
}

type ReportRecord = Arc<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("folder", &self.folder)
            .field("upstream", &self.upstream)
            .field("budget", &self.budget)
            .finish_non_exhaustive()
    }
}

/// The error of a recording that cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The environment variable `CI` is set, and [`Record::allow_network`] was not called.
    ///
    /// A CI job should neither depend on the network nor cost money.
    #[error(
        "the environment variable CI is set, so recording is off: `--allow-network` turns it on"
    )]
    InCi,
    /// The upstream is the live API, and no [`Record::budget`] is set.
    #[error(
        "the live API costs money: set a budget in US dollars (`--budget`), or record from the sandbox"
    )]
    NoBudget,
    /// The budget is negative or not a finite number.
    #[error("the budget {0} is not an amount of money: expected 0 or more US dollars")]
    InvalidBudget(f64),
    /// The upstream cannot be used, for example because its URL would send credentials
    /// unencrypted.
    #[error("{0}")]
    Upstream(String),
    /// A server that records has no credentials to accept.
    ///
    /// Without them, every program and every web page could spend the account's money.
    #[error(
        "a recorder accepts only the credentials that it was started with: set DATAFORSEO_LOGIN and \
         DATAFORSEO_PASSWORD, `--auth`, or a token (`--token`); in Rust, `Record::credentials`, \
         `Builder::auth` or `Builder::token`"
    )]
    NoCredentials,
    /// The credentials cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// A fixture in the folder cannot be read.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The folder cannot be created.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The error of the file system.
        source: std::io::Error,
    },
}

impl Record {
    /// Returns settings that write fixtures into this folder, which is created if needed.
    ///
    /// By default the upstream is the sandbox, and requests keep the credentials of their caller,
    /// which are those of [`Builder::auth`](crate::Builder::auth).
    pub fn to(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            upstream: Upstream::Sandbox,
            credentials: None,
            budget: None,
            allow_network: false,
            scope: Scope::Missing,
            report: None,
        }
    }

    /// Sets the server to record from. Defaults to [`Upstream::Sandbox`].
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = upstream;
        self
    }

    /// Sets the credentials for the upstream, as `login:password`. Defaults to those of each
    /// caller.
    ///
    /// Callers must have them, too, unless [`Builder::auth`](crate::Builder::auth) sets others.
    pub fn credentials(mut self, credentials: impl Into<String>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Sets the maximum cost of the recording, in US dollars. Unlimited by default, but required
    /// for [`Upstream::Live`].
    ///
    /// A request is refused if its estimated cost would exceed the budget. The estimate is the
    /// documented price or the highest cost per task so far. In a section without a documented
    /// price the first call can exceed the budget.
    pub fn budget(mut self, us_dollars: f64) -> Self {
        self.budget = Some(us_dollars);
        self
    }

    pub(crate) fn own_credentials(&self) -> Option<&str> {
        self.credentials.as_deref()
    }

    /// Allows recording where the environment variable `CI` is set.
    pub fn allow_network(mut self) -> Self {
        self.allow_network = true;
        self
    }

    /// Sends every request to the upstream, including those that match a fixture, whose files are
    /// rewritten. By default only requests without a fixture are sent.
    pub fn refresh(mut self) -> Self {
        self.scope = Scope::All;
        self
    }

    /// Sets a callback that runs after each request, with one line about the outcome, such as
    /// `POST /v3/…: recorded as FILE`.
    pub fn report(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }
}

/// Returns whether this is a CI job.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Records exchanges into a folder.
pub(crate) struct Recorder {
    record: Record,
    client: UpstreamClient,
    authorization: Option<HeaderValue>,
    /// Held for a whole exchange: pseudonyms and costs depend on the order of calls.
    state: Mutex<State>,
}

struct State {
    sanitizer: Sanitizer,
    /// The fixtures of the folder.
    known: Store,
    /// The exchanges recorded so far, by the key of the request.
    written: HashMap<String, Vec<Clean<Exchange>>>,
    budget: Budget,
}

/// A request as it arrives.
pub(crate) struct IncomingRequest<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) authorization: Option<&'a HeaderValue>,
    pub(crate) body: &'a Bytes,
}

/// A request whose response can be recorded.
struct RecordableRequest {
    endpoint: EndpointIndex,
    method: &'static str,
    path: String,
    /// Null for a GET.
    tasks: Value,
    /// The body as it was sent; `None` for a GET.
    text: Option<String>,
    authorization: HeaderValue,
    secrets: Secrets,
}

impl Recorder {
    pub(crate) fn new(record: Record) -> Result<Self, RecordError> {
        if in_ci() && !record.allow_network {
            return Err(RecordError::InCi);
        }
        let budget = budget_for(&record.upstream, record.budget)?;
        let authorization = match &record.credentials {
            None => None,
            Some(credentials) => {
                Secrets::of(credentials).map_err(RecordError::Credentials)?;
                Some(basic_auth(credentials)?)
            }
        };
        let client = UpstreamClient::new(&record.upstream).map_err(RecordError::Upstream)?;
        let folder = &record.folder;
        fs::create_dir_all(folder).map_err(|source| RecordError::Folder {
            path: folder.clone(),
            source,
        })?;
        let mut known = Store::new(Embedded::Excluded);
        for file in fixture_files(folder)? {
            known.add(Fixture::read_file(&file)?)?;
        }
        let state = State {
            sanitizer: Sanitizer::default(),
            known,
            written: HashMap::new(),
            budget,
        };
        Ok(Self {
            record,
            client,
            authorization,
            state: Mutex::new(state),
        })
    }

    /// Returns whether requests with a fixture go to the upstream, too.
    pub(crate) fn refreshes(&self) -> bool {
        self.record.scope == Scope::All
    }

    fn report(&self, line: &str) {
        if let Some(report) = &self.record.report {
            report(line);
        }
    }

    /// Waits until no exchange is in progress.
    pub(crate) async fn idle(&self) {
        drop(self.state.lock().await);
    }

    /// Sends a request to the upstream, records the response and returns it unchanged.
    ///
    /// A response that cannot be recorded is returned all the same, as it may have been charged.
    /// For the same reason the exchange is completed even if the caller gives up. `session` holds
    /// the positions in sequences of the folder's fixtures.
    pub(crate) async fn respond(
        self: &Arc<Self>,
        session: &Arc<Session>,
        request: &IncomingRequest<'_>,
    ) -> MockResponse {
        let recordable = match self.check(request) {
            Ok(recordable) => recordable,
            Err(reason) => {
                let detail = format!("not sent: {reason}");
                let path = self.shown_path(request);
                self.report(&format!("{} {path}: {detail}", request.method));
                let code = StatusCode::InvalidPostData;
                return MockResponse::mock_error(400, code, "record", detail);
            }
        };
        let (this, session) = (Arc::clone(self), Arc::clone(session));
        let exchange = tokio::spawn(async move { this.exchange(&session, recordable).await });
        exchange.await.unwrap_or_else(|_| {
            let code = StatusCode::InternalError;
            let message = "dataforseo-mock-server: the recording failed unexpectedly";
            MockResponse::envelope_error(code, message, "record", None)
        })
    }

    /// Returns the path of a request that was not checked, without secrets and identifiers.
    fn shown_path(&self, request: &IncomingRequest<'_>) -> String {
        let callers = request.authorization.and_then(decode_basic_auth);
        let credentials = self.record.credentials.iter().chain(&callers);
        let known: Vec<Secrets> = credentials.filter_map(|it| Secrets::of(it).ok()).collect();
        let path = Sanitizer::default().path(request.path);
        known.iter().fold(path, |path, secrets| {
            secrets.replace(&path, Searched::All).unwrap_or(path)
        })
    }

    /// Checks everything that can be known before a request is charged.
    fn check(&self, request: &IncomingRequest<'_>) -> Result<RecordableRequest, String> {
        let path = request.path.trim_end_matches('/');
        let endpoint = endpoints::find(path).ok_or_else(|| {
            let hint = did_you_mean(path);
            format!("this version knows no endpoint with this path{hint}")
        })?;
        let info = endpoint.info();
        let method = info.method.as_str();
        if request.method != method {
            return Err(format!("{} requires the method {method}", info.path));
        }
        if request.query.is_some() {
            return Err("the API accepts no query after a path".to_owned());
        }
        let (authorization, credentials) = match (&self.authorization, &self.record.credentials) {
            (Some(own), Some(credentials)) => (own.clone(), credentials.clone()),
            _ => {
                let header = request.authorization.ok_or("there are no credentials")?;
                let callers =
                    decode_basic_auth(header).ok_or("the credentials are not HTTP Basic")?;
                let header = basic_auth(&callers).map_err(|error| error.to_string())?;
                (header, callers)
            }
        };
        let secrets = Secrets::of(&credentials)?;
        let (tasks, text) = match info.method {
            Method::Get => (Value::Null, None),
            Method::Post => {
                let text = String::from_utf8(request.body.to_vec())
                    .map_err(|_| "the body is not UTF-8")?;
                (parse_tasks(&text)?, Some(text))
            }
        };
        Ok(RecordableRequest {
            endpoint,
            method,
            path: path.to_owned(),
            tasks,
            text,
            authorization,
            secrets,
        })
    }

    async fn exchange(&self, session: &Session, request: RecordableRequest) -> MockResponse {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        let info = request.endpoint.info();
        if let Some(response) = self.known_response(state, session, &request) {
            return response;
        }
        let clean =
            state
                .sanitizer
                .request(&request.path, request.text.as_deref(), &request.secrets);
        let shown = match &clean {
            Ok(clean) => format!("{} {}", request.method, clean.path()),
            Err(_) => format!("{} {}", request.method, info.path),
        };
        if let Err(reason) = clean {
            let detail = format!("not sent: {reason}");
            self.report(&format!("{shown}: {detail}"));
            let code = StatusCode::InvalidPostData;
            return MockResponse::mock_error(400, code, "record", detail);
        }
        if let Err(reason) = state.budget.check(info, &request.tasks) {
            let detail = format!("not sent: {reason}");
            self.report(&format!("{shown}: {detail}"));
            let code = StatusCode::CostLimitExceeded;
            return MockResponse::mock_error(200, code, "record", detail);
        }
        let body = Bytes::from(request.text.clone().unwrap_or_default());
        let sent = self
            .client
            .send(request.method, &request.path, &request.authorization, body)
            .await;
        let upstream = match sent {
            Ok(upstream) => upstream,
            Err(reason) => {
                // The upstream may have processed and charged the request.
                state.budget.add(info, &request.tasks, None);
                self.report(&format!("{shown}: not recorded: {reason}"));
                let code = StatusCode::UpstreamUnavailable;
                return MockResponse::mock_error(502, code, "record", reason);
            }
        };
        let envelope = RawEnvelope::parse(&upstream.body).ok();
        let cost = envelope.and_then(|envelope| envelope.cost);
        state.budget.add(info, &request.tasks, cost);
        let detail = match self.keep(state, &request, &upstream) {
            Ok(file) => format!("recorded as {file}"),
            Err(reason) => format!("not recorded: {reason}"),
        };
        self.report(&format!("{shown}: {detail}"));
        let mut response = MockResponse::new(upstream.status, upstream.body, "upstream");
        response.detail = Some(detail);
        for name in KEPT_HEADERS {
            if let Some(value) = upstream.headers.get(name) {
                let header = (HeaderName::from_static(name), value.clone());
                response.headers.push(header);
            }
        }
        response
    }

    /// Returns the response of a fixture in the folder, unless every request goes to the upstream.
    ///
    /// A concurrent request may have recorded it since the first look-up.
    fn known_response(
        &self,
        state: &State,
        session: &Session,
        request: &RecordableRequest,
    ) -> Option<MockResponse> {
        if self.refreshes() {
            return None;
        }
        let key = LookupKey::new(&request.path, &request.tasks);
        let fixture = state.known.find(request.endpoint, &key)?;
        Some(match session.next_response(fixture) {
            Some(response) => MockResponse::from_fixture(fixture, response),
            // The fixture says what follows its last response, so nothing is sent.
            None => MockResponse::envelope_error(
                StatusCode::NotFound,
                "dataforseo-mock-server: all responses of the fixture were sent",
                "miss",
                None,
            ),
        })
    }

    /// Writes an exchange into the folder. Returns the name of the file.
    fn keep(
        &self,
        state: &mut State,
        request: &RecordableRequest,
        upstream: &UpstreamResponse,
    ) -> Result<String, String> {
        check_response(upstream)?;
        let raw = Raw::new(exchange_of(request, upstream)?);
        let clean = state.sanitizer.clean(raw, &request.secrets)?;
        let tasks = tasks_of(&clean);
        let path = clean.get().path.clone();
        let key = LookupKey::new(&path, &tasks);
        let known = state.known.find(request.endpoint, &key);
        let known = known.and_then(|fixture| fixture.file.clone());
        let key = MatchRule::default().key(&path, &tasks);
        let secrets = state.sanitizer.with_callbacks(&request.secrets);
        let name = file_name(request.endpoint, &clean, &tasks, &key, &secrets);
        let file = known.unwrap_or_else(|| self.record.folder.join(name));
        let exchanges = state.written.entry(key).or_default();
        // Different responses to one request, as from polling, become a sequence.
        let same = |last: &Clean<Exchange>| {
            last.get().body == clean.get().body && last.get().status == clean.get().status
        };
        let is_new = !exchanges.last().is_some_and(same);
        if is_new {
            exchanges.push(clean);
        }
        let source = self.record.upstream.name();
        let text = fixture_text(exchanges, source, today(), &ManualParts::of(&file));
        // The file also has what people wrote. The check is that of `lint`.
        let written = check_json(&secrets, "", &text)
            .and_then(|()| {
                let fixture = Fixture::parse(&file.display().to_string(), &text);
                fixture.map_err(|error| error.to_string())
            })
            .and_then(|fixture| {
                write_atomically(&self.record.folder, &file, &text)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                Ok(fixture)
            });
        match written {
            Ok(mut fixture) => {
                fixture.file = Some(file.clone());
                state.known.replace(request.endpoint, fixture);
                Ok(file.display().to_string())
            }
            Err(reason) => {
                // The next response must not follow one that is not in the file.
                if is_new {
                    exchanges.pop();
                }
                Err(reason)
            }
        }
    }
}

/// Returns the tasks of a body.
fn parse_tasks(text: &str) -> Result<Value, String> {
    let tasks: Value =
        serde_json::from_str(text).map_err(|error| format!("the body is not JSON: {error}"))?;
    let list = tasks.as_array().map(Vec::as_slice).unwrap_or_default();
    if list.is_empty() || !list.iter().all(Value::is_object) {
        return Err("expected a list of tasks, each an object".to_owned());
    }
    Ok(tasks)
}

/// Returns the reason not to record a response, if there is one.
fn check_response(upstream: &UpstreamResponse) -> Result<(), String> {
    if upstream.status == 401 {
        return Err("the upstream rejected the credentials".to_owned());
    }
    let envelope = RawEnvelope::parse(&upstream.body)
        .map_err(|_| "the response is not a DataForSEO response".to_owned())?;
    let codes = envelope.tasks.iter().map(|task| task.status_code);
    let temporary = codes
        .chain([envelope.status_code])
        .find(|code| is_temporary(*code));
    match temporary {
        Some(code) => Err(format!(
            "{code} {} is temporary: record it later",
            code.message()
        )),
        None => Ok(()),
    }
}

/// Returns whether a code depends on the moment or the account instead of the request.
fn is_temporary(code: StatusCode) -> bool {
    matches!(
        code.class(),
        StatusClass::Rate
            | StatusClass::Billing
            | StatusClass::Account
            | StatusClass::Auth
            | StatusClass::Upstream
            | StatusClass::Server
    )
}

fn exchange_of(
    request: &RecordableRequest,
    upstream: &UpstreamResponse,
) -> Result<Exchange, String> {
    let body =
        String::from_utf8(upstream.body.to_vec()).map_err(|_| "the response is not UTF-8")?;
    let kept = upstream
        .headers
        .iter()
        .filter(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
    let headers = kept
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        // JSON is the default of a fixture.
        .filter(|(name, value)| {
            name != CONTENT_TYPE.as_str() || !value.starts_with("application/json")
        });
    Ok(Exchange {
        method: request.method.to_owned(),
        path: request.path.clone(),
        request: request.text.clone(),
        status: upstream.status,
        headers: headers.collect(),
        body,
    })
}

/// Returns the budget for an upstream.
///
/// # Errors
/// When the upstream costs money and there is no budget, or when the budget is invalid.
pub(crate) fn budget_for(
    upstream: &Upstream,
    us_dollars: Option<f64>,
) -> Result<Budget, RecordError> {
    if upstream.is_live() && us_dollars.is_none() {
        return Err(RecordError::NoBudget);
    }
    Budget::new(us_dollars).map_err(RecordError::InvalidBudget)
}

/// Returns the `Authorization` header for credentials `login:password`.
pub(crate) fn basic_auth(credentials: &str) -> Result<HeaderValue, RecordError> {
    dataforseo_http::basic_auth(credentials).map_err(|_| {
        RecordError::Credentials("the credentials cannot be sent in a header".to_owned())
    })
}

fn tasks_of(clean: &Clean<Exchange>) -> Value {
    let request = clean.get().request.as_deref();
    request
        .and_then(|request| serde_json::from_str(request).ok())
        .unwrap_or_default()
}
