//! The results of the readers for each form of a page.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use common::ImportPage;
use dataforseo_import::docs::{Page, read};
use dataforseo_spec::language::{Endpoint, Fields, Mode};
use dataforseo_spec::load::parse;
use dataforseo_test_support::{Workspace, page, wordpress};

/// Returns a page as text for review: one line per row, with its indentation.
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
                row.name, row.type_word, row.location
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
fn markdown_of_a_tool() {
    insta::assert_snapshot!(show(&read(&page("widgets.md")).unwrap()));
}

/// Returns the paths of all fields of the result in an endpoint's file.
fn result_of(workspace: &Workspace, file: &str) -> Vec<String> {
    fn add(fields: &Fields, at: &str, all: &mut Vec<String>) {
        for (name, field) in fields {
            let path = format!("{at}{name}");
            all.push(path.clone());
            add(field.inner(), &format!("{path}."), all);
        }
    }
    let endpoint = parse::<Endpoint>(file, &workspace.read(file))
        .unwrap()
        .content;
    let mut all = Vec::new();
    add(&endpoint.result.unwrap().fields, "", &mut all);
    all
}

/// Returns a page as plain text without nesting, with rows in `result` and the example of a result.
fn flat_page(rows: &[(&str, &str)], example: Option<&str>) -> String {
    let example = example.map_or_else(String::new, |example| {
        format!(
            "returns JSON structured like this:\n{{\"tasks\": [{{\"result\": [{example}]}}]}}\n"
        )
    });
    let mut page = format!(
        "curl --location --request POST \"https://api.dataforseo.com/v3/backlinks/widgets/live\"\n{example}\
         Description of the fields for setting a task:\nField name\nType\nDescription\ntag\nstring\n\
         a mark\noptional field\nDescription of the fields in the results array:\nField name\nType\n\
         Description\nversion\nstring\nv\ntasks\narray\nt\nresult\narray\nr\n"
    );
    for (name, type_word) in rows {
        page += &format!("{name}\n{type_word}\nwords\n");
    }
    page
}

const FLAT_FILE: &str = "spec/backlinks/widgets_live.yaml";

/// Without spec and example, an object contains the rows below it up to the next object, and a name
/// that occurs again belongs inside the list above. The report states each guess.
#[test]
fn the_nesting_of_plain_text_is_guessed_and_noted() {
    let workspace = Workspace::new();
    let rows = [
        ("items", "array"),
        ("size", "object"),
        ("width", "integer"),
        ("real_size", "object"),
        ("width", "integer"),
    ];
    let report = workspace.import(&flat_page(&rows, None)).unwrap();
    assert_eq!(
        result_of(&workspace, FLAT_FILE),
        [
            "items",
            "items.size",
            "items.size.width",
            "items.real_size",
            "items.real_size.width"
        ]
    );
    let guesses = report
        .notes
        .iter()
        .filter(|note| note.contains("shows no nesting"));
    assert_eq!(guesses.count(), 5, "{report}");

    let workspace = Workspace::new();
    let rows = [
        ("name", "string"),
        ("parts", "array"),
        ("color", "string"),
        ("name", "string"),
    ];
    workspace.import(&flat_page(&rows, None)).unwrap();
    assert_eq!(
        result_of(&workspace, FLAT_FILE),
        ["name", "parts", "parts.color", "parts.name"]
    );
}

/// The example on the page shows the nesting that plain text and Markdown lack.
#[test]
fn the_example_determines_the_nesting_of_plain_text() {
    let workspace = Workspace::new();
    let rows = [
        ("info", "object"),
        ("server", "string"),
        ("links", "integer"),
        ("parts", "array"),
        ("links", "integer"),
        ("colors", "array"),
        ("total", "integer"),
    ];
    let example = r#"{"info": {"server": "a"}, "links": 1, "parts": [{"links": 2, "colors": ["red"]}], "total": 3}"#;
    let report = workspace.import(&flat_page(&rows, Some(example))).unwrap();
    assert_eq!(
        result_of(&workspace, FLAT_FILE),
        [
            "info",
            "info.server",
            "links",
            "parts",
            "parts.links",
            "parts.colors",
            "total"
        ]
    );
    let guesses = report
        .notes
        .iter()
        .filter(|note| note.contains("shows no nesting"));
    assert_eq!(guesses.count(), 0, "{report}");
}

