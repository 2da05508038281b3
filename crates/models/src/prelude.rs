//! What generated files use, in one list.

#![allow(
    unused_imports,
    reason = "which of these are needed depends on what is generated"
)]

pub(crate) use serde::de::MapAccess;
pub(crate) use serde::ser::SerializeMap;
pub(crate) use serde_json::Value;

pub(crate) use crate::endpoint::{Endpoint, EndpointInfo, Method, Mode, Task};
pub(crate) use crate::object::{self, Object, object_impls};
pub(crate) use crate::open_enum::open_enum_impls;
pub(crate) use crate::rules::{DateBound, FieldRule, Kind, Limit};
pub(crate) use crate::validate::{Violation, Violations};
pub(crate) use crate::{Date, Map, Timestamp};
