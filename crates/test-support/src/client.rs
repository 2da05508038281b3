//! Clients of a mock server in memory, and a call.

use dataforseo_client::backlinks::BulkPagesSummaryLiveTask;
use dataforseo_client::{Client, ClientBuilder, Error};
use dataforseo_mock_server::MockServer;

/// Returns a builder for clients that connect to a mock server in memory.
pub fn client_builder(mock: &MockServer) -> ClientBuilder {
    Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
}

/// Sends a call of `bulk_pages_summary` with one target, and drops the response.
///
/// # Errors
/// Returns the error of the call.
pub async fn call_pages_summary(client: &Client) -> Result<(), Error> {
    let task = BulkPagesSummaryLiveTask::new(["a.com"]);
    client
        .backlinks()
        .bulk_pages_summary_live(&task)
        .await
        .map(drop)
}
