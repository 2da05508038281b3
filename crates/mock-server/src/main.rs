//! The mock server as a program. `dataforseo-mock-server --help` lists its commands.

fn main() -> std::process::ExitCode {
    dataforseo_mock_server::program::main()
}
