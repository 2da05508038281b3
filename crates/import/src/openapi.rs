//! Imports the vendor's OpenAPI file, a second source of facts. It has the types of all endpoints,
//! and its prose states rules that its schemas lack.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::decisions::Choices;
use super::departed::DepartedSearch;
use super::draft;
use super::draft::Draft;
use super::merge::{self, MergeContext, Merged};
use super::outline::{kind_of, outline};
use super::place_names::{name_clashing_types, name_clashing_types_inside};
use super::prose;
use super::recurring::{NamedShapes, UsedNames};
use super::report::ImportReport;
use super::requirements::{self, Requirements};
use super::rows::{filter_other_rows, rows};
use super::schema_prose::{lines, prose_of};
use super::shape::{self, Shapes, SpecShapes};
use super::shared_files::{SharedFile, SharedFiles};
use super::task_unions::{self, SentSchemas};
use super::type_uses::{BasedOn, LearnPass, TypeUses, Use};
use super::unused_types;
use super::workspace::{
    ImportError, Options, Outcome, SectionFingerprints, SpecFile, is_wanted, places, read,
    write_files,
};
use crate::docs::Unreadable;
use crate::docs::nest::MAX_LEVELS;
use crate::docs::openapi::{self, Document, Operation, Schema};
use dataforseo_spec::fingerprints::Fingerprinted;
use dataforseo_spec::glob::fits;
use dataforseo_spec::language::{
    Api, CallLimits, Endpoint, Field, FieldType, Fields, Member, Method, Mode, Object,
    ResultObject, SharedType, SharedTypes, Source,
};
use dataforseo_spec::load::{File, TYPES_FILE, TYPES_FOLDER, in_section, parse};
use dataforseo_spec::{Payload, Placement, Scope};
use dataforseo_spec::{names, write};

/// Imports the endpoints of an OpenAPI file whose path matches a pattern, in which `*` is any text.
/// Without patterns, imports all endpoints.
///
/// # Errors
/// Returns an error if a file cannot be read. Nothing is written in that case.
pub fn import(
    root: &Path,
    file: &Path,
    only: &[String],
    options: Options<'_>,
) -> Result<Vec<ImportReport>, ImportError> {
    let name = file.display().to_string();
    let document = openapi::read(&read(file)?).map_err(|reason| ImportError::Page {
        path: name.clone(),
        reason,
    })?;
    let api = read(&root.join("spec/api.yaml"))?;
    let api: File<Api> = parse("spec/api.yaml", &api).map_err(ImportError::Spec)?;
    let mut operations = Vec::new();
    for (path, all) in &document.paths {
        if !is_wanted(only, path) {
            continue;
        }
        // The spec has one method per path.
        if let Some((method, operation)) = all.iter().next() {
            let method = match method.as_str() {
                "get" => Method::Get,
                _ => Method::Post,
            };
            operations.push((path.as_str(), method, operation));
        }
    }
    let unmatched = only
        .iter()
        .find(|pattern| !document.paths.keys().any(|path| fits(pattern, path)));
    if unmatched.is_some() || operations.is_empty() {
        let pattern = unmatched.map_or_else(|| only.join(", "), |pattern| format!("`{pattern}`"));
        return Err(ImportError::Page {
            path: name,
            reason: Unreadable::because(format!("no path matches {pattern}")),
        });
    }
    let paths = operations.iter().map(|(path, ..)| *path);
    let places = places(&name, &api.content, paths)?;
    let operations: Vec<PathOperation<'_>> = operations
        .into_iter()
        .zip(places)
        .map(|((path, method, operation), place)| PathOperation {
            path,
            place,
            method,
            operation,
        })
        .collect();
    let mut files = OpenApiFiles::read(root, &operations)?;
    let date = date_in(&name);
    let search = DepartedSearch {
        root,
        api: &api.content,
        document: &document,
        only,
        date: date.as_ref(),
        choices: options.choices,
        source: &name,
    };
    let departed = search.run()?;
    for renamed in departed.renamed {
        files.endpoints.insert(renamed.path, renamed.file);
    }
    let mut importer = Importer::new(&document, &files.shared, date, options.choices);
    let mut outcomes = importer.run(&name, files, &operations)?;
    outcomes.extend(departed.outcomes);
    unused_types::prune(root, &mut outcomes)?;
    // Files are written only after all files were read.
    write_files(root, outcomes, options)
}

/// The files of the spec that an import concerns.
struct OpenApiFiles {
    /// The fingerprints by section. Those of the root have no name.
    fingerprints: BTreeMap<String, SectionFingerprints>,
    shared: SharedFiles,
    /// The endpoints' files that exist, by path of the endpoint.
    endpoints: HashMap<String, SpecFile<Endpoint>>,
}