/// The elements of a list can have several kinds, each with a heading or a tag of its own.
#[test]
fn kinds_of_elements_are_read_and_reported() {
    let row = |name: &str, about: &str| {
        let indent = " ".repeat(20);
        format!("<tr><td>{indent}<code>{name}</code></td><td>string</td><td>{about}</td></tr>")
    };
    let heading = "<tr><td colspan=\"3\"><strong>‘disc’ element of the list</strong></td></tr>";
    let rows =
        heading.to_owned() + &row("type", "type of element = ‘disc’") + &row("radius", "words");
    let html = page("widgets.html");
    let at = html.find("<code>extra</code>").unwrap();
    let row = html[..at].rfind("<tr").unwrap();
    let html = format!("{}{rows}{}", &html[..row], &html[row..]);
    let workspace = Workspace::new();
    let report = workspace.import(&wordpress(&html)).unwrap();
    let kinds = "result.items: the page describes 2 kinds of elements (widget, disc)";
    assert!(
        report.notes.iter().any(|note| note.starts_with(kinds)),
        "{report}"
    );
    assert!(result_of(&workspace, FLAT_FILE).contains(&"items.radius".to_owned()));
}

/// Returns a page of a GET with a path, and a response example with a path.
fn page_of_get(path: &str, called: &str) -> String {
    let parts: Vec<&str> = called.trim_matches('/').split('/').collect();
    let example = serde_json::json!({"tasks": [{"path": parts, "result": [{"code": 1}]}]});
    wordpress(&format!(
        "<div class=\"endpoint\">GET <button>https://api.dataforseo.com{path}</button></div>\
         <p>Lists places. You can make up to 20 API calls per minute.</p>\
         <p>The above command returns JSON structured like this:</p>\
         <pre><code class=\"language-json\">{example}</code></pre>\
         <p>Description of the fields in the results array:</p><table>\
         <tr><td>version</td><td>string</td><td>v</td></tr><tr><td>tasks</td><td>array</td><td>t</td></tr>\
         <tr><td>&nbsp; &nbsp; result</td><td>array</td><td>r</td></tr>\
         <tr><td>&nbsp; &nbsp; &nbsp; &nbsp; code</td><td>integer</td><td>c</td></tr></table>"
    ))
}

/// A parameter of the path is part of the name of the file, and the example becomes a fixture.
#[test]
fn a_path_with_a_parameter_has_a_file_of_its_own() {
    for parameter in ["{country}", "$country", "${country}"] {
        let workspace = Workspace::new();
        let path = format!("/v3/backlinks/places/{parameter}");
        let report = workspace
            .import(&page_of_get(&path, "/v3/backlinks/places/us"))
            .unwrap();
        let file = "spec/backlinks/places_by_country.yaml";
        assert_eq!(report.spec_file, file);
        let endpoint = parse::<Endpoint>(file, &workspace.read(file))
            .unwrap()
            .content;
        assert_eq!(endpoint.path, "/v3/backlinks/places/{country}");
        assert_eq!(endpoint.parameters["country"].required, Some(true));
        assert_eq!(endpoint.limits.calls_per_minute, Some(20));
        assert!(endpoint.task.is_none());
        let fixture =
            "crates/mock-server/fixtures/v3/backlinks/places/{country}/documentation.json";
        let fixture: serde_json::Value = serde_json::from_str(&workspace.read(fixture)).unwrap();
        assert_eq!(
            fixture["request"],
            serde_json::json!({"method": "GET", "path": "/v3/backlinks/places/us"})
        );
    }
}

/// An object can be of several kinds, too.
#[test]
fn kinds_of_an_object_are_read_and_reported() {
    let row = |name: &str, depth: usize, type_word: &str, about: &str| {
        let indent = " ".repeat(depth);
        format!("<tr><td>{indent}{name}</td><td>{type_word}</td><td>{about}</td></tr>")
    };
    let rows = row("part", 8, "object", "words")
        + &row("type", 16, "string", "type of element = ‘disc’")
        + &row("radius", 16, "integer", "words")
        + &row("type", 16, "string", "type of element = ‘ring’")
        + &row("width", 16, "integer", "words");
    let path = "/v3/backlinks/parts";
    let page = page_of_get(path, path).replace("</table>", &(rows + "</table>"));
    let workspace = Workspace::new();
    let report = workspace.import(&page).unwrap();
    let kinds = "result.part: the page describes 2 kinds of elements (disc, ring)";
    assert!(
        report.notes.iter().any(|note| note.starts_with(kinds)),
        "{report}"
    );
}

