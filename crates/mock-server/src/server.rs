//! Listening, reading requests, and sending what the replay answers.

use std::collections::{BTreeMap, HashSet};
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE,
    WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Request, Response, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::answer::Reply;
use crate::fault::{Fault, FaultRule};
use crate::fixture::FixtureError;
use crate::journal::Line;
use crate::limits::Limits;
use crate::miss::Miss;
use crate::replay::{Replay, Request as Seen};
use crate::session::Session;
use crate::store::{Store, position};
use crate::wire::{Answer, End, Ending, FaultIo, Wire};
use crate::{admin, replay};

/// The largest body of a request that is read. The API's own limits stay far below.
const MAX_REQUEST: usize = 16 << 20;
/// How much of a larger one is thrown away before the answer, so that its sender gets to read it.
const MAX_DISCARDED: usize = 1 << 30;
/// Answers shorter than this are not worth compressing.
const MIN_GZIP: usize = 1024;
/// How many sessions there can be; the one that was used least lately goes.
const SESSIONS: usize = 1024;

/// What is told of a miss.
pub(crate) type ReportMiss = Arc<dyn Fn(&Miss) + Send + Sync>;

/// What all connections of a server have in common.
pub(crate) struct Shared {
    replay: RwLock<Arc<Replay>>,
    pub(crate) main: Arc<Session>,
    sessions: Mutex<Sessions>,
    pub(crate) settings: Settings,
    #[cfg(feature = "record")]
    pub(crate) recorder: Option<Arc<crate::record::Recorder>>,
}

/// What a server was told to do, besides what its replay was.
pub(crate) struct Settings {
    pub(crate) embedded: bool,
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) texts: Vec<String>,
    pub(crate) journal: usize,
    pub(crate) limits: Option<Limits>,
    pub(crate) seed: u64,
    pub(crate) admin: bool,
    pub(crate) fault_header: bool,
    pub(crate) report: Option<ReportMiss>,
    pub(crate) rules: Vec<FaultRule>,
    /// How many misses there were, in all sessions.
    pub(crate) missed: Arc<AtomicU64>,
}

#[derive(Default)]
struct Sessions {
    /// By name, with the turn in which each was used last.
    known: BTreeMap<String, (u64, Arc<Session>)>,
    turn: u64,
}

impl Shared {
    pub(crate) fn new(replay: Replay, settings: Settings) -> Self {
        Self {
            main: Arc::new(settings.session()),
            replay: RwLock::new(Arc::new(replay)),
            sessions: Mutex::default(),
            settings,
            #[cfg(feature = "record")]
            recorder: None,
        }
    }

    pub(crate) fn replay(&self) -> Arc<Replay> {
        let replay = self.replay.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&replay)
    }

    /// Reads all fixtures anew. When one of them cannot be used, those from before stay.
    pub(crate) fn reload(&self) -> Result<(), FixtureError> {
        let store = Arc::new(self.settings.load()?);
        let mut replay = self.replay.write().unwrap_or_else(PoisonError::into_inner);
        let used: HashSet<String> = replay
            .store
            .own()
            .filter(|it| it.is_used())
            .map(|it| it.name.clone())
            .collect();
        for fixture in store.own().filter(|it| used.contains(&it.name)) {
            fixture.use_up();
        }
        *replay = Arc::new(Replay {
            store,
            auth: replay.auth.clone(),
            clock: Arc::clone(&replay.clock),
            on_miss: replay.on_miss,
        });
        Ok(())
    }

    /// The session of a name; a new one if there is none yet.
    fn session(&self, name: &str) -> Arc<Session> {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.turn += 1;
        let turn = sessions.turn;
        if let Some((used, session)) = sessions.known.get_mut(name) {
            *used = turn;
            return Arc::clone(session);
        }
        if sessions.known.len() >= SESSIONS {
            let oldest = sessions.known.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(name) = oldest.map(|(name, _)| name.clone()) {
                sessions.known.remove(&name);
            }
        }
        let session = Arc::new(self.settings.session());
        let entry = (turn, Arc::clone(&session));
        sessions.known.insert(name.to_owned(), entry);
        session
    }

    /// How many misses there were, in all sessions.
    pub(crate) fn missed(&self) -> u64 {
        self.settings.missed.load(Ordering::Relaxed)
    }
}

impl Settings {
    pub(crate) fn load(&self) -> Result<Store, FixtureError> {
        Store::load(self.embedded, &self.folders, &self.texts)
    }

