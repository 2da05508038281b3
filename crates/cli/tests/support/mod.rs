//! Runs bulk jobs in a folder of their own.

#![allow(dead_code, reason = "no test program uses all of it")]

pub mod help;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use dataforseo_test_support::program::{ProgramOutput, isolated};
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use serde_json::Value;
use tempfile::TempDir;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_dataforseo");
pub const PASSWORD: &str = "password-91c2";
pub const RANKS: &str = "backlinks/bulk_ranks/live";

/// A folder with the file `targets.txt`, in which jobs are run.
pub struct Job {
    pub folder: TempDir,
    /// `None` for the built-in mock.
    pub base_url: Option<String>,
}

pub fn targets(count: usize) -> String {
    (0..count)
        .map(|index| format!("d{index}.example\n"))
        .collect()
}

impl Job {
    /// A job against the built-in mock.
    pub fn new(targets: impl AsRef<[u8]>) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("targets.txt"), targets).unwrap();
        Self {
            folder,
            base_url: None,
        }
    }

    /// A job against a server.
    pub fn at(base_url: impl Into<String>, targets: impl AsRef<[u8]>) -> Self {
        Self {
            base_url: Some(base_url.into()),
            ..Self::new(targets)
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = isolated(PROGRAM);
        command
            .env("TMPDIR", self.folder.path())
            .current_dir(self.folder.path());
        match &self.base_url {
            Some(url) => command
                .env("DATAFORSEO_LOGIN", "login")
                .env("DATAFORSEO_PASSWORD", PASSWORD)
                .env("DATAFORSEO_BASE_URL", url)
                .args(["bulk", "--no-retries"]),
            None => command.args(["bulk", "--mock"]),
        };
        command.args(arguments);
        command
    }

    /// A command that is not a job.
    pub fn command_of(&self, arguments: &[&str]) -> Command {
        let mut command = isolated(PROGRAM);
        command.current_dir(self.folder.path()).args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> ProgramOutput {
        ProgramOutput::of(self.command(arguments)).without_secrets(&[PASSWORD])
    }

    /// The lines of a table in any format, as JSON.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        let path = self.path(name);
        let format = name.trim_end_matches(".part").rsplit('.').next();
        match format {
            Some("jsonl") => {
                let text = fs::read_to_string(path).unwrap();
                let lines = text.lines().map(serde_json::from_str);
                lines.collect::<Result<_, _>>().unwrap()
            }
            Some("parquet") => {
                let table = SerializedFileReader::new(fs::File::open(path).unwrap()).unwrap();
                let rows = table.get_row_iter(None).unwrap();
                rows.map(|row| row.unwrap().to_json_value()).collect()
            }
            _ => csv::Reader::from_path(path)
                .unwrap()
                .into_deserialize::<BTreeMap<String, Value>>()
                .map(|line| serde_json::to_value(line.unwrap()).unwrap())
                .collect(),
        }
    }

    /// The targets and outcomes of a table, by number. Panics if a number occurs twice.
    pub fn outcomes(&self, name: &str) -> BTreeMap<u64, (String, String)> {
        let mut by_number = BTreeMap::new();
        for line in self.lines(name) {
            let text = |column: &str| match &line[column] {
                Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            let row = (text("target"), text("outcome"));
            let before = by_number.insert(text("number").parse().unwrap(), row);
            assert_eq!(before, None, "{line}");
        }
        by_number
    }
}
