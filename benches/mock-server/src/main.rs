//! Measures `dataforseo-mock-server`, a bare hyper server, `wiremock` and `httpmock` in one run.
//!
//! The results are ratios, which do not depend on the speed of the machine. Each server is a
//! process on one core, and the load comes from another core. The servers take turns within a
//! round. The best round of each server counts, as other work on the machine can only make a round
//! slower.
//!
//! The program starts itself again for each server. `server KIND SET FOLDER` prints its port and
//! runs until it is killed. `instances` measures servers within a process.

mod exchange;
mod instances;
mod load;
mod process;
mod report;
mod servers;

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use crate::exchange::{Exchange, Set};
use crate::load::{Round, WARM_UP};
use crate::process::{Cores, Started, command, first_response, pin};
use crate::report::{Requirements, megabytes, table, words};
use crate::servers::{Kind, Server};

/// A value, or the reason why there is none.
pub type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Creates an error from its text.
pub fn problem(reason: String) -> Box<dyn Error + Send + Sync> {
    reason.into()
}

/// The number of starts per server for the time of the first response.
const STARTS: usize = 15;
/// The growth of memory under load that counts as none, in MB. Allocators round up.
const FLAT: f64 = 0.5;
/// The time that a child process may run in addition to the load.
const SPARE: Duration = Duration::from_secs(60);

const KINDS: [Kind; 9] = [
    Kind::new(Server::Bare, Set::One),
    Kind::new(Server::BareReading, Set::One),
    Kind::new(Server::Ours, Set::One),
    Kind::new(Server::Ours, Set::Many),
    Kind::new(Server::Ours, Set::Large),
    Kind::new(Server::Wiremock, Set::One),
    Kind::new(Server::Wiremock, Set::Many),
    Kind::new(Server::Httpmock, Set::One),
    Kind::new(Server::Httpmock, Set::Many),
];

fn main() {
    // The results are printed and never fail a build, as this is a benchmark.
    if let Err(error) = Options::read().and_then(run) {
        eprintln!("error: {error}");
    }
}

/// The options of the command line.
struct Options {
    seconds: u64,
    rounds: usize,
    /// The core of a process that this program starts.
    core: Option<usize>,
    /// The most seconds that such a process runs.
    ends_after: Option<u64>,
    /// A command to run instead of all measurements.
    task: Vec<String>,
}

impl Options {
    fn read() -> Outcome<Self> {
        let mut options = Self {
            seconds: 3,
            rounds: 3,
            core: None,
            ends_after: None,
            task: Vec::new(),
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument}: no value"));
            match argument.as_str() {
                "--seconds" => options.seconds = value()?.parse()?,
                "--rounds" => options.rounds = value()?.parse()?,
                "--core" => options.core = Some(value()?.parse()?),
                "--ends-after" => options.ends_after = Some(value()?.parse()?),
                other if other.starts_with("--") => {
                    let known = "--seconds N and --rounds N";
                    return Err(problem(format!("{other} is not an option: use {known}")));
                }
                _ => options.task.push(argument),
            }
        }
        Ok(options)
    }
}

