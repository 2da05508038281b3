//! Finds endpoints in the generated table.

use crate::generated::SECTIONS;
use crate::table::{EndpointEntry, SectionEntry, kebab_case};

/// Returns all endpoints.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static EndpointEntry> {
    SECTIONS.iter().flat_map(|section| section.endpoints)
}

/// Returns the section with this command.
pub(crate) fn find_section(command: &str) -> Option<&'static SectionEntry> {
    let mut sections = SECTIONS.iter().copied();
    sections.find(|section| kebab_case(section.name) == command)
}

/// Returns the endpoint with these commands.
pub(crate) fn find_endpoint(section: &str, endpoint: &str) -> Option<&'static EndpointEntry> {
    let mut endpoints = find_section(section)?.endpoints.iter();
    endpoints.find(|entry| kebab_case(entry.name) == endpoint)
}

/// Returns the endpoints that have bulk jobs.
pub(crate) fn bulk_endpoints() -> impl Iterator<Item = &'static EndpointEntry> {
    endpoints().filter(|endpoint| endpoint.bulk.is_some())
}

/// Returns the endpoint of a bulk job, by its path without the version.
pub(crate) fn find_bulk_endpoint(id: &str) -> Option<&'static EndpointEntry> {
    bulk_endpoints().find(|endpoint| endpoint.info.id == id)
}
