//! One call: a task, its rows and its cost.

use dataforseo_client::Client;
use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
use dataforseo_mock_server::{MockServer, OnMiss};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()?;

    let task = BulkRanksLiveTask::new(["forbes.com", "cnn.com"]);
    println!(
        "at most {} USD",
        client.estimate::<BulkRanksLive>(&task).amount
    );

    let response = client.backlinks().bulk_ranks_live(&task).await?;
    for row in response.items() {
        println!("{:?} has rank {:?}", row.target, row.rank);
    }
    println!("{:?} USD", response.cost());
    Ok(())
}
