//! A bulk job that runs offline: the mock server runs in this process, so there is no network, no
//! account and no cost.
//!
//! ```sh
//! cargo run -p dataforseo-bulk --example offline
//! ```

use std::error::Error;

use dataforseo_bulk::{BulkJob, Outcome};
use dataforseo_client::Client;
use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
use dataforseo_mock_server::{MockServer, OnMiss};
use futures_util::{StreamExt, stream};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // The mock server responds to every valid request with generated rows. For the real API, replace
    // these lines with `Client::from_env()`, which reads DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    let mock = MockServer::builder().on_miss(OnMiss::Example).in_memory()?;
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(mock.url())
        .connector(mock.connector())
        .build()?;

    // Any stream of targets works: lines of a file, rows of a database. This one has 2500 domains, a
    // duplicate and an invalid target.
    let domains = (0..2500).map(|number| format!("domain-{number}.example"));
    let others = ["domain-7.example".to_owned(), String::new()];
    let targets = || stream::iter(domains.clone().chain(others.clone()));

    // The task has the parameters that all calls share. The job fills in its targets.
    let task = BulkRanksLiveTask::default();
    let directory = tempfile::tempdir()?;
    let journal = directory.path().join("ranks.journal");
    let job = BulkJob::<BulkRanksLive>::new(client, task)
        .budget(1.0) // US dollars: the job stops before it exceeds them
        .resume(&journal); // starts the job, as there is no journal yet

    // What would it cost? This sends nothing.
    let plan = job.clone().plan(targets()).await?;
    println!(
        "{} targets, {} of them invalid: {} calls, estimated at {} USD",
        plan.targets, plan.invalid, plan.calls, plan.estimate.amount
    );

    // Calls are sent while the outcomes are taken. The order is that of the calls, so `index` tells
    // which target of the input it is.
    let mut outcomes = job.clone().run(targets()).await?;
    while let Some(target) = outcomes.next().await {
        match target.outcome {
            Outcome::Found(row) if target.index < 3 => {
                println!("{}: rank {:?}", target.target, row.rank);
            }
            Outcome::Found(_) => {} // the other 2498 rows
            Outcome::Invalid(reason) => println!("target {}: {reason}", target.index),
            // A failed call, or a job that stopped: `resume` sends these targets again.
            other => println!("{}: {}", target.target, other.as_str()),
        }
    }
    if let Some(end) = outcomes.job_end() {
        println!("{end}, {} calls", outcomes.progress().calls);
    }

    // The same job again: all outcomes come from the journal, without a call.
    let mut outcomes = job.run(targets()).await?;
    while outcomes.next_batch().await.is_some() {}
    let progress = outcomes.progress();
    println!(
        "resumed {} outcomes, {} calls",
        progress.resumed, progress.calls
    );
    Ok(())
}
