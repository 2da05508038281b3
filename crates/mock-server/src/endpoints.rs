//! The generated table of endpoints, and look-ups in it.

use std::collections::HashMap;
use std::sync::LazyLock;

use dataforseo_models::EndpointInfo;

use crate::generated::ENDPOINTS;
use crate::mock_endpoint::MockEndpoint;

/// The position of an endpoint in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct EndpointIndex(usize);

impl EndpointIndex {
    /// Returns all positions, in the order of the table.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..ENDPOINTS.len()).map(Self)
    }

    /// Returns the entry at the position.
    pub(crate) fn endpoint(self) -> &'static MockEndpoint {
        &ENDPOINTS[self.0]
    }

    /// Returns the description of the endpoint.
    pub(crate) fn info(self) -> &'static EndpointInfo {
        self.endpoint().info
    }

    /// Returns the position as a number from 0 to [`count`] − 1.
    pub(crate) fn get(self) -> usize {
        self.0
    }
}

/// Returns the number of endpoints.
pub(crate) fn count() -> usize {
    ENDPOINTS.len()
}

/// Returns all embedded fixtures that are files: name and content.
pub(crate) fn embedded_fixtures() -> impl Iterator<Item = &'static (&'static str, &'static str)> {
    ENDPOINTS.iter().flat_map(|endpoint| endpoint.fixtures)
}

/// Finds the endpoint that a path belongs to.
pub(crate) fn find(path: &str) -> Option<EndpointIndex> {
    static BY_PATH: LazyLock<HashMap<&'static str, EndpointIndex, foldhash::fast::RandomState>> =
        LazyLock::new(|| {
            EndpointIndex::all()
                .map(|index| (index.info().path, index))
                .collect()
        });
    static WITH_PARAMETERS: LazyLock<Vec<EndpointIndex>> = LazyLock::new(|| {
        EndpointIndex::all()
            .filter(|index| index.info().path.contains('{'))
            .collect()
    });
    BY_PATH.get(path).copied().or_else(|| {
        let mut candidates = WITH_PARAMETERS.iter().copied();
        candidates.find(|index| index.info().matches(path))
    })
}

/// Returns "; did you mean PATH?" for the known path nearest to a wrong one, or an empty text.
pub(crate) fn did_you_mean(wrong: &str) -> String {
    /// The distance takes time by the length, and a path from outside can be long.
    const MAX_LENGTH: usize = 200;
    if wrong.len() > MAX_LENGTH {
        return String::new();
    }
    ENDPOINTS
        .iter()
        .map(|endpoint| endpoint.info.path)
        .map(|path| (strsim::damerau_levenshtein(wrong, path), path))
        .filter(|(distance, path)| *distance <= path.len() / 3)
        .min()
        .map_or(String::new(), |(_, path)| format!("; did you mean {path}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_of_the_table_is_found() {
        for index in EndpointIndex::all() {
            assert_eq!(find(index.info().path), Some(index));
        }
        assert_eq!(find("/v3/none"), None);
    }
}
