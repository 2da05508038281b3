//! A job: targets come in, calls go out, outcomes are handed over.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use dataforseo_client::models::{PerTarget, Task, Violations, today, validate};
use dataforseo_client::{Client, Error};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;

use crate::call::{Call, Stop, Watch};
use crate::journal::{Job as JobRecord, Journal, JournalError, Known, Memory, blocking};
use crate::outcome::{Done, End, Outcome, Progress};
use crate::packing::{Capacity, Packed, Packer};

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
}

/// How many targets are held for packing, unless it is set.
const WINDOW: NonZeroUsize = NonZeroUsize::MIN.saturating_add(49_999);
/// How many calls are under way at once, unless it is set: as many as the account may have.
const AT_ONCE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(29);
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
            at_once: AT_ONCE,
            failing: FAILING,
            max_spend: None,
            journal: None,
            resume: false,
            repeat_uncertain: false,
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

    /// Holds so many different targets for packing; 50,000 unless set. Where a call may have
    /// targets of so many domains only, more of them make fewer calls; a target that is given twice
    /// within the window is paid for once. The first call goes out when the window is full or the
    /// input has ended.
    pub fn window(mut self, targets: NonZeroUsize) -> Self {
        self.window = targets;
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
    /// by the journal included. As with
    /// [`ClientBuilder::max_spend`](dataforseo_client::ClientBuilder::max_spend), estimates decide.
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

    /// What a call costs at most, in US dollars, when it is full; by the client's prices.
    pub fn estimate_per_call(&self) -> f64 {
        let mut task = self.template.clone();
        let name = "example.com".to_owned();
        E::set_targets(&mut task, vec![name; self.capacity.targets.get()]);
        self.client.estimate::<E>(&task)
    }

    /// What a call with so many targets costs at most, in US dollars, by the client's prices.
    pub fn estimate(&self, targets: usize) -> f64 {
        let mut task = self.template.clone();
        E::set_targets(&mut task, vec!["example.com".to_owned(); targets]);
        self.client.estimate::<E>(&task)
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
        E::set_targets(&mut self.template, vec!["example.com".to_owned()]);
        if let Err(violations) = validate(&self.template, today()) {
            return Err(StartError::Task(violations));
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
        if let Some(max) = self.max_spend.filter(|max| max.is_nan() || *max < 0.0) {
            return Err(StartError::MaxSpend(max));
        }
        let left = self.max_spend.map(|max| (max - memory.spent).max(0.0));
        let shared = Arc::new(Shared {
            client: self.client.job(left),
            template: self.template,
            journal,
            repeat_uncertain: self.repeat_uncertain,
            control: Control {
                stopped: AtomicBool::new(false),
                wake: Notify::new(),
                end: Mutex::new(None),
                failed: AtomicU32::new(0),
                failing: self.failing,
            },
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
            known: memory.calls,
            places: Arc::new(Semaphore::new(self.at_once.get())),
        };
        tokio::spawn(driver.drive(input.map(Into::into)));
        Ok(Outcomes {
            receiver,
            ready: Vec::new().into_iter(),
            job: shared,
        })
    }

    fn record(&self) -> JobRecord {
        let mut task = self.template.clone();
        E::set_targets(&mut task, Vec::new());
        let task = serde_json::to_value(&task).unwrap_or_default();
        JobRecord::new(E::INFO.id, task, self.capacity, self.window.get())
    }
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

    /// How the job ended; `None` while it runs, and as long as outcomes are left.
    pub fn end(&self) -> Option<End> {
        let is_over = self.receiver.is_closed() && self.receiver.is_empty();
        let is_over = is_over && self.ready.as_slice().is_empty();
        is_over.then(|| self.job.end().unwrap_or(End::Broken))
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

/// A job that runs, whatever its endpoint.
trait Running: Send + Sync {
    fn stop(&self);
    fn progress(&self) -> Progress;
    fn end(&self) -> Option<End>;
}

/// What the parts of a running job share.
struct Shared<E: PerTarget> {
    client: Client,
    template: E::Task,
    journal: Option<Journal>,
    repeat_uncertain: bool,
    control: Control,
    progress: Mutex<Progress>,
}

/// Whether a job goes on.
struct Control {
    stopped: AtomicBool,
    wake: Notify,
    end: Mutex<Option<End>>,
    /// How many calls failed in a row.
    failed: AtomicU32,
    failing: u32,
}

impl Control {
    fn lock(&self) -> MutexGuard<'_, Option<End>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All calls are through.
    fn finish(&self, is_over: bool, progress: Progress) {
        let mut end = self.lock();
        let is_stopped = matches!(*end, None | Some(End::Stopped));
        // Whoever stops a job that has nothing left to do stops nothing.
        if is_stopped && is_over && progress.cancelled == 0 {
            *end = Some(End::Complete);
        }
    }

    fn end(&self, end: End) {
        // The first reason is the one that is told.
        self.lock().get_or_insert(end);
        self.stopped.store(true, Ordering::Release);
        self.wake.notify_one();
    }
}

impl Watch for Control {
    fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }

    fn stop(&self, why: Stop) {
        self.end(match why {
            Stop::Refused(error) => End::Refused(error),
            Stop::Journal(error) => End::Journal(error),
        });
    }

    fn ended(&self, error: Option<&Arc<Error>>) {
        let Some(error) = error else {
            self.failed.store(0, Ordering::Relaxed);
            return;
        };
        let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
        if failed >= self.failing {
            self.end(End::Failing(failed, Arc::clone(error)));
        }
    }
}

impl<E: PerTarget> Shared<E> {
    fn count(&self, change: impl FnOnce(&mut Progress)) {
        change(&mut self.progress.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Counts outcomes and hands them to whoever takes them.
    async fn hand_over(
        &self,
        sender: &mpsc::Sender<Vec<Done<E::Row>>>,
        done: Vec<Done<E::Row>>,
        resumed: u64,
        strays: u64,
    ) {
        self.count(|progress| {
            progress.resumed += resumed;
            progress.strays += strays;
            for done in &done {
                progress.add(&done.outcome);
            }
        });
        if sender.send(done).await.is_err() {
            self.control.end(End::Stopped);
        }
    }
}

impl<E: PerTarget> Running for Shared<E> {
    fn stop(&self) {
        self.control.end(End::Stopped);
    }

    fn progress(&self) -> Progress {
        let progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        let spend = self.client.spend();
        Progress {
            calls: spend.calls,
            spent: spend.us_dollars,
            ..*progress
        }
    }

    fn end(&self) -> Option<End> {
        self.control.lock().clone()
    }
}

/// Takes targets in and sends calls out.
struct Driver<E: PerTarget> {
    shared: Arc<Shared<E>>,
    sender: mpsc::Sender<Vec<Done<E::Row>>>,
    packer: Packer,
    /// What the journal has of each call.
    known: HashMap<u64, Known>,
    /// Places for calls that are under way or wait to be handed over.
    places: Arc<Semaphore>,
}

impl<E: PerTarget + 'static> Driver<E> {
    async fn drive<S>(mut self, input: S)
    where
        S: Stream<Item = Target> + Send,
    {
        let mut input = Input {
            stream: Box::pin(input.fuse()),
            is_over: false,
            taken: 0,
        };
        let mut calls = JoinSet::new();
        let mut number = 0;
        loop {
            self.fill(&mut input).await;
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                break;
            };
            if self.shared.control.is_stopped() {
                break;
            }
            let Some(targets) = self.packer.next_call() else {
                break;
            };
            while calls.try_join_next().is_some() {}
            let known = self.known.remove(&number);
            calls.spawn(send(
                Arc::clone(&self.shared),
                self.sender.clone(),
                number,
                targets,
                known,
                place,
            ));
            number += 1;
        }
        while calls.join_next().await.is_some() {}
        while let Some(targets) = self.packer.next_call() {
            let done = targets.into_iter().flat_map(cancelled).collect();
            self.shared.hand_over(&self.sender, done, 0, 0).await;
        }
        let is_over = input.is_over;
        drop(input);
        if let Some(journal) = self.shared.journal.as_ref().filter(|_| is_over)
            && !self.known.is_empty()
            && !self.shared.control.is_stopped()
        {
            // There were more targets once.
            let error = journal.other_input(number);
            self.shared.control.end(End::Journal(Arc::new(error)));
        }
        self.shared.control.finish(is_over, self.shared.progress());
    }

    /// Takes targets until the window is full, the input at its end, or the job stopped.
    async fn fill<S>(&mut self, input: &mut Input<S>)
    where
        S: Stream<Item = Target>,
    {
        let control = &self.shared.control;
        let mut unusable = Vec::new();
        let today = today();
        let mut probe = self.shared.template.clone();
        while !self.packer.is_full() && !input.is_over && !control.is_stopped() {
            let next = tokio::select! {
                next = input.stream.next() => next,
                () = control.wake.notified() => continue,
            };
            let Some(target) = next else {
                input.is_over = true;
                break;
            };
            let place = input.taken;
            input.taken += 1;
            let (text, reason) = match target {
                Target::Unusable { text, reason } => (text, Some(reason)),
                Target::Text(text) => {
                    E::set_targets(&mut probe, vec![text.clone()]);
                    let reason = validate(&probe, today).err().map(|it| reasons(&it));
                    (text, reason)
                }
            };
            let Some(reason) = reason else {
                self.packer.push(place, &text);
                continue;
            };
            unusable.push(Done {
                place,
                target: text.into(),
                outcome: Outcome::Invalid(reason.into()),
            });
            if unusable.len() == MANY {
                let done = std::mem::take(&mut unusable);
                self.shared.hand_over(&self.sender, done, 0, 0).await;
            }
        }
        self.shared.count(|progress| progress.taken = input.taken);
        if !unusable.is_empty() {
            self.shared.hand_over(&self.sender, unusable, 0, 0).await;
        }
    }
}

/// So many outcomes are handed over together at most, where no call brings them.
const MANY: usize = 1000;

/// Where targets come from.
struct Input<S> {
    stream: Pin<Box<futures_util::stream::Fuse<S>>>,
    is_over: bool,
    taken: u64,
}

/// Carries one call out, and hands its outcomes over.
async fn send<E: PerTarget>(
    shared: Arc<Shared<E>>,
    sender: mpsc::Sender<Vec<Done<E::Row>>>,
    number: u64,
    targets: Vec<Packed>,
    known: Option<Known>,
    place: OwnedSemaphorePermit,
) {
    let call = Call::<E> {
        client: &shared.client,
        template: &shared.template,
        journal: shared.journal.as_ref(),
        number,
        targets,
        watch: &shared.control,
        repeat_uncertain: shared.repeat_uncertain,
    };
    let outcomes = call.run(known).await;
    let (resumed, strays) = (outcomes.resumed, outcomes.strays);
    shared
        .hand_over(&sender, outcomes.done, resumed, strays)
        .await;
    // Only now may the next call go: what nobody takes must not pile up.
    drop(place);
}

/// What is wrong with a target. The rest of the task was found right.
fn reasons(violations: &Violations) -> String {
    let problems = violations.violations().iter();
    let problems: Vec<_> = problems.map(|it| it.problem.to_string()).collect();
    problems.join("; ")
}

/// The outcomes of a target that was not sent.
fn cancelled<R>(packed: Packed) -> impl Iterator<Item = Done<R>> {
    let target = packed.target;
    packed.places.into_iter().map(move |place| Done {
        place,
        target: Arc::clone(&target),
        outcome: Outcome::Cancelled,
    })
}
