//! Merges drafts into spec files. New facts are added, and texts of people stay. Contradictions are
//! reported and overwrite nothing.

mod decide;
mod uses;

use indexmap::IndexMap;
use serde_json::Value;

use super::decisions::{Choice, Choices, ENDPOINT, MEMBER_REMOVED, REMOVED};
use super::report::ImportReport;
use dataforseo_spec::Diagnostics;
use dataforseo_spec::edit::Editor;
use dataforseo_spec::facts::{FIELD_KEYS, STATED, facts};
use dataforseo_spec::fingerprints::{self, FileFingerprints};
use dataforseo_spec::language::{
    Endpoint, Field, FieldType, Fields, Member, SharedType, SharedTypes, Values,
};
use dataforseo_spec::load::File;
use dataforseo_spec::tree::{Path, Tree};
use dataforseo_spec::write;

use decide::{At, FactQuestion};
use uses::Objects;
pub use uses::copy_texts;

/// A spec file after a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// The new text.
    pub text: String,
    /// The fingerprints of the texts that are new or changed.
    pub fingerprints: FileFingerprints,
    /// The fields that shared types replace, by the name of the type.
    pub adopted: Vec<(String, Fields)>,
}

impl Merged {
    /// Returns the file of a new endpoint. `file` is its path, relative to the root of the spec.
    pub fn of_new_endpoint(file: &str, draft: &Endpoint) -> Self {
        Self {
            text: write::endpoint(file, draft),
            fingerprints: fingerprints::of(draft),
            adopted: Vec::new(),
        }
    }

    /// Returns a new file of shared types without types. `file` is its path, relative to the root of
    /// the spec.
    pub fn of_no_types(file: &str) -> Self {
        Self {
            text: write::shared(file, &SharedTypes::default()),
            fingerprints: FileFingerprints::new(),
            adopted: Vec::new(),
        }
    }

    /// Adds new types to the end of a file of shared types.
    pub fn add_types(&mut self, types: &IndexMap<String, SharedType>) {
        self.text = format!("{}\n", self.text.trim_end());
        for (name, ty) in types {
            self.text += &write::shared_type(name, ty);
        }
        let types = SharedTypes {
            types: types.clone(),
        };
        self.fingerprints.extend(fingerprints::of(&types));
    }
}

/// Merges a draft into a file.
///
/// # Errors
/// Returns an error if the file is not in block style.
pub fn merge(
    draft: &Endpoint,
    existing: &File<Endpoint>,
    text: &str,
    context: MergeContext<'_>,
    removed: Option<String>,
    report: &mut ImportReport,
) -> Result<Merged, Diagnostics> {
    let mut merge = Merge::new(existing, text, context, report)?;
    let (gone, all) = gone(draft, &existing.content);
    // A truncated page looks like a page with removed fields.
    let is_whole = (gone <= FEW || gone * 5 <= all) && !lacks_a_part(draft, &existing.content);
    merge.removed = removed.filter(|_| is_whole);
    merge.endpoint(draft, &existing.content)?;
    Ok(merge.merged())
}

/// The number of fields that can be removed at once from a complete page of any length.
const FEW: usize = 2;

/// Returns the number of an endpoint's fields that are missing on a page, and the number of all
/// fields.
fn gone(draft: &Endpoint, existing: &Endpoint) -> (usize, usize) {
    fn count(draft: &Fields, existing: &Fields) -> (usize, usize) {
        let mut sum = (0, 0);
        for (name, spec) in existing
            .iter()
            .filter(|(_, it)| it.removed_upstream.is_none())
        {
            let (mut gone, all) = match draft.get(name) {
                Some(page) => count(page.inner(), spec.inner()),
                None => count(&Fields::new(), spec.inner()),
            };
            gone += usize::from(!draft.contains_key(name));
            sum = (sum.0 + gone, sum.1 + all + 1);
        }
        sum
    }
    let parts = parts(draft).into_iter().zip(parts(existing));
    parts
        .map(|(draft, existing)| count(&draft, &existing))
        .fold((0, 0), |(a, b), (c, d)| (a + c, b + d))
}

