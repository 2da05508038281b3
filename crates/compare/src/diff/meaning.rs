//! The meaning of changes for Rust callers of the generated crates: one table.

use serde::Serialize;
use serde_json::Value;

use super::surface::{CallSide, Fact};

/// The meaning of a change for callers, the most severe last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// The same code does the same.
    None,
    /// The API gains something.
    Additive,
    /// Values that were rejected are accepted.
    Loosened,
    /// The same code compiles, but behaves differently or is rejected.
    BreaksRunTime,
    /// The same code no longer compiles.
    BreaksCompile,
}

impl Meaning {
    /// All meanings, the most severe first.
    pub const ALL: [Self; 5] = [
        Self::BreaksCompile,
        Self::BreaksRunTime,
        Self::Loosened,
        Self::Additive,
        Self::None,
    ];

    /// Returns the heading of such changes.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BreaksCompile => "breaks the build",
            Self::BreaksRunTime => "breaks at run time",
            Self::Loosened => "loosened",
            Self::Additive => "additive",
            Self::None => "no effect on callers",
        }
    }

    /// Returns the step of the version that such a change requires.
    pub const fn semver(self) -> Semver {
        match self {
            Self::BreaksCompile | Self::BreaksRunTime => Semver::Major,
            Self::Loosened | Self::Additive => Semver::Minor,
            Self::None => Semver::Patch,
        }
    }
}

/// The step of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Semver {
    /// Nothing changed.
    None,
    /// Only texts changed.
    Patch,
    /// Callers can do more than before.
    Minor,
    /// Callers must review their code.
    Major,
}

