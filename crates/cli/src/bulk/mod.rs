//! `bulk`: a file of targets in, a table out, for a known price.

mod files;
mod input;
mod progress;
mod table;

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::pin::Pin;

use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use dataforseo_bulk::{
    Bulk, Capacity, Done, End, Handle, JournalError, Outcomes, Plan, Progress, StartError, Target,
};
use dataforseo_client::Client;
use dataforseo_client::models::{PerTarget, Severity, check, today};
use futures_util::Stream;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::connection::{Connection, Credentials};
use crate::exit::{Exit, Failure, of_error};
use crate::generated::SECTIONS;
use crate::output::{print_json, tell, to_the_millionth, us_dollars};
use crate::table::{Endpoint, kebab};
use crate::{call, flags, help};
use files::{Output, beside, place};
use input::{Reading, Source};
use progress::{Display, TICK};
use table::{Format, Table};

const ABOUT: &str = "Ask for any number of targets: a file in, a table out.

Targets are packed into as few calls as the limits allow, as calls are what is paid for. Each target has exactly one line in the table: its row, `absent` where the API has none, or `invalid`, `failed` or `cancelled` with the reason. Lines come in the order in which calls end; `number` is that of the target in the input.

With an output file there is a journal beside it. If the job dies, is stopped (Ctrl-C finishes the calls that are under way), or runs out of money, the same command with --resume goes on where it was and pays for nothing twice.";

// No doc comment: clap would take it for the command's.
#[derive(Debug, Args)]
#[command(next_help_heading = "Job")]
pub(crate) struct Options {
    /// The targets, one a line; - for stdin. Blank lines are passed over.
    #[arg(value_name = "FILE", default_value = "-", help_heading = "Arguments")]
    input: PathBuf,
    /// Where the table goes; - for stdout.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// The form of the table; by the output's name unless given, else CSV.
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Write over an output that is there.
    #[arg(long)]
    overwrite: bool,
    /// Where to write down what is sent and what comes back; beside the output, with `.journal` behind
    /// its name, unless given.
    #[arg(long, value_name = "FILE")]
    journal: Option<PathBuf>,
    /// Keep no journal: the job cannot be resumed.
    #[arg(long, conflicts_with_all = ["journal", "resume"])]
    no_journal: bool,
    /// Go on with the job of the journal, or begin it. Input and flags have to be the same. The output is
    /// written anew, from the journal as far as that goes.
    #[arg(long)]
    resume: bool,
    /// Send again what an earlier run may have been charged for without an answer.
    #[arg(long, requires = "resume")]
    repeat_uncertain: bool,
    /// Stop before a call that is estimated to bring the job beyond this many US dollars, earlier runs
    /// included.
    #[arg(long, value_name = "USD", value_parser = call::amount)]
    max_spend: Option<f64>,
    /// Print how many calls the job takes and what they are estimated at. Send nothing.
    #[arg(long, conflicts_with = "resume")]
    dry_run: bool,
    /// Send at most so many targets a call, within the endpoint's limit. More calls cost more.
    #[arg(long, value_name = "NUMBER")]
    targets_per_call: Option<NonZeroUsize>,
    /// Have so many calls under way at once; 30 unless given, which is what an account may have.
    #[arg(long, value_name = "NUMBER")]
    at_once: Option<NonZeroUsize>,
    /// Hold so many targets for packing; 25000 unless given.
    #[arg(long, value_name = "NUMBER")]
    window: Option<NonZeroUsize>,
    /// Take targets as they come, where an endpoint counts domains. Unless given, the whole input is read
    /// and sorted by domain on disk first, which makes fewer calls.
    #[arg(long)]
    no_sort: bool,
    /// Where that is done; the system's folder for temporary files unless given.
    #[arg(long, value_name = "FOLDER")]
    temporary: Option<PathBuf>,
    /// Give up after so many failed calls in a row; 50 unless given.
    #[arg(long, value_name = "NUMBER")]
    give_up_after: Option<u32>,
    /// Show no progress.
    #[arg(short, long)]
    quiet: bool,
}

/// The command, with one below it for each endpoint that has a row for each target.
pub(crate) fn command() -> Command {
    Command::new("bulk")
        .about(help::summary(ABOUT))
        .long_about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand_value_name("ENDPOINT")
        .subcommand_help_heading("Endpoints")
        .defer(|command| command.subcommands(endpoints().map(endpoint)))
}

