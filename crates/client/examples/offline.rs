//! The main job, offline: a program asks for backlinks, and a mock server in the same process
//! answers with the documentation's example.
//!
//! Against the real API, `Client::from_env()` takes the place of the builder.

use dataforseo_client::models::backlinks::{
    BulkNewLostBacklinksLive, BulkNewLostBacklinksLiveTask, BulkPagesSummaryLiveTask,
};
use dataforseo_client::models::{Date, match_targets};
use dataforseo_client::{Client, Response};
use dataforseo_mock_server::MockServer;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::start().await?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        // The documentation's example asks for changes since 2021-01-01, and the API reaches back
        // one year: on the day that the example was recorded that was allowed.
        .clock(|| Date::constant(2021, 10, 13))
        .build()?;

    let targets = [
        "forbes.com",
        "cnn.com",
        "bbc.com",
        "yelp.com",
        "https://www.apple.com/iphone/",
        "https://ahrefs.com/blog/",
        "ibm.com",
        "https://variety.com/",
        "https://stackoverflow.com/",
        "www.trustpilot.com",
    ];
    let task = BulkNewLostBacklinksLiveTask::new(targets).date_from(Date::constant(2021, 1, 1));
    let answer = client
        .backlinks()
        .bulk_new_lost_backlinks_live(&task)
        .await?;
    println!("New and lost backlinks since 2021-01-01");
    println!("  {:<32} {:>12} {:>12}", "target", "new", "lost");
    // Items come in another order than the targets.
    let matched = match_targets::<BulkNewLostBacklinksLive>(&task, answer.results());
    for (target, item) in matched.targets {
        match item {
            Some(item) => {
                println!(
                    "  {target:<32} {:>12} {:>12}",
                    number(item.new_backlinks),
                    number(item.lost_backlinks)
                );
            }
            None => println!("  {target:<32} no answer"),
        }
    }
    print_cost(&answer);

    let targets = [
        "https://dataforseo.com/solutions",
        "https://dataforseo.com/about-us",
    ];
    let answer = client
        .backlinks()
        .bulk_pages_summary_live(&BulkPagesSummaryLiveTask::new(targets))
        .await?;
    println!("\nPages (made-up numbers: the documentation has no example of this answer)");
    println!(
        "  {:<32} {:>12} {:>12} {:>20}",
        "page", "backlinks", "rank", "first seen"
    );
    for item in answer
        .results()
        .iter()
        .filter_map(|result| result.items.as_ref())
        .flatten()
    {
        let first_seen = item.first_seen.as_ref().and_then(|seen| seen.instant());
        println!(
            "  {:<32} {:>12} {:>12} {:>20}",
            item.url.as_deref().unwrap_or("unknown"),
            number(item.backlinks),
            number(item.rank),
            first_seen.map_or("never".to_owned(), |seen| seen.to_string()),
        );
    }
    print_cost(&answer);
    Ok(())
}

fn number(value: Option<i64>) -> String {
    value.map_or("unknown".to_owned(), |value| value.to_string())
}

fn print_cost<R>(answer: &Response<R>) {
    println!(
        "  {} {} USD",
        answer.status_code(),
        answer.cost().unwrap_or_default()
    );
}
