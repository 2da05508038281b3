//! The commands `record` and `diff`, which call the real API.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use clap::Args;
use dataforseo_models::{Mode, RawEnvelope};
use http::HeaderValue;

use super::arguments::{AccessArguments, ListenArguments, credentials};
use super::exit::{ProgramError, exit_code};
use super::serve::{run, runtime};
use super::shape::shape_changes;
use super::stderr::log;
use super::stdout::print_lines;
use crate::endpoints::{self, EndpointIndex};
use crate::fixtures::{Fixture, fixture_files};
use crate::mock_server::MockServer;
use crate::record::{
    Budget, IncomingRequest, Record, RecordError, Recorder, Upstream, UpstreamClient, basic_auth,
    budget_for, in_ci,
};
use crate::session::Session;

/// The request to record.
#[derive(Args)]
pub(super) struct RequestArguments {
    /// The method of the one request to record. The credentials are in DATAFORSEO_LOGIN and
    /// DATAFORSEO_PASSWORD.
    #[arg(requires = "path")]
    method: Option<String>,
    /// The path of the request.
    path: Option<String>,
    /// The body of the request, if it has one.
    body: Option<String>,
}

/// The server to send requests to.
#[derive(Args)]
pub(super) struct UpstreamArguments {
    /// `sandbox`, `live`, or the base URL of another server.
    #[arg(long, default_value = "sandbox", value_parser = upstream)]
    upstream: Upstream,
    /// The maximum cost in US dollars. Requests that could exceed it are not sent. Required for
    /// `live`.
    #[arg(long, value_name = "US_DOLLARS")]
    budget: Option<f64>,
    /// Send requests even if the environment variable CI is set.
    #[arg(long)]
    allow_network: bool,
}

#[derive(Args)]
pub(super) struct CompareArguments {
    /// The folders of fixtures.
    #[arg(required = true, value_name = "FOLDER")]
    folders: Vec<PathBuf>,
    /// Compare at most this many fixtures, evenly chosen.
    #[arg(long, value_name = "COUNT")]
    sample: Option<usize>,
    #[command(flatten)]
    upstream: UpstreamArguments,
}

fn upstream(text: &str) -> Result<Upstream, String> {
    match text {
        "sandbox" => Ok(Upstream::Sandbox),
        "live" => Ok(Upstream::Live),
        // Checked later, as an error here would show the URL with its credentials.
        url if url.contains("://") => Ok(Upstream::Other(url.to_owned())),
        _ => Err("expected `sandbox`, `live` or a URL".to_owned()),
    }
}

/// Returns the settings of a recording.
///
/// # Errors
/// When the upstream cannot be used.
pub(super) fn record_to(folder: PathBuf, from: UpstreamArguments) -> Result<Record, ProgramError> {
    UpstreamClient::new(&from.upstream).map_err(ProgramError::usage)?;
    let mut record = Record::to(folder)
        .upstream(from.upstream)
        .report(|line| log(line));
    if let Some(us_dollars) = from.budget {
        record = record.budget(us_dollars);
    }
    if from.allow_network {
        record = record.allow_network();
    }
    Ok(match credentials() {
        Some(credentials) => record.credentials(credentials),
        None => record,
    })
}

pub(super) fn record(
    to: PathBuf,
    upstream: UpstreamArguments,
    listen: &ListenArguments,
    access: AccessArguments,
    request: RequestArguments,
) -> Result<ExitCode, ProgramError> {
    let failed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&failed);
    let record = record_to(to, upstream)?.refresh().report(move |line| {
        if !line.contains(": recorded as ") {
            count.fetch_add(1, Ordering::Relaxed);
        }
        log(line);
    });
    runtime()?.block_on(async {
        if let (Some(method), Some(path)) = (request.method, request.path) {
            let body = request.body.unwrap_or_default();
            let credentials = required_credentials()?;
            let recorder = Recorder::new(record);
            let recorder = Arc::new(recorder.map_err(ProgramError::start)?);
            let header = basic_auth(&credentials).map_err(ProgramError::start)?;
            let (path, query) = match path.split_once('?') {
                Some((path, query)) => (path, Some(query)),
                None => (path.as_str(), None),
            };
            let session = Arc::new(Session::new(0, None, 0));
            let request = IncomingRequest {
                method: &method,
                path,
                query,
                authorization: Some(&header),
                body: &Bytes::from(body),
            };
            recorder.respond(&session, &request).await;
        } else {
            let mut builder = MockServer::builder().without_embedded().record(record);
            if let Some(token) = access.token {
                builder = builder.token(token);
            }
            let server = builder.listen(listen.listen).start().await;
            let server = server.map_err(ProgramError::start)?;
            run(server, listen).await?;
        }
        Ok(exit_code(failed.load(Ordering::Relaxed)))
    })
}

