//! Connections, requests and responses: everything between a socket and the replay.

pub(crate) mod access;
mod admin;
mod body;
mod extract;
mod fault_io;
pub(crate) mod listen;
pub(crate) mod memory;
mod peer;
mod response;
mod service;
pub(crate) mod state;
