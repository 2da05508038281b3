//! Sending one HTTP request and receiving its response.

pub(crate) mod connector;
pub(crate) mod middleware;
pub(crate) mod transport;
