//! The client's methods: one for each endpoint, in a group for each section.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, ident};
use crate::model::{Endpoint, Model, Section, Type};

/// The groups, as methods of the client.
pub fn root(model: &Model) -> TokenStream {
    let modules = model.sections.iter().map(|section| {
        let (feature, module) = (&section.name, ident(&section.name));
        let group = group_name(section);
        quote! {
            #[cfg(feature = #feature)]
            mod #module;
            #[cfg(feature = #feature)]
            pub use #module::#group;
        }
    });
    let methods = model.sections.iter().map(|section| {
        let (feature, method) = (&section.name, ident(&section.name));
        let group = group_name(section);
        let doc = docs::attributes(&section.doc);
        quote! {
            #doc
            #[cfg(feature = #feature)]
            pub fn #method(&self) -> #group<'_> {
                #group::new(self)
            }
        }
    });
    quote! {
        use crate::Client;

        #(#modules)*

        impl Client {
            #(#methods)*
        }
    }
}

/// One section's group.
pub fn section(section: &Section) -> TokenStream {
    let group = group_name(section);
    let module = ident(&section.name);
    let doc = docs::attributes(&format!(
        "The endpoints of the section `{}`: {}\n\nMade by [`Client::{}`].",
        section.name, section.doc, section.name
    ));
    let methods = section
        .endpoints
        .iter()
        .map(|endpoint| method(section, endpoint));
    quote! {
        use dataforseo_models::#module as models;

        use crate::{Answer, Client, Error};

        #doc
        #[derive(Debug, Clone, Copy)]
        pub struct #group<'a> {
            client: &'a Client,
        }

        impl<'a> #group<'a> {
            pub(crate) fn new(client: &'a Client) -> Self {
                Self { client }
            }

            #(#methods)*
        }
    }
}

fn method(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let method = ident(&endpoint.module);
    let name = ident(&endpoint.name);
    let result = ident(&endpoint.result.name);
    let doc = docs::attributes(&method_doc(section, endpoint));
    let task = ident(&endpoint.task.name);
    quote! {
        #doc
        pub async fn #method(&self, task: &models::#task) -> Result<Answer<models::#result>, Error> {
            self.client.call::<models::#name>(task).await
        }
    }
}

fn method_doc(section: &Section, endpoint: &Endpoint) -> String {
    let mut parts = vec![endpoint.doc.clone()];
    let mut limits = docs::call_limits(&endpoint.limits);
    for field in &endpoint.task.fields {
        use crate::model::Limit::{Date, MaxDistinctDomains, MaxItems, MaxLength};
        let wire = &field.wire;
        limits.extend(field.limits.iter().filter_map(|limit| match limit {
            MaxItems(max) => Some(format!("At most {max} `{wire}`.")),
            MaxDistinctDomains(max) => {
                Some(format!("`{wire}` of at most {max} different domains."))
            }
            MaxLength(max) => Some(format!("`{wire}` of at most {max} characters.")),
            Date { min: Some(min), .. } => Some(format!("`{wire}` not before `{min}`.")),
            _ => None,
        }));
    }
    if !limits.is_empty() {
        let lines: Vec<String> = limits.iter().map(|limit| format!("- {limit}")).collect();
        parts.push(format!("# Limits\n{}", lines.join("\n")));
    }
    parts.push(
        "# Cost\nA call that reached the API may have been charged, whatever came back; the \
         client sends it once. [`Answer::cost`] says what it cost."
            .to_owned(),
    );
    parts.push(
        "# Errors\nA task that breaks the limits is refused before it is sent. What can go wrong \
         after that is told apart by [`Error::kind`]."
            .to_owned(),
    );
    let models = format!("dataforseo_client::models::{}", section.name);
    let required = endpoint.task.fields.iter().filter(|field| field.required);
    let arguments = required.map(|field| match &field.ty {
        Type::List(_) => "[\"example.com\"]",
        Type::String => "\"example.com\"",
        _ => "Default::default()",
    });
    let call = format!(
        "let task = {models}::{}::new({});\n\
         let answer = client.{}().{}(&task).await?;",
        endpoint.task.name,
        arguments.collect::<Vec<_>>().join(", "),
        section.name,
        endpoint.module
    );
    parts.push(format!(
        "# Example\n```no_run\n\
         # async fn example(client: dataforseo_client::Client) -> Result<(), dataforseo_client::Error> {{\n\
         {call}\n\
         println!(\"{{:?}} for {{:?}} USD\", answer.results(), answer.cost());\n\
         # Ok(())\n\
         # }}\n```"
    ));
    parts.push(format!("{}.", docs::source(endpoint)));
    parts.join("\n\n")
}

fn group_name(section: &Section) -> proc_macro2::Ident {
    // Section names were checked to be names of modules, so they make names of types.
    ident(&heck::ToUpperCamelCase::to_upper_camel_case(
        section.name.as_str(),
    ))
}
