//! Renders documentation pages from the spec, in each form, with the quirks of real pages.
//!
//! This is the opposite of the import, which must return the facts from which a page was rendered.

use dataforseo_spec::Payload;
use dataforseo_spec::language::{
    Endpoint, Field, FieldType, Fields, Format, Method, SharedType, SharedTypes,
};
use dataforseo_synthetic::{Exchange, Tables};
use serde_json::Value;

use crate::workspace::repository;

impl Line {
    fn markdown(&self) -> String {
        let escaped = |text: &str| {
            text.replace('_', "\\_")
                .replace('|', "\\|")
                .replace('*', "\\*")
        };
        match self {
            Self::Words(words) => escaped(words),
            Self::Values(values) => escaped(&values.join(", ")),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Words(words) => escaped(words),
            Self::Values(values) => {
                let row = |value: &String| format!("<tr><td><code>{value}</code></td></tr>\n");
                let rows: String = values.iter().map(row).collect();
                format!("<table><tbody>\n{rows}</tbody></table>")
            }
        }
    }
}

/// The style of a page. Real pages have all of these quirks, in any combination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quirks {
    /// The indentation of inner fields.
    pub indent: Indent,
    /// The list of possible values.
    pub listing: Listing,
    /// The wording of defaults and limits.
    pub wording: Wording,
    /// The separators of the lines of a description.
    pub breaks: Breaks,
    /// The tags around a name.
    pub tags: Tags,
    /// The layout of the tables.
    pub layout: Layout,
    /// Whether optional fields have the text `optional field`.
    pub marks_optional: bool,
    /// Whether `required field` is joined to the words before it. Plain text only.
    pub glued: bool,
    /// Whether there are end tags without a start tag, and unclosed tags.
    pub broken_tags: bool,
    /// Whether fields also have sentences and examples.
    pub chatty: bool,
}

/// The indentation of inner fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Indent {
    /// The same step per level.
    Even,
    /// Another step per level, in no-break spaces.
    NoBreak,
    /// Alternating no-break spaces and spaces, inside and outside tags.
    Mixed,
    /// One character more or less from row to row.
    Uneven,
    /// No indentation. Plain text only.
    Flat,
}

/// The list of possible values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listing {
    /// On the line that introduces the values.
    Inline,
    /// One value per line.
    Lines,
    /// One value per line, with a dash and a meaning.
    Explained,
    /// On the next line, in typographic quotes.
    Quoted,
}

/// The wording of defaults and limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wording {
    /// `minimum value: 1`
    Colon,
    /// `the minimum value is 1,000`
    Sentence,
    /// `can be set from 1 to 1000`, and several facts per line.
    Range,
}

/// The separators of the lines of a description in HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// `<br />` and a line break.
    Br,
    /// `<br>` only.
    BareBr,
    /// Paragraphs.
    Paragraphs,
    /// Elements of a list.
    List,
}

/// The tags around a name in HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tags {
    /// `<code>`
    Code,
    /// `<strong><code>`
    Strong,
    /// `<code><strong>` with a zero-width character
    Inside,
    /// None.
    Bare,
}

/// The layout of the tables in HTML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A head of `th` cells.
    Plain,
    /// A head of `td` cells.
    PlainHead,
    /// An outer table with each table in a cell.
    Outer,
    /// Possible values in a table inside the description.
    Inner,
}

