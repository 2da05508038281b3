//! The field `data` of a response's task: the task, with the names of the function that ran.
//!
//! Real responses name the function differently by section.

use serde_json::{Map, Value};

/// The path segments that name how an endpoint is called.
const MODES: [&str; 5] = [
    "live",
    "task_post",
    "tasks_ready",
    "tasks_fixed",
    "task_get",
];

/// The names of a function, as real responses have them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Names<'a> {
    api: &'a str,
    pub(crate) function: &'a str,
    pub(crate) se: Option<&'a str>,
    pub(crate) se_type: Option<&'a str>,
    /// Whether `data` has a device and an operating system.
    has_device: bool,
}

impl<'a> Names<'a> {
    /// Returns the names for the path of a request.
    pub(crate) fn of(path: &'a str) -> Self {
        let mut segments = path.trim_start_matches('/').split('/').skip(1);
        let api = segments.next().unwrap_or_default();
        let rest: Vec<&str> = segments.collect();
        let end = rest.iter().position(|segment| MODES.contains(segment));
        let (parts, mode) = rest.split_at(end.unwrap_or(rest.len()));
        let mode = mode.first().copied().unwrap_or_default();
        let function = parts.last().copied().unwrap_or(mode);
        let plain = Self {
            api,
            function,
            ..Self::default()
        };
        let Some(source) = parts.first().copied().filter(|_| parts.len() > 1) else {
            return plain;
        };
        let is_page = parts.len() == 2;
        let named = Self {
            se: Some(source),
            ..plain
        };
        match (api, source) {
            ("serp", _) if end.is_some() => Self {
                function: mode,
                se_type: Some(function),
                has_device: true,
                ..named
            },
            ("serp", _) | ("keywords_data" | "domain_analytics", _) => named,
            ("ai_optimization", "ai_keyword_data" | "llm_mentions")
            | ("business_data", "business_listings") => Self { se: None, ..named },
            ("ai_optimization", _) => Self {
                has_device: function == "llm_scraper",
                ..named
            },
            ("app_data" | "business_data" | "merchant", _) => Self {
                se_type: Some(function).filter(|_| is_page),
                has_device: is_page,
                ..named
            },
            ("dataforseo_labs", _) => Self {
                se: None,
                se_type: Some(source),
                ..named
            },
            _ => Self { se: None, ..named },
        }
    }
}

/// Returns the field `data` of the response to a task. The task is null for a GET.
pub fn data(path: &str, task: &Value) -> Map<String, Value> {
    let names = Names::of(path);
    let mut data = Map::new();
    data.insert("api".to_owned(), names.api.into());
    data.insert("function".to_owned(), names.function.into());
    for (key, value) in [("se", names.se), ("se_type", names.se_type)] {
        if let Some(value) = value {
            data.insert(key.to_owned(), value.into());
        }
    }
    let Some(task) = task.as_object() else {
        return data;
    };
    data.extend(task.clone());
    if names.has_device {
        let device = data.entry("device").or_insert_with(|| "desktop".into());
        let os = match device.as_str() {
            Some("mobile") => "android",
            _ => "windows",
        };
        data.entry("os").or_insert_with(|| os.into());
    }
    data
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// By section, as published responses have them.
    #[test]
    fn functions_are_named_as_in_real_responses() {
        let device = json!({"device": "desktop", "os": "windows"});
        for (path, names, has_device) in [
            (
                "backlinks/bulk_ranks/live",
                json!({"api": "backlinks", "function": "bulk_ranks"}),
                false,
            ),
            (
                "serp/google/organic/live/advanced",
                json!({"api": "serp", "function": "live", "se": "google", "se_type": "organic"}),
                true,
            ),
            (
                "serp/google/organic/task_get/regular/1",
                json!({"api": "serp", "function": "task_get", "se": "google", "se_type": "organic"}),
                true,
            ),
            (
                "serp/screenshot",
                json!({"api": "serp", "function": "screenshot"}),
                false,
            ),
            (
                "keywords_data/bing/keywords_for_keywords/live",
                json!({"api": "keywords_data", "function": "keywords_for_keywords", "se": "bing"}),
                false,
            ),
            (
                "dataforseo_labs/google/keyword_ideas/live",
                json!({"api": "dataforseo_labs", "function": "keyword_ideas", "se_type": "google"}),
                false,
            ),
            (
                "app_data/apple/app_info/task_post",
                json!({"api": "app_data", "function": "app_info", "se": "apple", "se_type": "app_info"}),
                true,
            ),
            (
                "app_data/apple/app_listings/search/live",
                json!({"api": "app_data", "function": "search", "se": "apple"}),
                false,
            ),
            (
                "business_data/business_listings/search/live",
                json!({"api": "business_data", "function": "search"}),
                false,
            ),
            (
                "merchant/amazon/sellers/live/advanced",
                json!({"api": "merchant", "function": "sellers", "se": "amazon", "se_type": "sellers"}),
                true,
            ),
            (
                "ai_optimization/chat_gpt/llm_responses/live",
                json!({"api": "ai_optimization", "function": "llm_responses", "se": "chat_gpt"}),
                false,
            ),
            (
                "ai_optimization/chat_gpt/llm_scraper/live/advanced",
                json!({"api": "ai_optimization", "function": "llm_scraper", "se": "chat_gpt"}),
                true,
            ),
            (
                "ai_optimization/llm_mentions/historical/live",
                json!({"api": "ai_optimization", "function": "historical"}),
                false,
            ),
            (
                "domain_analytics/technologies/technology_stats/live",
                json!({"api": "domain_analytics", "function": "technology_stats", "se": "technologies"}),
                false,
            ),
            (
                "content_analysis/summary/live",
                json!({"api": "content_analysis", "function": "summary"}),
                false,
            ),
            (
                "on_page/task_post",
                json!({"api": "on_page", "function": "task_post"}),
                false,
            ),
        ] {
            let mut expected = names;
            expected["tag"] = "t".into();
            if has_device {
                expected
                    .as_object_mut()
                    .into_iter()
                    .for_each(|map| map.extend(device.as_object().cloned().unwrap_or_default()));
            }
            let found = data(&format!("/v3/{path}"), &json!({"tag": "t"}));
            assert_eq!(Value::from(found), expected, "{path}");
        }
        let mobile = data(
            "/v3/serp/google/organic/task_post",
            &json!({"device": "mobile"}),
        );
        assert_eq!(mobile["os"], "android");
    }
}
