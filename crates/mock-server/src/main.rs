//! The mock server as a program: see `dataforseo-mock-server --help`.

fn main() -> std::process::ExitCode {
    dataforseo_mock_server::program::main()
}