/// The mode follows from the path. A page can show the identifier of a task in its example only.
#[test]
fn pages_of_all_modes_are_read() {
    let id = "11081554-0696-0066-0000-27e68ec15871";
    for (path, file, mode) in [
        (
            "/v3/backlinks/a/tasks_ready".to_owned(),
            "a_tasks_ready",
            Mode::TasksReady,
        ),
        (
            "/v3/backlinks/a/task_get/regular".to_owned(),
            "a_task_get_regular",
            Mode::TaskGet,
        ),
        (
            format!("/v3/backlinks/a/task_get/{id}"),
            "a_task_get",
            Mode::TaskGet,
        ),
        (
            "/v3/backlinks/a/tasks_fixed".to_owned(),
            "a_tasks_fixed",
            Mode::TasksFixed,
        ),
    ] {
        let workspace = Workspace::new();
        let report = workspace.import(&page_of_get(&path, &path)).unwrap();
        let file = format!("spec/backlinks/{file}.yaml");
        let endpoint = parse::<Endpoint>(&file, &workspace.read(&file))
            .unwrap()
            .content;
        assert_eq!(endpoint.mode, mode);
        assert_eq!(
            endpoint.parameters.contains_key("id"),
            mode == Mode::TaskGet
        );
        assert!(report.not_understood.is_empty(), "{report}");
    }
}

#[test]
fn plain_text_with_leading_spaces() {
    insta::assert_snapshot!(show(&read(&page("widgets-nested.txt")).unwrap()));
}

/// Values on lines of their own are not fields, even if one resembles a type.
#[test]
fn a_list_of_values_is_no_list_of_fields() {
    let text = page("widgets.txt").replacen(
        "possible values: as_is, one_per_page",
        "possible values:\nmagazine\nbook\nstrong",
        1,
    );
    let read = read(&text).unwrap();
    assert_eq!(read.task.rows.len(), 3);
    assert_eq!(
        read.task.rows[1].lines[2..5],
        ["magazine", "book", "strong"]
    );
}

/// An unclosed tag around both tables changes nothing.
#[test]
fn an_unclosed_tag_hides_nothing() {
    let html = page("widgets.html");
    let unclosed = html.replacen("All tasks go in", "<strong>All tasks go in", 1);
    assert_ne!(html, unclosed);
    let (whole, torn) = (
        read(&wordpress(&html)).unwrap(),
        read(&wordpress(&unclosed)).unwrap(),
    );
    assert_eq!(whole.task, torn.task);
    assert_eq!(whole.result, torn.result);
}

/// A list of one page, as the search returns it, and text of an editor, are accepted.
#[test]
fn forms_in_another_wrapping() {
    let json = wordpress(&page("widgets.html"));
    assert_eq!(read(&format!("[{json}]")), read(&json));
    let text = page("widgets.txt");
    let spaced = read(&text.replace('\n', "\r\n\r\n")).unwrap();
    let plain = read(&text).unwrap();
    let names = |page: &Page| {
        page.result
            .rows
            .iter()
            .map(|row| row.name.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&spaced), names(&plain));
    assert_eq!(spaced.task.rows[0].location, "line 39");
}

