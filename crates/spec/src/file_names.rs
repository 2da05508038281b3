//! Checks of names in the spec that become names of files, folders and modules.

use std::fmt;

/// The maximum length of a name, in bytes. File systems allow 255, and endings are added.
pub const MAX_NAME_LENGTH: usize = 100;

/// The maximum length of an endpoint's path, in bytes. Windows allows 260 for a whole path.
pub const MAX_PATH_LENGTH: usize = 160;

/// The devices of Windows, whose names no file can have, whatever its ending.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The reason why a name cannot be the name of a file, a folder or a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadName {
    /// The name is empty.
    Empty,
    /// The name contains another character than those that every file system can store.
    Character(char),
    /// The name is longer than the maximum length in bytes.
    TooLong(usize),
    /// Windows reserves the name for a device.
    Device,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a part of it is empty: remove the slash"),
            Self::Character(found) => write!(
                f,
                "it contains {found:?}: use only lower-case letters, digits, `_` and `-`"
            ),
            Self::TooLong(max) => write!(f, "it is longer than {max} bytes: shorten it"),
            Self::Device => f.write_str("Windows reserves this name for a device"),
        }
    }
}

/// Checks the name of a file, a folder or a module. Capital letters are refused, since some file
/// systems store only one of two names that differ by case.
///
/// # Errors
/// Returns the first reason why the name cannot be used on every system.
pub fn check(name: &str) -> Result<(), BadName> {
    if name.is_empty() {
        return Err(BadName::Empty);
    }
    let is_good = |c: &char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '-');
    if let Some(found) = name.chars().find(|c| !is_good(c)) {
        return Err(BadName::Character(found));
    }
    if name.len() > MAX_NAME_LENGTH {
        return Err(BadName::TooLong(MAX_NAME_LENGTH));
    }
    let is_numbered_device = |prefix| {
        let number = name.strip_prefix(prefix);
        number.is_some_and(|number| number.len() == 1 && number.as_bytes()[0].is_ascii_digit())
    };
    if DEVICES.contains(&name) || is_numbered_device("com") || is_numbered_device("lpt") {
        return Err(BadName::Device);
    }
    Ok(())
}

/// Checks the path of an endpoint, whose parts become folders. A part in braces is a parameter.
///
/// # Errors
/// Returns the first reason why the path cannot be used on every system.
pub fn check_path(path: &str) -> Result<(), BadName> {
    let parts = path.strip_prefix('/').unwrap_or(path).split('/');
    for part in parts {
        let parameter = part.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        check(parameter.unwrap_or(part))?;
    }
    if path.len() > MAX_PATH_LENGTH {
        return Err(BadName::TooLong(MAX_PATH_LENGTH));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_no_system_refuses_are_good() {
        for name in ["live", "tasks_ready", "com10", "console", "v3", "a-b"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
        let path = "/v3/serp/google/organic/task_get/advanced/{id}";
        assert_eq!(check_path(path), Ok(()));
    }

    #[test]
    fn names_that_lead_out_of_a_folder_are_bad() {
        for name in [
            "", ".", "..", "a/b", "a\\b", "c:", "a.", "~", "é", "A", "a\0", "a\u{1b}",
        ] {
            assert!(check(name).is_err(), "{name:?}");
        }
        for path in [
            "/v3/../x", "/v3//x", "/v3/x/", "//x", "/v3/{..}", "/v3/{}", "/v3/{id", "",
        ] {
            assert!(check_path(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn devices_and_long_names_are_bad() {
        for name in ["con", "prn", "aux", "nul", "com1", "com0", "lpt9"] {
            assert_eq!(check(name), Err(BadName::Device), "{name}");
        }
        let long = "a".repeat(MAX_NAME_LENGTH + 1);
        assert_eq!(check(&long), Err(BadName::TooLong(MAX_NAME_LENGTH)));
        assert_eq!(check(&long[1..]), Ok(()));
        let path = format!("/v3{}", "/live".repeat(40));
        assert_eq!(check_path(&path), Err(BadName::TooLong(MAX_PATH_LENGTH)));
    }
}
