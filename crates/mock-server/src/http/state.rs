//! The state that all connections of a server share.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use tokio::time::Instant;

use super::access::Token;
use super::extract::BodyMemory;
use crate::fixtures::{Embedded, FixtureError, Store};
use crate::replay::Replay;
use crate::session::{FaultRule, Limits, Miss, Session};

/// The maximum number of sessions with names. A further one replaces the one that was idle longest.
const MAX_SESSIONS: usize = 1024;
/// The time without a request after which a session can be replaced.
const SESSION_IDLE: Duration = Duration::from_secs(600);
/// The maximum number of bytes of all request bodies that are held at one time.
const MAX_BODIES: usize = 256 << 20;

/// A callback that runs for every miss.
pub(crate) type ReportMiss = Arc<dyn Fn(&Miss) + Send + Sync>;

/// The state of a server.
pub(crate) struct ServerState {
    replay: RwLock<Arc<Replay>>,
    /// The session of requests without `/__s/NAME`.
    pub(crate) main: Arc<Session>,
    sessions: Mutex<Sessions>,
    /// The memory for request bodies.
    pub(crate) bodies: BodyMemory,
    pub(crate) settings: Settings,
    #[cfg(feature = "record")]
    pub(crate) recorder: Option<Arc<crate::record::Recorder>>,
}

/// The settings of the builder that outlive the start.
pub(crate) struct Settings {
    pub(crate) embedded: Embedded,
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) texts: Vec<String>,
    pub(crate) request_log_size: usize,
    pub(crate) limits: Option<Limits>,
    pub(crate) seed: u64,
    /// Whether the admin routes are on.
    pub(crate) admin: bool,
    /// The token that gives access to the admin routes and the recorder.
    pub(crate) token: Option<Token>,
    /// Whether the header `x-mock-fault` is read.
    pub(crate) fault_header: bool,
    pub(crate) report_miss: Option<ReportMiss>,
    pub(crate) rules: Vec<FaultRule>,
    /// The maximum number of open connections.
    pub(crate) max_connections: usize,
    /// The number of misses in all sessions.
    pub(crate) miss_count: Arc<AtomicU64>,
    /// The number of bytes of the request logs of all sessions.
    pub(crate) log_bytes: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Sessions {
    by_name: BTreeMap<String, NamedSession>,
}

struct NamedSession {
    last_used: Instant,
    session: Arc<Session>,
}

impl ServerState {
    pub(crate) fn new(replay: Replay, settings: Settings) -> Self {
        Self {
            main: Arc::new(settings.new_session()),
            replay: RwLock::new(Arc::new(replay)),
            sessions: Mutex::default(),
            bodies: BodyMemory::new(MAX_BODIES),
            settings,
            #[cfg(feature = "record")]
            recorder: None,
        }
    }

    /// Returns the current replay. A reload replaces it for later requests.
    pub(crate) fn replay(&self) -> Arc<Replay> {
        let replay = self.replay.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&replay)
    }

    /// Reads all fixtures again. On an error the current ones stay.
    pub(crate) fn reload(&self) -> Result<(), FixtureError> {
        let settings = &self.settings;
        let store = Store::load(settings.embedded, &settings.folders, &settings.texts)?;
        let mut replay = self.replay.write().unwrap_or_else(PoisonError::into_inner);
        let used: HashSet<String> = replay
            .store
            .own()
            .filter(|fixture| fixture.is_used())
            .map(|fixture| fixture.name.clone())
            .collect();
        for fixture in store.own().filter(|it| used.contains(&it.name)) {
            fixture.mark_used();
        }
        *replay = Arc::new(replay.with_store(Arc::new(store)));
        Ok(())
    }

    /// Returns the session with a name, or the main one without a name. Creates it if needed.
    ///
    /// # Errors
    /// When there are too many sessions in use. A session that is replaced loses its rules, so none
    /// in use is. The error states the limit.
    pub(crate) fn session(&self, name: Option<&str>) -> Result<Arc<Session>, String> {
        let Some(name) = name else {
            return Ok(Arc::clone(&self.main));
        };
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if let Some(known) = sessions.by_name.get_mut(name) {
            known.last_used = now;
            return Ok(Arc::clone(&known.session));
        }
        if sessions.by_name.len() >= MAX_SESSIONS {
            let oldest = sessions.by_name.iter().min_by_key(|(_, it)| it.last_used);
            let idle = oldest.filter(|(_, it)| now.duration_since(it.last_used) >= SESSION_IDLE);
            let Some(idle) = idle.map(|(name, _)| name.clone()) else {
                return Err(format!(
                    "the server has {MAX_SESSIONS} sessions, its limit, and each was used within the last \
                     {} minutes: use the name of one of them after `/__s/`",
                    SESSION_IDLE.as_secs() / 60
                ));
            };
            sessions.by_name.remove(&idle);
        }
        let session = Arc::new(self.settings.new_session());
        let entry = NamedSession {
            last_used: now,
            session: Arc::clone(&session),
        };
        sessions.by_name.insert(name.to_owned(), entry);
        Ok(session)
    }

    /// Returns the number of misses in all sessions.
    pub(crate) fn miss_count(&self) -> u64 {
        self.settings.miss_count.load(Ordering::Relaxed)
    }

    /// Returns the names of the server's own fixtures that matched no request yet, sorted.
    pub(crate) fn unused_fixtures(&self) -> Vec<String> {
        let replay = self.replay();
        let unused = replay.store.own().filter(|fixture| !fixture.is_used());
        let mut names: Vec<String> = unused.map(|fixture| fixture.name.clone()).collect();
        names.sort();
        names
    }
}

impl Settings {
    fn new_session(&self) -> Session {
        let session = Session::new(self.request_log_size, self.limits, self.seed);
        let session = session.with_totals(&self.miss_count, &self.log_bytes);
        for rule in &self.rules {
            session.add_rule(rule.clone());
        }
        session
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mock_server::MockServer;

    #[tokio::test(start_paused = true)]
    async fn a_session_in_use_is_never_replaced() {
        let mock = MockServer::in_memory();
        let session = |name: &str| mock.state.session(Some(name));
        for number in 0..MAX_SESSIONS {
            session(&format!("s{number}")).unwrap();
        }
        session("s0").unwrap().add_rule("** reset".parse().unwrap());
        let reason = session("more").err().unwrap();
        assert!(reason.contains("1024 sessions, its limit"), "{reason}");
        tokio::time::advance(SESSION_IDLE).await;
        assert_eq!(session("s0").unwrap().rules().len(), 1);
        session("more").unwrap();
        assert_eq!(session("s0").unwrap().rules().len(), 1);
        assert!(session("s1").is_ok(), "replaces another one");
        mock.state.session(None).unwrap();
    }
}
