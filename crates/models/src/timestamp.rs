//! Moments as the API writes them: `2019-11-15 12:57:46 +00:00`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::tolerant::Tolerant;

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
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Timestamp {
    text: Box<str>,
    instant: Option<jiff::Timestamp>,
}

impl Timestamp {
    /// Reads a moment. Any text makes one; [`instant`](Self::instant) says whether it was read.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        let instant = jiff::Timestamp::strptime(FORMAT, &*text)
            .or_else(|_| text.parse())
            .ok();
        Self { text, instant }
    }

    /// The moment; `None` if the text is neither in the API's form nor in RFC 3339's.
    pub fn instant(&self) -> Option<jiff::Timestamp> {
        self.instant
    }

    /// The text as it arrived.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(instant: jiff::Timestamp) -> Self {
        Self {
            text: instant
                .strftime("%Y-%m-%d %H:%M:%S +00:00")
                .to_string()
                .into(),
            instant: Some(instant),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unread = if self.instant.is_none() {
            ", not read"
        } else {
            ""
        };
        write!(f, "Timestamp({:?}{unread})", self.text)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

impl Tolerant for Timestamp {
    fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Self>, D::Error> {
        Ok(String::read(deserializer)?.map(Self::new))
    }
}
