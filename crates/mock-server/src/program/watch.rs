//! `--watch`: fixtures are read again when a file below their folders changes.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::exit::ProgramError;
use super::stderr::log;
use crate::fixtures::FixtureError;

/// The time within which several events are one change: an editor writes in several steps.
const DEBOUNCE: Duration = Duration::from_millis(50);

/// Watches the folders until the returned watcher is dropped.
pub(super) fn watch(
    folders: &[PathBuf],
    reload: impl Fn() -> Result<usize, FixtureError> + Send + 'static,
) -> Result<Arc<Mutex<RecommendedWatcher>>, ProgramError> {
    if folders.is_empty() {
        return Err(ProgramError::usage(
            "`--watch` requires `--fixtures FOLDER`",
        ));
    }
    let mut places = Vec::new();
    for folder in folders {
        let place =
            place(folder).map_err(|e| ProgramError::start(format!("{}: {e}", folder.display())))?;
        places.push(place);
    }
    let parents: Vec<PathBuf> = places
        .iter()
        .filter_map(|place| place.parent())
        // Everything within another watched folder is watched already.
        .filter(|parent| !places.iter().any(|it| parent.starts_with(it)))
        .map(Path::to_owned)
        .collect();
    let (changed, changes) = mpsc::channel();
    let seen = (places.clone(), parents.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event
            && let Some(change) = change(&event, &seen.0, &seen.1)
        {
            // The receiver is gone when the program ends.
            let _ = changed.send(change);
        }
    })
    .map_err(ProgramError::start)?;
    for parent in &parents {
        // An unreadable parent must not prevent the start.
        let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
    }
    for place in &places {
        watcher
            .watch(place, RecursiveMode::Recursive)
            .map_err(ProgramError::start)?;
    }
    let watcher = Arc::new(Mutex::new(watcher));
    let held = Arc::downgrade(&watcher);
    std::thread::spawn(move || {
        while let Ok(mut change) = changes.recv() {
            while let Ok(further) = changes.recv_timeout(DEBOUNCE) {
                change = change.max(further);
            }
            // Before the fixtures are read, so that no change goes unnoticed in between.
            if change == Change::Folder {
                let Some(watcher) = held.upgrade() else {
                    return;
                };
                let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                for place in &places {
                    // A folder that is gone is noticed through its parent when it returns.
                    let _ = watcher.unwatch(place);
                    let _ = watcher.watch(place, RecursiveMode::Recursive);
                }
            }
            log(match reload() {
                Ok(count) => format!("reloaded: {count} fixtures"),
                Err(error) => format!("not reloaded, the current fixtures stay: {error}"),
            });
        }
    });
    Ok(watcher)
}

/// A change of the file system. The greater one requires more work.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Something in a folder changed.
    Inside,
    /// The folder itself changed, so the watched one may have been moved away.
    Folder,
}

fn change(event: &Event, folders: &[PathBuf], parents: &[PathBuf]) -> Option<Change> {
    if event.kind.is_access() {
        return None;
    }
    if event.need_rescan() {
        return Some(Change::Folder);
    }
    let of = |path: &PathBuf| {
        if folders.contains(path) {
            return Some(Change::Folder);
        }
        let inside = folders.iter().any(|folder| path.starts_with(folder));
        // Siblings of a folder are ignored. Any other path is in a folder, perhaps under another
        // name behind a link.
        let beside = path
            .parent()
            .is_some_and(|it| parents.iter().any(|p| p == it));
        (inside || !beside).then_some(Change::Inside)
    };
    event.paths.iter().filter_map(of).max()
}

/// Returns the absolute path of a folder. A link keeps its own name, as its target can change.
fn place(folder: &Path) -> std::io::Result<PathBuf> {
    match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            Ok(Path::new(".").canonicalize()?.join(name))
        }
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => folder.canonicalize(),
    }
}
