//! All rows of a list, page by page, into a file.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use dataforseo_client::{Client, backlinks::BacklinksLiveTask};
use dataforseo_mock_server::{MockServer, OnMiss};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()?;

    let path = std::env::temp_dir().join("backlinks.tsv");
    let mut file = BufWriter::new(File::create(&path)?);
    let task = BacklinksLiveTask::new("forbes.com").limit(100);
    let mut pages = client.backlinks().backlinks_live_pages(task);
    while let Some(page) = pages.next().await {
        for row in page?.rows {
            let from = row.url_from.unwrap_or_default();
            let to = row.url_to.unwrap_or_default();
            writeln!(file, "{from}\t{to}")?;
        }
        println!("{} of {:?} rows", pages.position(), pages.total());
    }
    file.flush()?;
    println!("{}: {:?}", path.display(), pages.stop_reason());
    Ok(())
}
