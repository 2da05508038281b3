//! The names of types in a section.

use std::collections::HashMap;

use crate::Location;

/// The file and the location in which each type is named.
pub type TypeNames = HashMap<String, (String, Location)>;
