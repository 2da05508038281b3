//! Synthetic responses of the API, for any endpoint and any task.
//!
//! The generator writes [`Tables`] from the spec: the types of results, and the facts about
//! endpoints that a response depends on. [`Exchange`] is a request, from which
//! [`results`](Exchange::results) and [`response`](Exchange::response) are made.
//!
//! Equal exchanges have equal responses, on every machine. A response has at most [`MAX_VALUES`]
//! values and [`MAX_ROWS`] rows. Only a bulk endpoint has more, since each target has its row.

mod case;
mod data;
mod exchange;
mod generator;
mod name_pattern;
mod numbers;
mod page;
mod scene;
mod seed;
mod size;
mod tables;
mod texts;

pub use case::SyntheticCase;
pub use data::data;
pub use exchange::{Exchange, PostedTask, task_id};
pub use page::MAX_ROWS;
pub use size::MAX_VALUES;
pub use tables::{EndpointTable, Kind, RowsTable, Scalar, Tables, TypeTable};
