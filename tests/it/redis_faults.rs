//! The limit of simultaneous calls while Redis, the network, a program or a caller fails. A scripted
//! server counts the calls that it carries out at once.

use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use dataforseo_client::models::Endpoint;
use dataforseo_client::models::backlinks::BulkPagesSummaryLive;
use dataforseo_client::{Client, ErrorKind, Limiter, NeverRetry, RedisFallback, RedisLimits};
use dataforseo_test_support::client::call_pages_summary as call;
use dataforseo_test_support::fake_api::{FakeApi, Reply};
use futures_util::future::join_all;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::redis_server::{Network, Server};

const PLACES: usize = 3;
/// How long the server works on a call, which is below its documented limit.
const WORK: Duration = Duration::from_millis(900);
const SERVER_TIMEOUT: Duration = Duration::from_secs(1);
const STATE: &str = "{dataforseo:test}:state";
/// The longest wait of a test for an event.
const PATIENT: Duration = Duration::from_secs(60);

fn api() -> FakeApi {
    FakeApi::start(|_| Reply::rows().before(|| std::thread::sleep(WORK)))
}

fn limits(url: &str, fallback: RedisFallback) -> RedisLimits {
    let limits = RedisLimits::new(url, "test", fallback).unwrap();
    // The timeout of the client is longer, and raises this one.
    limits
        .limits(60_000, PLACES as u32)
        .call_timeout(Duration::from_millis(1))
        .server_timeout(SERVER_TIMEOUT)
}

fn waiting(url: &str) -> RedisLimits {
    limits(url, RedisFallback::Wait { at_most: PATIENT })
}

fn client(api: &FakeApi, limits: &Arc<RedisLimits>, timeout: Duration) -> Client {
    Client::builder()
        .credentials("login", "password")
        .base_url(api.url())
        .no_proxy()
        .timeout(timeout)
        .retry_policy(NeverRetry)
        .limiter(Arc::clone(limits) as _)
        .build()
        .unwrap()
}

async fn reach(api: &FakeApi, calls: usize) {
    let all = async {
        while api.calls().len() < calls {
            sleep(Duration::from_millis(2)).await;
        }
    };
    timeout(PATIENT, all).await.expect("the calls arrive");
}

/// A program with as many calls in flight as are allowed.
struct World {
    server: Server,
    network: Network,
    api: FakeApi,
    limits: Arc<RedisLimits>,
    client: Client,
    in_flight: JoinSet<()>,
}

impl World {
    /// `before` runs when the account has no call in flight.
    async fn with(call_timeout: Duration, before: impl FnOnce(&Server)) -> Option<Self> {
        let server = Server::start()?;
        let (network, api) = (Network::to(&server), api());
        let limits = Arc::new(limits(&network.url(), RedisFallback::Refuse));
        limits.declare_idle().await.unwrap();
        before(&server);
        let client = client(&api, &limits, call_timeout);
        let mut in_flight = JoinSet::new();
        for _ in 0..PLACES {
            let client = client.clone();
            in_flight.spawn(async move { drop(call(&client).await) });
        }
        reach(&api, PLACES).await;
        Some(Self {
            server,
            network,
            api,
            limits,
            client,
            in_flight,
        })
    }

    async fn start() -> Option<Self> {
        Self::with(Duration::from_secs(2), |_| {}).await
    }

    /// A second program starts and makes its calls, as the first one tries to make further ones.
    async fn others_keep_the_limit(mut self) {
        let other = Arc::new(waiting(&self.server.url()));
        let other = client(&self.api, &other, Duration::from_secs(2));
        let further = (0..PLACES).map(|_| call(&self.client));
        let others = (0..PLACES).map(|_| call(&other));
        let (_, others) = tokio::join!(join_all(further), join_all(others));
        for outcome in others {
            outcome.unwrap();
        }
        while self.in_flight.join_next().await.is_some() {}
        assert_eq!(self.api.max_in_flight(), PLACES);
    }
}

macro_rules! world {
    ($world:expr) => {
        match $world.await {
            Some(world) => world,
            None => return,
        }
    };
}

