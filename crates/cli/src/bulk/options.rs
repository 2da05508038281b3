//! The options of a bulk job, and the checks of its files.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;

use super::files::{EarlierTable, FileIdentity, follow_links, part_of, with_suffix};
use super::format::TableFormat;
use crate::exit::CliError;
use crate::job::{JobSettings, JournalSetting};
use crate::money;

// No doc comment: clap would use it as the description of the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Job")]
pub(super) struct JobOptions {
    /// The targets, one per line; - for stdin. Blank lines are skipped.
    #[arg(value_name = "FILE", default_value = "-", help_heading = "Arguments")]
    pub(super) input: PathBuf,
    /// The output table; - for stdout. Its name ends in `.part` until the job is complete.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// The format of the table. Defaults to that of the output's extension, or CSV.
    #[arg(long, value_enum)]
    format: Option<TableFormat>,
    /// Replace the output if it exists.
    #[arg(long)]
    overwrite: bool,
    /// The journal of requests and responses. Defaults to the output's name with `.journal` appended.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Write no journal. The job cannot be resumed.
    #[arg(long, conflicts_with_all = ["journal", "resume"])]
    no_journal: bool,
    /// Resume the job of the journal, or start it if there is none. Input and flags must be the same. The
    /// table is written from the start; known rows come from the journal.
    #[arg(long)]
    pub(super) resume: bool,
    /// Send calls again that an earlier run was or may have been charged for, but has no response to.
    /// They may be charged twice.
    #[arg(long, requires = "resume")]
    retry_uncertain: bool,
    /// The budget in US dollars, including earlier runs. The job stops before a call whose estimated
    /// cost exceeds the rest.
    #[arg(long, value_name = "USD", value_parser = money::parse)]
    budget: Option<f64>,
    /// Print the number of calls and their estimated cost. Send nothing.
    #[arg(long, conflicts_with = "resume")]
    pub(super) dry_run: bool,
    /// The maximum number of targets per call, within the endpoint's limit. Smaller calls cost more.
    #[arg(long, value_name = "NUMBER")]
    targets_per_call: Option<NonZeroUsize>,
    /// The maximum number of calls in flight. Defaults to 30, the limit of an account.
    #[arg(long, value_name = "NUMBER")]
    max_in_flight: Option<NonZeroUsize>,
    /// The number of targets that are held in memory for packing. Defaults to 25000.
    #[arg(long, value_name = "NUMBER")]
    window: Option<NonZeroUsize>,
    /// Send targets in the order of the input, while it is read. By default, an input that is longer than
    /// the window is sorted by domain on disk first. Then all duplicates are paid for once, and fewer
    /// calls are needed where the domains per call are limited.
    #[arg(long)]
    no_sort: bool,
    /// The directory for sorting. Defaults to the temporary directory of the system.
    #[arg(long, value_name = "DIR")]
    temp_dir: Option<PathBuf>,
    /// Stop after this many failed calls in a row. Defaults to 50.
    #[arg(long, value_name = "NUMBER")]
    give_up_after: Option<u32>,
    /// How long to wait, in seconds, while the API refuses all calls because the account's limits are
    /// reached. Nothing is charged meanwhile. Defaults to 3600.
    #[arg(long, value_name = "SECONDS")]
    rate_limit_timeout: Option<u64>,
    /// In CSV, write an apostrophe in front of text that begins with =, +, -, @, a tab or a carriage
    /// return, which spreadsheets would take for a formula.
    #[arg(long)]
    pub(super) escape_formulas: bool,
    /// Show no progress.
    #[arg(short, long)]
    pub(super) quiet: bool,
}

impl JobOptions {
    /// Returns the path of the journal, if there is one.
    pub(super) fn journal(&self) -> Option<PathBuf> {
        if self.no_journal || self.dry_run {
            return None;
        }
        if self.journal.is_some() {
            return self.journal.clone();
        }
        Some(with_suffix(self.output_file()?, ".journal"))
    }

    /// Returns the output, unless it is stdout.
    pub(super) fn output_file(&self) -> Option<&Path> {
        (self.output != Path::new("-")).then_some(self.output.as_path())
    }

    /// Returns the format of the output.
    pub(super) fn format(&self) -> TableFormat {
        let extension = self.output.extension().and_then(|it| it.to_str());
        self.format.unwrap_or(match extension {
            Some("jsonl" | "ndjson") => TableFormat::Jsonl,
            Some("parquet") => TableFormat::Parquet,
            _ => TableFormat::Csv,
        })
    }

