//! Questions of a merge, and the edits for the choices of a person.

use serde_json::Value;

use super::{Merge, is_corrected, refines};
use crate::decisions::{
    Choice, Decision, DecisionOptions, ENDPOINT, MEMBER_REMOVED, REMOVED, RENAMED,
};
use dataforseo_spec::Diagnostics;
use dataforseo_spec::facts::{FIELD_KEYS, facts};
use dataforseo_spec::fingerprints;
use dataforseo_spec::language::{
    Correction, Evidence, Field, FieldType, Member, SharedType, SharedTypes,
};
use dataforseo_spec::tree::Path;
use dataforseo_spec::write;

/// The evidence of a correction that a person chose without a proof.
const BY_CHOICE: &str = "decided during an update";

/// The keys of a member of a union, in the order in which they are written.
const MEMBER_KEYS: [&str; 5] = ["doc", "removed_upstream", "evidence", "use", "fields"];

/// The keys that describe the type of a field.
const TYPE_KEYS: [&str; 8] = [
    "type", "of", "numbered", "over", "format", "use", "values", "each",
];

/// The location of a question: the keys in the file, and the label.
#[derive(Clone, Copy)]
pub(super) struct At<'q> {
    pub(super) path: &'q [String],
    pub(super) label: &'q str,
}

/// A fact that differs.
#[derive(Clone, Copy)]
pub(super) struct FactQuestion<'q> {
    pub(super) at: At<'q>,
    pub(super) fact: &'q str,
    pub(super) known: &'q Value,
    pub(super) stated: &'q Value,
}

