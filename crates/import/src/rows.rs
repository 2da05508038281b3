//! Recognizing the rows of a result by the names that the API uses.

use dataforseo_spec::language::{FieldType, Fields, Paging, ResultObject, Rows};

/// Returns the rows of a result; `None` if it has no list of rows that needs a description.
pub fn rows(task: &Fields, result: &ResultObject, notes: &mut Vec<String>) -> Option<Rows> {
    let items = result.fields.get("items")?;
    if items.kind != FieldType::List || items.of != Some(FieldType::Object) {
        return None;
    }
    let lists = task.contains_key("limit") && task.contains_key("offset");
    let token = task
        .keys()
        .find(|name| name.ends_with("_token") && result.fields.contains_key(*name));
    let max_offset = task
        .get("offset")
        .and_then(|offset| offset.max.as_ref()?.as_u64())
        .and_then(|max| u32::try_from(max).ok());
    let paging = match max_offset {
        Some(max_offset) if lists && result.fields.contains_key("total_count") => Some(Paging {
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
        .any(|field| matches!(field.kind, FieldType::Filters | FieldType::Order));
    if paging.is_none() && target.is_none() && !filtered {
        return None;
    }
    Some(Rows {
        at: "items".to_owned(),
        keyed_by,
        paging,
        target: target.map(str::to_owned),
    })
}
