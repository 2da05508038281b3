//! The settings of a job, and how it starts.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dataforseo_client::Client;
use dataforseo_client::models::{PerTarget, Task, Violations, api, today, validate};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, mpsc};

use crate::control::{GiveUp, JobControl};
use crate::driver::Driver;
use crate::journal::{
    FORMAT_VERSION, JobHistory, JobRecord, Journal, JournalError, OpenMode, OpenedJournal,
    blocking, has_content,
};
use crate::outcomes::Outcomes;
use crate::packing::{Capacity, Packer};
use crate::plan::{Plan, Planner};
use crate::progress::Progress;
use crate::state::{JobState, OutcomeSender};
use crate::target::Target;

/// The reason why a job did not start. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobStartError {
    /// The task breaks documented limits, apart from its targets.
    #[error("the task cannot be sent: {0}")]
    InvalidTask(Violations),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The budget is negative or not a number.
    #[error("the budget {0} is not an amount in US dollars: give 0 or more")]
    Budget(f64),
    /// The input could not be sorted on disk.
    #[error("the input cannot be sorted on disk: {0}")]
    Spool(std::io::Error),
}

/// The settings of a bulk job, which sends any number of targets to an endpoint that returns one row
/// per target.
///
/// [`run`](Self::run) starts the job. All settings have defaults. By default there is no
/// [`budget`](Self::budget), and the job cannot be resumed: set [`resume`](Self::resume) for that.
///
/// ```
/// use dataforseo_bulk::{BulkJob, Outcome};
/// use dataforseo_client::backlinks::{BulkRanksLive, BulkRanksLiveTask};
/// # use dataforseo_client::Client;
/// use futures_util::{StreamExt, stream};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mock = dataforseo_mock_server::MockServer::builder()
/// #     .on_miss(dataforseo_mock_server::OnMiss::Example).in_memory()?;
/// # let client = Client::builder().credentials("login", "password").base_url(mock.url())
/// #     .connector(mock.connector()).build()?;
/// let targets = stream::iter(["example.com", "example.org", "example.com"]);
/// let job = BulkJob::<BulkRanksLive>::new(client, BulkRanksLiveTask::default()).budget(1.0);
/// let mut outcomes = job.run(targets).await?;
/// while let Some(target) = outcomes.next().await {
///     match target.outcome {
///         Outcome::Found(row) => println!("{} {:?}", target.target, row.rank),
///         other => println!("{} {}", target.target, other.as_str()),
///     }
/// }
/// assert_eq!(outcomes.progress().found, 3);
/// assert_eq!(outcomes.progress().calls, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct BulkJob<E: PerTarget> {
    client: Client,
    template: E::Task,
    capacity: Capacity,
    window: NonZeroUsize,
    max_in_flight: NonZeroUsize,
    give_up: GiveUp,
    budget: Option<f64>,
    journal: Option<JournalFile>,
    retry_uncertain: bool,
    sort_dir: Option<PathBuf>,
}

/// Where the journal of a job is, and how it is opened.
#[derive(Debug, Clone)]
struct JournalFile {
    path: PathBuf,
    mode: OpenMode,
}

/// The default number of targets in the window.
const DEFAULT_WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(24_999);
/// The default number of failed calls in a row after which a job stops.
const DEFAULT_MAX_CONSECUTIVE_FAILURES: u32 = 50;
/// The default time for which a job waits while the account's limits are reached.
const DEFAULT_RATE_LIMIT_TIMEOUT: Duration = Duration::from_secs(60 * 60);

impl<E: PerTarget> BulkJob<E> {
    /// Creates a job whose calls have the parameters of this task. The targets of the task are
    /// ignored, because [`run`](Self::run) accepts the targets of the job.
    pub fn new(client: Client, task: E::Task) -> Self {
        Self {
            client,
            template: task,
            capacity: Capacity::from_rules(<E::Task as Task>::RULES).with_kind(E::KIND),
            window: DEFAULT_WINDOW,
            max_in_flight: NonZeroUsize::new(api::SIMULTANEOUS_CALLS as usize)
                .unwrap_or(NonZeroUsize::MIN),
            give_up: GiveUp {
                after_failures: DEFAULT_MAX_CONSECUTIVE_FAILURES,
                rate_limit_timeout: DEFAULT_RATE_LIMIT_TIMEOUT,
            },
            budget: None,
            journal: None,
            retry_uncertain: false,
            sort_dir: None,
        }
    }

    /// Returns the limits per call: those of the endpoint, unless a lower one was set.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Sets the maximum number of targets per call. Defaults to the endpoint's limit, which it cannot
    /// exceed. Fewer targets per call cost more in total, as each call is charged.
    pub fn targets_per_call(mut self, targets: NonZeroUsize) -> Self {
        self.capacity.targets = self.capacity.targets.min(targets);
        self
    }