#[tokio::test]
async fn a_program_that_is_cut_off_keeps_its_places() {
    let world = world!(World::start());
    world.network.cut(true);
    let error = call(&world.client).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limiter(_)), "{error}");
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn places_of_a_program_whose_commands_are_lost_are_kept() {
    let world = world!(World::start());
    world
        .network
        .loses_commands
        .store(true, std::sync::atomic::Ordering::Release);
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn a_redis_that_restarts_empty_admits_nothing_at_first() {
    let mut world = world!(World::start());
    world.server.restart();
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn a_redis_that_is_emptied_admits_nothing_at_first() {
    let world = world!(World::start());
    world.server.command(&["FLUSHALL"]);
    let error = call(&world.client).await.unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert!(reason.contains("lost its record"), "{reason}");
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn a_redis_that_restarts_from_an_old_snapshot_admits_nothing_at_first() {
    let before = |server: &Server| drop(server.command(&["SAVE"]));
    let mut world = world!(World::with(Duration::from_secs(2), before));
    world.server.restart();
    assert_eq!(world.server.command(&["EXISTS", STATE]).trim(), ":1");
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn a_state_that_went_back_is_noticed_by_those_who_know_a_newer_one() {
    let before = |server: &Server| drop(server.command(&["COPY", STATE, "old"]));
    let world = world!(World::with(Duration::from_secs(2), before));
    world.server.command(&["COPY", "old", STATE, "REPLACE"]);
    call(&world.client).await.unwrap_err();
    world.others_keep_the_limit().await;
}

/// The state as a clock wrote it that was an hour ahead.
#[tokio::test]
async fn a_clock_of_redis_that_goes_back_admits_nothing_at_first() {
    let world = world!(World::start());
    let shift = "for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do \
                 local value = tonumber(redis.call('HGET', KEYS[1], field)) \
                 if value and value > 1e15 then redis.call('HSET', KEYS[1], field, \
                 string.format('%.0f', value + 3600000000)) end end return 1";
    assert_eq!(
        world.server.command(&["EVAL", shift, "1", STATE]).trim(),
        ":1"
    );
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn calls_of_dropped_futures_keep_their_places() {
    let mut world = world!(World::start());
    world.in_flight.abort_all();
    while world.in_flight.join_next().await.is_some() {}
    assert!(world.limits.flush().await);
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn calls_that_timed_out_keep_their_places() {
    let mut world = world!(World::with(Duration::from_millis(200), |_| {}));
    while world.in_flight.join_next().await.is_some() {}
    assert!(world.limits.flush().await);
    world.others_keep_the_limit().await;
}

#[tokio::test]
async fn a_redis_that_stands_still_keeps_the_places() {
    let world = world!(World::start());
    world.server.signal("-STOP");
    call(&world.client).await.unwrap_err();
    world.server.signal("-CONT");
    world.others_keep_the_limit().await;
}

/// The child process of the tests below.
#[tokio::test]
async fn program() {
    let variable = |name| std::env::var(name).ok();
    let (Some(redis), Some(api)) = (variable("REDIS_OF_CHILD"), variable("API_OF_CHILD")) else {
        return;
    };
    let client = Client::builder()
        .credentials("login", "password")
        .base_url(api)
        .no_proxy()
        .timeout(Duration::from_secs(2))
        .limiter(Arc::new(limits(&redis, RedisFallback::Refuse)))
        .build()
        .unwrap();
    join_all((0..PLACES).map(|_| call(&client))).await;
}

/// A program that is killed or stopped with calls in flight, and the calls of another one.
async fn after_signal(signal: &str) {
    let Some(server) = Server::start() else {
        return;
    };
    let api = api();
    let other = Arc::new(waiting(&server.url()));
    other.declare_idle().await.unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["redis_faults::program", "--exact"])
        .env("REDIS_OF_CHILD", server.url())
        .env("API_OF_CHILD", api.url())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    reach(&api, PLACES).await;
    let sent = Command::new("kill")
        .args([signal, &child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
    let other = client(&api, &other, Duration::from_secs(2));
    for outcome in join_all((0..PLACES).map(|_| call(&other))).await {
        outcome.unwrap();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(api.max_in_flight(), PLACES);
}

#[tokio::test]
async fn a_program_that_dies_keeps_its_places_until_its_calls_have_ended() {
    after_signal("-KILL").await;
}

#[tokio::test]
async fn a_program_that_stands_still_keeps_its_places() {
    after_signal("-STOP").await;
}

/// Redis admitted a call, and its reply was lost: the call is not sent, and its place is given back
/// long before its lease of five minutes ends.
#[tokio::test]
async fn a_place_whose_reply_was_lost_is_given_back() {
    let Some(server) = Server::start() else {
        return;
    };
    let (network, api) = (Network::to(&server), api());
    let new = |url: &str| {
        let limits = RedisLimits::new(url, "test", RedisFallback::Refuse).unwrap();
        Arc::new(limits.limits(60_000, 1))
    };
    let (first, second) = (new(&network.url()), new(&server.url()));
    first.declare_idle().await.unwrap();
    // Redis knows the script, so that one command is enough.
    drop(second.admit(BulkPagesSummaryLive::INFO).await.unwrap());
    assert!(second.flush().await);
    let fields = server.command(&["HLEN", STATE]);
    let client_of = |limits| client(&api, limits, Duration::from_secs(150));
    network
        .loses_replies
        .store(true, std::sync::atomic::Ordering::Release);
    let error = call(&client_of(&first)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Limiter(_)), "{error}");
    // The reply was lost, and not the command.
    assert_ne!(server.command(&["HLEN", STATE]), fields);
    network.cut(false);
    let flushed = async { while !first.flush().await {} };
    timeout(PATIENT, flushed).await.unwrap();
    call(&client_of(&second)).await.unwrap();
    assert_eq!(api.calls().len(), 1);
}

/// Calls wait here until the door is open.
#[derive(Default)]
struct Door {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Door {
    fn wait(&self) {
        let is_open = self.is_open.lock().unwrap();
        drop(self.opened.wait_while(is_open, |is_open| !*is_open));
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

/// `limit + S` calls at once: the limit of Redis, and the shares of the programs that are cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_add_to_the_limit_and_no_more() {
    let Some(server) = Server::start() else {
        return;
    };
    let door = Arc::new(Door::default());
    let of_server = Arc::clone(&door);
    let api = FakeApi::start(move |_| {
        let door = Arc::clone(&of_server);
        Reply::rows().before(move || door.wait())
    });
    let shares = [2, 1, 4];
    let networks = shares.map(|_| Network::to(&server));
    let clients: Vec<Client> = std::iter::zip(&networks, shares)
        .map(|(network, simultaneous_calls)| {
            let share = RedisFallback::Share {
                calls_per_minute: 60_000,
                simultaneous_calls,
            };
            let limits = Arc::new(limits(&network.url(), share));
            client(&api, &limits, Duration::from_secs(30))
        })
        .collect();
    server
        .limits_or(RedisFallback::Refuse)
        .declare_idle()
        .await
        .unwrap();
    let start = |calls: &mut JoinSet<()>, client: &Client, count: usize| {
        for _ in 0..count {
            let client = client.clone();
            calls.spawn(async move { call(&client).await.unwrap() });
        }
    };
    let (mut of_cut_off, mut of_others) = (JoinSet::new(), JoinSet::new());
    // The first program has all places of Redis, which are more than its share.
    start(&mut of_cut_off, &clients[0], PLACES);
    reach(&api, PLACES).await;
    // Two programs are cut off, and one is not: it finds no place.
    networks[0].cut(true);
    networks[1].cut(true);
    start(&mut of_others, &clients[2], 9);
    start(&mut of_cut_off, &clients[0], 9);
    start(&mut of_cut_off, &clients[1], 9);
    // The first one's calls fill its share already.
    reach(&api, PLACES + 1).await;
    door.open();
    while let Some(outcome) = of_cut_off.join_next().await {
        outcome.unwrap();
    }
    networks[0].cut(false);
    while let Some(outcome) = of_others.join_next().await {
        outcome.unwrap();
    }
    let cut_off: u32 = shares[..2].iter().sum();
    assert!(api.max_in_flight() <= PLACES + cut_off as usize);
    assert_eq!(api.calls().len(), PLACES + 27);
}

/// The bound is not lower: it is reached where the calls in flight are those of a program that has
/// Redis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shares_can_add_to_the_limit() {
    let Some(server) = Server::start() else {
        return;
    };
    let door = Arc::new(Door::default());
    let of_server = Arc::clone(&door);
    let api = FakeApi::start(move |_| {
        let door = Arc::clone(&of_server);
        Reply::rows().before(move || door.wait())
    });
    let network = Network::to(&server);
    let share = RedisFallback::Share {
        calls_per_minute: 60_000,
        simultaneous_calls: 2,
    };
    let all = [network.url(), server.url()].map(|url| Arc::new(limits(&url, share)));
    all[0].declare_idle().await.unwrap();
    let clients = all.map(|limits| client(&api, &limits, Duration::from_secs(30)));
    network.cut(true);
    let calls = clients
        .iter()
        .flat_map(|client| (0..6).map(|_| call(client)));
    let opened = async {
        reach(&api, PLACES + 2).await;
        door.open();
    };
    let (outcomes, ()) = tokio::join!(join_all(calls), opened);
    for outcome in outcomes {
        outcome.unwrap();
    }
    assert_eq!(api.max_in_flight(), PLACES + 2);
}
