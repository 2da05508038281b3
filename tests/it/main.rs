//! End to end, and across the crates.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod agreement;
mod bad_input;
mod decoding;
mod errors;
mod examples;
mod faults;
mod filters;
mod fixtures;
#[rustfmt::skip]
mod generated;
mod mock;
mod openapi;
mod paging;
mod recording;
mod replay;
mod requests;
mod schemas;
mod secrets;
mod targets;
mod tasks;
mod typed;
mod unions;

use dataforseo_client::models::Date;
use dataforseo_client::{Client, ClientBuilder};

/// A client of a server of this machine, on the day of the documentation's example.
fn client(url: impl Into<String>) -> Client {
    builder(url).build().unwrap()
}

fn builder(url: impl Into<String>) -> ClientBuilder {
    Client::builder()
        .credentials("login", "password")
        .base_url(url)
        .clock(|| Date::constant(2021, 10, 13))
}
