//! The command line of the soak, and its threads.

mod check;
mod draw;
mod events;
mod faults;
mod input;
mod run;
mod tables;
mod totals;
mod world;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use totals::Totals;

const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");
const ENDPOINT: &str = "backlinks/bulk_ranks/live";

/// What is played.
struct Arguments {
    runs: u64,
    seed: u64,
    threads: usize,
}

impl Arguments {
    /// Reads the command line. `None` if the program does not run as a benchmark.
    fn read() -> Option<Self> {
        let given: Vec<String> = std::env::args().skip(1).collect();
        // `cargo bench` passes this. `cargo test --benches` and cargo-nextest do not.
        given.iter().find(|argument| *argument == "--bench")?;
        let value = |name: &str, default: u64| {
            let position = given.iter().position(|argument| argument == name);
            let value = position.and_then(|position| given.get(position + 1));
            value.map_or(default, |value| value.parse().expect("a number"))
        };
        Some(Self {
            runs: value("--runs", 50),
            seed: value("--seed", 1),
            threads: usize::try_from(value("--threads", 2)).expect("a small number"),
        })
    }
}

/// Plays the runs that the command line requests, and prints what they counted.
pub fn run() -> ExitCode {
    let Some(Arguments {
        runs,
        seed,
        threads,
    }) = Arguments::read()
    else {
        return ExitCode::SUCCESS;
    };
    let next = AtomicU64::new(0);
    let totals = Mutex::new(Totals::default());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= runs {
                        return;
                    }
                    let run = run::play(seed + number);
                    for failed in &run.failed {
                        print_failed(failed);
                    }
                    totals.lock().unwrap().merge(run);
                    if (number + 1).is_multiple_of(500) {
                        println!("{} runs", number + 1);
                    }
                }
            });
        }
    });
    let totals = totals.into_inner().unwrap();
    totals.print();
    if totals.failed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_failed(failed: &totals::FailedRun) {
    let totals::FailedRun {
        seed,
        problems,
        folder,
        description,
    } = failed;
    println!(
        "seed {seed} failed: repeat it with --runs 1 --seed {seed}. Its files are in {folder}"
    );
    for problem in problems.iter().take(10) {
        println!("  {problem}");
    }
    if std::env::args().any(|argument| argument == "--describe") {
        println!("{description}");
    }
}
