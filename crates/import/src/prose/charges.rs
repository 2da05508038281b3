//! Recognizes what a field adds to the cost of a task.

use dataforseo_spec::price::FieldCost;

use super::text::{after, number, unquoted};

/// The words of sentences that name a charge.
const WORDS: [&str; 4] = ["charged", "billed", "the charge", "charges will apply"];

/// Returns the cost that a sentence states. `None` for sentences about something else.
pub fn charge(sentence: &str) -> Option<FieldCost> {
    let lower = sentence.to_ascii_lowercase();
    let is_charge = WORDS.iter().any(|words| lower.contains(words));
    if !is_charge && !lower.contains("cost of a task will be doubled") {
        return None;
    }
    pages(&lower)
        .or_else(|| factor(sentence, &lower))
        .or_else(|| once_more(&lower))
        .or_else(|| each(&lower))
        .or_else(|| {
            lower
                .contains("additional charges will apply")
                .then(|| FieldCost {
                    unknown: Some(true),
                    ..FieldCost::default()
                })
        })
}

/// Reads the size of a results page. Where it depends on the device, the smallest one counts.
fn pages(lower: &str) -> Option<FieldCost> {
    let page = |page| FieldCost {
        page: Some(page),
        ..FieldCost::default()
    };
    if after(lower, &["charged for each page crawled"]).is_some() {
        return Some(page(1));
    }
    if let Some(rest) = after(lower, &["billed per each serp"]) {
        let sizes = rest.split("up to ").skip(1).filter_map(number);
        // A page has ten results unless stated otherwise.
        return Some(page(u32::try_from(sizes.min().unwrap_or(10)).ok()?));
    }
    let rest = after(lower, &["billed per each "])?;
    let size = rest.split(' ').next()?.parse().ok()?;
    rest.contains("results").then(|| page(size))
}

/// Reads a factor, and when it applies.
fn factor(sentence: &str, lower: &str) -> Option<FieldCost> {
    let times = |times| FieldCost {
        times: Some(times),
        ..FieldCost::default()
    };
    if let Some(rest) = after(lower, &["the charge per task will be multiplied by "]) {
        let factor = u32::try_from(number(rest)?).ok()?;
        return Some(conditions(sentence, times(factor)));
    }
    let twice = [
        "charged double the",
        "charged two times the",
        "task will be doubled",
    ];
    if twice.iter().any(|words| lower.contains(words)) {
        return Some(times(2));
    }
    lower.contains("charged three times the").then(|| times(3))
}

/// Reads the condition in front of a factor.
fn conditions(sentence: &str, cost: FieldCost) -> FieldCost {
    let condition = |phrase| {
        let text = after(sentence, &[phrase])?;
        Some(text.rsplit_once(", the charge")?.0)
    };
    if let Some(text) = condition("contains such parameters as ") {
        let parts = text.split(',').map(|part| unquoted(part).to_owned());
        return FieldCost {
            contains: parts.filter(|part| !part.is_empty()).collect(),
            ..cost
        };
    }
    if let Some(text) = condition("a value that is different from ") {
        return FieldCost {
            unless: vec![unquoted(text).to_owned()],
            ..cost
        };
    }
    match condition("if you specify ").and_then(super::text::listed) {
        Some(values) => FieldCost { values, ..cost },
        None => cost,
    }
}

/// Reads that the price is charged once more. The amounts are the prices of a task without options.
fn once_more(lower: &str) -> Option<FieldCost> {
    let phrases = [
        "charged for one extra request",
        "charged extra $0.002 ",
        "charged extra $0.0006 ",
        "billed $0.002 extra for each request",
        "billed $0.0006 extra for each request",
        "billed $0.0006-$0.0012 extra ",
    ];
    phrases
        .iter()
        .any(|words| lower.contains(words))
        .then(|| FieldCost {
            adds: Some(1),
            ..FieldCost::default()
        })
}

/// Reads an amount per unit: `$0.00015 extra for each click`.
fn each(lower: &str) -> Option<FieldCost> {
    let (amount, unit) = after(lower, &["billed $"])?.split_once(" extra for each ")?;
    let each = amount.parse().ok().filter(|_| unit.starts_with("click"))?;
    Some(FieldCost {
        each: Some(each),
        ..FieldCost::default()
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::charge;

    fn read(sentence: &str) -> Value {
        let cost = charge(sentence);
        let Value::Object(mut map) = serde_json::to_value(cost).unwrap() else {
            return Value::Null;
        };
        map.retain(|_, value| !value.is_null());
        map.into()
    }

    #[test]
    fn a_sentence_states_a_cost() {
        for (sentence, cost) in [
            (
                "You are billed per each SERP with up to 25 hits",
                json!({"page": 25}),
            ),
            (
                "billed per each SERP with up to 20 hits on desktop and up to 10 on mobile",
                json!({"page": 10}),
            ),
            ("You are billed per each SERP", json!({"page": 10})),
            ("billed per each 18 organic results", json!({"page": 18})),
            (
                "you are charged for each page crawled (10 per page)",
                json!({"page": 1}),
            ),
            ("you are charged double the price", json!({"times": 2})),
            ("the cost of a task will be doubled", json!({"times": 2})),
            ("charged three times the usual rate", json!({"times": 3})),
            (
                "if so, the charge per task will be multiplied by 7",
                json!({"times": 7}),
            ),
            (
                "a query that contains such parameters as apple juice, the charge per task will be multiplied by 7",
                json!({"times": 7, "contains": ["apple juice"]}),
            ),
            (
                "for a value that is different from 2W, the charge per task will be multiplied by 7",
                json!({"times": 7, "unless": ["2W"]}),
            ),
            (
                "if you specify near or far, the charge per task will be multiplied by 7",
                json!({"times": 7, "values": ["near", "far"]}),
            ),
            ("you are charged extra $0.002 for this", json!({"adds": 1})),
            (
                "billed $0.0006-$0.0012 extra for a search",
                json!({"adds": 1}),
            ),
            ("you are charged for one extra request", json!({"adds": 1})),
            (
                "billed $0.00015 extra for each click",
                json!({"each": 0.00015}),
            ),
            ("additional charges will apply", json!({"unknown": true})),
        ] {
            assert_eq!(read(sentence), cost, "{sentence}");
        }
    }

    #[test]
    fn other_sentences_state_no_cost() {
        for sentence in [
            "the price of the product",
            "tasks with high priority are charged more",
            "you are charged for each request",
            "default value: 10",
        ] {
            assert_eq!(read(sentence), Value::Null, "{sentence}");
        }
    }
}
