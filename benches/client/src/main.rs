//! Measures `dataforseo-client` and prints ratios with their goals, from one run.
//!
//! - A call, compared with a bare hyper client.
//! - Decoding, compared with `serde_json::Value` and other clients.
//! - The share of an account's limits that a busy client uses.
//! - The number of calls of a bulk job, and its cost.
//!
//! The candidates take turns, and the best round of each counts, as other work on the machine can
//! only make a round slower.

mod account;
mod bulk;
mod call;
mod decoding;
mod packing;
mod process;
mod report;
mod responses;

use std::error::Error;

use crate::report::Requirements;

/// A value, or the reason why there is none.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => {
            everything();
            Ok(())
        }
        // The arguments with which the program starts itself again.
        ["server"] => call::serve(),
        ["bulk job"] => bulk::job().map(print),
        ["bulk bare"] => bulk::bare().map(print),
        [part] => only(part),
        _ => Err("too many arguments: pass at most one, the part to measure".into()),
    };
    // The results are printed and never fail a build, as this is a benchmark.
    if let Err(error) = outcome {
        eprintln!("error: {error}");
    }
}

/// Prints figures for the parent process, one per line.
fn print(figures: Vec<f64>) {
    for figure in figures {
        println!("{figure}");
    }
}

type Measure = fn(&mut Requirements) -> Outcome<()>;

const PARTS: [(&str, Measure); 5] = [
    ("a call", call::measure),
    ("decoding", decoding::measure),
    ("an account", account::measure),
    ("packing", packing::measure),
    ("a bulk job", bulk::measure),
];

/// Measures one part.
fn only(part: &str) -> Outcome<()> {
    let names = PARTS.map(|(name, _)| name).join("`, `");
    let (_, measure) = PARTS
        .iter()
        .find(|(name, _)| *name == part)
        .ok_or_else(|| format!("there is no part `{part}`: expected one of `{names}`"))?;
    let mut requirements = Requirements::default();
    measure(&mut requirements)?;
    println!("\n{}", requirements.table());
    Ok(())
}

fn everything() {
    let mut requirements = Requirements::default();
    for (name, measure) in PARTS {
        if let Err(error) = measure(&mut requirements) {
            requirements.failed(name, &*error);
        }
        println!();
    }
    print!("{}", requirements.table());
}
