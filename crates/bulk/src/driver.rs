//! A job at work: targets come in, calls go out, outcomes are handed over.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dataforseo_client::models::{Date, PerTarget, Violations, today, validate};
use dataforseo_client::{Client, Error};
use futures_core::Stream;
use futures_util::StreamExt as _;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::{JoinError, JoinSet};

use crate::call::{Call, Stop, Watch, digest};
use crate::job::Target;
use crate::journal::{Journal, Known};
use crate::outcome::{Done, End, Outcome, Progress};
use crate::packing::{Packed, Packer};
use crate::spool::{Spool, Spooled};

/// A job that runs, whatever its endpoint.
pub(crate) trait Running: Send + Sync {
    fn stop(&self);
    fn progress(&self) -> Progress;
    fn end(&self) -> Option<End>;
}

/// What the parts of a running job share.
pub(crate) struct Shared<E: PerTarget> {
    pub(crate) client: Client,
    pub(crate) template: E::Task,
    pub(crate) repeat_uncertain: bool,
    pub(crate) control: Control,
    pub(crate) progress: Mutex<Progress>,
}

/// Whether a job goes on.
pub(crate) struct Control {
    stopped: AtomicBool,
    wake: Notify,
    end: Mutex<Option<End>>,
    /// How many calls failed in a row.
    failed: AtomicU32,
    failing: u32,
}

impl Control {
    /// A job that gives up after so many failed calls in a row.
    pub(crate) fn new(failing: u32) -> Self {
        Self {
            stopped: AtomicBool::new(false),
            wake: Notify::new(),
            end: Mutex::new(None),
            failed: AtomicU32::new(0),
            failing,
        }
    }

    fn spool_failed(&self, error: io::Error) {
        self.end(End::Spool(Arc::new(error)));
    }