/// The same page in two forms has the same fingerprints for equal texts.
#[test]
fn forms_agree_on_wording() {
    let html = read(&wordpress(&page("widgets.html"))).unwrap();
    let text = read(&page("widgets.txt")).unwrap();
    let row = |page: &Page, name: &str| {
        let row = page.task.rows.iter().find(|row| row.name == name).unwrap();
        dataforseo_import::draft::fingerprint(&row.lines)
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
        ("a list of none", "[]".to_owned()),
        ("a list of two", format!("[{json}, {json}]")),
        (
            "a type that text does not know",
            page("widgets.txt")
                .replace("\nstring\nversion\n", "\nint\nversion\n")
                .replace("\ninteger\nhow many", "\narray of integers\nhow many"),
        ),
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
                "<td>&nbsp; &nbsp; <code>beta</code></td><td>string</td>",
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
            "an overview",
            wordpress("<h2>Widgets API</h2><p>Call GET https://api.dataforseo.com/v3/backlinks/widgets/all for all of them.</p>"),
        ),
        ("Markdown that is an overview", "[Menu](https://docs.dataforseo.com/v3/backlinks/widgets/?bash#)\n\n## Widgets\n\nWords.\n".to_owned()),
        ("Markdown that is cut off", "[Menu](https://docs.dataforseo.com/v3/backlinks/widgets/live/?bash#)\n\n\u{2026}\n| `time` | string | _seconds_ |\n".to_owned()),
        (
            "another section",
            json.replace("v3/backlinks/widgets", "v3/widgets/all"),
        ),
        (
            "a path that leads elsewhere",
            json.replace("backlinks/widgets/live", "backlinks/../../evil/live"),
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

/// Reading a damaged page returns a page or an error, and does not panic.
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

/// Sentences of pages, and the facts in them. A sentence without a complete value of the field's
/// type is listed.
#[test]
fn facts_are_accepted_whole_or_not_at_all() {
    let cases: [(&str, &[&str]); 35] = [
        (
            "integer",
            &["the maximum value is 20,000, use a token beyond"],
        ),
        ("integer", &["the maximum value is 20,000"]),
        ("integer", &["default value: 100; minimum value: 1"]),
        ("integer", &["default value: none"]),
        ("integer", &["can be set from 1 to 1000"]),
        ("integer", &["from 1 to 4"]),
        ("float", &["maximum value: 9.5"]),
        (
            "boolean",
            &["possible values: true, false; default value: false"],
        ),
        ("boolean", &["default value: yes"]),
        ("string", &["Default value: US_East"]),
        ("string", &["default value: the name of the site"]),
        (
            "string",
            &["minimum value equals today’s date -(minus) three months"],
        ),
        (
            "string",
            &[
                "if mode is a, maximum value: 2019-01-01",
                "if mode is b, maximum value: 2020-01-01",
            ],
        ),
        (
            "string",
            &["maximum value: 2019-01-01", "maximum value: 2020-01-01"],
        ),
        ("string", &["in UTC: “yyyy-mm-dd”"]),
        ("string", &["possible values: US, GB. default value: GB"]),
        (
            "string",
            &[
                "possible grouping types:",
                "as_is – each",
                "one_per_page — one",
                "default value: as_is",
            ],
        ),
        ("string", &["possible values: small, large and huge"]),
        ("string", &["possible values: a word of yours, or none"]),
        ("string", &["possible values:", "see the other page"]),
        ("array", &["possible values: cms, wikis"]),
        ("object", &["each should be without https://"]),
        ("array", &["you can set up to 20 of them", "optional field"]),
        ("string", &["required field if mode is not set"]),
        (
            "string",
            &["if date_to is set, this becomes a required field"],
        ),
        ("string", &["this is not a required field"]),
        ("string", &["the site to look at required field"]),
        ("integer", &["when mode is as_is, the maximum value is 100"]),
        ("integer", &["maximum value: 1000, default value: 100"]),
        (
            "integer",
            &["the maximum value is 1000 for live tasks and 500 otherwise"],
        ),
        ("string", &["maximum value: yesterday"]),
        (
            "string",
            &["must be in the yyyy-mm-dd format and cannot be before 2019-01-30"],
        ),
        ("string", &["ISO: yyyy-mm-ddThh:mm:ss"]),
        ("string", &["without https:// and of at most 50 characters"]),
        ("boolean", &["default value: False"]),
    ];
    let mut all = String::new();
    for (type_word, lines) in cases {
        let owned: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        let prose = format!("{:?}", dataforseo_import::prose::read(type_word, &owned));
        let relations = dataforseo_import::prose::relations::Relations::default();
        let prose = prose
            .replace(", not_understood: []", "")
            .replace(&format!("relations: {relations:?}, "), "")
            .replace(", contested: []", "")
            .replace("values: [], ", "");
        let stated: Vec<&str> = prose
            .trim_start_matches("Prose { ")
            .trim_end_matches(" }")
            .split(", ")
            .filter(|fact| !fact.ends_with(": None"))
            .collect();
        all += &format!(
            "{type_word}: {}\n    {}\n",
            lines.join(" | "),
            stated.join(", ")
        );
    }
    insta::assert_snapshot!(all);
}

/// Constraints in the introduction do not belong to a field, so all are listed.
#[test]
fn constraints_in_the_introduction_are_listed() {
    let workspace = Workspace::new();
    let intro = "Counts widgets for up to 1000 sites. The sites cannot belong to more than 50 different domains. Up to 1000 sites, and all must be old.";
    let report = workspace
        .import(&page("widgets.txt").replacen("Counts widgets of a site.", intro, 1))
        .unwrap();
    assert_eq!(
        report.not_understood,
        [
            "the endpoint: The sites cannot belong to more than 50 different domains",
            "the endpoint: Up to 1000 sites, and all must be old",
        ]
    );
}

#[test]
fn a_response_example_in_plain_text() {
    let workspace = Workspace::new();
    let response = "returns JSON structured like this:\n{\n\"status_code\": 20000,\n\"tasks\": [\n{\n\"result\": [\n{\n}\n]\n}\n]\n}\n";
    let text = page("widgets.txt").replacen("returns JSON structured like this:\n", response, 1);
    workspace.import(&text).unwrap();
    let fixture =
        workspace.read("crates/mock-server/fixtures/v3/backlinks/widgets/live/documentation.json");
    let fixture: serde_json::Value = serde_json::from_str(&fixture).unwrap();
    assert_eq!(
        fixture["response"]["body"],
        serde_json::json!({"status_code": 20000, "tasks": [{"result": [{}]}]})
    );

    let report = Workspace::new()
        .import(&text.replacen("}\n]\n}\n]\n}\n", "}\n]\r\r\né", 1))
        .unwrap();
    assert!(
        report
            .notes
            .iter()
            .any(|note| note.starts_with("the response example is not JSON")),
        "{report}"
    );
}
