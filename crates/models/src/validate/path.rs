//! Paths in a task, as violations show them: `targets[3]`, `filters[0][1]`.

use std::fmt;

/// A path in a task. Each step refers to the one before, so that text is built for violations only.
#[derive(Clone, Copy)]
pub enum Path<'a> {
    /// The task itself.
    Whole,
    /// A field of an object.
    Field(&'a Path<'a>, &'a str),
    /// An element of a list.
    Element(&'a Path<'a>, usize),
    /// A value of a map.
    Entry(&'a Path<'a>, &'a str),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => Ok(()),
            Self::Field(Self::Whole, name) => f.write_str(name),
            Self::Field(object, name) => write!(f, "{object}.{name}"),
            Self::Element(list, index) => write!(f, "{list}[{index}]"),
            Self::Entry(map, key) => write!(f, "{map}[{key:?}]"),
        }
    }
}