impl OpenApiFiles {
    fn read(root: &Path, operations: &[PathOperation<'_>]) -> Result<Self, ImportError> {
        let mut files = Self {
            fingerprints: BTreeMap::new(),
            shared: SharedFiles::default(),
            endpoints: HashMap::new(),
        };
        let of_root = SectionFingerprints::read(root, "")?;
        files.fingerprints.insert(String::new(), of_root);
        for PathOperation { path, place, .. } in operations {
            let section = place.scope.section_name();
            if !files.fingerprints.contains_key(section) {
                let read = SectionFingerprints::read(root, section)?;
                files.fingerprints.insert(section.to_owned(), read);
            }
            if let Some(fingerprints) = files.fingerprints.get(section) {
                files.shared.read(root, &place.scope, fingerprints)?;
                let known = fingerprints.spec_file(root, in_section(&place.file()))?;
                files
                    .endpoints
                    .extend(known.map(|known| ((*path).to_owned(), known)));
            }
        }
        Ok(files)
    }

    /// Replaces the fingerprints of a spec file after a merge. Returns its path and its new text.
    fn written<T: DeserializeOwned + Fingerprinted>(
        &mut self,
        scope: &Scope,
        file: &str,
        merged: Merged,
    ) -> Result<(PathBuf, String), ImportError> {
        if let Some(fingerprints) = self.fingerprints.get_mut(scope.section_name()) {
            fingerprints.update::<T>(in_section(file), &merged)?;
        }
        Ok((Path::new("spec").join(file), merged.text))
    }
}

/// Returns the date in a file name such as `openapi-2026-02-18.yaml`.
fn date_in(name: &str) -> Option<String> {
    let file = name.rsplit(['/', '\\']).next()?;
    (0..file.len()).find_map(|start| {
        let text = file.get(start..start + 10)?;
        text.parse::<jiff::civil::Date>().ok()?;
        Some(text.to_owned())
    })
}

/// An operation of the file, with its path and method.
pub(crate) struct PathOperation<'a> {
    pub(crate) path: &'a str,
    pub(crate) place: Placement,
    pub(crate) method: Method,
    pub(crate) operation: &'a Operation,
}

/// The maximum number of fields that one import writes. The vendor's whole file has 9,500.
const MAX_FIELDS: usize = 100_000;

pub(crate) struct Importer<'a> {
    pub(crate) document: &'a Document,
    date: Option<String>,
    choices: &'a Choices,
    /// The folder whose types are being created.
    pub(crate) scope: Scope,
    /// The names of shapes: those of the spec, and those that occur more than once.
    pub(crate) named: NamedShapes,
    /// The shared types of the spec, by scope.
    known: BTreeMap<Scope, SharedTypes>,
    /// The shared types of the spec that this file also describes, with their schemas and, for a
    /// member, the schema of the union.
    met: IndexMap<(Scope, String), (&'a Schema, Option<&'a Schema>)>,
    uses: TypeUses,
    /// The types that this import adds, by scope.
    pub(crate) added: BTreeMap<Scope, IndexMap<String, SharedType>>,
    pub(crate) used_names: UsedNames,
    /// The schemas that tasks contain, and the examples of these tasks.
    sent: SentSchemas<'a>,
    pub(crate) shapes: Shapes<'a>,
    /// The schemas whose fields are being created, from the outside in.
    inside: Vec<String>,
    /// The number of created fields.
    written: usize,
    /// The schemas that the file refers to and does not contain.
    pub(crate) missing: Vec<String>,
    pub(crate) notes: Vec<String>,
    not_understood: Vec<String>,
}

impl<'a> Importer<'a> {
    fn new(
        document: &'a Document,
        files: &SharedFiles,
        date: Option<String>,
        choices: &'a Choices,
    ) -> Self {
        let mut named = NamedShapes::default();
        let mut used_names = UsedNames::default();
        let mut uses = TypeUses::default();
        let mut all = BTreeMap::new();
        for scope in files.0.keys() {
            let visible = files.visible(scope);
            let spec_shapes = SpecShapes::new(&visible);
            let known = files.own(scope);
            for (name, ty) in &known.types {
                let shape = spec_shapes.named(name);
                uses.insert_own((scope.clone(), name.clone()), shape.clone());
                named.insert(scope, shape, name);
                used_names.insert(scope, name.clone());
                let own = ty.members.iter().filter(|(_, it)| it.shared.is_none());
                for variant in own.filter_map(|(wire, _)| names::type_name(wire)) {
                    used_names.insert(scope, format!("{name}{variant}"));
                }
            }
            all.insert(scope.clone(), known);
        }
        Self {
            document,
            date,
            choices,
            scope: Scope::root(),
            named,
            known: all,
            met: IndexMap::new(),
            uses,
            added: BTreeMap::new(),
            shapes: Shapes::new(document),
            inside: Vec::new(),
            written: 0,
            used_names,
            sent: SentSchemas::default(),
            missing: Vec::new(),
            notes: Vec::new(),
            not_understood: Vec::new(),
        }
    }