/// Returns whether a page has no fields of the task, or none of the result.
fn lacks_a_part(draft: &Endpoint, existing: &Endpoint) -> bool {
    let parts = parts(draft).into_iter().zip(parts(existing));
    parts
        .into_iter()
        .any(|(draft, existing)| draft.is_empty() && !existing.is_empty())
}

/// Returns the fields of the task and of the result.
fn parts(endpoint: &Endpoint) -> [Fields; 2] {
    [
        endpoint.task.clone().unwrap_or_default().fields,
        endpoint.result.clone().unwrap_or_default().fields,
    ]
}

/// Merges a draft of the OpenAPI file into an endpoint's file. If the file is based on a page,
/// missing facts need no decision, and the fingerprints stay those of the page.
///
/// # Errors
/// Returns an error if the file is not in block style.
pub fn merge_second(
    draft: &Endpoint,
    existing: &File<Endpoint>,
    text: &str,
    context: MergeContext<'_>,
    report: &mut ImportReport,
) -> Result<Merged, Diagnostics> {
    let of_page = existing.content.source.openapi.is_none();
    let mut merge = Merge::new(existing, text, context, report)?;
    (merge.second, merge.openapi) = (of_page, true);
    if let Some(day) = &draft.source.openapi {
        merge.day.clone_from(day);
    }
    merge.endpoint(draft, &existing.content)?;
    Ok(merge.merged())
}

/// Merges drafts of shared types into the file of shared types.
///
/// # Errors
/// Returns an error if the file is not in block style.
pub fn merge_types(
    drafts: &IndexMap<String, SharedType>,
    existing: &File<SharedTypes>,
    text: &str,
    context: MergeContext<'_>,
    day: Option<&String>,
    report: &mut ImportReport,
) -> Result<Merged, Diagnostics> {
    let mut merge = Merge::new(existing, text, context, report)?;
    merge.openapi = true;
    if let Some(day) = day {
        merge.day.clone_from(day);
    }
    for (name, draft) in drafts {
        let Some(known) = existing.content.types.get(name) else {
            continue;
        };
        if let Some(message) = changed_kind(draft, known) {
            merge.kind_differs(name, &message, draft, known)?;
            continue;
        }
        let path = |keys: &[&str]| -> Path {
            let keys = keys.iter().map(|key| (*key).to_owned());
            ["types".to_owned(), name.clone()]
                .into_iter()
                .chain(keys)
                .collect()
        };
        merge.fields(&draft.fields, &known.fields, &path(&["fields"]), name)?;
        let mut before: Option<&str> = None;
        for (wire, member) in &draft.members {
            let label = format!("{name}.{wire}");
            if let Some(since) = known
                .members
                .get(wire)
                .and_then(|known| known.removed_upstream.as_ref())
            {
                let path = path(&["members", wire]);
                let at = At {
                    path: &path,
                    label: &label,
                };
                merge.back(at, MEMBER_REMOVED, since)?;
            }
            match known.members.get(wire) {
                Some(known) if known.shared.is_none() => {
                    let path = path(&["members", wire, "fields"]);
                    merge.fields(&member.fields, &known.fields, &path, &label)?;
                }
                // The shared type is compared separately.
                Some(_) => {}
                None => {
                    let lines = write::member(wire, member);
                    merge.editor.insert(&path(&["members"]), before, &lines)?;
                    merge.keep_fingerprints(&member.fields, &path(&["members", wire, "fields"]));
                    merge
                        .report
                        .added
                        .push(format!("{label}: a new member; write its `doc`"));
                }
            }
            before = Some(wire);
        }
        for (wire, member) in &known.members {
            if !draft.members.contains_key(wire) {
                let label = format!("{name}.{wire}");
                let path = path(&["members", wire]);
                let at = At {
                    path: &path,
                    label: &label,
                };
                merge.member_gone(at, member)?;
            }
        }
    }
    Ok(merge.merged())
}

