//! Imports the vendor's OpenAPI file, a second source of facts. It has the types of all endpoints,
//! and its prose states rules that its schemas lack.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde_json::Value;

use super::decisions::Choices;
use super::draft;
use super::draft::Draft;
use super::merge::{self, MergeContext, Merged};
use super::place_names::{name_clashing_types, name_clashing_types_inside};
use super::report::ImportReport;
use super::requirements::{self, Requirements};
use super::rows::rows;
use super::schema_prose::{lines, prose_of};
use super::shape::{self, Shapes};
use super::workspace::{
    ImportError, Options, Outcome, SectionFingerprints, SpecFile, read, write_files,
};
use crate::docs::Unreadable;
use crate::docs::nest::MAX_LEVELS;
use crate::docs::openapi::{self, Additional, Document, Operation, Schema};
use dataforseo_spec::Payload;
use dataforseo_spec::glob::fits;
use dataforseo_spec::language::{
    Api, CallLimits, Endpoint, Field, FieldType, Fields, Member, Method, Mode, Object,
    ResultObject, SharedType, SharedTypes, Source, Values,
};
use dataforseo_spec::load::{File, parse};
use dataforseo_spec::names;

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
    let mut by_section: BTreeMap<&str, Vec<PathOperation<'_>>> = BTreeMap::new();
    for (path, operations) in &document.paths {
        if !only.is_empty() && !only.iter().any(|pattern| fits(pattern, path)) {
            continue;
        }
        let section = path.trim_start_matches("/v3/").split('/').next();
        for (method, operation) in operations {
            let method = match method.as_str() {
                "get" => Method::Get,
                _ => Method::Post,
            };
            let all = by_section.entry(section.unwrap_or_default()).or_default();
            all.push(PathOperation {
                path,
                method,
                operation,
            });
        }
    }
    if by_section.is_empty() {
        return Err(ImportError::Page {
            path: name,
            reason: Unreadable::because(format!("no path matches {}", only.join(", "))),
        });
    }
    for pattern in only {
        if !document.paths.keys().any(|path| fits(pattern, path)) {
            return Err(ImportError::Page {
                path: name,
                reason: Unreadable::because(format!("no path matches `{pattern}`")),
            });
        }
    }
    let mut all = Vec::new();
    for (section, operations) in by_section {
        if !api.content.sections.contains_key(section) {
            return Err(ImportError::Section {
                path: name,
                section: section.to_owned(),
            });
        }
        let fingerprints = SectionFingerprints::read(root, section)?;
        let shared = fingerprints.spec_file::<SharedTypes>(root, TYPES)?;
        let mut importer = Importer::new(
            &document,
            section,
            shared.as_ref().map(|(_, file)| &file.content),
            date_in(&name),
            options.choices,
        );
        let files = SectionFiles {
            section,
            shared,
            fingerprints,
        };
        all.extend(importer.section(root, &name, files, &operations)?);
    }
    // Files are written only after all files were read.
    write_files(root, all, options)
}

/// The name of the file of shared types.
const TYPES: &str = "types.yaml";

/// The files of a section that all its endpoints share.
struct SectionFiles<'a> {
    section: &'a str,
    /// The file of shared types, if it exists.
    shared: Option<SpecFile<SharedTypes>>,
    fingerprints: SectionFingerprints,
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

/// The uses of shapes in a file, by shape.
type Uses<'a> = IndexMap<String, SchemaUse<'a>>;

/// The uses of one shape.
struct SchemaUse<'a> {
    count: usize,
    /// The first schema with the shape.
    schema: &'a str,
    /// The union, if the schema is a member.
    of_union: Option<&'a Schema>,
}

impl<'a> SchemaUse<'a> {
    /// Creates an entry that is not counted yet.
    fn new(schema: &'a str, of_union: Option<&'a Schema>) -> Self {
        Self {
            count: 0,
            schema,
            of_union,
        }
    }
}

/// An operation of the file, with its path and method.
struct PathOperation<'a> {
    path: &'a str,
    method: Method,
    operation: &'a Operation,
}

/// The maximum number of fields that one import writes. The vendor's whole file has 9,500.
const MAX_FIELDS: usize = 100_000;