impl Quirks {
    /// Returns a combination of quirks. Consecutive numbers differ in most of them.
    pub fn number(number: usize) -> Self {
        let indent = [Indent::NoBreak, Indent::Even, Indent::Mixed, Indent::Uneven];
        let listing = [
            Listing::Inline,
            Listing::Lines,
            Listing::Explained,
            Listing::Quoted,
        ];
        let wording = [Wording::Colon, Wording::Sentence, Wording::Range];
        let breaks = [Breaks::Br, Breaks::BareBr, Breaks::Paragraphs, Breaks::List];
        let tags = [Tags::Code, Tags::Strong, Tags::Inside, Tags::Bare];
        let layout = [
            Layout::Plain,
            Layout::PlainHead,
            Layout::Outer,
            Layout::Inner,
            Layout::Plain,
        ];
        Self {
            indent: indent[number % 4],
            listing: listing[(number + number / 4) % 4],
            wording: wording[number % 3],
            breaks: breaks[(number + number / 5) % 4],
            tags: tags[(number / 2) % 4],
            layout: layout[number % 5],
            marks_optional: number % 3 != 1,
            glued: number % 2 == 1,
            broken_tags: number % 4 == 2,
            chatty: number % 5 < 3,
        }
    }

    /// Returns a combination of quirks for plain text without leading spaces.
    pub fn flat(number: usize) -> Self {
        Self {
            indent: Indent::Flat,
            ..Self::number(number)
        }
    }
}

/// A row of a table.
struct Row {
    level: usize,
    name: String,
    type_word: &'static str,
    lines: Vec<Line>,
}

/// A line of a description.
enum Line {
    Words(String),
    /// Possible values in a separate table.
    Values(Vec<String>),
}

struct Renderer<'a> {
    endpoint: &'a Endpoint,
    shared: Option<&'a SharedTypes>,
    quirks: Quirks,
    html: bool,
}

/// Returns the page as WordPress JSON.
pub fn html(endpoint: &Endpoint, shared: Option<&SharedTypes>, quirks: Quirks) -> String {
    let page = Renderer {
        endpoint,
        shared,
        quirks,
        html: true,
    };
    let mut post = serde_json::json!({
        "id": 7,
        "link": endpoint.source.link,
        "content": { "rendered": page.html(), "protected": false },
    });
    if let Some(revised) = &endpoint.source.revised {
        post["modified"] = format!("{revised}T10:00:00").into();
    }
    post.to_string()
}

/// Returns the page as plain text.
pub fn text(endpoint: &Endpoint, shared: Option<&SharedTypes>, quirks: Quirks) -> String {
    Renderer {
        endpoint,
        shared,
        quirks,
        html: false,
    }
    .text()
}

/// Returns the shared type that a field uses.
pub fn used<'a>(field: &Field, shared: Option<&'a SharedTypes>) -> Option<&'a SharedType> {
    shared?.types.get(field.shared.as_ref()?)
}

/// Returns the page as a tool writes it that turns web pages into Markdown. The rows of its tables are
/// not indented.
pub fn markdown(endpoint: &Endpoint, shared: Option<&SharedTypes>, quirks: Quirks) -> String {
    Renderer {
        endpoint,
        shared,
        quirks: Quirks {
            indent: Indent::Flat,
            glued: false,
            ..quirks
        },
        html: false,
    }
    .markdown()
}

/// Returns the fields inside a field, or those of its shared type.
pub fn fields_of<'a>(field: &'a Field, shared: Option<&'a SharedTypes>) -> &'a Fields {
    match used(field, shared) {
        Some(used) if used.values.is_none() => &used.fields,
        _ => field.inner(),
    }
}

fn type_word(kind: FieldType) -> &'static str {
    match kind {
        FieldType::String => "string",
        FieldType::Integer => "integer",
        FieldType::Float => "float",
        FieldType::Boolean => "boolean",
        FieldType::List | FieldType::Filters | FieldType::Order => "array",
        FieldType::Object | FieldType::Map | FieldType::Json => "object",
    }
}

/// Returns a number with thousands separators.
fn with_commas(number: &str) -> String {
    match number.len().checked_sub(3) {
        Some(at @ 1..=3) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{},{}", &number[..at], &number[at..])
        }
        _ => number.to_owned(),
    }
}

/// Returns a value as a page states it.
fn worded(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let Some(rest) = text.strip_prefix("today") else {
        return text;
    };
    let words: Vec<&str> = rest.split_whitespace().collect();
    match words.as_slice() {
        [_, "1", unit] => format!("today’s date -(minus) one {unit}"),
        [_, count, unit] => format!("today’s date -(minus) {count} {unit}"),
        _ => "today’s date".to_owned(),
    }
}

