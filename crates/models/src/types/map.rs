//! Maps of responses: the keys in their order, each with a value or null.
//!
//! A response with 1000 items has thousands of maps, most with fewer than ten keys. So a map costs
//! two allocations, and a lookup compares one key after the other. A large map also has an index.

use std::collections::HashMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use crate::codec::lenient::{FromLenientJson, required_field};
use crate::codec::trace::{self, DriftKind};
use crate::codec::{Elements, Encode, Failed, Fragment, Json, Pairs};

/// A map that keeps the order of the response. Values can be null.
///
/// It holds documented and undocumented keys, and the empty key, which the API uses for "unknown".
/// Two maps are equal if they hold the same entries in any order.
///
/// ```
/// use dataforseo_models::Map;
///
/// let mut links = Map::from([("com", Some(7)), ("", Some(2))]);
/// links.insert("org", None);
/// assert_eq!(links.get("com"), Some(&Some(7)));
/// assert_eq!(links.get("org"), Some(&None)); // null in the response
/// assert_eq!(links.get("net"), None);
/// assert_eq!(links.keys().collect::<Vec<_>>(), ["com", "", "org"]);
/// assert_eq!(links.values().flatten().sum::<i64>(), 9);
/// ```
#[derive(Clone)]
pub struct Map<V> {
    /// All keys, one after the other.
    keys: String,
    /// Where each key ends, and its value.
    entries: Vec<(usize, Option<V>)>,
    /// Only for a large map. Boxed, so that other maps are small.
    index: Option<Box<Index>>,
}

/// The position of the entry of each key.
#[derive(Clone)]
struct Index(HashMap<Box<str>, usize>);

/// The largest map without an index: a lookup that compares all keys is faster up to this size.
const SMALL: usize = 32;

/// The capacity of a new map. Most maps of a response have two to seven entries.
const USUAL_ENTRIES: usize = 6;
const USUAL_BYTES_OF_KEYS: usize = 48;

impl<V> Map<V> {
    /// Returns the number of entries.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// assert_eq!(Map::from([("com", Some(7)), ("org", None)]).len(), 2);
    /// ```
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Returns whether the map has no entries.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// assert!(Map::<i64>::default().is_empty());
    /// ```
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Returns the value of a key. `None` if the map does not have the key, `Some(None)` if the
    /// value is null.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let links = Map::from([("com", Some(7)), ("org", None)]);
    /// assert_eq!(links.get("org"), Some(&None));
    /// // Where the difference does not matter:
    /// let com = links.get("com").and_then(Option::as_ref);
    /// assert_eq!(com, Some(&7));
    /// ```
    pub fn get(&self, key: &str) -> Option<&Option<V>> {
        let (_, value) = self.entries.get(self.position(key)?)?;
        Some(value)
    }

    /// Returns a mutable reference to the value of a key.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let mut links = Map::from([("com", None)]);
    /// if let Some(value) = links.get_mut("com") {
    ///     *value = Some(7);
    /// }
    /// assert_eq!(links.get("com"), Some(&Some(7)));
    /// ```
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Option<V>> {
        let position = self.position(key)?;
        let (_, value) = self.entries.get_mut(position)?;
        Some(value)
    }

    /// Returns whether the map has a key, even if its value is null.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// assert!(Map::<i64>::from([("org", None)]).contains_key("org"));
    /// ```
    pub fn contains_key(&self, key: &str) -> bool {
        self.position(key).is_some()
    }

    /// Appends an entry. If the map has the key, replaces its value, keeps its position, and returns
    /// the former value.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let mut links = Map::default();
    /// assert_eq!(links.insert("com", Some(7)), None);
    /// assert_eq!(links.insert("com", Some(8)), Some(Some(7)));
    /// assert_eq!(links.len(), 1);
    /// ```
    pub fn insert(&mut self, key: impl AsRef<str>, value: Option<V>) -> Option<Option<V>> {
        self.keys.push_str(key.as_ref());
        self.push(value)
    }

