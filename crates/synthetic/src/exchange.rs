//! A request, and the response to it.

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::data::data;
use crate::generator::Generator;
use crate::page::{Page, plausible_total};
use crate::scene::Scene;
use crate::size::{Extent, MAX_VALUES};
use crate::{EndpointTable, Kind, MAX_ROWS, SyntheticCase, Tables, TypeTable};

/// A constant, so that responses are the same every time.
const TIME: &str = "0.1000 sec.";

/// The number of values that each row of a bulk endpoint can have, however many there are.
const VALUES_PER_TARGET: usize = 200;

/// A request with one task, and the circumstances of its response.
#[derive(Debug, Clone, Copy)]
pub struct Exchange<'a> {
    /// The path with the version and the values of its parameters.
    pub path: &'a str,
    /// The task. Null for a GET.
    pub task: &'a Value,
    /// The index of the task in its request.
    pub index: usize,
    /// The case that the response covers.
    pub case: SyntheticCase,
    /// The day of the request.
    pub today: Date,
    /// The posted tasks that `tasks_ready` lists. `None` for a synthetic one.
    pub ready: Option<&'a [PostedTask]>,
}

/// A task that was posted before.
#[derive(Debug, Clone, PartialEq)]
pub struct PostedTask {
    /// The identifier.
    pub id: String,
    /// The path that the task was sent to, with the version.
    pub path: String,
    /// The task.
    pub task: Value,
}

impl<'a> Exchange<'a> {
    /// Creates an exchange in the plain case, on 2026-01-01. The task is null for a GET.
    pub fn new(path: &'a str, task: &'a Value) -> Self {
        Self {
            path,
            task,
            index: 0,
            case: SyntheticCase::Plain,
            today: Date::constant(2026, 1, 1),
            ready: None,
        }
    }

    /// Returns the task of the response. The amounts are 0.
    pub fn response_task(&self, tables: &Tables, endpoint: &EndpointTable) -> Map<String, Value> {
        let result = self.results(tables, endpoint);
        let (code, message) = match endpoint.mode.as_str() {
            "task_post" => (20100, "Task Created."),
            _ => (20000, "Ok."),
        };
        let segments: Vec<&str> = self.path.trim_matches('/').split('/').collect();
        let id = match endpoint.mode.as_str() {
            "task_get" => segments.last().map(|id| (*id).to_owned()),
            _ => None,
        };
        let task = json!({
            "id": id.unwrap_or_else(|| task_id(self.task, self.index)),
            "status_code": code,
            "status_message": message,
            "time": TIME,
            "cost": 0,
            "result_count": result.as_array().map_or(0, Vec::len),
            "path": segments,
            "data": data(self.path, self.task),
            "result": result,
        });
        match task {
            Value::Object(task) => task,
            _ => Map::new(),
        }
    }

    /// Returns the response in the API's envelope.
    pub fn response(&self, tables: &Tables, endpoint: &EndpointTable) -> Value {
        json!({
            "version": "0.1.synthetic",
            "status_code": 20000,
            "status_message": "Ok.",
            "time": TIME,
            "cost": 0,
            "tasks_count": 1,
            "tasks_error": 0,
            "tasks": [self.response_task(tables, endpoint)],
        })
    }

    /// Returns the `result` of the response's task: a list, or null.
    pub fn results(&self, tables: &Tables, endpoint: &EndpointTable) -> Value {
        if self.case == SyntheticCase::Empty || endpoint.mode == "task_post" {
            return Value::Null;
        }
        match self.ready {
            Some([]) => Value::Null,
            Some(ready) if endpoint.mode == "tasks_ready" => {
                let tasks = ready.iter().take(MAX_READY);
                let rows = tasks.map(|posted| self.ready_task(tables, endpoint, posted));
                rows.collect()
            }
            None if endpoint.mode == "tasks_ready" => {
                let posted = self.example_of_posted(tables);
                json!([self.ready_task(tables, endpoint, &posted)])
            }
            _ => {
                let scene = Scene::new(endpoint, self, None);
                let mut rows = endpoint.rows.iter();
                if rows.any(|rows| rows.is_whole_result()) {
                    return self.result_rows(tables, &scene);
                }
                match self.result(tables, &scene) {
                    Value::Null => Value::Null,
                    result => json!([result]),
                }
            }
        }
    }

    /// Returns a result in which each element is a row.
    fn result_rows(&self, tables: &Tables, scene: &Scene<'_>) -> Value {
        let page = match scene.targets.len() {
            0 => Page::of(scene, plausible_total(scene)),
            targets => Page::whole(targets),
        };
        let max_values = (MAX_VALUES / page.len.max(1)).max(VALUES_PER_TARGET);
        let row = |index: usize, extent: Extent| {
            let size = (extent, max_values);
            let mut generator = Generator::new(tables, scene, self.case, page, size);
            let row = generator.result_row(index);
            (row, generator.size().is_exceeded())
        };
        let extent = Extent::largest(|extent| !row(page.offset, extent).1);
        let indexes = page.offset..page.offset + page.len;
        indexes.map(|index| row(index, extent).0).collect()
    }

    /// Returns the task that `tasks_ready` lists if none was posted: the example of the function.
    fn example_of_posted(&self, tables: &Tables) -> PostedTask {
        let function = self.path.trim_end_matches("tasks_ready");
        let posts = |path: &&String| path.starts_with(function) && path.ends_with("/task_post");
        let path = tables.endpoints.keys().find(posts);
        let task = path
            .and_then(|path| tables.endpoints.get(path)?.example.clone())
            .unwrap_or_default();
        PostedTask {
            id: task_id(&task, 0),
            path: path.cloned().unwrap_or_default(),
            task,
        }
    }

