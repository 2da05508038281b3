//! The help of an endpoint, without the facts of the spec.

use std::fmt::Write as _;

use dataforseo_client::models::EndpointInfo;

/// The rows at the end of the help, which state facts about the endpoint.
const FACTS: [&str; 5] = ["Call", "Result", "Cost", "Limits", "Docs"];

/// Returns the help of an endpoint with its description, the flags of its fields and its facts left
/// out, so that it is the same after a change of the spec.
pub fn frame(help: &str) -> String {
    let (mut framed, mut section, mut is_field) = (String::from("DESCRIPTION\n\n"), "", false);
    let usage = help.find("Usage:").unwrap();
    for line in help[usage..].lines() {
        let is_flag = line.starts_with("      --");
        if !line.is_empty() && !line.starts_with(' ') {
            (section, is_field) = (line, false);
        } else if is_flag {
            is_field = section == "Task:" && !line.starts_with("      --task ");
            if is_field {
                continue;
            }
        }
        let fact = FACTS.iter().find(|it| line.starts_with(&format!("{it:8}")));
        match fact {
            _ if is_field => {}
            Some(fact) => writeln!(framed, "{fact:8}…").unwrap(),
            None if section == "Example:" && line.starts_with(' ') => {}
            None => writeln!(framed, "{line}").unwrap(),
        }
    }
    framed
}

/// Asserts that the help has a flag for each field of the endpoint's tasks, and its facts.
pub fn assert_fields(help: &str, endpoint: &EndpointInfo, per_target: &[&str]) {
    for rule in endpoint.task_rules {
        let flag = format!("\n      --{} ", rule.name.replace('_', "-"));
        let has_flag = help.contains(&flag);
        assert_eq!(has_flag, !per_target.contains(&rule.name), "{flag}\n{help}");
    }
}
