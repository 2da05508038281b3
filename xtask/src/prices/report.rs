//! What a rate card changed, as text.

use std::collections::BTreeMap;
use std::fmt;

/// What a card means for an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// The spec has the price of the card.
    Unchanged,
    /// The price was unknown.
    New,
    /// The endpoint is free, which was unknown.
    Free,
    /// The price was another one.
    Changed {
        /// The price in the spec.
        spec: String,
        /// The price in the card.
        card: String,
    },
    /// The price has evidence of its own, so it was kept.
    Kept {
        /// The price in the spec.
        spec: String,
        /// The price in the card.
        card: String,
    },
    /// The price in the file has comments, so it was kept.
    HasComments {
        /// The price in the card.
        card: String,
    },
    /// The card has no function for the endpoint.
    NotInCard,
    /// The card has a rate and no price for the endpoint.
    NoPriceInCard,
    /// Several functions of the card fit.
    Ambiguous(Vec<String>),
    /// The calls per minute were other ones.
    Rate {
        /// The rate in the spec.
        spec: Option<u32>,
        /// The rate in the card.
        card: u32,
    },
    /// The spec has a rate that the card does not have. It was kept.
    RateNotInCard(u32),
}

/// The outcomes of all endpoints, by file.
#[derive(Debug, Default)]
pub struct PriceReport {
    outcomes: BTreeMap<String, Vec<Outcome>>,
    /// The functions of the card that belong to no endpoint.
    pub unused: Vec<String>,
    /// The number of files that the card changes.
    pub changed_files: usize,
}

impl PriceReport {
    /// Adds an outcome.
    pub fn add(&mut self, file: &str, outcome: Outcome) {
        self.add_all(file, vec![outcome]);
    }

    /// Adds the outcomes of a file.
    pub fn add_all(&mut self, file: &str, outcomes: Vec<Outcome>) {
        let all = self.outcomes.entry(file.to_owned()).or_default();
        all.extend(outcomes);
    }

    /// Returns the number of outcomes of a kind.
    fn count(&self, is_kind: impl Fn(&Outcome) -> bool) -> usize {
        self.outcomes
            .values()
            .flatten()
            .filter(|it| is_kind(it))
            .count()
    }

    /// Returns whether a person has to decide something.
    pub fn needs_decision(&self) -> bool {
        let kinds =
            |it: &Outcome| matches!(it, Outcome::Ambiguous(_) | Outcome::HasComments { .. });
        self.count(kinds) > 0
    }
}

impl fmt::Display for PriceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (file, outcomes) in &self.outcomes {
            for outcome in outcomes {
                match outcome {
                    Outcome::Unchanged | Outcome::New | Outcome::Free => {}
                    Outcome::Changed { spec, card } => writeln!(f, "{file}: {spec} → {card}")?,
                    Outcome::Kept { spec, card } => writeln!(
                        f,
                        "{file}: kept {spec}, which has evidence; the card has {card}"
                    )?,
                    Outcome::HasComments { card } => writeln!(
                        f,
                        "{file}: the price has comments: edit it by hand; the card has {card}"
                    )?,
                    Outcome::NotInCard => writeln!(f, "{file}: not in the card")?,
                    Outcome::NoPriceInCard => writeln!(f, "{file}: the card has no price")?,
                    Outcome::Ambiguous(names) => {
                        writeln!(f, "{file}: several functions fit: {}", names.join(", "))?;
                    }
                    Outcome::Rate { spec, card } => {
                        let spec = spec.map_or_else(|| "none".to_owned(), |rate| rate.to_string());
                        writeln!(f, "{file}: calls per minute {spec} → {card}")?;
                    }
                    Outcome::RateNotInCard(rate) => writeln!(
                        f,
                        "{file}: kept {rate} calls per minute, which the card does not have"
                    )?,
                }
            }
        }
        for name in &self.unused {
            writeln!(f, "{name}: no endpoint")?;
        }
        let with_price = self.count(|it| {
            !matches!(
                it,
                Outcome::NotInCard
                    | Outcome::NoPriceInCard
                    | Outcome::Ambiguous(_)
                    | Outcome::Rate { .. }
                    | Outcome::RateNotInCard(_)
            )
        });
        writeln!(
            f,
            "{with_price} of {} endpoints have a price or are free in the card ({} new, {} newly free, \
             {} changed, {} kept); {} functions of the card have no endpoint; {} files changed",
            self.outcomes.len(),
            self.count(|it| *it == Outcome::New),
            self.count(|it| *it == Outcome::Free),
            self.count(|it| matches!(it, Outcome::Changed { .. })),
            self.count(|it| matches!(it, Outcome::Kept { .. })),
            self.unused.len(),
            self.changed_files,
        )
    }
}
