//! The modules of the models: one per folder of the spec, with a file per endpoint and per file of
//! shared types.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;

use dataforseo_spec::Scope;
use dataforseo_spec::language::Rows;
use dataforseo_spec::model::{Group, Model, Section, Type, TypeDef, TypesFile, types_in};

use super::folders::{MODELS, SCHEMAS, SHARED};
use super::imports::{self, Names};
use super::rust::{Files, ident, rust};
use super::types::SharedFile;
use super::{docs, endpoint, schema, types};

/// The shared types that are results of endpoints, each with its scope.
pub struct SharedResults {
    all: BTreeSet<(Scope, String)>,
    /// The results that are themselves the rows of an endpoint.
    rows: BTreeSet<(Scope, String)>,
}

impl SharedResults {
    /// Returns the results of a model.
    pub fn of(model: &Model) -> Self {
        let (mut all, mut rows) = (BTreeSet::new(), BTreeSet::new());
        for section in &model.sections {
            for endpoint in &section.endpoints {
                let (Type::Object(name), None) = (&endpoint.result_type, &endpoint.result) else {
                    continue;
                };
                let Some(scope) = section.scope_of(&endpoint.scope, name) else {
                    continue;
                };
                if endpoint
                    .rows
                    .as_ref()
                    .is_some_and(|it| it.spec.at == Rows::WHOLE_RESULT)
                {
                    rows.insert((scope.clone(), name.clone()));
                }
                all.insert((scope, name.clone()));
            }
        }
        Self { all, rows }
    }

    /// Returns whether a type of a scope is a result that is itself a row.
    fn is_row(&self, scope: &Scope, name: &str) -> bool {
        self.rows.contains(&(scope.clone(), name.to_owned()))
    }

    /// Returns whether a type of a scope is a result of an endpoint.
    pub fn contains(&self, scope: &Scope, name: &str) -> bool {
        self.all.contains(&(scope.clone(), name.to_owned()))
    }
}

