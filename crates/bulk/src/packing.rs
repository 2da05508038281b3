//! Which targets go into one call: calls are what is paid for, so there should be few.
//!
//! Two limits fill a call: so many targets, and for some endpoints so many different domains. A
//! call is full when both are, so each takes the largest domains that leave room for small ones.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::Arc;

use dataforseo_client::models::{FieldRule, Limit};
use dataforseo_domains::domain_of;

/// What one call can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capacity {
    /// At most so many targets.
    pub targets: NonZeroUsize,
    /// Of at most so many different registrable domains; `None` if that does not count.
    pub domains: Option<NonZeroUsize>,
}

impl Capacity {
    /// So many targets, whatever their domains.
    pub fn of(targets: NonZeroUsize) -> Self {
        Self {
            targets,
            domains: None,
        }
    }

    /// The same with so many different domains at most.
    pub fn domains(self, domains: NonZeroUsize) -> Self {
        Self {
            domains: Some(domains),
            ..self
        }
    }

    /// What the documented limits of an endpoint's task say; one target if they say nothing.
    pub fn documented(rules: &[FieldRule]) -> Self {
        let rule = rules.iter().find(|rule| rule.name == "targets");
        let limits = rule.map_or(&[][..], |rule| rule.limits);
        let of = |pick: fn(&Limit) -> Option<usize>| {
            limits.iter().find_map(pick).and_then(NonZeroUsize::new)
        };
        Self {
            targets: of(|limit| match limit {
                Limit::MaxItems(max) => Some(*max),
                _ => None,
            })
            .unwrap_or(NonZeroUsize::MIN),
            domains: of(|limit| match limit {
                Limit::MaxDistinctDomains(max) => Some(*max),
                _ => None,
            }),
        }
    }

    /// No way of packing so many targets of so many different domains takes fewer calls.
    pub fn fewest_calls(&self, targets: usize, domains: usize) -> usize {
        let of_targets = targets.div_ceil(self.targets.get());
        let of_domains = self.domains.map_or(0, |max| domains.div_ceil(max.get()));
        of_targets.max(of_domains)
    }
}

/// A target, and where it stands in the input: at more than one place if it was given twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Packed {
    /// As it was given.
    pub target: Arc<str>,
    /// The places, counted from 0.
    pub places: Vec<u64>,
}

/// How many places a target of the window may have on average.
const PLACES: usize = 8;

/// Takes targets one by one and gives out calls, holding at most a window's worth.
///
/// The same targets in the same order give the same calls, whatever happens in between: a job that
/// is resumed relies on that.
///
/// ```
/// use std::num::NonZeroUsize;
/// use dataforseo_bulk::{Capacity, Packer};
///
/// let two = NonZeroUsize::new(2).unwrap();
/// let mut packer = Packer::new(Capacity::of(two), NonZeroUsize::MAX);
/// for (place, target) in ["a.com", "b.com", "a.com", "c.com"].into_iter().enumerate() {
///     packer.push(place as u64, target);
/// }
/// let first = packer.next_call().unwrap();
/// assert_eq!(first[0].places, [0, 2]);
/// assert_eq!(&*first[1].target, "b.com");
/// assert_eq!(packer.next_call().unwrap().len(), 1);
/// assert!(packer.next_call().is_none());
/// ```
#[derive(Debug)]
pub struct Packer {
    capacity: Capacity,
    window: usize,
    /// The targets that are held, each with its later places.
    held: HashMap<Arc<str>, Vec<u64>>,
    /// Those of one domain each, in their order; the number of a domain is that of its coming.
    groups: HashMap<Arc<str>, Group>,
    /// The same by size: how many targets, the number, the domain.
    by_size: BTreeSet<(usize, u64, Arc<str>)>,
    domains_met: u64,
    /// How many places the targets have that are held.
    places: usize,
}

#[derive(Debug)]
struct Group {
    number: u64,
    /// Targets with their first places.
    targets: VecDeque<(u64, Arc<str>)>,
}

impl Packer {
    /// Packs for calls of this capacity, out of `window` targets at a time: the more, the fewer
    /// calls where domains count. It holds at least enough for one call.
    pub fn new(capacity: Capacity, window: NonZeroUsize) -> Self {
        Self {
            capacity,
            window: window.get().max(capacity.targets.get()),
            held: HashMap::new(),
            groups: HashMap::new(),
            by_size: BTreeSet::new(),
            domains_met: 0,
            places: 0,
        }
    }

    /// Whether the window is full: time for [`next_call`](Self::next_call).
    pub fn is_full(&self) -> bool {
        // One that is given a million times takes its room, too.
        self.held.len() >= self.window || self.places / PLACES >= self.window
    }