    /// Returns the settings of the job.
    pub(super) fn settings(&self) -> JobSettings {
        let temp_dir = || self.temp_dir.clone().unwrap_or_else(std::env::temp_dir);
        JobSettings {
            targets_per_call: self.targets_per_call,
            max_in_flight: self.max_in_flight,
            window: self.window,
            give_up_after: self.give_up_after,
            rate_limit_timeout: self.rate_limit_timeout.map(Duration::from_secs),
            budget: self.budget,
            retry_uncertain: self.retry_uncertain,
            sort_dir: (!self.no_sort).then(temp_dir),
            journal: self.journal().map(if self.resume {
                JournalSetting::Resume
            } else {
                JournalSetting::Create
            }),
        }
    }

    /// Returns whether the job has a journal to resume.
    pub(super) fn resumes_a_journal(&self) -> bool {
        self.resume && self.journal().is_some_and(|journal| has_content(&journal))
    }

    /// Returns what happens to the table of an earlier run.
    pub(super) fn earlier_table(&self) -> EarlierTable {
        if self.overwrite {
            EarlierTable::Replace
        } else {
            EarlierTable::Keep
        }
    }

    /// Returns how to continue a job that stopped.
    pub(super) fn how_to_continue(&self) -> &'static str {
        if self.journal().is_some() {
            "the same command with --resume continues the job"
        } else {
            "without a journal, the job cannot be resumed"
        }
    }

    /// Checks the files before one of them is opened.
    pub(super) fn check_files(&self) -> Result<(), CliError> {
        if self.resume && self.journal().is_none() {
            return Err(CliError::usage(
                "--resume requires a journal: add --journal FILE, or --output FILE, whose journal is next to \
                 it",
            ));
        }
        self.check_distinct()?;
        if self.dry_run || self.overwrite {
            return Ok(());
        }
        let Some(output) = self.output_file() else {
            return Ok(());
        };
        let part = self.part().filter(|part| has_content(part));
        if has_content(output) {
            self.check_existing(output, "")?;
        }
        match part {
            Some(part) => {
                self.check_existing(&part, ", with the rows of a job that did not finish")
            }
            None => Ok(()),
        }
    }

    /// Returns the name of the table while it is written. `None` without a regular file.
    fn part(&self) -> Option<PathBuf> {
        let output = self.output_file()?;
        if std::fs::metadata(output).is_ok_and(|found| !found.is_file()) {
            return None;
        }
        follow_links(output).ok().map(|output| part_of(&output))
    }

    /// Refuses a file that is given for two purposes, by whatever name.
    fn check_distinct(&self) -> Result<(), CliError> {
        let input = (self.input != Path::new("-")).then(|| self.input.clone());
        let journal = self.journal();
        let rest = journal
            .as_deref()
            .map(|journal| with_suffix(journal, ".rest"));
        let files = [
            ("the input", input),
            ("--output", self.output_file().map(Path::to_owned)),
            ("the .part of --output", self.part()),
            ("--journal", journal),
            ("the .rest of --journal", rest),
        ];
        let files = files.map(|(name, path)| (name, path.and_then(|path| FileIdentity::of(&path))));
        for (index, (name, file)) in files.iter().enumerate() {
            let is_same =
                |other: &&(&str, Option<FileIdentity>)| file.is_some() && other.1 == *file;
            if let Some((other, _)) = files.iter().skip(index + 1).find(is_same) {
                return Err(CliError::usage(format!(
                    "{name} and {other} are the same file"
                )));
            }
        }
        Ok(())
    }

    /// Refuses to replace an output, unless the job that wrote it is resumed.
    fn check_existing(&self, output: &Path, content: &str) -> Result<(), CliError> {
        let output = output.display();
        if !self.resume {
            return Err(CliError::usage(format!(
                "{output} exists already{content}: --resume continues its job, --overwrite replaces it"
            )));
        }
        match self.journal() {
            Some(journal) if !has_content(&journal) => Err(CliError::usage(format!(
                "{output} exists, but its journal {} does not: the job would start over and be paid for \
                 again; to do that, add --overwrite",
                journal.display()
            ))),
            _ => Ok(()),
        }
    }
}

fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0)
}
