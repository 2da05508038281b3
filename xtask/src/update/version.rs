//! The version of the workspace, and the one after it.

use dataforseo_compare::diff::meaning::Semver;

/// Returns the version that the manifest of the workspace states; `0.0.0` if it states none.
pub fn version(manifest: &str) -> String {
    let (_, package) = manifest
        .split_once("[workspace.package]")
        .unwrap_or_default();
    let line = package
        .lines()
        .find_map(|line| line.strip_prefix("version = "));
    line.unwrap_or("0.0.0").trim().trim_matches('"').to_owned()
}

/// Returns the version after a step. Below 1.0, Cargo treats the second number as the major one,
/// and the third as both others.
pub fn next_version(version: &str, step: Semver) -> String {
    let numbers: Vec<u64> = version
        .split('.')
        .filter_map(|it| it.parse().ok())
        .collect();
    let [major, minor, patch] = numbers[..] else {
        return version.to_owned();
    };
    match (step, major) {
        (Semver::None, _) => version.to_owned(),
        (Semver::Major, 0) => format!("0.{}.0", minor + 1),
        (Semver::Minor | Semver::Patch, 0) => format!("0.{minor}.{}", patch + 1),
        (Semver::Major, _) => format!("{}.0.0", major + 1),
        (Semver::Minor, _) => format!("{major}.{}.0", minor + 1),
        (Semver::Patch, _) => format!("{major}.{minor}.{}", patch + 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_versions() {
        let steps = [Semver::None, Semver::Patch, Semver::Minor, Semver::Major];
        let next = |version: &str| steps.map(|step| next_version(version, step));
        assert_eq!(next("0.1.2"), ["0.1.2", "0.1.3", "0.1.3", "0.2.0"]);
        assert_eq!(next("1.4.2"), ["1.4.2", "1.4.3", "1.5.0", "2.0.0"]);
        assert_eq!(
            version("[workspace.package]\nversion = \"0.1.0\"\n"),
            "0.1.0"
        );
    }
}
