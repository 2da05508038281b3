//! Fuzz targets for all inputs: pages in both forms, the vendor's OpenAPI file, and the files of
//! the spec.
//!
//! `cargo test` runs a fixed number of inputs per target. `cargo bolero test -p dataforseo-import`
//! has no limit. Most inputs are pages rendered from the spec, test pages, spec files and a
//! synthetic OpenAPI file, each after a few edits. Other inputs are composed of tokens that the
//! readers recognize.
//!
//! The kernel limits memory and time for all targets of this file together: 1 GiB of writable
//! memory, including thread stacks, and five minutes of CPU time. A counting allocator would
//! require unsafe code. An input that exceeds a limit ends the test. Each target also asserts that
//! the output is in proportion to the input.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod common;

use std::fmt::Write as _;
use std::fs;
use std::sync::OnceLock;

use bolero::TypeGenerator;
use common::ImportPage;
use dataforseo_import::docs::nest::NestingHints;
use dataforseo_import::docs::{self, Page};
use dataforseo_import::draft::draft;
use dataforseo_import::{Options, openapi, prose};
use dataforseo_spec::language::{Api, Endpoint, Glossary, SharedTypes, StatusCodes};
use dataforseo_spec::load::{load, parse};
use dataforseo_spec::model;
use dataforseo_spec::{Scope, diagnostics::Diagnostics, write};
use dataforseo_test_support::render::{self, Quirks};
use dataforseo_test_support::{Workspace, fuzz, page, repository, wordpress};

/// The maximum writable memory of this process in bytes. A limit of address space would also count
/// unused reservations of allocators.
const MEMORY: u64 = 1 << 30;

/// The maximum CPU time in seconds.
const SECONDS: u64 = 300;

/// The number of inputs per test run, for fast targets.
const INPUTS: u64 = 400;

/// Sets the limits of this process in the kernel.
fn bounded() {
    static ONCE: OnceLock<()> = OnceLock::new();
    ONCE.get_or_init(|| {
        // The instrumentation of a fuzzer requires more.
        let instrumented = std::env::var_os("BOLERO_LIBFUZZER_ARGS").is_some();
        #[cfg(target_os = "linux")]
        if !instrumented {
            use nix::sys::resource::{Resource, getrlimit, setrlimit};
            for (resource, limit) in [
                (Resource::RLIMIT_DATA, MEMORY),
                (Resource::RLIMIT_CPU, SECONDS),
            ] {
                let (_, hard) = getrlimit(resource).unwrap();
                setrlimit(resource, limit.min(hard), hard).unwrap();
            }
        }
    });
}

/// A change to a text.
#[derive(Debug, TypeGenerator)]
enum Edit {
    Replace(u16, char),
    Delete(u16, u8),
    /// A token that the readers recognize.
    Put(u16, u8),
    /// A token that is repeated many times.
    Heap(u16, u8, u8),
    /// A copy of a line at another position.
    Copy(u16, u16),
    /// Removes the rest of the line.
    Line(u16),
    Cut(u16),
}

/// Returns a text after at most a few edits, since more would leave nothing recognizable.
fn edited(text: &str, edits: &[Edit], words: &[&str]) -> String {
    let mut text = text.to_owned();
    for edit in &edits[..edits.len() % 4] {
        // Texts can be longer than 65,536 bytes, so positions are scaled.
        let location = |at: u16| {
            let mut at = usize::from(at) * (text.len() + 1) / 65_536;
            while !text.is_char_boundary(at) {
                at += 1;
            }
            at
        };
        let line_at = |at: usize| {
            let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end + 1);
            (start, end)
        };
        match *edit {
            Edit::Replace(at, new) => {
                let at = location(at);
                if let Some(old) = text[at..].chars().next() {
                    text.replace_range(at..at + old.len_utf8(), &new.to_string());
                }
            }
            Edit::Delete(at, count) => {
                let at = location(at);
                let gone: usize = text[at..]
                    .chars()
                    .take(usize::from(count))
                    .map(char::len_utf8)
                    .sum();
                text.replace_range(at..at + gone, "");
            }
            Edit::Put(at, word) => {
                text.insert_str(location(at), words[usize::from(word) % words.len()])
            }
            Edit::Heap(at, word, times) => {
                let word = words[usize::from(word) % words.len()];
                text.insert_str(location(at), &word.repeat(2 * usize::from(times)));
            }
            Edit::Copy(from, to) => {
                let (start, end) = line_at(location(from));
                let line = text[start..end].to_owned();
                let (to, _) = line_at(location(to));
                text.insert_str(to, &line);
            }
            Edit::Line(at) => {
                let (_, end) = line_at(location(at));
                text.replace_range(location(at)..end, "");
            }
            Edit::Cut(at) => text.truncate(location(at)),
        }
    }
    text
}

