//! Whether a call was sent, and whether it was charged.

/// Whether a request was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dispatch {
    /// The request was not sent: the server did not receive any part of the task, or it proved that it
    /// did not process it.
    NotSent,
    /// The request was handed to the network. The server may or may not have received it.
    Unknown,
    /// The request was sent: a response, or the beginning of one, arrived.
    Sent,
}

/// Whether a failed call was charged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Charge {
    /// The call was not charged: it was not sent, or the server refused it.
    None,
    /// The call may have been charged. Only the account's list of transactions, on the vendor's web
    /// site, shows whether it was.
    Unknown,
    /// The call was charged this amount, in US dollars.
    Charged(f64),
}

impl Charge {
    /// Returns the charge of a response that contains this cost, in US dollars.
    pub(crate) fn of(cost: f64) -> Self {
        if cost > 0.0 {
            Self::Charged(cost)
        } else {
            Self::None
        }
    }

    /// Returns the amount, in US dollars, if it is known and greater than zero.
    pub(crate) fn amount(self) -> Option<f64> {
        match self {
            Self::Charged(cost) => Some(cost),
            Self::None | Self::Unknown => None,
        }
    }

    /// Returns the charge of two attempts together.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, other) => other,
            (Self::Charged(a), Self::Charged(b)) => Self::Charged(a + b),
            (Self::Charged(_), Self::None) => self,
            _ => Self::Unknown,
        }
    }
}
