//! Recording: asking the real API, and keeping what it says as a fixture without secrets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use dataforseo_models::{Date, Method, RawEnvelope, StatusClass, StatusCode, today};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::answer::Reply;
use crate::budget::Budget;
use crate::canonical::MatchRule;
use crate::digest;
use crate::fixture::{Fixture, FixtureError, files};
use crate::sanitize::{Clean, Exchange, Raw, Sanitizer, Secrets};
use crate::session::Session;
use crate::store::{Store, Wanted, did_you_mean, endpoint, position};
use crate::tokens;
use crate::upstream::{Asker, Said, Upstream};

/// The headers of an answer that a fixture keeps.
const KEPT: [&str; 3] = ["content-type", "retry-after", "www-authenticate"];

/// What is recorded, from where, and for how much.
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
    max_spend: Option<f64>,
    allow_network: bool,
    everything: bool,
    report: Option<ReportRecord>,
}

type ReportRecord = Arc<dyn Fn(&str) + Send + Sync>;

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record")
            .field("folder", &self.folder)
            .field("upstream", &self.upstream)
            .field("max_spend", &self.max_spend)
            .finish_non_exhaustive()
    }
}

/// Why nothing can be recorded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A CI job should not depend on the network, or pay.
    #[error(
        "the environment variable CI is set: nothing is recorded there, unless the network is allowed (`--allow-network`)"
    )]
    InCi,
    /// The live API costs money.
    #[error(
        "the live API costs money: say how many US dollars may be spent (`--max-spend`), or record from the sandbox"
    )]
    NoMaxSpend,
    /// The amount is none.
    #[error("{0} is no amount of money")]
    MaxSpend(f64),
    /// The server cannot be asked.
    #[error("{0}")]
    Upstream(String),
    /// The credentials cannot be used.
    #[error("{0}")]
    Credentials(String),
    /// There are fixtures in the folder that cannot be read.
    #[error(transparent)]
    Fixture(#[from] FixtureError),
    /// The folder cannot be made.
    #[error("{path}: {source}")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Record {
    /// Keeps fixtures in this folder; from the sandbox, with the credentials of whoever calls the
    /// mock.
    pub fn to(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            upstream: Upstream::Sandbox,
            credentials: None,
            max_spend: None,
            allow_network: false,
            everything: false,
            report: None,
        }
    }

    /// Asks this server.
    pub fn upstream(mut self, upstream: Upstream) -> Self {
        self.upstream = upstream;
        self
    }

    /// Asks with these, given as `login:password`, whatever the caller has.
    pub fn credentials(mut self, credentials: impl Into<String>) -> Self {
        self.credentials = Some(credentials.into());
        self
    }

    /// Asks nothing that could go beyond so many US dollars, by the prices that are known and by
    /// what tasks did cost so far. A section without a known price can go beyond it once, with the
    /// first call. Without a limit the live API is not asked at all.
    pub fn max_spend(mut self, us_dollars: f64) -> Self {
        self.max_spend = Some(us_dollars);
        self
    }

    /// Records where the environment variable `CI` is set, too.
    pub fn allow_network(mut self) -> Self {
        self.allow_network = true;
        self
    }

    /// Asks about everything, not only about what no fixture has: to record anew.
    pub fn everything(mut self) -> Self {
        self.everything = true;
        self
    }

    /// Calls this with what became of each call.
    pub fn report(mut self, report: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.report = Some(Arc::new(report));
        self
    }
}

/// Whether the environment says that this is a CI job.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// Records the exchanges of one session.
pub(crate) struct Recorder {
    record: Record,
    asker: Asker,
    authorization: Option<HeaderValue>,
    /// One call after the other: pseudonyms and money are counted in their order.
    state: Mutex<State>,
}

struct State {
    sanitizer: Sanitizer,
    /// What is in the folder.
    known: Store,
    /// The answers to each request of this session.
    written: HashMap<String, Vec<Clean<Exchange>>>,
    budget: Budget,
}

/// A request that is fit to be recorded.
struct Fit {
    at: usize,
    method: &'static str,
    path: String,
    /// Null for a GET.
    tasks: Value,
    /// As it was sent; `None` for a GET.
    text: Option<String>,
    authorization: HeaderValue,
    secrets: Secrets,
}

