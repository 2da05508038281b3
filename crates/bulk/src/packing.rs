//! Packs targets into calls. Each call is charged, so there should be few.
//!
//! Two limits apply to a call: the number of targets and, for some endpoints, the number of distinct
//! domains. A call is used fully if it reaches both. So each call takes the largest domains that
//! leave room for small ones.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;

use dataforseo_client::models::{FieldRule, Limit, TargetKind};
use dataforseo_domains::domain_of;

/// The limits of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capacity {
    /// The maximum number of targets per call.
    pub targets: NonZeroUsize,
    /// The maximum number of distinct registrable domains, such as `example.co.uk`, per call. `None`
    /// if it is not limited.
    pub domains: Option<NonZeroUsize>,
    /// What the targets are. Defaults to domains and pages.
    pub kind: TargetKind,
}

impl Capacity {
    /// Creates a capacity of this number of targets, with any number of domains.
    pub fn new(targets: NonZeroUsize) -> Self {
        Self {
            targets,
            domains: None,
            kind: TargetKind::Target,
        }
    }

    /// Sets the maximum number of distinct domains.
    pub fn with_domains(self, domains: NonZeroUsize) -> Self {
        Self {
            domains: Some(domains),
            ..self
        }
    }

    /// Sets what the targets are.
    pub fn with_kind(self, kind: TargetKind) -> Self {
        Self { kind, ..self }
    }

    /// Returns the documented limits of an endpoint, from the rules of its task. Without a documented
    /// limit it is one target per call. Without `targets`, the limits are those of `keywords`.
    ///
    /// [`Task::RULES`](dataforseo_client::models::Task::RULES) has the rules.
    pub fn from_rules(rules: &[FieldRule]) -> Self {
        let rule = |kind: TargetKind| rules.iter().find(|rule| rule.name == kind.field());
        let kind = match rule(TargetKind::Target) {
            None if rule(TargetKind::Keyword).is_some() => TargetKind::Keyword,
            _ => TargetKind::Target,
        };
        let rule = rule(kind);
        let limits = rule.map_or(&[][..], |rule| rule.limits);
        let first = |pick: fn(&Limit) -> Option<usize>| {
            limits.iter().find_map(pick).and_then(NonZeroUsize::new)
        };
        let targets = first(|limit| match limit {
            Limit::MaxItems(max) => Some(*max),
            _ => None,
        });
        let domains = first(|limit| match limit {
            Limit::MaxDistinctDomains(max) => Some(*max),
            _ => None,
        });
        Self {
            targets: targets.unwrap_or(NonZeroUsize::MIN),
            domains,
            kind,
        }
    }

    /// Returns a lower bound for the number of calls that these numbers of distinct targets and
    /// domains need.
    pub fn min_calls(&self, targets: usize, domains: usize) -> usize {
        let by_targets = targets.div_ceil(self.targets.get());
        let by_domains = self.domains.map_or(0, |max| domains.div_ceil(max.get()));
        by_targets.max(by_domains)
    }
}

/// A target of a call, with all of its positions in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PackedTarget {
    /// The target, spelled as at its first position.
    pub target: Arc<str>,
    /// The positions in the input, counted from 0. A duplicate has several.
    pub indices: Vec<u64>,
    /// Where the spelling changes.
    spellings: Vec<SpellingChange>,
}

/// A spelling that differs from that of the position before.
#[derive(Debug, Clone, PartialEq, Eq)]
struct SpellingChange {
    /// From which one of the positions on.
    from: usize,
    spelling: Arc<str>,
}

impl PackedTarget {
    fn new(first: u64, target: Arc<str>) -> Self {
        Self {
            target,
            indices: vec![first],
            spellings: Vec::new(),
        }
    }

    /// Adds another position.
    fn push(&mut self, index: u64, spelling: &str) {
        let changed = self.spellings.last().map(|last| &last.spelling);
        if **changed.unwrap_or(&self.target) != *spelling {
            let spelling = match *self.target == *spelling {
                true => Arc::clone(&self.target),
                false => spelling.into(),
            };
            let from = self.indices.len();
            self.spellings.push(SpellingChange { from, spelling });
        }
        self.indices.push(index);
    }

