//! The tasks that were posted in a session.

use std::collections::VecDeque;

use dataforseo_synthetic::PostedTask;

/// The maximum number of posted tasks that are kept.
const MAX_POSTED: usize = 1000;

/// The tasks that were posted in a session.
#[derive(Debug, Default)]
pub(super) struct PostedTasks {
    /// The latest ones, oldest first.
    kept: VecDeque<Posted>,
}

#[derive(Debug)]
struct Posted {
    task: PostedTask,
    /// Whether the result was fetched.
    is_fetched: bool,
}

impl PostedTasks {
    /// Adds a task. A task with the same identifier is replaced.
    pub(super) fn add(&mut self, task: PostedTask) {
        self.kept.retain(|posted| posted.task.id != task.id);
        if self.kept.len() == MAX_POSTED {
            self.kept.pop_front();
        }
        self.kept.push_back(Posted {
            task,
            is_fetched: false,
        });
    }

    /// Returns the task with an identifier, and marks it as fetched.
    pub(super) fn fetch(&mut self, id: &str) -> Option<PostedTask> {
        let posted = self.kept.iter_mut().find(|posted| posted.task.id == id)?;
        posted.is_fetched = true;
        Some(posted.task.clone())
    }

    /// Returns the tasks that a path of `tasks_ready` lists: those of its function, or of its
    /// section, that were not fetched. `None` if no task was posted there.
    pub(super) fn ready(&self, path: &str) -> Option<Vec<PostedTask>> {
        let function = path.strip_suffix("tasks_ready")?;
        let tasks = self.kept.iter();
        let mut here = tasks
            .filter(|posted| posted.task.path.starts_with(function))
            .peekable();
        here.peek()?;
        let ready = here.filter(|posted| !posted.is_fetched);
        Some(ready.map(|posted| posted.task.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn posted(id: usize, function: &str) -> PostedTask {
        PostedTask {
            id: id.to_string(),
            path: format!("/v3/serp/google/{function}/task_post"),
            task: Value::Null,
        }
    }

    #[test]
    fn tasks_are_ready_until_they_are_fetched() {
        let mut tasks = PostedTasks::default();
        let ready = |tasks: &PostedTasks, path: &str| {
            let ready = tasks.ready(&format!("/v3/serp/{path}tasks_ready"))?;
            Some(ready.into_iter().map(|task| task.id).collect::<Vec<_>>())
        };
        assert_eq!(ready(&tasks, ""), None);
        tasks.add(posted(1, "organic"));
        tasks.add(posted(2, "news"));
        assert_eq!(ready(&tasks, "").unwrap(), ["1", "2"]);
        assert_eq!(ready(&tasks, "google/news/").unwrap(), ["2"]);
        assert_eq!(ready(&tasks, "google/maps/"), None);
        assert_eq!(tasks.fetch("2").unwrap(), posted(2, "news"));
        assert_eq!(tasks.fetch("3"), None);
        assert!(ready(&tasks, "google/news/").unwrap().is_empty());
    }

    #[test]
    fn the_latest_tasks_are_kept() {
        let mut tasks = PostedTasks::default();
        (0..=MAX_POSTED).for_each(|id| tasks.add(posted(id, "organic")));
        assert_eq!(tasks.fetch("0"), None);
        assert!(tasks.fetch("1").is_some());
        tasks.add(posted(1, "organic"));
        assert_eq!(tasks.kept.len(), MAX_POSTED);
    }
}
