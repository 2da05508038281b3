//! The edit of one endpoint's file.

use dataforseo_spec::Diagnostics;
use dataforseo_spec::edit::Editor;
use dataforseo_spec::language::Endpoint;
use dataforseo_spec::model::default_function;
use dataforseo_spec::price::{MaxRows, Price, decimal, nanos};
use dataforseo_spec::write::{ENDPOINT_KEYS, entry};
use serde_json::Value;

use super::card::{Card, CardPrice};
use super::report::Outcome;

/// The facts of a rate card about an endpoint.
pub struct EndpointEdit<'a> {
    spec: &'a Endpoint,
    function: &'a str,
    price: Option<CardPrice>,
    calls_per_minute: Option<u32>,
}

/// The text of a file after the edit.
pub struct Edited {
    pub text: String,
    pub outcomes: Vec<Outcome>,
}

impl<'a> EndpointEdit<'a> {
    /// Returns the facts of a card about an endpoint, by the name of its function.
    pub fn new(spec: &'a Endpoint, function: &'a str, card: &Card) -> Self {
        Self {
            spec,
            function,
            price: card.prices.get(function).copied(),
            calls_per_minute: card.calls_per_minute.get(function).copied(),
        }
    }
}

/// Writes the facts of a card into the text of a file.
///
/// # Errors
/// When the text cannot be edited.
pub fn edit(name: &str, text: &str, edit: &EndpointEdit<'_>) -> Result<Edited, Diagnostics> {
    let mut editor = Editor::new(name, text)?;
    let mut outcomes = Vec::new();
    set_function(&mut editor, edit)?;
    match edit.price {
        Some(price) => outcomes.push(set_price(&mut editor, edit.spec, price)?),
        None => outcomes.push(Outcome::NoPriceInCard),
    }
    outcomes.extend(set_rate(&mut editor, edit)?);
    Ok(Edited {
        text: editor.text().to_owned(),
        outcomes,
    })
}

fn set_function(editor: &mut Editor, edit: &EndpointEdit<'_>) -> Result<(), Diagnostics> {
    let name = edit.function;
    if name == default_function(&edit.spec.path) {
        return editor.remove(&[], "function");
    }
    if edit.spec.function.as_deref() == Some(name) {
        return Ok(());
    }
    let line = entry("function", &name.into(), 0);
    editor.set(&[], "function", &ENDPOINT_KEYS, &line)
}

fn set_price(
    editor: &mut Editor,
    spec: &Endpoint,
    card: CardPrice,
) -> Result<Outcome, Diagnostics> {
    let known = spec.price.clone().unwrap_or_default();
    let own = amounts(&known);
    if known.evidence.is_some() {
        return Ok(if own == card {
            Outcome::Unchanged
        } else {
            Outcome::Kept {
                spec: sentence(own),
                card: sentence(card),
            }
        });
    }
    let path = ["price".to_owned()];
    if card.is_free() {
        let was_priced = !own.is_free();
        editor.remove(&[], "price")?;
        if spec.charged != Some(false) {
            editor.set(&[], "charged", &ENDPOINT_KEYS, "charged: false\n")?;
        }
        return Ok(match (was_priced, spec.charged) {
            (true, _) => changed(own, card),
            (false, Some(false)) => Outcome::Unchanged,
            (false, _) => Outcome::Free,
        });
    }
    let was_free = spec.charged == Some(false);
    editor.remove(&[], "charged")?;
    if own == card && !was_free {
        return Ok(Outcome::Unchanged);
    }
    if editor.value(&path).is_some() && editor.has_comments(&path) {
        return Ok(Outcome::HasComments {
            card: sentence(card),
        });
    }
    editor.set(&[], "price", &ENDPOINT_KEYS, &lines(&known, card))?;
    Ok(if own.is_free() && !was_free {
        Outcome::New
    } else {
        changed(own, card)
    })
}

fn changed(spec: CardPrice, card: CardPrice) -> Outcome {
    Outcome::Changed {
        spec: sentence(spec),
        card: sentence(card),
    }
}

/// Returns the amounts of a price in the spec.
fn amounts(price: &Price) -> CardPrice {
    let amount = |amount: Option<f64>| amount.and_then(nanos).unwrap_or_default();
    CardPrice {
        per_task: amount(price.per_task),
        per_task_high: amount(price.per_task_high.or(price.per_task)),
        per_row: amount(price.per_row),
    }
}

/// Returns a price as the entry of a file. `known` has what a person wrote.
fn lines(known: &Price, card: CardPrice) -> String {
    let mut text = "price:\n".to_owned();
    let mut add = |key: &str, amount: u64| text += &format!("  {key}: {}\n", decimal(amount));
    if card.per_task > 0 {
        add("per_task", card.per_task);
    }
    if card.per_task_high != card.per_task {
        add("per_task_high", card.per_task_high);
    }
    if card.per_row > 0 {
        add("per_row", card.per_row);
    }
    let rows = known.max_rows.as_ref().map(|rows| match rows {
        MaxRows::Rows(rows) => Value::from(*rows),
        MaxRows::Field(name) => name.clone().into(),
    });
    let pages = known.further_pages.map(Value::from);
    let plus = known.plus.clone().map(Value::from);
    let kept = [("max_rows", rows), ("further_pages", pages), ("plus", plus)];
    for (key, value) in kept {
        text.extend(value.map(|value| entry(key, &value, 2)));
    }
    text
}

/// Describes a price for a person.
fn sentence(price: CardPrice) -> String {
    let mut parts = Vec::new();
    if price.per_task > 0 {
        parts.push(format!("{} per task", decimal(price.per_task)));
    }
    if price.per_task_high != price.per_task {
        parts.push(format!(
            "{} with high priority",
            decimal(price.per_task_high)
        ));
    }
    if price.per_row > 0 {
        parts.push(format!("{} per row", decimal(price.per_row)));
    }
    if parts.is_empty() {
        return "free".to_owned();
    }
    format!("{} USD", parts.join(", "))
}

fn set_rate(editor: &mut Editor, edit: &EndpointEdit<'_>) -> Result<Option<Outcome>, Diagnostics> {
    let known = edit.spec.limits.calls_per_minute;
    let Some(rate) = edit.calls_per_minute else {
        return Ok(known.map(Outcome::RateNotInCard));
    };
    if known == Some(rate) {
        return Ok(None);
    }
    let path = ["limits".to_owned()];
    let line = format!("  calls_per_minute: {rate}\n");
    if editor.value(&path).is_some() {
        let order = ["tasks_per_call", "calls_per_minute"];
        editor.set(&path, "calls_per_minute", &order, &line)?;
    } else {
        editor.set(&[], "limits", &ENDPOINT_KEYS, &format!("limits:\n{line}"))?;
    }
    Ok(Some(Outcome::Rate {
        spec: known,
        card: rate,
    }))
}