/// Returns a text of pieces, each repeated.
fn assembled(pieces: &[(u8, u8, bool)], words: &[&str]) -> String {
    let mut text = String::new();
    for (word, times, many) in pieces.iter().take(12) {
        let word = words[usize::from(*word) % words.len()];
        let times = match many {
            true => 2 * usize::from(*times),
            false => 1 + usize::from(times % 3),
        };
        text += &word.repeat(times);
    }
    text
}

const HTML: [&str; 52] = [
    "<table>",
    "</table>",
    "<tbody>",
    "<tr>",
    "</tr>",
    "<td>",
    "</td>",
    "<th>",
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "<ul>",
    "<li>",
    "<br />",
    "<em>",
    "</em>",
    "<code>",
    "</code>",
    "<strong>",
    "<b id=x>",
    "<pre>",
    "</pre>",
    "<pre><code class=\"language-json\">",
    "<svg>",
    "<math>",
    "<template>",
    "<select>",
    "<!--",
    "-->",
    "<![CDATA[",
    "[vc_row]",
    "[vc_",
    "[",
    "]",
    "&nbsp;",
    "&#x0;",
    "&#8203;",
    "&lt;",
    "<td>string</td>",
    "<td>array</td>",
    "<td>object</td>",
    "<tr><td>x</td><td>array</td><td>y</td></tr>",
    "<tr><td>&nbsp;&nbsp;&nbsp;y</td><td>object</td><td>z</td></tr>",
    "<p>Description of the fields in the results array:</p>",
    "<p>Description of the fields for setting a task:</p>",
    "POST https://api.dataforseo.com/v3/backlinks/x/live",
    "--data-raw '[{",
    "}]'",
    "\n",
    " ",
    "é",
];

const TEXT: [&str; 58] = [
    "Field name\nType\nDescription\n",
    "targets\narray\n",
    "x\nstring\n",
    "items\narray\n",
    "tasks\narray\n",
    "result\narray\n",
    "info\nobject\n",
    "1\narray\n",
    "1\nobject\n",
    "y\nintger\n",
    "    x\nstring\n",
    "word\n",
    "string\n",
    "integer\n",
    "required field",
    "optional field",
    "required field if you don't specify ",
    "required field if ",
    " is specified",
    "possible values:\n",
    "possible values: ",
    "can take the values: ",
    "a, b and c\n",
    "a – b\n",
    "default value: ",
    "the default value is ",
    "minimum value: ",
    "maximum value equals ",
    "today's date -(minus) ",
    "one month",
    "99999999999999999999",
    "-0.0",
    "1e999",
    "20,000",
    "yyyy-mm-dd",
    "can be set from ",
    "from 1 to ",
    " to ",
    "you can set up to ",
    "up to 1000 ",
    "the character limit is ",
    "(8 filters maximum)",
    "cannot belong to more than ",
    " different domains",
    "example:\n",
    "e.g. ",
    "type of element = ",
    "POST https://api.dataforseo.com/v3/backlinks/x/live\n",
    "GET https://api.dataforseo.com/v3/backlinks/x\n",
    "--data-raw '[{\"x\": [",
    "]}]'\n",
    "The above command returns JSON structured like this:\n",
    "{\"tasks\": [{\"result\": [",
    "[",
    "{",
    "\n",
    ". ",
    "\u{a0}",
];

