//! Prices of an endpoint: as code, and as sentences.

use proc_macro2::{Literal, TokenStream};
use quote::quote;
use serde_json::Value;

use dataforseo_spec::language::{FieldType, Mode};
use dataforseo_spec::model::{Endpoint, Field, amount, per_mille};
use dataforseo_spec::price::{self, FieldCost, nanos};

/// Returns the price of an endpoint as code.
pub fn price(endpoint: &Endpoint) -> TokenStream {
    let price = &endpoint.price;
    if !endpoint.charged || price.amounts().next().is_none() {
        return quote!(None);
    }
    let literal =
        |amount: Option<f64>| Literal::u64_unsuffixed(amount.and_then(nanos).unwrap_or_default());
    let (task, row) = (literal(price.per_task), literal(price.per_row));
    let high = literal(price.per_task_high.or(price.per_task));
    quote!(Some(price::in_nanos(#task, #high, #row)))
}

/// Returns the rules of an endpoint's costs as code.
pub fn cost_rules(endpoint: &Endpoint) -> TokenStream {
    if !endpoint.charged {
        return quote!(price::CostRules::NONE);
    }
    let mut parts = Vec::new();
    if let Some(rows) = max_rows(endpoint) {
        parts.push(quote!(max_rows: #rows));
    }
    let pages = endpoint.price.further_pages.and_then(per_mille);
    if let Some(pages) = pages.filter(|pages| *pages != 1000) {
        let pages = Literal::u32_unsuffixed(pages);
        parts.push(quote!(further_pages: #pages));
    }
    let fields: Vec<TokenStream> = task_fields(endpoint).filter_map(field_cost).collect();
    if !fields.is_empty() {
        parts.push(quote!(fields: &[#(#fields),*]));
    }
    if let Some(plus) = &endpoint.price.plus {
        let plus = plus.trim();
        parts.push(quote!(plus: Some(#plus)));
    }
    if parts.is_empty() {
        quote!(price::CostRules::NONE)
    } else {
        quote!(price::CostRules { #(#parts,)* ..price::CostRules::NONE })
    }
}

fn task_fields(endpoint: &Endpoint) -> impl Iterator<Item = &Field> {
    endpoint.task.iter().flat_map(|task| &task.fields)
}

/// Returns the most rows of a response as code. `None` for the number by default.
fn max_rows(endpoint: &Endpoint) -> Option<TokenStream> {
    let limit = task_fields(endpoint).find(|field| field.wire == "limit");
    let field = match &endpoint.price.max_rows {
        Some(price::MaxRows::Rows(rows)) => {
            let rows = Literal::u64_unsuffixed((*rows).into());
            return Some(quote!(price::MaxRows::Rows(#rows)));
        }
        Some(price::MaxRows::Field(name)) => task_fields(endpoint).find(|it| it.wire == *name)?,
        None => limit
            .filter(|field| field.spec.kind == FieldType::Integer)
            .or_else(|| task_fields(endpoint).find(|field| is_target_list(field)))?,
    };
    let name = &field.wire;
    if field.spec.kind == FieldType::Integer {
        let default = field.spec.default.as_ref().and_then(Value::as_u64);
        let default = Literal::u64_unsuffixed(default.unwrap_or(100));
        Some(quote!(price::MaxRows::Limit { field: #name, default: #default }))
    } else {
        Some(quote!(price::MaxRows::PerElement(#name)))
    }
}

/// Returns whether a task requires a list of texts, such as targets or keywords.
fn is_target_list(field: &Field) -> bool {
    let is_list = field.spec.kind == FieldType::List && field.spec.of == Some(FieldType::String);
    is_list && field.required
}

fn field_cost(field: &Field) -> Option<TokenStream> {
    let (name, cost) = (&field.wire, field.spec.cost.as_ref()?);
    let number = |number: u32| Literal::u64_unsuffixed(number.into());
    let effect = if let Some(page) = cost.page.map(number) {
        quote!(Page(#page))
    } else if let Some(times) = cost.adds.map(number) {
        quote!(Adds(#times))
    } else if let Some(times) = cost.times.map(number) {
        quote!(Times(#times))
    } else if let Some(each) = cost.each.and_then(nanos).map(Literal::u64_unsuffixed) {
        quote!(Each(price::Amount::from_nanos(#each)))
    } else {
        quote!(Unknown)
    };
    let lower: Vec<String> = cost
        .contains
        .iter()
        .map(|part| part.to_lowercase())
        .collect();
    let (values, unless) = (&cost.values, &cost.unless);
    let condition = if !values.is_empty() {
        quote!(Values(&[#(#values),*]))
    } else if !unless.is_empty() {
        quote!(Unless(&[#(#unless),*]))
    } else if !lower.is_empty() {
        quote!(Contains(&[#(#lower),*]))
    } else {
        quote!(Set)
    };
    Some(quote! {
        price::field(#name, price::CostCondition::#condition, price::CostEffect::#effect)
    })
}

/// Returns the price of an endpoint as a sentence. `None` if it is unknown.
pub fn sentence(endpoint: &Endpoint) -> Option<String> {
    let price = &endpoint.price;
    let mut parts = Vec::new();
    let task = price.per_task.filter(|amount| *amount > 0.0);
    if let Some(task) = task {
        // A call of a GET has no tasks.
        let unit = if endpoint.task.is_some() {
            "task"
        } else {
            "call"
        };
        parts.push(format!("{} USD per {unit}", amount(task)));
    }
    if let Some(high) = price
        .per_task_high
        .filter(|_| endpoint.mode == Mode::TaskPost)
    {
        parts.push(format!("{} USD per task with `priority` 2", amount(high)));
    }
    if let Some(row) = price.per_row {
        parts.push(format!("{} USD per row", amount(row)));
    }
    let all = match parts.as_slice() {
        [] => return None,
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        [last, ..] => last.clone(),
    };
    let since = price
        .since
        .as_deref()
        .map_or_else(String::new, |day| format!(" on {day}"));
    let pages = price.further_pages.map_or_else(String::new, |part| {
        format!(" Each results page after the first costs {part} of the price.")
    });
    let plus = price.plus.as_deref().map(str::trim);
    let plus = plus.map_or_else(String::new, |plus| format!(" {plus}"));
    let extra = task_fields(endpoint).any(|field| field.spec.cost.is_some());
    let extra = if extra {
        " Some fields of a task raise the price."
    } else {
        ""
    };
    Some(format!("{all}{since}.{pages}{extra}{plus}"))
}

/// Returns what a field adds to the cost, as a sentence.
pub fn field_sentence(cost: &FieldCost) -> String {
    let effect = if let Some(page) = cost.page {
        match page {
            1 => "Each results page is charged".to_owned(),
            page => format!("Each results page of {page} results is charged"),
        }
    } else if let Some(times) = cost.adds {
        match times {
            1 => "Adds the price of the task once more".to_owned(),
            times => format!("Adds {times} times the price of the task"),
        }
    } else if let Some(times) = cost.times {
        format!("Multiplies the cost by {times}")
    } else if let Some(each) = cost.each {
        format!("Each unit costs {} USD", amount(each))
    } else {
        "Costs extra; no source states how much".to_owned()
    };
    let listed = |texts: &[String]| {
        let texts: Vec<String> = texts.iter().map(|text| format!("`{text}`")).collect();
        texts.join(", ")
    };
    let condition = if !cost.values.is_empty() {
        format!(" if the value is one of {}", listed(&cost.values))
    } else if !cost.unless.is_empty() {
        format!(" unless the value is {}", listed(&cost.unless))
    } else if !cost.contains.is_empty() {
        // Short texts are seen first in a long list.
        let mut texts = cost.contains.clone();
        texts.sort_by_key(|text| (text.len(), text.clone()));
        format!(" if the text contains one of {}", listed(&texts))
    } else {
        String::new()
    };
    format!("{effect}{condition}.")
}