impl Recorder {
    pub(crate) fn new(record: Record) -> Result<Self, RecordError> {
        if in_ci() && !record.allow_network {
            return Err(RecordError::InCi);
        }
        let budget = budget(&record.upstream, record.max_spend)?;
        let authorization = match &record.credentials {
            None => None,
            Some(credentials) => {
                Secrets::of(credentials).map_err(RecordError::Credentials)?;
                Some(basic(credentials)?)
            }
        };
        let asker = Asker::new(&record.upstream).map_err(RecordError::Upstream)?;
        let folder = &record.folder;
        fs::create_dir_all(folder).map_err(|source| RecordError::Folder {
            path: folder.clone(),
            source,
        })?;
        let mut known = Store::empty(false);
        for file in files(folder)? {
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
            asker,
            authorization,
            state: Mutex::new(state),
        })
    }

    /// Whether it asks though there is a fixture.
    pub(crate) fn wants_everything(&self) -> bool {
        self.record.everything
    }

    fn tell(&self, what: &str) {
        if let Some(report) = &self.record.report {
            report(what);
        }
    }

    /// Waits until nothing is being asked or written.
    pub(crate) async fn idle(&self) {
        drop(self.state.lock().await);
    }

    /// Asks the other server, keeps the answer, and passes it on as it came. What cannot be kept
    /// is passed on all the same: it may have been paid for. What was begun is brought to its end,
    /// though the caller gives up: it is paid for, too.
    ///
    /// `session` is where sequences of what is in the folder are played.
    pub(crate) async fn answer(
        self: &Arc<Self>,
        session: &Arc<Session>,
        method: &str,
        path: &str,
        query: Option<&str>,
        authorization: Option<&HeaderValue>,
        body: &Bytes,
    ) -> Reply {
        let fit = match self.fit(method, path, query, authorization, body) {
            Ok(fit) => fit,
            Err(reason) => {
                let detail = format!("not asked: {reason}");
                self.tell(&format!("{method} {}: {detail}", without_ids(path)));
                return Reply::own(400, StatusCode::InvalidPostData, "record", detail);
            }
        };
        let (this, session) = (Arc::clone(self), Arc::clone(session));
        let asked = tokio::spawn(async move { this.ask(&session, fit).await });
        asked.await.unwrap_or_else(|_| {
            let code = StatusCode::InternalError;
            Reply::envelope(
                code,
                "dataforseo-mock-server: the recording broke off",
                "record",
                None,
            )
        })
    }

    /// Whether a request can be recorded: all that can be known before it is paid for.
    fn fit(
        &self,
        method: &str,
        path: &str,
        query: Option<&str>,
        authorization: Option<&HeaderValue>,
        body: &Bytes,
    ) -> Result<Fit, String> {
        let path = path.trim_end_matches('/');
        let at = position(path).ok_or_else(|| {
            format!(
                "the API has no such path, as far as this version knows{}",
                did_you_mean(path)
            )
        })?;
        let info = endpoint(at).info;
        if method != info.method.as_str() {
            return Err(format!(
                "{} is called with {}",
                info.path,
                info.method.as_str()
            ));
        }
        if query.is_some() {
            return Err("the API takes no query behind a path".to_owned());
        }
        let callers = authorization.ok_or("there are no credentials")?;
        let callers = credentials_of(callers).ok_or("the credentials are not HTTP Basic")?;
        let (authorization, credentials) = match (&self.authorization, &self.record.credentials) {
            (Some(own), Some(credentials)) => (own.clone(), credentials.clone()),
            _ => (basic(&callers).map_err(|error| error.to_string())?, callers),
        };
        let secrets = Secrets::of(&credentials)?;
        let (tasks, text) = match info.method {
            Method::Get => (Value::Null, None),
            Method::Post => {
                let text = String::from_utf8(body.to_vec()).map_err(|_| "the body is no text")?;
                let tasks: Value = serde_json::from_str(&text)
                    .map_err(|error| format!("the body is no JSON: {error}"))?;
                let list = tasks.as_array().map(Vec::as_slice).unwrap_or_default();
                if list.is_empty() || !list.iter().all(Value::is_object) {
                    return Err("expected a list of tasks, each an object".to_owned());
                }
                (tasks, Some(text))
            }
        };
        Ok(Fit {
            at,
            method: info.method.as_str(),
            path: path.to_owned(),
            tasks,
            text,
            authorization,
            secrets,
        })
    }

    async fn ask(&self, session: &Session, fit: Fit) -> Reply {
        let mut state = self.state.lock().await;
        let state = &mut *state;
        let info = endpoint(fit.at).info;
        if !self.record.everything
            && let Some(fixture) = state
                .known
                .find(fit.at, &Wanted::new(&fit.path, &fit.tasks))
        {
            return match session.next_response(fixture) {
                Some(response) => Reply::fixture(fixture, response),
                // It was recorded, and what comes after it was said by whoever wrote it.
                None => Reply::envelope(
                    StatusCode::NotFound,
                    "dataforseo-mock-server: all answers of the fixture were given",
                    "miss",
                    None,
                ),
            };
        }
        let shown = format!("{} {}", fit.method, state.sanitizer.path(&fit.path));
        if let Err(why) = state.budget.allows(info, &fit.tasks) {
            let detail = format!("not asked: {why}");
            self.tell(&format!("{shown}: {detail}"));
            return Reply::own(200, StatusCode::CostLimitExceeded, "record", detail);
        }
        let body = Bytes::from(fit.text.clone().unwrap_or_default());
        let asked = self
            .asker
            .ask(fit.method, &fit.path, &fit.authorization, body)
            .await;
        let said = match asked {
            Ok(said) => said,
            Err(reason) => {
                // It may have been carried out, and charged.
                state.budget.add(info, &fit.tasks, None);
                self.tell(&format!("{shown}: not recorded: {reason}"));
                return Reply::own(502, StatusCode::UpstreamUnavailable, "record", reason);
            }
        };
        let cost = RawEnvelope::parse(&said.body).ok().and_then(|it| it.cost);
        state.budget.add(info, &fit.tasks, cost);
        let detail = match self.keep(state, &fit, &said) {
            Ok(name) => format!("recorded as {name}"),
            Err(reason) => format!("not recorded: {reason}"),
        };
        self.tell(&format!("{shown}: {detail}"));
        let mut reply = Reply::new(said.status, said.body, "upstream");
        reply.detail = Some(detail);
        for name in KEPT {
            if let Some(value) = said.headers.get(name) {
                let pair = (HeaderName::from_static(name), value.clone());
                reply.headers.push(pair);
            }
        }
        reply
    }

    /// Writes an exchange into the folder, and says as what.
    fn keep(&self, state: &mut State, fit: &Fit, said: &Said) -> Result<String, String> {
        if said.status == 401 {
            return Err("the credentials were not taken".to_owned());
        }
        let envelope = RawEnvelope::parse(&said.body)
            .map_err(|_| "the answer is not in the API's form".to_owned())?;
        let codes = envelope.tasks.iter().map(|task| task.status_code);
        if let Some(passing) = codes
            .chain([envelope.status_code])
            .find(|code| passes(*code))
        {
            return Err(format!(
                "{passing} {} passes: ask another day",
                passing.message()
            ));
        }
        let body = String::from_utf8(said.body.to_vec()).map_err(|_| "the answer is no text")?;
        let kept = said
            .headers
            .iter()
            .filter(|(name, _)| KEPT.contains(&name.as_str()));
        let json = "application/json";
        let headers = kept
            .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
            .filter(|(name, value)| name != CONTENT_TYPE.as_str() || !value.starts_with(json));
        let raw = Raw::new(Exchange {
            method: fit.method.to_owned(),
            path: fit.path.clone(),
            request: fit.text.clone(),
            status: said.status,
            headers: headers.collect(),
            body,
        });
        let clean = state.sanitizer.clean(raw, &fit.secrets)?;
        let tasks = tasks_of(&clean);
        let path = clean.get().path.clone();
        let known = state.known.find(fit.at, &Wanted::new(&path, &tasks));
        let known = known.and_then(|fixture| fixture.file.clone());
        let key = MatchRule::default().key(&path, &tasks);
        let name = file_name(fit.at, &clean, &tasks, &key);
        let file = known.unwrap_or_else(|| self.record.folder.join(name));
        let answers = state.written.entry(key).or_default();
        // What polling brings is a sequence; what is said twice is said once.
        let same = |last: &Clean<Exchange>| {
            last.get().body == clean.get().body && last.get().status == clean.get().status
        };
        let new = !answers.last().is_some_and(same);
        if new {
            answers.push(clean);
        }
        let text = fixture_text(
            answers,
            self.record.upstream.name(),
            today(),
            &Kept::of(&file),
        );
        let written = Fixture::parse(&file.display().to_string(), &text)
            .map_err(|error| error.to_string())
            .and_then(|fixture| {
                write_whole(&file, &text)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                Ok(fixture)
            });
        match written {
            Ok(mut fixture) => {
                fixture.file = Some(file.clone());
                state.known.put(fit.at, fixture);
                Ok(file.display().to_string())
            }
            Err(reason) => {
                // What is not there is not a part of what comes next.
                if new {
                    answers.pop();
                }
                Err(reason)
            }
        }
    }
}