    pub(crate) fn session(&self) -> Session {
        let session = Session::new(self.journal, self.limits, self.seed).counting(&self.missed);
        for rule in &self.rules {
            session.rule(rule.clone());
        }
        session
    }
}

/// Takes connections until it is told to stop: `true` ends when those that are open are served, and
/// a sender that is gone ends at once.
pub(crate) async fn listen(
    listener: TcpListener,
    shared: Arc<Shared>,
    mut stop: watch::Receiver<bool>,
) {
    // Dropped with this task, and all connections with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            changed = stop.changed() => match changed {
                Ok(()) => break,
                Err(_) => return,
            },
        };
        // Accepting fails for a client that went away, or for too many open files; the latter
        // passes, and trying without a pause would take a whole core until it does.
        let Ok((stream, peer)) = accepted else {
            tokio::time::sleep(Duration::from_millis(10)).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        let _ = stream.set_nodelay(true);
        let local = peer.ip().to_canonical().is_loopback();
        connections.spawn(serve(Arc::clone(&shared), stream, local, stop.clone()));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Serves one connection. `local` says whether it is from this machine.
pub(crate) async fn serve(
    shared: Arc<Shared>,
    io: impl Wire,
    local: bool,
    mut stop: watch::Receiver<bool>,
) {
    let ending = Ending::default();
    let io = FaultIo::new(io, ending.clone());
    let service =
        service_fn(move |request| respond(Arc::clone(&shared), request, local, ending.clone()));
    let mut connection = pin!(http1::Builder::new().serve_connection(TokioIo::new(io), service));
    let told = tokio::select! {
        biased;
        // A client that breaks its connection off is its own affair.
        _ = connection.as_mut() => return,
        changed = stop.wait_for(|stop| *stop) => changed.is_ok(),
    };
    if told {
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            _ = connection => {}
            // Until the server itself is gone.
            () = gone(stop) => {}
        }
    }
}

async fn gone(mut stop: watch::Receiver<bool>) {
    while stop.changed().await.is_ok() {}
}

/// The request was given up on purpose: hyper closes the connection.
#[derive(Debug, thiserror::Error)]
#[error("a fault ended the connection")]
struct GivenUp;

async fn respond(
    shared: Arc<Shared>,
    request: Request<Incoming>,
    local: bool,
    ending: Ending,
) -> Result<Response<Answer>, GivenUp> {
    let (head, body) = request.into_parts();
    let full = head.uri.path();
    let (session, path) = match session_path(full) {
        Some((name, path)) => (shared.session(name), path),
        None => (Arc::clone(&shared.main), full),
    };
    // A base URL with a slash at its end.
    let path = path
        .strip_prefix('/')
        .filter(|it| it.starts_with('/'))
        .unwrap_or(path);
    if let Some(route) = path.strip_prefix("/__mock/") {
        let body = read(body, None).await.unwrap_or_default();
        let reply = admin::answer(&shared, &session, local, head.method.as_str(), route, &body);
        return Ok(plain(reply, false));
    }
    let method = head.method.as_str();
    let mut effects = session.effects(method, path.trim_end_matches('/'));
    let asked = match shared.settings.fault_header {
        true => header(&head, FAULT),
        false => None,
    };
    let mut wrong_fault = None;
    match asked.map(str::parse::<Fault>) {
        None => {}
        Some(Ok(fault)) => effects.fault = Some(fault),
        Some(Err(error)) => wrong_fault = Some(error),
    }
    let stop_at = match effects.fault {
        Some(Fault::ResetReading(bytes)) => Some(bytes),
        _ => None,
    };
    let read = read(body, stop_at).await;
    let at = position(path.trim_end_matches('/'));
    session.count(at);
    if stop_at.is_some() {
        note(&session, &head, method, &[], 0, effects.fault);
        ending.set(End::Reset);
        return Err(GivenUp);
    }
    let body = match read {
        Ok(body) => body,
        Err(TooLarge) => {
            let detail = format!("a request of more than {MAX_REQUEST} bytes is not read");
            return Ok(plain(refused(413, detail), false));
        }
    };
    if let Some(error) = wrong_fault {
        return Ok(plain(refused(400, format!("x-mock-fault: {error}")), false));
    }
    let seen = Seen {
        method,
        path,
        at,
        authorization: header(&head, AUTHORIZATION),
        encoding: header(&head, CONTENT_ENCODING),
        body: &body,
    };
    let replay = shared.replay();
    // Whoever is nobody uses nothing up.
    let account = session
        .account
        .as_ref()
        .filter(|_| replay.authorized(seen.authorization));
    let admitted = account.map(|it| it.admit(Instant::now()));
    let (running, over) = match admitted {
        None => (None, None),
        Some(Ok(running)) => (Some(running), None),
        Some(Err(code)) => (None, Some(code)),
    };
    if !effects.latency.is_zero() {
        tokio::time::sleep(effects.latency).await;
    }
    if let Some(fault @ (Fault::Reset | Fault::Empty | Fault::Silence)) = effects.fault {
        note(&session, &head, method, &body, 0, Some(fault));
        match fault {
            Fault::Silence => std::future::pending().await,
            Fault::Reset => ending.set(End::Reset),
            _ => {}
        }
        return Err(GivenUp);
    }
    #[cfg(feature = "record")]
    if let Some(recorder) = &shared.recorder
        && over.is_none()
        && effects.fault.is_none()
    {
        let head = &head;
        return Ok(plain(
            recorded(&replay, recorder, &session, head, &seen, &body).await,
            false,
        ));
    }
    let reply = match over {
        Some(code) => Reply::envelope(code, code.message(), "limits", None),
        None => replay.answer(&session, &seen, &effects),
    };
    if let Some(report) = &shared.settings.report {
        reply.misses.iter().for_each(|miss| report(miss));
    }
    let path_and_query = head.uri.path_and_query().map_or(full, |it| it.as_str());
    session.journal.add(&Line {
        method,
        path: path_and_query
            .get(full.len() - path.len()..)
            .unwrap_or(path),
        body: &body,
        status: reply.status,
        source: reply.source.clone(),
        detail: reply.detail.as_deref(),
    });
    let gzip = header(&head, ACCEPT_ENCODING).is_some_and(accepts_gzip);
    let mut response = answer(reply, gzip, effects.fault, &ending);
    // Under way until its last byte is sent.
    response.body_mut().hold(running);
    Ok(response)
}

