//! Fuzz targets with fixed seeds.
//!
//! A test run must give the same result twice, so `cargo test` uses the seeds 0, 1, 2, ….
//! The longer run, `.ci/fuzz`, sets `FUZZ_SEED` to a random first seed.
//! Under `cargo bolero test`, the same targets run with coverage guidance.

use std::fmt::Debug;
use std::{env, thread};

use bolero::TypeGenerator;
use bolero::generator::bolero_generator::driver::{Options, Rng};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// The environment variable that holds the first seed.
pub const SEED_VARIABLE: &str = "FUZZ_SEED";

/// Runs a fuzz target: `fuzz!(400, (u8, Vec<u8>), |(kind, bytes)| …)`.
///
/// The number is how many inputs `cargo test` generates, the type is that of an input.
#[macro_export]
macro_rules! fuzz {
    ($count:expr, $type:ty, $test:expr $(,)?) => {{
        let test = $crate::fuzz::target::<$type, _>($test);
        if $crate::fuzz::is_coverage_guided() {
            // `check!` names the target after the function that it is written in.
            ::bolero::check!().with_type::<$type>().for_each(test);
        } else {
            $crate::fuzz::run::<$type>($count, test);
        }
    }};
}

/// Returns the closure unchanged; gives its parameter a type.
#[doc(hidden)]
pub fn target<T, F: Fn(&T)>(test: F) -> F {
    test
}

/// Returns whether a fuzzer that measures coverage drives this process.
pub fn is_coverage_guided() -> bool {
    env::var_os("BOLERO_LIBFUZZER_ARGS").is_some()
}

/// Runs a test on `count` generated inputs. A failure prints the input and its seed.
pub fn run<T: TypeGenerator + Debug>(count: u64, test: impl Fn(&T)) {
    let first = env::var(SEED_VARIABLE).ok();
    let first: u64 = first.and_then(|seed| seed.parse().ok()).unwrap_or(0);
    let options = Options::default();
    for seed in (first..).take(usize::try_from(count).unwrap_or(usize::MAX)) {
        let mut driver = Rng::new(StdRng::seed_from_u64(seed), &options);
        if let Some(input) = T::generate(&mut driver) {
            let _report = Report {
                seed,
                input: &input,
            };
            test(&input);
        }
    }
}

/// Prints how to repeat the current input if its test panics.
struct Report<'a, T: Debug> {
    seed: u64,
    input: &'a T,
}

impl<T: Debug> Drop for Report<'_, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            let Self { seed, input } = self;
            eprintln!("failed with {SEED_VARIABLE}={seed}, input: {input:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::run;

    fn inputs() -> Vec<(u32, Vec<u8>)> {
        let inputs = RefCell::new(Vec::new());
        run(20, |input: &(u32, Vec<u8>)| {
            inputs.borrow_mut().push(input.clone());
        });
        inputs.into_inner()
    }

    #[test]
    fn two_runs_see_the_same_inputs_and_different_seeds_different_ones() {
        let first = inputs();
        assert_eq!(first.len(), 20);
        assert_eq!(first, inputs());
        let mut distinct: Vec<u32> = first.iter().map(|(number, _)| *number).collect();
        distinct.sort_unstable();
        distinct.dedup();
        assert!(distinct.len() > 10, "{distinct:?}");
    }
}