/// Returns a message if a shared type is of another kind in the file than in the spec. Its entries
/// cannot be compared.
fn changed_kind(draft: &SharedType, known: &SharedType) -> Option<String> {
    let kind = |ty: &SharedType| match (&ty.tag, &ty.values) {
        (Some(tag), _) => format!("a union with the tag `{tag}`"),
        (None, _) if ty.is_union() => "a union without a tag".to_owned(),
        (None, Some(_)) => "a list of values".to_owned(),
        (None, None) => "an object".to_owned(),
    };
    let (stated, known) = (kind(draft), kind(known));
    (stated != known).then(|| {
        format!("{known} in the spec and {stated} in the file; if the file is right, replace the type in types.yaml")
    })
}

/// What a merge needs to know in addition to its files.
#[derive(Clone, Copy)]
pub struct MergeContext<'a> {
    /// The shared types that the fields can use.
    pub shared: Option<&'a SharedTypes>,
    /// The choices of a person.
    pub choices: &'a Choices,
}

struct Merge<'a> {
    editor: Editor,
    /// The name of the file.
    file: String,
    /// The locations in the file as it was read.
    tree: &'a Tree,
    choices: &'a Choices,
    /// The day that is written to what the source no longer has.
    day: String,
    /// The field whose shared type is compared, while `read_only` is set.
    user: Path,
    /// Whether differences are reported as contradictions and not edited. Shared types are not
    /// changed through one of their users.
    read_only: bool,
    /// Whether the file is based on another source.
    second: bool,
    /// Whether the source is the OpenAPI file, which states no limits per call.
    openapi: bool,
    /// The removal date for fields that are missing on the page. If absent, a person decides.
    removed: Option<String>,
    /// The fingerprints of the texts that are new or changed.
    fingerprints: FileFingerprints,
    /// The fields that shared types replace, by the name of the type.
    adopted: Vec<(String, Fields)>,
    shared: Option<&'a SharedTypes>,
    report: &'a mut ImportReport,
}

impl<'a> Merge<'a> {
    fn new<T>(
        file: &'a File<T>,
        text: &str,
        context: MergeContext<'a>,
        report: &'a mut ImportReport,
    ) -> Result<Self, Diagnostics> {
        Ok(Self {
            editor: Editor::new(&file.name, text)?,
            file: file.name.clone(),
            tree: &file.tree,
            choices: context.choices,
            day: context.choices.day(),
            user: Path::new(),
            read_only: false,
            second: false,
            openapi: false,
            removed: None,
            fingerprints: FileFingerprints::new(),
            adopted: Vec::new(),
            shared: context.shared,
            report,
        })
    }

    fn merged(self) -> Merged {
        Merged {
            text: self.editor.text().to_owned(),
            fingerprints: self.fingerprints,
            adopted: self.adopted,
        }
    }