    fn lock(&self) -> MutexGuard<'_, Option<End>> {
        self.end.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All calls are through.
    fn finish(&self, is_over: bool, progress: Progress) {
        let mut end = self.lock();
        let is_whole = is_over && progress.cancelled == 0 && progress.done() == progress.taken;
        match *end {
            // Whoever stops a job that has nothing left to do stops nothing.
            None | Some(End::Stopped) if is_whole => *end = Some(End::Complete),
            None => *end = Some(End::Broken),
            Some(_) => {}
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
        if !done.is_empty() && sender.send(done).await.is_err() {
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
        let spend = self.client.costs();
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
pub(crate) struct Driver<E: PerTarget> {
    /// Not shared with those who watch the job, and let go before the last of them hears that it is over.
    pub(crate) journal: Option<Journal>,
    pub(crate) shared: Arc<Shared<E>>,
    pub(crate) sender: mpsc::Sender<Vec<Done<E::Row>>>,
    pub(crate) packer: Packer,
    /// What the journal has of each call.
    pub(crate) known: HashMap<u64, Known>,
    /// Places for calls that are under way or wait to be handed over.
    pub(crate) places: Arc<Semaphore>,
    /// Where the input is sorted by domain before the first call, if it is.
    pub(crate) spool: Option<PathBuf>,
}

impl<E: PerTarget + 'static> Driver<E> {
    pub(crate) async fn drive<S>(mut self, input: S)
    where
        S: Stream<Item = Target> + Send,
    {
        let mut input = Input::new(&self, input);
        let mut spooled = None;
        if let Some(folder) = self.spool.take() {
            match input.spool(&folder).await {
                Ok(files) => spooled = Some(files),
                Err(error) => {
                    input.told().await;
                    self.shared.control.spool_failed(error);
                }
            }
        }
        let number = self.send_all(&mut input, &mut spooled).await;
        // What was taken and not sent.
        loop {
            let mut done = Vec::new();
            while let Some(targets) = self.packer.next_call() {
                done.extend(targets.into_iter().flat_map(cancelled));
            }
            self.shared.hand_over(&self.sender, done, 0, 0).await;
            if !self.refill(&mut spooled) {
                break;
            }
        }
        let is_over = input.is_over;
        drop(input);
        let is_stopped = self.shared.control.is_stopped();
        if let Some(journal) = self.journal.as_ref().filter(|_| is_over)
            && !self.known.is_empty()
            && !is_stopped
        {
            // There were more targets once.
            let error = journal.other_input(number);
            self.shared.control.end(End::Journal(Arc::new(error)));
        }
        self.shared.control.finish(is_over, self.shared.progress());
    }

    /// Sends until there is nothing left or the job is stopped, and waits for all calls; how many
    /// there were.
    async fn send_all<S>(&mut self, input: &mut Input<E, S>, spooled: &mut Option<Spooled>) -> u64
    where
        S: Stream<Item = Target>,
    {
        let mut calls = JoinSet::new();
        let mut number = 0;
        loop {
            if spooled.is_some() {
                self.refill(spooled);
            } else {
                input.fill(&mut self.packer).await;
            }
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                break;
            };
            if self.shared.control.is_stopped() {
                break;
            }
            let Some(targets) = self.packer.next_call() else {
                break;
            };
            while let Some(ended) = calls.try_join_next() {
                self.ended(&ended);
            }
            let known = self.known.remove(&number);
            let mut journaled = None;
            if let Some(journal) = &self.journal {
                journaled = Some((journal.clone(), digest(&targets)));
            }
            if let (Some(known), Some((journal, digest))) = (&known, &journaled)
                && known.digest != *digest
            {
                // Before anything that comes after it is sent.
                let error = journal.other_input(number);
                self.shared.control.end(End::Journal(Arc::new(error)));
                let done = targets.into_iter().flat_map(cancelled).collect();
                self.shared.hand_over(&self.sender, done, 0, 0).await;
                break;
            }
            let call = Packet {
                number,
                targets,
                known,
                journaled,
                place,
            };
            calls.spawn(send(Arc::clone(&self.shared), self.sender.clone(), call));
            number += 1;
        }
        while let Some(ended) = calls.join_next().await {
            self.ended(&ended);
        }
        number
    }

    /// A call is through. One that panicked leaves its targets without outcomes: that must not look
    /// like the end of a job.
    fn ended(&self, ended: &Result<(), JoinError>) {
        if ended.is_err() {
            self.shared.control.end(End::Broken);
        }
    }

    /// Fills the window from what was sorted; false if there is nothing more.
    fn refill(&mut self, spooled: &mut Option<Spooled>) -> bool {
        while !self.packer.is_full() {
            match spooled.as_mut().and_then(Iterator::next) {
                Some(Ok((place, target))) => self.packer.push(place, &target),
                Some(Err(error)) => {
                    // What cannot be read has no outcome; the end of the job says why.
                    self.shared.control.spool_failed(error);
                    *spooled = None;
                    return false;
                }
                None => return !self.packer.is_empty(),
            }
        }
        true
    }
}

/// So many outcomes are handed over together at most, where no call brings them.
const MANY: usize = 1000;

/// Where targets come from. What cannot be asked for gets its outcome here.
struct Input<E: PerTarget, S> {
    shared: Arc<Shared<E>>,
    sender: mpsc::Sender<Vec<Done<E::Row>>>,
    stream: Pin<Box<futures_util::stream::Fuse<S>>>,
    is_over: bool,
    taken: u64,
    /// A task for one target, to see whether it breaks limits.
    probe: E::Task,
    unusable: Vec<Done<E::Row>>,
}

impl<E: PerTarget, S: Stream<Item = Target>> Input<E, S> {
    fn new(driver: &Driver<E>, stream: S) -> Self {
        Self {
            shared: Arc::clone(&driver.shared),
            sender: driver.sender.clone(),
            stream: Box::pin(stream.fuse()),
            is_over: false,
            taken: 0,
            probe: driver.shared.template.clone(),
            unusable: Vec::new(),
        }
    }

    /// Takes targets until the window is full, the input at its end, or the job stopped.
    async fn fill(&mut self, packer: &mut Packer) {
        let today = today();
        while !packer.is_full() {
            let Some((place, target)) = self.next(today).await else {
                break;
            };
            packer.push(place, &target);
        }
        self.told().await;
    }

    /// Takes all targets and sorts them.
    async fn spool(&mut self, folder: &std::path::Path) -> io::Result<Spooled> {
        let today = today();
        let mut spool = Spool::in_folder(folder)?;
        while let Some((place, target)) = self.next(today).await {
            // The system keeps a few kilobytes at a time for the disk: this hardly waits.
            spool.push(place, &target)?;
        }
        self.told().await;
        spool.finish()
    }

    /// The next target that can be asked for, with its place.
    async fn next(&mut self, today: Date) -> Option<(u64, String)> {
        loop {
            let control = &self.shared.control;
            if self.is_over || control.is_stopped() {
                return None;
            }
            let next = tokio::select! {
                next = self.stream.next() => next,
                () = control.wake.notified() => continue,
            };
            let Some(target) = next else {
                self.is_over = true;
                return None;
            };
            let place = self.taken;
            self.taken += 1;
            let (text, reason) = match usable::<E>(&mut self.probe, target, today) {
                Ok(text) => return Some((place, text)),
                Err(unusable) => unusable,
            };
            self.unusable.push(Done {
                place,
                target: text.into(),
                outcome: Outcome::Invalid(reason.into()),
            });
            if self.unusable.len() == MANY {
                self.told().await;
            }
        }
    }

    /// Hands over what cannot be asked for.
    async fn told(&mut self) {
        self.shared.count(|progress| progress.taken = self.taken);
        let done = std::mem::take(&mut self.unusable);
        self.shared.hand_over(&self.sender, done, 0, 0).await;
    }
}

/// A call that goes out.
struct Packet {
    number: u64,
    targets: Vec<Packed>,
    known: Option<Known>,
    /// The journal, and the digest of the targets that goes into it.
    journaled: Option<(Journal, String)>,
    place: OwnedSemaphorePermit,
}

/// Carries one call out, and hands its outcomes over.
async fn send<E: PerTarget>(
    shared: Arc<Shared<E>>,
    sender: mpsc::Sender<Vec<Done<E::Row>>>,
    packet: Packet,
) {
    let Packet {
        known,
        journaled,
        place,
        ..
    } = packet;
    let call = Call::<E> {
        client: &shared.client,
        template: &shared.template,
        journal: journaled.as_ref().map(|(journal, _)| journal),
        digest: journaled.as_ref().map_or("", |(_, digest)| digest),
        number: packet.number,
        targets: packet.targets,
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

/// A target that can be asked for; if it cannot, its text, and why. `probe` is the job's task.
pub(crate) fn usable<E: PerTarget>(
    probe: &mut E::Task,
    target: Target,
    today: Date,
) -> Result<String, (String, String)> {
    match target {
        Target::Unusable { text, reason } => Err((text, reason)),
        Target::Text(text) => {
            E::set_targets(probe, vec![text.clone()]);
            match validate(probe, today) {
                Ok(()) => Ok(text),
                Err(violations) => Err((text, reasons(&violations))),
            }
        }
    }
}

/// What is wrong with a target. The rest of the task was found right.
fn reasons(violations: &Violations) -> String {
    let problems = violations.violations().iter();
    let problems: Vec<_> = problems.map(|it| it.kind.to_string()).collect();
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
