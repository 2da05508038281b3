//! One endpoint's file in the models crate: the endpoint, its task, its result, their parts.

use proc_macro2::{Ident, Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use super::docs;
use super::modules::schemas_from;
use super::price;
use super::rust::ident;
use super::types::{items, object, rust_type, type_def};
use dataforseo_spec::dates::DateExpression;
use dataforseo_spec::language::{Method, Mode, Paging};
use dataforseo_spec::model::{
    Condition, Endpoint, Field, Limit, Object, RowFieldKind, Rows, Section, Type, TypeDef, Union,
};

/// The file. `imports` are the names from other files.
pub fn emit(section: &Section, endpoint: &Endpoint, imports: TokenStream) -> TokenStream {
    let name = ident(&endpoint.name);
    let result = rust_type(&endpoint.result_type);
    let doc = docs::attributes(&docs::endpoint(endpoint));
    let info = info(endpoint);
    let task_items = endpoint
        .task
        .as_ref()
        .map(|task| task_items(section, endpoint, task));
    let result_doc = format!("One result of [`{}`].", endpoint.name);
    let result_items = endpoint.result.iter().map(|it| object(it, &result_doc));
    let known = section.types_of(endpoint);
    let types = endpoint.types.iter().map(|ty| type_def(ty, &known));
    let at = endpoint.rows.as_ref().map_or("items", |rows| &rows.spec.at);
    let item_methods = endpoint.result.iter().map(|it| items(it, at));
    let rows = endpoint
        .rows
        .iter()
        .map(|rows| rows_items(section, endpoint, rows));
    let former = former_names(endpoint);
    let folder = schemas_from(&endpoint.scope, 0);
    let schemas = [("task", &endpoint.task), ("result", &endpoint.result)]
        .into_iter()
        .filter_map(|(role, object)| {
            let file = format!("{folder}/{}.{role}.json", endpoint.module);
            let name = ident(&object.as_ref()?.name);
            Some(quote! {
                #[cfg(feature = "schemars")]
                crate::schema::embedded_schema!(#name, #file);
            })
        });
    quote! {
        #imports
        #[allow(unused_imports, reason = "the spec decides which of these are used")]
        use crate::prelude::*;

        #doc
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct #name;

        impl Endpoint for #name {
            type Result = #result;

            #info
        }

        #task_items
        #(#result_items)*
        #(#item_methods)*
        #(#types)*
        #(#rows)*
        #(#schemas)*
        #former
    }
}

/// Returns the constant that describes an endpoint.
fn info(endpoint: &Endpoint) -> TokenStream {
    let (id, path, link) = (&endpoint.id, &endpoint.path, &endpoint.link);
    let method = match endpoint.method {
        Method::Get => quote!(Get),
        Method::Post => quote!(Post),
    };
    let mode = match endpoint.mode {
        Mode::Live => quote!(Live),
        Mode::TaskPost => quote!(TaskPost),
        Mode::TasksReady => quote!(TasksReady),
        Mode::TasksFixed => quote!(TasksFixed),
        Mode::TaskGet => quote!(TaskGet),
    };
    let charged = endpoint.charged;
    let function = &endpoint.function;
    let has_card_price = endpoint.price.evidence.is_none();
    let (price, cost_rules) = (price::price(endpoint), price::cost_rules(endpoint));
    let number = |number: Option<u32>| match number {
        Some(number) => {
            let number = Literal::u32_unsuffixed(number);
            quote!(Some(#number))
        }
        None => quote!(None),
    };
    let tasks = number(endpoint.limits.tasks_per_call);
    let calls = number(endpoint.limits.calls_per_minute);
    let rules = match &endpoint.task {
        Some(task) => {
            let task = ident(&task.name);
            quote!(<#task as Task>::RULES)
        }
        None => quote!(&[]),
    };
    quote! {
        const INFO: &'static EndpointInfo = &EndpointInfo {
            id: #id,
            method: Method::#method,
            path: #path,
            mode: Mode::#mode,
            charged: #charged,
            function: #function,
            price: #price,
            has_card_price: #has_card_price,
            cost_rules: #cost_rules,
            tasks_per_call: #tasks,
            calls_per_minute: #calls,
            task_rules: #rules,
            docs_url: #link,
        };
    }
}

/// The names that an endpoint and its own types had before it was renamed.
fn former_names(endpoint: &Endpoint) -> TokenStream {
    let own = endpoint.task.iter().chain(&endpoint.result);
    let own = own.map(|object| object.name.as_str());
    let own = own.chain(endpoint.types.iter().map(TypeDef::name));
    let names: Vec<&str> = std::iter::once(endpoint.name.as_str()).chain(own).collect();
    let aliases = endpoint.former.iter().flat_map(|former| {
        names.iter().filter_map(|name| {
            let rest = name.strip_prefix(endpoint.name.as_str())?;
            let (old, new) = (ident(&format!("{}{rest}", former.name)), ident(name));
            let note = format!("The API renamed the endpoint: use `{name}`.");
            let doc = docs::attributes(&format!(
                "The former name of [`{name}`], before the API renamed the endpoint."
            ));
            Some(quote! {
                #doc
                #[deprecated(note = #note)]
                pub type #old = #new;
            })
        })
    });
    quote!(#(#aliases)*)
}

fn task_items(section: &Section, endpoint: &Endpoint, task: &Object) -> TokenStream {
    let name = ident(&task.name);
    let endpoint_name = ident(&endpoint.name);
    let doc = format!(
        "Parameters of [`{}`]. `new` accepts the required fields. Each other field has a setter.",
        endpoint.name
    );
    let items = object(task, &doc);
    let types = section.types_of(endpoint);
    let rules = rules(&task.fields, &types, 0);
    quote! {
        #items

        impl #name {
            /// Checks the task against the documented limits. Limits that depend on the day use
            /// the current date in UTC.
            ///
            /// # Errors
            /// When the task breaks a limit. The error lists all violations, each with the path of its field.
            pub fn validate(&self) -> Result<(), Violations> {
                crate::validate(self, crate::today())
            }

            /// Checks the task against the documented limits on a given day.
            ///
            /// # Errors
            /// When the task breaks a limit. The error lists all violations, each with the path of its field.
            pub fn validate_on(&self, today: Date) -> Result<(), Violations> {
                crate::validate(self, today)
            }

            /// Returns parts of the task that the documentation advises against and that the API may
            /// accept nevertheless: a target with `www.`, or a value that is not documented.
            pub fn warnings(&self) -> Vec<Violation> {
                crate::warnings(self, crate::today())
            }
        }

        impl Task for #name {
            const RULES: &'static [FieldRule] = #rules;
        }

        impl TaskEndpoint for #endpoint_name {
            type Task = #name;
        }
    }
}

/// Returns what the rows of a result make possible: paging, matching, and names for filters.
fn rows_items(section: &Section, endpoint: &Endpoint, rows: &Rows) -> TokenStream {
    let names = FieldNames { section, endpoint };
    let paging = rows.spec.paging.as_ref();
    let paged = paging.map(|paging| paged(&names, rows, paging));
    let named_by = rows.spec.named_by();
    let per_target = named_by.map(|named_by| per_target(&names, rows, named_by));
    let fields = (!rows.fields.is_empty()).then(|| row_fields(endpoint, rows));
    quote! {
        #paged
        #per_target
        #fields
    }
}

/// The Rust names of fields, by their names in JSON.
struct FieldNames<'a> {
    section: &'a Section,
    endpoint: &'a Endpoint,
}

