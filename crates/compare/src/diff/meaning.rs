//! What a change means for a Rust caller of the generated crates: one table.

use serde::Serialize;
use serde_json::Value;

use super::surface::{Fact, Side};

/// What a change means for a caller, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Meaning {
    /// Nothing: the same code does the same.
    None,
    /// There is something new to use.
    Additive,
    /// What was refused is taken.
    Loosened,
    /// The same code compiles, and does something else or is refused.
    BreaksRunTime,
    /// The same code does not compile any more.
    BreaksCompile,
}

impl Meaning {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::BreaksCompile,
        Self::BreaksRunTime,
        Self::Loosened,
        Self::Additive,
        Self::None,
    ];

    /// What stands above such changes.
    pub const fn title(self) -> &'static str {
        match self {
            Self::BreaksCompile => "breaks the build",
            Self::BreaksRunTime => "breaks at run time",
            Self::Loosened => "loosened",
            Self::Additive => "additive",
            Self::None => "means nothing to callers",
        }
    }

    /// The step that the version takes with such a change.
    pub const fn semver(self) -> Semver {
        match self {
            Self::BreaksCompile | Self::BreaksRunTime => Semver::Major,
            Self::Loosened | Self::Additive => Semver::Minor,
            Self::None => Semver::Patch,
        }
    }
}

/// The step that a version takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Semver {
    /// Nothing changed.
    None,
    /// Words alone.
    Patch,
    /// More than before.
    Minor,
    /// Callers must look at their code.
    Major,
}