impl Renderer<'_> {
    /// Adds the rows of fields and of the fields inside them.
    fn rows(&self, fields: &Fields, level: usize, payload: Payload, rows: &mut Vec<Row>) {
        for (name, field) in fields {
            rows.push(Row {
                level,
                name: name.clone(),
                type_word: type_word(field.kind),
                lines: self.lines(name, field, payload),
            });
            let inner = fields_of(field, self.shared);
            if field.kind == FieldType::Map && !inner.is_empty() {
                // Keys come from the task, so the page documents the first one.
                let list = field.of == Some(FieldType::List);
                rows.push(Row {
                    level: level + 1,
                    name: "1".to_owned(),
                    type_word: if list { "array" } else { "object" },
                    lines: vec![Line::Words("what the first key leads to".to_owned())],
                });
                self.rows(inner, level + 2, payload, rows);
            } else {
                self.rows(inner, level + 1, payload, rows);
            }
        }
    }

    /// Returns the rows of what is sent: the task, or the parameters of the path.
    fn task(&self) -> Option<Vec<Row>> {
        let mut rows = Vec::new();
        match &self.endpoint.task {
            Some(task) => self.rows(&task.fields, 0, Payload::Task, &mut rows),
            None => self.rows(&self.endpoint.parameters, 0, Payload::Task, &mut rows),
        }
        (self.endpoint.task.is_some() || !rows.is_empty()).then_some(rows)
    }

    /// Returns the sentence that states a lower limit of calls than that of the account.
    fn calls_per_minute(&self) -> String {
        let calls = self.endpoint.limits.calls_per_minute;
        calls.map_or_else(String::new, |calls| {
            format!(" You can have up to {calls} API calls per minute.")
        })
    }

    fn response_rows(&self) -> Vec<Row> {
        let row = |level, name: &str, type_word| Row {
            level,
            name: name.to_owned(),
            type_word,
            lines: vec![Line::Words(format!("the {name} of it"))],
        };
        let mut rows = vec![
            row(0, "version", "string"),
            row(0, "status_code", "integer"),
            row(0, "tasks", "array"),
            row(1, "id", "string"),
            row(1, "status_code", "integer"),
            row(1, "path", "array"),
            row(1, "data", "object"),
            row(1, "result", "array"),
        ];
        if let Some(result) = &self.endpoint.result {
            let used = result.shared.as_ref();
            let used = used.and_then(|name| self.shared?.types.get(name));
            let fields = used.map_or(&result.fields, |used| &used.fields);
            self.rows(fields, 2, Payload::Result, &mut rows);
        }
        rows
    }

    /// Returns the description of a field.
    fn lines(&self, name: &str, field: &Field, payload: Payload) -> Vec<Line> {
        let quirks = self.quirks;
        let mut lines = vec!["what it stands for".to_owned()];
        if payload.is_task() && (field.required == Some(true) || quirks.marks_optional) {
            let words = match field.required {
                Some(true) => "required field",
                _ => "optional field",
            };
            if quirks.glued && !self.html {
                lines[0] += &format!(" {words}");
            } else {
                lines.push(words.to_owned());
            }
        }
        if quirks.chatty {
            lines.push("learn more about it in this article".to_owned());
        }
        let values = field.values.as_ref();
        let values = values.or_else(|| used(field, self.shared)?.values.as_ref());
        let values: Vec<String> = values
            .map(|values| values.names())
            .unwrap_or_default()
            .into_iter()
            .map(str::to_owned)
            .collect();
        if field.kind == FieldType::Map && field.of == Some(FieldType::Integer) {
            lines.push("holds the count per each of them".to_owned());
        }
        // The position for a table of values.
        let mut inner = None;
        match (values.as_slice(), quirks.listing) {
            ([], _) => {}
            ([one], _) if !payload.is_task() => lines.push(format!("type of element = ‘{one}’")),
            (_, _) if self.html && quirks.layout == Layout::Inner => {
                lines.push("possible values:".to_owned());
                inner = Some(lines.len());
            }
            (all, Listing::Inline) => lines.push(format!("possible values: {}", all.join(", "))),
            (all, Listing::Quoted) => {
                lines.push("possible values:".to_owned());
                let all: Vec<String> = all.iter().map(|value| format!("“{value}”")).collect();
                lines.push(all.join(", "));
            }
            (all, Listing::Lines) => {
                lines.push("possible values:".to_owned());
                lines.extend(all.iter().cloned());
            }
            (all, Listing::Explained) => {
                lines.push("possible values:".to_owned());
                lines.extend(all.iter().map(|value| format!("{value} — one of {name}")));
            }
        }
        self.bounds(field, &mut lines);
        self.rules(field, &mut lines);
        if quirks.chatty && payload.is_task() {
            lines.push("example:".to_owned());
            lines.push(match field.kind {
                FieldType::Boolean => "true".to_owned(),
                FieldType::Integer => "7".to_owned(),
                FieldType::List => "[".to_owned(),
                _ => "\"maximum.example\"".to_owned(),
            });
            if field.kind == FieldType::List {
                lines.extend(["\"only.example\"".to_owned(), "]".to_owned()]);
            }
        }
        let mut lines: Vec<Line> = lines.into_iter().map(Line::Words).collect();
        if let Some(at) = inner {
            lines.insert(at, Line::Values(values));
        }
        lines
    }

    fn bounds(&self, field: &Field, lines: &mut Vec<String>) {
        let wording = self.quirks.wording;
        let phrase = |what: &str, value: &Value| {
            let text = worded(value);
            let moves = text.starts_with("today");
            match (wording, what) {
                (_, "minimum" | "maximum") if moves => format!("{what} value equals {text}"),
                (Wording::Colon, _) => format!("{what} value: {text}"),
                (Wording::Sentence, "default") => format!("the default value is {text}"),
                (Wording::Sentence, _) => format!("the {what} value is {}", with_commas(&text)),
                (Wording::Range, "default") => format!("by default: `{text}`"),
                (Wording::Range, _) => format!("{what} value: `{text}`;"),
            }
        };
        let mut bounds = Vec::new();
        match (&field.min, &field.max) {
            (Some(Value::Number(min)), Some(Value::Number(max)))
                if wording == Wording::Range && min.is_u64() && max.is_u64() =>
            {
                bounds.push(format!("can be set from {min} to {max}"));
            }
            (min, max) => {
                bounds.extend(min.as_ref().map(|min| phrase("minimum", min)));
                bounds.extend(max.as_ref().map(|max| phrase("maximum", max)));
            }
        }
        let default = field.default.as_ref();
        bounds.extend(default.map(|default| phrase("default", default)));
        match wording {
            Wording::Range if !bounds.is_empty() => {
                let joined = bounds.join("; ");
                lines.push(joined.replace(";;", ";"));
            }
            _ => lines.extend(bounds),
        }
    }

    fn rules(&self, field: &Field, lines: &mut Vec<String>) {
        match field.format {
            Some(Format::Date) => lines.push("date format: “yyyy-mm-dd”".to_owned()),
            Some(Format::Timestamp) => {
                lines.push("written as “yyyy-mm-dd hh-mm-ss +00:00”".to_owned());
            }
            Some(Format::Target) => {
                lines.push("a domain goes without https:// and www.".to_owned());
            }
            Some(Format::Url) | None => {}
        }
        match (field.kind, field.max_length) {
            (_, None) => {}
            (FieldType::List, Some(length)) => lines.push(format!(
                "The number of characters for each keyword: {length}"
            )),
            (_, Some(length)) => lines.push(format!("the character limit is {length}")),
        }
        if let Some(words) = field.max_words {
            lines.push(format!("The number of words for each keyword: {words}"));
        }
        if let Some(length) = field.min_length {
            lines.push(format!(
                "each keyword should be at least {length} characters long"
            ));
        }
        match (field.kind, field.max_items) {
            (_, None) => {}
            (FieldType::Order, Some(_)) => {
                lines.push("no more than three sorting rules at once".to_owned());
            }
            (_, Some(items)) => lines.push(format!("you can set up to {items} of them")),
        }
        if let Some(domains) = field.max_distinct_domains {
            lines.push(format!(
                "they cannot belong to more than {domains} different domains"
            ));
        }
        if let Some(conditions) = field.max_conditions {
            lines.push(format!(
                "several can be joined ({conditions} filters maximum)"
            ));
        }
        if let Some(other) = &field.not_after {
            lines.push(format!(
                "maximum value shouldn't exceed the date specified in the {other}"
            ));
        }
        if let Some(other) = &field.required_with {
            lines.push(format!("required field if you specify {other}"));
        }
        if !field.required_unless.is_empty() {
            let others = field.required_unless.join(" or ");
            lines.push(format!("required field if you don’t specify {others}"));
        }
    }

    /// Returns the indentation of a row in characters.
    fn depth(&self, index: usize, row: &Row, rows: &[Row]) -> usize {
        let widths = [0, 8, 12, 20, 30, 38, 44, 54];
        match self.quirks.indent {
            Indent::Flat => 0,
            Indent::Even => 4 * row.level,
            Indent::NoBreak | Indent::Mixed => widths[row.level.min(7)],
            Indent::Uneven => {
                // Not deeper than a list or an object above, since the row would be inside it.
                let above = index.checked_sub(1).map(|above| &rows[above]);
                let open = above.is_some_and(|row| matches!(row.type_word, "array" | "object"));
                let more = row.level > 0 && index.is_multiple_of(2) && !open;
                widths[row.level.min(7)] + usize::from(more)
            }
        }
    }

    fn html(&self) -> String {
        let Endpoint { path, method, .. } = self.endpoint;
        let method = method.as_str();
        let mut page = format!(
            "<div class=\"wpb-content-wrapper\"><p>[vc_row][vc_column][vc_column_text]</p>\n<h2>A \
             page</h2>\n<p>&#8204;<br />\nFacts about the web.</p>\n<p>[/vc_column_text]    <div \
             class=\"endpoint\">\n        {method}   <button \
             data-href=\"https://api.dataforseo.com{path}\">https://api.dataforseo.com{path} \
             </button>\n</div>\n[vc_column_text]Words.{}</p>\n",
            self.calls_per_minute()
        );
        if let Some(task) = self.task() {
            page += "<p><strong>Description of the fields for setting a task:</strong></p>\n";
            page += &self.table(&task);
            page += "<p>&#8204;</p>\n";
        }
        page += "<p><strong>Description of the fields in the results array:</strong></p>\n";
        page += &self.table(&self.response_rows());
        page += "<p>[/vc_column_text][/vc_column][/vc_row]</p>\n";
        page += &format!(
            "<blockquote><p>Use your own credentials.</p></blockquote><div id=\"curl\"><pre><code \
             class=\"language-bash hljs\">{}</code></pre></div>\n",
            escaped(&self.curl())
        );
        page += &format!(
            "<div id=\"php\"><pre><code class=\"language-php hljs\">&lt;?php\n// a comment\n// \
             {method} {path}\n$all[] = array(&quot;limit&quot; =&gt; 7);</code></pre></div>\n"
        );
        page += &format!(
            "<blockquote><p>The above command returns JSON structured like \
             this:</p></blockquote><pre><code class=\"language-json hljs\">{}</code></pre></div>",
            escaped(&self.response())
        );
        page.replace('\n', "\r\n")
    }

    fn table(&self, rows: &[Row]) -> String {
        let quirks = self.quirks;
        let head = match quirks.layout {
            Layout::PlainHead => {
                "<tbody>\n<tr>\n<td><strong>Field name</strong></td>\n<td><strong>Type</strong></td>\n\
                 <td><strong>Description</strong></td>\n</tr>\n"
            }
            _ => {
                "<thead>\n<tr><th>Field name</th><th>Type</th><th>Description</th></tr>\n</thead>\n\
                 <tbody>\n"
            }
        };
        let mut table = format!("<table style=\"width: 100%;\">\n{head}");
        for (index, row) in rows.iter().enumerate() {
            let depth = self.depth(index, row, rows);
            let indent = match quirks.indent {
                Indent::NoBreak => "&nbsp;".repeat(depth),
                Indent::Mixed => "&nbsp; ".repeat(depth / 2) + &" ".repeat(depth % 2),
                _ => " ".repeat(depth),
            };
            let name = &row.name;
            let name = match quirks.tags {
                Tags::Code => format!("{indent}<code>{name}</code>"),
                Tags::Strong => format!("{indent}<strong><code>{name}</code></strong>"),
                Tags::Inside => format!("<code>{indent}<strong>&#8203;{name}</strong></code>"),
                Tags::Bare => format!("{indent}{name}"),
            };
            let end = if quirks.broken_tags {
                "</code></em>"
            } else {
                "</em>"
            };
            let mut lines: Vec<String> = row.lines.iter().map(Line::html).collect();
            lines[0] = format!("<em>{}{end}", lines[0]);
            let description = match quirks.breaks {
                Breaks::Br => lines.join("<br />\n"),
                Breaks::BareBr => lines.join("<br>"),
                Breaks::Paragraphs => lines.join("</p>\n<p>"),
                Breaks::List => format!("<ul><li>{}</li></ul>", lines.join("</li>\n<li>")),
            };
            table += &format!(
                "<tr style=\"height: 24px;\">\n<td>{name}</td>\n<td>{}</td>\n<td>{description}</td>\n</tr>\n",
                row.type_word
            );
        }
        table += "</tbody>\n</table>\n";
        match quirks.layout {
            Layout::Outer => format!("<table><tbody><tr><td>\n{table}</td></tr></tbody></table>\n"),
            _ => table,
        }
    }

    fn text(&self) -> String {
        let Endpoint { path, method, .. } = self.endpoint;
        let mut page = String::from("Facts about the web.\nUse your own credentials.\n");
        page += &self.curl();
        page += &format!("\n<?php\n// a comment\n// {} {path}\n?>\n", method.as_str());
        page += "The above command returns JSON structured like this:\n";
        page += &self.response();
        page += &format!("\nWords.{}\n", self.calls_per_minute());
        if let Some(task) = self.task() {
            page += "Description of the fields for setting a task:\n";
            page += &self.listed(&task);
            page += "As a response of the API server comes data.\n";
        }
        page += "Description of the fields in the results array:\n";
        page + &self.listed(&self.response_rows())
    }

    fn markdown(&self) -> String {
        let path = &self.endpoint.path;
        let link = &self.endpoint.source.link;
        let mut page = format!(
            "[NAV![Menu](https://docs.dataforseo.com/x.png)]({}?bash#)\n\n- [Task POST](https://docs.dataforseo.com/v3/a/task_post/?bash)\n\n\
             ## A page\n\n\u{200c}\n\nFacts about the **web**.\n\n> Use your own credentials.\n\n",
            link.trim_end_matches('/')
        );
        page += &code_block(&self.curl());
        let comment = format!("<?php\n// {} {path}\n?>", self.endpoint.method.as_str());
        page += &code_block(&comment);
        page += "> The above command returns JSON structured like this:\n\n";
        page += &code_block(&self.response());
        page += &format!("Words.{}\n\n", self.calls_per_minute());
        if let Some(task) = self.task() {
            page += "**Description of the fields for setting a task:**\n\n";
            page += &markdown_table(&task);
            page += "\nAs a response of the API server comes [data](https://example.com/data).\n\n";
        }
        page += "**Description of the fields in the results array:**\n\n";
        page + &markdown_table(&self.response_rows())
    }

    fn listed(&self, rows: &[Row]) -> String {
        let mut table = String::from("Field name\nType\nDescription\n");
        for (index, row) in rows.iter().enumerate() {
            let depth = self.depth(index, row, rows);
            table += &format!("{:depth$}{}\n{}\n", "", row.name, row.type_word);
            for line in &row.lines {
                if let Line::Words(line) = line {
                    table += &format!("{line}\n");
                }
            }
        }
        table
    }

    fn curl(&self) -> String {
        let Endpoint { path, method, .. } = self.endpoint;
        let data = match &self.endpoint.example {
            Some(example) if *method == Method::Post => {
                let tasks = serde_json::to_string_pretty(&[example]).unwrap();
                format!("\n--data-raw '{tasks}'")
            }
            _ => String::new(),
        };
        format!(
            "# a comment with [brackets\nlogin=\"login\"\ncurl --location --request {} \
             \"https://api.dataforseo.com{path}\"\n--header \"Content-Type: application/json\"{data}",
            method.as_str()
        )
    }

    /// Returns the response in the endpoint's documented fixture, or else a synthetic one.
    fn response(&self) -> String {
        let path = &self.endpoint.path;
        let folder = repository().join("crates/mock-server");
        let fixture = folder.join("fixtures").join(path.trim_start_matches('/'));
        let response = match std::fs::read_to_string(fixture.join("documentation.json")) {
            Ok(text) => {
                let fixture: Value = serde_json::from_str(&text).unwrap();
                fixture["response"]["body"].clone()
            }
            Err(_) => {
                let section = path.split('/').nth(2).unwrap();
                let tables = folder.join(format!("src/generated/{section}.json"));
                let tables = std::fs::read_to_string(tables).unwrap();
                let tables = Tables::parse(&tables).unwrap();
                // A response with many rows would make the tests slow.
                let mut task = self.endpoint.example.clone().unwrap_or_default();
                if task.get("limit").is_some() {
                    task["limit"] = 2.into();
                }
                let endpoint = tables.endpoint(path).unwrap();
                Exchange::new(path, &task).response(&tables, endpoint)
            }
        };
        let response = serde_json::to_string_pretty(&response).unwrap();
        if self.html {
            return response;
        }
        // Plain text has no leading spaces in examples.
        response
            .lines()
            .map(|line| format!("{}\n", line.trim()))
            .collect()
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#039;")
}

