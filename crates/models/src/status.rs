//! What kinds of status code there are. The codes themselves are generated from
//! `spec/status_codes.yaml`.

/// What a status code says, coarsely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusClass {
    /// Done, or accepted.
    Success,
    /// Not done yet: ask again later. No error.
    Pending,
    /// Done, and nothing was found. No error.
    Empty,
    /// The request is wrong and stays wrong.
    Request,
    /// The credentials are wrong.
    Auth,
    /// The account is not allowed to do this, or is held back.
    Account,
    /// Money: no funds, or a limit that the account's owner set.
    Billing,
    /// Too many calls a minute, or at once.
    Rate,
    /// No such path or task, or no longer.
    NotFound,
    /// The sandbox has no data for this.
    Sandbox,
    /// The page that the task is about cannot be used.
    Target,
    /// A service that the API itself depends on failed.
    Upstream,
    /// The API failed.
    Server,
    /// A code that this version does not know.
    Unknown,
}

/// Whether sending the same again can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// No: it is done, or it fails the same way every time.
    Never,
    /// Yes, after a while.
    Later,
    /// Perhaps: a server's error that can have its cause in the request. Try only few times.
    FewTimes,
    /// The task is under way: ask for it, do not send it again.
    Poll,
    /// Only as a new task; this one has failed.
    NewTask,
    /// Not before tomorrow.
    NextDay,
}

/// Makes the generated enum of status codes an ordinary type.
macro_rules! status_code_impls {
    ($name:ident) => {
        impl $name {
            /// Returns whether the code is not an error: success, pending, or empty.
            pub fn is_ok(self) -> bool {
                use crate::StatusClass::{Empty, Pending, Success};

                matches!(self.class(), Success | Pending | Empty)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.code().fmt(f)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u32(self.code())
            }
        }

        /// Accepts a number and a number as text.
        impl crate::codec::lenient::FromLenientJson for $name {
            fn read(json: crate::codec::Json<'_>) -> Result<Option<Self>, crate::codec::Failed> {
                let code = <i64 as crate::codec::lenient::FromLenientJson>::read(json)?;
                let code = code.and_then(|code| u32::try_from(code).ok());
                Ok(code.map(Self::from_code))
            }
        }
    };
}
pub(crate) use status_code_impls;