const YAML: [&str; 46] = [
    "fields:\n",
    "  fields:\n",
    "    x:\n",
    "      type: object\n",
    "type: string\n",
    "of: object\n",
    "of: list\n",
    "each:\n",
    "use: RankScale\n",
    "use: TargetInfo\n",
    "values: [a, a]\n",
    "values: {a: b}\n",
    "min: 1\n",
    "max: today - 1 month\n",
    "default: today - 99999 days\n",
    "required_unless: [x]\n",
    "not_after: x\n",
    "format: date\n",
    "max_items: 99999999999\n",
    "max_items: -1\n",
    "ident: type\n",
    "name: Self\n",
    "at: items\n",
    "keyed_by: x\n",
    "&a ",
    "*a ",
    "<<: *a\n",
    "- ",
    "? ",
    ": ",
    "|\n",
    ">-\n",
    "!!binary ",
    "--- \n",
    "...\n",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "\t",
    "\n",
    "  ",
    "\u{85}",
];

const OPENAPI: [&str; 40] = [
    "        type: object\n",
    "        properties:\n",
    "          x:\n",
    "            type: array\n",
    "            items:\n",
    "type: string\n",
    "          additionalProperties:\n",
    "$ref: '#/components/schemas/Widget'\n",
    "            $ref: '#/components/schemas/WidgetsResponseInfo'\n",
    "allOf:\n",
    "oneOf:\n",
    "- $ref: '#/components/schemas/WidgetsRequestInfo'\n",
    "discriminator:\n",
    "propertyName: type\n",
    "mapping:\n",
    "description: \"possible values: a, b\\ndefault value: a\"\n",
    "description: \"required field if x is specified\"\n",
    "example:\n",
    "nullable: true\n",
    "get:\n",
    "/v3/backlinks/../x:\n",
    "/v3/backlinks/x/{y}:\n",
    "/v3/backlinks/task_get/{id}:\n",
    "&a ",
    "*a ",
    "<<: *a\n",
    "- ",
    "? ",
    ": ",
    "|\n",
    ">-\n",
    "[",
    "]",
    "{",
    "}",
    "\"",
    "'",
    "#",
    "\n",
    "  ",
];

/// The committed spec.
struct Committed {
    api: Api,
    shared: SharedTypes,
    endpoints: Vec<Endpoint>,
    /// Returns the files of the spec with their names.
    files: Vec<(String, String)>,
}

fn committed() -> &'static Committed {
    static ONCE: OnceLock<Committed> = OnceLock::new();
    ONCE.get_or_init(|| {
        let root = repository();
        let mut files = Vec::new();
        for path in dataforseo_spec::files::files_below(&root.join("spec")).unwrap() {
            let name = path.strip_prefix(&root).unwrap().display().to_string();
            if name.ends_with(".yaml") {
                files.push((name, fs::read_to_string(path).unwrap()));
            }
        }
        let (spec, errors) = load(&root.join("spec"));
        assert!(errors.is_empty());
        let spec = spec.unwrap();
        let shared = spec.visible_types(&Scope::section("backlinks"));
        Committed {
            api: spec.api.content,
            shared,
            endpoints: spec
                .endpoints
                .into_iter()
                .filter(|endpoint| endpoint.scope == Scope::section("backlinks"))
                .map(|endpoint| endpoint.file.content)
                .collect(),
            files,
        }
    })
}

/// Returns the total length of the texts of a page.
fn length(page: &Page) -> usize {
    let rows = page.task.rows.iter().chain(&page.result.rows);
    let rows = rows.map(|row| {
        let lines: usize = row.lines.iter().map(String::len).sum();
        row.name.len() + row.type_word.len() + row.location.len() + lines
    });
    let all = [&page.intro, &page.notes].into_iter().flatten();
    rows.sum::<usize>() + all.map(String::len).sum::<usize>()
}

