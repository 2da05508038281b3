//! JSON on its way in and out, independent of the reader and the writer.
//!
//! serde's own traits are generic over the reader: each type's code would be compiled for each
//! reader, in the program that uses it. Here a reader hands a value over as [`Json`] to a
//! [`Decode`], and a writer takes a [`Fragment`] from an [`Encode`]: plain trait objects. So the
//! code of a type is compiled once, in this crate, and the code of a reader once for all types
//! (docs/decisions.md has the figures).
//!
//! - [`trace`] records where a reader is, and values that are not as documented.
//! - [`de`] connects serde's readers, [`ser`] serde's writers.
//! - [`lenient`] decodes values of another kind than documented.
//! - [`object`], [`union`] and [`open_enum`] hold what all generated types of a kind share.

use std::borrow::Cow;

use serde_json::Value;

pub mod de;
pub mod lenient;
pub mod object;
pub mod open_enum;
pub mod ser;
pub mod trace;
pub mod union;

use trace::DriftKind;

/// One value, as it is read.
pub enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Boolean(bool),
    /// An integer in the range of `i64`.
    Integer(i64),
    /// An integer above the range of `i64`.
    Unsigned(u64),
    /// A number.
    Float(f64),
    /// A string.
    Text(&'a str),
    /// A list, to be read element by element.
    List(&'a mut dyn Elements),
    /// An object, to be read entry by entry.
    Map(&'a mut dyn Entries),
}

/// Reading stopped: the reader holds the error.
#[derive(Debug)]
pub struct Failed;

/// The elements of a list, one after the other.
pub trait Elements {
    /// Decodes the next element. Returns false at the end of the list.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn next(&mut self, into: &mut dyn Decode) -> Result<bool, Failed>;

    /// Skips the next element. Returns false at the end of the list.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn skip(&mut self) -> Result<bool, Failed>;
}

/// The entries of an object, one after the other: a key, then its value.
pub trait Entries {
    /// Passes the next key to `show`. Returns false at the end of the object.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn key(&mut self, show: &mut dyn FnMut(&str)) -> Result<bool, Failed>;

    /// Decodes the value of the key that was shown last.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn value(&mut self, into: &mut dyn Decode) -> Result<(), Failed>;

    /// Skips the value of the key that was shown last.
    ///
    /// # Errors
    /// When the input is not JSON.
    fn skip(&mut self) -> Result<(), Failed>;
}

/// A value that can be decoded in place.
pub trait Decode {
    /// Replaces the value by the one in JSON.
    ///
    /// # Errors
    /// Only when the input is not JSON.
    fn decode(&mut self, json: Json<'_>) -> Result<(), Failed>;
}

impl Json<'_> {
    /// Skips a value that cannot be used, and records that as drift. Null is not drift.
    ///
    /// # Errors
    /// When the input is not JSON.
    pub fn unusable<V>(self) -> Result<Option<V>, Failed> {
        if matches!(self, Self::Null) {
            return Ok(None);
        }
        self.skip()?;
        trace::note(DriftKind::Dropped);
        Ok(None)
    }

    /// Skips a value.
    fn skip(self) -> Result<(), Failed> {
        match self {
            Self::List(elements) => while elements.skip()? {},
            Self::Map(entries) => {
                while entries.key(&mut |_| {})? {
                    entries.skip()?;
                }
            }
            _ => {}
        }
        Ok(())
    }
}

/// A value that can be encoded.
pub trait Encode {
    /// Returns the value as it is written. `None` is null, and leaves a field out.
    fn encode(&self) -> Option<Fragment<'_>>;
}

/// One value, as it is written.
pub enum Fragment<'a> {
    /// `true`, `false`
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A string.
    Text(Cow<'a, str>),
    /// A list.
    List(&'a dyn List),
    /// An object with any keys.
    Map(&'a dyn Pairs),
    /// An object with documented fields: those that are set are written.
    Object(&'a dyn Object),
    /// Any JSON.
    Json(Cow<'a, Value>),
}

/// The elements of a list that is written.
pub trait List {
    /// Returns the number of elements.
    fn len(&self) -> usize;

    /// Returns the element with this index.
    fn element(&self, index: usize) -> Option<&dyn Encode>;
}

/// The entries of an object that is written.
pub trait Pairs {
    /// Passes each entry to `show`.
    fn each(&self, show: &mut dyn FnMut(&str, &dyn Encode));
}

/// A JSON object with documented fields. Implemented by generated code only.
///
/// The public way to decode and encode such a type is `serde`: each one implements `Deserialize`
/// and `Serialize` by this trait.
pub trait Object {
    /// Returns the documented names of the fields, in the order of the documentation.
    fn names(&self) -> &'static [&'static str];

    /// Returns the field with this index into [`names`](Self::names), to be decoded.
    fn field_mut(&mut self, index: usize) -> Option<&mut dyn Decode>;

    /// Returns the field with this index into [`names`](Self::names).
    fn field(&self, index: usize) -> Option<&dyn Encode>;
}