    fn endpoint(&mut self, draft: &Endpoint, existing: &Endpoint) -> Result<(), Diagnostics> {
        let facts = |endpoint: &Endpoint| {
            [
                ("path", Value::from(endpoint.path.clone())),
                ("method", format!("{:?}", endpoint.method).into()),
                ("mode", format!("{:?}", endpoint.mode).into()),
                ("source.link", endpoint.source.link.clone().into()),
                (
                    "limits.tasks_per_call",
                    endpoint.limits.tasks_per_call.into(),
                ),
                (
                    "limits.calls_per_minute",
                    endpoint.limits.calls_per_minute.into(),
                ),
            ]
        };
        for ((name, page), (_, spec)) in facts(draft).into_iter().zip(facts(existing)) {
            // Not all pages state the calls per minute.
            if page.is_null() && (self.openapi || name == "limits.calls_per_minute") {
                continue;
            }
            if page == spec {
                self.report.agreed += 1;
            } else {
                self.endpoint_differs(name, &spec, &page)?;
            }
        }
        let is_back = self.choices.choice(&self.file, ENDPOINT, REMOVED) == Some(&Choice::Take);
        if existing.removed_upstream.is_some() && self.openapi && is_back {
            self.report.given_up.push("removed_upstream".to_owned());
            self.editor.remove(&[], "removed_upstream")?;
        }
        self.source(draft, existing)?;
        let at = |key: &str| vec![key.to_owned(), "fields".to_owned()];
        let task = |endpoint: &Endpoint| endpoint.task.clone().unwrap_or_default().fields;
        self.fields(&task(draft), &task(existing), &at("task"), "task")?;
        if existing.example.is_none()
            && let Some(example) = &draft.example
        {
            self.report.added.push("an example of a task".to_owned());
            self.set(&[], "example", &write::ENDPOINT_KEYS, example)?;
        }
        let result = |endpoint: &Endpoint| endpoint.result.clone().unwrap_or_default();
        let known = result(existing);
        let shared = known.shared.as_ref();
        let stated = result(draft);
        if stated.shared.is_some() && stated.shared == known.shared {
            // The shared type is compared separately.
            return Ok(());
        }
        let at_result = At {
            path: &["result".to_owned()],
            label: "result",
        };
        if self.replaces_types(stated.shared.as_ref(), shared) {
            let objects = Objects {
                stated: (stated.shared.as_ref(), &stated.fields),
                known: (shared, &known.fields),
                evidence: None,
            };
            return self.use_differs(at_result, objects, &["use", "fields"]);
        }
        match shared.and_then(|name| self.shared?.types.get(name)) {
            Some(shared) => self.shared_fields(&stated.fields, shared, "result"),
            None => self.fields(
                &result(draft).fields,
                &known.fields,
                &at("result"),
                "result",
            ),
        }
    }

    fn source(&mut self, draft: &Endpoint, existing: &Endpoint) -> Result<(), Diagnostics> {
        let path = vec!["source".to_owned()];
        let order = ["link", "revised", "openapi"];
        if let (Some(file), Some(known)) = (&draft.source.openapi, &existing.source.openapi)
            && file != known
        {
            self.report
                .added
                .push(format!("the OpenAPI file of {file}"));
            self.set(&path, "openapi", &order, &file.clone().into())?;
        }
        if let Some(page) = &draft.source.revised {
            if existing.source.revised.as_ref() == Some(page) {
                self.report.agreed += 1;
            } else {
                self.report.added.push(format!("revision of {page}"));
                self.set(&path, "revised", &order, &page.clone().into())?;
            }
        }
        self.wording(
            &path,
            "the endpoint",
            draft.source.wording.as_ref(),
            existing.source.wording.as_ref(),
        );
        Ok(())
    }

    /// Compares the fingerprints of the wording. A changed text is reported, so that a person reads
    /// it.
    fn wording(
        &mut self,
        path: &[String],
        label: &str,
        page: Option<&String>,
        spec: Option<&String>,
    ) {
        let Some(page) = page else { return };
        if self.read_only {
            return;
        }
        if spec == Some(page) {
            self.report.unchanged.push(label.to_owned());
            return;
        }
        if self.second && spec.is_some() {
            return;
        }
        if spec.is_some() {
            self.report.reworded.push(label.to_owned());
        }
        self.fingerprints.insert(path.to_vec(), page.clone());
    }

    /// Keeps the fingerprints of new fields. `path` leads to the mapping of the fields.
    fn keep_fingerprints(&mut self, fields: &Fields, path: &[String]) {
        self.fingerprints
            .extend(fingerprints::of_fields(fields, path));
    }

    fn set(
        &mut self,
        path: &[String],
        key: &str,
        order: &[&str],
        value: &Value,
    ) -> Result<(), Diagnostics> {
        let lines = write::entry(key, value, self.editor.indent(path));
        self.editor.set(path, key, order, &lines)
    }