    /// Returns the entries in their order.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let links = Map::from([("com", Some(7)), ("org", None)]);
    /// let entries: Vec<_> = links.iter().collect();
    /// assert_eq!(entries, [("com", &Some(7)), ("org", &None)]);
    /// ```
    pub fn iter(&self) -> Iter<'_, V> {
        Iter {
            keys: &self.keys,
            start: 0,
            entries: self.entries.iter(),
        }
    }

    /// Returns the keys in their order.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let links = Map::from([("com", Some(7)), ("org", None)]);
    /// assert!(links.keys().eq(["com", "org"]));
    /// ```
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &str> {
        self.iter().map(|(key, _)| key)
    }

    /// Returns the values in the order of their keys.
    ///
    /// ```
    /// use dataforseo_models::Map;
    ///
    /// let links = Map::from([("com", Some(7)), ("org", None)]);
    /// assert!(links.values().eq([&Some(7), &None]));
    /// ```
    pub fn values(&self) -> impl ExactSizeIterator<Item = &Option<V>> {
        self.entries.iter().map(|(_, value)| value)
    }

    fn position(&self, key: &str) -> Option<usize> {
        match &self.index {
            Some(index) => index.0.get(key).copied(),
            None => {
                let keys = self.keys.as_bytes();
                let mut start = 0;
                self.entries.iter().position(|(end, _)| {
                    let known = keys.get(start..*end);
                    start = *end;
                    known == Some(key.as_bytes())
                })
            }
        }
    }

    /// The end of the keys of all entries.
    fn end(&self) -> usize {
        self.entries.last().map_or(0, |(end, _)| *end)
    }

    /// The key that was appended and has no entry yet.
    fn pending(&self) -> &str {
        self.keys.get(self.end()..).unwrap_or_default()
    }

    /// Adds the entry of the key that was appended, or changes the entry of an equal key.
    fn push(&mut self, value: Option<V>) -> Option<Option<V>> {
        let start = self.end();
        let key = self.keys.get(start..).unwrap_or_default();
        let known = self.position(key);
        if let Some((_, known)) = known.and_then(|position| self.entries.get_mut(position)) {
            self.keys.truncate(start);
            return Some(std::mem::replace(known, value));
        }
        if let Some(index) = &mut self.index {
            index.0.insert(key.into(), self.entries.len());
        }
        self.entries.push((self.keys.len(), value));
        if self.index.is_none() && self.entries.len() > SMALL {
            self.index = Some(Box::new(self.indexed()));
        }
        None
    }

    #[cold]
    fn indexed(&self) -> Index {
        let keys = self.keys().enumerate();
        Index(keys.map(|(position, key)| (key.into(), position)).collect())
    }
}

impl<V> Default for Map<V> {
    fn default() -> Self {
        Self {
            keys: String::new(),
            entries: Vec::new(),
            index: None,
        }
    }
}

impl<V: fmt::Debug> fmt::Debug for Map<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl<V: PartialEq> PartialEq for Map<V> {
    fn eq(&self, other: &Self) -> bool {
        let same = |(key, value)| other.get(key) == Some(value);
        self.len() == other.len() && self.iter().all(same)
    }
}

impl<V: Eq> Eq for Map<V> {}

/// An iterator over the entries of a [`Map`] in their order.
#[derive(Debug)]
pub struct Iter<'a, V> {
    keys: &'a str,
    /// Where the next key begins.
    start: usize,
    entries: std::slice::Iter<'a, (usize, Option<V>)>,
}

impl<V> Clone for Iter<'_, V> {
    fn clone(&self) -> Self {
        Self {
            keys: self.keys,
            start: self.start,
            entries: self.entries.clone(),
        }
    }
}

impl<'a, V> Iterator for Iter<'a, V> {
    type Item = (&'a str, &'a Option<V>);

