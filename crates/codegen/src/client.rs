//! The client's methods: one per endpoint, in a group per section.

use heck::ToUpperCamelCase as _;
use proc_macro2::{Ident, TokenStream};
use quote::quote;

use super::docs;
use super::price;
use super::rust::{ident, path};
use serde_json::Value;

use dataforseo_spec::Scope;
use dataforseo_spec::language::Mode;
use dataforseo_spec::model::{Endpoint, Field, Limit, Model, Section, Type};

/// Emits the groups and the methods of the client that return them.
pub fn root(model: &Model) -> TokenStream {
    let modules = model.sections.iter().map(|section| {
        let (feature, module) = (&section.name, ident(&section.name));
        let scopes = section.scopes();
        let names: Vec<_> = scopes.iter().map(struct_name).collect();
        let names = match &names[..] {
            [name] => quote!(#name),
            names => quote!({#(#names),*}),
        };
        quote! {
            #[cfg(feature = #feature)]
            mod #module;
            #[cfg(feature = #feature)]
            pub use #module::#names;
        }
    });
    let methods = model.sections.iter().map(|section| {
        let feature = &section.name;
        let accessor = accessor(&Scope::section(feature), &section.doc, quote!(self));
        quote! {
            #[cfg(feature = #feature)]
            #accessor
        }
    });
    let sections = model.sections.iter().map(|section| {
        let (feature, module) = (&section.name, ident(&section.name));
        quote! {
            #[cfg(feature = #feature)]
            pub use dataforseo_models::#module;
        }
    });
    let shared = (!model.shared.is_empty()).then(|| {
        let module = path(&Scope::root());
        quote!(pub use dataforseo_models::#module;)
    });
    quote! {
        use crate::Client;

        #(#modules)*

        /// The tasks and results of each section, re-exported at the root of the crate.
        pub(crate) mod sections {
            #(#sections)*
            #shared
        }

        impl Client {
            #(#methods)*
        }
    }
}

/// Emits the method that returns the methods of a section or of a group.
fn accessor(scope: &Scope, doc: &str, client: TokenStream) -> TokenStream {
    let name = scope.parts().last().map_or("", String::as_str);
    let (method, group) = (ident(name), struct_name(scope));
    let kind = kind(scope);
    let doc = docs::attributes(&format!(
        "Returns the methods of the {kind} `{name}`: {doc}"
    ));
    // The methods of a group outlive those of its section.
    let lifetime = scope.group_name().map_or(quote!('_), |_| quote!('a));
    quote! {
        #doc
        pub fn #method(&self) -> #group<#lifetime> {
            #group::new(#client)
        }
    }
}

fn kind(scope: &Scope) -> &'static str {
    match scope.group_name() {
        Some(_) => "group",
        None => "section",
    }
}

/// Emits the methods of a section or of a group.
pub fn scope(section: &Section, scope: &Scope) -> TokenStream {
    let group = struct_name(scope);
    let module = path(scope);
    let is_section = scope.group_name().is_none();
    let groups = if is_section { &section.groups[..] } else { &[] };
    let topic = section
        .group(scope)
        .map_or(&section.doc, |group| &group.doc);
    let name = scope.parts().last().map_or("", String::as_str);
    let origin = match scope.group_name() {
        Some(group) => format!("{}::{group}", struct_name(&Scope::section(&section.name))),
        None => format!("Client::{name}"),
    };
    let doc = docs::attributes(&format!(
        "The endpoints of the {} `{name}`: {topic}\n\n[`{origin}`] returns it.",
        kind(scope),
    ));
    let outer = (!is_section).then(|| {
        let outer = struct_name(&Scope::section(&section.name));
        quote! {
            #[allow(unused_imports, reason = "for the documentation")]
            use super::#outer;
        }
    });
    let modules = groups.iter().map(|group| {
        let (module, name) = (ident(&group.name), struct_name(&scope.child(&group.name)));
        quote! {
            mod #module;
            pub use #module::#name;
        }
    });
    let accessors = groups
        .iter()
        .map(|group| accessor(&scope.child(&group.name), &group.doc, quote!(self.client)));
    let methods = section
        .endpoints_in(scope)
        .map(|endpoint| method(section, endpoint));
    quote! {
        #[allow(unused_imports, reason = "one list serves all generated files")]
        use dataforseo_models::#module as models;

        #[allow(unused_imports, reason = "one list serves all generated files")]
        use crate::{Client, Error, Fetched, Pages, Posted, Response};
        #outer

        #(#modules)*

        #doc
        #[derive(Debug, Clone, Copy)]
        pub struct #group<'a> {
            client: &'a Client,
        }

        impl<'a> #group<'a> {
            pub(crate) fn new(client: &'a Client) -> Self {
                Self { client }
            }

            #(#accessors)*

            #(#methods)*
        }
    }
}

/// The name of the task in examples.
const TASK: &str = "task";

fn method(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let method = ident(&endpoint.module);
    let name = ident(&endpoint.name);
    let result = result_type(section, endpoint);
    let doc = docs::attributes(&method_doc(endpoint));
    let parameters: Vec<_> = endpoint
        .parameters
        .iter()
        .map(|field| ident(&field.ident))
        .collect();
    let call = match (&endpoint.task, endpoint.mode) {
        (Some(task), Mode::TaskPost) => {
            let task = ident(&task.name);
            quote! {
                pub async fn #method(&self, tasks: &[models::#task]) -> Result<Posted, Error> {
                    self.client.post::<models::#name>(tasks).await
                }
            }
        }
        (Some(task), _) => {
            let task = ident(&task.name);
            quote! {
                pub async fn #method(&self, task: &models::#task) -> Result<Response<#result>, Error> {
                    self.client.call::<models::#name>(task).await
                }
            }
        }
        (None, Mode::TaskGet) => quote! {
            pub async fn #method(&self, #(#parameters: &str),*) -> Result<Fetched<#result>, Error> {
                self.client.fetch::<models::#name>(&[#(#parameters),*]).await
            }
        },
        (None, _) => quote! {
            pub async fn #method(&self, #(#parameters: &str),*) -> Result<Response<#result>, Error> {
                self.client.get::<models::#name>(&[#(#parameters),*]).await
            }
        },
    };
    let paged = endpoint
        .rows
        .as_ref()
        .is_some_and(|rows| rows.spec.paging.is_some());
    let pages = endpoint.task.as_ref().filter(|_| paged).map(|task| {
        let (method, task) = (
            ident(&format!("{}_pages", endpoint.module)),
            ident(&task.name),
        );
        let doc = docs::attributes(&pages_doc(endpoint));
        quote! {
            #doc
            pub fn #method(&self, task: models::#task) -> Pages<models::#name> {
                self.client.pages(task)
            }
        }
    });
    let deprecated = endpoint.removed.as_deref().map(|since| {
        let note = docs::gone(since);
        quote!(#[deprecated(note = #note)])
    });
    let former = former_methods(section, endpoint);
    quote! {
        #doc
        #deprecated
        #call

        #pages

        #former
    }
}