    /// Returns the spellings after the first, each with the number of the position that it begins at.
    pub(crate) fn other_spellings(&self) -> impl Iterator<Item = (usize, &str)> {
        self.spellings.iter().map(|it| (it.from, &*it.spelling))
    }

    /// Returns the positions in the input, each with the spelling of the target there.
    pub fn positions(&self) -> impl Iterator<Item = (u64, &Arc<str>)> {
        let mut spelling = &self.target;
        let mut changes = self.spellings.iter().peekable();
        self.indices.iter().enumerate().map(move |(number, index)| {
            if let Some(change) = changes.next_if(|change| change.from == number) {
                spelling = &change.spelling;
            }
            (*index, spelling)
        })
    }
}

/// The window also counts as full with this many positions per target on average.
const INDICES_PER_TARGET: usize = 8;

/// A packer that groups targets into calls and holds a bounded number of targets, the window.
///
/// The same targets in the same order always result in the same calls. Resumed jobs rely on that.
///
/// ```
/// use std::num::NonZeroUsize;
/// use dataforseo_bulk::{Capacity, Packer};
///
/// let two = NonZeroUsize::new(2).unwrap();
/// let mut packer = Packer::new(Capacity::new(two), NonZeroUsize::MAX);
/// for (index, target) in ["a.com", "b.com", "A.com", "c.com"].into_iter().enumerate() {
///     packer.push(index as u64, target);
/// }
/// let first = packer.next_call().unwrap();
/// assert_eq!(first[0].indices, [0, 2]);
/// assert_eq!(first[0].positions().map(|(_, target)| &**target).collect::<Vec<_>>(), ["a.com", "A.com"]);
/// assert_eq!(&*first[1].target, "b.com");
/// assert_eq!(packer.next_call().unwrap().len(), 1);
/// assert!(packer.next_call().is_none());
/// ```
#[derive(Debug)]
pub struct Packer {
    capacity: Capacity,
    window: usize,
    /// The targets in the window by their keys.
    targets: HashMap<Arc<str>, PackedTarget>,
    groups: HashMap<Arc<str>, DomainGroup>,
    /// The groups by size.
    by_size: BTreeSet<GroupKey>,
    /// How many domains were seen so far.
    domains_seen: u64,
    /// How many positions the targets in the window have.
    indices: usize,
}

/// The targets of one domain.
#[derive(Debug)]
struct DomainGroup {
    number: u64,
    /// The keys of the targets in the order of the input.
    keys: VecDeque<Arc<str>>,
}

/// A group in the order of sizes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct GroupKey {
    /// The number of targets.
    size: usize,
    /// Groups are numbered in the order in which their domains were seen.
    number: u64,
    domain: Arc<str>,
}

impl Packer {
    /// Creates a packer for calls of this capacity. `window` is the number of distinct targets to hold
    /// before a call is packed.
    ///
    /// A larger window results in fewer calls if domains are limited. A window smaller than one call
    /// is raised to one call.
    pub fn new(capacity: Capacity, window: NonZeroUsize) -> Self {
        Self {
            capacity,
            window: window.get().max(capacity.targets.get()),
            targets: HashMap::new(),
            groups: HashMap::new(),
            by_size: BTreeSet::new(),
            domains_seen: 0,
            indices: 0,
        }
    }

    /// Returns the number of distinct targets that the window holds.
    pub(crate) fn window(&self) -> usize {
        self.window
    }

    /// Returns what the targets are.
    pub(crate) fn kind(&self) -> TargetKind {
        self.capacity.kind
    }

    /// Returns whether the window is full, so that [`next_call`](Self::next_call) is due.
    pub fn is_full(&self) -> bool {
        // Duplicates need memory, too.
        self.targets.len() >= self.window || self.indices / INDICES_PER_TARGET >= self.window
    }

