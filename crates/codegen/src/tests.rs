//! The list of all endpoints with their types, for tests of every endpoint.

use proc_macro2::TokenStream;
use quote::quote;

use super::rust::ident;
use dataforseo_spec::model::Model;

/// Emits the list.
pub fn emit(model: &Model) -> TokenStream {
    let endpoints = model.sections.iter().flat_map(|section| {
        let module = ident(&section.name);
        section.endpoints.iter().map(move |endpoint| {
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
