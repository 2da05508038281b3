//! The names that generated files use.

#![allow(unused_imports, reason = "the spec decides which of these are used")]

pub(crate) use crate::codec::Object;
pub(crate) use crate::codec::object::object;
pub(crate) use crate::codec::open_enum::open_enum_impls;
pub(crate) use crate::codec::union::{self, Union, union_impls};
pub(crate) use crate::endpoint::filter::{
    self, Bool, DateTime, Field, Filter, Number, Order, Text, TextList,
};
pub(crate) use crate::endpoint::items::items;
#[allow(unused_imports, reason = "the spec decides which of these are used")]
pub(crate) use crate::endpoint::items::single_item;
#[allow(unused_imports, reason = "the spec decides which of these are used")]
pub(crate) use crate::endpoint::matching::{PerTarget, TargetKind};
pub(crate) use crate::endpoint::paging::{Page, Paged, Paging, Window};
pub(crate) use crate::endpoint::price;
pub(crate) use crate::endpoint::rules::{
    ConditionValue, DateBound, FieldCondition, FieldKind, FieldRule, Limit, MemberRule, UnionRule,
};
pub(crate) use crate::endpoint::{Endpoint, EndpointInfo, Method, Mode, Task, TaskEndpoint};
pub(crate) use crate::types::numbered::Numbered;
pub(crate) use crate::validate::{Violation, Violations};
pub(crate) use crate::{Date, Map, Timestamp, Value};