struct Importer<'a> {
    document: &'a Document,
    section: String,
    date: Option<String>,
    choices: &'a Choices,
    /// The names of shapes: those in types.yaml, and those that occur more than once.
    named: HashMap<String, String>,
    /// The types of types.yaml.
    known: SharedTypes,
    /// The types of types.yaml that this file also describes, with their schemas and, for a member,
    /// the schema of the union.
    met: IndexMap<String, (&'a Schema, Option<&'a Schema>)>,
    /// The types that this import adds.
    added: IndexMap<String, SharedType>,
    used_names: BTreeSet<String>,
    /// The names that belong to endpoints.
    endpoint_names: BTreeSet<String>,
    shapes: Shapes<'a>,
    /// The schemas whose fields are being created, from the outside in.
    inside: Vec<String>,
    /// The number of created fields.
    written: usize,
    /// The schemas that the file refers to and does not contain.
    missing: Vec<String>,
    notes: Vec<String>,
    not_understood: Vec<String>,
}

impl<'a> Importer<'a> {
    fn new(
        document: &'a Document,
        section: &str,
        shared: Option<&SharedTypes>,
        date: Option<String>,
        choices: &'a Choices,
    ) -> Self {
        let known = shared.cloned().unwrap_or_default();
        let mut named = HashMap::new();
        let mut used_names = BTreeSet::new();
        for (name, ty) in &known.types {
            let shape = match (&ty.values, &ty.tag) {
                (Some(values), _) => shape::values(&values.names()),
                (None, Some(tag)) => shape::union(tag, ty.members.keys().map(String::as_str)),
                (None, None) => shape::of_spec(&ty.fields, Some(&known)),
            };
            named.insert(shape, name.clone());
            used_names.insert(name.clone());
            let own = ty.members.iter().filter(|(_, it)| it.shared.is_none());
            let variants = own.filter_map(|(wire, _)| names::type_name(wire));
            used_names.extend(variants.map(|variant| format!("{name}{variant}")));
        }
        Self {
            document,
            section: section.to_owned(),
            date,
            choices,
            named,
            known,
            met: IndexMap::new(),
            added: IndexMap::new(),
            shapes: Shapes::new(document),
            inside: Vec::new(),
            written: 0,
            used_names,
            endpoint_names: BTreeSet::new(),
            missing: Vec::new(),
            notes: Vec::new(),
            not_understood: Vec::new(),
        }
    }

    /// Imports the operations of a section.
    fn section(
        &mut self,
        root: &Path,
        source: &str,
        files: SectionFiles<'_>,
        operations: &[PathOperation<'a>],
    ) -> Result<Vec<Outcome>, ImportError> {
        let SectionFiles {
            section,
            shared,
            mut fingerprints,
        } = files;
        let mut existing = BTreeMap::new();
        for PathOperation {
            path, operation, ..
        } in operations
        {
            let rest = path.trim_start_matches(&format!("/v3/{section}/"));
            let plain = names::plain_path(rest);
            let name = names::type_name(&plain).unwrap_or_default();
            let names = ["", "Task", "Result"].map(|end| format!("{name}{end}"));
            self.endpoint_names.extend(names);
            let file = format!("{}.yaml", plain.replace('/', "_"));
            let known = fingerprints.spec_file::<Endpoint>(root, &file)?;
            if let Some((_, file)) = &known {
                self.learn(operation, &file.content);
            }
            existing.insert((*path).to_owned(), (file, known));
        }
        self.name_what_recurs(operations);
        let drafts = self.drafts(operations);
        let mut types = self.known.clone();
        types.types.extend(self.added.clone());
        let mut outcomes: Vec<Outcome> = self.missing_schemas(source).into_iter().collect();
        for draft in drafts {
            if let Some((file, existing)) = existing.remove(&draft.endpoint.path) {
                let spec_file = format!("spec/{section}/{file}");
                let (report, merged) =
                    self.merged(source, draft, spec_file.clone(), existing, &types)?;
                let mut files = Vec::new();
                if let Some(merged) = merged {
                    fingerprints.update::<Endpoint>(&file, &merged)?;
                    files.push((PathBuf::from(spec_file), merged.text));
                }
                outcomes.push((report, files));
            }
        }
        if outcomes.iter().all(|(_, files)| files.is_empty()) {
            return Ok(outcomes);
        }
        let spec_file = format!("spec/{section}/{TYPES}");
        if let Some((report, merged)) =
            self.merged_types(source, spec_file.clone(), shared, &types)?
        {
            fingerprints.update::<SharedTypes>(TYPES, &merged)?;
            outcomes.push((report, vec![(PathBuf::from(spec_file), merged.text)]));
        }
        if let Some((_, files)) = outcomes.last_mut() {
            files.extend(fingerprints.file());
        }
        Ok(outcomes)
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
            spec_file: format!("spec/{}", self.section),
            contradictions: contradictions.collect(),
            ..ImportReport::default()
        };
        report.needs_decision().then(|| (report, Vec::new()))
    }