    /// Returns the number of distinct targets in the window.
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Returns whether the window is empty.
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Adds a target with its position in the input. A duplicate of a target in the window is sent
    /// together with it, also in another spelling: [`TargetKind::key`] decides.
    pub fn push(&mut self, index: u64, target: &str) {
        self.indices += 1;
        let key = self.capacity.kind.key(target);
        if let Some(packed) = self.targets.get_mut(&*key) {
            packed.push(index, target);
            return;
        }
        let target: Arc<str> = target.into();
        let key = match *key == *target {
            true => Arc::clone(&target),
            false => key.into(),
        };
        let domain = match self.capacity.domains {
            // A target without a domain counts as a domain.
            Some(_) => domain_of(&target).map_or_else(|| Arc::clone(&target), Arc::from),
            None => "".into(),
        };
        let packed = PackedTarget::new(index, target);
        self.targets.insert(Arc::clone(&key), packed);
        let number = self.domains_seen;
        let group = self.groups.entry(Arc::clone(&domain)).or_insert_with(|| {
            self.domains_seen += 1;
            DomainGroup {
                number,
                keys: VecDeque::new(),
            }
        });
        let mut group_key = GroupKey {
            size: group.keys.len(),
            number: group.number,
            domain,
        };
        self.by_size.remove(&group_key);
        group_key.size += 1;
        self.by_size.insert(group_key);
        group.keys.push_back(key);
    }

    /// Returns the targets of the next call. `None` if the window is empty.
    ///
    /// Use it when the window is full or the input has ended. Before that, the call can have fewer
    /// targets than the capacity allows.
    pub fn next_call(&mut self) -> Option<Vec<PackedTarget>> {
        let mut room = self.capacity.targets.get();
        let mut slots = self.capacity.domains.map_or(1, NonZeroUsize::get);
        let mut call = Vec::new();
        let mut may_split = true;
        while room > 0 && slots > 0 {
            let available = room - self.reserve(slots - 1, room);
            let largest = self.by_size.last();
            // Each part of a larger domain needs a slot, so a call contains at most one part.
            let part = largest.filter(|_| may_split);
            let exceeds = largest.is_some_and(|group| group.size > available);
            let group = if exceeds && call.is_empty() {
                part
            } else {
                self.largest_within(available).or(part)
            };
            let Some(group) = group.cloned() else {
                break;
            };
            let count = group.size.min(available);
            may_split &= count == group.size;
            self.take(&group, count, &mut call);
            room -= count;
            slots -= 1;
        }
        (!call.is_empty()).then_some(call)
    }

    /// Returns how much room to keep for the other slots. They get the smallest domains, as many as fit
    /// together with another one of the smallest size.
    fn reserve(&self, slots: usize, room: usize) -> usize {
        let smallest = self.by_size.first().map_or(0, |group| group.size);
        let mut reserve = 0;
        for group in self.by_size.iter().take(slots) {
            if reserve + group.size + smallest > room {
                break;
            }
            reserve += group.size;
        }
        reserve
    }

    /// Returns the largest group that is not larger than `size`.
    fn largest_within(&self, size: usize) -> Option<&GroupKey> {
        let bound = GroupKey {
            size,
            number: u64::MAX,
            domain: "".into(),
        };
        self.by_size.range(..bound).next_back()
    }