    fn next(&mut self) -> Option<Self::Item> {
        let (end, value) = self.entries.next()?;
        let key = self.keys.get(self.start..*end).unwrap_or_default();
        self.start = *end;
        Some((key, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<V> ExactSizeIterator for Iter<'_, V> {}

impl<'a, V> IntoIterator for &'a Map<V> {
    type Item = (&'a str, &'a Option<V>);
    type IntoIter = Iter<'a, V>;

    fn into_iter(self) -> Iter<'a, V> {
        self.iter()
    }
}

/// An iterator that moves the entries out of a [`Map`] in their order.
#[derive(Debug)]
pub struct IntoIter<V> {
    keys: String,
    /// Where the next key begins.
    start: usize,
    entries: std::vec::IntoIter<(usize, Option<V>)>,
}

impl<V> Iterator for IntoIter<V> {
    type Item = (String, Option<V>);

    fn next(&mut self) -> Option<Self::Item> {
        let (end, value) = self.entries.next()?;
        let key = self.keys.get(self.start..end).unwrap_or_default();
        self.start = end;
        Some((key.to_owned(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.entries.size_hint()
    }
}

impl<V> ExactSizeIterator for IntoIter<V> {}

impl<V> IntoIterator for Map<V> {
    type Item = (String, Option<V>);
    type IntoIter = IntoIter<V>;

    fn into_iter(self) -> IntoIter<V> {
        IntoIter {
            keys: self.keys,
            start: 0,
            entries: self.entries.into_iter(),
        }
    }
}

/// A key that occurs twice has its last value, at its first position.
impl<K: AsRef<str>, V> Extend<(K, Option<V>)> for Map<V> {
    fn extend<T: IntoIterator<Item = (K, Option<V>)>>(&mut self, entries: T) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// A key that occurs twice has its last value, at its first position.
impl<K: AsRef<str>, V> FromIterator<(K, Option<V>)> for Map<V> {
    fn from_iter<T: IntoIterator<Item = (K, Option<V>)>>(entries: T) -> Self {
        let mut map = Self::default();
        map.extend(entries);
        map
    }
}

impl<K: AsRef<str>, V, const N: usize> From<[(K, Option<V>); N]> for Map<V> {
    fn from(entries: [(K, Option<V>); N]) -> Self {
        entries.into_iter().collect()
    }
}

impl<V: Serialize> Serialize for Map<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self)
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for Map<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = Map<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Map<V>, A::Error> {
        let mut map = Map::default();
        while let Some((key, value)) = entries.next_entry::<String, Option<V>>()? {
            map.insert(key, value);
        }
        Ok(map)
    }
}

required_field! {
    (V: FromLenientJson) Map<V>;
}

/// Keeps the order and the keys of the response, the empty key and null values too.
impl<V: FromLenientJson> FromLenientJson for Map<V> {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        let entries = match json {
            Json::Map(entries) => entries,
            // The API writes an empty map as `[]`, as PHP does.
            Json::List(elements) => {
                let map = is_empty(elements)?.then(Self::default);
                if map.is_none() {
                    trace::note(DriftKind::Dropped);
                }
                return Ok(map);
            }
            other => return other.unusable(),
        };
        let mut map = Self::default();
        while entries.key(&mut |key| {
            if map.keys.capacity() == 0 {
                map.keys.reserve(USUAL_BYTES_OF_KEYS.max(key.len()));
                map.entries.reserve(USUAL_ENTRIES);
            }
            map.keys.push_str(key);
        })? {
            trace::enter_entry(map.pending());
            let mut slot: Option<V> = None;
            entries.value(&mut slot)?;
            trace::leave();
            map.push(slot);
        }
        Ok(Some(map))
    }
}

/// Skips a list, and returns whether it was empty.
fn is_empty(elements: &mut dyn Elements) -> Result<bool, Failed> {
    let mut empty = true;
    while elements.skip()? {
        empty = false;
    }
    Ok(empty)
}

impl<V: Encode> Encode for Map<V> {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Map(self))
    }
}

impl<V: Encode> Pairs for Map<V> {
    fn each(&self, show: &mut dyn FnMut(&str, &dyn Encode)) {
        for (key, value) in self {
            show(key, value);
        }
    }
}

#[cfg(feature = "schemars")]
impl<V: schemars::JsonSchema> schemars::JsonSchema for Map<V> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        format!("Map_of_{}", V::schema_name()).into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        std::collections::BTreeMap::<String, Option<V>>::json_schema(generator)
    }
}
