//! The names of types in a section.

use std::collections::HashMap;

use crate::Place;

/// The file and the place in which each type is named.
pub type Taken = HashMap<String, (String, Place)>;
