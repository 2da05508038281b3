//! The list of all endpoints with their types, for tests of every endpoint.

use proc_macro2::TokenStream;
use quote::quote;

use super::rust::{ident, path};
use dataforseo_spec::model::Model;

/// Emits the list.
pub fn emit(model: &Model) -> TokenStream {
    let endpoints = model.sections.iter().flat_map(|section| {
        section.endpoints.iter().map(move |endpoint| {
            let module = path(&endpoint.scope);
            let name = ident(&endpoint.name);
            quote!(Typed::of::<models::#module::#name>())
        })
    });
    quote! {
        use dataforseo_client::models;

        use crate::typed::Typed;

        /// Every endpoint, by path.
        pub(crate) static ENDPOINTS: &[Typed] = &[#(#endpoints),*];
    }
}
