//! Recognizing the rows of a result by the names that the API uses.

use dataforseo_spec::language::{FieldType, Fields, Paging, Rows};

/// The lists whose rows other endpoints filter before they compute their results: the section and the
/// group of such an endpoint, the field of its task, and the endpoint of the list.
const FILTERED: [(&str, &str, &str); 4] = [
    (
        "/v3/backlinks/",
        "backlinks_filters",
        "backlinks/backlinks/live",
    ),
    (
        "/v3/content_analysis/",
        "initial_dataset_filters",
        "content_analysis/search/live",
    ),
    (
        "/v3/ai_optimization/llm_mentions/",
        "initial_dataset_filters",
        "ai_optimization/llm_mentions/search_mentions/live",
    ),
    (
        "/v3/domain_analytics/technologies/technologies_summary/",
        "filters",
        "domain_analytics/technologies/domains_by_technology/live",
    ),
];

/// Sets `over` of the filters that apply to the rows of another endpoint.
pub fn filter_other_rows(path: &str, task: &mut Fields) {
    for (folder, field, endpoint) in FILTERED {
        if path.starts_with(folder)
            && path.trim_start_matches("/v3/") != endpoint
            && let Some(field) = task.get_mut(field)
        {
            field.over = Some(endpoint.to_owned());
        }
    }
}

/// Returns the rows of a result; `None` if it has no list of rows that needs a description.
pub fn rows(task: &Fields, result: &Fields, notes: &mut Vec<String>) -> Option<Rows> {
    let Some(items) = result.get("items") else {
        return keyword_results(task, result);
    };
    if items.kind != FieldType::List || items.of != Some(FieldType::Object) {
        return None;
    }
    let lists = task.contains_key("limit") && task.contains_key("offset");
    let token = task
        .keys()
        .find(|name| name.ends_with("_token") && result.contains_key(*name));
    let max_offset = task
        .get("offset")
        .and_then(|offset| offset.max.as_ref()?.as_u64())
        .and_then(|max| u32::try_from(max).ok());
    let paging = match max_offset {
        Some(max_offset) if lists && result.contains_key("total_count") => Some(Paging {
            max_offset,
            token: token.cloned(),
        }),
        _ => {
            if lists {
                notes.push(
                    "the largest `offset` is not stated: write `rows.paging` by hand".to_owned(),
                );
            }
            None
        }
    };
    let per_target = task
        .get("targets")
        .is_some_and(|targets| targets.kind == FieldType::List);
    let target = ["target", "url"]
        .into_iter()
        .find(|name| per_target && items.fields.contains_key(*name));
    let keyed_by = items
        .fields
        .iter()
        .find(|(_, field)| {
            field.kind == FieldType::Map
                && matches!(field.of, Some(FieldType::Object | FieldType::List))
        })
        .map(|(name, _)| name.clone());
    let filtered = task
        .values()
        .filter(|field| field.over.is_none())
        .any(|field| matches!(field.kind, FieldType::Filters | FieldType::Order));
    let keyword = per_keyword(task, &items.fields);
    if paging.is_none() && target.is_none() && keyword.is_none() && !filtered {
        return None;
    }
    Some(Rows {
        at: "items".to_owned(),
        keyed_by,
        paging,
        target: target.map(str::to_owned),
        keyword,
    })
}

/// Returns the rows of a result whose elements are themselves the rows: one per keyword.
fn keyword_results(task: &Fields, result: &Fields) -> Option<Rows> {
    let keyword = per_keyword(task, result)?;
    Some(Rows {
        at: Rows::WHOLE_RESULT.to_owned(),
        keyed_by: None,
        paging: None,
        target: None,
        keyword: Some(keyword),
    })
}

/// Returns the field of a row that names its keyword, if a task requires a list of keywords.
fn per_keyword(task: &Fields, row: &Fields) -> Option<String> {
    let keywords = task.get("keywords")?;
    let is_list = keywords.kind == FieldType::List && keywords.of == Some(FieldType::String);
    let keyword = row.get("keyword")?;
    (is_list && keywords.required == Some(true) && keyword.kind == FieldType::String)
        .then(|| "keyword".to_owned())
}

#[cfg(test)]
mod tests {
    use dataforseo_spec::language::Field;

    use super::*;

    #[test]
    fn results_that_name_a_keyword_are_rows() {
        let mut keywords = Field::new(FieldType::List);
        (keywords.of, keywords.required) = (Some(FieldType::String), Some(true));
        let mut task: Fields = [("keywords".to_owned(), keywords)].into();
        let result: Fields = [("keyword".to_owned(), Field::new(FieldType::String))].into();
        let found = rows(&task, &result, &mut Vec::new()).unwrap();
        assert_eq!(
            (found.at.as_str(), found.keyword.as_deref()),
            ("result", Some("keyword"))
        );
        task["keywords"].required = None;
        assert_eq!(rows(&task, &result, &mut Vec::new()), None);
    }
}
