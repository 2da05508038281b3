//! End to end, and across the crates.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by a panic"
)]

mod agreement;
mod bad_input;
mod charges;
mod decoding;
mod documentation;
mod errors;
mod examples;
mod faults;
mod filters;
mod fixtures;
#[rustfmt::skip]
mod generated;
mod http2;
mod layers;
mod machine;
mod maps;
mod mock;
mod network;
mod openapi;
mod paging;
mod policies;
mod prices;
mod recording;
mod redis;
mod redis_faults;
mod redis_server;
mod replay;
mod requests;
mod salvage;
mod schemas;
mod secrets;
mod synthetic;
mod targets;
mod tasks;
mod typed;
mod unions;
mod untyped;
mod watching;

use dataforseo_client::models::Date;
use std::sync::Arc;

use dataforseo_client::{Client, ClientBuilder, NeverRetry, NoLimits};
use dataforseo_mock_server::{MockServer, OnMiss};

/// A client of a server of this machine, on the day of the documentation's example.
fn client(url: impl Into<String>) -> Client {
    builder(url).build().unwrap()
}

/// It sends each call once and at once: what the policies do has tests of its own.
fn builder(url: impl Into<String>) -> ClientBuilder {
    Client::builder()
        .retry_policy(NeverRetry)
        .limiter(Arc::new(NoLimits))
        .credentials("login", "password")
        .base_url(url)
        .clock(|| Date::constant(2021, 10, 13))
}

/// Returns a mock server without a socket that responds to every valid request.
fn examples() -> MockServer {
    let builder = MockServer::builder().on_miss(OnMiss::Example);
    builder.in_memory().unwrap()
}