/// Whether a code says something of the moment or of the account, and nothing of the request.
fn passes(code: StatusCode) -> bool {
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

/// A path without identifiers, for whoever has no sanitizer at hand.
fn without_ids(path: &str) -> String {
    Sanitizer::default().path(path)
}

/// What may be spent on a server.
///
/// # Errors
/// When it costs money and nobody said how much, or when that is no sum.
pub(crate) fn budget(upstream: &Upstream, max_spend: Option<f64>) -> Result<Budget, RecordError> {
    if upstream.is_live() && max_spend.is_none() {
        return Err(RecordError::NoMaxSpend);
    }
    Budget::new(max_spend).map_err(RecordError::MaxSpend)
}

/// The header for credentials `login:password`.
pub(crate) fn basic(credentials: &str) -> Result<HeaderValue, RecordError> {
    HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials)))
        .map_err(|_| RecordError::Credentials("the credentials cannot be sent".to_owned()))
}

/// The credentials `login:password` of a header.
fn credentials_of(header: &HeaderValue) -> Option<String> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let credentials = String::from_utf8(decoded).ok()?;
    (scheme.eq_ignore_ascii_case("basic") && credentials.contains(':')).then_some(credentials)
}

fn tasks_of(clean: &Clean<Exchange>) -> Value {
    let request = clean.get().request.as_deref();
    request
        .and_then(|request| serde_json::from_str(request).ok())
        .unwrap_or_default()
}

