//! What a server remembers of one user of it: rules, calls, misses, how far sequences are played.
//!
//! A server has one session from the beginning, and one more for each base path `/__s/NAME` that
//! somebody calls.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use crate::fault::{Calls, Fault, FaultRule, What, When};
use crate::fixture::{After, Fixture, Response};
use crate::generated::ENDPOINTS;
use crate::journal::Journal;
use crate::limits::{Account, Limits};
use crate::miss::Miss;

/// How many paths are polled at one time, at most.
const MAX_POLLED: usize = 10_000;
/// How many misses are kept.
const MISSES: usize = 64;

/// One user's state.
pub(crate) struct Session {
    pub(crate) journal: Journal,
    pub(crate) account: Option<Account>,
    seed: u64,
    /// Whether what it does is only tried out: nothing is noted as used.
    dry: bool,
    /// Whether there are rules: looked at before the lock is.
    ruled: AtomicBool,
    rules: RwLock<Vec<Arc<Active>>>,
    /// How many calls each endpoint had, and at the end those that no endpoint had.
    counts: Box<[AtomicU64]>,
    played: Mutex<HashMap<String, usize>>,
    misses: Mutex<Misses>,
    /// How many misses there were in all sessions of the server, whatever became of them.
    all_misses: Arc<AtomicU64>,
}

#[derive(Default)]
struct Misses {
    count: u64,
    kept: VecDeque<Miss>,
}

/// A rule at work.
pub(crate) struct Active {
    pub(crate) rule: FaultRule,
    seed: u64,
    /// How many calls it was about.
    seen: AtomicU64,
    /// For [`Fault::Pending`]: how often each path was asked for.
    polls: Mutex<HashMap<String, u32>>,
}

/// What the rules do to one call.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Effects {
    pub(crate) fault: Option<Fault>,
    pub(crate) latency: Duration,
    pub(crate) patches: Vec<(String, String)>,
}

impl Session {
    pub(crate) fn new(journal: usize, limits: Option<Limits>, seed: u64) -> Self {
        Self {
            journal: Journal::new(journal),
            account: limits.map(Account::new),
            seed,
            dry: false,
            ruled: AtomicBool::new(false),
            rules: RwLock::default(),
            counts: (0..=ENDPOINTS.len()).map(|_| AtomicU64::new(0)).collect(),
            played: Mutex::default(),
            misses: Mutex::default(),
            all_misses: Arc::default(),
        }
    }

    /// The same, counting its misses into the server's.
    pub(crate) fn counting(self, all_misses: &Arc<AtomicU64>) -> Self {
        Self {
            all_misses: Arc::clone(all_misses),
            ..self
        }
    }

    /// One to try something out with.
    pub(crate) fn dry() -> Self {
        Self {
            dry: true,
            ..Self::new(0, None, 0)
        }
    }