/// Emits the methods that an endpoint had before the API renamed it.
fn former_methods(section: &Section, endpoint: &Endpoint) -> TokenStream {
    let result = result_type(section, endpoint);
    let (method, name) = (ident(&endpoint.module), ident(&endpoint.name));
    let task = endpoint.task.as_ref().map(|task| ident(&task.name));
    let names: Vec<_> = endpoint
        .parameters
        .iter()
        .map(|field| ident(&field.ident))
        .collect();
    let (takes, passes, gives) = match (&task, endpoint.mode) {
        (Some(task), Mode::TaskPost) => (
            quote!(tasks: &[models::#task]),
            quote!(tasks),
            quote!(Posted),
        ),
        (Some(task), _) => (
            quote!(task: &models::#task),
            quote!(task),
            quote!(Response<#result>),
        ),
        (None, Mode::TaskGet) => (
            quote!(#(#names: &str),*),
            quote!(#(#names),*),
            quote!(Fetched<#result>),
        ),
        (None, _) => (
            quote!(#(#names: &str),*),
            quote!(#(#names),*),
            quote!(Response<#result>),
        ),
    };
    let note = format!("the API renamed this endpoint: call `{}`", endpoint.module);
    let doc = docs::attributes(&format!(
        "The name of [`{0}`](Self::{0}) before the API renamed it.\n\n# Errors\nAs [`{0}`](Self::{0}).",
        endpoint.module
    ));
    let paged = endpoint
        .rows
        .as_ref()
        .is_some_and(|rows| rows.spec.paging.is_some());
    let allow = endpoint
        .removed
        .as_ref()
        .map(|_| quote!(#[allow(deprecated)]));
    let methods = endpoint.former.iter().map(|former| {
        let old = ident(&former.module);
        let pages = task.as_ref().filter(|_| paged).map(|task| {
            let old = ident(&format!("{}_pages", former.module));
            let pages = format!("{}_pages", endpoint.module);
            let note = format!("the API renamed this endpoint: call `{pages}`");
            let doc = docs::attributes(&format!(
                "The name of [`{pages}`](Self::{pages}) before the API renamed it."
            ));
            quote! {
                #doc
                #[deprecated(note = #note)]
                pub fn #old(&self, task: models::#task) -> Pages<models::#name> {
                    self.client.pages(task)
                }
            }
        });
        quote! {
            #doc
            #[deprecated(note = #note)]
            #allow
            pub async fn #old(&self, #takes) -> Result<#gives, Error> {
                self.#method(#passes).await
            }

            #pages
        }
    });
    quote!(#(#methods)*)
}

fn result_type(section: &Section, endpoint: &Endpoint) -> TokenStream {
    match &endpoint.result_type {
        Type::Object(name) | Type::Union(name) => {
            let scope = section.scope_of(&endpoint.scope, name);
            let name = ident(name);
            match scope.filter(|scope| *scope != endpoint.scope) {
                Some(scope) => {
                    let module = path(&scope);
                    quote!(dataforseo_models::#module::#name)
                }
                None => quote!(models::#name),
            }
        }
        _ => quote!(dataforseo_models::Value),
    }
}

/// Returns the expression for the methods of an endpoint's group: `client.serp().google()`.
fn group_call(endpoint: &Endpoint) -> String {
    let parts = endpoint.scope.parts().iter();
    let calls: String = parts.map(|part| format!(".{part}()")).collect();
    format!("client{calls}")
}

fn pages_doc(endpoint: &Endpoint) -> String {
    let (module, paging) = (
        &endpoint.module,
        endpoint
            .rows
            .as_ref()
            .and_then(|rows| rows.spec.paging.as_ref()),
    );
    let reach = paging.map_or_else(String::new, |paging| match &paging.token {
        Some(_) => format!(
            "Pages up to an offset of {} are fetched by `offset`, and later pages by the token in the \
             previous page.",
            paging.max_offset
        ),
        None => format!(
            "The API rejects an `offset` above {}, so later rows cannot be fetched: \
             [`Pages::stop_reason`] is then \
             [`OffsetLimit`](crate::StopReason::OffsetLimit).",
            paging.max_offset
        ),
    });
    format!(
        "Returns all rows of [`{module}`](Self::{module}) in pages, starting at the task's `offset`. \
         Nothing is sent before [`Pages::next`] is called.\n\n\
         {reach}\n\n\
         # Cost\nThe API charges one call per page. A page has as many rows as the task's `limit`, or \
         the maximum if the task has none. Pages with the maximum cost least per row.\n\n\
         # Example\n{}",
        example(
            endpoint,
            &format!(
                "let mut pages = {}.{module}_pages(task);\n\
                 while let Some(page) = pages.next().await {{\n    \
                     println!(\"{{}} of {{:?}}\", page?.rows.len(), pages.total());\n\
                 }}",
                group_call(endpoint)
            )
        )
    )
}

fn method_doc(endpoint: &Endpoint) -> String {
    let mut parts = vec![endpoint.doc.clone()];
    let mut limits = docs::call_limits(&endpoint.limits);
    for field in endpoint.task.iter().flat_map(|task| &task.fields) {
        limits.extend(limits_of(field));
    }
    if !limits.is_empty() {
        let lines: Vec<String> = limits.iter().map(|limit| format!("- {limit}")).collect();
        parts.push(format!("# Limits\n{}", lines.join("\n")));
    }
    parts.push(cost_doc(endpoint));
    parts.push(errors_doc(endpoint).to_owned());
    let group = format!("{}.{}", group_call(endpoint), endpoint.module);
    let arguments: Vec<&str> = endpoint.parameters.iter().map(|_| "\"…\"").collect();
    let call = match (&endpoint.task, endpoint.mode) {
        (Some(_), Mode::TaskPost) => format!(
            "for outcome in {group}(&[{TASK}]).await?.tasks() {{\n    \
                 println!(\"{{:?}}: {{}}\", outcome.id, outcome.message);\n\
             }}"
        ),
        (Some(_), _) if endpoint.rows.is_some() => format!(
            "let response = {group}(&{TASK}).await?;\n\
             for item in response.items() {{\n    \
                 println!(\"{{item:?}}\");\n\
             }}\n\
             println!(\"{{:?}} USD\", response.cost());"
        ),
        (Some(_), _) => format!(
            "let response = {group}(&{TASK}).await?;\n\
             println!(\"{{:?}} for {{:?}} USD\", response.result(), response.cost());"
        ),
        (None, Mode::TaskGet) => format!(
            "if let dataforseo_client::Fetched::Ready(response) = {group}({}).await? {{\n    \
                 println!(\"{{:?}}\", response.results());\n\
             }}",
            arguments.join(", ")
        ),
        (None, _) => format!(
            "let response = {group}({}).await?;\n\
             println!(\"{{:?}}\", response.results());",
            arguments.join(", ")
        ),
    };
    parts.push(format!("# Example\n{}", example(endpoint, &call)));
    parts.push(format!("{}.", docs::source(endpoint)));
    parts.join("\n\n")
}

fn cost_doc(endpoint: &Endpoint) -> String {
    if !endpoint.charged {
        return "# Cost\nThis call is free.".to_owned();
    }
    let price = price::sentence(endpoint);
    let price = price.map_or_else(String::new, |price| format!("{price}\n\n"));
    let charge = if endpoint.mode == Mode::TaskPost {
        "The API charges each accepted task when it is posted; fetching the results is free. \
         [`Posted::cost`] returns the cost, and [`Client::estimate`] an estimate in advance. A call that \
         may have been charged is not retried, unless the retry policy allows it."
    } else {
        "The API charges this call. [`Response::cost`] returns the cost, and [`Client::estimate`] an \
         estimate in advance. [`Error::charge`] returns whether a failed call was charged. A call that \
         may have been charged is not retried, unless the retry policy allows it."
    };
    format!("# Cost\n{price}{charge}")
}

fn errors_doc(endpoint: &Endpoint) -> &'static str {
    match (&endpoint.task, endpoint.mode) {
        (_, Mode::TaskPost) => {
            "# Errors\nWhen a task breaks a documented limit; no task is then sent. When the call fails. \
             [`Error`] describes how to react. A task that the API refuses is not an error of the \
             call: see [`Posted`]."
        }
        (Some(_), _) => {
            "# Errors\nWhen the task breaks a documented limit; it is then not sent. When the call or \
             the task fails. [`Error`] describes how to react."
        }
        (None, Mode::TaskGet) => {
            "# Errors\nWhen the call or the task fails. [`Error`] describes how to react. A task that is \
             not done yet is not an error: [`Fetched::Pending`]."
        }
        (None, _) => "# Errors\nWhen the call fails. [`Error`] describes how to react.",
    }
}

/// Returns the limits of a field of a task, one sentence each.
fn limits_of(field: &Field) -> Vec<String> {
    use dataforseo_spec::model::Limit::{
        Date, Max, MaxConditions, MaxDistinctDomains, MaxItems, MaxLength, Min, RequiredUnless,
        RequiredWith,
    };
    let wire = &field.wire;
    let min = field.limits.iter().find_map(|limit| match limit {
        Min(min) => Some(min),
        _ => None,
    });
    let texts = field.limits.iter().filter_map(|limit| match limit {
        MaxItems(max) => Some(format!("At most {max} elements in `{wire}`.")),
        MaxDistinctDomains(max) => Some(format!("At most {max} different domains in `{wire}`.")),
        MaxLength(max) => Some(format!("At most {max} characters in `{wire}`.")),
        MaxConditions(max) => Some(format!("At most {max} conditions in `{wire}`.")),
        Max(max) => Some(match min {
            Some(min) => format!("`{wire}` is from {min} to {max}."),
            None => format!("`{wire}` is at most {max}."),
        }),
        Min(min) if !field.limits.iter().any(|limit| matches!(limit, Max(_))) => {
            Some(format!("`{wire}` is at least {min}."))
        }
        Date { min: Some(min), .. } => Some(format!("`{wire}` is `{min}` or later.")),
        RequiredUnless(others) => Some(format!(
            "`{wire}` is required unless `{}` is given.",
            others.join("` or `")
        )),
        RequiredWith(other) => Some(format!("`{wire}` is required with `{other}`.")),
        _ => None,
    });
    texts.collect()
}

/// Returns an example that compiles: it creates the task and makes the call.
fn example(endpoint: &Endpoint, call: &str) -> String {
    let task = endpoint.task.iter().map(|task| {
        let arguments: Vec<String> = task
            .fields
            .iter()
            .filter(|field| field.required)
            .map(|field| {
                let example = endpoint.example.as_ref();
                argument(&field.ty, example.and_then(|it| it.get(&field.wire)))
            })
            .collect();
        // A field that replaces a required one is in the example, too.
        let setters = task.fields.iter().filter_map(|field| {
            let stands_in = field
                .limits
                .iter()
                .any(|limit| matches!(limit, Limit::RequiredUnless(_)));
            let named = task.fields.iter().any(|other| {
                other.limits.iter().any(|limit| {
                    matches!(limit, Limit::RequiredUnless(others) if others.contains(&field.wire))
                })
            });
            let example = endpoint.example.as_ref()?.get(&field.wire)?;
            (stands_in || named).then(|| {
                format!(
                    "\n    .{}({})",
                    field.ident,
                    argument(&field.ty, Some(example))
                )
            })
        });
        format!(
            "let {TASK} = dataforseo_client::{}::{}::new({}){};\n",
            endpoint.scope.parts().join("::"),
            task.name,
            arguments.join(", "),
            setters.collect::<String>()
        )
    });
    format!(
        "```no_run\n\
         # async fn example(client: dataforseo_client::Client) -> Result<(), dataforseo_client::Error> {{\n\
         {}{call}\n\
         # Ok(())\n\
         # }}\n```",
        task.collect::<String>()
    )
}

/// Returns a required argument, with the value of the endpoint's example where it is a simple one.
fn argument(ty: &Type, example: Option<&Value>) -> String {
    match (ty, example) {
        (Type::String | Type::Timestamp, Some(Value::String(text))) => {
            let text = format!("{text:?}");
            match ty {
                Type::Timestamp => {
                    format!("dataforseo_client::models::Timestamp::new({text})")
                }
                _ => text,
            }
        }
        (Type::Integer, Some(Value::Number(number))) => number.to_string(),
        (Type::List(_) | Type::Numbered(_), Some(Value::Array(list)))
            if list.iter().all(Value::is_string) =>
        {
            format!(
                "{:?}",
                list.iter()
                    .take(2)
                    .filter_map(Value::as_str)
                    .collect::<Vec<_>>()
            )
        }
        (Type::Numbered(_), Some(Value::Object(map))) => {
            format!(
                "{:?}",
                map.values().filter_map(Value::as_str).collect::<Vec<_>>()
            )
        }
        (Type::String, _) => "\"example.com\"".to_owned(),
        (Type::List(of) | Type::Numbered(of), _) if **of == Type::String => {
            "[\"example.com\"]".to_owned()
        }
        (Type::List(_), _) => "[]".to_owned(),
        _ => "Default::default()".to_owned(),
    }
}

/// Returns the name of the type with the methods of a section or of a group.
fn struct_name(scope: &Scope) -> Ident {
    // The names were checked to be names of modules, so they make names of types.
    let parts = scope.parts().iter();
    let name: String = parts.map(|part| part.to_upper_camel_case()).collect();
    ident(&name)
}
