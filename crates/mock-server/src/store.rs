//! All fixtures, found by one look-up a way of matching: by path and canonical tasks.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError};

use dataforseo_models::EndpointInfo;
use serde_json::Value;

use crate::MockEndpoint;
use crate::canonical::{MatchRule, strict_key};
use crate::fixture::{Fixture, FixtureError};
use crate::generated::ENDPOINTS;

/// The fixtures of a server: its own, and behind them those that came with this crate.
pub(crate) struct Store {
    /// One a line of [`ENDPOINTS`].
    own: Vec<Index>,
    embedded: bool,
}

/// The fixtures of one endpoint.
#[derive(Default)]
struct Index {
    /// By what does not count for them; the strictest first. Nearly always there is one.
    rules: Vec<(MatchRule, Known)>,
    recent: Mutex<Recent>,
}

/// Bodies that were understood before, byte for byte: a test suite sends few, and each often.
type Recent = HashMap<Box<[u8]>, Arc<Fixture>, foldhash::fast::RandomState>;

/// How many bodies are remembered for an endpoint, and how large they may be.
const REMEMBERED: usize = 512;
const REMEMBERED_BYTES: usize = 512;

type Known = HashMap<String, Arc<Fixture>, foldhash::fast::RandomState>;

impl Index {
    fn add(&mut self, fixture: Fixture) -> Result<(), FixtureError> {
        let key = fixture.rule.key(&fixture.path, &fixture.request);
        let at = match self
            .rules
            .binary_search_by(|(rule, _)| rule.strictness().cmp(&fixture.rule.strictness()))
        {
            Ok(at) => at,
            Err(at) => {
                self.rules
                    .insert(at, (fixture.rule.clone(), HashMap::default()));
                at
            }
        };
        let known = &mut self.rules[at].1;
        if let Some(first) = known.get(&key) {
            return Err(FixtureError::Duplicate {
                first: first.name.clone(),
                second: fixture.name,
            });
        }
        known.insert(key, Arc::new(fixture));
        Ok(())
    }

    /// Takes a fixture in place of one that answers the same, or that was in the same file.
    #[cfg(feature = "record")]
    fn put(&mut self, fixture: Fixture) {
        for (_, known) in &mut self.rules {
            known.retain(|_, old| old.file.is_none() || old.file != fixture.file);
        }
        let key = fixture.rule.key(&fixture.path, &fixture.request);
        if let Some((_, known)) = self
            .rules
            .iter_mut()
            .find(|(rule, _)| *rule == fixture.rule)
        {
            known.remove(&key);
        }
        // Nothing is left that it could be a duplicate of.
        let _ = self.add(fixture);
    }

    fn find(&self, request: &Wanted<'_>) -> Option<&Arc<Fixture>> {
        self.rules
            .iter()
            .find_map(|(rule, known)| match rule.is_strict() {
                true => known.get(request.key()),
                false => known.get(&rule.key(request.path, request.tasks)),
            })
    }

    fn strict(&self, path: &str, body: &[u8]) -> Option<Arc<Fixture>> {
        if let Some(known) = self.recent().get(body) {
            return Some(Arc::clone(known));
        }
        let (rule, known) = self.rules.first()?;
        if !rule.is_strict() {
            return None;
        }
        let fixture = Arc::clone(known.get(&strict_key(path, body)?)?);
        if body.len() <= REMEMBERED_BYTES {
            let mut recent = self.recent();
            if recent.len() >= REMEMBERED {
                recent.clear();
            }
            recent.insert(Box::from(body), Arc::clone(&fixture));
        }
        Some(fixture)
    }

    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn all(&self) -> impl Iterator<Item = &Arc<Fixture>> {
        self.rules.iter().flat_map(|(_, known)| known.values())
    }
}

/// What is looked for.
pub(crate) struct Wanted<'a> {
    path: &'a str,
    tasks: &'a Value,
    key: OnceLock<String>,
}

impl<'a> Wanted<'a> {
    pub(crate) fn new(path: &'a str, tasks: &'a Value) -> Self {
        Self {
            path,
            tasks,
            key: OnceLock::new(),
        }
    }

    /// Worked out once, though there are two places to look.
    fn key(&self) -> &String {
        self.key
            .get_or_init(|| MatchRule::default().key(self.path, self.tasks))
    }
}

impl Store {
    /// One without fixtures of its own.
    pub(crate) fn empty(embedded: bool) -> Self {
        Self {
            own: ENDPOINTS.iter().map(|_| Index::default()).collect(),
            embedded,
        }
    }

    /// Takes the fixtures of folders and texts.
    pub(crate) fn load(
        embedded: bool,
        folders: &[PathBuf],
        texts: &[String],
    ) -> Result<Self, FixtureError> {
        let mut store = Self::empty(embedded);
        let mut seen = HashSet::new();
        for folder in folders {
            for fixture in Fixture::read_folder(folder)? {
                // Folders may hold one another.
                let whole = fixture
                    .file
                    .as_ref()
                    .and_then(|file| file.canonicalize().ok());
                if whole.is_none_or(|whole| seen.insert(whole)) {
                    store.add(fixture)?;
                }
            }
        }
        for (index, text) in texts.iter().enumerate() {
            store.add(Fixture::parse(&format!("fixture {}", index + 1), text)?)?;
        }
        Ok(store)
    }