fn endpoints() -> impl Iterator<Item = &'static Endpoint> {
    let all = SECTIONS.iter().flat_map(|section| section.endpoints);
    all.filter(|endpoint| endpoint.bulk.is_some())
}

/// The endpoint of a job, by its path without the version.
pub(crate) fn find(name: &str) -> Option<&'static Endpoint> {
    endpoints().find(|endpoint| endpoint.info.id == name)
}

fn endpoint(endpoint: &'static Endpoint) -> Command {
    let targets = "task.targets";
    let fields = flags::arguments(endpoint).filter(|arg| arg.get_id().as_str() != targets);
    let capacity = Capacity::documented(endpoint.info.task_rules);
    let domains = capacity.domains.map(|it| format!(" of {it} domains"));
    let below = format!(
        "A call holds {} targets{} at most; {}.\nPage: {}",
        capacity.targets,
        domains.unwrap_or_default(),
        help::price(endpoint.info, dataforseo_client::models::api::PRICES),
        endpoint.info.docs_url,
    );
    let command = Command::new(endpoint.info.id)
        .alias(kebab(endpoint.name))
        .about(help::summary(endpoint.doc))
        .long_about(endpoint.doc)
        .after_help(below)
        .args(fields);
    Options::augment_args(command)
}

/// A job, whatever its endpoint.
pub(crate) trait Job: Send {
    /// Takes what the command line says.
    fn with(self: Box<Self>, options: &Options) -> Box<dyn Job>;

    fn capacity(&self) -> Capacity;

    fn plan(self: Box<Self>, input: Input) -> Later<'static, Result<Plan, StartError>>;

    fn run(self: Box<Self>, input: Input) -> Later<'static, Result<Box<dyn Rows>, StartError>>;
}

pub(crate) type Input = Pin<Box<dyn Stream<Item = Target> + Send>>;
pub(crate) type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The outcomes of a job, whatever its endpoint.
pub(crate) trait Rows: Send {
    fn next(&mut self) -> Later<'_, Option<Vec<Done<Value>>>>;

    fn handle(&self) -> Handle;

    fn end(&self) -> Option<End>;
}

/// Makes a job of calls with this task.
#[allow(dead_code, reason = "a build may be without any section")]
pub(crate) fn job<E>(client: Client, task: Value) -> Result<Box<dyn Job>, serde_json::Error>
where
    E: PerTarget<Task: DeserializeOwned> + 'static,
{
    let task = serde_json::from_value(task)?;
    Ok(Box::new(Bulk::<E>::new(client, task)))
}

impl<E: PerTarget + 'static> Job for Bulk<E> {
    fn with(self: Box<Self>, options: &Options) -> Box<dyn Job> {
        let mut job = *self;
        if let Some(targets) = options.targets_per_call {
            job = job.targets_per_call(targets);
        }
        if let Some(calls) = options.at_once {
            job = job.at_once(calls);
        }
        if let Some(targets) = options.window {
            job = job.window(targets);
        }
        if let Some(calls) = options.give_up_after {
            job = job.give_up_after(calls);
        }
        if let Some(us_dollars) = options.max_spend {
            job = job.max_spend(us_dollars);
        }
        if options.repeat_uncertain {
            job = job.repeat_uncertain();
        }
        if let Some(folder) = options.spool(job.capacity()) {
            job = job.spool(folder);
        }
        match options.journal() {
            Some(journal) if options.resume => job = job.resume(journal),
            Some(journal) => job = job.journal(journal),
            None => {}
        }
        Box::new(job)
    }

    fn capacity(&self) -> Capacity {
        self.capacity()
    }

    fn plan(self: Box<Self>, input: Input) -> Later<'static, Result<Plan, StartError>> {
        Box::pin((*self).plan(input))
    }

    fn run(self: Box<Self>, input: Input) -> Later<'static, Result<Box<dyn Rows>, StartError>> {
        Box::pin(async move {
            let outcomes = (*self).run(input).await?;
            Ok(Box::new(outcomes) as Box<dyn Rows>)
        })
    }
}

impl<R: serde::Serialize + Send> Rows for Outcomes<R> {
    fn next(&mut self) -> Later<'_, Option<Vec<Done<Value>>>> {
        Box::pin(async {
            let done = self.next_many().await?;
            Some(done.into_iter().map(|done| done.map(plain)).collect())
        })
    }

    fn handle(&self) -> Handle {
        self.handle()
    }

    fn end(&self) -> Option<End> {
        self.end()
    }
}

