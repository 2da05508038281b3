//! The state of one user of a server: rules, request log, misses, positions in sequences.
//!
//! A server has a main session, and one more per base path `/__s/NAME` in use.

mod fault;
mod miss;
mod posted;
mod rate_limit;
mod request_log;

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

pub(crate) use self::fault::{Action, CallPattern, Occurrence, Patch, api_code};
pub use self::fault::{Fault, FaultError, FaultRule};
pub(crate) use self::miss::{MAX_DIFFERENCES, MAX_NEAREST};
pub use self::miss::{Miss, MissReason, NearestFixture};
use self::posted::PostedTasks;
pub use self::rate_limit::Limits;
pub(crate) use self::rate_limit::{CallPermit, RateLimiter};
pub use self::request_log::LoggedRequest;
pub(crate) use self::request_log::{DEFAULT_SIZE, NewEntry, RequestLog};
use dataforseo_synthetic::PostedTask;

use crate::endpoints::{self, EndpointIndex};
use crate::fixtures::{AfterLast, Fixture, FixtureResponse};

/// The maximum number of paths whose polls are counted at one time.
const MAX_POLLED_PATHS: usize = 10_000;
/// The maximum number of rules that the admin routes add to a session.
const MAX_RULES: usize = 1000;
/// The maximum number of misses that are kept.
const MAX_MISSES: usize = 64;

/// The state of one user.
pub(crate) struct Session {
    pub(crate) request_log: RequestLog,
    pub(crate) rate_limiter: Option<RateLimiter>,
    seed: u64,
    mode: Mode,
    /// Whether there are rules. Read before the lock is taken.
    has_rules: AtomicBool,
    rules: RwLock<Vec<Arc<ActiveRule>>>,
    /// The number of calls per endpoint, and in the last place to unknown paths.
    call_counts: Box<[AtomicU64]>,
    /// The position in each fixture with several responses, by the fixture's name.
    positions: Mutex<HashMap<String, usize>>,
    misses: Mutex<Misses>,
    posted: Mutex<PostedTasks>,
    /// The number of misses in all sessions of the server.
    total_misses: Arc<AtomicU64>,
}

/// Whether a session leaves traces in fixtures.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Normal,
    /// Fixtures are not marked as used.
    DryRun,
}

#[derive(Default)]
struct Misses {
    count: u64,
    kept: VecDeque<Miss>,
}

/// A rule with its counters.
struct ActiveRule {
    rule: FaultRule,
    seed: u64,
    /// The number of calls that match the rule's pattern.
    matched: AtomicU64,
    /// For [`Fault::Pending`]: the number of polls by the hash of a path, which can be long.
    polls: Mutex<HashMap<u64, u32>>,
}

/// The effects of a session's rules on one call.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Effects {
    pub(crate) fault: Option<Fault>,
    pub(crate) latency: Duration,
    pub(crate) patches: Vec<Patch>,
}

impl Session {
    pub(crate) fn new(request_log_size: usize, limits: Option<Limits>, seed: u64) -> Self {
        Self {
            request_log: RequestLog::new(request_log_size),
            rate_limiter: limits.map(RateLimiter::new),
            seed,
            mode: Mode::Normal,
            has_rules: AtomicBool::new(false),
            rules: RwLock::default(),
            call_counts: (0..=endpoints::count())
                .map(|_| AtomicU64::new(0))
                .collect(),
            positions: Mutex::default(),
            misses: Mutex::default(),
            posted: Mutex::default(),
            total_misses: Arc::default(),
        }
    }

    /// Counts misses, and the bytes of the request log, into totals of the server.
    pub(crate) fn with_totals(self, misses: &Arc<AtomicU64>, log_bytes: &Arc<AtomicUsize>) -> Self {
        Self {
            total_misses: Arc::clone(misses),
            request_log: self.request_log.with_total(log_bytes),
            ..self
        }
    }

    /// Returns a session for a request that must change nothing.
    pub(crate) fn dry_run() -> Self {
        Self {
            mode: Mode::DryRun,
            ..Self::new(0, None, 0)
        }
    }

