//! What a job is, and what is in the hands of whoever began it.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use dataforseo_client::Client;
use dataforseo_client::models::{PerTarget, Task, Violations, api, today, validate};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::{Semaphore, mpsc};

use crate::driver::{Control, Driver, Running, Shared, usable};
use crate::journal::{Job as JobRecord, Journal, JournalError, Memory, blocking};
use crate::outcome::{Done, End, Progress};
use crate::packing::{Capacity, Packed, Packer};
use crate::spool::Spool;

/// Why a job could not begin. Nothing was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The task breaks documented limits, whatever its targets.
    #[error("the task cannot be sent: {0}")]
    Task(Violations),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// What may be spent is no amount of money.
    #[error("{0} is no amount of money")]
    MaxSpend(f64),
    /// The input could not be sorted on disk.
    #[error("sorting the input on disk: {0}")]
    Spool(std::io::Error),
}

/// A target of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To be asked for.
    Text(String),
    /// What cannot be asked for, and why: a line that is no text, for one. It has its outcome like
    /// any other.
    Unusable {
        /// What there is of it.
        text: String,
        /// Why.
        reason: String,
    },
}

impl From<String> for Target {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A bulk job: an endpoint that answers many targets in one call, and any number of targets.
///
/// ```
/// use dataforseo_bulk::{Bulk, Outcome};
/// use dataforseo_client::models::backlinks::{BulkRanksLive, BulkRanksLiveTask};
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
/// let job = Bulk::<BulkRanksLive>::new(client, BulkRanksLiveTask::default()).max_spend(1.0);
/// let mut outcomes = job.run(targets).await?;
/// while let Some(done) = outcomes.next().await {
///     match done.outcome {
///         Outcome::Row(row) => println!("{} {:?}", done.target, row.rank),
///         other => println!("{} {}", done.target, other.word()),
///     }
/// }
/// assert_eq!(outcomes.progress().rows, 3);
/// assert_eq!(outcomes.progress().calls, 1);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Bulk<E: PerTarget> {
    client: Client,
    template: E::Task,
    capacity: Capacity,
    window: NonZeroUsize,
    at_once: NonZeroUsize,
    failing: u32,
    max_spend: Option<f64>,
    journal: Option<PathBuf>,
    resume: bool,
    repeat_uncertain: bool,
    spool: Option<PathBuf>,
}

/// How many targets are held for packing, unless it is set.
const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(24_999);
/// After how many failed calls in a row a job gives up, unless it is set.
const FAILING: u32 = 50;

impl<E: PerTarget> Bulk<E> {
    /// A job of calls with the parameters of this task, whatever its targets.
    pub fn new(client: Client, task: E::Task) -> Self {
        Self {
            client,
            template: task,
            capacity: Capacity::documented(<E::Task as Task>::RULES),
            window: WINDOW,
            at_once: NonZeroUsize::new(api::SIMULTANEOUS_CALLS as usize)
                .unwrap_or(NonZeroUsize::MIN),
            failing: FAILING,
            max_spend: None,
            journal: None,
            resume: false,
            repeat_uncertain: false,
            spool: None,
        }
    }

    /// What a call may hold: by the endpoint's documented limits, unless
    /// [`targets_per_call`](Self::targets_per_call) says less.
    pub fn capacity(&self) -> Capacity {
        self.capacity
    }

    /// Sends at most so many targets a call, within the endpoint's own limit. More calls cost more.
    pub fn targets_per_call(mut self, targets: NonZeroUsize) -> Self {
        self.capacity.targets = self.capacity.targets.min(targets);
        self
    }

    /// Sends targets of at most so many different registrable domains a call, within the endpoint's own
    /// limit.
    pub fn domains_per_call(mut self, domains: NonZeroUsize) -> Self {
        let known = self.capacity.domains.unwrap_or(domains);
        self.capacity.domains = Some(known.min(domains));
        self
    }

    /// Holds so many different targets for packing; 25,000 unless set. Where a call may have
    /// targets of so many domains only, more of them make fewer calls; a target that is given twice
    /// within the window is paid for once. The first call goes out when the window is full or the
    /// input has ended.
    pub fn window(mut self, targets: NonZeroUsize) -> Self {
        self.window = targets;
        self
    }

    /// Takes the whole input before the first call, and sorts it by domain in files without names in this
    /// folder, about as large as the input. So targets of one domain share calls wherever they stand,
    /// and what is given twice is paid for once. Memory stays bounded by the window. For up to six million
    /// targets this packs as well as if all of them were in memory.
    ///
    /// It pays where a call may have targets of so many domains only, and the input is longer than the
    /// window and not sorted by domain.
    pub fn spool(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spool = Some(folder.into());
        self
    }

    /// Has so many calls under way at once; 30 unless set, which is what an account may have. The
    /// client's own limits hold besides.
    pub fn at_once(mut self, calls: NonZeroUsize) -> Self {
        self.at_once = calls;
        self
    }

