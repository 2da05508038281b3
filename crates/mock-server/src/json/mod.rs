//! JSON as text and as borrowed values. Depends on nothing else in this crate.

pub(crate) mod borrowed;

pub(crate) use dataforseo_json_text as tokens;