/// A row as JSON. Rows are written without fail.
fn plain<R: serde::Serialize>(row: R) -> Value {
    serde_json::to_value(row).unwrap_or_default()
}

impl Options {
    /// Where the journal is, if there is one.
    fn journal(&self) -> Option<PathBuf> {
        if self.no_journal || self.dry_run {
            return None;
        }
        if self.journal.is_some() {
            return self.journal.clone();
        }
        Some(beside(self.to_file()?, ".journal"))
    }

    /// Looks at the files of the command line before one of them is opened.
    fn check_files(&self) -> Result<(), Failure> {
        let input = (self.input != Path::new("-")).then_some(self.input.as_path());
        let journal = self.journal();
        let files = [
            ("the input", input),
            ("--output", self.to_file()),
            ("--journal", journal.as_deref()),
        ];
        let files = files.map(|(name, path)| (name, path.and_then(place)));
        for (index, (name, path)) in files.iter().enumerate() {
            let same = |other: &&(&str, Option<PathBuf>)| path.is_some() && other.1 == *path;
            if let Some((other, _)) = files.iter().skip(index + 1).find(same) {
                return Err(Failure::usage(format!(
                    "{name} and {other} are the same file"
                )));
            }
        }
        let Some(path) = self.to_file().filter(|_| !self.dry_run && !self.overwrite) else {
            return Ok(());
        };
        let has_content = |path: &Path| {
            std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() > 0)
        };
        let shown = path.display();
        match (has_content(path), &journal) {
            (false, _) => Ok(()),
            (true, _) if !self.resume => Err(Failure::usage(format!(
                "{shown} is there already: --resume goes on with its job, --overwrite writes over it"
            ))),
            (true, Some(journal)) if !has_content(journal) => Err(Failure::usage(format!(
                "{shown} is there and its journal {} is not: the job would begin anew, and be paid for \
                 again; if that is meant, add --overwrite",
                journal.display()
            ))),
            (true, _) => Ok(()),
        }
    }

    /// The output, if it is a file.
    fn to_file(&self) -> Option<&Path> {
        (self.output != Path::new("-")).then_some(self.output.as_path())
    }

    /// Where the input is sorted, if it is: where domains count.
    fn spool(&self, capacity: Capacity) -> Option<PathBuf> {
        let sorts = capacity.domains.is_some() && !self.no_sort;
        let folder = || self.temporary.clone().unwrap_or_else(std::env::temp_dir);
        sorts.then(folder)
    }

    fn format(&self) -> Format {
        let extension = self.output.extension().and_then(|it| it.to_str());
        self.format.unwrap_or(match extension {
            Some("jsonl" | "ndjson") => Format::Jsonl,
            Some("parquet") => Format::Parquet,
            _ => Format::Csv,
        })
    }

    /// The flags that go on with the job.
    fn again(&self) -> &'static str {
        match self.journal() {
            Some(_) => "the same command with --resume goes on",
            None => "there is no journal: it cannot be resumed",
        }
    }
}

/// Runs a job.
pub(crate) async fn run(
    endpoint: &'static Endpoint,
    matches: &ArgMatches,
) -> Result<Exit, Failure> {
    let Some(table) = &endpoint.bulk else {
        return Err(Failure::usage("this endpoint has no row for each target"));
    };
    let options = Options::from_arg_matches(matches).map_err(Failure::usage)?;
    let connection = Connection::from_arg_matches(matches).map_err(Failure::usage)?;
    let task = task(endpoint, matches)?;
    options.check_files()?;
    if options.resume && options.journal().is_none() {
        let reason = "--resume needs a journal: give --journal, or an --output beside which it is";
        return Err(Failure::usage(reason));
    }
    let credentials = match options.dry_run {
        true => Credentials::Unused,
        false => Credentials::Needed,
    };
    let opened = connection.open(credentials)?;
    let job = (table.job)(opened.client()?, task).map_err(Failure::usage)?;
    let job = job.with(&options);
    let source = Source::new(&options.input);
    let unreadable = |error| Failure::usage(format!("{}: {error}", options.input.display()));
    let (targets, reading) = source.targets().map_err(unreadable)?;
    if options.dry_run {
        return plan(job, Box::pin(targets), &reading).await;
    }
    // It reads the whole file: only for who wants to see how much is left.
    let total = match options.quiet {
        true => None,
        false => source.count(),
    };
    // Before anything is sent, and without harm to the table of an earlier run: the journal may not
    // fit.
    let out = Output::open(&options)?;
    let rows = match job.run(Box::pin(targets)).await {
        Ok(rows) => rows,
        Err(error) => {
            // An empty part of a table is of no use to anybody.
            let _ = out.settle(false);
            return Err(not_begun(error));
        }
    };
    if options.journal().is_none() {
        tell("there is no journal: if this job is stopped, it cannot be resumed");
    }
    let written = out
        .writer()
        .and_then(|writer| table::begin(options.format(), table.columns, writer));
    let mut display = Display::new(total, options.quiet);
    let work = Work {
        options: &options,
        reading: &reading,
        rows,
        out,
    };
    work.finish(written, &mut display).await
}

