//! The limits of a synthetic response.

/// The maximum number of values in a response, except for a bulk endpoint with many targets. The
/// largest one of the API has about 4,000.
pub const MAX_VALUES: usize = 5_000;

/// The maximum depth of a response.
const MAX_DEPTH: usize = 16;

/// How much of the types a response can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Extent {
    /// How often a type can occur inside of itself.
    nesting: usize,
    /// The number of levels. Deeper lists are empty, and other deeper values are null.
    depth: usize,
}

impl Extent {
    /// The extent of a response that is small enough as it is.
    pub(crate) const LARGEST: Self = Self {
        nesting: MAX_DEPTH,
        depth: MAX_DEPTH,
    };

    /// Returns the largest extent that fits, or the smallest one: first with less nesting, then with
    /// fewer levels.
    pub(crate) fn largest(fits: impl Fn(Self) -> bool) -> Self {
        if fits(Self::LARGEST) {
            return Self::LARGEST;
        }
        let nested = (0..MAX_DEPTH).rev().map(|nesting| Self {
            nesting,
            ..Self::LARGEST
        });
        let flat = (1..MAX_DEPTH).rev().map(|depth| Self { nesting: 0, depth });
        let all: Vec<Self> = nested.chain(flat).collect();
        // A larger extent has at least the values of a smaller one.
        let first = all.partition_point(|extent| !fits(*extent));
        let smallest = Self {
            nesting: 0,
            depth: 1,
        };
        all.get(first).copied().unwrap_or(smallest)
    }
}

/// The size of the response that is being created.
#[derive(Debug)]
pub(crate) struct Size<'a> {
    extent: Extent,
    max_values: usize,
    /// The number of values.
    values: usize,
    /// The types around the current value, from the outside in.
    inside: Vec<&'a str>,
}

impl<'a> Size<'a> {
    /// Starts a response.
    pub(crate) fn new(extent: Extent, max_values: usize) -> Self {
        Self {
            extent,
            max_values,
            values: 0,
            inside: Vec::new(),
        }
    }

    /// Counts a value.
    pub(crate) fn count(&mut self) {
        self.values += 1;
    }

    /// Returns the number of values.
    pub(crate) fn values(&self) -> usize {
        self.values
    }

    /// Returns whether the response has more values than allowed. No more are added then.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.values > self.max_values
    }

    /// Returns whether a value of a level is left out.
    pub(crate) fn is_beyond(&self, level: usize) -> bool {
        level > self.extent.depth || self.is_exceeded()
    }

    /// Returns whether a type cannot occur once more inside of itself.
    pub(crate) fn is_nested_too_often(&self, name: &str) -> bool {
        let times = self.inside.iter().filter(|other| **other == name).count();
        times > self.extent.nesting
    }

    /// Enters a type.
    pub(crate) fn enter(&mut self, name: &'a str) {
        self.inside.push(name);
    }

    /// Leaves the type that was entered last.
    pub(crate) fn leave(&mut self) {
        self.inside.pop();
    }
}
