//! `--watch`: the fixtures are read anew when something changes below their folders.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::Failure;
use super::stderr::tell;

/// An editor writes in several steps; what comes within this time is one change.
const ONE_CHANGE: Duration = Duration::from_millis(50);

/// Watches until what this returns is dropped.
pub(super) fn watch(
    folders: &[PathBuf],
    reload: impl Fn() -> Result<usize, crate::FixtureError> + Send + 'static,
) -> Result<Arc<Mutex<RecommendedWatcher>>, Failure> {
    if folders.is_empty() {
        return Err(Failure::usage("`--watch` needs `--fixtures FOLDER`"));
    }
    let mut places = Vec::new();
    for folder in folders {
        let place =
            place(folder).map_err(|e| Failure::begin(format!("{}: {e}", folder.display())))?;
        places.push(place);
    }
    let parents: Vec<PathBuf> = places
        .iter()
        .filter_map(|place| place.parent())
        // Within another folder everything is watched already.
        .filter(|parent| !places.iter().any(|it| parent.starts_with(it)))
        .map(Path::to_owned)
        .collect();
    let (changed, changes) = mpsc::channel();
    let seen = (places.clone(), parents.clone());
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
        if let Ok(event) = event
            && let Some(change) = change(&event, &seen.0, &seen.1)
        {
            // Nobody listens any more when the program ends.
            let _ = changed.send(change);
        }
    })
    .map_err(Failure::begin)?;
    for parent in &parents {
        // One that may not be looked at costs less than not to begin.
        let _ = watcher.watch(parent, RecursiveMode::NonRecursive);
    }
    for place in &places {
        watcher
            .watch(place, RecursiveMode::Recursive)
            .map_err(Failure::begin)?;
    }
    let watcher = Arc::new(Mutex::new(watcher));
    let held = Arc::downgrade(&watcher);
    std::thread::spawn(move || {
        while let Ok(mut change) = changes.recv() {
            while let Ok(further) = changes.recv_timeout(ONE_CHANGE) {
                change = change.max(further);
            }
            // Before the fixtures are read, so that nothing changes unseen in between.
            if change == Change::Folder {
                let Some(watcher) = held.upgrade() else {
                    return;
                };
                let mut watcher = watcher.lock().unwrap_or_else(PoisonError::into_inner);
                for place in &places {
                    // One that is gone is seen by its parent when it comes back.
                    let _ = watcher.unwatch(place);
                    let _ = watcher.watch(place, RecursiveMode::Recursive);
                }
            }
            tell(match reload() {
                Ok(count) => format!("reloaded: {count} fixtures"),
                Err(error) => format!("not reloaded, the fixtures from before stay: {error}"),
            });
        }
    });
    Ok(watcher)
}

/// What happened; the more that is to be done about it, the greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    /// Something in a folder is another.
    Inside,
    /// The folder itself is, so that what was watched may be one that was moved away.
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
        // What lies beside a folder is nobody's business. The rest is in one, though it may go by
        // another name there, behind a link.
        let beside = path
            .parent()
            .is_some_and(|it| parents.iter().any(|p| p == it));
        (inside || !beside).then_some(Change::Inside)
    };
    event.paths.iter().filter_map(of).max()
}

/// Where a folder is, whatever becomes of it: a link keeps its own name, as another folder may
/// stand behind it tomorrow.
fn place(folder: &Path) -> std::io::Result<PathBuf> {
    match (folder.parent(), folder.file_name()) {
        (Some(parent), Some(name)) if parent.as_os_str().is_empty() => {
            Ok(Path::new(".").canonicalize()?.join(name))
        }
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => folder.canonicalize(),
    }
}
