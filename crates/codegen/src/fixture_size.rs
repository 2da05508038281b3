//! The limits of a synthetic response.

use std::cell::{Cell, RefCell};

/// The maximum number of values in a synthetic response. The largest one of the API has about
/// 4,000.
pub const MAX_VALUES: usize = 5_000;

/// The maximum depth of a synthetic response.
const MAX_DEPTH: usize = 16;

/// How much of the spec a synthetic response can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// How often a type can occur inside of itself.
    nesting: usize,
    /// The number of levels. Deeper lists are empty, and other deeper values are null.
    depth: usize,
}

impl Extent {
    /// The extent of a response that is small enough as it is.
    pub const LARGEST: Self = Self {
        nesting: MAX_DEPTH,
        depth: MAX_DEPTH,
    };

    /// Returns the largest extent that fits, or the smallest one: first with less nesting, then with
    /// fewer levels.
    pub fn largest(fits: impl Fn(Self) -> bool) -> Self {
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
pub struct Size {
    extent: Extent,
    /// The number of values.
    values: Cell<usize>,
    /// The types around the current value, from the outside in.
    inside: RefCell<Vec<String>>,
}

impl Size {
    /// Starts a response.
    pub fn new(extent: Extent) -> Self {
        Self {
            extent,
            values: Cell::new(0),
            inside: RefCell::default(),
        }
    }

    /// Counts a value.
    pub fn count(&self) {
        self.values.set(self.values.get() + 1);
    }

    /// Returns whether the response has more values than allowed. No more are added then.
    pub fn is_exceeded(&self) -> bool {
        self.values.get() > MAX_VALUES
    }

    /// Returns whether a value of a level is left out.
    pub fn is_beyond(&self, level: usize) -> bool {
        level > self.extent.depth || self.is_exceeded()
    }

    /// Returns whether a type cannot occur once more inside of itself.
    pub fn is_nested_too_often(&self, name: &str) -> bool {
        let inside = self.inside.borrow();
        let times = inside.iter().filter(|other| *other == name).count();
        times > self.extent.nesting
    }

    /// Runs a function for the content of a type.
    pub fn within<T>(&self, name: &str, content: impl FnOnce() -> T) -> T {
        self.inside.borrow_mut().push(name.to_owned());
        let content = content();
        self.inside.borrow_mut().pop();
        content
    }
}
