//! Moments as the API writes them: `2019-11-15 12:57:46 +00:00`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::lenient::{FromLenientJson, required_field};
use crate::codec::{Encode, Failed, Fragment, Json};

/// How the API writes a moment. The documentation's prose has hyphens in the time; answers have
/// colons.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S %:z";

/// A moment of an answer. It keeps the text that arrived, so that nothing is lost if that is not
/// in the documented form.
///
/// ```
/// use dataforseo_models::Timestamp;
///
/// let seen = Timestamp::new("2019-11-15 12:57:46 +00:00");
/// let instant = seen.instant().map(|instant| instant.as_second());
/// assert_eq!(instant, Some(1_573_822_666));
///
/// let odd = Timestamp::new("yesterday");
/// assert_eq!(odd.instant(), None);
/// assert_eq!(odd.as_str(), "yesterday");
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Timestamp(Box<str>);

impl Timestamp {
    /// Takes a moment as text. Any text makes one; [`instant`](Self::instant) reads it.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The moment; `None` if the text is neither in the API's form nor in RFC 3339's.
    ///
    /// The text is read here and not when the answer is decoded: most callers look at few of the
    /// thousands of moments in an answer.
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::strptime(FORMAT, &*self.0)
            .or_else(|_| self.0.parse())
            .ok()
    }

    /// The text as it arrived.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Timestamp {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl From<String> for Timestamp {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        let text = instant.strftime("%Y-%m-%d %H:%M:%S +00:00").to_string();
        Self(text.into())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Timestamp({:?})", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl FromLenientJson for Timestamp {
    fn read(json: Json<'_>) -> Result<Option<Self>, Failed> {
        Ok(String::read(json)?.map(Self::new))
    }
}

impl Encode for Timestamp {
    fn encode(&self) -> Option<Fragment<'_>> {
        Some(Fragment::Text(self.as_str().into()))
    }
}

required_field! {
    () Timestamp;
}
