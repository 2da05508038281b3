//! Counts the calls of a bulk job.
//!
//! They are compared with the fewest possible calls, and with calls that are filled in the order of
//! the input.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use dataforseo_bulk::{Capacity, Packer, Spool, SpooledTarget};
use dataforseo_client::models::Task;
use dataforseo_client::models::backlinks::BulkPagesSummaryLiveTask;

use crate::Outcome;
use crate::report::{Requirements, table, words};

/// The default number of targets that a job holds.
const WINDOW: usize = 25_000;
const AIM: f64 = 1.02;

/// A list of pages with a distribution of domains.
struct Mix {
    name: String,
    /// The domain of each page, in the order of the input.
    domains: Vec<u32>,
}

fn mixes() -> Vec<Mix> {
    let mut random = fastrand::Rng::with_seed(7);
    let sizes = |count: u32, size: &mut dyn FnMut(u32) -> u32| -> Vec<u32> {
        let domains = 0..count;
        domains
            .flat_map(|domain| std::iter::repeat_n(domain, size(domain) as usize))
            .collect()
    };
    let few = sizes(2_000, &mut |_| 500);
    let many = sizes(330_000, &mut |_| 1 + random.u32(0..5));
    // The largest site has a fortieth of all pages. Most sites have one or two.
    let tail = sizes(60_000, &mut |rank| {
        25_000 / (rank + 1) + 1 + random.u32(0..12)
    });
    let balanced = sizes(100_000, &mut |_| 1 + random.u32(0..19));
    let mut all = Vec::new();
    for (name, domains) in [
        ("many pages of few domains", few),
        ("few pages of many domains", many),
        ("a heavy tail", tail),
        ("about ten pages of each", balanced),
    ] {
        let mut shuffled = domains.clone();
        random.shuffle(&mut shuffled);
        all.push((name, "largest first", domains));
        all.push((name, "shuffled", shuffled));
    }
    let mix = |(name, order, domains)| Mix {
        name: format!("{name}, {order}"),
        domains,
    };
    all.into_iter().map(mix).collect()
}

/// Measures, and prints the figures.
pub fn measure(requirements: &mut Requirements) -> Outcome<()> {
    let capacity = Capacity::from_rules(BulkPagesSummaryLiveTask::RULES);
    println!(
        "packing bulk_pages_summary: {} targets and {} domains per call, a window of {WINDOW}",
        capacity.targets,
        capacity.domains.map_or(0, NonZeroUsize::get)
    );
    let folder = tempfile::TempDir::new()?;
    let mut rows = vec![words(&[
        "calls",
        "pages",
        "domains",
        "fewest",
        "whole list",
        "sorted",
        "window",
        "naive",
    ])];
    for mix in mixes() {
        let targets: Vec<String> = mix
            .domains
            .iter()
            .enumerate()
            .map(|(page, domain)| format!("https://d{domain}.com/{page}"))
            .collect();
        let distinct = mix.domains.iter().collect::<HashSet<_>>().len();
        let fewest = capacity.min_calls(targets.len(), distinct);
        let all = || {
            targets
                .iter()
                .cloned()
                .zip(0..)
                .map(|(target, index)| Ok(SpooledTarget { index, target }))
        };
        let whole = calls(capacity, usize::MAX, all())?;
        let window = calls(capacity, WINDOW, all())?;
        let mut spool = Spool::in_dir(folder.path())?;
        for (index, target) in targets.iter().enumerate() {
            spool.push(index as u64, target)?;
        }
        let sorted = calls(capacity, WINDOW, spool.finish()?)?;
        let share = |calls: usize| calls as f64 / fewest as f64;
        let shown = |calls: usize| format!("{calls} ({:.3})", share(calls));
        rows.push(vec![
            mix.name.clone(),
            targets.len().to_string(),
            distinct.to_string(),
            fewest.to_string(),
            shown(whole),
            shown(sorted),
            shown(window),
            shown(naive(capacity, &mix.domains)),
        ]);
        let what = |how: &str| format!("calls, {how}, {}", mix.name);
        requirements.at_most(&what("whole list"), share(whole), AIM);
        requirements.at_most(&what("sorted"), share(sorted), AIM);
    }
    print!("{}", table(&rows));
    println!(
        "sorted: the input is sorted by domain on disk first, with the same window; \
         window: the input is not sorted, so pages further apart are never in one call"
    );
    Ok(())
}

fn calls(
    capacity: Capacity,
    window: usize,
    targets: impl Iterator<Item = std::io::Result<SpooledTarget>>,
) -> Outcome<usize> {
    let window = NonZeroUsize::new(window).unwrap_or(NonZeroUsize::MIN);
    let mut packer = Packer::new(capacity, window);
    let mut calls = 0;
    for target in targets {
        let target = target?;
        packer.push(target.index, &target.target);
        if packer.is_full() {
            calls += usize::from(packer.next_call().is_some());
        }
    }
    while packer.next_call().is_some() {
        calls += 1;
    }
    Ok(calls)
}

/// Counts calls that are sent as soon as the next page does not fit.
fn naive(capacity: Capacity, domains: &[u32]) -> usize {
    let most = capacity.domains.map_or(usize::MAX, NonZeroUsize::get);
    let mut calls = 0;
    let mut held = HashSet::new();
    let mut count = 0;
    for domain in domains {
        let is_new = !held.contains(domain);
        if count == capacity.targets.get() || (is_new && held.len() == most) {
            calls += 1;
            held.clear();
            count = 0;
        }
        held.insert(domain);
        count += 1;
    }
    calls + usize::from(count > 0)
}