impl Semver {
    /// Returns the name of the step.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// An event, as callers experience it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the table below explains each event")]
pub enum Event {
    EndpointAdded,
    EndpointRemoved,
    EndpointRenamed,
    PathChanged,
    MethodChanged,
    ModeChanged,
    BecameCharged,
    BecameFree,
    CallLimitTighter,
    CallLimitLooser,
    RowsChanged,
    FieldAdded,
    RequiredFieldAdded,
    FieldRemoved,
    FieldRenamed,
    FieldMoved,
    MemberAdded,
    MemberRemoved,
    MemberRenamed,
    TypeChanged,
    NullabilityChanged,
    TextTypeChanged,
    TextRuleTighter,
    TextRuleLooser,
    TextHintChanged,
    NumberFormatChanged,
    BecameRequired,
    BecameOptional,
    RuleAdded,
    RuleChanged,
    RuleRemoved,
    DefaultChanged,
    DefaultStated,
    BoundTighter,
    BoundLooser,
    BecameEnum,
    BecameText,
    ValuesAdded,
    ValuesRemoved,
    KeysChanged,
    Deprecated,
    NoLongerDeprecated,
    Reworded,
}

/// A row of the table.
pub struct MeaningRule {
    /// The event.
    pub event: Event,
    /// The sides of a call to which the row applies.
    pub sides: &'static [CallSide],
    /// The meaning.
    pub meaning: Meaning,
    /// The reason.
    pub why: &'static str,
}

const ENDPOINT: &[CallSide] = &[CallSide::Endpoint];
const PATH: &[CallSide] = &[CallSide::Path];
const TASK: &[CallSide] = &[CallSide::Task];
const RESULT: &[CallSide] = &[CallSide::Result];
const RESPONSE: &[CallSide] = &[CallSide::Response];
const TYPED: &[CallSide] = &[CallSide::Task, CallSide::Result];
const NOT_TASK: &[CallSide] = &[CallSide::Path, CallSide::Result, CallSide::Response];
const ANY: &[CallSide] = &[
    CallSide::Endpoint,
    CallSide::Path,
    CallSide::Task,
    CallSide::Response,
    CallSide::Result,
];

const fn rule(
    event: Event,
    sides: &'static [CallSide],
    meaning: Meaning,
    why: &'static str,
) -> MeaningRule {
    MeaningRule {
        event,
        sides,
        meaning,
        why,
    }
}

/// The meaning of each change. It follows from the generated code:
///
/// - Structs are `non_exhaustive`, and every field of a result is an `Option`. A caller can neither
///   construct a result nor match all its fields, so a new field is additive.
/// - A task is constructed by `new` with the required fields, and by setters for the others. A
///   change of `required` changes the arguments of `new`.
/// - Enums and unions are open: they keep undocumented values, so a new value is additive. A
///   removed value removes its variant.
/// - Limits of tasks are checked before a call. Results are not checked.
/// - The envelope is written by hand, and ignores unknown fields.
///
/// A break at run time also requires a major step, because no build reports it.
#[rustfmt::skip]
pub const RULES: &[MeaningRule] = {
    use Event as E;
    use Meaning as M;
    &[
        rule(E::EndpointAdded, ENDPOINT, M::Additive, "a new method and its types"),
        rule(E::EndpointRemoved, ENDPOINT, M::BreaksCompile, "its method and types are removed"),
        rule(E::EndpointRenamed, ENDPOINT, M::BreaksCompile, "its method and types are renamed"),
        rule(E::PathChanged, ENDPOINT, M::BreaksRunTime, "the same method calls another path"),
        rule(E::MethodChanged, ENDPOINT, M::BreaksRunTime, "the same method uses another HTTP method"),
        rule(E::ModeChanged, ENDPOINT, M::BreaksCompile, "its method returns another type"),
        rule(E::BecameCharged, ENDPOINT, M::BreaksRunTime, "the same call costs money"),
        rule(E::BecameFree, ENDPOINT, M::Loosened, "the same call costs nothing"),
        rule(E::CallLimitTighter, ENDPOINT, M::BreaksRunTime, "calls that were accepted are rejected or delayed"),
        rule(E::CallLimitLooser, ENDPOINT, M::Loosened, "calls may contain more tasks, or be more frequent"),
        rule(E::RowsChanged, ENDPOINT, M::BreaksCompile, "paging, filters and matching depend on it"),
        rule(E::FieldAdded, PATH, M::BreaksCompile, "the method has one more argument"),
        rule(E::FieldAdded, TASK, M::Additive, "a new setter"),
        rule(E::FieldAdded, RESULT, M::Additive, "a new field; results are non_exhaustive"),
        rule(E::FieldAdded, RESPONSE, M::None, "the envelope is written by hand; see envelope.rs"),
        rule(E::RequiredFieldAdded, TASK, M::BreaksCompile, "`new` has one more argument"),
        rule(E::RequiredFieldAdded, RESULT, M::Additive, "a new field; results are non_exhaustive"),
        rule(E::RequiredFieldAdded, PATH, M::BreaksCompile, "the method has one more argument"),
        rule(E::RequiredFieldAdded, RESPONSE, M::None, "the envelope is written by hand; see envelope.rs"),
        rule(E::FieldRemoved, PATH, M::BreaksCompile, "the method has one argument less"),
        rule(E::FieldRemoved, TASK, M::BreaksCompile, "its setter, or argument of `new`, is removed"),
        rule(E::FieldRemoved, RESULT, M::BreaksCompile, "the field is removed"),
        rule(E::FieldRemoved, RESPONSE, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::FieldRenamed, TYPED, M::BreaksCompile, "the old name is removed"),
        rule(E::FieldRenamed, PATH, M::None, "arguments are positional"),
        rule(E::FieldRenamed, RESPONSE, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::FieldMoved, TYPED, M::BreaksCompile, "the field is removed from its old parent"),
        rule(E::FieldMoved, RESPONSE, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::MemberAdded, TYPED, M::Additive, "a new variant of an open union"),
        rule(E::MemberRemoved, TYPED, M::BreaksCompile, "the variant is removed"),
        rule(E::MemberRenamed, TYPED, M::BreaksCompile, "the variant is renamed"),
        rule(E::TypeChanged, TYPED, M::BreaksCompile, "the Rust type changes"),
        rule(E::TypeChanged, PATH, M::None, "all arguments of the path are text"),
        rule(E::TypeChanged, RESPONSE, M::BreaksRunTime, "the envelope is written by hand: the value is not decoded"),
        rule(E::NullabilityChanged, ANY, M::None, "fields of results are `Option`; tasks omit a field"),
        rule(E::TextTypeChanged, TYPED, M::BreaksCompile, "dates and timestamps have their own types"),
        rule(E::TextRuleTighter, TASK, M::BreaksRunTime, "validation rejects values that it accepted"),
        rule(E::TextRuleLooser, TASK, M::Loosened, "validation accepts values that it rejected"),
        rule(E::TextHintChanged, ANY, M::None, "the Rust type is unchanged"),
        rule(E::NumberFormatChanged, ANY, M::None, "numbers are always i64 and f64"),
        rule(E::BecameRequired, TASK, M::BreaksCompile, "it becomes an argument of `new`"),
        rule(E::BecameRequired, NOT_TASK, M::None, "fields of results are `Option`"),
        rule(E::BecameOptional, TASK, M::BreaksCompile, "it is a setter instead of an argument of `new`"),
        rule(E::BecameOptional, NOT_TASK, M::None, "fields of results are `Option`"),
        rule(E::RuleAdded, TASK, M::BreaksRunTime, "validation rejects values that it accepted"),
        rule(E::RuleAdded, NOT_TASK, M::None, "results are not checked"),
        rule(E::RuleChanged, TASK, M::BreaksRunTime, "validation may reject values that it accepted"),
        rule(E::RuleChanged, NOT_TASK, M::None, "results are not checked"),
        rule(E::RuleRemoved, TASK, M::Loosened, "validation accepts values that it rejected"),
        rule(E::RuleRemoved, NOT_TASK, M::None, "results are not checked"),
        rule(E::DefaultChanged, TASK, M::BreaksRunTime, "a task without it requests something else"),
        rule(E::DefaultChanged, NOT_TASK, M::None, "results have no defaults"),
        rule(E::DefaultStated, ANY, M::None, "the API has a default, documented or not"),
        rule(E::BoundTighter, TASK, M::BreaksRunTime, "validation rejects values that it accepted"),
        rule(E::BoundTighter, NOT_TASK, M::None, "results are not checked"),
        rule(E::BoundLooser, TASK, M::Loosened, "validation accepts values that it rejected"),
        rule(E::BoundLooser, NOT_TASK, M::None, "results are not checked"),
        rule(E::BecameEnum, TYPED, M::BreaksCompile, "text becomes an enum"),
        rule(E::BecameEnum, &[CallSide::Path, CallSide::Response], M::None, "it is still text"),
        rule(E::BecameText, TYPED, M::BreaksCompile, "an enum becomes text"),
        rule(E::BecameText, &[CallSide::Path, CallSide::Response], M::None, "it is still text"),
        rule(E::ValuesAdded, TYPED, M::Additive, "a new variant of an open enum"),
        rule(E::ValuesAdded, &[CallSide::Path, CallSide::Response], M::None, "it is still text"),
        rule(E::ValuesRemoved, TYPED, M::BreaksCompile, "the variant is removed"),
        rule(E::ValuesRemoved, &[CallSide::Path, CallSide::Response], M::None, "it is still text"),
        rule(E::KeysChanged, ANY, M::None, "keys of a map are text"),
        rule(E::Deprecated, ANY, M::Additive, "a warning; it still works"),
        rule(E::NoLongerDeprecated, ANY, M::None, "a warning is removed"),
        rule(E::Reworded, ANY, M::None, "names and types are unchanged"),
    ]
};

/// Returns the meaning of an event on a side, and the reason. An event without a row counts as the
/// most severe.
pub fn meaning(event: Event, side: CallSide) -> (Meaning, &'static str) {
    RULES
        .iter()
        .find(|rule| rule.event == event && rule.sides.contains(&side))
        .map_or(
            (
                Meaning::BreaksCompile,
                "unexpected change: check it by hand",
            ),
            |rule| (rule.meaning, rule.why),
        )
}

/// Returns the event for a changed fact. `kind` is the type of the field.
pub fn event(
    fact: Fact,
    side: CallSide,
    kind: &str,
    old: Option<&Value>,
    new: Option<&Value>,
) -> Event {
    let wider = |upwards: bool| match (old, new) {
        (_, None) => true,
        (None, _) => false,
        (Some(old), Some(new)) => match (old.as_f64(), new.as_f64()) {
            (Some(old), Some(new)) => (new > old) == upwards,
            // Fixed dates. A date relative to today cannot be compared.
            _ => day(old)
                .zip(day(new))
                .is_some_and(|(old, new)| (new > old) == upwards),
        },
    };
    let bound = |upwards| {
        if wider(upwards) {
            Event::BoundLooser
        } else {
            Event::BoundTighter
        }
    };
    let on = new == Some(&Value::Bool(true));
    match fact {
        Fact::Path => Event::PathChanged,
        Fact::Method => Event::MethodChanged,
        Fact::Mode => Event::ModeChanged,
        Fact::Charged if on => Event::BecameCharged,
        Fact::Charged => Event::BecameFree,
        Fact::TasksPerCall | Fact::CallsPerMinute if wider(true) => Event::CallLimitLooser,
        Fact::TasksPerCall | Fact::CallsPerMinute => Event::CallLimitTighter,
        Fact::Rows => Event::RowsChanged,
        Fact::Type | Fact::Numbered | Fact::Over => Event::TypeChanged,
        Fact::Nullable | Fact::ElementsNullable => Event::NullabilityChanged,
        Fact::Format => format(side, old, new),
        Fact::NumberFormat => Event::NumberFormatChanged,
        Fact::Required if on => Event::BecameRequired,
        Fact::Required => Event::BecameOptional,
        Fact::RequiredUnless
        | Fact::RequiredWith
        | Fact::RequiredIf
        | Fact::Requires
        | Fact::Excludes
        | Fact::NotAfter => match (old, new) {
            (None, _) => Event::RuleAdded,
            (_, None) => Event::RuleRemoved,
            _ => Event::RuleChanged,
        },
        Fact::Default if old.is_some() && new.is_some() => Event::DefaultChanged,
        Fact::DefaultBy if old.is_some() && new.is_some() => Event::DefaultChanged,
        Fact::Default | Fact::DefaultBy => Event::DefaultStated,
        Fact::Max
        | Fact::MaxLength
        | Fact::MaxWords
        | Fact::MaxItems
        | Fact::MaxConditions
        | Fact::MaxDistinctDomains => bound(true),
        Fact::Min | Fact::MinLength | Fact::MinItems => bound(false),
        Fact::Values if kind.starts_with("map") => Event::KeysChanged,
        Fact::Values => match (old, new) {
            (None, _) => Event::BecameEnum,
            (_, None) => Event::BecameText,
            (Some(old), Some(new)) if missing_from(old, new).is_empty() => Event::ValuesAdded,
            _ => Event::ValuesRemoved,
        },
        Fact::Deprecated if on => Event::Deprecated,
        Fact::Deprecated => Event::NoLongerDeprecated,
        Fact::Doc | Fact::Wording => Event::Reworded,
    }
}

/// Returns the event for a changed format.
///
/// Timestamps are typed everywhere, dates only in tasks. Targets are checked in tasks.
fn format(side: CallSide, old: Option<&Value>, new: Option<&Value>) -> Event {
    let (old, new) = (old.and_then(Value::as_str), new.and_then(Value::as_str));
    let typed = |format: &&str| match *format {
        "timestamp" => true,
        "date" => side == CallSide::Task,
        _ => false,
    };
    let checked = |format: Option<&str>| format == Some("target");
    if !matches!(side, CallSide::Task | CallSide::Result) {
        return Event::TextHintChanged;
    }
    if old.filter(typed) != new.filter(typed) {
        return Event::TextTypeChanged;
    }
    match (checked(old), checked(new)) {
        (false, true) if side == CallSide::Task => Event::TextRuleTighter,
        (true, false) if side == CallSide::Task => Event::TextRuleLooser,
        _ => Event::TextHintChanged,
    }
}

/// Returns the values that the second list does not contain.
pub fn missing_from<'a>(values: &'a Value, from: &Value) -> Vec<&'a Value> {
    let known = from.as_array().map_or(&[][..], Vec::as_slice);
    let values = values.as_array().into_iter().flatten();
    values.filter(|value| !known.contains(value)).collect()
}

/// Returns a fixed date.
fn day(value: &Value) -> Option<jiff::civil::Date> {
    value.as_str()?.parse().ok()
}