    /// Adds a rule. A later one goes before an earlier one.
    pub(crate) fn rule(&self, rule: FaultRule) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        let number = rules.len() as u64;
        rules.push(Arc::new(Active {
            rule,
            // Rules with one seed between them would always strike together.
            seed: self.seed ^ (number + 1).wrapping_mul(0xd6e8_feb8_6659_fd93),
            seen: AtomicU64::new(0),
            polls: Mutex::default(),
        }));
        self.ruled.store(true, Ordering::Release);
    }

    pub(crate) fn rules(&self) -> Vec<String> {
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        rules.iter().map(|active| active.rule.to_string()).collect()
    }

    pub(crate) fn clear_rules(&self) {
        let mut rules = self.rules.write().unwrap_or_else(PoisonError::into_inner);
        rules.clear();
        self.ruled.store(false, Ordering::Release);
    }

    /// Forgets everything but these rules, which it was made with.
    pub(crate) fn reset(&self, rules: &[FaultRule]) {
        self.clear_rules();
        for rule in rules {
            self.rule(rule.clone());
        }
        if let Some(account) = &self.account {
            account.reset();
        }
        self.journal.clear();
        self.played().clear();
        *self.lock_misses() = Misses::default();
        for count in &self.counts {
            count.store(0, Ordering::Relaxed);
        }
    }

    /// What the rules do to the next call. Each rule that is about it counts it.
    pub(crate) fn effects(&self, method: &str, path: &str) -> Effects {
        let mut effects = Effects::default();
        if !self.ruled.load(Ordering::Acquire) {
            return effects;
        }
        let rules = self.rules.read().unwrap_or_else(PoisonError::into_inner);
        // The later rule first, for faults; patches in the order in which they were given.
        for active in rules.iter().rev() {
            if !active.rule.calls.include(method, path) {
                continue;
            }
            let number = active.seen.fetch_add(1, Ordering::Relaxed) + 1;
            if !active.rule.when.applies(number, active.seed) {
                continue;
            }
            match &active.rule.what {
                What::Fault(Fault::Pending(polls)) => {
                    if effects.fault.is_none() && active.poll(path) <= *polls {
                        effects.fault = Some(Fault::Pending(*polls));
                    }
                }
                What::Fault(fault) => effects.fault = effects.fault.or(Some(*fault)),
                What::Latency(time) => effects.latency += *time,
                What::Patch(pointer, value) => {
                    effects.patches.insert(0, (pointer.clone(), value.clone()));
                }
            }
        }
        effects
    }

    /// The answer of a fixture whose turn it is; `None` when all were given.
    pub(crate) fn next_response<'a>(&self, fixture: &'a Fixture) -> Option<&'a Response> {
        if !self.dry {
            fixture.use_up();
        }
        if let [only] = fixture.responses.as_slice() {
            return Some(only);
        }
        let mut played = self.played();
        let at = match played.get_mut(&fixture.name) {
            Some(at) => at,
            None => played.entry(fixture.name.clone()).or_default(),
        };
        let response = fixture.responses.get(*at).or(match fixture.after {
            After::RepeatLast => fixture.responses.last(),
            After::Error => None,
        });
        *at += 1;
        response
    }

    fn played(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_misses(&self) -> MutexGuard<'_, Misses> {
        self.misses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a call to an endpoint, or to none.
    pub(crate) fn count(&self, endpoint: Option<usize>) {
        if let Some(count) = self.counts.get(endpoint.unwrap_or(ENDPOINTS.len())) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many calls an endpoint had.
    pub(crate) fn counted(&self, endpoint: usize) -> u64 {
        self.counts
            .get(endpoint)
            .map_or(0, |count| count.load(Ordering::Relaxed))
    }

    /// Keeps a miss and gives it its number.
    pub(crate) fn miss(&self, mut miss: Miss) -> Miss {
        let mut misses = self.lock_misses();
        misses.count += 1;
        self.all_misses.fetch_add(1, Ordering::Relaxed);
        miss.number = misses.count;
        if misses.kept.len() == MISSES {
            misses.kept.pop_front();
        }
        misses.kept.push_back(miss.clone());
        miss
    }

    /// The misses that are kept, the oldest first.
    pub(crate) fn misses(&self) -> Vec<Miss> {
        self.lock_misses().kept.iter().cloned().collect()
    }
}

impl Active {
    fn poll(&self, path: &str) -> u32 {
        let mut polls = self.polls.lock().unwrap_or_else(PoisonError::into_inner);
        let count = polls.entry(path.to_owned()).or_default();
        *count += 1;
        let count = *count;
        // Whoever asks for ever new paths is not waiting for any of them.
        if polls.len() > MAX_POLLED {
            polls.clear();
        }
        count
    }
}

/// A rule about calls, without text in between.
pub(crate) fn rule(method: Option<&str>, path: &str, what: What, when: When) -> FaultRule {
    FaultRule {
        calls: Calls {
            method: method.map(str::to_owned),
            path: path.to_owned(),
        },
        what,
        when,
    }
}