    /// Imports operations.
    fn run(
        &mut self,
        source: &str,
        mut files: OpenApiFiles,
        operations: &[PathOperation<'a>],
    ) -> Result<Vec<Outcome>, ImportError> {
        for PathOperation { path, place, .. } in operations {
            for end in ["", "Task"] {
                let name = format!("{}{end}", place.name);
                self.used_names.insert_of_endpoint(&place.scope, name);
            }
            let known = files.endpoints.get(*path);
            let result = known.and_then(|(_, file)| file.content.result.as_ref());
            if result.is_some_and(|result| result.shared.is_none()) {
                let name = format!("{}Result", place.name);
                self.used_names.insert_of_endpoint(&place.scope, name);
            }
        }
        for pass in [LearnPass::Count, LearnPass::Name] {
            self.uses.pass = pass;
            for it in operations {
                if let Some((_, file)) = files.endpoints.get(it.path) {
                    self.scope.clone_from(&it.place.scope);
                    self.uses.based_on = match file.content.source.openapi {
                        Some(_) => BasedOn::OpenApi,
                        None => BasedOn::Page,
                    };
                    self.learn(it.operation, &file.content);
                }
            }
        }
        self.find_sent(operations);
        self.name_what_recurs(operations);
        let drafts = self.drafts(operations);
        let mut visible: BTreeMap<Scope, SharedTypes> = BTreeMap::new();
        let mut outcomes: Vec<Outcome> = self.missing_schemas(source).into_iter().collect();
        for (draft, PathOperation { path, place, .. }) in drafts.into_iter().zip(operations) {
            let existing = files.endpoints.remove(*path);
            let types = visible
                .entry(place.scope.clone())
                .or_insert_with(|| self.visible_types(&place.scope));
            let file = place.file();
            let (report, merged) = self.merged(source, draft, &file, existing, types)?;
            if let Some(merged) = &merged {
                self.adopt(&place.scope, &merged.adopted);
            }
            let written = merged
                .map(|merged| files.written::<Endpoint>(&place.scope, &file, merged))
                .transpose()?;
            outcomes.push((report, written.into_iter().collect()));
        }
        if outcomes.iter().all(|(_, files)| files.is_empty()) {
            return Ok(outcomes);
        }
        outcomes.extend(self.types_outcomes(source, &mut files)?);
        if let Some((_, written)) = outcomes.last_mut() {
            let fingerprints = files.fingerprints.values();
            written.extend(fingerprints.filter_map(SectionFingerprints::file));
        }
        Ok(outcomes)
    }

    /// Copies the texts of fields to the added types that replace them.
    fn adopt(&mut self, scope: &Scope, adopted: &[(String, Fields)]) {
        for (name, fields) in adopted {
            for scope in scope.outward() {
                let added = self.added.get_mut(&scope);
                if let Some(ty) = added.and_then(|added| added.get_mut(name)) {
                    merge::copy_texts(fields, &mut ty.fields);
                }
            }
        }
    }

    /// Returns all shared types that are visible in a scope, known and added.
    fn visible_types(&self, scope: &Scope) -> SharedTypes {
        let mut visible = SharedTypes::default();
        for scope in scope.outward() {
            let known = self.known.get(&scope).map(|known| &known.types);
            let all = known.into_iter().chain(self.added.get(&scope)).flatten();
            let all = all.map(|(name, ty)| (name.clone(), ty.clone()));
            visible.types.extend(all);
        }
        visible
    }

    /// Returns the known or added type that a name means in the current folder, with its scope.
    fn find_type(&self, name: &str) -> Option<(Scope, &SharedType)> {
        self.scope.outward().find_map(|scope| {
            let known = self.known.get(&scope).and_then(|it| it.types.get(name));
            let ty = known.or_else(|| self.added.get(&scope)?.get(name))?;
            Some((scope, ty))
        })
    }

    /// Returns the name of the shared type with a shape that is visible in the current folder.
    fn name_of(&self, shape: &str) -> Option<String> {
        self.named.get(&self.scope, shape).map(str::to_owned)
    }

    /// Returns a report of the schemas that the file does not contain, if there are any.
    fn missing_schemas(&mut self, source: &str) -> Option<Outcome> {
        let missing = std::mem::take(&mut self.missing);
        let contradictions = missing.into_iter().map(|name| {
            format!(
                "the file refers to the schema `{name}` and does not contain it, so its fields are \
                 unknown: get the file again, or add the schema to it"
            )
        });
        let report = ImportReport {
            page: source.to_owned(),
            spec_file: "spec".to_owned(),
            contradictions: contradictions.collect(),
            ..ImportReport::default()
        };
        report.needs_decision().then(|| (report, Vec::new()))
    }

    /// Returns the endpoints as the file describes them.
    fn drafts(&mut self, operations: &[PathOperation<'a>]) -> Vec<Draft> {
        let draft = |it: &PathOperation<'a>| {
            self.scope.clone_from(&it.place.scope);
            let mut endpoint = self.endpoint(it.path, it.method, it.operation);
            let shared = self.used_names.of_types(&it.place.scope);
            name_clashing_types(&mut endpoint, &it.place.name, shared);
            Draft {
                endpoint,
                notes: std::mem::take(&mut self.notes),
                not_understood: std::mem::take(&mut self.not_understood),
            }
        };
        operations.iter().map(draft).collect()
    }

    /// Merges one endpoint into its file, unless the spec is based on a newer file.
    fn merged(
        &self,
        source: &str,
        draft: Draft,
        file: &str,
        existing: Option<SpecFile<Endpoint>>,
        types: &SharedTypes,
    ) -> Result<(ImportReport, Option<Merged>), ImportError> {
        let mut endpoint = draft.endpoint;
        let mut report = ImportReport {
            page: format!("{source} {}", endpoint.path),
            spec_file: format!("spec/{file}"),
            notes: draft.notes,
            not_understood: draft.not_understood,
            ..ImportReport::default()
        };
        let known = existing
            .as_ref()
            .and_then(|(_, file)| file.content.source.openapi.as_ref());
        if let (Some(file), Some(known)) = (&self.date, known)
            && file < known
        {
            report.contradictions.push(format!(
                "the file of {file} is older than that of {known} in the spec: nothing was \
                 imported"
            ));
            return Ok((report, None));
        }
        let merged = if let Some((text, file)) = &existing {
            // The draft contains only a guess.
            endpoint.limits.tasks_per_call = None;
            let merged =
                merge::merge_second(&endpoint, file, text, self.context(types), &mut report)
                    .map_err(ImportError::Spec)?;
            report.forget_known_sentences();
            merged
        } else {
            report
                .added
                .push("a new endpoint; write each `doc` that the glossaries lack".to_owned());
            Merged::of_new_endpoint(file, &endpoint)
        };
        Ok((report, Some(merged)))
    }

    fn context<'t>(&'t self, types: &'t SharedTypes) -> MergeContext<'t> {
        MergeContext {
            shared: Some(types),
            choices: self.choices,
        }
    }

    /// Merges the shared types into their files, and adds the new ones.
    fn types_outcomes(
        &mut self,
        source: &str,
        files: &mut OpenApiFiles,
    ) -> Result<Vec<Outcome>, ImportError> {
        let met = self.met_types();
        let mut outcomes = Vec::new();
        let shared = std::mem::take(&mut files.shared);
        for (scope, shared) in shared.0 {
            let types = self.visible_types(&scope);
            let added = self.added.remove(&scope).unwrap_or_default();
            let mut new = new_types_by_file(&scope, &shared, added);
            let mut all: Vec<(String, Option<SharedFile>)> = shared
                .into_iter()
                .map(|file| (file.name.clone(), Some(file)))
                .collect();
            let names = new
                .keys()
                .filter(|name| !all.iter().any(|(it, _)| it == *name));
            let names: Vec<String> = names.cloned().collect();
            all.extend(names.into_iter().map(|name| (name, None)));
            for (name, existing) in all {
                let mut report = ImportReport {
                    page: source.to_owned(),
                    spec_file: format!("spec/{name}"),
                    ..ImportReport::default()
                };
                let mut merged = match &existing {
                    Some(SharedFile { text, file, .. }) => {
                        report.not_understood = self.not_understood_of(&file.content);
                        let met = met.get(&scope).cloned().unwrap_or_default();
                        let (context, day) = (self.context(&types), self.date.as_ref());
                        let merged =
                            merge::merge_types(&met, file, text, context, day, &mut report)
                                .map_err(ImportError::Spec)?;
                        report.forget_known_sentences();
                        merged
                    }
                    None => Merged::of_no_types(&name),
                };
                if let Some(added) = new.remove(&name) {
                    merged.add_types(&added);
                    let new = added.keys();
                    let new = new.map(|name| format!("{name}: a shared type; write its `doc`"));
                    report.added.extend(new);
                }
                let written = files.written::<SharedTypes>(&scope, &name, merged)?;
                outcomes.push((report, vec![written]));
            }
        }
        Ok(outcomes)
    }

    /// Takes the sentences about some types.
    fn not_understood_of(&mut self, types: &SharedTypes) -> Vec<String> {
        let all = std::mem::take(&mut self.not_understood);
        let (own, others) = all.into_iter().partition(|sentence| {
            let name = sentence.split(['.', ':']).next();
            name.is_some_and(|name| types.types.contains_key(name))
        });
        self.not_understood = others;
        own
    }

    /// Returns the shared types of the spec as the file describes them, by scope.
    fn met_types(&mut self) -> BTreeMap<Scope, IndexMap<String, SharedType>> {
        let mut all: BTreeMap<Scope, IndexMap<String, SharedType>> = BTreeMap::new();
        for ((scope, name), (schema, of_union)) in self.met.clone() {
            self.scope.clone_from(&scope);
            let ty = self.type_of(&name, schema, of_union);
            all.entry(scope).or_default().insert(name, ty);
        }
        all
    }

    /// Returns a shared type as the file describes it. A member also has the fields of its union.
    pub(crate) fn type_of(
        &mut self,
        name: &str,
        schema: &'a Schema,
        of_union: Option<&'a Schema>,
    ) -> SharedType {
        let mut ty = match of_union {
            None => self.shared_type(name, schema),
            Some(union) => {
                let fields = self.document.member_fields(union, schema);
                SharedType {
                    fields: self.fields(&fields, name, self.payload_of(schema)),
                    ..SharedType::default()
                }
            }
        };
        self.end_recursion(name, &mut ty);
        let used: Vec<String> = self.used_names.of_types(&self.scope).cloned().collect();
        name_clashing_types_inside(name, &mut ty, &used);
        ty
    }

    /// Learns from the spec where its types are used, since people can have changed their shapes.
    fn learn(&mut self, operation: &'a Operation, endpoint: &Endpoint) {
        if let (Some((schema, _)), Some(task)) = (self.document.task(operation), &endpoint.task) {
            let fields = self.document.fields(schema);
            self.learn_fields(&fields, &task.fields);
        }
        let Some((schema, result)) = self
            .document
            .result(operation)
            .zip(endpoint.result.as_ref())
        else {
            return;
        };
        match (&result.shared, self.document.schema(schema)) {
            (Some(name), _) => self.learn_type(name, schema, None),
            (None, Some(schema)) => {
                self.learn_fields(&self.document.fields(schema), &result.fields);
            }
            (None, None) => {}
        }
    }

    fn learn_fields(&mut self, fields: &IndexMap<&'a str, &'a Schema>, known: &Fields) {
        for (name, schema) in fields {
            let Some(field) = known.get(*name) else {
                continue;
            };
            let mut leaf = field;
            while let Some(each) = &leaf.each {
                leaf = each;
            }
            let values = prose_of(schema).values;
            if let Some(name) = &leaf.shared
                && values.len() > 1
            {
                let key = (self.scope_of(name), name.clone());
                let shape = shape::values(&values);
                if self.uses.note(&key, &shape) == Use::Names {
                    self.named.insert(&key.0, shape, name);
                }
            }
            let Some(inner) = innermost(schema) else {
                continue;
            };
            match (&leaf.shared, self.document.schema(inner)) {
                (Some(name), _) => self.learn_type(name, inner, None),
                (None, Some(inner)) => {
                    self.learn_fields(&self.document.fields(inner), &leaf.fields);
                }
                (None, None) => {}
            }
        }
    }

    /// Returns the scope that defines a type; the current folder if there is no such type.
    fn scope_of(&self, name: &str) -> Scope {
        let found = self.find_type(name);
        found.map_or_else(|| self.scope.clone(), |(scope, _)| scope)
    }

    fn learn_type(&mut self, name: &str, schema_name: &str, of_union: Option<&'a Schema>) {
        let Some((scope, ty)) = self.find_type(name).map(|(scope, ty)| (scope, ty.clone())) else {
            return;
        };
        let Some(schema) = self.document.schema(schema_name) else {
            return;
        };
        let shape = match of_union {
            Some(union) => format!(
                "member {}",
                self.shapes
                    .fields(&self.document.member_fields(union, schema))
            ),
            None => self.shapes.named(schema_name),
        };
        let key = (scope, name.to_owned());
        match self.uses.note(&key, &shape) {
            Use::Known => return,
            Use::Counted | Use::Diverges => {}
            Use::Names => {
                self.named.insert(&key.0, shape, name);
                if self.met.contains_key(&key) {
                    return;
                }
                self.met.insert(key, (schema, of_union));
            }
        }
        let mut fields = self.document.fields(schema);
        if let Some(union) = of_union {
            fields = self.document.member_fields(union, schema);
        }
        self.learn_fields(&fields, &ty.fields);
        let members: Vec<(String, String)> = schema.members().map_or_else(Vec::new, |(_, all)| {
            all.map(|(wire, member)| (wire.to_owned(), member.to_owned()))
                .collect()
        });
        for (wire, member) in members {
            let Some(known) = ty.members.get(&wire) else {
                continue;
            };
            match (&known.shared, self.document.schema(&member)) {
                (Some(name), _) => self.learn_type(name, &member, Some(schema)),
                (None, Some(member)) => {
                    let fields = self.document.member_fields(schema, member);
                    self.learn_fields(&fields, &known.fields);
                }
                (None, None) => {}
            }
        }
    }

    /// Makes a list of each field in which a type contains itself directly, since its size would be
    /// infinite.
    fn end_recursion(&mut self, name: &str, ty: &mut SharedType) {
        let is_itself =
            |it: &&mut Field| it.kind == FieldType::Object && it.shared.as_deref() == Some(name);
        for field in ty.fields.values_mut().filter(is_itself) {
            (field.kind, field.of) = (FieldType::List, Some(FieldType::Object));
            self.notes.push(format!(
                "{name} contains itself in an object in the file; a list was used"
            ));
        }
    }

    /// Finds the schemas that tasks contain.
    fn find_sent(&mut self, operations: &[PathOperation<'a>]) {
        for PathOperation { operation, .. } in operations {
            if let Some((task, example)) = self.document.task(operation) {
                self.sent.add(self.document, task, example);
            }
        }
    }

    /// Returns the part of a call that a schema describes.
    fn payload_of(&self, schema: &Schema) -> Payload {
        match self.sent.contains(schema) {
            true => Payload::Task,
            false => Payload::Result,
        }
    }

    fn shared_type(&mut self, name: &str, schema: &'a Schema) -> SharedType {
        let mut fields = self.document.fields(schema);
        let payload = self.payload_of(schema);
        let Some((tag, members)) = schema.members() else {
            return SharedType {
                fields: self.fields(&fields, name, payload),
                ..SharedType::default()
            };
        };
        let is_tagged = !payload.is_task() || self.sent.has_tag(&fields, tag);
        fields.shift_remove(tag);
        let common: Vec<&str> = fields.keys().copied().collect();
        let members = members
            .map(|(wire, member)| {
                let described = self.document.schema(member);
                let shape = self.shapes.member(schema, member);
                let shared = described.and_then(|_| self.name_of(&shape));
                let mut own = Fields::new();
                if let (None, Some(schema)) = (&shared, described) {
                    let mut fields = self.document.fields(schema);
                    fields.retain(|field, _| !common.contains(field) && *field != tag);
                    own = self.fields(&fields, &format!("{name}.{wire}"), payload);
                }
                let member = Member {
                    shared,
                    fields: own,
                    ..Member::default()
                };
                (wire.to_owned(), member)
            })
            .collect();
        let mut ty = SharedType {
            tag: is_tagged.then(|| tag.to_owned()),
            fields: self.fields(&fields, name, payload),
            members,
            ..SharedType::default()
        };
        if payload.is_task() {
            task_unions::require_keys(&mut ty);
        }
        ty
    }

    fn endpoint(&mut self, path: &str, method: Method, operation: &Operation) -> Endpoint {
        let mode = draft::mode(path);
        let (prose, link) = page_in(&operation.description);
        let link = link.unwrap_or_else(|| {
            self.notes.push(
                "the description does not link to the page; its URL is derived from the path"
                    .to_owned(),
            );
            draft::link_of(path)
        });
        let task = self.document.task(operation);
        let example = task.and_then(|(_, example)| example.cloned());
        let task_fields = task.map(|(schema, _)| {
            let fields = self.document.fields(schema);
            let requirements = requirements_of(&fields);
            let mut fields = self.fields(&fields, "task", Payload::Task);
            number_maps(&mut fields, example.as_ref());
            self.nest(&mut fields, &requirements);
            fit_example(&mut fields, example.as_ref(), "task", &mut self.notes);
            filter_other_rows(path, &mut fields);
            fields
        });
        let result_name = self.document.result(operation);
        let result = result_name.and_then(|name| {
            let schema = self.document.schema(name)?;
            let shared = self.name_of(&self.shapes.named(name));
            let fields = match shared {
                Some(_) => Fields::new(),
                None => self.fields(&self.document.fields(schema), "result", Payload::Result),
            };
            Some(ResultObject { shared, fields })
        });
        let parameters = operation.parameters.iter().map(|parameter| {
            let lines: Vec<String> = parameter.description.lines().map(str::to_owned).collect();
            let field = Field {
                required: Some(true),
                wording: Some(draft::fingerprint(&lines)),
                ..Field::new(FieldType::String)
            };
            (parameter.name.clone(), field)
        });
        let tasks_per_call = task_fields.as_ref().map(|_| draft::tasks_per_call(mode));
        let result = result.filter(|_| mode != Mode::TaskPost);
        // The rows are recognized by their fields, which a shared type keeps elsewhere.
        let schema = result_name.filter(|_| result.is_some());
        let schema = schema.and_then(|name| self.document.schema(name));
        let rows = task_fields
            .as_ref()
            .zip(schema.map(|schema| outline(self.document, schema)))
            .and_then(|(task, result)| rows(task, &result, &mut self.notes));
        Endpoint {
            path: path.to_owned(),
            method,
            mode,
            charged: None,
            function: None,
            price: None,
            renamed_from: Vec::new(),
            removed_upstream: None,
            evidence: None,
            doc: None,
            source: Source {
                link,
                revised: None,
                openapi: self.date.clone(),
                wording: Some(draft::fingerprint(&[prose.to_owned()])),
            },
            limits: CallLimits {
                tasks_per_call,
                calls_per_minute: None,
            },
            parameters: parameters.collect(),
            task: task_fields.map(|fields| Object { fields }),
            example,
            rows,
            result,
        }
    }

    /// Moves fields into the object or the map that requires them. Other fields that are required
    /// together stay side by side.
    fn nest(&mut self, fields: &mut Fields, requirements: &Requirements) {
        let names: Vec<String> = fields.keys().cloned().collect();
        for name in names {
            let Some(parent) = requirements.get(&name) else {
                continue;
            };
            // A parent that moved itself, or the field's own name.
            if *parent == name || !requirements::contains(fields, parent) {
                continue;
            }
            let shared = fields.get(parent).and_then(|parent| parent.shared.clone());
            if let Some(shared) = shared {
                // The field stays if the shared type of its parent does not contain it.
                if self.is_in_shared(&shared, &name) {
                    fields.shift_remove(&name);
                }
                continue;
            }
            let (Some(mut child), Some(parent_field)) =
                (fields.shift_remove(&name), fields.get_mut(parent))
            else {
                continue;
            };
            if !parent_field.fields.contains_key(&name) {
                child.required = Some(true);
                (parent_field.kind, parent_field.of) = (FieldType::Object, None);
                parent_field.fields.insert(name.clone(), child);
            }
            self.notes.push(format!(
                "task.{name} is next to `{parent}` in the file but belongs inside it"
            ));
        }
    }

    fn is_in_shared(&self, shared: &str, field: &str) -> bool {
        let ty = self.find_type(shared);
        ty.is_some_and(|(_, ty)| ty.fields.contains_key(field))
    }

    fn fields(&mut self, fields: &IndexMap<&str, &Schema>, path: &str, payload: Payload) -> Fields {
        let mut drafts: Fields = fields
            .iter()
            .map(|(name, schema)| {
                let path = format!("{path}.{name}");
                ((*name).to_owned(), self.field(name, schema, &path, payload))
            })
            .collect();
        if payload.is_task() {
            requirements::apply(&mut drafts, &requirements_of(fields));
            let values = fields.iter();
            let values = values.map(|(name, it)| ((*name).to_owned(), prose_of(it).values));
            prose::relations::settle(&mut drafts, &values.collect());
        }
        drafts
    }

    fn field(&mut self, name: &str, schema: &Schema, path: &str, payload: Payload) -> Field {
        self.written += 1;
        let prose = prose_of(schema);
        let lines = lines(schema);
        let sentences = prose.not_understood.iter();
        self.not_understood
            .extend(sentences.map(|sentence| format!("{path}: {sentence}")));
        let (mut kind, mut of) = kind_of(schema);
        if payload.is_task() && draft::query_kind(name, kind) != kind {
            (kind, of) = (draft::query_kind(name, kind), None);
        }
        let mut field = Field {
            of,
            ..Field::new(kind)
        };
        self.inner(&mut field, schema, path, payload);
        draft::apply_facts(&mut field, &prose);
        field.wording = Some(draft::fingerprint(&lines));
        if payload == Payload::Result {
            forget_rules_of_tasks(&mut field);
        }
        if let Some(values) = &field.values
            && kind != FieldType::Map
            && let Some(shared) = self.name_of(&shape::values(&values.names()))
        {
            field.shared = Some(shared);
            field.values = None;
        }
        field
    }

    /// Returns whether a schema contains itself or exceeds the limits.
    fn is_too_much(&self, name: &str) -> bool {
        self.inside.len() >= MAX_LEVELS
            || self.written >= MAX_FIELDS
            || self.inside.iter().any(|other| other == name)
    }

    /// Sets the fields or elements of a list, a map or an object.
    fn inner(&mut self, field: &mut Field, schema: &Schema, path: &str, payload: Payload) {
        let element = schema.element();
        let object = element.unwrap_or(schema);
        if matches!(field.of, Some(FieldType::List | FieldType::Map))
            && let Some(element) = element
        {
            let (kind, of) = kind_of(element);
            let mut each = Field {
                of,
                ..Field::new(kind)
            };
            self.inner(&mut each, element, path, payload);
            field.each = Some(Box::new(each));
            return;
        }
        let Some(name) = object.named() else { return };
        let Some(schema) = self.document.schema(name) else {
            return;
        };
        match self.name_of(&self.shapes.named(name)) {
            Some(shared) => field.shared = Some(shared),
            None if self.is_too_much(name) => self.notes.push(format!(
                "{path}: the schema `{name}` contains itself or is nested too deep; its fields were skipped"
            )),
            None => {
                self.inside.push(name.to_owned());
                field.fields = self.fields(&self.document.fields(schema), path, payload);
                self.inside.pop();
            }
        }
    }
}

/// Returns the fields of one object as an import reads them, without shared types and without the
/// fields inside.
pub fn read_fields(fields: &IndexMap<&str, &Schema>, payload: Payload) -> Fields {
    let document = Document::default();
    let choices = Choices::NONE;
    let mut importer = Importer::new(&document, &SharedFiles::default(), None, &choices);
    let mut read = importer.fields(fields, "", payload);
    if payload.is_task() {
        importer.nest(&mut read, &requirements_of(fields));
    }
    read
}

/// Removes the rules of tasks from a field of a response, whose prose repeats them.
pub fn forget_rules_of_tasks(field: &mut Field) {
    (field.required, field.default) = (None, None);
    field.required_unless.clear();
    (field.required_with, field.not_after) = (None, None);
    (field.min, field.max, field.max_length) = (None, None, None);
    (field.min_length, field.max_words, field.default_by) = (None, None, None);
    (field.required_if, field.requires) = (IndexMap::new(), IndexMap::new());
    field.excludes.clear();
    field.max_items = None;
}

/// Marks maps with numbers as keys.
fn number_maps(fields: &mut Fields, example: Option<&Value>) {
    for (name, field) in fields {
        let numbered = example
            .and_then(|example| example.get(name))
            .and_then(Value::as_object)
            .is_some_and(|map| map.keys().all(|key| key.parse::<u32>().is_ok()));
        // Only the number of numbered keys is limited.
        let is_limited = field.max_items.is_some();
        if (numbered || is_limited) && field.kind == FieldType::Map {
            field.numbered = Some(true);
        }
    }
}

/// Sets the type of lists whose elements the file calls strings, if the example has numbers.
fn fit_example(fields: &mut Fields, example: Option<&Value>, path: &str, notes: &mut Vec<String>) {
    for (name, field) in fields {
        let path = format!("{path}.{name}");
        let example = example.and_then(|example| example.get(name));
        fit_example(&mut field.fields, example, &path, notes);
        let is_text = field.kind == FieldType::List
            && field.of == Some(FieldType::String)
            && (&field.values, &field.format, &field.shared) == (&None, &None, &None);
        let elements = example.and_then(Value::as_array).filter(|_| is_text);
        let Some(elements) = elements.filter(|elements| elements.iter().all(Value::is_number))
        else {
            continue;
        };
        let of = match elements.as_slice() {
            [] => continue,
            elements if elements.iter().any(Value::is_f64) => FieldType::Float,
            _ => FieldType::Integer,
        };
        field.of = Some(of);
        notes.push(format!(
            "{path}: a list of strings in the file and of numbers in its example; the example was used"
        ));
    }
}

/// Returns the fields that require each field, as their prose states it.
fn requirements_of(fields: &IndexMap<&str, &Schema>) -> Requirements {
    fields
        .iter()
        .filter_map(|(name, schema)| Some(((*name).to_owned(), prose_of(schema).belongs_to?)))
        .collect()
}

/// Splits a description into its prose and the URL of its page.
fn page_in(description: &str) -> (&str, Option<String>) {
    let Some((prose, page)) = description.split_once("for more info please visit '") else {
        return (description, None);
    };
    let page = page.split(['?', '\'']).next().unwrap_or_default();
    let link = page
        .strip_prefix("https://docs.dataforseo.com/v3/")
        .map(draft::link_to);
    (prose.trim(), link)
}

/// Returns the name of the schema inside lists and maps.
fn innermost(schema: &Schema) -> Option<&str> {
    schema.named().or_else(|| innermost(schema.element()?))
}

/// The number of lines of new types in one file. A file of the spec can have 1,500 lines, and people
/// add texts.
const MAX_NEW_LINES: usize = 1_000;

/// Distributes the new types of a scope to files. Types that are too long for one file are in several
/// files, by the first word of their names.
fn new_types_by_file(
    scope: &Scope,
    existing: &[SharedFile],
    added: IndexMap<String, SharedType>,
) -> BTreeMap<String, IndexMap<String, SharedType>> {
    let folder = scope.file(TYPES_FOLDER);
    let in_folder = existing
        .iter()
        .any(|file| file.name.starts_with(&format!("{folder}/")));
    let lines = |name: &str, ty: &SharedType| write::shared_type(name, ty).lines().count();
    let all: usize = added.iter().map(|(name, ty)| lines(name, ty)).sum();
    let mut files: BTreeMap<String, IndexMap<String, SharedType>> = BTreeMap::new();
    if added.is_empty() {
        return files;
    }
    if all <= MAX_NEW_LINES || (!existing.is_empty() && !in_folder) {
        let name = if in_folder {
            format!("{folder}/imported.yaml")
        } else {
            scope.file(TYPES_FILE)
        };
        files.insert(name, added);
        return files;
    }
    let mut by_word: BTreeMap<String, Vec<(String, SharedType)>> = BTreeMap::new();
    for (name, ty) in added {
        let snake = names::field_name(&name).unwrap_or_default();
        let word = snake.split('_').next().unwrap_or_default().to_owned();
        by_word.entry(word).or_default().push((name, ty));
    }
    let prefix = if in_folder { "imported_" } else { "" };
    let (mut current, mut length) = (String::new(), 0);
    for (word, types) in by_word {
        let own: usize = types.iter().map(|(name, ty)| lines(name, ty)).sum();
        if current.is_empty() || length + own > MAX_NEW_LINES {
            (current, length) = (format!("{folder}/{prefix}{word}.yaml"), 0);
        }
        length += own;
        files.entry(current.clone()).or_default().extend(types);
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_found_in_names() {
        assert_eq!(
            date_in("a/openapi-2026-02-18.yaml").as_deref(),
            Some("2026-02-18")
        );
        assert_eq!(date_in("2026-02-18/openapi.yaml"), None);
    }
}