/// Checks that a page is read or rejected, with and without hints from the spec. The output is in
/// proportion to the input, and the written file reads back unchanged.
fn look(content: &str, endpoint: Option<&Endpoint>) {
    let committed = committed();
    let page = match docs::read(content) {
        Ok(page) => page,
        Err(refusal) => {
            let refusal = refusal.to_string();
            assert!(!refusal.is_empty());
            assert!(
                refusal.len() <= 1000 + 200 * content.len(),
                "{} bytes",
                refusal.len()
            );
            return;
        }
    };
    // Each row also has a location and a name.
    assert!(
        length(&page) <= 1000 + 20 * content.len(),
        "{}",
        length(&page)
    );
    let known = NestingHints::of(&committed.api, endpoint, Some(&committed.shared));
    let Ok(draft) = draft(&page, known) else {
        return;
    };
    let text = write::endpoint("backlinks/x.yaml", &draft.endpoint);
    // Nested lines are indented.
    assert!(
        text.len() <= 2000 + 200 * content.len(),
        "{} bytes",
        text.len()
    );
    let read = parse::<Endpoint>("page.yaml", &text);
    let read = read
        .unwrap_or_else(|errors| panic!("{errors}\n{text}"))
        .content;
    let (read, meant) = (plain(&read), plain(&draft.endpoint));
    assert!(
        read == meant,
        "{}",
        similar::TextDiff::from_lines(&meant, &read).unified_diff()
    );
}

/// Returns an endpoint as text, without keys that files omit by default.
fn plain(endpoint: &Endpoint) -> String {
    let text = serde_json::to_string_pretty(endpoint).unwrap();
    let stated = text
        .lines()
        .filter(|line| !line.contains(": null") && !line.contains("\"required\": false"));
    stated.fold(String::new(), |text, line| {
        text + line.trim_end_matches(',') + "\n"
    })
}

fn made(number: u8, mixture: u8, html: bool) -> (String, &'static Endpoint) {
    let committed = committed();
    let endpoint = &committed.endpoints[usize::from(number) % committed.endpoints.len()];
    let mixture = usize::from(mixture);
    let page = match html {
        true => render::html(endpoint, Some(&committed.shared), Quirks::number(mixture)),
        false if mixture % 2 == 0 => {
            render::text(endpoint, Some(&committed.shared), Quirks::flat(mixture))
        }
        false => render::text(endpoint, Some(&committed.shared), Quirks::number(mixture)),
    };
    (page, endpoint)
}

#[test]
fn html_pages() {
    bounded();
    fuzz!(INPUTS, (u8, u8, Vec<Edit>, Vec<Edit>, bool), |(
        number,
        mixture,
        edits,
        json_edits,
        known,
    )| {
        let (content, endpoint) = made(*number, *mixture, true);
        let mut post: serde_json::Value = serde_json::from_str(&content).unwrap();
        let html = post["content"]["rendered"].as_str().unwrap();
        post["content"]["rendered"] = edited(html, edits, &HTML).into();
        // One in four also has a broken wrapper.
        let json = match number % 4 {
            0 => edited(&post.to_string(), json_edits, &HTML),
            _ => post.to_string(),
        };
        look(&json, known.then_some(endpoint));
    });
}

#[test]
fn text_pages() {
    bounded();
    fuzz!(INPUTS, (u8, u8, Vec<Edit>, bool), |(
        number,
        mixture,
        edits,
        known,
    )| {
        let (content, endpoint) = made(*number, *mixture, false);
        look(&edited(&content, edits, &TEXT), known.then_some(endpoint));
    });
}