    /// Adds a rule. Later rules take precedence over earlier ones.
    pub(crate) fn add_rule(&self, rule: FaultRule) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let number = rules.len() as u64;
        rules.push(Arc::new(ActiveRule {
            rule,
            // With one seed for all of them, rules would always strike together.
            seed: self.seed ^ (number + 1).wrapping_mul(0xd6e8_feb8_6659_fd93),
            matched: AtomicU64::new(0),
            polls: Mutex::default(),
        }));
        self.has_rules.store(true, Ordering::Release);
    }

    /// Adds rules that a request sent.
    ///
    /// # Errors
    /// When the session would have too many rules. None is then added.
    pub(crate) fn try_add_rules(&self, rules: Vec<FaultRule>) -> Result<(), String> {
        let count = self
            .rules
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .len();
        if count + rules.len() > MAX_RULES {
            return Err(format!(
                "a session has at most {MAX_RULES} rules, and this one has {count}: remove them with \
                 `DELETE faults`"
            ));
        }
        rules.into_iter().for_each(|rule| self.add_rule(rule));
        Ok(())
    }

    /// Returns the rules as text, in the order in which they were added.
    pub(crate) fn rules(&self) -> Vec<String> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(|active| active.rule.to_string()).collect()
    }

    pub(crate) fn clear_rules(&self) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        rules.clear();
        self.has_rules.store(false, Ordering::Release);
    }

    /// Returns to the initial state, with these rules.
    pub(crate) fn reset(&self, rules: &[FaultRule]) {
        self.clear_rules();
        for rule in rules {
            self.add_rule(rule.clone());
        }
        if let Some(limiter) = &self.rate_limiter {
            limiter.reset();
        }
        self.request_log.clear();
        self.lock_positions().clear();
        *self.lock_misses() = Misses::default();
        *self.lock_posted() = PostedTasks::default();
        for count in &self.call_counts {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// Returns the effects of the rules on the next call, and counts it for each rule that matches.
    pub(crate) fn effects(&self, method: &str, path: &str) -> Effects {
        let mut effects = Effects::default();
        if !self.has_rules.load(Ordering::Acquire) {
            return effects;
        }
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        // Backwards: the latest fault counts, while patches stay in the order of their rules.
        for active in rules.iter().rev() {
            if !active.rule.calls.matches(method, path) {
                continue;
            }
            let number = active.matched.fetch_add(1, Ordering::Relaxed) + 1;
            if !active.rule.occurrence.includes(number, active.seed) {
                continue;
            }
            match &active.rule.action {
                Action::Fault(Fault::Pending(polls)) => {
                    if effects.fault.is_none() && active.count_poll(path) <= *polls {
                        effects.fault = Some(Fault::Pending(*polls));
                    }
                }
                Action::Fault(fault) => effects.fault = effects.fault.or(Some(*fault)),
                Action::Latency(time) => effects.latency += *time,
                Action::Patch(patch) => effects.patches.insert(0, patch.clone()),
            }
        }
        effects
    }

    /// Returns the next response of a fixture, or `None` after the last one if the fixture ends
    /// there.
    pub(crate) fn next_response<'a>(&self, fixture: &'a Fixture) -> Option<&'a FixtureResponse> {
        if self.mode == Mode::Normal {
            fixture.mark_used();
        }
        if let [only] = fixture.responses.as_slice() {
            return Some(only);
        }
        let mut positions = self.lock_positions();
        let position = match positions.get_mut(&fixture.name) {
            Some(position) => position,
            None => positions.entry(fixture.name.clone()).or_default(),
        };
        let response = fixture.responses.get(*position).or(match fixture.after {
            AfterLast::RepeatLast => fixture.responses.last(),
            AfterLast::Error => None,
        });
        *position += 1;
        response
    }

    fn lock_positions(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.positions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_misses(&self) -> MutexGuard<'_, Misses> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_posted(&self) -> MutexGuard<'_, PostedTasks> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers a task that was posted.
    pub(crate) fn add_posted(&self, task: PostedTask) {
        if self.mode == Mode::Normal {
            self.lock_posted().add(task);
        }
    }

    /// Returns the posted task with an identifier. `tasks_ready` no longer lists it.
    pub(crate) fn fetch_task(&self, id: &str) -> Option<PostedTask> {
        match self.mode {
            Mode::Normal => self.lock_posted().fetch(id),
            Mode::DryRun => None,
        }
    }

    /// Returns the posted tasks that a path of `tasks_ready` lists. `None` if no task was posted to
    /// its function.
    pub(crate) fn ready_tasks(&self, path: &str) -> Option<Vec<PostedTask>> {
        self.lock_posted().ready(path)
    }

    /// Counts a call to an endpoint, or to an unknown path.
    pub(crate) fn count_call(&self, endpoint: Option<EndpointIndex>) {
        let place = endpoint.map_or(endpoints::count(), EndpointIndex::get);
        if let Some(count) = self.call_counts.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of calls to an endpoint.
    pub(crate) fn call_count(&self, endpoint: EndpointIndex) -> u64 {
        self.call_counts
            .get(endpoint.get())
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Numbers and keeps a miss.
    pub(crate) fn add_miss(&self, mut miss: Miss) -> Miss {
        let mut misses = self.lock_misses();
        misses.count += 1;
        self.total_misses.fetch_add(1, Ordering::Relaxed);
        miss.number = misses.count;
        if misses.kept.len() == MAX_MISSES {
            misses.kept.pop_front();
        }
        misses.kept.push_back(miss.clone());
        miss
    }

    /// Returns the misses that are kept, oldest first.
    pub(crate) fn misses(&self) -> Vec<Miss> {
        self.lock_misses().kept.iter().cloned().collect()
    }
}

impl ActiveRule {
    /// Counts a poll of a path. Returns its number, starting at 1.
    fn count_poll(&self, path: &str) -> u32 {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = polls.entry(hasher.finish()).or_default();
        *count += 1;
        let count = *count;
        // A caller with that many paths does not wait for any of them.
        if polls.len() > MAX_POLLED_PATHS {
            polls.clear();
        }
        count
    }
}