    /// Returns the entry of `tasks_ready` for a posted task.
    fn ready_task(&self, tables: &Tables, endpoint: &EndpointTable, posted: &PostedTask) -> Value {
        let scene = Scene::new(endpoint, self, Some(posted));
        let mut entry = self.result(tables, &scene);
        let Value::Object(fields) = &mut entry else {
            return entry;
        };
        if self.case == SyntheticCase::Nulls {
            return entry;
        }
        for (name, value) in fields {
            match name.as_str() {
                "tag" => *value = posted.task.get("tag").cloned().unwrap_or_default(),
                name if name.starts_with("endpoint") => *value = posted.endpoint(tables, name),
                _ => {}
            }
        }
        entry
    }

    /// Returns one result that is within the limits of size.
    fn result(&self, tables: &Tables, scene: &Scene<'_>) -> Value {
        let attempt = |page: Page, extent: Extent, max_values: usize| {
            let size = (extent, max_values);
            let mut generator = Generator::new(tables, scene, self.case, page, size);
            let result = generator.result();
            let size = generator.size();
            (result, size.values(), size.is_exceeded())
        };
        let row_members = Generator::new(
            tables,
            scene,
            self.case,
            Page::whole(0),
            (Extent::LARGEST, 0),
        )
        .row_members();
        let per_target = scene
            .endpoint
            .rows
            .as_ref()
            .is_some_and(|rows| rows.target.is_some());
        if per_target && !scene.targets.is_empty() {
            let targets = scene.targets.len();
            let max_values = (MAX_VALUES / targets).max(VALUES_PER_TARGET);
            let all = |extent| attempt(Page::whole(targets), extent, max_values * targets);
            let (result, size, _) = all(Extent::LARGEST);
            if size <= max_values * targets {
                return result;
            }
            let one = Page::whole(1);
            return all(Extent::largest(|extent| {
                !attempt(one, extent, max_values).2
            }))
            .0;
        }
        // Most responses are small enough as they are.
        let wanted = row_members.map(|members| members + scene.depth().saturating_sub(1));
        if wanted.is_some() || !has_rows(tables, scene.endpoint) {
            let page = wanted.map_or(Page::whole(1), |total| Page::of(scene, total));
            let (result, _, is_exceeded) = attempt(page, Extent::LARGEST, MAX_VALUES);
            if !is_exceeded {
                return result;
            }
        }
        // First the smallest number of rows that shows all types.
        let fewest = Page::whole(row_members.unwrap_or(1));
        let extent = Extent::largest(|extent| !attempt(fewest, extent, MAX_VALUES).2);
        let (smallest, size, _) = attempt(fewest, extent, MAX_VALUES);
        if !has_rows(tables, scene.endpoint) {
            return smallest;
        }
        let mut total = wanted.unwrap_or_else(|| plausible_total(scene).min(rows_within(size)));
        loop {
            let page = Page::of(scene, total);
            let (result, _, is_exceeded) = attempt(page, extent, MAX_VALUES);
            if !is_exceeded || total <= fewest.total {
                return result;
            }
            total = usize::midpoint(total, fewest.total);
        }
    }
}

/// The maximum number of entries that `tasks_ready` returns.
const MAX_READY: usize = 1000;

/// Returns the number of rows that fit, if a response with one has a number of values.
fn rows_within(values_with_one: usize) -> usize {
    (MAX_VALUES / values_with_one.max(1)).clamp(1, MAX_ROWS)
}

/// Returns whether the results of an endpoint have a list of rows.
fn has_rows(tables: &Tables, endpoint: &EndpointTable) -> bool {
    let Kind::Type(name) = &endpoint.result else {
        return false;
    };
    let rows = endpoint.rows.as_ref().map_or("items", |rows| &rows.at);
    match tables.types.get(name) {
        Some(TypeTable::Object(fields)) => matches!(fields.get(rows), Some(Kind::List(_))),
        _ => false,
    }
}

impl PostedTask {
    /// Returns the path that a field of `tasks_ready` names: `endpoint_advanced` is that of the
    /// advanced result. Null if there is no such path.
    fn endpoint(&self, tables: &Tables, field: &str) -> Value {
        let Some(function) = self.path.strip_suffix("/task_post") else {
            return Value::Null;
        };
        let kind = field
            .strip_prefix("endpoint_")
            .map(|kind| format!("/{kind}"));
        let kind = kind.unwrap_or_default();
        let path = format!("{function}/task_get{kind}/{}", self.id);
        match tables.endpoint(&path) {
            Some(_) => path.into(),
            None => Value::Null,
        }
    }
}

/// Returns an identifier in the form of the API's. It depends on the task and its index in the
/// request only.
pub fn task_id(task: &Value, index: usize) -> String {
    let hash = Sha256::digest(format!("dataforseo task\n{}", sorted(task)));
    let hex: String = hash
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("01010000-0000-0000-{:04}-{hex}", index % 10_000)
}

/// Returns a value whose text does not depend on the order of keys.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().filter(|(_, value)| !value.is_null()).collect();
            entries.sort_by_key(|(key, _)| *key);
            let entries = entries.into_iter();
            entries
                .map(|(key, value)| (key.clone(), sorted(value)))
                .collect()
        }
        Value::Array(list) => list.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