    /// Gives up after so many failed calls in a row; 50 unless set. What was not charged is sent when
    /// the job is resumed.
    pub fn give_up_after(mut self, calls: u32) -> Self {
        self.failing = calls;
        self
    }

    /// Stops before a call that would bring the job beyond so many US dollars, what earlier runs spent
    /// by the journal included; a call of which nobody knows counts as a full one. As with
    /// [`ClientBuilder::budget`](dataforseo_client::ClientBuilder::budget), estimates decide.
    pub fn max_spend(mut self, us_dollars: f64) -> Self {
        self.max_spend = Some(us_dollars);
        self
    }

    /// Writes down what is sent and what comes back, so that the job can be resumed. A file that is
    /// there already is refused.
    ///
    /// The file holds the targets' rows as they arrived: about the size of the answers.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        (self.journal, self.resume) = (Some(path.into()), false);
        self
    }

    /// Goes on with the job of this journal, or begins it if there is none. The input has to be the
    /// same, from its beginning, and so have task and packing; if not, nothing is sent. Outcomes that
    /// are known come again, from the journal. What failed without a charge is sent again; what may
    /// have been charged is not, unless [`repeat_uncertain`](Self::repeat_uncertain).
    pub fn resume(mut self, path: impl Into<PathBuf>) -> Self {
        (self.journal, self.resume) = (Some(path.into()), true);
        self
    }

    /// Sends again what an earlier run may have been charged for without an answer that was kept:
    /// calls that were under way when it was killed, and calls that failed in that way.
    pub fn repeat_uncertain(mut self) -> Self {
        self.repeat_uncertain = true;
        self
    }

    /// Begins. Calls go out in the background, as fast as the outcomes are taken.
    ///
    /// Each target that is taken from the input has exactly one outcome. They come in the order in
    /// which calls end, not in that of the input: [`Done::place`] has it. A target that stands twice
    /// has an outcome at each place.
    ///
    /// If the outcomes are dropped, nothing more is sent; what is under way is finished in the
    /// background and kept in the journal, as long as the runtime is there.
    ///
    /// # Errors
    /// When the task breaks limits, or the journal cannot be used. Nothing was sent then.
    pub async fn run<S>(mut self, input: S) -> Result<Outcomes<E::Row>, StartError>
    where
        S: Stream<Item: Into<Target>> + Send + 'static,
        E: 'static,
    {
        self.check_template()?;
        if let Some(max) = self.max_spend.filter(|max| max.is_nan() || *max < 0.0) {
            return Err(StartError::MaxSpend(max));
        }
        let (journal, memory) = match self.journal.take() {
            None => (None, Memory::default()),
            Some(path) => {
                let job = self.record();
                let resume = self.resume;
                let (journal, memory) =
                    blocking(move || Journal::open(&path, &job, resume)).await?;
                (Some(journal), memory)
            }
        };
        // What nobody knows of counts as what it may have cost.
        let full = filled::<E>(&self.template, self.capacity.targets.get());
        let uncertain = memory.uncertain() as f64 * self.client.estimate::<E>(&full);
        let left = self
            .max_spend
            .map(|max| (max - memory.spent - uncertain).max(0.0));
        let client = match left {
            Some(us_dollars) => self.client.with_budget(us_dollars),
            None => self.client.with_own_costs(),
        };
        let shared = Arc::new(Shared {
            client,
            template: self.template,
            repeat_uncertain: self.repeat_uncertain,
            control: Control::new(self.failing),
            progress: Mutex::new(Progress {
                spent_before: memory.spent,
                ..Progress::default()
            }),
        });
        let (sender, receiver) = mpsc::channel(1);
        let driver = Driver::<E> {
            shared: Arc::clone(&shared),
            sender,
            packer: Packer::new(self.capacity, self.window),
            journal,
            known: memory.calls,
            places: Arc::new(Semaphore::new(
                self.at_once.get().min(Semaphore::MAX_PERMITS),
            )),
            spool: self.spool,
        };
        tokio::spawn(driver.drive(input.map(Into::into)));
        Ok(Outcomes {
            receiver,
            ready: Vec::new().into_iter(),
            job: shared,
        })
    }

    /// What the job would take: reads the input to its end and sends nothing.
    ///
    /// # Errors
    /// When the task breaks limits, or the input cannot be sorted on disk.
    pub async fn plan<S>(mut self, input: S) -> Result<Plan, StartError>
    where
        S: Stream<Item: Into<Target>>,
    {
        self.check_template()?;
        let mut plan = Plan::default();
        let mut packer = Packer::new(self.capacity, self.window);
        let add = |plan: &mut Plan, call: Vec<Packed>| {
            plan.calls += 1;
            plan.different += call.len() as u64;
            let task = filled::<E>(&self.template, call.len());
            plan.us_dollars += self.client.estimate::<E>(&task);
        };
        let mut pack = |plan: &mut Plan, place: u64, target: &str| {
            packer.push(place, target);
            if packer.is_full()
                && let Some(call) = packer.next_call()
            {
                add(plan, call);
            }
        };
        let spool = self.spool.as_deref().map(Spool::in_folder).transpose();
        let mut spool = spool.map_err(StartError::Spool)?;
        let mut probe = self.template.clone();
        let day = today();
        let mut input = std::pin::pin!(input);
        while let Some(target) = input.next().await {
            let place = plan.targets;
            plan.targets += 1;
            let Ok(target) = usable::<E>(&mut probe, target.into(), day) else {
                plan.invalid += 1;
                continue;
            };
            match &mut spool {
                Some(spool) => spool.push(place, &target).map_err(StartError::Spool)?,
                None => pack(&mut plan, place, &target),
            }
        }
        let spooled = spool.map(Spool::finish).transpose();
        for target in spooled.map_err(StartError::Spool)?.into_iter().flatten() {
            let (place, target) = target.map_err(StartError::Spool)?;
            pack(&mut plan, place, &target);
        }
        while let Some(call) = packer.next_call() {
            add(&mut plan, call);
        }
        Ok(plan)
    }

    /// Whether the task can be sent, whatever its targets: one stands for all of them.
    fn check_template(&mut self) -> Result<(), StartError> {
        E::set_targets(&mut self.template, vec!["example.com".to_owned()]);
        validate(&self.template, today()).map_err(StartError::Task)
    }

    fn record(&self) -> JobRecord {
        let mut task = self.template.clone();
        E::set_targets(&mut task, Vec::new());
        let task = serde_json::to_value(&task).unwrap_or_default();
        let window = self.window.get();
        let spool = self.spool.is_some();
        let server = server(self.client.base_url());
        JobRecord::new(E::INFO.id, server, task, self.capacity, window, spool)
    }
}