impl Merge<'_> {
    /// Returns the choice of a person for a difference. Notes it as taken or kept.
    pub(super) fn choice(&mut self, at: At<'_>, fact: &str, what: &str) -> Option<Choice> {
        if self.read_only {
            return None;
        }
        let values = values_of(fact, what);
        let choice = self.choices;
        let choice = choice.choice_with(&self.file, at.label, fact, values.as_deref());
        let choice = choice?.clone();
        let verb = match &choice {
            Choice::Take => "taken from the source".to_owned(),
            Choice::Keep(reason) => format!("kept: {reason}"),
        };
        self.report
            .chosen
            .push(format!("{}: {what}: {verb}", at.label));
        Some(choice)
    }

    /// Notes a question without a choice.
    pub(super) fn open(
        &mut self,
        at: At<'_>,
        fact: &str,
        kind: &str,
        what: &str,
        options: DecisionOptions,
    ) {
        // A shared type is not edited through its users.
        let (path, options) = match self.read_only {
            true => (self.user.as_slice(), DecisionOptions::Edit),
            false => (at.path, options),
        };
        let line = self.tree.location(path).line;
        self.report.decisions.push(Decision {
            file: self.file.clone(),
            line,
            place: at.label.to_owned(),
            fact: fact.to_owned(),
            values: values_of(fact, what),
            kind: kind.to_owned(),
            what: what.to_owned(),
            options,
        });
    }

    /// Decides about a fact of the endpoint as a whole. `fact` is its key, with dots.
    pub(super) fn endpoint_differs(
        &mut self,
        fact: &str,
        known: &Value,
        stated: &Value,
    ) -> Result<(), Diagnostics> {
        let what = format!("{fact} is {known} in the spec and {stated} in the source");
        let at = At {
            path: &[],
            label: ENDPOINT,
        };
        if fact == "source.link" && self.openapi {
            self.report.notes.push(format!("the endpoint: {what}"));
            return Ok(());
        }
        if self.choice(at, fact, &what) == Some(Choice::Take) {
            let keys: Vec<String> = fact.split('.').map(str::to_owned).collect();
            let (key, mapping) = keys.split_last().unwrap_or((&keys[0], &[]));
            return match mapping {
                [] => self.set(&[], key, &write::ENDPOINT_KEYS, &stated.clone()),
                mapping => self.set(mapping, key, &[], stated),
            };
        }
        self.report.contradicts("the endpoint", fact, known, stated);
        let kind = format!("{fact} differs");
        self.open(at, fact, &kind, &what, DecisionOptions::Take);
        Ok(())
    }

    /// Decides about a fact that spec and source state differently.
    pub(super) fn differs(
        &mut self,
        question: FactQuestion<'_>,
        page: &Field,
        spec: &Field,
    ) -> Result<(), Diagnostics> {
        let FactQuestion {
            at,
            fact,
            known,
            stated,
        } = question;
        let what = format!("{fact} is {known} in the spec and {stated} in the source");
        match self.choice(at, fact, &what) {
            Some(Choice::Take) => {
                self.uncorrect(at.path, spec, fact)?;
                self.take_fact(at.path, page, fact, stated)
            }
            Some(Choice::Keep(reason)) => {
                let correction = Correction {
                    fact: fact.to_owned(),
                    documented: stated.clone(),
                    reason,
                    evidence: BY_CHOICE.to_owned(),
                };
                self.correct(at.path, spec, correction)
            }
            None => {
                self.report.contradicts(at.label, fact, known, stated);
                let kind = match fact {
                    "type" | "of" => what.clone(),
                    _ => format!("{fact} differs"),
                };
                self.open(at, fact, &kind, &what, DecisionOptions::TakeOrKeep);
                Ok(())
            }
        }
    }

    /// Decides about a fact that only the spec states.
    pub(super) fn unstated(
        &mut self,
        question: FactQuestion<'_>,
        spec: &Field,
    ) -> Result<(), Diagnostics> {
        let FactQuestion {
            at, fact, known, ..
        } = question;
        let what = format!("the page does not state {fact} {known}");
        let has_evidence = has_evidence(spec.evidence.as_ref(), fact);
        if self.second {
            self.report.kept.push(format!("{}: {what}", at.label));
            return Ok(());
        }
        if has_evidence {
            self.report.kept(at.label, &what, spec, Some(fact));
            return Ok(());
        }
        match self.choice(at, fact, &what) {
            Some(Choice::Take) => self.drop_key(at.path, fact),
            Some(Choice::Keep(reason)) => self.keep_fact(at, spec.evidence.as_ref(), fact, reason),
            None => {
                self.report.kept(at.label, &what, spec, Some(fact));
                let kind = format!("{fact} is no longer stated");
                self.open(at, fact, &kind, &what, DecisionOptions::TakeOrKeep);
                Ok(())
            }
        }
    }

    /// Writes the reason for a fact into the evidence of a field. `known` is the evidence before the
    /// import.
    pub(super) fn keep_fact(
        &mut self,
        at: At<'_>,
        known: Option<&Evidence>,
        fact: &str,
        reason: String,
    ) -> Result<(), Diagnostics> {
        let mut facts = match known {
            Some(Evidence::Facts(facts)) => facts.clone(),
            _ => Default::default(),
        };
        // Several facts of a field can be decided in one run.
        let written: Path = [at.path, &["evidence".to_owned()]].concat();
        let earlier = self.editor.value(&written).and_then(Value::as_object);
        for (fact, reason) in earlier.into_iter().flatten() {
            let reason = reason.as_str().unwrap_or_default().to_owned();
            facts.insert(fact.clone(), reason);
        }
        facts.insert(fact.to_owned(), reason);
        let facts = serde_json::to_value(facts).unwrap_or_default();
        self.set(at.path, "evidence", &FIELD_KEYS, &facts)
    }

    /// Decides about a field that the source no longer has. `replaced_by` is a new field with the
    /// same text.
    pub(super) fn gone(
        &mut self,
        at: At<'_>,
        spec: &Field,
        replaced_by: Option<&str>,
    ) -> Result<(), Diagnostics> {
        let mut what = "the page has no such field".to_owned();
        if self.second || spec.evidence.is_some() {
            if self.second && spec.evidence.is_none() {
                self.report.kept.push(format!("{}: {what}", at.label));
            } else {
                self.report.kept(at.label, &what, spec, None);
            }
            return Ok(());
        }
        let fact = match replaced_by {
            Some(_) => RENAMED,
            None => REMOVED,
        };
        if let Some(new) = replaced_by {
            what += &format!("; `{new}` is new and has its text");
        }
        match self.choice(at, fact, &what) {
            Some(Choice::Take) => {
                let day = self.day.clone();
                let note = format!("{}: deprecated: missing since {day}", at.label);
                self.report.removed.push(note);
                self.set(at.path, "removed_upstream", &FIELD_KEYS, &day.into())
            }
            Some(Choice::Keep(reason)) => {
                self.set(at.path, "evidence", &FIELD_KEYS, &reason.into())
            }
            None => {
                self.report.kept(at.label, &what, spec, None);
                let kind = match replaced_by {
                    Some(_) => "the field is gone, and a new field has its text",
                    None => "the field is gone",
                };
                self.open(at, fact, kind, &what, DecisionOptions::TakeOrKeep);
                Ok(())
            }
        }
    }

    /// Decides about a field or a member that is marked as removed, and that the source has again.
    pub(super) fn back(&mut self, at: At<'_>, fact: &str, since: &str) -> Result<(), Diagnostics> {
        let what = format!("marked `removed_upstream: {since}`, but the page has it again");
        if self.choice(at, fact, &what) == Some(Choice::Take) {
            return self.drop_key(at.path, "removed_upstream");
        }
        let text = format!("{}: {what}; remove the mark", at.label);
        self.report.contradictions.push(text);
        self.open(at, fact, "it is back", &what, DecisionOptions::Take);
        Ok(())
    }

    /// Decides about a member of a union that the source no longer has.
    pub(super) fn member_gone(&mut self, at: At<'_>, member: &Member) -> Result<(), Diagnostics> {
        let what = "the file has no such member";
        if member.removed_upstream.is_some() {
            self.report.agreed += 1;
            return Ok(());
        }
        if let Some(evidence) = &member.evidence {
            let text = format!("{}: {what}. Evidence: {evidence}", at.label);
            self.report.kept.push(text);
            return Ok(());
        }
        match self.choice(at, MEMBER_REMOVED, what) {
            Some(Choice::Take) => {
                let day = self.day.clone();
                let note = format!("{}: missing since {day}", at.label);
                self.report.removed.push(note);
                self.set(at.path, "removed_upstream", &MEMBER_KEYS, &day.into())
            }
            Some(Choice::Keep(reason)) => {
                self.set(at.path, "evidence", &MEMBER_KEYS, &reason.into())
            }
            None => {
                self.report.unexplained.push(format!(
                    "{}: {what}; state its origin in `evidence`",
                    at.label
                ));
                let kind = "the member of a union is gone";
                let options = DecisionOptions::TakeOrKeep;
                self.open(at, MEMBER_REMOVED, kind, what, options);
                Ok(())
            }
        }
    }

    /// Decides about a shared type of another kind. If the source is taken, it replaces the type.
    pub(super) fn kind_differs(
        &mut self,
        name: &str,
        what: &str,
        draft: &SharedType,
        known: &SharedType,
    ) -> Result<(), Diagnostics> {
        let types = ["types".to_owned()];
        let path = ["types".to_owned(), name.to_owned()];
        let at = At {
            path: &path,
            label: name,
        };
        if self.choice(at, "kind", what) == Some(Choice::Take) {
            let ty = SharedType {
                doc: known.doc.clone(),
                ..draft.clone()
            };
            let types_of_one = SharedTypes {
                types: [(name.to_owned(), ty.clone())].into(),
            };
            self.fingerprints.extend(fingerprints::of(&types_of_one));
            self.allow_loss(&types, name);
            return self
                .editor
                .set(&types, name, &[], &write::shared_type(name, &ty));
        }
        let text = format!("{}: {what}", at.label);
        self.report.contradictions.push(text);
        self.open(
            at,
            "kind",
            "the kind of the type differs",
            what,
            DecisionOptions::Take,
        );
        Ok(())
    }

    /// Decides about a correction whose fact the source no longer states in that way.
    pub(super) fn outdated(
        &mut self,
        at: At<'_>,
        spec: &Field,
        correction: &Correction,
        documented: &Value,
    ) -> Result<(), Diagnostics> {
        let fact = correction.fact.as_str();
        let what = format!(
            "the correction of `{fact}` no longer applies: it is for {}, the page has {documented}",
            correction.documented
        );
        if self.choice(at, fact, &what) == Some(Choice::Take) {
            return self.uncorrect(at.path, spec, fact);
        }
        let text = format!("{}: {what}; remove it", at.label);
        self.report.contradictions.push(text);
        self.open(
            at,
            fact,
            "a correction no longer applies",
            &what,
            DecisionOptions::Take,
        );
        Ok(())
    }

    /// Replaces the type of a field if a person chose that. Returns the field after that.
    pub(super) fn retyped(
        &mut self,
        page: &Field,
        spec: &Field,
        at: At<'_>,
    ) -> Result<Option<Field>, Diagnostics> {
        let (stated, known) = (facts(page, self.shared), facts(spec, self.shared));
        let differs = |fact: &str| match (known.get(fact), stated.get(fact)) {
            (Some(known), Some(stated)) => {
                known != stated
                    && !refines(fact, spec, known, stated)
                    && !is_corrected(spec, fact, stated)
            }
            _ => false,
        };
        let Some(fact) = ["type", "of"].into_iter().find(|fact| differs(fact)) else {
            return Ok(None);
        };
        let what = format!(
            "{fact} is {} in the spec and {} in the source",
            known[fact], stated[fact]
        );
        let values = values_of(fact, &what);
        let choice = self.choices;
        let choice = choice.choice_with(&self.file, at.label, fact, values.as_deref());
        if self.read_only
            || choice != Some(&Choice::Take)
            || self.choice(at, fact, &what) != Some(Choice::Take)
        {
            return Ok(None);
        }
        for fact in ["type", "of"] {
            self.uncorrect(at.path, spec, fact)?;
        }
        self.replace_type(page, spec, at.path)?;
        Ok(Some(Field {
            kind: page.kind,
            of: page.of,
            numbered: page.numbered,
            over: page.over.clone(),
            format: page.format,
            shared: page.shared.clone(),
            values: page.values.clone(),
            each: page.each.clone(),
            fields: match keeps_fields(page, spec) {
                true => spec.fields.clone(),
                false => page.fields.clone(),
            },
            ..spec.clone()
        }))
    }

    fn replace_type(
        &mut self,
        page: &Field,
        spec: &Field,
        path: &[String],
    ) -> Result<(), Diagnostics> {
        let wanted = serde_json::to_value(page).unwrap_or_default();
        for key in TYPE_KEYS {
            match wanted.get(key).filter(|value| !value.is_null()) {
                None => self.drop_key(path, key)?,
                Some(value) => match (key, &page.each, &page.values) {
                    ("each", Some(each), _) => {
                        self.drop_key(path, key)?;
                        let lines = write::field(key, each, self.editor.indent(path));
                        self.editor.set(path, key, &FIELD_KEYS, &lines)?;
                    }
                    ("values", _, Some(_)) => self.take_fact(path, page, key, value)?,
                    _ => self.set(path, key, &FIELD_KEYS, value)?,
                },
            }
        }
        if keeps_fields(page, spec) {
            return Ok(());
        }
        self.drop_key(path, "fields")?;
        if page.fields.is_empty() {
            return Ok(());
        }
        let inner: Path = [path, &["fields".to_owned()]].concat();
        self.keep_fingerprints(&page.fields, &inner);
        let indent = self.editor.indent(path);
        let fields = write::fields(&page.fields, indent + 2);
        let lines = format!("{:indent$}fields:\n{fields}", "");
        self.editor.set(path, "fields", &FIELD_KEYS, &lines)
    }

    /// Writes a fact as the source states it.
    fn take_fact(
        &mut self,
        path: &[String],
        page: &Field,
        fact: &str,
        stated: &Value,
    ) -> Result<(), Diagnostics> {
        let Some(values) = page.values.as_ref().filter(|_| fact == "values") else {
            if fact == "values" {
                // The source's values are those of another shared type.
                self.drop_key(path, fact)?;
                let shared = page.shared.clone();
                return self.set(path, "use", &FIELD_KEYS, &shared.into());
            }
            return self.set(path, fact, &FIELD_KEYS, stated);
        };
        self.drop_key(path, "use")?;
        let lines = write::values(values, self.editor.indent(path));
        self.allow_loss(path, fact);
        self.editor.set(path, fact, &FIELD_KEYS, &lines)
    }

    /// Removes an entry, because a person chose so.
    pub(super) fn drop_key(&mut self, path: &[String], key: &str) -> Result<(), Diagnostics> {
        self.allow_loss(path, key);
        self.editor.remove(path, key)
    }

    /// Permits the loss of an entry, which a person chose.
    fn allow_loss(&mut self, path: &[String], key: &str) {
        let mut entry = path.join(".");
        entry += if entry.is_empty() { "" } else { "." };
        self.report.given_up.push(entry + key);
    }

    /// Adds a correction, in place of an earlier one of the same fact.
    fn correct(
        &mut self,
        path: &[String],
        spec: &Field,
        correction: Correction,
    ) -> Result<(), Diagnostics> {
        let fact = correction.fact.clone();
        let mut all = self.corrections(path, spec);
        all.retain(|other| other.fact != fact);
        all.push(correction);
        self.set_corrections(path, &all)
    }

    /// Removes the corrections of a fact.
    fn uncorrect(&mut self, path: &[String], spec: &Field, fact: &str) -> Result<(), Diagnostics> {
        let mut all = self.corrections(path, spec);
        let count = all.len();
        all.retain(|other| other.fact != fact);
        if all.len() == count {
            return Ok(());
        }
        self.set_corrections(path, &all)
    }

    /// Returns the corrections of a field as they are written now.
    fn corrections(&self, path: &[String], spec: &Field) -> Vec<Correction> {
        let path: Path = [path, &["corrections".to_owned()]].concat();
        let written = self.editor.value(&path).cloned();
        let written = written.and_then(|value| serde_json::from_value(value).ok());
        written.unwrap_or_else(|| match self.editor.value(&path) {
            Some(_) => spec.corrections.clone(),
            None => Vec::new(),
        })
    }

    fn set_corrections(&mut self, path: &[String], all: &[Correction]) -> Result<(), Diagnostics> {
        self.allow_loss(path, "corrections");
        if all.is_empty() {
            return self.editor.remove(path, "corrections");
        }
        let lines = write::corrections(all, self.editor.indent(path));
        self.editor.set(path, "corrections", &FIELD_KEYS, &lines)
    }
}

/// Returns whether evidence states the origin of a fact.
pub(super) fn has_evidence(evidence: Option<&Evidence>, fact: &str) -> bool {
    matches!(evidence, Some(Evidence::Facts(facts)) if facts.contains_key(fact))
}

/// Returns both types of a question about a type, as patterns state them.
fn values_of(fact: &str, what: &str) -> Option<String> {
    if !matches!(fact, "type" | "of") {
        return None;
    }
    let (_, values) = what.split_once(" is ")?;
    let (known, stated) = values.split_once(" in the spec and ")?;
    let stated = stated.strip_suffix(" in the source")?;
    let plain = |text: &str| text.trim_matches('"').to_owned();
    Some(format!("{} -> {}", plain(known), plain(stated)))
}

/// Returns whether a field keeps the fields inside when its type is replaced.
fn keeps_fields(page: &Field, spec: &Field) -> bool {
    let holds_object =
        |field: &Field| field.kind == FieldType::Object || field.of == Some(FieldType::Object);
    holds_object(page) && holds_object(spec) && !page.fields.is_empty() && !spec.fields.is_empty()
}