#[test]
fn assembled_pages() {
    bounded();
    let text = page("widgets.txt");
    let html = page("widgets.html");
    fuzz!(INPUTS, (Vec<(u8, u8, bool)>, u8, u16), |(
        pieces,
        form,
        at,
    )| match form % 4 {
        0 => look(&assembled(pieces, &TEXT), None),
        1 => look(&wordpress(&assembled(pieces, &HTML)), None),
        // In the middle of a valid page.
        2 => look(&put(&text, *at, &assembled(pieces, &TEXT)), None),
        _ => look(
            &wordpress(&put(&html, *at, &assembled(pieces, &HTML))),
            None,
        ),
    });
}

fn put(text: &str, at: u16, piece: &str) -> String {
    let mut at = usize::from(at) % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at += 1;
    }
    format!("{}{piece}{}", &text[..at], &text[at..])
}

/// Every reader survives random bytes.
#[test]
fn bytes() {
    bounded();
    fuzz!(INPUTS / 2, (Vec<u8>, u8), |(bytes, times)| {
        let text = String::from_utf8_lossy(bytes).repeat(1 + usize::from(*times));
        look(&text, None);
        look(&wordpress(&text), None);
        let _ = docs::openapi::read(&text);
        read_as_spec("file.yaml", &text);
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        for word in docs::TYPE_WORDS {
            let _ = prose::read(word, &lines);
        }
    });
}

/// Each sentence of a page is understood, reported or ignored.
#[test]
fn sentences() {
    bounded();
    fuzz!(INPUTS, (Vec<(u8, u8, bool)>, u8), |(pieces, word)| {
        let text = assembled(pieces, &TEXT[14..]);
        let lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let word = docs::TYPE_WORDS[usize::from(*word) % docs::TYPE_WORDS.len()];
        let prose = prose::read(word, &lines);
        let size: usize = prose.not_understood.iter().map(String::len).sum();
        assert!(size <= 100 + 20 * text.len(), "{size}");
    });
}

/// The file that results from any page can be read, and a second import of the page changes
/// nothing.
#[test]
fn imports() {
    bounded();
    let types = "spec/backlinks/types.yaml";
    let files = &committed().files;
    let types = files.iter().find(|(name, _)| name == types).unwrap();
    fuzz!(INPUTS / 16, (u8, u8, Vec<Edit>, bool), |(
        number,
        mixture,
        edits,
        html,
    )| {
        let (content, endpoint) = made(*number, *mixture, *html);
        let content = edited(&content, edits, if *html { &HTML } else { &TEXT });
        let name = files
            .iter()
            .find(|(_, text)| text.contains(&format!("\npath: {}\n", endpoint.path)));
        let (name, text) = name.unwrap();
        let workspace = Workspace::new();
        workspace.write(&types.0, &types.1);
        workspace.write(name, text);
        if workspace.import(&content).is_err() {
            return;
        }
        parse::<Endpoint>(name, &workspace.read(name)).unwrap();
        let again = workspace.import(&content).unwrap();
        assert!(again.changed_files.is_empty(), "{again}");
    });
}

fn read_as_spec(name: &str, text: &str) {
    fn check_errors<T>(outcome: Result<T, Diagnostics>, text: &str) {
        if let Err(errors) = outcome {
            assert!(!errors.0.is_empty());
            let lines = text.lines().count() as u64 + 1;
            for error in &errors.0 {
                assert!(error.location.line <= lines, "{error}");
            }
            let size = errors.to_string().len();
            assert!(size <= 2000 + 1000 * text.len(), "{size} bytes");
        }
    }
    check_errors(parse::<Endpoint>(name, text), text);
    check_errors(parse::<Api>(name, text), text);
    check_errors(parse::<SharedTypes>(name, text), text);
    check_errors(parse::<StatusCodes>(name, text), text);
    check_errors(parse::<Glossary>(name, text), text);
}

/// Edited spec files, and texts of words of the spec language, are decoded or rejected.
#[test]
fn spec_files() {
    bounded();
    let files = &committed().files;
    fuzz!(INPUTS / 4, (u8, Vec<Edit>, Vec<(u8, u8, bool)>), |(
        number,
        edits,
        pieces,
    )| {
        let (name, text) = &files[usize::from(*number) % files.len()];
        read_as_spec(name, &edited(text, edits, &YAML));
        read_as_spec(name, &assembled(pieces, &YAML));
    });
}