    /// Merges fields. `path` leads to the mapping of fields.
    fn fields(
        &mut self,
        draft: &Fields,
        existing: &Fields,
        path: &[String],
        label: &str,
    ) -> Result<(), Diagnostics> {
        let mut before: Option<&str> = None;
        for (name, page) in draft {
            let label = format!("{label}.{name}");
            match existing.get(name) {
                Some(spec) => {
                    let path: Path = [path, std::slice::from_ref(name)].concat();
                    self.field(page, spec, &path, &label)?;
                }
                None if self.read_only => self.lacks(&label),
                None => {
                    let lines = write::field(name, page, self.editor.indent(path));
                    self.editor.insert(path, before, &lines)?;
                    let new = [(name.clone(), page.clone())].into();
                    self.keep_fingerprints(&new, path);
                    self.report
                        .added
                        .push(format!("{label}: a new field; write its `doc`"));
                }
            }
            before = Some(name);
        }
        for (name, spec) in existing {
            let label = format!("{label}.{name}");
            let inner: Path = [path, std::slice::from_ref(name)].concat();
            let at = At {
                path: &inner,
                label: &label,
            };
            match (draft.contains_key(name), &spec.removed_upstream) {
                (true, Some(since)) => self.back(at, REMOVED, since)?,
                (true, None) => {}
                (false, Some(_)) => self.report.agreed += 1,
                (false, None) => self.missing(spec, at, replacement(draft, existing, spec))?,
            }
        }
        Ok(())
    }

    /// Handles a field that is missing on the page.
    fn missing(
        &mut self,
        spec: &Field,
        at: At<'_>,
        replaced_by: Option<&str>,
    ) -> Result<(), Diagnostics> {
        let elsewhere = self.second || self.read_only || spec.evidence.is_some();
        let Some(day) = self.removed.clone().filter(|_| !elsewhere) else {
            return self.gone(at, spec, replaced_by);
        };
        self.report.removed.push(format!(
            "{}: deprecated: missing on the page since {day}",
            at.label
        ));
        self.set(at.path, "removed_upstream", &FIELD_KEYS, &day.into())
    }

    fn open_questions(&self) -> usize {
        self.report.contradictions.len() + self.report.unexplained.len()
    }

    /// Reports a fact that a shared type does not have.
    fn lacks(&mut self, what: &str) {
        let message = format!("{what}: the shared type does not have it; add it in types.yaml");
        self.report.contradictions.push(message);
    }

    fn field(
        &mut self,
        page: &Field,
        spec: &Field,
        path: &[String],
        label: &str,
    ) -> Result<(), Diagnostics> {
        let open_questions = self.open_questions();
        let at = At { path, label };
        let retyped = self.retyped(page, spec, at)?;
        let spec = retyped.as_ref().unwrap_or(spec);
        let stated = facts(page, self.shared);
        let known = facts(spec, self.shared);
        let grown = has_grown(page, spec);
        // Facts of another type must not be added.
        let same = |fact: &str| match (known.get(fact), stated.get(fact)) {
            (Some(known), Some(stated)) => known == stated,
            (None, stated) => stated.is_none() || grown,
            (Some(_), None) => true,
        };
        let same_type = grown || (same("type") && (!known.contains_key("of") || same("of")));
        for (name, value) in &stated {
            let name = *name;
            match known.get(name) {
                Some(known) if known == value || refines(name, spec, known, value) => {
                    self.report.agreed += 1;
                }
                None if name == "required" && *value == Value::Bool(false) => {
                    self.report.agreed += 1;
                }
                _ if is_corrected(spec, name, value) => self.report.agreed += 1,
                Some(_) if name == "type" && grown && !self.read_only => {
                    self.add(path, label, page, name, value)?;
                }
                None if same_type || name == "required" => {
                    self.add(path, label, page, name, value)?;
                }
                // The difference of the type is already reported.
                None => {}
                Some(known) if name == "values" && self.can_grow(spec, path, known, value) => {
                    let values = with_new(spec.values.as_ref(), page.values.as_ref());
                    let lines = write::values(&values, self.editor.indent(path));
                    self.editor.set(path, name, &FIELD_KEYS, &lines)?;
                    self.report
                        .added
                        .push(format!("{label}: values {value}, before {known}"));
                }
                Some(known) => {
                    let question = FactQuestion {
                        at,
                        fact: name,
                        known,
                        stated: value,
                    };
                    self.differs(question, page, spec)?;
                }
            }
        }
        for correction in &spec.corrections {
            let documented = stated.get(correction.fact.as_str()).unwrap_or(&Value::Null);
            if *documented != correction.documented && retyped.is_none() {
                self.outdated(at, spec, correction, documented)?;
            }
        }
        for (name, value) in &known {
            let unstated = STATED.contains(name) && !stated.contains_key(name);
            if unstated && !(*name == "required" && *value == Value::Bool(false)) {
                let question = FactQuestion {
                    at,
                    fact: name,
                    known: value,
                    stated: &Value::Null,
                };
                self.unstated(question, spec)?;
            }
        }
        // The fingerprint changes only after all decisions.
        if self.open_questions() == open_questions {
            self.wording(path, label, page.wording.as_ref(), spec.wording.as_ref());
        }
        if same_type || is_corrected(spec, "type", &stated["type"]) {
            self.inner(page, spec, path, label)?;
        }
        Ok(())
    }

