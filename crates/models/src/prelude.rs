//! What generated files use, in one list.

#![allow(
    unused_imports,
    reason = "which of these are needed depends on what is generated"
)]

pub(crate) use crate::endpoint::{Endpoint, EndpointInfo, Method, Mode, Task, TaskEndpoint};
pub(crate) use crate::filter::{self, Field, Filter, Flag, Moment, Number, Order, Text, Texts};
pub(crate) use crate::json::{Part, Place};
pub(crate) use crate::matching::PerTarget;
pub(crate) use crate::numbered::Numbered;
pub(crate) use crate::object::{self, Object, object_impls};
pub(crate) use crate::open_enum::open_enum_impls;
pub(crate) use crate::paging::{Page, Paged, Paging, Window};
pub(crate) use crate::rules::{DateBound, FieldRule, Kind, Limit};
pub(crate) use crate::union::{Union, union_impls};
pub(crate) use crate::validate::{Violation, Violations};
pub(crate) use crate::{Date, Map, Timestamp, Value};