/// A whole spec with one edited file resolves, or is rejected with locations.
#[test]
fn specs() {
    bounded();
    let workspace = Workspace::new();
    let files = &committed().files;
    // The small sections, and one endpoint of each of the others.
    let few = |name: &str| {
        let kept = [
            "types",
            "glossary",
            "summary_live",
            "page_intersection",
            "task_get",
            "api.yaml",
            "status",
        ];
        !name.contains("on_page")
            && !name.contains("timeseries")
            && kept.iter().any(|part| name.contains(part))
    };
    let files: Vec<_> = files.iter().filter(|(name, _)| few(name)).collect();
    for (name, text) in &files {
        workspace.write(name, text);
    }
    fuzz!(INPUTS / 8, (u8, Vec<Edit>), |(number, edits)| {
        let (name, text) = files[usize::from(*number) % files.len()];
        workspace.write(name, &edited(text, edits, &YAML));
        let outcome = model::load(&workspace.path().join("spec"));
        workspace.write(name, text);
        if let Err(errors) = outcome {
            assert!(!errors.to_string().is_empty());
        }
    });
}

fn read_as_openapi(text: &str) {
    if docs::openapi::read(text).is_err() {
        return;
    }
    let workspace = Workspace::new();
    workspace.write("openapi-2026-02-18.yaml", text);
    let file = workspace.path().join("openapi-2026-02-18.yaml");
    if let Ok(reports) = openapi::import(workspace.path(), &file, &[], Options::default()) {
        let size: usize = reports.iter().map(|report| report.to_string().len()).sum();
        assert!(
            size <= 5000 + 1000 * text.len(),
            "{size} bytes of {}",
            text.len()
        );
    }
}

#[test]
fn openapi_files() {
    bounded();
    let file = page("openapi.yaml");
    fuzz!(INPUTS / 4, (Vec<Edit>, Vec<(u8, u8, bool)>), |(
        edits,
        pieces,
    )| {
        read_as_openapi(&edited(&file, edits, &OPENAPI));
        read_as_openapi(&assembled(pieces, &OPENAPI));
    });
}

/// The way in which a schema of a synthetic file uses others.
#[derive(Debug, TypeGenerator)]
enum Use {
    Field(u8),
    List(u8),
    Map(u8),
    Part(u8),
    One(u8),
    Member(u8),
}

/// Schemas that use each other, or themselves, in any way.
#[test]
fn schemas() {
    bounded();
    fuzz!(INPUTS / 4, Vec<Vec<Use>>, |schemas| read_as_openapi(
        &file_of(schemas)
    ));
}