pub(super) fn diff(arguments: &CompareArguments) -> Result<ExitCode, ProgramError> {
    let UpstreamArguments {
        upstream,
        budget,
        allow_network,
    } = &arguments.upstream;
    if in_ci() && !allow_network {
        return Err(ProgramError::start(RecordError::InCi));
    }
    let budget = budget_for(upstream, *budget).map_err(ProgramError::start)?;
    let authorization = basic_auth(&required_credentials()?).map_err(ProgramError::start)?;
    let client = UpstreamClient::new(upstream).map_err(ProgramError::usage)?;
    let mut fixtures = Vec::new();
    for folder in &arguments.folders {
        for file in fixture_files(folder).map_err(ProgramError::start)? {
            fixtures.push(Fixture::read_file(&file).map_err(ProgramError::start)?);
        }
    }
    let step = match arguments.sample {
        Some(count) => fixtures.len().div_ceil(count.max(1)).max(1),
        None => 1,
    };
    let mut comparison = Comparison {
        client,
        authorization,
        budget,
        found: 0,
        skipped: 0,
    };
    runtime()?.block_on(async {
        for fixture in fixtures.iter().step_by(step) {
            comparison.compare(fixture).await;
        }
    });
    let Comparison { found, skipped, .. } = comparison;
    let spent = comparison.budget.spent();
    log(format!(
        "{found} differences, {skipped} fixtures skipped, {spent:.5} US dollars spent"
    ));
    Ok(exit_code(found))
}

/// The comparison of fixtures with the real API.
struct Comparison {
    client: UpstreamClient,
    authorization: HeaderValue,
    budget: Budget,
    found: usize,
    skipped: usize,
}

impl Comparison {
    /// Sends the request of a fixture, and prints the differences between the responses.
    async fn compare(&mut self, fixture: &Fixture) {
        let name = &fixture.name;
        let endpoint = endpoints::find(&fixture.path);
        let Some(endpoint) = endpoint.filter(|endpoint| can_be_sent(fixture, *endpoint)) else {
            self.skipped += 1;
            return;
        };
        let info = endpoint.info();
        if let Err(reason) = self.budget.check(info, &fixture.request) {
            print_lines([format!("{name}: not compared: {reason}")]);
            self.found += 1;
            return;
        }
        let body = match &fixture.request {
            serde_json::Value::Null => Bytes::new(),
            tasks => tasks.to_string().into(),
        };
        let sent = self
            .client
            .send(&fixture.method, &fixture.path, &self.authorization, body)
            .await;
        let envelope = sent.as_ref().ok();
        let envelope = envelope.and_then(|it| RawEnvelope::parse(&it.body).ok());
        let cost = envelope.and_then(|it| it.cost);
        self.budget.add(info, &fixture.request, cost);
        let changes = match sent {
            Err(reason) => vec![reason],
            Ok(upstream) => response_changes(fixture, upstream.status, &upstream.body),
        };
        self.found += changes.len();
        print_lines(changes.iter().map(|line| format!("{name}: {line}")));
    }
}

/// Returns the credentials of the environment.
///
/// # Errors
/// When they are not set.
fn required_credentials() -> Result<String, ProgramError> {
    credentials().ok_or_else(|| {
        ProgramError::usage(
            "the environment variables DATAFORSEO_LOGIN and DATAFORSEO_PASSWORD are not set",
        )
    })
}

/// Returns whether the API can process the request of a fixture: one without pseudonyms, and one
/// that does not post a task.
fn can_be_sent(fixture: &Fixture, endpoint: EndpointIndex) -> bool {
    let request = fixture.request.to_string();
    let has_pseudonym = |text: &str| text.contains("01010000-0000-0000-0000-");
    endpoint.info().mode != Mode::TaskPost
        && !has_pseudonym(&fixture.path)
        && !has_pseudonym(&request)
        && !request.contains("\"search_after_token\"")
}

/// Returns one line per difference between the response of a fixture and a new one: in status and
/// shape.
fn response_changes(fixture: &Fixture, status: u16, body: &[u8]) -> Vec<String> {
    let Some(response) = fixture.responses.last() else {
        return Vec::new();
    };
    let mut changes = Vec::new();
    if response.status != status {
        changes.push(format!(
            "the HTTP status was {} and is {status}",
            response.status
        ));
    }
    let parse = |body: &[u8]| serde_json::from_slice::<serde_json::Value>(body);
    let (Ok(old), new) = (parse(response.body()), parse(body)) else {
        return changes;
    };
    let Ok(new) = new else {
        changes.push("the response is no longer JSON".to_owned());
        return changes;
    };
    for pointer in ["/status_code", "/tasks/0/status_code"] {
        let (was, is) = (old.pointer(pointer), new.pointer(pointer));
        if was != is {
            let show = |side: Option<&serde_json::Value>| {
                side.map_or("nothing".to_owned(), ToString::to_string)
            };
            changes.push(format!("{pointer} was {} and is {}", show(was), show(is)));
        }
    }
    changes.extend(shape_changes(&old, &new));
    changes
}
