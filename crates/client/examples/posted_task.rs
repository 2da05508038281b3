//! Posting a task and fetching its result later.

use std::time::Duration;

use dataforseo_client::{Client, Fetched, serp::google::OrganicTaskPostTask};
use dataforseo_mock_server::{MockServer, OnMiss};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()?;

    let task = OrganicTaskPostTask::new()
        .keyword("albert einstein")
        .location_code(2840)
        .language_code("en");
    let posted = client.serp().google().organic_task_post(&[task]).await?;
    for (index, task) in posted.failed() {
        println!("task {index} was refused: {}", task.message);
    }
    for task in posted.tasks() {
        let Some(id) = &task.id else { continue };
        loop {
            match client
                .serp()
                .google()
                .organic_task_get_advanced(id.as_str())
                .await?
            {
                Fetched::Ready(response) => {
                    println!("{id}: {} results", response.results().len());
                    break;
                }
                Fetched::Pending(code) => {
                    println!("{id} is not done yet ({code})");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
    Ok(())
}
