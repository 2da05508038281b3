//! Sending one HTTP request and receiving its response.

mod awake;
pub(crate) mod connector;
mod encoding;
pub(crate) mod error;
pub(crate) mod middleware;
mod network;
pub(crate) mod proxy;
pub(crate) mod transport;
mod unprocessed;

pub(crate) use network::{Network, connector, pooled};