fn run(options: Options) -> Outcome<()> {
    if let Some(seconds) = options.ends_after {
        process::end_with_parent(Duration::from_secs(seconds))?;
    }
    if let Some(core) = options.core {
        pin(core)?;
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let task: Vec<&str> = options.task.iter().map(String::as_str).collect();
    match task[..] {
        [] => runtime.block_on(drive(options.seconds.max(1), options.rounds.max(1))),
        ["server", server, set, fixtures] => {
            let kind = Kind::named(server, set).ok_or("no such server")?;
            match runtime.block_on(kind.run(Path::new(fixtures)))? {}
        }
        ["instances"] => {
            for times in runtime.block_on(instances::measure())? {
                println!("{} {}", times.quantile(0.5), times.quantile(0.99));
            }
            Ok(())
        }
        _ => Err(problem(format!("{task:?} is not a command"))),
    }
}

/// Runs all measurements and prints the results.
async fn drive(seconds: u64, rounds: usize) -> Outcome<()> {
    let cores = Cores::find();
    match cores {
        Some(cores) => {
            pin(cores.load)?;
            println!(
                "servers on core {}, load on core {}",
                cores.server, cores.load
            );
        }
        None => println!("servers and load share one core: ratios are less meaningful"),
    }
    let example = Set::One.middle();
    println!(
        "request body {} bytes, response {} bytes; {rounds} rounds of {seconds} s each after {} s",
        example.tasks.to_string().len(),
        example.response_body().len(),
        WARM_UP.as_secs(),
    );
    let fixtures = tempfile::tempdir()?;
    let mut sizes = Vec::new();
    for set in Set::ALL {
        sizes.push((set, set.write(&fixtures.path().join(set.name()))?));
    }
    let size = |set: Set| sizes.iter().find(|(it, _)| *it == set).map_or(0, |it| it.1);
    let bench = Bench {
        cores,
        fixtures: fixtures.path(),
        time: Duration::from_secs(seconds),
    };
    let measured = bench.rounds(rounds).await?;
    print!("\n{}", rates(&measured));
    println!("large: responses of 30 KB, all 500 in turn; measures memory, not speed");

    let mut requirements = Requirements::default();
    let of = |server, set| {
        let kind = Kind::new(server, set);
        measured.iter().find(|it| it.kind == kind).ok_or("unknown")
    };
    let (one, many) = (of(Server::Ours, Set::One)?, of(Server::Ours, Set::Many)?);
    for (name, ours, other, aim) in [
        (
            "500 fixtures, of a bare hyper",
            many,
            of(Server::Bare, Set::One)?,
            0.8,
        ),
        (
            "1 fixture, times wiremock",
            one,
            of(Server::Wiremock, Set::One)?,
            2.5,
        ),
        (
            "1 fixture, times httpmock",
            one,
            of(Server::Httpmock, Set::One)?,
            1.2,
        ),
        (
            "500 fixtures, times wiremock",
            many,
            of(Server::Wiremock, Set::Many)?,
            8.0,
        ),
        (
            "500 fixtures, times httpmock",
            many,
            of(Server::Httpmock, Set::Many)?,
            70.0,
        ),
    ] {
        let rate = ours.rate() / other.rate();
        let by_time = other.server_time() / ours.server_time();
        requirements.ratio(name, rate, by_time, aim);
    }
    for (name, set) in [
        ("500 fixtures", Set::Many),
        ("500 large fixtures", Set::Large),
    ] {
        let ours = of(Server::Ours, set)?;
        let without = ours.resident(2) - megabytes(size(set));
        requirements.at_most(
            &format!("{name}, growth under load"),
            ours.growth(),
            FLAT,
            " MB",
        );
        requirements.at_most(
            &format!("{name}, memory without them"),
            without,
            10.0,
            " MB",
        );
    }

    let (bare, ours) = bench.first_responses()?;
    println!("\nfirst response with 500 fixtures of 30 KB, {STARTS} starts, ms");
    let mut rows = vec![words(&["", "median", "best", "worst"])];
    for (name, times) in [("bare", &bare), ("ours", &ours)] {
        let mut row = vec![name.to_owned()];
        for at in [STARTS / 2, 0, STARTS - 1] {
            row.push(format!("{:.1}", times[at]));
        }
        rows.push(row);
    }
    print!("{}", table(&rows));
    requirements.at_most("first response, median", ours[STARTS / 2], 30.0, " ms");

    println!("\na new instance: start, 1 request, drop, µs");
    let mut rows = vec![words(&["", "median", "99 %"])];
    let names = ["bare hyper", "in_memory()", "start()"];
    for (name, [median, most]) in names.into_iter().zip(bench.instances()?) {
        rows.push(vec![
            name.to_owned(),
            format!("{median:.0}"),
            format!("{most:.0}"),
        ]);
        if name != "bare hyper" {
            requirements.at_most(&format!("fresh {name}, median"), median, 200.0, " µs");
        }
    }
    print!("{}", table(&rows));

    let wrong: u64 = measured.iter().map(Measured::wrong).sum();
    requirements.at_most("wrong responses of all servers", wrong as f64, 0.0, "");
    print!("\n{}", requirements.table());
    Ok(())
}

/// The settings of all measurements.
struct Bench<'a> {
    cores: Option<Cores>,
    /// The folder with a folder of fixtures per set.
    fixtures: &'a Path,
    /// The duration of a round.
    time: Duration,
}