/// Whose answers those of a server are.
fn server(base_url: &str) -> &'static str {
    match base_url {
        api::PRODUCTION => "production",
        api::SANDBOX => "sandbox",
        _ => "another",
    }
}

/// A task with so many targets, for estimates.
fn filled<E: PerTarget>(template: &E::Task, targets: usize) -> E::Task {
    let mut task = template.clone();
    E::set_targets(&mut task, vec!["example.com".to_owned(); targets]);
    task
}

/// What a job would take.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// Targets in the input.
    pub targets: u64,
    /// Of those, targets that cannot be asked for.
    pub invalid: u64,
    /// Targets that would be sent: one that is given twice within the window is sent once.
    pub different: u64,
    /// Calls.
    pub calls: u64,
    /// What they cost at most, in US dollars, by the client's prices.
    pub us_dollars: f64,
}

/// The outcomes of a job, as they come: a stream.
pub struct Outcomes<R> {
    receiver: mpsc::Receiver<Vec<Done<R>>>,
    ready: std::vec::IntoIter<Done<R>>,
    job: Arc<dyn Running>,
}

impl<R> std::fmt::Debug for Outcomes<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outcomes")
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

impl<R> Outcomes<R> {
    /// How far the job is.
    pub fn progress(&self) -> Progress {
        self.job.progress()
    }

    /// What stops the job from elsewhere: on Ctrl-C, for one.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.job))
    }

    /// Outcomes that are there together, such as those of one call; `None` at the end. For whoever has
    /// millions of them: a wait each takes its time.
    pub async fn next_many(&mut self) -> Option<Vec<Done<R>>> {
        let rest: Vec<Done<R>> = self.ready.by_ref().collect();
        match rest.is_empty() {
            true => self.receiver.recv().await,
            false => Some(rest),
        }
    }

    /// How the job ended; `None` while it runs, and as long as outcomes are left.
    pub fn end(&self) -> Option<End> {
        let is_over = self.receiver.is_closed() && self.receiver.is_empty();
        let is_over = is_over && self.ready.as_slice().is_empty();
        is_over.then(|| self.job.end().unwrap_or(End::Broken))
    }
}

/// Whoever takes no outcomes wants no more calls.
impl<R> Drop for Outcomes<R> {
    fn drop(&mut self) {
        self.job.stop();
    }
}

impl<R> Unpin for Outcomes<R> {}

impl<R> Stream for Outcomes<R> {
    type Item = Done<R>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Done<R>>> {
        loop {
            if let Some(done) = self.ready.next() {
                return Poll::Ready(Some(done));
            }
            match self.receiver.poll_recv(context) {
                Poll::Ready(Some(done)) => self.ready = done.into_iter(),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

/// Watches a job and stops it. Clones are handles of the same job.
#[derive(Clone)]
pub struct Handle(Arc<dyn Running>);

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

impl Handle {
    /// Sends nothing more and takes no further targets. What is under way is finished; what was taken
    /// and not sent is cancelled.
    pub fn stop(&self) {
        self.0.stop();
    }

    /// How far the job is.
    pub fn progress(&self) -> Progress {
        self.0.progress()
    }
}