fn file_of(schemas: &[Vec<Use>]) -> String {
    let mut text = String::from(
        "paths:\n  /v3/backlinks/x/live:\n    post:\n      requestBody: {content: {application/json: \
         {schema: {type: array, items: {$ref: '#/components/schemas/S0'}}}}}\n      responses: {'200': \
         {content: {application/json: {schema: {$ref: '#/components/schemas/Answer'}}}}}\ncomponents:\n  \
         schemas:\n    Answer: {properties: {tasks: {type: array, items: {$ref: \
         '#/components/schemas/Task'}}}}\n    Task: {properties: {result: {type: array, items: {$ref: \
         '#/components/schemas/S0'}}}}\n",
    );
    for (number, uses) in schemas.iter().take(24).enumerate() {
        let _ = writeln!(text, "    S{number}:\n      type: object");
        let named = |other: &u8| {
            let other = usize::from(*other) % schemas.len().min(24);
            format!("{{$ref: '#/components/schemas/S{other}'}}")
        };
        let (mut parts, mut fields, mut members) = (String::new(), String::new(), String::new());
        for (at, used) in uses.iter().take(12).enumerate() {
            let _ = match used {
                Use::Field(other) => writeln!(fields, "        f{at}: {}", named(other)),
                Use::List(other) => writeln!(fields, "        f{at}: {{items: {}}}", named(other)),
                Use::Map(other) => {
                    writeln!(
                        fields,
                        "        f{at}: {{additionalProperties: {}}}",
                        named(other)
                    )
                }
                Use::One(other) => writeln!(fields, "        f{at}: {{oneOf: [{}]}}", named(other)),
                Use::Part(other) => writeln!(parts, "        - {}", named(other)),
                Use::Member(other) => writeln!(
                    members,
                    "          m{at}: '#/components/schemas/S{}'",
                    usize::from(*other) % schemas.len().min(24)
                ),
            };
        }
        for (head, list) in [
            ("      allOf:\n", parts),
            ("      properties:\n", fields),
            (
                "      discriminator:\n        propertyName: type\n        mapping:\n",
                members,
            ),
        ] {
            if !list.is_empty() {
                text = text + head + &list;
            }
        }
    }
    text
}

/// Inputs that fuzzing or code review found. Without the fix, each one exceeds the stack or a limit
/// above.
mod found {
    use super::*;

    const MANY: usize = 100_000;

    fn refusal(html: &str) -> String {
        docs::read(&wordpress(html)).unwrap_err().to_string()
    }

    /// The readers of HTML recurse per level.
    #[test]
    fn tags_in_tags() {
        bounded();
        for tag in [
            "<div>",
            "<em>",
            "<ul><li>",
            "<table><tr><td>",
            "<svg><td><td><td>",
            "<DIV>",
        ] {
            let refusal = refusal(&tag.repeat(MANY));
            assert!(refusal.contains("content.rendered: "), "{refusal}");
        }
        let inside_svg = format!("<svg>{}", "<td>".repeat(MANY));
        assert!(refusal(&inside_svg).contains("deeper than"), "not told");
        // The parser reopens unclosed tags in each following paragraph.
        let unclosed: String = (0..200).map(|at| format!("<b id={at}>")).collect();
        let refusal = refusal(&(unclosed + &"<p>x".repeat(MANY)));
        assert!(refusal.contains("are unclosed"), "{refusal}");
    }

    /// Each unclosed shortcode caused a search to the end of the page.
    #[test]
    fn shortcodes_without_an_end() {
        bounded();
        for start in ["[", "[vc_"] {
            let _ = refusal(&start.repeat(4 * MANY));
        }
    }

    /// Each row and each line caused a search in all earlier ones.
    #[test]
    fn long_tables() {
        bounded();
        let rows: String = (0..MANY / 2).map(|at| format!("x{at}\nstring\n")).collect();
        let text = page("widgets.txt").replacen("tag\nstring\n", &(rows + "tag\nstring\n"), 1);
        let refusal = docs::read(&text).unwrap_err().to_string();
        assert!(refusal.contains("at most 10000"), "{refusal}");
        let words = "intger\nstrng\n".repeat(MANY / 2);
        let text = page("widgets.txt").replacen("tag\nstring\n", &(words + "tag\nstring\n"), 1);
        assert!(docs::read(&text).is_err());
    }

    /// The path of a field contains the names of all its parents.
    #[test]
    fn fields_in_fields() {
        bounded();
        let deep: String = (0..300)
            .map(|at| format!("{}x{at}\nobject\n", " ".repeat(40 + at)))
            .collect();
        let text = page("widgets-nested.txt") + "                size_of\nobject\n" + &deep;
        let page = docs::read(&text).unwrap();
        let known = NestingHints::of(&committed().api, None, None);
        let refusal = draft(&page, known).unwrap_err().to_string();
        assert!(refusal.contains("levels deep"), "{refusal}");
        assert_eq!(refusal.lines().count(), 1);
    }

