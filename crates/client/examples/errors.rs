//! Errors, retries and a budget.
//!
//! The mock server injects the failures.

use std::time::Duration;

use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
use dataforseo_client::{Client, Error, StandardRetryPolicy};
use dataforseo_mock_server::{Fault, MockServer, OnMiss};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let policy = StandardRetryPolicy::default()
        .max_attempts(3)
        .backoff(Duration::from_millis(1), Duration::from_millis(10));
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .retry_policy(policy)
        .build()?;
    let task = BulkRanksLiveTask::new(["forbes.com", "cnn.com"]);

    // A service of the API is unavailable once; the client retries, as nothing was charged.
    mock.on(BulkRanksLive).first(1).fault(Fault::api(50301));
    let response = client.backlinks().bulk_ranks_live(&task).await?;
    println!(
        "succeeded after {} attempts",
        response.raw_response().attempts()
    );

    // A task that breaks a documented limit is not sent.
    let too_many = BulkRanksLiveTask::new((0..1001).map(|number| format!("site{number}.com")));
    if let Err(error) = client.backlinks().bulk_ranks_live(&too_many).await {
        explain(&error);
    }

    // A budget of 0 USD allows no call.
    let client = client.with_budget(0.0);
    if let Err(error) = client.backlinks().bulk_ranks_live(&task).await {
        explain(&error);
    }
    Ok(())
}

fn explain(error: &Error) {
    if error.is_invalid_task() {
        println!("correct {:?}", error.invalid_fields());
    } else if error.is_auth() {
        println!("check login and password");
    } else if error.is_out_of_funds() || error.is_budget_exceeded() {
        println!("no money is left");
    } else if error.is_retryable() {
        println!("try again later, charge so far: {:?}", error.charge());
    }
    println!("  {}", error.display_chain());
}