    /// Sets the maximum number of distinct registrable domains, such as `example.co.uk`, per call.
    /// Defaults to the endpoint's limit, which it cannot exceed, or to no limit if the endpoint has
    /// none.
    pub fn domains_per_call(mut self, domains: NonZeroUsize) -> Self {
        let known = self.capacity.domains.unwrap_or(domains);
        self.capacity.domains = Some(known.min(domains));
        self
    }

    /// Sets the number of distinct targets that are held in memory for packing. Defaults to 25,000.
    ///
    /// The first call is sent when this many targets, the window, were read or the input has ended.
    /// Duplicates within the window are sent and paid for once; [`spool`](Self::spool) finds all of
    /// them. If domains per call are limited, a
    /// larger window results in fewer calls.
    pub fn window(mut self, targets: NonZeroUsize) -> Self {
        self.window = targets;
        self
    }

    /// Reads the whole input before the first call. An input that is longer than the window is sorted by
    /// domain, in temporary files in this directory. By default, targets are sent while the input is
    /// read, in its order.
    ///
    /// All duplicates are paid for once then, however far apart they are. If domains per call are
    /// limited, targets of one domain share calls. A change of the input is noticed when the job is
    /// resumed.
    ///
    /// The files need up to twice the space of the input. They are unnamed and disappear with the
    /// process.
    pub fn spool(mut self, dir: impl Into<PathBuf>) -> Self {
        self.sort_dir = Some(dir.into());
        self
    }

    /// Sets the maximum number of calls in flight. Defaults to 30, the limit of an account. The
    /// client's own limits apply as well.
    pub fn max_in_flight(mut self, calls: NonZeroUsize) -> Self {
        self.max_in_flight = calls;
        self
    }

    /// Sets the number of failed calls in a row after which the job stops. Defaults to 50.
    ///
    /// Targets of calls that were not charged are sent when the job is resumed. Calls that are split
    /// because the API rejects one of their targets do not count.
    pub fn give_up_after(mut self, calls: u32) -> Self {
        self.give_up.after_failures = calls;
        self
    }

    /// Sets for how long the job waits while the API refuses all calls because the account's limits are
    /// reached. Defaults to an hour.
    ///
    /// These are the codes 40202 and 40209, HTTP 429, and a client's [`Limiter`] that admits no call.
    /// Nothing is charged for them. The job sends the calls again, after the time in
    /// `Retry-After`, or 1 s at first and 60 s at most. [`Progress::refused_for`] shows that it waits.
    ///
    /// [`Limiter`]: dataforseo_client::Limiter
    pub fn rate_limit_timeout(mut self, time: Duration) -> Self {
        self.give_up.rate_limit_timeout = time;
        self
    }

    /// Sets the budget of the job in US dollars. Unlimited by default.
    ///
    /// The job stops before a call whose estimate exceeds the rest of the budget. The recorded cost of
    /// earlier runs counts. A call whose charge is unknown counts as its estimate, in this run and in
    /// earlier ones. Estimates are those of [`Client::estimate`].
    pub fn budget(mut self, us_dollars: f64) -> Self {
        self.budget = Some(us_dollars);
        self
    }

