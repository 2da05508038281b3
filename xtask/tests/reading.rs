//! What the readers make of each form of page.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use common::{Workspace, page, wordpress};
use xtask::docs::{Page, read};

/// A page as a reviewer wants to see it: a line for each row, indented as it was.
fn show(page: &Page) -> String {
    let mut text = format!(
        "{:?} {} {}\nlink: {:?}\nrevised: {:?}\n",
        page.form, page.method, page.path, page.link, page.revised
    );
    text += &format!("intro: {:#?}\n", page.intro);
    for (name, table) in [("task", &page.task), ("result", &page.result)] {
        text += &format!("{name}:\n");
        for row in &table.rows {
            let indent = " ".repeat(row.depth);
            text += &format!(
                "  {indent}{} ({}; {})\n",
                row.name, row.type_word, row.place
            );
            for line in &row.lines {
                text += &format!("  {indent}    | {line}\n");
            }
        }
    }
    text += &format!(
        "request: {}\n",
        page.request_example.as_deref().unwrap_or("none")
    );
    text += &format!(
        "response: {}\n",
        page.response_example.as_deref().unwrap_or("none")
    );
    text += &format!("notes: {:#?}\n", page.notes);
    text
}

#[test]
fn html_in_wordpress_json() {
    insta::assert_snapshot!(show(&read(&wordpress(&page("widgets.html"))).unwrap()));
}

#[test]
fn plain_text_without_nesting() {
    insta::assert_snapshot!(show(&read(&page("widgets.txt")).unwrap()));
}

#[test]
fn plain_text_with_leading_spaces() {
    insta::assert_snapshot!(show(&read(&page("widgets-nested.txt")).unwrap()));
}

/// The same page in two forms has the same fingerprints where it says the same.
#[test]
fn forms_agree_on_wording() {
    let html = read(&wordpress(&page("widgets.html"))).unwrap();
    let text = read(&page("widgets.txt")).unwrap();
    let row = |page: &Page, name: &str| {
        let row = page.task.rows.iter().find(|row| row.name == name).unwrap();
        xtask::import::draft::fingerprint(&row.lines)
    };
    assert_eq!(row(&html, "tag"), row(&text, "tag"));
    assert_ne!(row(&html, "tag"), row(&text, "mode"));
}

#[test]
fn bad_pages_get_clear_errors() {
    let html = page("widgets.html");
    let json = wordpress(&html);
    let with = |from: &str, to: &str| {
        assert!(html.contains(from), "{from}");
        wordpress(&html.replacen(from, to, 1))
    };
    let cases = [
        ("truncated JSON", json[..json.len() / 2].to_owned()),
        ("JSON of another kind", r#"{"swagger": "2.0"}"#.to_owned()),
        ("a list", "[]".to_owned()),
        (
            "HTML without tables",
            wordpress("<p>POST https://api.dataforseo.com/v3/backlinks/widgets/live</p>"),
        ),
        ("no endpoint", wordpress("<p>Nothing here</p>")),
        (
            "another site",
            json.replace(
                "https://docs.dataforseo.com/v3/",
                "https://docs.example.com/",
            ),
        ),
        (
            "an unknown type word",
            with("<td>integer</td>", "<td>intger</td>"),
        ),
        (
            "a first row that is indented",
            with(
                "<td><code>version</code>",
                "<td>&nbsp;&nbsp;<code>version</code>",
            ),
        ),
        (
            "a field inside a string",
            with(
                "<td><code>beta</code></td><td>boolean</td>",
                "<td>&nbsp;<code>beta</code></td><td>string</td>",
            ),
        ),
        (
            "duplicate fields",
            with("<code>limit</code>", "<code>mode</code>"),
        ),
        (
            "no result",
            with(
                "<strong><code>result</code></strong>",
                "<code>results</code>",
            ),
        ),
        (
            "an endpoint that is not live",
            json.replace("widgets/live", "widgets/task_post"),
        ),
        (
            "another section",
            json.replace("v3/backlinks/widgets", "v3/widgets/all"),
        ),
        ("empty", " \n".to_owned()),
        ("text of something else", "The quick brown fox.".to_owned()),
        (
            "text without tables",
            "POST https://api.dataforseo.com/v3/backlinks/widgets/live".to_owned(),
        ),
    ];
    let mut all = String::new();
    for (what, content) in cases {
        let workspace = Workspace::new();
        all += &format!("--- {what}\n{}\n", workspace.refusal(&content));
        assert!(
            !workspace.path().join("spec/backlinks").exists(),
            "{what}: a file was written"
        );
    }
    insta::assert_snapshot!(all);
}

/// Whatever is cut off or thrown away, reading gives a page or an error, never a panic.
#[test]
fn no_prefix_of_a_page_makes_the_readers_panic() {
    let json = wordpress(&page("widgets.html"));
    let html = page("widgets.html");
    let text = page("widgets.txt");
    for cut in (0..html.len())
        .filter(|cut| html.is_char_boundary(*cut))
        .step_by(37)
    {
        let _ = Workspace::new().import(&wordpress(&html[..cut]));
    }
    for cut in (0..text.len())
        .filter(|cut| text.is_char_boundary(*cut))
        .step_by(11)
    {
        let _ = Workspace::new().import(&text[..cut]);
    }
    for cut in (0..json.len())
        .step_by(97)
        .filter(|cut| json.is_char_boundary(*cut))
    {
        let _ = read(&json[..cut]);
    }
}
