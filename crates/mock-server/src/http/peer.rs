//! The origin of a connection.

use std::net::IpAddr;

/// Where a connection is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// The same program, without a socket.
    Program,
    /// This machine.
    Local,
    /// Another one.
    Remote,
}

impl From<IpAddr> for Peer {
    fn from(address: IpAddr) -> Self {
        if address.to_canonical().is_loopback() {
            Self::Local
        } else {
            Self::Remote
        }
    }
}