/// Where a new fixture goes: folders as in the path, a name by what is asked for and by the key, so
/// that the same request has the same name wherever it is recorded.
fn file_name(at: usize, clean: &Clean<Exchange>, tasks: &Value, key: &str) -> PathBuf {
    let fixed = endpoint(at)
        .info
        .path
        .split('/')
        .filter(|part| !part.starts_with('{'));
    let folder: PathBuf = fixed.filter(|part| !part.is_empty()).collect();
    let task = tasks.get(0);
    let named = ["tag", "keyword", "target", "url"]
        .iter()
        .filter_map(|field| task?.get(field))
        .chain(task.and_then(|task| task.get("targets")?.get(0)))
        .find_map(Value::as_str);
    let named = named.unwrap_or(match clean.get().request {
        Some(_) => "task",
        None => "get",
    });
    let mut slug = String::new();
    for c in named.chars().flat_map(char::to_lowercase) {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
        if slug.len() == 40 {
            break;
        }
    }
    let slug = match slug.trim_matches('-') {
        "" => "task",
        slug => slug,
    };
    folder.join(format!("{slug}--{}.json", digest("key", key, 8)))
}

/// What people wrote into a fixture that is recorded anew.
#[derive(Default)]
struct Kept {
    note: Option<Value>,
    rule: Option<Value>,
    after: Option<Value>,
}

impl Kept {
    fn of(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        Self {
            note: value.pointer("/meta/note").cloned(),
            rule: value.get("match").cloned(),
            after: value.get("after").cloned(),
        }
    }
}

/// The text of a fixture. What is in the exchange stays token by token.
fn fixture_text(answers: &[Clean<Exchange>], source: &str, date: Date, kept: &Kept) -> String {
    let mut text = String::from("{\"dfs_fixture\":1,\"meta\":{");
    // Writing to a string does not fail.
    let _ = write!(text, "\"source\":\"{source}\",\"recorded\":\"{date}\"");
    if let Some(note) = &kept.note {
        let _ = write!(text, ",\"note\":{note}");
    }
    text.push('}');
    let quoted = |text: &str| Value::from(text).to_string();
    if let Some(first) = answers.first().map(Clean::get) {
        let (method, path) = (quoted(&first.method), quoted(&first.path));
        let _ = write!(text, ",\"request\":{{\"method\":{method},\"path\":{path}");
        if let Some(request) = &first.request {
            let _ = write!(text, ",\"body\":{request}");
        }
        text.push('}');
    }
    if let Some(rule) = &kept.rule {
        let _ = write!(text, ",\"match\":{rule}");
    }
    let response = |answer: &Clean<Exchange>| {
        let answer = answer.get();
        let mut text = format!("{{\"status\":{}", answer.status);
        if !answer.headers.is_empty() {
            let pairs = answer.headers.iter();
            let pairs: Vec<String> = pairs
                .map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)))
                .collect();
            let _ = write!(text, ",\"headers\":{{{}}}", pairs.join(","));
        }
        text + ",\"body\":" + &answer.body + "}"
    };
    match answers {
        [only] => {
            let _ = write!(text, ",\"response\":{}", response(only));
        }
        several => {
            let all: Vec<String> = several.iter().map(response).collect();
            let _ = write!(text, ",\"responses\":[{}]", all.join(","));
            if let Some(after) = &kept.after {
                let _ = write!(text, ",\"after\":{after}");
            }
        }
    }
    text.push('}');
    tokens::layout(&text, 0) + "\n"
}

/// Writes a file whole or not at all: beside its place first, and then into it.
fn write_whole(file: &Path, text: &str) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut beside = tempfile::Builder::new()
        .prefix(".recording-")
        .tempfile_in(folder)?;
    beside.write_all(text.as_bytes())?;
    beside.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any file that somebody makes: fixtures are for everybody.
        fs::set_permissions(beside.path(), fs::Permissions::from_mode(0o644))?;
    }
    beside.persist(file)?;
    Ok(())
}