/// The answer of a server that records: that of a fixture if there is one and it is wanted, or
/// else the real one. Nothing goes into the journal, for it is not without secrets before it is
/// recorded.
#[cfg(feature = "record")]
async fn recorded(
    replay: &Replay,
    recorder: &Arc<crate::record::Recorder>,
    session: &Arc<Session>,
    head: &Parts,
    seen: &Seen<'_>,
    body: &Bytes,
) -> Reply {
    // Nobody spends the account who could not ask the mock itself.
    if !replay.authorized(seen.authorization) {
        let code = dataforseo_models::StatusCode::NotAuthorized;
        return Reply::envelope(code, code.message(), "auth", None);
    }
    if !recorder.wants_everything()
        && let Some(reply) = replay.fixture(session, seen)
    {
        return reply;
    }
    let authorization = head.headers.get(AUTHORIZATION);
    let query = head.uri.query();
    recorder
        .answer(session, seen.method, seen.path, query, authorization, body)
        .await
}

/// Writes a call down that got no answer.
fn note(
    session: &Session,
    head: &Parts,
    method: &str,
    body: &[u8],
    status: u16,
    fault: Option<Fault>,
) {
    session.journal.add(&Line {
        method,
        path: head.uri.path(),
        body,
        status,
        source: HeaderValue::from_static("fault"),
        detail: fault.map(|fault| fault.to_string()).as_deref(),
    });
}

/// A request that the server itself cannot take.
fn refused(status: u16, detail: String) -> Reply {
    let code = dataforseo_models::StatusCode::InvalidPostData;
    Reply::own(status, code, "rules", detail)
}

/// The name of a session and the path behind it, of a path such as `/__s/NAME/v3/…`.
fn session_path(path: &str) -> Option<(&str, &str)> {
    let rest = path.trim_start_matches('/').strip_prefix("__s/")?;
    let (name, _) = rest.split_once('/').filter(|(name, _)| is_name(name))?;
    Some((name, &rest[name.len()..]))
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let first = name.bytes().next();
    first.is_some_and(|byte| byte.is_ascii_alphanumeric())
        && name.len() <= 100
        && name.bytes().all(plain)
}

fn header(head: &Parts, name: impl http::header::AsHeaderName) -> Option<&str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
}

const FAULT: &str = "x-mock-fault";
static SOURCE: HeaderName = HeaderName::from_static("x-mock-source");

/// The body is too large to be read.
#[derive(Debug)]
struct TooLarge;