    /// Writes a fact that the spec does not have.
    fn add(
        &mut self,
        path: &[String],
        label: &str,
        page: &Field,
        name: &str,
        value: &Value,
    ) -> Result<(), Diagnostics> {
        if self.read_only {
            self.lacks(&format!("{label}: {name} {value}"));
            return Ok(());
        }
        self.report.added.push(format!("{label}: {name} {value}"));
        match (&page.values, name) {
            (Some(values), "values") => {
                let lines = write::values(values, self.editor.indent(path));
                self.editor.set(path, name, &FIELD_KEYS, &lines)
            }
            _ => self.set(path, name, &FIELD_KEYS, value),
        }
    }

    /// Merges the fields inside a field.
    fn inner(
        &mut self,
        page: &Field,
        spec: &Field,
        path: &[String],
        label: &str,
    ) -> Result<(), Diagnostics> {
        // The shared type is compared separately.
        if page.shared.is_some() && page.shared == spec.shared {
            return Ok(());
        }
        if self.replaces_types(page.shared.as_ref(), spec.shared.as_ref())
            && spec.each.is_none()
            && page.each.is_none()
        {
            let objects = Objects {
                stated: (page.shared.as_ref(), &page.fields),
                known: (spec.shared.as_ref(), &spec.fields),
                evidence: spec.evidence.as_ref(),
            };
            return self.use_differs(At { path, label }, objects, &FIELD_KEYS);
        }
        // Lists in lists and in maps.
        if let (Some(page), Some(spec)) = (&page.each, &spec.each) {
            let path: Path = [path, &["each".to_owned()]].concat();
            return self.field(page, spec, &path, &format!("{label}.each"));
        }
        if let Some(shared) = spec
            .shared
            .as_ref()
            .and_then(|name| self.shared?.types.get(name))
        {
            if shared.values.is_some() {
                return Ok(());
            }
            let used = page
                .shared
                .as_ref()
                .and_then(|name| self.shared?.types.get(name));
            let fields = used.map_or(&page.fields, |used| &used.fields);
            self.user = path.to_vec();
            return self.shared_fields(fields, shared, label);
        }
        if !spec.fields.is_empty() || page.fields.is_empty() {
            let inner: Path = [path, &["fields".to_owned()]].concat();
            return self.fields(&page.fields, &spec.fields, &inner, label);
        }
        // A type `map` or `json` that a person chose stays.
        let object = spec.kind == FieldType::Object || spec.of == Some(FieldType::Object);
        if !object && !has_grown(page, spec) {
            return Ok(());
        }
        if self.read_only {
            self.lacks(&format!("{label}: {} fields", page.fields.len()));
            return Ok(());
        }
        let inner: Path = [path, &["fields".to_owned()]].concat();
        self.keep_fingerprints(&page.fields, &inner);
        let indent = self.editor.indent(path);
        let lines = format!(
            "{:indent$}fields:\n{}",
            "",
            write::fields(&page.fields, indent + 2)
        );
        self.report
            .added
            .push(format!("{label}: {} fields", page.fields.len()));
        self.editor.set(path, "fields", &FIELD_KEYS, &lines)
    }

