//! The classes of status codes. The codes are generated from `spec/status_codes.yaml`.

/// The class of a status code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StatusClass {
    /// The task is done, or was accepted.
    Success,
    /// The task is not done yet. Fetch it later. Not an error.
    Pending,
    /// The task is done, and nothing was found. Not an error.
    Empty,
    /// The request is invalid. A retry fails the same way.
    Request,
    /// The credentials are invalid.
    Auth,
    /// The account lacks a permission, or is suspended.
    Account,
    /// The account has no funds, or reached a cost limit that its owner set.
    Billing,
    /// Too many calls per minute, or in flight.
    Rate,
    /// The path or the task does not exist, or no longer exists.
    NotFound,
    /// The sandbox has no data for this request.
    Sandbox,
    /// The page in the task cannot be fetched or processed.
    Target,
    /// A service that the API depends on failed.
    Upstream,
    /// The API failed.
    Server,
    /// This version does not know the code.
    Unknown,
}

/// Whether a retry of the same request can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// Do not retry: the task is done, or fails the same way every time.
    Never,
    /// Retry after a while.
    Later,
    /// Retry a few times: the error of the server may be caused by the request.
    FewTimes,
    /// Fetch the task later instead: it is in progress.
    Poll,
    /// Post it as a new task: this task has failed.
    NewTask,
    /// Retry on the next day.
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
