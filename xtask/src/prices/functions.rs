//! Which line of a rate card belongs to an endpoint.
//!
//! A card names functions: section, function and method. A name often leaves out a part of the
//! path, such as the search engine: `serp/live/advanced` covers all engines, `serp/jobs/task_post`
//! one of them. It can join two parts: `on_page/content_parsing_live`.

/// The parts of a path that name a method. A function of another method is not the endpoint's.
const METHODS: [&str; 5] = [
    "live",
    "task_post",
    "task_get",
    "tasks_ready",
    "tasks_fixed",
];

/// The function of an endpoint in a rate card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Function<'a> {
    /// The name in the card.
    Found(&'a str),
    /// Several names fit equally well.
    Ambiguous(Vec<&'a str>),
    /// No name fits.
    Missing,
}

/// Finds the function of an endpoint: the name that covers the most parts of its path.
///
/// A name covers parts if its own parts occur in the path in order, the first one at the beginning.
/// All methods of the path must be covered.
pub fn find<'a>(path: &str, names: impl IntoIterator<Item = &'a str>) -> Function<'a> {
    let parts: Vec<&str> = path
        .split('/')
        .skip(2)
        .filter(|part| !part.starts_with('{'))
        .collect();
    let mut best = Vec::new();
    let mut most = 1;
    for name in names {
        let of_name: Vec<&str> = name.split('/').collect();
        let Some(covered) = cover(&of_name, &parts, true) else {
            continue;
        };
        if covered > most {
            most = covered;
            best.clear();
        }
        if covered == most && most > 1 && !best.contains(&name) {
            best.push(name);
        }
    }
    match best.as_slice() {
        [] => Function::Missing,
        [name] => Function::Found(name),
        _ => Function::Ambiguous(best),
    }
}

/// Returns the largest number of parts of a path that a name covers. `None` if it does not fit.
fn cover(name: &[&str], parts: &[&str], is_first: bool) -> Option<usize> {
    let [first, rest @ ..] = name else {
        let is_covered = !parts.iter().any(|part| METHODS.contains(part));
        return is_covered.then_some(0);
    };
    let mut best = None;
    for start in 0..parts.len() {
        let skipped = &parts[..start];
        if (is_first && start > 0) || skipped.iter().any(|part| METHODS.contains(part)) {
            break;
        }
        let mut joined = String::new();
        for end in start + 1..=parts.len() {
            if !joined.is_empty() {
                joined.push('_');
            }
            joined.push_str(parts[end - 1]);
            if joined == *first
                && let Some(covered) = cover(rest, &parts[end..], false)
            {
                best = best.max(Some(end - start + covered));
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::{Function, find};

    const NAMES: [&str; 14] = [
        "ai_optimization/llm_responses/live",
        "keywords_data/search_volume/task_post",
        "keywords_data/bing/search_volume/live",
        "keywords_data/locations",
        "on_page/content_parsing",
        "on_page/content_parsing_live",
        "on_page/lighthouse/task_get",
        "on_page/task_post",
        "serp/jobs/task_post",
        "serp/live/advanced",
        "serp/task_post",
        "serp/tasks_ready",
        "x/a/live",
        "x/b/live",
    ];

    #[test]
    fn the_most_specific_function_is_that_of_an_endpoint() {
        for (path, function) in [
            ("ai_optimization/chat_gpt/llm_responses/live", NAMES[0]),
            ("keywords_data/bing/search_volume/task_post", NAMES[1]),
            ("keywords_data/bing/search_volume/live", NAMES[2]),
            ("keywords_data/google_ads/locations/{country}", NAMES[3]),
            ("on_page/content_parsing", NAMES[4]),
            ("on_page/content_parsing/live", NAMES[5]),
            ("on_page/lighthouse/task_get/json/{id}", NAMES[6]),
            ("serp/google/jobs/task_post", NAMES[8]),
            ("serp/google/organic/live/advanced", NAMES[9]),
            ("serp/google/organic/task_post", NAMES[10]),
            ("serp/youtube/video_info/tasks_ready", NAMES[11]),
        ] {
            let found = find(&format!("/v3/{path}"), NAMES);
            assert_eq!(found, Function::Found(function), "{path}");
        }
    }

    #[test]
    fn a_function_of_another_method_does_not_fit() {
        for path in [
            "serp/google/organic/live/html",
            "keywords_data/bing/search_volume_history/live",
            "on_page/content_parsing/task_get/{id}",
            "serp/google/organic/tasks_fixed",
            "merchant/amazon/asin/task_post",
            "serp",
        ] {
            assert_eq!(
                find(&format!("/v3/{path}"), NAMES),
                Function::Missing,
                "{path}"
            );
        }
    }

    #[test]
    fn two_names_that_fit_equally_are_ambiguous() {
        let found = find("/v3/x/a/b/live", NAMES);
        assert_eq!(found, Function::Ambiguous(vec!["x/a/live", "x/b/live"]));
    }
}