    /// Compares fields with those of a shared type, which is not edited. A page lists the tag of a
    /// union and the fields of its members like fields of one object.
    fn shared_fields(
        &mut self,
        stated: &Fields,
        shared: &SharedType,
        label: &str,
    ) -> Result<(), Diagnostics> {
        let mut stated = stated.clone();
        let mut known = shared.fields.clone();
        if let Some(tag) = &shared.tag {
            self.report.agreed += usize::from(stated.shift_remove(tag).is_some());
            let common: Vec<String> = known.keys().cloned().collect();
            for (name, field) in stated.iter().filter(|(name, _)| !common.contains(name)) {
                let same = self.member_fields(shared, name);
                let same_kind = same.iter().find(|other| other.kind == field.kind);
                if let Some(member) = same_kind.or(same.first()) {
                    known.insert(name.clone(), (*member).clone());
                }
            }
        }
        let outer = std::mem::replace(&mut self.read_only, true);
        let outcome = self.fields(&stated, &known, &[], label);
        self.read_only = outer;
        outcome
    }

    /// Returns the fields with a name in the members of a union.
    fn member_fields<'s>(&self, union: &'s SharedType, name: &str) -> Vec<&'s Field>
    where
        'a: 's,
    {
        let of_member = |member: &'s Member| match &member.shared {
            Some(shared) => self.shared?.types.get(shared)?.fields.get(name),
            None => member.fields.get(name),
        };
        union.members.values().filter_map(of_member).collect()
    }

    /// Returns whether the page's values can replace those of the spec. They must include all of
    /// those, and the spec must have no comments among its values.
    fn can_grow(&self, spec: &Field, path: &[String], known: &Value, stated: &Value) -> bool {
        let values: Path = [path, &["values".to_owned()]].concat();
        !self.read_only
            && spec.shared.is_none()
            && grows(known, stated)
            && !self.editor.has_comments(&values)
    }
}

/// Returns the only new field with the text of a field that is gone.
fn replacement<'d>(draft: &'d Fields, existing: &Fields, gone: &Field) -> Option<&'d str> {
    gone.wording.as_ref()?;
    let is_new = |(name, field): &(&String, &Field)| {
        !existing.contains_key(*name) && field.wording == gone.wording && field.kind == gone.kind
    };
    let mut new = draft.iter().filter(is_new);
    let (name, _) = new.next()?;
    new.next().is_none().then_some(name.as_str())
}

/// Returns whether the page describes a field that an earlier page did not describe, and that was
/// never edited.
fn has_grown(page: &Field, spec: &Field) -> bool {
    spec.kind == FieldType::Json && page.kind != FieldType::Json && spec.doc.is_none()
}

/// Returns whether the spec corrects a fact of the page.
fn is_corrected(spec: &Field, fact: &str, documented: &Value) -> bool {
    spec.corrections
        .iter()
        .any(|correction| correction.fact == fact && correction.documented == *documented)
}

/// Returns whether the page has all values of the spec.
fn grows(known: &Value, stated: &Value) -> bool {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let stated = list(stated);
    list(known).iter().all(|value| stated.contains(value))
}

/// Returns the page's values with the meanings in the spec. New values have an empty meaning.
fn with_new(known: Option<&Values>, page: Option<&Values>) -> Values {
    let stated: Vec<String> = page
        .into_iter()
        .flat_map(|page| page.names())
        .map(str::to_owned)
        .collect();
    match known {
        Some(Values::Explained(known)) => {
            let meaning = |value: &String| known.get(value).cloned().unwrap_or_default();
            Values::Explained(
                stated
                    .iter()
                    .map(|value| (value.clone(), meaning(value)))
                    .collect(),
            )
        }
        _ => Values::Plain(stated),
    }
}

/// Returns whether the spec is more precise than the page and consistent with it.
fn refines(fact: &str, spec: &Field, known: &Value, stated: &Value) -> bool {
    match fact {
        // The page states only that the value is an object or a list.
        "type" => *stated == "json" && matches!(spec.kind, FieldType::Map | FieldType::Object),
        "of" => *stated == "json",
        // The spec can have values from other sources.
        "values" => {
            let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
            let known = list(known);
            list(stated).iter().all(|value| known.contains(value))
        }
        _ => false,
    }
}
