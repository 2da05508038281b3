//! Patterns for paths of endpoints.

/// Returns whether a path fits a pattern, in which `*` stands for any text.
pub fn fits(pattern: &str, path: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| path.strip_prefix(first)) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns_fit() {
        assert!(fits("*", "/v3/backlinks/index"));
        assert!(fits("/v3/backlinks/*", "/v3/backlinks/index"));
        assert!(fits("*/task_get/*/{id}", "/v3/serp/task_get/advanced/{id}"));
        assert!(!fits("/v3/backlinks/index", "/v3/backlinks/index/live"));
        assert!(!fits("/v3/serp/*", "/v3/backlinks/index"));
    }
}
