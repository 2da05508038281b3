//! Maps with the keys `1`, `2` and so on: people give and get a list.

use serde::de::Deserializer;
use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::Map;
use crate::drift::{self, DriftKind};
use crate::tolerant::Tolerant;

/// A list that is written as a map with the keys `1`, `2` and so on.
///
/// Parts of an answer come under the number of what they belong to: [`pair`](Self::pair) brings
/// the two together.
///
/// ```
/// use dataforseo_models::{Map, Numbered};
///
/// let targets: Numbered<String> = ["example.com", "example.org"].into_iter().collect();
/// let mut ranks = Map::default();
/// ranks.insert("2".to_owned(), Some(12));
/// let pairs: Vec<_> = targets.pair(&ranks).collect();
/// assert_eq!(pairs[0], (&"example.com".to_owned(), None));
/// assert_eq!(pairs[1], (&"example.org".to_owned(), Some(&12)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered<V>(Vec<V>);

impl<V> Numbered<V> {
    /// The values, number 1 first.
    pub fn as_slice(&self) -> &[V] {
        &self.0
    }

    /// Each value with what a map holds under its number.
    pub fn pair<'a, T>(
        &'a self,
        parts: &'a Map<T>,
    ) -> impl Iterator<Item = (&'a V, Option<&'a T>)> + use<'a, V, T> {
        self.0.iter().enumerate().map(|(index, value)| {
            let part = parts.get((index + 1).to_string().as_str());
            (value, part.and_then(Option::as_ref))
        })
    }
}

impl<V> Default for Numbered<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V, I: Into<V>> FromIterator<I> for Numbered<V> {
    fn from_iter<T: IntoIterator<Item = I>>(values: T) -> Self {
        Self(values.into_iter().map(Into::into).collect())
    }
}

impl<V: Serialize> Serialize for Numbered<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (index, value) in self.0.iter().enumerate() {
            map.serialize_entry(&(index + 1).to_string(), value)?;
        }
        map.end()
    }
}

/// A map whose keys are the numbers from 1 on, in any order. What does not fit is left out.
impl<V: Tolerant> Tolerant for Numbered<V> {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        let Some(mut map) = Map::<V>::read(deserializer)? else {
            return Ok(None);
        };
        let mut values = Vec::new();
        while let Some(value) = map
            .shift_remove((values.len() + 1).to_string().as_str())
            .flatten()
        {
            values.push(value);
        }
        for key in map.keys() {
            drift::enter(key);
            drift::note(DriftKind::Dropped);
            drift::leave();
        }
        Ok(Some(Self(values)))
    }
}
