//! The two directions of data: tasks are sent, results are received.

/// The kind of object that a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// A task in a request, or a path parameter.
    Task,
    /// A result in a response.
    Result,
}

impl Payload {
    /// Returns whether the field is sent.
    pub fn is_task(self) -> bool {
        self == Self::Task
    }
}