    /// Moves the first `count` targets of a group into a call.
    fn take(&mut self, key: &GroupKey, count: usize, call: &mut Vec<PackedTarget>) {
        self.by_size.remove(key);
        let Some(group) = self.groups.get_mut(&key.domain) else {
            return;
        };
        for key in group.keys.drain(..count) {
            if let Some(packed) = self.targets.remove(&key) {
                self.indices = self.indices.saturating_sub(packed.indices.len());
                call.push(packed);
            }
        }
        if count < key.size {
            self.by_size.insert(GroupKey {
                size: key.size - count,
                ..key.clone()
            });
        } else {
            self.groups.remove(&key.domain);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn capacity(targets: usize, domains: usize) -> Capacity {
        Capacity {
            targets: targets.try_into().unwrap(),
            domains: NonZeroUsize::new(domains),
            kind: TargetKind::Target,
        }
    }

    fn pack(capacity: Capacity, window: usize, targets: &[String]) -> Vec<Vec<PackedTarget>> {
        let mut packer = Packer::new(capacity, window.try_into().unwrap());
        let mut calls = Vec::new();
        for (index, target) in targets.iter().enumerate() {
            packer.push(index as u64, target);
            if packer.is_full() {
                calls.extend(packer.next_call());
            }
        }
        while let Some(call) = packer.next_call() {
            calls.push(call);
        }
        assert!(packer.is_empty() && packer.groups.is_empty() && packer.by_size.is_empty());
        calls
    }

    /// Pages of domains. Each size is the number of pages of a domain.
    fn pages(sizes: impl IntoIterator<Item = usize>) -> Vec<String> {
        let mut all = Vec::new();
        for (domain, size) in sizes.into_iter().enumerate() {
            all.extend((0..size).map(|page| format!("https://d{domain}.com/{page}")));
        }
        all
    }

    proptest! {
        #[test]
        fn each_target_is_sent_once_within_the_limits(
            sizes in prop::collection::vec(1_usize..60, 1..40),
            duplicates in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            (targets, domains, window) in (1_usize..30, 0_usize..6, 1_usize..400),
            seed in any::<u64>(),
        ) {
            let mut given = pages(sizes);
            for index in duplicates {
                given.push(given[index.index(given.len())].clone());
            }
            // An order that is independent of the domains.
            given.sort_by_cached_key(|target| crc32fast::hash(format!("{seed}{target}").as_bytes()));
            let capacity = capacity(targets, domains);
            let calls = pack(capacity, window, &given);
            let mut times_sent = vec![0; given.len()];
            for call in &calls {
                prop_assert!(call.len() <= targets);
                if domains > 0 {
                    let distinct: HashSet<_> = call.iter().map(|it| domain_of(&it.target)).collect();
                    prop_assert!(distinct.len() <= domains);
                }
                for packed in call {
                    for index in &packed.indices {
                        times_sent[*index as usize] += 1;
                        prop_assert_eq!(&given[*index as usize], &*packed.target);
                    }
                }
            }
            prop_assert!(times_sent.iter().all(|times| *times == 1));
            prop_assert_eq!(calls, pack(capacity, window, &given));
        }
    }

    #[test]
    fn packing_a_whole_list_needs_few_calls_more_than_the_bound() {
        let cases: [(&str, Vec<usize>); 8] = [
            ("many pages of few domains", vec![5_000; 20]),
            ("few pages of many domains", vec![3; 20_000]),
            ("one page each", vec![1; 10_000]),
            ("both limits at once", vec![10; 5_000]),
            ("halves", [vec![18; 3_000], vec![1; 3_000]].concat()),
            ("one giant", [vec![50_000], vec![1; 5_000]].concat()),
            ("just too large", [vec![902; 50], vec![10; 4_000]].concat()),
            (
                "a heavy tail",
                (1..=20_000).map(|rank| (30_000 / rank).max(1)).collect(),
            ),
        ];
        for (name, sizes) in cases {
            let (targets, domains) = (sizes.iter().sum(), sizes.len());
            let capacity = capacity(1_000, 100);
            let bound = capacity.min_calls(targets, domains);
            let calls = pack(capacity, usize::MAX, &pages(sizes)).len();
            assert!(
                calls as f64 <= (bound as f64 * 1.02).ceil(),
                "{name}: {calls} calls, and the lower bound is {bound}"
            );
        }
    }

    #[test]
    fn spellings_of_one_keyword_share_a_place() {
        let keywords = [
            "Coffee  Machine",
            "tea.com",
            "coffee machine",
            "www.tea.com",
        ];
        let keywords = keywords.map(str::to_owned);
        let calls = pack(capacity(9, 0).with_kind(TargetKind::Keyword), 9, &keywords);
        let places: Vec<&[u64]> = calls[0].iter().map(|it| &*it.indices).collect();
        assert_eq!(places, [&[0, 2][..], &[1], &[3]]);
    }

    #[test]
    fn without_domains_calls_are_in_order() {
        let given = pages([5]);
        let calls = pack(capacity(2, 0), 1, &given);
        let sent: Vec<Vec<&str>> = calls
            .iter()
            .map(|call| call.iter().map(|it| &*it.target).collect())
            .collect();
        assert_eq!(sent[0], [&given[0], &given[1]]);
        assert_eq!(sent[2], [&given[4]]);
    }
}
