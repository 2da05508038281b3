//! `record` and `diff`: what is asked of the real API.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use clap::Args;
use dataforseo_models::{Mode, RawEnvelope};

use super::serve::{run, runtime};
use super::{FOUND, Failure, ListenArguments, credentials};
use crate::MockServer;
use crate::compare::shape_drift;
use crate::fixture::{Fixture, files};
use crate::record::{Record, Recorder, basic, budget, in_ci};
use crate::session::Session;
use crate::store::{endpoint, position};
use crate::upstream::{Asker, Upstream};

/// One request.
#[derive(Args)]
pub(super) struct RequestArguments {
    /// One request: its method. The credentials are in DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD.
    #[arg(requires = "path")]
    method: Option<String>,
    /// Its path.
    path: Option<String>,
    /// Its body, if it has one.
    body: Option<String>,
}

/// Which server is asked.
#[derive(Args)]
pub(super) struct UpstreamArguments {
    /// `sandbox`, `live`, or the base URL of another server.
    #[arg(long, default_value = "sandbox", value_parser = upstream)]
    upstream: Upstream,
    /// Ask nothing that could go beyond so many US dollars. `live` is not asked without it.
    #[arg(long, value_name = "US_DOLLARS")]
    max_spend: Option<f64>,
    /// Ask though the environment variable CI is set.
    #[arg(long)]
    allow_network: bool,
}

#[derive(Args)]
pub(super) struct DiffArguments {
    /// The folders of fixtures.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Ask about so many fixtures at most, evenly chosen.
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    #[command(flatten)]
    upstream: UpstreamArguments,
}

fn upstream(text: &str) -> Result<Upstream, String> {
    match text {
        "sandbox" => Ok(Upstream::Sandbox),
        "live" => Ok(Upstream::Live),
        url if url.contains("://") => {
            let other = Upstream::Other(url.to_owned());
            Asker::new(&other).map(|_| other)
        }
        _ => Err("expected `sandbox`, `live` or a URL".to_owned()),
    }
}

/// What is to be recorded, for the builder of a server.
pub(super) fn record_to(folder: PathBuf, from: UpstreamArguments) -> Record {
    let mut record = Record::to(folder)
        .upstream(from.upstream)
        .report(|what| super::stderr::tell(what));
    if let Some(max) = from.max_spend {
        record = record.max_spend(max);
    }
    if from.allow_network {
        record = record.allow_network();
    }
    match credentials() {
        Some(credentials) => record.credentials(credentials),
        None => record,
    }
}

pub(super) fn record(
    to: PathBuf,
    upstream: UpstreamArguments,
    listen: &ListenArguments,
    request: RequestArguments,
) -> Result<ExitCode, Failure> {
    let failed = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&failed);
    let record = record_to(to, upstream).everything().report(move |what| {
        if !what.contains(": recorded as ") {
            count.fetch_add(1, Ordering::Relaxed);
        }
        super::stderr::tell(what);
    });
    runtime()?.block_on(async {
        if let (Some(method), Some(path)) = (request.method, request.path) {
            let body = request.body.unwrap_or_default();
            let credentials = credentials().ok_or_else(|| {
                Failure::usage("DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are not set")
            })?;
            let recorder = Recorder::new(record);
            let recorder = Arc::new(recorder.map_err(Failure::begin)?);
            let header = basic(&credentials).map_err(Failure::begin)?;
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path.as_str(), None),
            };
            let session = Arc::new(Session::new(0, None, 0));
            recorder
                .answer(
                    &session,
                    &method,
                    path,
                    query,
                    Some(&header),
                    &Bytes::from(body),
                )
                .await;
        } else {
            let builder = MockServer::builder().without_embedded().record(record);
            let server = builder.listen(listen.listen).start().await;
            let server = server.map_err(Failure::begin)?;
            run(server, listen).await?;
        }
        Ok(match failed.load(Ordering::Relaxed) {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(FOUND),
        })
    })
}