    /// How many different targets are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Takes a target, with its place in the input. One that is held already goes out once, with all
    /// its places.
    pub fn push(&mut self, place: u64, target: &str) {
        self.places += 1;
        if let Some(later) = self.held.get_mut(target) {
            later.push(place);
            return;
        }
        let target: Arc<str> = target.into();
        self.held.insert(Arc::clone(&target), Vec::new());
        let domain = match self.capacity.domains {
            // A target without a domain is one of its own.
            Some(_) => domain_of(&target).map_or_else(|| Arc::clone(&target), Arc::from),
            None => "".into(),
        };
        let number = self.domains_met;
        let group = self.groups.entry(Arc::clone(&domain)).or_insert_with(|| {
            self.domains_met += 1;
            Group {
                number,
                targets: VecDeque::new(),
            }
        });
        let size = group.targets.len();
        self.by_size
            .remove(&(size, group.number, Arc::clone(&domain)));
        self.by_size.insert((size + 1, group.number, domain));
        group.targets.push_back((place, target));
    }

    /// The targets of the next call; `None` when none is held. Before the window is full or the
    /// input has ended, a call may come out emptier than it had to.
    pub fn next_call(&mut self) -> Option<Vec<Packed>> {
        let mut room = self.capacity.targets.get();
        let mut slots = self.capacity.domains.map_or(1, NonZeroUsize::get);
        let mut call = Vec::new();
        let mut may_split = true;
        while room > 0 && slots > 0 {
            let Some(smallest) = self.by_size.first().map(|(size, ..)| *size) else {
                break;
            };
            // The other slots get at least the smallest domains, as many as fit.
            let mut reserve = 0;
            for (size, ..) in self.by_size.iter().take(slots - 1) {
                if reserve + size + smallest > room {
                    break;
                }
                reserve += size;
            }
            let share = room - reserve;
            let largest = self.by_size.last().map_or(0, |(size, ..)| *size);
            let fits = |size: usize| (size, u64::MAX, Arc::from(""));
            let fitting = self.by_size.range(..fits(share)).next_back();
            // One part of a larger domain a call: each part takes a slot, and slots count.
            let part = self.by_size.last().filter(|_| may_split);
            let pick = match largest > share && call.is_empty() {
                true => part,
                false => fitting.or(part),
            };
            let Some((size, number, domain)) = pick.cloned() else {
                break;
            };
            let taken = size.min(share);
            may_split &= taken == size;
            self.take(&domain, number, size, taken, &mut call);
            room -= taken;
            slots -= 1;
        }
        (!call.is_empty()).then_some(call)
    }

    /// Moves the first `taken` targets of a domain into a call.
    fn take(
        &mut self,
        domain: &Arc<str>,
        number: u64,
        size: usize,
        taken: usize,
        call: &mut Vec<Packed>,
    ) {
        self.by_size.remove(&(size, number, Arc::clone(domain)));
        let Some(group) = self.groups.get_mut(domain) else {
            return;
        };
        for (place, target) in group.targets.drain(..taken) {
            let mut places = vec![place];
            places.extend(self.held.remove(&target).into_iter().flatten());
            self.places = self.places.saturating_sub(places.len());
            call.push(Packed { target, places });
        }
        if taken < size {
            self.by_size
                .insert((size - taken, number, Arc::clone(domain)));
        } else {
            self.groups.remove(domain);
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
        }
    }

    fn pack(capacity: Capacity, window: usize, targets: &[String]) -> Vec<Vec<Packed>> {
        let mut packer = Packer::new(capacity, window.try_into().unwrap());
        let mut calls = Vec::new();
        for (place, target) in targets.iter().enumerate() {
            packer.push(place as u64, target);
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

    /// Pages of domains, so many each.
    fn pages(sizes: impl IntoIterator<Item = usize>) -> Vec<String> {
        let mut all = Vec::new();
        for (domain, size) in sizes.into_iter().enumerate() {
            all.extend((0..size).map(|page| format!("https://d{domain}.com/{page}")));
        }
        all
    }

    proptest! {
        #[test]
        fn each_target_goes_out_once_within_the_limits(
            sizes in prop::collection::vec(1_usize..60, 1..40),
            again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            (targets, domains, window) in (1_usize..30, 0_usize..6, 1_usize..400),
            seed in any::<u64>(),
        ) {
            let mut given = pages(sizes);
            for index in again {
                given.push(given[index.index(given.len())].clone());
            }
            // An order that has nothing to do with the domains.
            given.sort_by_cached_key(|target| crc32fast::hash(format!("{seed}{target}").as_bytes()));
            let capacity = capacity(targets, domains);
            let calls = pack(capacity, window, &given);
            let mut places = vec![0; given.len()];
            for call in &calls {
                prop_assert!(call.len() <= targets);
                if domains > 0 {
                    let different: HashSet<_> = call.iter().map(|it| domain_of(&it.target)).collect();
                    prop_assert!(different.len() <= domains);
                }
                for packed in call {
                    for place in &packed.places {
                        places[*place as usize] += 1;
                        prop_assert_eq!(&given[*place as usize], &*packed.target);
                    }
                }
            }
            prop_assert!(places.iter().all(|times| *times == 1));
            prop_assert_eq!(calls, pack(capacity, window, &given));
        }
    }

    #[test]
    fn the_whole_list_takes_hardly_more_calls_than_the_bound() {
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
            let bound = capacity.fewest_calls(targets, domains);
            let calls = pack(capacity, usize::MAX, &pages(sizes)).len();
            assert!(
                calls as f64 <= (bound as f64 * 1.02).ceil(),
                "{name}: {calls} calls, and {bound} are the fewest"
            );
        }
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
