//! Fields that use another shared type in the source than in the spec, or none.

use super::Merge;
use super::decide::{At, has_evidence};
use crate::decisions::{Choice, DecisionOptions};
use crate::shape::SpecShapes;
use dataforseo_spec::Diagnostics;
use dataforseo_spec::language::{Evidence, Fields, SharedType};
use dataforseo_spec::tree::Path;
use dataforseo_spec::write;
use serde_json::Value;

/// The fact of a question about the shared type of a field.
const USE: &str = "use";

/// An object in the source and in the spec: the name of its shared type, or its fields.
#[derive(Clone, Copy)]
pub(super) struct Objects<'o> {
    pub(super) stated: (Option<&'o String>, &'o Fields),
    pub(super) known: (Option<&'o String>, &'o Fields),
    pub(super) evidence: Option<&'o Evidence>,
}

impl Merge<'_> {
    /// Returns whether a difference of shared types is one for this merge. A page does not name
    /// shared types.
    pub(super) fn replaces_types(&self, stated: Option<&String>, known: Option<&String>) -> bool {
        let is_object = |name: Option<&String>| {
            let ty = name.and_then(|name| self.shared?.types.get(name));
            ty.is_none_or(|ty| ty.values.is_none())
        };
        self.openapi
            && !self.second
            && !self.read_only
            && stated != known
            && is_object(stated)
            && is_object(known)
    }

    /// Decides about an object whose shared type differs. Fields without a shared type that equal one
    /// of the source become that type without a question.
    pub(super) fn use_differs(
        &mut self,
        at: At<'_>,
        objects: Objects<'_>,
        order: &[&str],
    ) -> Result<(), Diagnostics> {
        match (objects.stated.0, objects.known.0) {
            (Some(stated), None) if self.union_of(stated).is_none() => {
                self.shares(at, stated, objects.known.1, order)
            }
            (stated, known) => {
                if has_evidence(objects.evidence, USE) {
                    self.report.agreed += 1;
                    return Ok(());
                }
                let name = |shared: Option<&String>| match shared {
                    Some(name) => format!("the type `{name}`"),
                    None => "fields of its own".to_owned(),
                };
                let what = format!(
                    "it has {} in the spec and {} in the source, because their fields differ",
                    name(known),
                    name(stated)
                );
                self.decide_use(at, objects, order, &what)
            }
        }
    }

    fn decide_use(
        &mut self,
        at: At<'_>,
        objects: Objects<'_>,
        order: &[&str],
        what: &str,
    ) -> Result<(), Diagnostics> {
        match self.choice(at, USE, what) {
            Some(Choice::Take) => self.replace_use(at, objects, order),
            Some(Choice::Keep(reason)) if at.label != "result" => {
                self.keep_fact(at, objects.evidence, USE, reason)
            }
            _ => {
                self.report
                    .contradictions
                    .push(format!("{}: {what}", at.label));
                let kind = "the shared type differs";
                self.open(at, USE, kind, what, DecisionOptions::TakeOrKeep);
                Ok(())
            }
        }
    }

    /// Replaces the shared type, or the fields, of an object by those of the source.
    fn replace_use(
        &mut self,
        at: At<'_>,
        objects: Objects<'_>,
        order: &[&str],
    ) -> Result<(), Diagnostics> {
        let texts = match objects
            .known
            .0
            .and_then(|name| self.shared?.types.get(name))
        {
            Some(known) => known.fields.clone(),
            None => objects.known.1.clone(),
        };
        self.report.abandoned.extend(objects.known.0.cloned());
        if let Some(stated) = objects.stated.0 {
            self.adopted.push((stated.clone(), texts));
            self.drop_key(at.path, "fields")?;
            return self.set(at.path, USE, order, &stated.clone().into());
        }
        let mut fields = objects.stated.1.clone();
        copy_texts(&texts, &mut fields);
        self.drop_key(at.path, USE)?;
        let inner: Path = [at.path, &["fields".to_owned()]].concat();
        self.keep_fingerprints(&fields, &inner);
        let indent = self.editor.indent(at.path);
        let written = write::fields(&fields, indent + 2);
        let lines = format!("{:indent$}fields:\n{written}", "");
        self.editor.set(at.path, "fields", order, &lines)
    }

    /// Compares the fields of an object with a shared type of the source. If they are equal after
    /// that, the object uses the type.
    fn shares(
        &mut self,
        at: At<'_>,
        name: &str,
        known: &Fields,
        order: &[&str],
    ) -> Result<(), Diagnostics> {
        let Some((shared, stated)) = self
            .shared
            .and_then(|shared| Some((shared, shared.types.get(name)?)))
        else {
            return Ok(());
        };
        let inner: Path = [at.path, &["fields".to_owned()]].concat();
        self.fields(&stated.fields, known, &inner, at.label)?;
        let written = self.editor.value(&inner).cloned().unwrap_or(Value::Null);
        let written: Fields = serde_json::from_value(written).unwrap_or_default();
        let shapes = SpecShapes::new(shared);
        let is_marked = written
            .values()
            .any(|field| field.removed_upstream.is_some() || field.evidence.is_some());
        if is_marked || shapes.fields(&written) != shapes.fields(&stated.fields) {
            return Ok(());
        }
        self.report.added.push(format!(
            "{}: uses `{name}`, which has the same fields",
            at.label
        ));
        self.adopted.push((name.to_owned(), written));
        self.drop_key(at.path, "fields")?;
        self.set(at.path, USE, order, &name.into())
    }

    /// Returns the shared type with a name, if it is a union.
    fn union_of(&self, name: &str) -> Option<&SharedType> {
        let ty = self.shared?.types.get(name)?;
        ty.tag.as_ref().map(|_| ty)
    }
}

/// Copies the texts of people to fields of the same names that have none.
pub fn copy_texts(from: &Fields, to: &mut Fields) {
    for (name, field) in to {
        let Some(known) = from.get(name) else {
            continue;
        };
        field.doc = field.doc.take().or_else(|| known.doc.clone());
        field.unit = field.unit.take().or_else(|| known.unit.clone());
        field.absent = field.absent.take().or_else(|| known.absent.clone());
        field.ident = field.ident.take().or_else(|| known.ident.clone());
        copy_texts(&known.fields, &mut field.fields);
    }
}
