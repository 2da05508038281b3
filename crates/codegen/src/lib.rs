//! The generator: from the model of the spec to the text of files.
//!
//! There is one module per output. The emitters are pure, and [`output`] compares their text with
//! the files of a checkout. This crate depends on [`dataforseo_spec`] only.

mod api;
mod cli;
mod client;
mod docs;
mod endpoint;
mod fixture;
mod fixture_size;
mod folders;
mod imports;
pub mod listing;
mod mock;
mod modules;
pub mod openapi;
pub mod output;
mod rust;
mod schema;
mod status;
mod tests;
mod types;

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::quote;
use rayon::prelude::*;

use dataforseo_spec::fixtures::{self, Fixtures};
use dataforseo_spec::model::{Model, Section};

use folders::{CLI, CLIENT, LANGUAGE_SCHEMA, MOCK, MODELS};
use modules::SharedResults;
pub use rust::Files;
use rust::{ident, path, rust};

/// Emits all files.
///
/// # Errors
/// When the output of an emitter is not valid Rust, which is a bug in the emitter.
pub fn emit(model: &Model, fixtures: &Fixtures) -> Result<Files, syn::Error> {
    let mut files = Files::new();
    let [models, client, mock, cli] = [MODELS, CLIENT, MOCK, CLI].map(PathBuf::from);
    let codes = status::emit(&model.status_codes);
    files.insert(
        models.join("status_code.rs"),
        rust("spec/status_codes.yaml", codes)?,
    );
    files.insert(
        models.join("api.rs"),
        rust("spec/api.yaml", api::emit(&model.api))?,
    );
    files.insert(models.join("mod.rs"), rust("spec/", models_root(model))?);
    files.insert(client.join("mod.rs"), rust("spec/", client::root(model))?);
    files.insert(cli.join("mod.rs"), rust("spec/", cli::root(model))?);
    let results = SharedResults::of(model);
    files.extend(modules::root(model, &results)?);
    let emitted = model.sections.par_iter();
    let emitted = emitted.map(|section| emit_section(section, &results));
    for section in emitted.collect::<Result<Vec<Files>, _>>()? {
        files.extend(section);
    }
    files.insert(
        "tests/it/generated/mod.rs".into(),
        rust("spec/", tests::emit(model))?,
    );
    let all = insert_fixtures(model, fixtures, &mut files);
    files.insert(
        mock.join("mod.rs"),
        rust("spec/ and fixtures/", mock::emit(model, &all))?,
    );
    files.insert(LANGUAGE_SCHEMA.into(), schema::language());
    let listings = listing::emit(&files)?;
    files.extend(listings);
    Ok(files)
}

/// Emits the files of one section.
fn emit_section(section: &Section, results: &SharedResults) -> Result<Files, syn::Error> {
    let mut files = modules::section(section, results)?;
    for scope in section.scopes() {
        let source = format!("{scope}/");
        let file = format!("{}.rs", scope.parts().join("/"));
        let client = Path::new(CLIENT).join(&file);
        files.insert(client, rust(&source, client::scope(section, &scope))?);
        let cli = Path::new(CLI).join(&file);
        files.insert(cli, rust(&source, cli::scope(section, &scope))?);
    }
    Ok(files)
}

/// Adds the generated fixtures to the files. Returns the fixtures of all endpoints.
fn insert_fixtures(model: &Model, fixtures: &Fixtures, files: &mut Files) -> Fixtures {
    let mut all = fixtures.clone();
    let made_up = model.sections.par_iter().map(|section| {
        let made_up = section.endpoints.iter().map(|endpoint| {
            let documented = fixtures.get(&endpoint.id).is_some_and(|names| {
                names
                    .iter()
                    .any(|name| name.ends_with("/documentation.json"))
            });
            fixture::emit(section, endpoint, documented)
                .into_iter()
                .collect::<Vec<_>>()
        });
        made_up.collect::<Vec<_>>()
    });
    for (section, made_up) in model.sections.iter().zip(made_up.collect::<Vec<_>>()) {
        for (endpoint, made_up) in section.endpoints.iter().zip(made_up) {
            let names = all.entry(endpoint.id.clone()).or_default();
            for (name, json) in made_up {
                let name = format!("{}/{name}", endpoint.path.trim_start_matches('/'));
                files.insert(PathBuf::from(fixtures::FOLDER).join(&name), json);
                names.push(name);
            }
            names.sort();
            names.dedup();
        }
    }
    all
}

fn models_root(model: &Model) -> TokenStream {
    let sections = model.sections.iter().map(|section| {
        let (feature, name) = (&section.name, ident(&section.name));
        let doc = docs::attributes(&section.doc);
        quote! {
            #doc
            #[cfg(feature = #feature)]
            pub mod #name;
        }
    });
    let endpoints = model.sections.iter().flat_map(|section| {
        section.endpoints.iter().map(|endpoint| {
            let (feature, module) = (&section.name, path(&endpoint.scope));
            let name = ident(&endpoint.name);
            quote! {
                #[cfg(feature = #feature)]
                <#module::#name as crate::Endpoint>::INFO
            }
        })
    });
    let shared = (!model.shared.is_empty()).then(|| {
        quote! {
            /// Types that several sections share.
            pub mod shared;
        }
    });
    quote! {
        #(#sections)*

        #shared

        /// Facts about the API as a whole: servers, account limits, and prices.
        pub mod api;

        mod status_code;

        pub use status_code::StatusCode;

        /// All endpoints of the enabled features, by path.
        pub static ENDPOINTS: &[&crate::EndpointInfo] = &[#(#endpoints),*];
    }
}
