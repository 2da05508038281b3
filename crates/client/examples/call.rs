//! One call: a task, its rows and its cost.

use dataforseo_client::{Client, backlinks::BulkRanksLiveTask};
use dataforseo_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::in_memory();
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()?;

    let task = BulkRanksLiveTask::new(["forbes.com", "cnn.com"]);
    println!(
        "at most {:.4} USD",
        client.estimate::<dataforseo_client::backlinks::BulkRanksLive>(&task)
    );

    let response = client.backlinks().bulk_ranks_live(&task).await?;
    for row in response.items() {
        println!("{:?} has rank {:?}", row.target, row.rank);
    }
    println!("{:?} USD", response.cost());
    Ok(())
}
