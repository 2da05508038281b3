//! What the server charged.

use std::collections::{BTreeMap, HashMap};

/// A call that was charged.
#[derive(Debug, Clone)]
pub struct Charged {
    /// The number of the call.
    pub call: usize,
    /// Its targets.
    pub targets: Vec<String>,
    /// The amount in US dollars.
    pub cost: f64,
    /// Whether the response was written as a whole.
    pub is_delivered: bool,
}

/// All calls that were charged so far.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    /// In the order of arrival.
    pub charges: Vec<Charged>,
    /// The target of each row by its token, which is the row's rank.
    pub(super) tokens: HashMap<i64, String>,
}

impl Ledger {
    /// Returns the sum of all charges in US dollars.
    pub fn total(&self) -> f64 {
        self.charges.iter().map(|charged| charged.cost).sum()
    }

    /// Returns how often each target was paid for.
    pub fn times_paid(&self) -> BTreeMap<&str, usize> {
        let mut times = BTreeMap::new();
        for target in self.charges.iter().flat_map(|charged| &charged.targets) {
            *times.entry(target.as_str()).or_default() += 1;
        }
        times
    }

    /// Returns the targets that were paid for more than once.
    pub fn paid_twice(&self) -> Vec<&str> {
        let times = self.times_paid().into_iter();
        times
            .filter(|(_, times)| *times > 1)
            .map(|(target, _)| target)
            .collect()
    }

    /// Returns the targets whose responses were written as a whole.
    pub fn delivered(&self) -> impl Iterator<Item = &str> {
        let delivered = self.charges.iter().filter(|charged| charged.is_delivered);
        delivered.flat_map(|charged| charged.targets.iter().map(String::as_str))
    }

    /// Returns the target of the row with this rank. Each row has a rank of its own.
    pub fn target_of(&self, rank: i64) -> Option<&str> {
        self.tokens.get(&rank).map(String::as_str)
    }

    /// Charges a call, and returns the ranks of its rows.
    pub(super) fn charge(&mut self, call: usize, targets: &[String], cost: f64) -> Vec<i64> {
        self.charges.push(Charged {
            call,
            targets: targets.to_vec(),
            cost,
            is_delivered: false,
        });
        let mut ranks = Vec::with_capacity(targets.len());
        for target in targets {
            let rank = self.tokens.len() as i64 + 1;
            self.tokens.insert(rank, target.clone());
            ranks.push(rank);
        }
        ranks
    }

    pub(super) fn deliver(&mut self, call: usize) {
        let charges = self.charges.iter_mut();
        for charged in charges.filter(|charged| charged.call == call) {
            charged.is_delivered = true;
        }
    }
}
