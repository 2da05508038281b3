//! The program `dataforseo`.

use std::process::ExitCode;

fn main() -> ExitCode {
    dataforseo_cli::main()
}
