//! Measures `dataforseo-client` and prints ratios, each from one run and with its aim: what a call
//! costs beside a bare hyper, what decoding costs beside `serde_json::Value` and other clients, how
//! much of an account a busy client uses, how many calls a bulk job takes, and what such a job costs.
//!
//! What is compared takes turns, and the best round of each counts, as other work on the machine
//! makes a round worse and never better.

mod account;
mod answers;
mod bulk;
mod call;
mod decoding;
mod packing;
mod process;
mod report;

use std::error::Error;

use crate::report::Requirements;

/// What came out, or why nothing did.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let outcome = match arguments[..] {
        [] => {
            everything();
            Ok(())
        }
        // How the program starts itself again.
        ["server"] => call::serve(),
        ["bulk job"] => bulk::job().map(print),
        ["bulk bare"] => bulk::bare().map(print),
        [part] => only(part),
        _ => Err("at most one argument: the part that is measured".into()),
    };
    // A benchmark and no test: what it finds is printed, and never fails a build.
    if let Err(error) = outcome {
        eprintln!("error: {error}");
    }
}

/// Figures, one a line, for the process that started this one.
fn print(figures: Vec<f64>) {
    for figure in figures {
        println!("{figure}");
    }
}

type Part = fn(&mut Requirements) -> Outcome<()>;

const PARTS: [(&str, Part); 5] = [
    ("a call", call::measure),
    ("decoding", decoding::measure),
    ("an account", account::measure),
    ("packing", packing::measure),
    ("a bulk job", bulk::measure),
];

/// One part, by its name.
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