/// The task that all calls share.
fn task(endpoint: &'static Endpoint, matches: &ArgMatches) -> Result<Value, Failure> {
    let mut task = Map::new();
    flags::fill(endpoint, matches, &mut task);
    // One stands for all of them.
    task.insert("targets".to_owned(), json!(["example.com"]));
    let task = Value::Object(task);
    let mut violations = check(endpoint.info.task_rules, &task, today());
    call::warn_of(endpoint, &violations);
    violations.retain(|violation| violation.severity() == Severity::Error);
    match violations.is_empty() {
        true => Ok(task),
        false => Err(Failure::usage(flags::broken(endpoint, &violations))),
    }
}

fn not_begun(error: StartError) -> Failure {
    match error {
        StartError::Journal(_) | StartError::Spool(_) => Failure::unexpected(error),
        _ => Failure::usage(error),
    }
}

/// Prints what a job would take.
async fn plan(job: Box<dyn Job>, input: Input, reading: &Reading) -> Result<Exit, Failure> {
    let capacity = job.capacity();
    let plan = tokio::select! {
        plan = job.plan(input) => plan.map_err(not_begun)?,
        () = reading.has_failed.notified() => {
            let reason = reading.failure().unwrap_or_default();
            return Err(Failure::unexpected(format!("the input: {reason}")));
        }
    };
    print_json(&json!({
        "targets": plan.targets,
        "invalid": plan.invalid,
        "different": plan.different,
        "calls": plan.calls,
        "targets_per_call": capacity.targets,
        "estimate_us_dollars": to_the_millionth(plan.us_dollars),
    }))?;
    tell(format!(
        "nothing was sent; {}, estimated at {} at most",
        counted(plan.calls, "call"),
        us_dollars(plan.us_dollars)
    ));
    Ok(Exit::Done)
}

/// A job that runs.
struct Work<'a> {
    options: &'a Options,
    reading: &'a Reading,
    rows: Box<dyn Rows>,
    out: Output,
}

