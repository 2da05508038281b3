//! Emitters: from the model to the text of files. They are pure; `fresh` writes.

mod api;
mod cli;
mod client;
mod docs;
mod endpoint;
mod fixture;
pub mod listing;
mod mock;
pub mod openapi;
mod schema;
mod status;
mod tests;
mod types;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use rayon::prelude::*;

use crate::fresh::files_below;
use crate::model::{Model, Section};

/// Generated files by path from the workspace's root on.
pub type Files = BTreeMap<PathBuf, String>;

/// The folders that hold nothing but generated files: what is there and not emitted is stale.
pub const GENERATED_FOLDERS: [&str; 7] = [
    "crates/models/src/generated",
    "crates/models/schemas",
    "crates/client/src/generated",
    "crates/mock-server/src/generated",
    "crates/cli/src/generated",
    "tests/it/generated",
    listing::FOLDER,
];

/// Where the fixtures of the mock server are.
pub const FIXTURES: &str = "crates/mock-server/fixtures";

/// How a fixture that was made up says so.
pub const MADE_UP: &str = "\"source\": \"synthetic\"";

/// The fixtures of the mock server by endpoint id: paths from its `fixtures` folder on, in order.
pub type Fixtures = BTreeMap<String, Vec<String>>;

/// The fixtures that are there and were not made up, by endpoint.
///
/// # Errors
/// When they cannot be read, or one stands in a folder of no endpoint.
pub fn fixtures(root: &Path, model: &Model) -> io::Result<Fixtures> {
    let folder = root.join(FIXTURES);
    let mut fixtures = Fixtures::new();
    for file in files_below(&folder)? {
        let relative = file.strip_prefix(&folder).unwrap_or(&file);
        let relative = relative.to_string_lossy().replace('\\', "/");
        if std::fs::read_to_string(&file)?.contains(MADE_UP) {
            continue;
        }
        let path = relative.rsplit_once('/').map_or("", |(path, _)| path);
        let endpoint = model
            .endpoints()
            .find(|endpoint| endpoint.path.trim_start_matches('/') == path)
            .ok_or_else(|| {
                io::Error::other(format!(
                    "{relative}: the spec has no endpoint with this path"
                ))
            })?;
        fixtures
            .entry(endpoint.id.clone())
            .or_default()
            .push(relative);
    }
    Ok(fixtures)
}

/// Emits everything.
///
/// # Errors
/// When an emitter made what is no Rust, which is a mistake in the emitter.
pub fn emit(model: &Model, fixtures: &Fixtures) -> Result<Files, syn::Error> {
    let mut files = Files::new();
    let models = PathBuf::from("crates/models/src/generated");
    let client = PathBuf::from("crates/client/src/generated");
    let mock = PathBuf::from("crates/mock-server/src/generated");
    let cli = PathBuf::from("crates/cli/src/generated");
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
    let emit_section = |section: &Section| {
        let mut files = Files::new();
        let folder = format!("spec/{}/", section.name);
        let models = models.join(&section.name);
        files.insert(models.join("mod.rs"), rust(&folder, section_root(section))?);
        if let Some(file) = &section.shared_file {
            files.insert(models.join("types.rs"), rust(file, types::shared(section))?);
        }
        let schemas = PathBuf::from("crates/models/schemas").join(&section.name);
        let client = client.join(format!("{}.rs", section.name));
        files.insert(client, rust(&folder, client::section(section))?);
        let cli = cli.join(format!("{}.rs", section.name));
        files.insert(cli, rust(&folder, cli::section(section))?);
        for endpoint in &section.endpoints {
            let file = models.join(format!("{}.rs", endpoint.module));
            files.insert(
                file,
                rust(&endpoint.file, endpoint::emit(section, endpoint))?,
            );
            for (name, json) in schema::emit(section, endpoint) {
                files.insert(schemas.join(name), json);
            }
        }
        for (name, json) in schema::shared(section) {
            files.insert(schemas.join(name), json);
        }
        Ok::<Files, syn::Error>(files)
    };
    let emitted = model.sections.par_iter().map(emit_section);
    for section in emitted.collect::<Result<Vec<Files>, _>>()? {
        files.extend(section);
    }
    files.insert(
        "tests/it/generated/mod.rs".into(),
        rust("spec/", tests::emit(model))?,
    );
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
                files.insert(PathBuf::from(FIXTURES).join(&name), json);
                names.push(name);
            }
            names.sort();
            names.dedup();
        }
    }
    files.insert(
        mock.join("mod.rs"),
        rust("spec/ and fixtures/", mock::emit(model, &all))?,
    );
    files.insert("spec/spec.schema.json".into(), schema::language());
    let listings = listing::emit(&files)?;
    files.extend(listings);
    Ok(files)
}