    /// Writes a journal to a new file, so that the job can be resumed. By default there is none.
    ///
    /// The journal contains the responses byte by byte and is about as large as they are. An existing
    /// file is an error.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(JournalFile {
            path: path.into(),
            mode: OpenMode::Create,
        });
        self
    }

    /// Resumes the job of this journal, or starts it and writes the journal if the file does not exist.
    ///
    /// The input must be the same, in the same order, and so must the task and the packing. If they
    /// differ, nothing is sent. Known outcomes are delivered again, from the journal.
    ///
    /// Calls that failed without a charge are sent again. Calls that may have been charged are not,
    /// unless [`retry_uncertain`](Self::retry_uncertain) is set.
    pub fn resume(mut self, path: impl Into<PathBuf>) -> Self {
        self.journal = Some(JournalFile {
            path: path.into(),
            mode: OpenMode::Resume,
        });
        self
    }

    /// Sends calls again that have no response in the journal although they were or may have been
    /// charged. By default they are not sent again. Has no effect without [`resume`](Self::resume).
    ///
    /// These are calls that were in flight when an earlier run was killed, and calls that failed
    /// with a charge that is not [`Charge::None`](dataforseo_client::Charge::None). You may pay for
    /// them twice.
    pub fn retry_uncertain(mut self) -> Self {
        self.retry_uncertain = true;
        self
    }

    /// Starts the job. Calls are sent in the background. If you stop reading the outcomes, the job
    /// stops sending calls until you continue.
    ///
    /// Each target that is read from the input has exactly one outcome. Outcomes arrive in the order in
    /// which calls end; [`TargetOutcome::index`](crate::TargetOutcome::index) is the position in the
    /// input. A duplicate has an outcome at each of its positions.
    ///
    /// Dropping the outcomes stops the job. Calls in flight are finished in the background and recorded
    /// in the journal, as long as the runtime exists.
    ///
    /// # Errors
    /// If the task breaks limits, the budget is negative or NaN, or the journal cannot be used.
    /// Nothing is sent then.
    pub async fn run<S>(mut self, input: S) -> Result<Outcomes<E::Row>, JobStartError>
    where
        S: Stream<Item: Into<Target>> + Send + 'static,
        E: 'static,
    {
        // A date that was valid when the job began stays valid for what is in the journal. The client
        // checks the calls that are sent.
        if !self.is_resumed() {
            self.check_template()?;
        }
        if let Some(budget) = self
            .budget
            .filter(|budget| budget.is_nan() || *budget < 0.0)
        {
            return Err(JobStartError::Budget(budget));
        }
        let (journal, history) = match self.journal.take() {
            None => (None, JobHistory::default()),
            Some(JournalFile { path, mode }) => {
                let job = self.record();
                let open = move || Journal::open(&path, &job, mode);
                let OpenedJournal { journal, history } = blocking(open).await?;
                (Some(journal), history)
            }
        };
        // A call that may have been charged counts as its estimate.
        let spent = history.cost + history.possible_cost();
        let rest = self.budget.map(|budget| (budget - spent).max(0.0));
        let client = match rest {
            Some(us_dollars) => self.client.with_budget(us_dollars),
            None => self.client.with_own_costs(),
        };
        let state = Arc::new(JobState {
            client,
            template: self.template,
            retry_uncertain: self.retry_uncertain,
            control: JobControl::new(self.give_up),
            progress: Mutex::new(Progress {
                earlier_cost: history.cost,
                earlier_possible_cost: history.possible_cost(),
                ..Progress::default()
            }),
            unsaved: Mutex::default(),
        });
        let (sender, receiver) = mpsc::channel(1);
        let driver = Driver::<E> {
            journal,
            outcomes: OutcomeSender {
                state: Arc::clone(&state),
                channel: sender,
            },
            packer: Packer::new(self.capacity, self.window),
            history: history.calls,
            journaled_input: history.input,
            permits: Arc::new(Semaphore::new(
                self.max_in_flight.get().min(Semaphore::MAX_PERMITS),
            )),
            sort_dir: self.sort_dir,
        };
        tokio::spawn(driver.drive(input.map(Into::into)));
        Ok(Outcomes::new(receiver, state))
    }

    /// Returns how many calls the job needs and their estimated cost. Reads the whole input, and
    /// sends nothing.
    ///
    /// # Errors
    /// If the task breaks limits, or the input cannot be sorted on disk.
    pub async fn plan<S>(mut self, input: S) -> Result<Plan, JobStartError>
    where
        S: Stream<Item: Into<Target>>,
    {
        self.check_template()?;
        let packer = Packer::new(self.capacity, self.window);
        let planner = Planner::<E>::new(&self.client, &self.template, packer);
        let plan = planner.plan(input, self.sort_dir.as_deref()).await;
        plan.map_err(JobStartError::Spool)
    }

    /// Returns whether the job has a journal to resume.
    fn is_resumed(&self) -> bool {
        let journal = self.journal.as_ref();
        journal
            .is_some_and(|journal| journal.mode == OpenMode::Resume && has_content(&journal.path))
    }

    /// Checks the task with a valid target, so that only its other fields can break limits.
    fn check_template(&mut self) -> Result<(), JobStartError> {
        E::set_targets(&mut self.template, vec!["example.com".to_owned()]);
        validate(&self.template, today()).map_err(JobStartError::InvalidTask)
    }

    /// Returns the settings that a journal is bound to.
    fn record(&self) -> JobRecord {
        let mut task = self.template.clone();
        E::set_targets(&mut task, Vec::new());
        JobRecord {
            version: FORMAT_VERSION,
            endpoint: E::INFO.id.to_owned(),
            server: server(self.client.base_url()),
            task: serde_json::to_value(&task).unwrap_or_default(),
            targets_per_call: self.capacity.targets.get(),
            domains_per_call: self.capacity.domains.map(NonZeroUsize::get),
            window: self.window.get(),
            sorted: self.sort_dir.is_some(),
        }
    }
}

/// Returns the name of a server for the journal.
fn server(base_url: &str) -> String {
    match base_url {
        api::PRODUCTION => "production".to_owned(),
        api::SANDBOX => "sandbox".to_owned(),
        url => url.to_owned(),
    }
}
