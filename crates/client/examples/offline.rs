//! Two bulk endpoints, offline: a mock server in the same process replays the documentation's
//! examples.
//!
//! For the real API, replace the builder with `Client::from_env()`.

use dataforseo_client::backlinks::{
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
        // The documentation's example requests changes since 2021-01-01, but the API accepts dates
        // within a year. This clock shows the day on which the example was recorded.
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
    let response = client
        .backlinks()
        .bulk_new_lost_backlinks_live(&task)
        .await?;
    println!("New and lost backlinks since 2021-01-01");
    println!("  {:<32} {:>12} {:>12}", "target", "new", "lost");
    // The order of the rows differs from that of the targets.
    let matched = match_targets::<BulkNewLostBacklinksLive>(&task, response.results());
    for (target, item) in matched.targets {
        match item {
            Some(item) => {
                println!(
                    "  {target:<32} {:>12} {:>12}",
                    number(item.new_backlinks),
                    number(item.lost_backlinks)
                );
            }
            None => println!("  {target:<32} no row"),
        }
    }
    print_cost(&response);

    let targets = [
        "https://dataforseo.com/solutions",
        "https://dataforseo.com/about-us",
    ];
    let response = client
        .backlinks()
        .bulk_pages_summary_live(&BulkPagesSummaryLiveTask::new(targets))
        .await?;
    println!("\nPages (generated numbers: the documentation has no example of this response)");
    println!(
        "  {:<32} {:>12} {:>12} {:>20}",
        "page", "backlinks", "rank", "first seen"
    );
    for item in response.items() {
        let first_seen = item.first_seen.as_ref().and_then(|seen| seen.instant());
        println!(
            "  {:<32} {:>12} {:>12} {:>20}",
            item.url.as_deref().unwrap_or("unknown"),
            number(item.backlinks),
            number(item.rank),
            first_seen.map_or("never".to_owned(), |seen| seen.to_string()),
        );
    }
    print_cost(&response);
    Ok(())
}

fn number(value: Option<i64>) -> String {
    value.map_or("unknown".to_owned(), |value| value.to_string())
}

fn print_cost<R>(response: &Response<R>) {
    println!(
        "  {} {} USD",
        response.status_code(),
        response.cost().unwrap_or_default()
    );
}