    pub(crate) fn add(&mut self, fixture: Fixture) -> Result<(), FixtureError> {
        let refuse = |reason: String| FixtureError::Format {
            name: fixture.name.clone(),
            reason,
        };
        let Some(at) = position(&fixture.path) else {
            let meant = did_you_mean(&fixture.path);
            return Err(refuse(format!("no endpoint {}{meant}", fixture.path)));
        };
        let method = ENDPOINTS[at].info.method.as_str();
        if fixture.method != method {
            return Err(refuse(format!("{} is called with {method}", fixture.path)));
        }
        self.own[at].add(fixture)
    }

    /// Takes a fixture of an endpoint in place of the one from before.
    #[cfg(feature = "record")]
    pub(crate) fn put(&mut self, at: usize, fixture: Fixture) {
        self.own[at].put(fixture);
    }

    /// The fixture that answers a request to the endpoint at this place in the table.
    pub(crate) fn find(&self, at: usize, request: &Wanted<'_>) -> Option<&Arc<Fixture>> {
        self.own[at]
            .find(request)
            .or_else(|| self.embedded(at)?.find(request))
    }

    /// The server's own fixture for a body with tasks, if everything counts for it.
    pub(crate) fn strict(&self, at: usize, path: &str, body: &[u8]) -> Option<Arc<Fixture>> {
        self.own[at].strict(path, body)
    }

    /// All fixtures of an endpoint, those of the server itself first.
    pub(crate) fn of(&self, at: usize) -> impl Iterator<Item = &Arc<Fixture>> {
        let embedded = self.embedded(at);
        self.own[at]
            .all()
            .chain(embedded.into_iter().flat_map(Index::all))
    }

    /// The server's own fixtures.
    pub(crate) fn own(&self) -> impl Iterator<Item = &Arc<Fixture>> {
        self.own.iter().flat_map(Index::all)
    }

    /// How many fixtures it can answer with.
    pub(crate) fn len(&self) -> usize {
        let embedded = ENDPOINTS.iter().map(|line| line.fixtures.len()).sum();
        self.own().count() + if self.embedded { embedded } else { 0 }
    }

    fn embedded(&self, at: usize) -> Option<&'static Index> {
        self.embedded.then(|| embedded(at))
    }
}

/// The embedded fixtures of an endpoint: read when they are first asked for, once in a program.
fn embedded(at: usize) -> &'static Index {
    static ALL: LazyLock<Vec<OnceLock<Index>>> =
        LazyLock::new(|| ENDPOINTS.iter().map(|_| OnceLock::new()).collect());
    ALL[at].get_or_init(|| {
        let mut index = Index::default();
        for (name, text) in ENDPOINTS[at].fixtures {
            // A test reads each of them, so none is left out here.
            if let Ok(mut fixture) = Fixture::parse(name, text) {
                fixture.embedded = true;
                let _ = index.add(fixture);
            }
        }
        index
    })
}

/// The endpoint that a path belongs to, as a place in the table.
pub(crate) fn position(path: &str) -> Option<usize> {
    static EXACT: LazyLock<HashMap<&'static str, usize, foldhash::fast::RandomState>> =
        LazyLock::new(|| {
            let lines = ENDPOINTS.iter().enumerate();
            lines.map(|(at, line)| (line.info.path, at)).collect()
        });
    static WITH_PARAMETERS: LazyLock<Vec<usize>> = LazyLock::new(|| {
        let open = |at: &usize| ENDPOINTS[*at].info.path.contains('{');
        (0..ENDPOINTS.len()).filter(open).collect()
    });
    match EXACT.get(path) {
        Some(at) => Some(*at),
        None => WITH_PARAMETERS
            .iter()
            .copied()
            .find(|at| ENDPOINTS[*at].info.matches(path)),
    }
}

/// The line of the table for an endpoint of the models.
pub(crate) fn position_of(endpoint: &EndpointInfo) -> Option<usize> {
    position(endpoint.path)
}

/// A line of the table.
pub(crate) fn endpoint(at: usize) -> &'static MockEndpoint {
    &ENDPOINTS[at]
}

/// The path that was probably meant, as the end of a sentence.
pub(crate) fn did_you_mean(wrong: &str) -> String {
    // A path from outside can be long, and the distance costs time by its length.
    if wrong.len() > 200 {
        return String::new();
    }
    ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.info.path)
        .map(|path| (strsim::damerau_levenshtein(wrong, path), path))
        .filter(|(distance, path)| *distance <= path.len() / 3)
        .min()
        .map_or(String::new(), |(_, path)| format!("; did you mean {path}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_fixture_is_read() {
        for (at, line) in ENDPOINTS.iter().enumerate() {
            assert_eq!(
                embedded(at).all().count(),
                line.fixtures.len(),
                "{}",
                line.info.path
            );
            assert_eq!(position(line.info.path), Some(at));
        }
    }
}
