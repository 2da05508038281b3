//! Measures `dataforseo-client` and prints ratios, each from one run and with its aim: what a call
//! costs beside a bare hyper, what decoding costs beside `serde_json::Value` and other clients, and
//! how much of an account a busy client uses.
//!
//! What is compared takes turns, and the best round of each counts, as other work on the machine
//! makes a round worse and never better.

mod account;
mod answers;
mod call;
mod decoding;
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
        _ => Err("there are no arguments".into()),
    };
    // A benchmark and no test: what it finds is printed, and never fails a build.
    if let Err(error) = outcome {
        eprintln!("error: {error}");
    }
}

fn everything() {
    let mut requirements = Requirements::default();
    type Part = fn(&mut Requirements) -> Outcome<()>;
    let parts: [(&str, Part); 3] = [
        ("a call", call::measure),
        ("decoding", decoding::measure),
        ("an account", account::measure),
    ];
    for (name, measure) in parts {
        if let Err(error) = measure(&mut requirements) {
            requirements.failed(name, &*error);
        }
        println!();
    }
    print!("{}", requirements.table());
}
