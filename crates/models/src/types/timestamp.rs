//! Dates and times in the format of the API: `2019-11-15 12:57:46 +00:00`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::lenient::{FromLenientJson, required_field};
use crate::codec::{Encode, Failed, Fragment, Json};

/// The format of the API. The documentation has hyphens in the time, responses have colons.
const FORMAT: &str = "%Y-%m-%d %H:%M:%S %:z";

/// A date and time. It keeps the text of the response, so that nothing is lost if that is not in the
/// documented format.
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
    /// Returns a timestamp with this text, which is not checked. [`instant`](Self::instant) parses it.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Returns the instant. `None` if the text is neither in the format of the API nor in that of
    /// RFC 3339.
    ///
    /// The text is parsed here and not when the response is decoded: most callers use few of the
    /// thousands of timestamps in a response.
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        jiff::Timestamp::strptime(FORMAT, &*self.0)
            .or_else(|_| self.0.parse())
            .ok()
    }

    /// Returns the text.
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
