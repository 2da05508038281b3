//! Finds endpoints in the generated table.

use clap::ArgMatches;

use crate::generated::SECTIONS;
use crate::table::{EndpointEntry, GroupEntry, SectionEntry, kebab_case};

/// Returns all endpoints.
pub(crate) fn endpoints() -> impl Iterator<Item = &'static EndpointEntry> {
    SECTIONS.iter().flat_map(|section| {
        let groups = section.groups.iter().flat_map(|group| group.endpoints);
        section.endpoints.iter().chain(groups)
    })
}

/// Returns the section with this command.
pub(crate) fn find_section(command: &str) -> Option<&'static SectionEntry> {
    let mut sections = SECTIONS.iter().copied();
    sections.find(|section| kebab_case(section.name) == command)
}

/// Returns the group that contains an endpoint.
pub(crate) fn group_of(endpoint: &EndpointEntry) -> Option<&'static GroupEntry> {
    let mut parts = endpoint.info.id.split('/');
    let section = parts.next()?;
    let sections = &mut SECTIONS.iter();
    let section = sections.find(|it| it.name == section)?;
    // The endpoint `serp/google` of the section would have the name of a group.
    let group = parts.next().filter(|_| parts.next().is_some())?;
    section.group(group)
}

/// Returns the command of an endpoint that was given, with its arguments.
pub(crate) fn given_endpoint(
    matches: &ArgMatches,
) -> Option<(&'static EndpointEntry, &ArgMatches)> {
    let (section, matches) = matches.subcommand()?;
    let section = find_section(section)?;
    let (name, matches) = matches.subcommand()?;
    let mut groups = section.groups.iter();
    if let Some(group) = groups.find(|group| kebab_case(group.name) == name) {
        let (name, matches) = matches.subcommand()?;
        return Some((find_endpoint(group.endpoints, name)?, matches));
    }
    Some((find_endpoint(section.endpoints, name)?, matches))
}

fn find_endpoint(
    endpoints: &'static [EndpointEntry],
    command: &str,
) -> Option<&'static EndpointEntry> {
    let mut endpoints = endpoints.iter();
    endpoints.find(|entry| kebab_case(entry.name) == command)
}

/// Returns the endpoints that have bulk jobs.
pub(crate) fn bulk_endpoints() -> impl Iterator<Item = &'static EndpointEntry> {
    endpoints().filter(|endpoint| endpoint.bulk.is_some())
}

/// Returns the endpoint of a bulk job, by its path without the version.
pub(crate) fn find_bulk_endpoint(id: &str) -> Option<&'static EndpointEntry> {
    bulk_endpoints().find(|endpoint| endpoint.info.id == id)
}