/// Emits the types that all sections share. Without any, there is no module.
pub fn root(model: &Model, results: &SharedResults) -> Result<Files, syn::Error> {
    let root = Scope::root();
    let mut emitter = FolderEmitter::new(&root, results);
    if model.shared.is_empty() {
        return Ok(emitter.files);
    }
    let known: Vec<&TypeDef> = types_in(model.shared.iter()).collect();
    emitter.types(&model.shared, &known, |_| Some(root.clone()))?;
    let (modules, uses) = types_modules(&model.shared);
    emitter.root("spec/", quote!(#modules #uses))?;
    Ok(emitter.files)
}

/// Emits the modules of a section and of its groups.
pub fn section(section: &Section, results: &SharedResults) -> Result<Files, syn::Error> {
    let mut files = Files::new();
    for scope in section.scopes() {
        let mut emitter = FolderEmitter::new(&scope, results);
        let known: Vec<&TypeDef> = section.shared_in(&scope).collect();
        let scope_of = |name: &str| section.scope_of(&scope, name);
        emitter.types(section.files_of(&scope), &known, scope_of)?;
        for endpoint in section.endpoints_in(&scope) {
            let uses = imports::of_endpoint(section, endpoint);
            let tokens = endpoint::emit(section, endpoint, uses);
            let path = emitter.folder.join(format!("{}.rs", endpoint.module));
            emitter.files.insert(path, rust(&endpoint.file, tokens)?);
            emitter.schemas(schema::emit(section, endpoint));
        }
        let is_section = scope.group_name().is_none();
        let groups = if is_section { &section.groups[..] } else { &[] };
        let root = folder_root(section, &scope, groups);
        emitter.root(&format!("{scope}/"), root)?;
        files.extend(emitter.files);
    }
    Ok(files)
}

/// The emitter of one folder.
struct FolderEmitter<'a> {
    scope: &'a Scope,
    results: &'a SharedResults,
    folder: PathBuf,
    files: Files,
}

impl<'a> FolderEmitter<'a> {
    fn new(scope: &'a Scope, results: &'a SharedResults) -> Self {
        Self {
            scope,
            results,
            folder: folder_in(MODELS, scope),
            files: Files::new(),
        }
    }

    /// Adds the file of the module itself.
    fn root(&mut self, source: &str, tokens: TokenStream) -> Result<(), syn::Error> {
        let path = self.folder.join("mod.rs");
        self.files.insert(path, rust(source, tokens)?);
        Ok(())
    }

    /// Adds JSON Schemas by their file names.
    fn schemas(&mut self, schemas: Vec<(String, String)>) {
        let folder = folder_in(SCHEMAS, self.scope);
        let schemas = schemas.into_iter();
        self.files
            .extend(schemas.map(|(name, json)| (folder.join(name), json)));
    }

    /// Adds the files of shared types with their schemas.
    fn types(
        &mut self,
        files: &[TypesFile],
        known: &[&TypeDef],
        scope_of: impl Fn(&str) -> Option<Scope>,
    ) -> Result<(), syn::Error> {
        for file in files {
            let results = file.types.iter().filter_map(|ty| match ty {
                TypeDef::Object(object) if self.results.contains(self.scope, &object.name) => {
                    Some(object)
                }
                _ => None,
            });
            let results: Vec<_> = results.collect();
            let shared = SharedFile {
                types: &file.types,
                known,
                results: &results,
                is_row: &|name| self.results.is_row(self.scope, name),
                imports: Names::of_types(&file.types).imports(self.scope, &scope_of),
                schemas: schemas_from(self.scope, file.module.len() - 1),
            };
            let mut path = self.folder.clone();
            path.extend(&file.module);
            path.set_extension("rs");
            self.files
                .insert(path, rust(&file.file, types::shared(&shared))?);
            let schemas = results
                .iter()
                .map(|object| schema::shared(object, known, &file.file));
            self.schemas(schemas.collect());
        }
        let inner = files.iter().filter_map(|file| file.module.get(1));
        let inner: Vec<_> = inner.map(|name| ident(name)).collect();
        if !inner.is_empty() {
            let path = self.folder.join("types/mod.rs");
            let source = format!("{}/types/", self.scope);
            let tokens = quote!(#(mod #inner;)* #(pub use #inner::*;)*);
            self.files.insert(path, rust(&source, tokens)?);
        }
        Ok(())
    }
}

/// Returns the folder of a scope in a folder of generated files.
fn folder_in(folder: &str, scope: &Scope) -> PathBuf {
    let mut path = PathBuf::from(folder);
    match scope.parts() {
        [] => path.push(SHARED),
        parts => path.extend(parts),
    }
    path
}

/// Returns the path from a file of the models to the schemas of its scope. `depth` is the number of
/// folders between the folder of the scope and the file.
pub fn schemas_from(scope: &Scope, depth: usize) -> String {
    let folder = folder_in("", scope);
    let levels = folder.components().count() + depth;
    let up = "../".repeat(levels + 2);
    let folder = folder.display().to_string().replace('\\', "/");
    format!(
        "{up}{}/{folder}",
        Path::new(SCHEMAS).file_name().unwrap_or_default().display()
    )
}

/// Returns the declaration of the module of shared types and its re-export.
fn types_modules(files: &[TypesFile]) -> (Option<TokenStream>, Option<TokenStream>) {
    let any = !files.is_empty();
    (
        any.then(|| {
            quote!(
                mod types;
            )
        }),
        any.then(|| {
            quote!(
                pub use types::*;
            )
        }),
    )
}

fn folder_root(section: &Section, scope: &Scope, groups: &[Group]) -> TokenStream {
    let groups = groups.iter().map(|group| {
        let (doc, name) = (docs::attributes(&group.doc), ident(&group.name));
        quote! {
            #doc
            pub mod #name;
        }
    });
    let modules = section.endpoints_in(scope);
    let modules: Vec<_> = modules.map(|endpoint| ident(&endpoint.module)).collect();
    let (types, types_uses) = types_modules(section.files_of(scope));
    quote! {
        #(#groups)*
        #(mod #modules;)*
        #(pub use #modules::*;)*
        #types
        #types_uses
    }
}
