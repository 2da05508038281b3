//! Sending one HTTP request and receiving its response.

pub(crate) mod connector;
pub(crate) mod error;
pub(crate) mod middleware;
mod network;
pub(crate) mod transport;

pub(crate) use network::{Network, connector, pooled};
