//! Checks of prices, and of the fields that raise a cost.

use super::check::{is_day, not_a_date};
use crate::language::{self, Field, FieldType};
use crate::price::{FieldCost, MaxRows, Price, decimal, nanos};
use crate::tree::{Path, Tree};
use crate::{Diagnostic, Location};

/// Returns the name of an endpoint in the rate card, as it is without `function`: the path without
/// version and parameters.
pub fn default_function(path: &str) -> String {
    let segments = path.split('/').skip(2);
    let segments = segments.filter(|segment| !segment.starts_with('{'));
    segments.collect::<Vec<_>>().join("/")
}

/// Checks the prices of an endpoint and the costs of its task's fields.
pub fn check_prices(
    file: &str,
    tree: &Tree,
    spec: &language::Endpoint,
    found: &mut Vec<Diagnostic>,
) {
    let mut report = Report { file, tree, found };
    if let Some(price) = &spec.price {
        price_of_endpoint(spec, price, &mut report);
    }
    if spec.function.as_deref() == Some(&default_function(&spec.path)) {
        let message = "this is the name by default: remove `function`";
        report.at(&["function"], message);
    }
    for (name, field) in spec.task.iter().flat_map(|task| &task.fields) {
        if let Some(cost) = &field.cost {
            cost_of_field(name, field, cost, &mut report);
        }
    }
}

/// The errors in the file.
struct Report<'a> {
    file: &'a str,
    tree: &'a Tree,
    found: &'a mut Vec<Diagnostic>,
}

impl Report<'_> {
    fn at(&mut self, keys: &[&str], message: impl Into<String>) {
        let path: Path = keys.iter().map(|key| (*key).to_owned()).collect();
        let location: Location = self.tree.location(&path);
        self.found
            .push(Diagnostic::new(self.file, location, message));
    }
}

fn price_of_endpoint(spec: &language::Endpoint, price: &Price, report: &mut Report<'_>) {
    let is_free = spec.charged == Some(false);
    for (key, amount) in price.amounts() {
        match nanos(amount) {
            None => report.at(
                &["price", key],
                format!("{amount} is not a price: expected US dollars with at most nine decimals"),
            ),
            Some(_) if is_free => {
                report.at(&["price", key], "a free endpoint has no price: remove it");
            }
            Some(0) if key != "per_task" || price.per_row.is_none() => report.at(
                &["price", key],
                "a price of 0 is not a price: write `charged: false`",
            ),
            Some(_) => {}
        }
    }
    if price.per_task_high.is_some() && price.per_task.is_none() {
        report.at(&["price", "per_task_high"], "`per_task` is missing");
    }
    let pages = price.further_pages;
    if pages.is_some_and(|pages| per_mille(pages).is_none()) {
        let message = "expected a part of the price from 0 to 1 with at most three decimals";
        report.at(&["price", "further_pages"], message);
    }
    if let Some(MaxRows::Field(name)) = &price.max_rows {
        let mut fields = spec.task.iter().flat_map(|task| &task.fields);
        let field = fields.find(|(other, _)| *other == name);
        let fits = field.is_some_and(|(_, field)| limits_rows(field));
        if !fits {
            let message = format!("the task has no number or list `{name}`");
            report.at(&["price", "max_rows"], message);
        }
    }
    if let Some(day) = price.since.as_ref().filter(|day| !is_day(day)) {
        report.at(&["price", "since"], not_a_date(day));
    }
    if price.since.is_some() != price.evidence.is_some() {
        let message = "`since` and `evidence` belong together: without them, prices are those of the \
                       rate card in `api.yaml`";
        report.at(&["price"], message);
    }
}

/// Returns whether the value of a field can limit the rows of a response.
pub fn limits_rows(field: &Field) -> bool {
    matches!(
        field.kind,
        FieldType::Integer | FieldType::List | FieldType::Map
    )
}

/// Returns a part of a whole in thousandths. `None` if it is not between 0 and 1, or not exact.
pub fn per_mille(part: f64) -> Option<u32> {
    let thousandths = (part * 1000.0).round();
    let is_exact = (thousandths / 1000.0 - part).abs() < 1e-9;
    // Between 0 and 1000.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    ((0.0..=1.0).contains(&part) && is_exact).then_some(thousandths as u32)
}

fn cost_of_field(name: &str, field: &Field, cost: &FieldCost, report: &mut Report<'_>) {
    let mut at = |key: &str, message: String| {
        report.at(&["task", "fields", name, "cost", key], message);
    };
    let effects = [
        cost.page.is_some(),
        cost.adds.is_some(),
        cost.times.is_some(),
        cost.each.is_some(),
        cost.unknown.is_some(),
    ];
    if effects.iter().filter(|is_set| **is_set).count() != 1 {
        at(
            "",
            "expected one of `page`, `adds`, `times`, `each` and `unknown`".to_owned(),
        );
    }
    let number = field.kind == FieldType::Integer;
    for (key, is_set) in [("page", effects[0]), ("each", effects[3])] {
        if is_set && !number {
            at(key, "only an integer may have this key".to_owned());
        }
    }
    if [cost.page, cost.adds].contains(&Some(0)) || cost.times.is_some_and(|times| times < 2) {
        at("", "a cost that changes nothing: remove it".to_owned());
    }
    if let Some(each) = cost
        .each
        .filter(|each| nanos(*each).is_none_or(|it| it == 0))
    {
        let message =
            format!("{each} is not a price: expected US dollars with at most nine decimals");
        at("each", message);
    }
    if cost.unknown == Some(false) {
        at("unknown", "remove the key, or write `true`".to_owned());
    }
    let conditions = [&cost.values, &cost.unless, &cost.contains];
    let is_text = field.kind == FieldType::String;
    if conditions.iter().any(|condition| !condition.is_empty()) && !is_text {
        at("", "conditions apply to a string only".to_owned());
    }
}

/// Returns a price as a decimal number.
pub fn amount(us_dollars: f64) -> String {
    nanos(us_dollars).map_or_else(|| us_dollars.to_string(), decimal)
}