impl Work<'_> {
    /// Writes all outcomes, and says how it ended.
    async fn finish(
        mut self,
        table: io::Result<Box<dyn Table>>,
        display: &mut Display,
    ) -> Result<Exit, Failure> {
        let handle = self.rows.handle();
        let mut why = None;
        let mut table = match table {
            Ok(table) => Some(table),
            Err(error) => {
                why = self.stop(&handle, Why::Output(error));
                None
            }
        };
        let mut tick = tokio::time::interval(TICK);
        let interrupted = signals(handle.clone()).map_err(Failure::unexpected)?;
        loop {
            tokio::select! {
                done = self.rows.next() => {
                    let Some(done) = done else {
                        break;
                    };
                    if let Some(out) = &mut table
                        && let Err(error) = out.write(&done)
                    {
                        // What comes after it is kept in the journal.
                        table = None;
                        why = self.stop(&handle, Why::Output(error));
                    }
                }
                _ = tick.tick() => display.show(&handle.progress()),
                () = self.reading.has_failed.notified() => {
                    let reason = self.reading.failure().unwrap_or_default();
                    why = why.or(self.stop(&handle, Why::Input(reason)));
                }
            }
        }
        interrupted.abort();
        display.end();
        let progress = handle.progress();
        let end = self.rows.end().unwrap_or(End::Broken);
        let is_of_use = !never_began(&end);
        let finished = match table {
            Some(table) => table.finish(),
            None => Ok(()),
        };
        let settled = finished.and_then(|()| self.out.settle(is_of_use));
        if let Err(error) = settled
            && !matches!(why, Some(Why::Output(_)))
        {
            why = Some(Why::Output(error));
        }
        self.tell_all(&progress, &end);
        self.exit(why, &progress, &end)
    }

    fn stop(&self, handle: &Handle, why: Why) -> Option<Why> {
        handle.stop();
        Some(why)
    }

    /// Says what became of the targets, and what it cost.
    fn tell_all(&self, progress: &Progress, end: &End) {
        let mut parts = vec![counted(progress.rows, "row")];
        for (count, word) in [
            (progress.absent, "absent"),
            (progress.invalid, "invalid"),
            (progress.failed, "failed"),
            (progress.cancelled, "not sent"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        let before = match progress.spent_before > 0.0 {
            true => format!(", and {} before", us_dollars(progress.spent_before)),
            false => String::new(),
        };
        tell(format!(
            "{}: {}; {}, {}{before}",
            counted(progress.taken, "target"),
            parts.join(", "),
            counted(progress.calls, "call"),
            us_dollars(progress.spent),
        ));
        let blank = self.reading.blank();
        if blank > 0 {
            tell(format!("{} passed over", counted(blank, "blank line")));
        }
        if progress.strays > 0 {
            tell(format!(
                "{} of the API for no target of their call; the journal has them",
                counted(progress.strays, "row")
            ));
        }
        if progress.uncertain > 0 {
            let then = match self.options.journal() {
                Some(_) => "; --resume --repeat-uncertain sends them again",
                None => "",
            };
            tell(format!(
                "{} in calls that may have been charged{then}",
                counted(progress.uncertain, "target")
            ));
        }
        if !matches!(end, End::Complete) {
            tell("what was not read of the input has no line");
        }
    }

    fn exit(&self, why: Option<Why>, progress: &Progress, end: &End) -> Result<Exit, Failure> {
        let again = self.options.again();
        let stopped = |exit, reason: String| Err(Failure::new(exit, format!("{reason}; {again}")));
        match (why, end) {
            (Some(Why::Output(error)), _) if error.kind() == io::ErrorKind::BrokenPipe => {
                stopped(Exit::Stopped, "nobody reads the output any more".to_owned())
            }
            (Some(Why::Output(error)), _) => stopped(Exit::Failed, format!("the output: {error}")),
            (Some(Why::Input(error)), _) => stopped(Exit::Failed, format!("the input: {error}")),
            (_, End::Complete) if progress.invalid + progress.failed > 0 => Ok(Exit::Partly),
            (_, End::Complete) => Ok(Exit::Done),
            (_, End::Stopped) => stopped(Exit::Stopped, "stopped".to_owned()),
            (_, End::Refused(error) | End::Failing(_, error)) => {
                stopped(of_error(error), end.to_string())
            }
            (_, end) if never_began(end) => Err(Failure::unexpected(end)),
            _ => stopped(Exit::Failed, end.to_string()),
        }
    }
}

/// Whether a job is none that goes on: what was written of its table is of no use.
fn never_began(end: &End) -> bool {
    match end {
        End::Spool(_) => true,
        End::Journal(error) => matches!(
            **error,
            JournalError::OtherInput { .. } | JournalError::Unreadable { .. }
        ),
        _ => false,
    }
}

/// Waits for Ctrl-C, and for the word to end, in a task of its own: the table may be waiting for
/// whoever reads it.
fn signals(handle: Handle) -> io::Result<tokio::task::JoinHandle<()>> {
    #[cfg(unix)]
    let mut next = {
        use tokio::signal::unix::{SignalKind, signal};
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        async move || {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
        }
    };
    #[cfg(not(unix))]
    let mut next = async || {
        // Without it there is no Ctrl-C to wait for.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    Ok(tokio::spawn(async move {
        next().await;
        tell("stopping: calls that are under way are finished; once more stops at once");
        handle.stop();
        next().await;
        tell("stopped at once; calls that were under way may have been charged");
        std::process::exit(i32::from(Exit::Stopped as u8));
    }))
}

/// So many of something, in words.
fn counted(count: u64, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

/// Why the program stopped a job.
enum Why {
    Output(io::Error),
    Input(String),
}