    /// Messages repeated their subject in full.
    #[test]
    fn messages_are_short() {
        bounded();
        let long = "x".repeat(MANY);
        let table = "<table><tr><td>a</td><td>string</td><td>b</td></tr></table>".repeat(1000);
        let page = page("widgets.html");
        let announced = format!("{page}<p>{long} result</p>{table}");
        let page = docs::read(&wordpress(&announced)).unwrap();
        assert!(page.notes.iter().all(|note| note.len() < 500));
        let named = format!(
            "<p>POST https://api.dataforseo.com/v3/a/b</p><table><tr><td>{long}</td><td>{long}</td><td></td></tr></table>"
        );
        assert!(refusal(&named).len() < 2000);
        let known = ["type", "fields"];
        assert_eq!(dataforseo_spec::diagnostics::nearest(&long, known), None);
    }

    /// YAML has more line separators than editors, so errors were located after the last line.
    #[test]
    fn line_breaks_that_no_editor_shows() {
        bounded();
        for line_break in ["\r", "\u{85}", "\u{2028}", "\u{2029}"] {
            for text in ["-{}[", "a: 1{}b: [", "{}{}{}}", "- |{} x{}:"] {
                read_as_spec("file.yaml", &text.replace("{}", line_break));
            }
        }
    }

    /// YAML accepts keys of up to 1024 characters.
    #[test]
    fn long_keys_in_examples() {
        bounded();
        let limit = format!("\"{}\": 1, \"limit\"", "-0.0".repeat(300));
        look(&page("widgets.txt").replacen("\"limit\"", &limit, 1), None);
    }

    /// A page that is too long is rejected before it is parsed.
    #[test]
    fn too_long_a_page() {
        bounded();
        let refusal = docs::read(&"x".repeat(docs::MAX_PAGE + 1))
            .unwrap_err()
            .to_string();
        assert!(refusal.contains("at most 4194304"), "{refusal}");
    }

    /// Reading YAML uses stack per level.
    #[test]
    fn lists_in_lists() {
        bounded();
        for start in ["- ", "[", "{a: ", "? ", "a: [{"] {
            let refusal = parse::<Endpoint>("deep.yaml", &start.repeat(MANY)).unwrap_err();
            assert_eq!(refusal.0.len(), 1, "{refusal}");
        }
    }

    /// Each error requires another pass over the file.
    #[test]
    fn thousands_of_errors() {
        bounded();
        let codes: String = (0..5000)
            .map(|code| format!("  - {{code: {code}, name: A, class: success, repeat: newer, message: a, doc: b}}\n"))
            .collect();
        let refusal = parse::<StatusCodes>("codes.yaml", &format!("codes:\n{codes}")).unwrap_err();
        assert_eq!(refusal.0.len(), 501);
        assert!(
            refusal.0[500]
                .message
                .contains("fix these 500 errors first"),
            "{refusal}"
        );
    }

    /// Parts of a schema can refer to each other, and so can fields.
    #[test]
    fn schemas_in_a_circle() {
        bounded();
        read_as_openapi(&file_of(&[
            vec![Use::Part(1), Use::Field(0)],
            vec![Use::Part(0)],
        ]));
        read_as_openapi(&file_of(&[
            vec![Use::Field(1)],
            vec![Use::Field(2)],
            vec![Use::One(1)],
        ]));
    }

    /// A shape doubles with each level if schemas use the next one twice.
    #[test]
    fn schemas_that_double() {
        bounded();
        let twice = |at: u8| vec![Use::Field(at + 1), Use::List(at + 1), Use::Map(at + 1)];
        let schemas: Vec<Vec<Use>> = (0..22).map(twice).chain([Vec::new()]).collect();
        read_as_openapi(&file_of(&schemas));
        let twice = |at: u8| vec![Use::Part(at + 1), Use::Part(at + 1)];
        let schemas: Vec<Vec<Use>> = (0..22).map(twice).chain([Vec::new()]).collect();
        read_as_openapi(&file_of(&schemas));
    }
}
