//! The registrable domain of a target.
//!
//! Some endpoints of the API limit how many domains the targets of a task have.
//!
//! This is a crate of its own because compiling the public suffix list takes ten seconds of a
//! release build. Here it is compiled once, and not with every change of the generated models.

/// Returns the registrable domain of a target: `bbc.co.uk` for `https://news.bbc.co.uk/page`.
///
/// The domain is found with the registries' part of the public suffix list. An IP address, or a
/// host name without a known suffix, is returned in lower case. Returns `None` if the target has
/// no host.
///
/// ```
/// use dataforseo_domains::domain_of;
///
/// assert_eq!(domain_of("https://news.bbc.co.uk/page").as_deref(), Some("bbc.co.uk"));
/// assert_eq!(domain_of("WWW.Example.com").as_deref(), Some("example.com"));
/// assert_eq!(domain_of("https://me.blogspot.com/").as_deref(), Some("blogspot.com"));
/// assert_eq!(domain_of("http://127.0.0.1:80/").as_deref(), Some("127.0.0.1"));
/// assert_eq!(domain_of(" "), None);
/// ```
pub fn domain_of(target: &str) -> Option<String> {
    let rest = target.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(host, _)| host),
    };
    let host = host.trim_end_matches('.').to_lowercase();
    if host.is_empty() {
        return None;
    }
    if host.parse::<std::net::IpAddr>().is_ok() {
        return Some(host);
    }
    let Some(suffix) = psl::suffix(host.as_bytes()) else {
        return Some(host);
    };
    // The list has suffixes of registries and of companies that rent names below their domain.
    // The API does not document which of them count. With those of registries only, hosts of a
    // company are one domain, so fewer tasks are rejected.
    let mut domain = match suffix.typ() {
        Some(psl::Type::Private) => host.get(host.len() - suffix.as_bytes().len()..)?,
        _ => return Some(psl::domain_str(&host).map_or_else(|| host.clone(), ToOwned::to_owned)),
    };
    while let Some((_, parent)) = domain.split_once('.') {
        let of_registry = psl::suffix(parent.as_bytes())
            .is_some_and(|suffix| suffix.typ() != Some(psl::Type::Private) && suffix == parent);
        if of_registry {
            break;
        }
        domain = parent;
    }
    Some(domain.to_owned())
}

/// The README's example runs.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