pub(super) fn diff(arguments: &DiffArguments) -> Result<ExitCode, Failure> {
    let UpstreamArguments {
        upstream,
        max_spend,
        allow_network,
    } = &arguments.upstream;
    if in_ci() && !allow_network {
        return Err(Failure::begin(crate::RecordError::InCi));
    }
    let mut budget = budget(upstream, *max_spend).map_err(Failure::begin)?;
    let credentials = credentials()
        .ok_or_else(|| Failure::usage("DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are not set"))?;
    let authorization = basic(&credentials).map_err(Failure::begin)?;
    let asker = Asker::new(upstream).map_err(Failure::begin)?;
    let mut fixtures = Vec::new();
    for folder in &arguments.folders {
        for file in files(folder).map_err(Failure::begin)? {
            fixtures.push(Fixture::read_file(&file).map_err(Failure::begin)?);
        }
    }
    let step = match arguments.sample {
        Some(count) => fixtures.len().div_ceil(count.max(1)).max(1),
        None => 1,
    };
    let (mut found, mut skipped) = (0, 0);
    runtime()?.block_on(async {
        for fixture in fixtures.iter().step_by(step) {
            let name = &fixture.name;
            let Some(at) = position(&fixture.path).filter(|_| is_askable(fixture)) else {
                skipped += 1;
                continue;
            };
            let info = endpoint(at).info;
            if let Err(why) = budget.allows(info, &fixture.request) {
                super::print_lines([format!("{name}: not compared: {why}")]);
                found += 1;
                continue;
            }
            let body = match &fixture.request {
                serde_json::Value::Null => Bytes::new(),
                tasks => tasks.to_string().into(),
            };
            let said = asker
                .ask(&fixture.method, &fixture.path, &authorization, body)
                .await;
            let envelope = said.as_ref().ok();
            let envelope = envelope.and_then(|it| RawEnvelope::parse(&it.body).ok());
            let cost = envelope.and_then(|it| it.cost);
            budget.add(info, &fixture.request, cost);
            let drift = match said {
                Err(reason) => vec![reason],
                Ok(said) => compare(fixture, said.status, &said.body),
            };
            found += drift.len();
            super::print_lines(drift.iter().map(|line| format!("{name}: {line}")));
        }
        let spent = budget.spent();
        super::stderr::tell(format!(
            "{found} differences, {skipped} fixtures not asked about, {spent:.5} US dollars spent"
        ));
        Ok(match found {
            0 => ExitCode::SUCCESS,
            _ => ExitCode::from(FOUND),
        })
    })
}

/// Whether the API could answer what a fixture asks: not with a pseudonym in it, and not if that
/// would post a task anew.
fn is_askable(fixture: &Fixture) -> bool {
    let posts = position(&fixture.path).is_some_and(|at| endpoint(at).info.mode == Mode::TaskPost);
    let request = fixture.request.to_string();
    let pseudonym = |text: &str| text.contains("01010000-0000-0000-0000-");
    !posts
        && !pseudonym(&fixture.path)
        && !pseudonym(&request)
        && !request.contains("\"search_after_token\"")
}

/// What is otherwise in an answer than in a fixture: status, shape.
fn compare(fixture: &Fixture, status: u16, body: &[u8]) -> Vec<String> {
    let Some(response) = fixture.responses.last() else {
        return Vec::new();
    };
    let mut drift = Vec::new();
    if response.status != status {
        drift.push(format!(
            "the HTTP status was {} and is {status}",
            response.status
        ));
    }
    let parse = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body);
    let (Ok(old), new) = (parse(response.body()), parse(body)) else {
        return drift;
    };
    let Ok(new) = new else {
        drift.push("the answer is no JSON any more".to_owned());
        return drift;
    };
    for place in ["/status_code", "/tasks/0/status_code"] {
        let (was, is) = (old.pointer(place), new.pointer(place));
        if was != is {
            let show = |side: Option<&serde_json::Value>| {
                side.map_or("nothing".to_owned(), ToString::to_string)
            };
            drift.push(format!("{place} was {} and is {}", show(was), show(is)));
        }
    }
    drift.extend(shape_drift(&old, &new));
    drift
}