/// Reads a body, or the first bytes of it.
async fn read(mut body: Incoming, stop_at: Option<usize>) -> Result<Bytes, TooLarge> {
    let mut all = BytesMut::new();
    let mut first = Bytes::new();
    let mut discarded = 0;
    while stop_at.is_none_or(|stop| first.len() + all.len() < stop) {
        // A client that goes away in the middle has sent what it has sent.
        let Some(Ok(frame)) = body.frame().await else {
            break;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if discarded > 0 || first.len() + all.len() + data.len() > MAX_REQUEST {
            (first, all) = (Bytes::new(), BytesMut::new());
            discarded += data.len();
            if discarded > MAX_DISCARDED {
                break;
            }
        } else if first.is_empty() && all.is_empty() {
            // Most bodies come in one piece.
            first = data;
            if hyper::body::Body::is_end_stream(&body) {
                break;
            }
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
                first = Bytes::new();
            }
            all.extend_from_slice(&data);
        }
    }
    match (discarded, all.is_empty()) {
        (1.., _) => Err(TooLarge),
        (_, true) => Ok(first),
        (_, false) => Ok(all.freeze()),
    }
}

fn accepts_gzip(accepted: &str) -> bool {
    accepted
        .split(',')
        .any(|coding| coding.split(';').next().unwrap_or_default().trim() == "gzip")
}

/// The answer as it goes out, with what a fault does to its body.
fn answer(reply: Reply, gzip: bool, fault: Option<Fault>, ending: &Ending) -> Response<Answer> {
    let mut response = plain(reply, gzip && fault.is_none());
    let body = |response: &mut Response<Answer>, make: &dyn Fn(Bytes) -> Answer| {
        let bytes = response.body().bytes();
        let length = HeaderValue::from(bytes.len());
        response.headers_mut().insert(CONTENT_LENGTH, length);
        *response.body_mut() = make(bytes);
    };
    match fault {
        Some(Fault::Cut(length)) => body(&mut response, &|bytes| {
            Answer::then_end(bytes, length, ending.clone(), End::Close)
        }),
        Some(Fault::ResetAfter(length)) => body(&mut response, &|bytes| {
            Answer::then_end(bytes, length, ending.clone(), End::Reset)
        }),
        Some(Fault::Stall(length)) => {
            body(&mut response, &|bytes| Answer::then_nothing(bytes, length))
        }
        Some(Fault::Trickle(speed)) => body(&mut response, &|bytes| Answer::slowly(bytes, speed)),
        Some(Fault::Garbage) => ending.set(End::Garbage),
        _ => {}
    }
    response
}

fn plain(reply: Reply, gzip: bool) -> Response<Answer> {
    let compressed = (gzip && reply.body.len() >= MIN_GZIP)
        .then(|| compress(&reply.body))
        .flatten();
    let encoded = compressed.is_some();
    let mut response = Response::new(Answer::whole(compressed.unwrap_or(reply.body)));
    // A fixture's status was checked when it was read; the API's own are constants.
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.reserve(4);
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("application/json; charset=utf-8"),
    );
    if encoded {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if reply.status == 401 {
        headers.insert(
            WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Rest Server\""),
        );
    }
    for (name, value) in reply.headers {
        headers.insert(name, value);
    }
    headers.insert(SOURCE.clone(), reply.source);
    if let Some(miss) = reply.misses.first() {
        headers.insert(HeaderName::from_static("x-mock-miss"), miss.number.into());
    }
    // A header takes no line breaks, and clients take no long ones; what cannot be said in one is
    // left out.
    let detail = reply
        .detail
        .map(|it| it.chars().take(2000).collect::<String>());
    if let Some(detail) = detail.and_then(|it| HeaderValue::try_from(it).ok()) {
        headers.insert(HeaderName::from_static("x-mock-detail"), detail);
    }
    response
}

fn compress(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}

/// Binds an address, with the address in the error.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, crate::StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| crate::StartError::Listen { address, source })
}

/// What a request would be answered, with nothing counted and nothing written down.
pub(crate) fn dry_run(shared: &Shared, method: &str, path: &str, body: &[u8]) -> Reply {
    let session = Session::dry();
    let now = shared.replay();
    let replay = Replay {
        store: Arc::clone(&now.store),
        auth: replay::Auth::Any,
        clock: Arc::clone(&now.clock),
        on_miss: now.on_miss,
    };
    let seen = Seen {
        method,
        path,
        at: position(path.trim_end_matches('/')),
        authorization: Some("Basic bW9jazptb2Nr"),
        encoding: None,
        body,
    };
    replay.answer(&session, &seen, &Default::default())
}