impl Semver {
    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

/// What happened, as far as callers are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the table below says of each what it means")]
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
pub struct Rule {
    /// What happened.
    pub event: Event,
    /// Where.
    pub sides: &'static [Side],
    /// What it means.
    pub meaning: Meaning,
    /// Why.
    pub why: &'static str,
}

const ENDPOINT: &[Side] = &[Side::Endpoint];
const PATH: &[Side] = &[Side::Path];
const TASK: &[Side] = &[Side::Task];
const RESULT: &[Side] = &[Side::Result];
const ANSWER: &[Side] = &[Side::Answer];
const TYPED: &[Side] = &[Side::Task, Side::Result];
const NOT_TASK: &[Side] = &[Side::Path, Side::Result, Side::Answer];
const ANY: &[Side] = &[
    Side::Endpoint,
    Side::Path,
    Side::Task,
    Side::Answer,
    Side::Result,
];

const fn rule(event: Event, sides: &'static [Side], meaning: Meaning, why: &'static str) -> Rule {
    Rule {
        event,
        sides,
        meaning,
        why,
    }
}

/// What each change means. It follows from what is generated:
///
/// - Structs are `non_exhaustive`, and the fields of results are all `Option`: a caller can neither
///   build one nor match on all of it, so a new field is additive, and one that can be null is
///   nothing new.
/// - A task is made by `new`, which takes what is required, and by setters: a field that becomes
///   required, or is required no longer, changes what `new` takes.
/// - Enums and unions are open: they keep values that nobody documented, so a new one is additive.
///   One that goes takes its variant with it.
/// - Limits of tasks are checked before a call. Results are not checked at all.
/// - The envelope is written by hand: nothing of it is generated, and what it does not know is
///   passed over.
///
/// A break at run time asks for a major step as well: it is the one that a build does not show.
#[rustfmt::skip]
pub const RULES: &[Rule] = {
    use Event as E;
    use Meaning as M;
    &[
        rule(E::EndpointAdded, ENDPOINT, M::Additive, "a new method and its types"),
        rule(E::EndpointRemoved, ENDPOINT, M::BreaksCompile, "its method and types go"),
        rule(E::EndpointRenamed, ENDPOINT, M::BreaksCompile, "its method and types get other names"),
        rule(E::PathChanged, ENDPOINT, M::BreaksRunTime, "the same method calls another path"),
        rule(E::MethodChanged, ENDPOINT, M::BreaksRunTime, "the same call is made in another way"),
        rule(E::ModeChanged, ENDPOINT, M::BreaksCompile, "its method gives another kind of answer"),
        rule(E::BecameCharged, ENDPOINT, M::BreaksRunTime, "the same call costs money"),
        rule(E::BecameFree, ENDPOINT, M::Loosened, "the same call costs nothing"),
        rule(E::CallLimitTighter, ENDPOINT, M::BreaksRunTime, "calls that were taken are refused or wait"),
        rule(E::CallLimitLooser, ENDPOINT, M::Loosened, "a call may be larger, or come sooner"),
        rule(E::RowsChanged, ENDPOINT, M::BreaksCompile, "pages, filters and matching are made from it"),
        rule(E::FieldAdded, PATH, M::BreaksCompile, "the method takes one more argument"),
        rule(E::FieldAdded, TASK, M::Additive, "a new setter"),
        rule(E::FieldAdded, RESULT, M::Additive, "a new field; results are non_exhaustive"),
        rule(E::FieldAdded, ANSWER, M::None, "the envelope is written by hand; see envelope.rs"),
        rule(E::RequiredFieldAdded, TASK, M::BreaksCompile, "`new` takes one more argument"),
        rule(E::RequiredFieldAdded, RESULT, M::Additive, "a new field; results are non_exhaustive"),
        rule(E::RequiredFieldAdded, PATH, M::BreaksCompile, "the method takes one more argument"),
        rule(E::RequiredFieldAdded, ANSWER, M::None, "the envelope is written by hand; see envelope.rs"),
        rule(E::FieldRemoved, PATH, M::BreaksCompile, "the method takes one argument less"),
        rule(E::FieldRemoved, TASK, M::BreaksCompile, "its setter, or argument of `new`, goes"),
        rule(E::FieldRemoved, RESULT, M::BreaksCompile, "the field goes"),
        rule(E::FieldRemoved, ANSWER, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::FieldRenamed, TYPED, M::BreaksCompile, "the old name goes"),
        rule(E::FieldRenamed, PATH, M::None, "arguments go by their place"),
        rule(E::FieldRenamed, ANSWER, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::FieldMoved, TYPED, M::BreaksCompile, "it goes from its old place"),
        rule(E::FieldMoved, ANSWER, M::BreaksRunTime, "the envelope is written by hand: the field stays empty"),
        rule(E::MemberAdded, TYPED, M::Additive, "a new variant of an open union"),
        rule(E::MemberRemoved, TYPED, M::BreaksCompile, "the variant goes"),
        rule(E::MemberRenamed, TYPED, M::BreaksCompile, "the variant gets another name"),
        rule(E::TypeChanged, TYPED, M::BreaksCompile, "the Rust type changes"),
        rule(E::TypeChanged, PATH, M::None, "arguments of the path are all text"),
        rule(E::TypeChanged, ANSWER, M::BreaksRunTime, "the envelope is written by hand: the value is not read"),
        rule(E::NullabilityChanged, ANY, M::None, "results are all `Option`; tasks leave a field out"),
        rule(E::TextTypeChanged, TYPED, M::BreaksCompile, "dates and moments are types of their own"),
        rule(E::TextRuleTighter, TASK, M::BreaksRunTime, "validation refuses what it took"),
        rule(E::TextRuleLooser, TASK, M::Loosened, "validation takes what it refused"),
        rule(E::TextHintChanged, ANY, M::None, "the Rust type stays"),
        rule(E::NumberFormatChanged, ANY, M::None, "numbers are i64 and f64, whatever their width"),
        rule(E::BecameRequired, TASK, M::BreaksCompile, "`new` takes it"),
        rule(E::BecameRequired, NOT_TASK, M::None, "results are all `Option`"),
        rule(E::BecameOptional, TASK, M::BreaksCompile, "`new` takes it no longer: there is a setter"),
        rule(E::BecameOptional, NOT_TASK, M::None, "results are all `Option`"),
        rule(E::RuleAdded, TASK, M::BreaksRunTime, "validation refuses what it took"),
        rule(E::RuleAdded, NOT_TASK, M::None, "results are not checked"),
        rule(E::RuleChanged, TASK, M::BreaksRunTime, "validation may refuse what it took"),
        rule(E::RuleChanged, NOT_TASK, M::None, "results are not checked"),
        rule(E::RuleRemoved, TASK, M::Loosened, "validation takes what it refused"),
        rule(E::RuleRemoved, NOT_TASK, M::None, "results are not checked"),
        rule(E::DefaultChanged, TASK, M::BreaksRunTime, "a task without it asks for something else"),
        rule(E::DefaultChanged, NOT_TASK, M::None, "results have no defaults"),
        rule(E::DefaultStated, ANY, M::None, "there was and is a default, told or not"),
        rule(E::BoundTighter, TASK, M::BreaksRunTime, "validation refuses what it took"),
        rule(E::BoundTighter, NOT_TASK, M::None, "results are not checked"),
        rule(E::BoundLooser, TASK, M::Loosened, "validation takes what it refused"),
        rule(E::BoundLooser, NOT_TASK, M::None, "results are not checked"),
        rule(E::BecameEnum, TYPED, M::BreaksCompile, "text becomes an enum"),
        rule(E::BecameEnum, &[Side::Path, Side::Answer], M::None, "it stays text"),
        rule(E::BecameText, TYPED, M::BreaksCompile, "an enum becomes text"),
        rule(E::BecameText, &[Side::Path, Side::Answer], M::None, "it stays text"),
        rule(E::ValuesAdded, TYPED, M::Additive, "a new variant of an open enum"),
        rule(E::ValuesAdded, &[Side::Path, Side::Answer], M::None, "it stays text"),
        rule(E::ValuesRemoved, TYPED, M::BreaksCompile, "the variant goes"),
        rule(E::ValuesRemoved, &[Side::Path, Side::Answer], M::None, "it stays text"),
        rule(E::KeysChanged, ANY, M::None, "keys of a map are text"),
        rule(E::Deprecated, ANY, M::Additive, "a warning; nothing goes yet"),
        rule(E::NoLongerDeprecated, ANY, M::None, "a warning less"),
        rule(E::Reworded, ANY, M::None, "words alone"),
    ]
};

/// What an event means on a side, and why. What the table does not have is taken for the worst.
pub fn meaning(event: Event, side: Side) -> (Meaning, &'static str) {
    RULES
        .iter()
        .find(|rule| rule.event == event && rule.sides.contains(&side))
        .map_or(
            (Meaning::BreaksCompile, "not foreseen: look at it"),
            |rule| (rule.meaning, rule.why),
        )
}

/// What happened when a fact changed. `kind` is the type of the field that it is about.
pub fn event(
    fact: Fact,
    side: Side,
    kind: &str,
    old: Option<&Value>,
    new: Option<&Value>,
) -> Event {
    let wider = |upwards: bool| match (old, new) {
        (_, None) => true,
        (None, _) => false,
        (Some(old), Some(new)) => match (old.as_f64(), new.as_f64()) {
            (Some(old), Some(new)) => (new > old) == upwards,
            // Days, unless they move with today: `2019-01-01`.
            _ => day(old)
                .zip(day(new))
                .is_some_and(|(old, new)| (new > old) == upwards),
        },
    };
    let bound = |upwards| match wider(upwards) {
        true => Event::BoundLooser,
        false => Event::BoundTighter,
    };
    let on = new == Some(&Value::Bool(true));
    match fact {
        Fact::Path => Event::PathChanged,
        Fact::Method => Event::MethodChanged,
        Fact::Mode => Event::ModeChanged,
        Fact::Charged if on => Event::BecameCharged,
        Fact::Charged => Event::BecameFree,
        Fact::TasksPerCall | Fact::CallsPerMinute => match wider(true) {
            true => Event::CallLimitLooser,
            false => Event::CallLimitTighter,
        },
        Fact::Rows => Event::RowsChanged,
        Fact::Type | Fact::Numbered | Fact::Over => Event::TypeChanged,
        Fact::Nullable | Fact::ElementsNullable => Event::NullabilityChanged,
        Fact::Format => format(side, old, new),
        Fact::NumberFormat => Event::NumberFormatChanged,
        Fact::Required if on => Event::BecameRequired,
        Fact::Required => Event::BecameOptional,
        Fact::RequiredUnless | Fact::RequiredWith | Fact::NotAfter => match (old, new) {
            (None, _) => Event::RuleAdded,
            (_, None) => Event::RuleRemoved,
            _ => Event::RuleChanged,
        },
        Fact::Default => match old.is_some() && new.is_some() {
            true => Event::DefaultChanged,
            false => Event::DefaultStated,
        },
        Fact::Max
        | Fact::MaxLength
        | Fact::MaxItems
        | Fact::MaxConditions
        | Fact::MaxDistinctDomains => bound(true),
        Fact::Min | Fact::MinItems => bound(false),
        Fact::Values if kind.starts_with("map") => Event::KeysChanged,
        Fact::Values => match (old, new) {
            (None, _) => Event::BecameEnum,
            (_, None) => Event::BecameText,
            (Some(old), Some(new)) if gone(old, new).is_empty() => Event::ValuesAdded,
            _ => Event::ValuesRemoved,
        },
        Fact::Deprecated if on => Event::Deprecated,
        Fact::Deprecated => Event::NoLongerDeprecated,
        Fact::Doc | Fact::Wording => Event::Reworded,
    }
}

/// Moments are a type of their own everywhere, days in tasks alone. Targets are checked in tasks.
fn format(side: Side, old: Option<&Value>, new: Option<&Value>) -> Event {
    let (old, new) = (old.and_then(Value::as_str), new.and_then(Value::as_str));
    let typed = |format: &&str| match *format {
        "timestamp" => true,
        "date" => side == Side::Task,
        _ => false,
    };
    let checked = |format: Option<&str>| format == Some("target");
    if !matches!(side, Side::Task | Side::Result) {
        return Event::TextHintChanged;
    }
    if old.filter(typed) != new.filter(typed) {
        return Event::TextTypeChanged;
    }
    match (checked(old), checked(new)) {
        (false, true) if side == Side::Task => Event::TextRuleTighter,
        (true, false) if side == Side::Task => Event::TextRuleLooser,
        _ => Event::TextHintChanged,
    }
}

/// The first values that the second list does not have.
pub fn gone<'a>(values: &'a Value, from: &Value) -> Vec<&'a Value> {
    let known = from.as_array().map_or(&[][..], Vec::as_slice);
    let values = values.as_array().into_iter().flatten();
    values.filter(|value| !known.contains(value)).collect()
}

/// A day that does not move.
fn day(value: &Value) -> Option<jiff::civil::Date> {
    value.as_str()?.parse().ok()
}
