//! A test of your own code with the mock server.
//!
//! In your project, `best_rank` is part of the program and `main` is a `#[tokio::test]`.

use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
use dataforseo_client::{Client, Error, NoLimits};
use dataforseo_mock_server::{Fault, MockServer, OnMiss};

/// The code under test: returns the highest rank of the targets; `None` if none has a rank, or if
/// the API is not available.
async fn best_rank(client: &Client, targets: &[&str]) -> Result<Option<i64>, Error> {
    let task = BulkRanksLiveTask::new(targets.iter().copied());
    match client.backlinks().bulk_ranks_live(&task).await {
        Ok(response) => Ok(response.items().filter_map(|row| row.rank).max()),
        Err(error) if error.is_retryable() => Ok(None),
        Err(error) => Err(error),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .limiter(std::sync::Arc::new(NoLimits))
        .build()?;

    assert!(best_rank(&client, &["forbes.com"]).await?.is_some());

    mock.on(BulkRanksLive).first(1).fault(Fault::Proxy(502));
    assert_eq!(best_rank(&client, &["forbes.com"]).await?, None);
    println!("both cases behave as expected");
    Ok(())
}
