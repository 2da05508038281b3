//! Maps with the keys `1`, `2` and so on, represented as a list.

use crate::codec::lenient::{FromLenientJson, required_field};
use crate::codec::trace::{self, DriftKind};
use crate::codec::{Encode, Failed, Fragment, Json, Pairs};

use super::map::Map;

/// A list that is a map with the keys `1`, `2` and so on in JSON.
///
/// A response refers to the values by their numbers. [`pair`](Self::pair) maps each numbered part of
/// the response to its value.
///
/// ```
/// use dataforseo_models::{Map, Numbered};
///
/// let targets: Numbered<String> = ["example.com", "example.org"].into_iter().collect();
/// let mut ranks = Map::default();
/// ranks.insert("2", Some(12));
/// let pairs: Vec<_> = targets.pair(&ranks).collect();
/// assert_eq!(pairs[0], (&"example.com".to_owned(), None));
/// assert_eq!(pairs[1], (&"example.org".to_owned(), Some(&12)));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbered<V>(Vec<V>);

impl<V> Numbered<V> {
    /// Returns the values, number 1 first.
    pub fn as_slice(&self) -> &[V] {
        &self.0
    }

    /// Returns each value with the entry of a map under its number.
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

impl<V: Encode> Encode for Numbered<V> {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Map(self))
    }
}

impl<V: Encode> Pairs for Numbered<V> {
    fn each(&self, show: &mut dyn FnMut(&str, &dyn Encode)) {
        for (index, value) in self.0.iter().enumerate() {
            show(&(index + 1).to_string(), value);
        }
    }
}

required_field! {
    (V: FromLenientJson) Numbered<V>;
}

/// Reads a map whose keys are the numbers from 1 on, in any order. Other keys are left out.
impl<V: FromLenientJson> FromLenientJson for Numbered<V> {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let Some(mut map) = Map::<V>::read(json)? else {
            return Ok(None);
        };
        let mut values = Vec::new();
        while let Some(value) = map
            .get_mut(&(values.len() + 1).to_string())
            .and_then(Option::take)
        {
            values.push(value);
        }
        // The number after the last value may have null, which is not drift.
        let numbers = 1..=values.len() + 1;
        let fits = |key: &str| {
            let number = key.parse().ok().filter(|number| numbers.contains(number));
            number.is_some_and(|number| number.to_string() == key)
        };
        for key in map.keys().filter(|key| !fits(key)) {
            trace::enter_entry(key);
            trace::note(DriftKind::Dropped);
            trace::leave();
        }
        Ok(Some(Self(values)))
    }
}