/// Returns a code block with the words of the editor's buttons. It has the code twice: with an empty
/// line after each line, and as it is. Lines inside of brackets end with a backslash.
fn code_block(code: &str) -> String {
    let mut depth = 0_i32;
    let mut lines = Vec::new();
    for line in code.lines() {
        for c in line.chars() {
            depth += i32::from(c == '[') - i32::from(c == ']');
        }
        lines.push(if depth > 0 {
            format!("{line}\\")
        } else {
            line.to_owned()
        });
    }
    format!(
        "```\n\nPlain text\n\nCopy to clipboard\n\nOpen code in new window\n\nEnlighterJS 3 Syntax \
         Highlighter\n\n{}\n{}\n\n```\n\n",
        lines.join("\n\n"),
        lines.join("\n")
    )
}

/// Returns a table in Markdown whose rows have one more cell than its head.
fn markdown_table(rows: &[Row]) -> String {
    let mut table = String::from("| Field name | Type | Description |\n| --- | --- | --- |\n");
    for row in rows {
        let lines: Vec<String> = row.lines.iter().map(Line::markdown).collect();
        let (first, rest) = lines.split_first().unwrap();
        let rest = rest.iter().map(|line| format!("<br>{line}"));
        let rest: String = rest.collect();
        table += &format!(
            "| **`{}`** | {} | _{first}_{rest} |  |\n",
            row.name, row.type_word
        );
    }
    table
}