    /// Returns the endpoints as the file describes them.
    fn drafts(&mut self, operations: &[PathOperation<'a>]) -> Vec<Draft> {
        let draft = |it: &PathOperation<'a>| {
            let mut endpoint = self.endpoint(it.path, it.method, it.operation);
            let shared = self.known.types.keys().chain(self.added.keys());
            name_clashing_types(&mut endpoint, shared);
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
        spec_file: String,
        existing: Option<SpecFile<Endpoint>>,
        types: &SharedTypes,
    ) -> Result<(ImportReport, Option<Merged>), ImportError> {
        let mut endpoint = draft.endpoint;
        let mut report = ImportReport {
            page: format!("{source} {}", endpoint.path),
            spec_file,
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
            Merged::of_new_endpoint(&endpoint)
        };
        Ok((report, Some(merged)))
    }

    fn context<'t>(&'t self, types: &'t SharedTypes) -> MergeContext<'t> {
        MergeContext {
            shared: Some(types),
            choices: self.choices,
        }
    }

    /// Merges the shared types into their file. Returns `None` if there is nothing to write.
    fn merged_types(
        &mut self,
        source: &str,
        spec_file: String,
        shared: Option<SpecFile<SharedTypes>>,
        types: &SharedTypes,
    ) -> Result<Option<(ImportReport, Merged)>, ImportError> {
        let mut report = ImportReport {
            page: source.to_owned(),
            spec_file,
            ..ImportReport::default()
        };
        let mut merged = match &shared {
            Some((text, file)) => {
                let met = self.met_types();
                report.not_understood = std::mem::take(&mut self.not_understood);
                let day = self.date.as_ref();
                let context = self.context(types);
                let merged = merge::merge_types(&met, file, text, context, day, &mut report)
                    .map_err(ImportError::Spec)?;
                report.forget_known_sentences();
                merged
            }
            None => Merged::of_no_types(),
        };
        merged.add_types(&self.added);
        for name in self.added.keys() {
            report
                .added
                .push(format!("{name}: a shared type; write its `doc`"));
        }
        let is_needed = shared.is_some() || !self.added.is_empty();
        Ok(is_needed.then_some((report, merged)))
    }

    /// Returns the types of types.yaml as the file describes them.
    fn met_types(&mut self) -> IndexMap<String, SharedType> {
        let met = self.met.clone();
        met.into_iter()
            .map(|(name, (schema, of_union))| {
                let ty = self.type_of(&name, schema, of_union);
                (name, ty)
            })
            .collect()
    }

    /// Returns a shared type as the file describes it. A member also has the fields of its union.
    fn type_of(
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
                    fields: self.fields(&fields, name, Payload::Result),
                    ..SharedType::default()
                }
            }
        };
        name_clashing_types_inside(name, &mut ty, &self.used_names);
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
                self.named.insert(shape::values(&values), name.clone());
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

    fn learn_type(&mut self, name: &str, schema_name: &str, of_union: Option<&'a Schema>) {
        let Some(ty) = self.known.types.get(name).cloned() else {
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
        self.named.insert(shape, name.to_owned());
        if self.met.contains_key(name) {
            return;
        }
        self.met.insert(name.to_owned(), (schema, of_union));
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

    /// Names all unions, and the shapes and lists of values that occur more than once.
    fn name_what_recurs(&mut self, operations: &[PathOperation<'a>]) {
        let mut uses = Uses::new();
        let mut enums: IndexMap<String, (usize, &str)> = IndexMap::new();
        let mut seen = BTreeSet::new();
        let mut queue: Vec<&str> = Vec::new();
        let mut results: IndexMap<String, (usize, &str)> = IndexMap::new();
        for PathOperation { operation, .. } in operations {
            if let Some((task, _)) = self.document.task(operation) {
                self.look(task, &mut uses, &mut enums, &mut queue);
            }
            if let Some(result) = self.document.result(operation) {
                let entry = results
                    .entry(self.shapes.named(result))
                    .or_insert((0, result));
                entry.0 += 1;
                queue.push(result);
            }
            while let Some(name) = queue.pop() {
                if !seen.insert(name) {
                    continue;
                }
                match self.document.schema(name) {
                    Some(schema) => self.look(schema, &mut uses, &mut enums, &mut queue),
                    None => self.missing.push(name.to_owned()),
                }
            }
        }
        for (shape, (count, name)) in results {
            if count > 1 {
                let entry = uses.entry(shape).or_insert_with(|| SchemaUse {
                    count,
                    ..SchemaUse::new(name, None)
                });
                entry.count += count;
            }
        }
        for (values, (count, field)) in enums {
            if count > 1 && !self.named.contains_key(&values) {
                let name = self.free_name(plain_name(field), &[]);
                self.named.insert(values.clone(), name.clone());
                let values = values.split(" | ").map(str::to_owned).collect();
                let ty = SharedType {
                    values: Some(Values::Plain(values)),
                    ..SharedType::default()
                };
                self.added.insert(name, ty);
            }
        }
        let mut wanted = Vec::new();
        for (shape, it) in uses {
            // A schema that is not in the file has no shape to recognize.
            if self.document.schema(it.schema).is_none() {
                continue;
            }
            let SchemaUse {
                count,
                schema,
                of_union,
            } = it;
            let members = self.document.schema(schema).and_then(Schema::members);
            let variants = members.map(|(_, members)| {
                let variants = members.filter_map(|(wire, _)| names::type_name(wire));
                variants.collect::<Vec<_>>()
            });
            if (count > 1 || variants.is_some()) && !self.named.contains_key(&shape) {
                let name = self.free_name(plain_name(schema), &variants.unwrap_or_default());
                self.named.insert(shape, name.clone());
                wanted.push((name, schema, of_union));
            }
        }
        for (name, schema, of_union) in wanted {
            let Some(schema) = self.document.schema(schema) else {
                continue;
            };
            let ty = self.type_of(&name, schema, of_union);
            self.added.insert(name, ty);
        }
    }

    /// Counts the schemas and lists of values that a schema refers to.
    fn look(
        &self,
        schema: &'a Schema,
        uses: &mut Uses<'a>,
        enums: &mut IndexMap<String, (usize, &'a str)>,
        queue: &mut Vec<&'a str>,
    ) {
        let mut fields = self.document.fields(schema);
        if let Some((tag, members)) = schema.members() {
            fields.shift_remove(tag);
            for (_, member) in members {
                uses.entry(self.shapes.member(schema, member))
                    .or_insert_with(|| SchemaUse::new(member, Some(schema)))
                    .count += 1;
                queue.push(member);
            }
        }
        for (name, field) in fields {
            let prose = prose_of(field);
            if prose.values.len() > 1 && kind_of(field).0 != FieldType::Map {
                let shape = shape::values(&prose.values);
                enums.entry(shape).or_insert((0, name)).0 += 1;
            }
            let mut inner = Some(field);
            while let Some(schema) = inner {
                if let Some(name) = schema.named() {
                    uses.entry(self.shapes.named(name))
                        .or_insert_with(|| SchemaUse::new(name, None))
                        .count += 1;
                    queue.push(name);
                }
                inner = schema.element();
            }
        }
    }

    /// Returns a name that no other type has. `variants` are the names of a union's members.
    fn free_name(&mut self, mut name: String, variants: &[String]) -> String {
        if names::is_core(&name) || self.endpoint_names.contains(&name) {
            let section = names::type_name(&self.section).unwrap_or_default();
            name = format!("{section}{name}");
        }
        // A union also names the objects of its members.
        let all = |name: &str| {
            let members = variants.iter().map(|variant| format!("{name}{variant}"));
            std::iter::once(name.to_owned())
                .chain(members)
                .collect::<Vec<_>>()
        };
        let is_free =
            |used: &BTreeSet<String>, name: &str| all(name).iter().all(|name| !used.contains(name));
        // A duplicate name gets a letter until a person chooses a better one.
        let mut letters = 'B'..='Z';
        let mut free = name.clone();
        while !is_free(&self.used_names, &free) {
            match letters.next() {
                Some(letter) => free = format!("{name}{letter}"),
                None => free.push('Z'),
            }
        }
        self.used_names.extend(all(&free));
        free
    }

    fn shared_type(&mut self, name: &str, schema: &'a Schema) -> SharedType {
        let mut fields = self.document.fields(schema);
        let Some((tag, members)) = schema.members() else {
            return SharedType {
                fields: self.fields(&fields, name, Payload::Result),
                ..SharedType::default()
            };
        };
        fields.shift_remove(tag);
        let common: Vec<&str> = fields.keys().copied().collect();
        let members = members
            .map(|(wire, member)| {
                let described = self.document.schema(member);
                let shape = self.shapes.member(schema, member);
                let shared = described.and_then(|_| self.named.get(&shape)).cloned();
                let mut own = Fields::new();
                if let (None, Some(schema)) = (&shared, described) {
                    let mut fields = self.document.fields(schema);
                    fields.retain(|field, _| !common.contains(field) && *field != tag);
                    own = self.fields(&fields, &format!("{name}.{wire}"), Payload::Result);
                }
                let member = Member {
                    shared,
                    fields: own,
                    ..Member::default()
                };
                (wire.to_owned(), member)
            })
            .collect();
        SharedType {
            tag: Some(tag.to_owned()),
            fields: self.fields(&fields, name, Payload::Result),
            members,
            ..SharedType::default()
        }
    }

    fn endpoint(&mut self, path: &str, method: Method, operation: &Operation) -> Endpoint {
        let mode = if path.contains("/task_post") {
            Mode::TaskPost
        } else if path.ends_with("/tasks_ready") {
            Mode::TasksReady
        } else if path.contains("/task_get/") {
            Mode::TaskGet
        } else {
            Mode::Live
        };
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
            fields
        });
        let result = self.document.result(operation);
        let result = result.and_then(|name| {
            let schema = self.document.schema(name)?;
            let shared = self.named.get(&self.shapes.named(name)).cloned();
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
        let rows = task_fields
            .as_ref()
            .zip(result.as_ref())
            .and_then(|(task, result)| rows(task, result, &mut self.notes));
        Endpoint {
            path: path.to_owned(),
            method,
            mode,
            charged: None,
            renamed_from: Vec::new(),
            removed_upstream: None,
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
        let types = [self.known.types.get(shared), self.added.get(shared)];
        types
            .into_iter()
            .flatten()
            .any(|ty| ty.fields.contains_key(field))
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
        field.over = draft::filtered_endpoint(name).filter(|_| payload.is_task());
        if payload == Payload::Result {
            forget_rules_of_tasks(&mut field);
        }
        if let Some(values) = &field.values
            && kind != FieldType::Map
            && let Some(shared) = self.named.get(&shape::values(&values.names()))
        {
            field.shared = Some(shared.clone());
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
        match self.named.get(&self.shapes.named(name)) {
            Some(shared) => field.shared = Some(shared.clone()),
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

/// Removes the rules of tasks from a field of a response, whose prose repeats them.
pub fn forget_rules_of_tasks(field: &mut Field) {
    (field.required, field.default) = (None, None);
    field.required_unless.clear();
    (field.required_with, field.not_after) = (None, None);
    (field.min, field.max, field.max_length) = (None, None, None);
    field.max_items = None;
}

/// Marks maps with numbers as keys.
fn number_maps(fields: &mut Fields, example: Option<&Value>) {
    for (name, field) in fields {
        let numbered = example
            .and_then(|example| example.get(name))
            .and_then(Value::as_object)
            .is_some_and(|map| map.keys().all(|key| key.parse::<u32>().is_ok()));
        if numbered && field.kind == FieldType::Map {
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

fn kind_of(schema: &Schema) -> (FieldType, Option<FieldType>) {
    if let Some(items) = &schema.items {
        return (FieldType::List, Some(kind_of(items).0));
    }
    if let Some(Additional::Schema(of)) = &schema.additional_properties {
        return (FieldType::Map, Some(kind_of(of).0));
    }
    if schema.named().is_some() {
        return (FieldType::Object, None);
    }
    let kind = match schema.kind.as_deref() {
        Some("string") => FieldType::String,
        Some("integer") => FieldType::Integer,
        Some("number") => FieldType::Float,
        Some("boolean") => FieldType::Boolean,
        _ => FieldType::Json,
    };
    (kind, None)
}

/// Returns the Rust name for a schema, without common endings.
fn plain_name(schema: &str) -> String {
    let without_base = schema.strip_prefix("Base");
    let mut name = without_base
        .filter(|rest| !rest.is_empty())
        .unwrap_or(schema);
    for ending in ["Info", "Item", "Element", "Result"] {
        if let Some(rest) = name.strip_suffix(ending).filter(|rest| !rest.is_empty()) {
            name = rest;
        }
    }
    let named = names::type_name(name).or_else(|| names::type_name(&format!("schema_{name}")));
    named.unwrap_or_else(|| "Schema".to_owned())
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