/// A Rust file with the header that says where it is from.
fn rust(source: &str, tokens: TokenStream) -> Result<String, syn::Error> {
    let header = format!("// @generated by `cargo xtask generate` from {source}. Do not edit.\n\n");
    let mut file: syn::File = syn::parse2(tokens)?;
    let mut text = header;
    // What stands together without blank lines: imports, and plain module declarations.
    let group = |item: &syn::Item| match item {
        syn::Item::Use(_) => 1,
        syn::Item::Mod(module) if module.attrs.is_empty() => 2,
        _ => 0,
    };
    let mut last_group = 0;
    for item in std::mem::take(&mut file.items) {
        let this_group = group(&item);
        file.items = vec![item];
        let printed = prettyplease::unparse(&file);
        let together = this_group != 0 && this_group == last_group;
        if !text.ends_with("\n\n") && !together {
            text.push('\n');
        }
        text.push_str(&spaced(&printed));
        last_group = this_group;
    }
    Ok(text)
}

/// An item with a blank line in front of each of its functions; prettyplease sets none.
fn spaced(item: &str) -> String {
    let mut text = String::with_capacity(item.len() + item.len() / 20);
    let mut last = "";
    for line in item.lines() {
        let ends_member = last == "    }" || (last.starts_with("    ") && last.ends_with(';'));
        let begins_function = [
            "    fn ",
            "    pub fn ",
            "    pub async fn ",
            "    pub(crate) fn ",
            "    ///",
            "    #[",
        ]
        .iter()
        .any(|start| line.starts_with(start));
        if ends_member && begins_function && !last.starts_with("    ///") {
            text.push('\n');
        }
        text.push_str(line);
        text.push('\n');
        last = line;
    }
    text
}

/// A name as Rust writes it, raw if it is a keyword.
fn ident(name: &str) -> Ident {
    syn::parse_str(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()))
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
            let (feature, module) = (&section.name, ident(&section.name));
            let name = ident(&endpoint.name);
            quote! {
                #[cfg(feature = #feature)]
                <#module::#name as crate::Endpoint>::INFO
            }
        })
    });
    quote! {
        #(#sections)*

        /// What holds for the API as a whole: its servers, and the limits of an account.
        pub mod api;

        mod status_code;

        pub use status_code::StatusCode;

        /// Every endpoint that the enabled features bring, by path.
        pub static ENDPOINTS: &[&crate::EndpointInfo] = &[#(#endpoints),*];
    }
}

fn section_root(section: &Section) -> TokenStream {
    let shared = section.shared_file.iter().map(|_| {
        quote!(
            mod types;
            pub use types::*;
        )
    });
    let modules = section.endpoints.iter().map(|endpoint| {
        let module = ident(&endpoint.module);
        quote!(mod #module;)
    });
    let uses = section.endpoints.iter().map(|endpoint| {
        let module = ident(&endpoint.module);
        quote!(pub use #module::*;)
    });
    quote! {
        #(#modules)*
        #(#uses)*
        #(#shared)*
    }
}