impl Bench<'_> {
    fn command(&self) -> Outcome<std::process::Command> {
        command(self.cores, WARM_UP + self.time + SPARE)
    }

    /// Runs all rounds. The kinds take turns within a round.
    async fn rounds(&self, rounds: usize) -> Outcome<Vec<Measured>> {
        let mut measured: Vec<Measured> = KINDS
            .into_iter()
            .map(|kind| Measured {
                kind,
                rounds: Vec::new(),
            })
            .collect();
        for _ in 0..rounds {
            for Measured { kind, rounds } in &mut measured {
                let fixtures = self.fixtures.join(kind.set.name());
                let server = Started::new(self.command()?, *kind, &fixtures)?;
                // Large sets measure memory, so each of their exchanges is requested.
                let exchanges: Vec<Exchange> = match kind.set {
                    Set::One | Set::Many => vec![kind.set.middle()],
                    Set::Large => kind.set.exchanges().collect(),
                };
                let round = load::round(&server, &exchanges, self.time, kind.at_most());
                let round = round.await.map_err(|error| {
                    problem(format!(
                        "{} {}: {error}",
                        kind.server.name(),
                        kind.set.name()
                    ))
                })?;
                rounds.push(round);
            }
        }
        Ok(measured)
    }

    /// Returns the sorted times of first responses in ms: of a bare hyper and of ours.
    fn first_responses(&self) -> Outcome<(Vec<f64>, Vec<f64>)> {
        let fixtures = self.fixtures.join(Set::Large.name());
        let exchange = Set::Large.middle();
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..STARTS {
            for (server, times) in [(Server::Bare, &mut bare), (Server::Ours, &mut ours)] {
                let kind = Kind::new(server, Set::Large);
                let took = first_response(self.command()?, kind, &fixtures, &exchange)?;
                times.push(took.as_secs_f64() * 1e3);
            }
        }
        bare.sort_by(f64::total_cmp);
        ours.sort_by(f64::total_cmp);
        Ok((bare, ours))
    }

    /// Returns the median and the 99 % quantile per kind of instance, in µs.
    fn instances(&self) -> Outcome<Vec<[f64; 2]>> {
        let output = self.command()?.arg("instances").output()?;
        let text = String::from_utf8(output.stdout)?;
        let lines = text.lines().filter_map(|line| {
            let (median, most) = line.split_once(' ')?;
            Some([median.parse().ok()?, most.parse().ok()?])
        });
        let lines: Vec<[f64; 2]> = lines.collect();
        match lines.len() {
            3 => Ok(lines),
            _ => Err(problem(String::from_utf8(output.stderr)?)),
        }
    }
}

/// The rounds of a kind.
struct Measured {
    kind: Kind,
    rounds: Vec<Round>,
}

impl Measured {
    fn most(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        self.rounds.iter().map(figure).fold(f64::NAN, f64::max)
    }

    fn least(&self, figure: impl Fn(&Round) -> f64) -> f64 {
        self.rounds.iter().map(figure).fold(f64::NAN, f64::min)
    }

    /// Returns the requests per second of the best round.
    fn rate(&self) -> f64 {
        self.most(|round| round.rate)
    }

    /// Returns the CPU time per request of the best round, in µs.
    fn server_time(&self) -> f64 {
        self.least(|round| round.server_time)
    }

    /// Returns the most memory at a point of all rounds, in MB.
    fn resident(&self, point: usize) -> f64 {
        self.most(|round| megabytes(round.resident[point]))
    }

    /// Returns the most that memory grew from the warm-up to the end, in MB.
    fn growth(&self) -> f64 {
        self.most(|round| megabytes(round.resident[2]) - megabytes(round.resident[1]))
    }

    fn wrong(&self) -> u64 {
        self.rounds.iter().map(|round| round.wrong).sum()
    }
}

/// Returns the table of the measurements under load.
fn rates(measured: &[Measured]) -> String {
    let mut rows = vec![words(&[
        "server",
        "requests/s",
        "(worst)",
        "of bare",
        "CPU µs",
        "of bare",
        "server busy",
        "load busy",
        "MB idle",
        "warm",
        "end",
        "wrong",
    ])];
    let Some(bare) = measured.first() else {
        return String::new();
    };
    for it in measured {
        rows.push(vec![
            format!("{} {}", it.kind.server.name(), it.kind.set.name()),
            format!("{:.0}", it.rate()),
            format!("({:.0})", it.least(|round| round.rate)),
            format!("{:.3}", it.rate() / bare.rate()),
            format!("{:.2}", it.server_time()),
            format!("{:.2}", it.server_time() / bare.server_time()),
            format!("{:.0} %", it.most(|round| round.server_busy) * 100.0),
            format!("{:.0} %", it.most(|round| round.load_busy) * 100.0),
            format!("{:.1}", it.resident(0)),
            format!("{:.1}", it.resident(1)),
            format!("{:.1}", it.resident(2)),
            it.wrong().to_string(),
        ]);
    }
    table(&rows)
}
