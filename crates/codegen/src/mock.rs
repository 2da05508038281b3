//! The mock server's table: every endpoint with its embedded fixtures, and the tables of synthetic
//! responses.

use proc_macro2::TokenStream;
use quote::quote;

use super::rust::{ident, path};
use dataforseo_spec::fixtures::Fixtures;
use dataforseo_spec::model::Model;

/// The table.
pub fn emit(model: &Model, fixtures: &Fixtures) -> TokenStream {
    let endpoints = model.sections.iter().flat_map(|section| {
        section.endpoints.iter().map(move |endpoint| {
            let module = path(&endpoint.scope);
            let name = ident(&endpoint.name);
            let feature = &section.name;
            let fixtures = fixtures
                .get(&endpoint.id)
                .into_iter()
                .flatten()
                .map(|path| {
                    let file = format!("../../fixtures/{path}");
                    quote!((#path, include_str!(#file)))
                });
            let rows = endpoint.rows.as_ref();
            let per_target = rows.and_then(|rows| Some((rows, rows.spec.named_by()?)));
            let per_target = match per_target {
                Some((rows, target)) => {
                    let (at, targets) = (&rows.at, rows.spec.names_in_task());
                    quote!(Some(TargetRows {
                        rows: #at,
                        target: #target,
                        targets: #targets,
                    }))
                }
                None => quote!(None),
            };
            quote! {
                #[cfg(feature = #feature)]
                MockEndpoint {
                    info: models::#module::#name::INFO,
                    lossy_fields: lossy_fields::<models::#module::#name>,
                    per_target: #per_target,
                    fixtures: &[#(#fixtures),*],
                }
            }
        })
    });
    let tables = model.sections.iter().map(|section| {
        let feature = &section.name;
        let file = format!("{feature}.json");
        quote! {
            #[cfg(feature = #feature)]
            (#feature, include_str!(#file))
        }
    });
    quote! {
        #[allow(unused_imports, reason = "a build may be without any section")]
        use dataforseo_models::{self as models, Endpoint as _};

        #[allow(unused_imports, reason = "a build may be without any section")]
        use crate::mock_endpoint::{MockEndpoint, TargetRows, lossy_fields};

        /// Every endpoint of the mock server, sorted by path.
        pub(crate) static ENDPOINTS: &[MockEndpoint] = &[#(#endpoints),*];

        /// The tables of synthetic responses by section, as JSON.
        pub(crate) static TABLES: &[(&str, &str)] = &[#(#tables),*];
    }
}
