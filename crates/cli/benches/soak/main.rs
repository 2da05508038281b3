//! A soak: random combinations of faults against `dataforseo bulk`, in which every target and every
//! charge is counted.
//!
//! `cargo bench -p dataforseo-cli --bench soak` plays 50 runs. More, and others:
//!
//! ```sh
//! cargo bench -p dataforseo-cli --bench soak -- --runs 10000 --seed 1 --threads 2
//! ```
//!
//! Each run is drawn from its seed. A run that fails prints its seed, and `--runs 1 --seed SEED`
//! repeats it. Calls of one process arrive in another order each time, so a repetition can differ.
//! The journals are synced often: `TMPDIR=/dev/shm` makes the soak faster.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a run fails by a panic"
)]

#[cfg(unix)]
#[path = "soak.rs"]
mod soak;

fn main() -> std::process::ExitCode {
    #[cfg(unix)]
    return soak::run();
    #[cfg(not(unix))]
    return std::process::ExitCode::SUCCESS;
}