impl FieldNames<'_> {
    fn of_task(&self, wire: &str) -> Ident {
        field_name(self.endpoint.task.as_ref(), wire)
    }

    fn of_result(&self, wire: &str) -> Ident {
        match &self.endpoint.result_type {
            Type::Object(name) => self.of_object(name, wire),
            _ => field_name(None, wire),
        }
    }

    fn of_object(&self, name: &str, wire: &str) -> Ident {
        field_name(self.section.find_object(self.endpoint, name), wire)
    }
}

/// Returns the Rust name of a field; its name in JSON if the object does not have it.
fn field_name(object: Option<&Object>, wire: &str) -> Ident {
    let mut fields = object.into_iter().flat_map(|object| &object.fields);
    let field = fields.find(|field| field.wire == wire);
    ident(field.map_or(wire, |field| &field.ident))
}

/// Returns the implementation of paging.
fn paged(names: &FieldNames<'_>, rows: &Rows, paging: &Paging) -> TokenStream {
    let endpoint = names.endpoint;
    let (name, row, at) = (ident(&endpoint.name), ident(&rows.row), ident(&rows.at));
    let (limit, offset) = (names.of_task("limit"), names.of_task("offset"));
    let items_count = names.of_result("items_count");
    let total_count = names.of_result("total_count");
    let max_offset = Literal::u32_unsuffixed(paging.max_offset);
    let max_limit = Literal::u32_unsuffixed(max_limit(endpoint).unwrap_or(1000));
    let has_token = paging.token.is_some();
    let set_token = paging.token.iter().map(|token| {
        let token = names.of_task(token);
        quote!(task.#token = window.token;)
    });
    let token = paging.token.as_ref();
    let get_token = token.map_or(quote!(None), |token| {
        let token = names.of_task(token);
        quote!(task.#token.clone())
    });
    let page_token = token.map_or(quote!(None), |token| {
        let token = names.of_result(token);
        quote!(result.#token)
    });
    quote! {
        impl Paged for #name {
            type Row = #row;

            const PAGING: Paging = Paging {
                max_offset: #max_offset,
                max_limit: #max_limit,
                has_token: #has_token,
            };

            fn window(task: &Self::Task) -> Window {
                Window {
                    offset: task.#offset,
                    limit: task.#limit,
                    token: #get_token,
                }
            }

            fn set_window(task: &mut Self::Task, window: Window) {
                task.#offset = window.offset;
                task.#limit = window.limit;
                #(#set_token)*
            }

            fn page(result: Self::Result) -> Page<Self::Row> {
                Page::new(result.#at, result.#items_count, result.#total_count, #page_token)
            }
        }
    }
}

/// Returns the largest `limit` of a task, if it is documented.
fn max_limit(endpoint: &Endpoint) -> Option<u32> {
    let fields = endpoint.task.iter().flat_map(|task| &task.fields);
    let mut limits = fields
        .filter(|field| field.wire == "limit")
        .flat_map(|field| &field.limits);
    limits.find_map(|limit| match limit {
        Limit::Max(max) => Some(*max as u32),
        _ => None,
    })
}

/// Returns the implementation that matches rows with the targets or the keywords of a task.
fn per_target(names: &FieldNames<'_>, rows: &Rows, target: &str) -> TokenStream {
    let name = ident(&names.endpoint.name);
    let row = ident(&rows.row);
    let target = names.of_object(&rows.row, target);
    let targets = names.of_task(rows.spec.names_in_task());
    let kind = rows.spec.keyword.as_ref().map(|_| {
        quote! {
            const KIND: TargetKind = TargetKind::Keyword;
        }
    });
    quote! {
        impl PerTarget for #name {
            type Row = #row;
            #kind

            fn targets(task: &Self::Task) -> &[String] {
                &task.#targets
            }

            fn set_targets(task: &mut Self::Task, targets: Vec<String>) {
                task.#targets = targets;
            }

            fn target(row: &Self::Row) -> Option<&str> {
                row.#target.as_deref()
            }
        }
    }
}

/// The functions that name the fields of rows, for filters and orders.
fn row_fields(endpoint: &Endpoint, rows: &Rows) -> TokenStream {
    let name = ident(&endpoint.name);
    let module = ident(&format!("{}_fields", endpoint.module));
    let doc = docs::attributes(&format!(
        "The fields of the rows of [`{}`](super::{}), for filters and sort orders.",
        endpoint.name, endpoint.name
    ));
    let functions = rows.fields.iter().map(|field| {
        let (ident, path) = (ident(&field.ident), &field.path);
        let summary = field.doc.trim().lines().next().unwrap_or_default();
        let doc = docs::attributes(&format!(
            "Returns the field `{}`: {summary}",
            path.replace("{}", "…")
        ));
        let kind = match field.kind {
            RowFieldKind::Number => quote!(Number),
            RowFieldKind::Text => quote!(Text),
            RowFieldKind::TextList => quote!(TextList),
            RowFieldKind::Bool => quote!(Bool),
            RowFieldKind::DateTime => quote!(DateTime),
        };
        let keys: Vec<_> = ["key", "inner"]
            .into_iter()
            .take(path.matches("{}").count())
            .map(super::rust::ident)
            .collect();
        let value = if keys.is_empty() {
            quote!(#path)
        } else {
            quote!(format!(#path, #(filter::key(#keys)),*))
        };
        quote! {
            #doc
            pub fn #ident(#(#keys: impl std::fmt::Display),*) -> Field<#name, #kind> {
                Field::new(#value)
            }
        }
    });
    quote! {
        #doc
        pub mod #module {
            #[allow(unused_imports, reason = "the spec decides which of these are used")]
            use crate::prelude::*;

            use super::#name;

            #(#functions)*
        }
    }
}

/// The deepest nesting of rules. A shared type can hold a list of itself.
const MAX_DEPTH: usize = 6;

fn rules(fields: &[Field], types: &[&TypeDef], depth: usize) -> TokenStream {
    let rules = fields.iter().map(|field| {
        let wire = &field.wire;
        let constructor = if field.required {
            quote!(required)
        } else {
            quote!(optional)
        };
        let kind = kind(&field.ty, types, depth);
        let limits = field.limits.iter().map(limit);
        quote!(FieldRule::#constructor(#wire, #kind, &[#(#limits),*]))
    });
    quote!(&[#(#rules),*])
}

fn kind(ty: &Type, types: &[&TypeDef], depth: usize) -> TokenStream {
    match ty {
        Type::String | Type::Date | Type::Timestamp | Type::Enum(_) => quote!(FieldKind::String),
        Type::Integer => quote!(FieldKind::Integer),
        Type::Float => quote!(FieldKind::Float),
        Type::Boolean => quote!(FieldKind::Boolean),
        Type::Json => quote!(FieldKind::Any),
        Type::Union(name) => {
            let union = types.iter().find_map(|ty| match ty {
                TypeDef::Union(union) if union.name == *name => Some(union),
                _ => None,
            });
            match union {
                Some(union) if depth < MAX_DEPTH => union_kind(union, types, depth + 1),
                _ => quote!(FieldKind::Any),
            }
        }
        Type::Filters(_) => quote!(FieldKind::Filters),
        Type::Order(_) => quote!(FieldKind::Order),
        Type::List(of) => {
            let of = kind(of, types, depth);
            quote!(FieldKind::List(&#of))
        }
        Type::Map(of) | Type::Numbered(of) => {
            let of = kind(of, types, depth);
            quote!(FieldKind::Map(&#of))
        }
        Type::Object(name) => {
            let object = types.iter().find_map(|ty| match ty {
                TypeDef::Object(object) if object.name == *name => Some(object),
                _ => None,
            });
            match object {
                Some(object) if depth < MAX_DEPTH => {
                    let rules = rules(&object.fields, types, depth + 1);
                    quote!(FieldKind::Object(#rules))
                }
                _ => quote!(FieldKind::Any),
            }
        }
    }
}

/// Returns the rules of the members of a union.
fn union_kind(union: &Union, types: &[&TypeDef], depth: usize) -> TokenStream {
    let tag = match &union.tag {
        Some(tag) => quote!(Some(#tag)),
        None => quote!(None),
    };
    let members = union.members.iter().map(|member| {
        let object = types.iter().find_map(|ty| match ty {
            TypeDef::Object(object) if object.name == member.object => Some(object),
            _ => None,
        });
        let fields = object.map_or(&[][..], |object| &object.fields);
        let (name, rules) = (&member.wire, rules(fields, types, depth));
        let key = member.key.as_ref().unwrap_or(name);
        quote!(MemberRule::new(#name, #key, #rules))
    });
    quote!(FieldKind::Union(&UnionRule::new(#tag, &[#(#members),*])))
}

fn limit(limit: &Limit) -> TokenStream {
    let count = |count: &u32| Literal::u32_unsuffixed(*count);
    match limit {
        Limit::MinItems(min) => {
            let min = count(min);
            quote!(Limit::MinItems(#min))
        }
        Limit::MaxItems(max) => {
            let max = count(max);
            quote!(Limit::MaxItems(#max))
        }
        Limit::MinLength(min) => {
            let min = count(min);
            quote!(Limit::MinLength(#min))
        }
        Limit::MaxWords(max) => {
            let max = count(max);
            quote!(Limit::MaxWords(#max))
        }
        Limit::MaxLength(max) => {
            let max = count(max);
            quote!(Limit::MaxLength(#max))
        }
        Limit::MaxDistinctDomains(max) => {
            let max = count(max);
            quote!(Limit::MaxDistinctDomains(#max))
        }
        Limit::MaxConditions(max) => {
            let max = count(max);
            quote!(Limit::MaxConditions(#max))
        }
        Limit::Min(min) => {
            let min = Literal::f64_unsuffixed(*min);
            quote!(Limit::Min(#min))
        }
        Limit::Max(max) => {
            let max = Literal::f64_unsuffixed(*max);
            quote!(Limit::Max(#max))
        }
        Limit::Date { min, max } => {
            let (min, max) = (bound(*min), bound(*max));
            quote!(Limit::Date { min: #min, max: #max })
        }
        Limit::OneOf(values) => quote!(Limit::OneOf(&[#(#values),*])),
        Limit::Targets => quote!(Limit::Targets),
        Limit::Timestamp => quote!(Limit::Timestamp),
        Limit::RequiredWith(name) => quote!(Limit::RequiredWith(#name)),
        Limit::RequiredIf(conditions) => {
            let conditions = conditions.iter().map(condition);
            quote!(Limit::RequiredIf(&[#(#conditions),*]))
        }
        Limit::Requires(conditions) => {
            let conditions = conditions.iter().map(condition);
            quote!(Limit::Requires(&[#(#conditions),*]))
        }
        Limit::Excludes(names) => quote!(Limit::Excludes(&[#(#names),*])),
        Limit::NotAfter(name) => quote!(Limit::NotAfter(#name)),
        Limit::RequiredUnless(names) => quote!(Limit::RequiredUnless(&[#(#names),*])),
    }
}

/// Returns a value that another field has.
fn condition(condition: &Condition) -> TokenStream {
    let field = &condition.field;
    let value = match &condition.value {
        Value::Bool(flag) => quote!(ConditionValue::Bool(#flag)),
        Value::String(text) => quote!(ConditionValue::Text(#text)),
        value => {
            let number = Literal::i64_unsuffixed(value.as_i64().unwrap_or_default());
            quote!(ConditionValue::Integer(#number))
        }
    };
    let or_absent = condition.is_default.then(|| quote!(.or_absent()));
    quote!(FieldCondition::new(#field, #value)#or_absent)
}

fn bound(bound: Option<DateExpression>) -> TokenStream {
    match bound {
        None => quote!(None),
        Some(DateExpression::On(date)) => {
            let year = Literal::i16_unsuffixed(date.year());
            let month = Literal::i8_unsuffixed(date.month());
            let day = Literal::i8_unsuffixed(date.day());
            quote!(Some(DateBound::On(#year, #month, #day)))
        }
        Some(DateExpression::Before {
            years,
            months,
            days,
        }) => {
            let span = span(years, months, days);
            quote!(Some(DateBound::Before { #span }))
        }
        Some(DateExpression::After {
            years,
            months,
            days,
        }) => {
            let span = span(years, months, days);
            quote!(Some(DateBound::After { #span }))
        }
    }
}

/// Returns the fields of a span of time.
fn span(years: i16, months: i16, days: i16) -> TokenStream {
    let [years, months, days] = [years, months, days].map(Literal::i16_unsuffixed);
    quote!(years: #years, months: #months, days: #days)
}
