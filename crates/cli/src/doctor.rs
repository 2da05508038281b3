//! `doctor`: what is wrong with credentials, network or balance, a line for each check.

use std::fmt;
use std::time::Duration;

use dataforseo_client::models::StatusClass;
use dataforseo_client::models::appendix::UserDataResult;
use dataforseo_client::{Client, ConfigError, Error, ErrorKind, NeverRetry, TransportErrorKind};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::connection::{CREDENTIALS, Connection, Credentials, variable};
use crate::exit::{Exit, Failure};
use crate::output::{print, us_dollars};

/// How long each step over the network may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Below so many US dollars a balance is low.
const LOW: f64 = 1.0;

/// What came out of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Finding {
    Fine,
    Warn,
    Fail,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fine => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        })
    }
}

/// The checks so far.
#[derive(Default)]
struct Report {
    failed: bool,
}

impl Report {
    fn say(
        &mut self,
        finding: Finding,
        check: &str,
        text: impl fmt::Display,
    ) -> Result<(), Failure> {
        self.failed |= finding == Finding::Fail;
        print(format!("{finding:4}  {check:11}  {text}").as_bytes())
    }
}

pub(crate) async fn run(connection: &Connection) -> Result<Exit, Failure> {
    let mut report = Report::default();
    check(connection, &mut report).await?;
    Ok(match report.failed {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// Makes one check after the other, as far as they make sense.
async fn check(connection: &Connection, report: &mut Report) -> Result<(), Failure> {
    let complete = variables(connection, report)?;
    let credentials = match complete {
        true => Credentials::Needed,
        false => Credentials::Unused,
    };
    let mut opened = connection.open(credentials)?;
    opened.builder = opened.builder.retry_policy(NeverRetry);
    let client = match opened.client() {
        Ok(client) => client,
        Err(ConfigError::BaseUrl(reason)) => return report.say(Finding::Fail, "base URL", reason),
        Err(ConfigError::Credentials(reason)) => {
            return report.say(Finding::Fail, "variables", reason);
        }
        Err(error) => return report.say(Finding::Fail, "client", error),
    };
    report.say(Finding::Fine, "base URL", &opened.base_url)?;
    if !connection.mock && !network(&opened.base_url, report).await? {
        return Ok(());
    }
    match complete {
        true => account(&client, report).await,
        false => report.say(Finding::Warn, "credentials", "not tried, as there are none"),
    }
}

/// Whether the credentials are there.
fn variables(connection: &Connection, report: &mut Report) -> Result<bool, Failure> {
    if connection.mock {
        report.say(Finding::Fine, "variables", "the mock needs none")?;
        return Ok(true);
    }
    let missing: Vec<&str> = CREDENTIALS
        .into_iter()
        .filter(|name| variable(name).is_none())
        .collect();
    match missing.as_slice() {
        [] => {
            let text = format!("{} are set", CREDENTIALS.join(" and "));
            report.say(Finding::Fine, "variables", text)?;
            Ok(true)
        }
        missing => {
            let text = format!(
                "not set: {}; take the API's login and password, which are not those of the web \
                 site, from https://app.dataforseo.com/api-access",
                missing.join(", ")
            );
            report.say(Finding::Fail, "variables", text)?;
            Ok(false)
        }
    }
}

/// Whether there is a way to the server, or to the proxy in front of it.
async fn network(base_url: &str, report: &mut Report) -> Result<bool, Failure> {
    let Ok(uri) = base_url.parse::<Uri>() else {
        return Ok(true);
    };
    // As the client does: calls that are not encrypted go through no proxy.
    let encrypted = uri.scheme_str() == Some("https");
    let proxy = encrypted
        .then(|| Matcher::from_env().intercept(&uri))
        .flatten();
    let server = match &proxy {
        Some(proxy) => {
            let server = address(proxy.uri());
            let text = format!(
                "HTTPS_PROXY or ALL_PROXY sends calls through {server}; NO_PROXY excepts hosts"
            );
            report.say(Finding::Warn, "proxy", text)?;
            server
        }
        None => {
            report.say(Finding::Fine, "proxy", "none")?;
            address(&uri)
        }
    };
    let found = within(lookup_host(&server))
        .await
        .map(Iterator::collect::<Vec<_>>);
    let addresses = match found {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Ok(_) => return unreachable(report, "name", &server, "it has no address"),
        Err(reason) => return unreachable(report, "name", &server, &reason),
    };
    let text = format!("{server} is known");
    report.say(Finding::Fine, "name", text)?;
    match within(TcpStream::connect(addresses.as_slice())).await {
        Ok(_) => {
            report.say(Finding::Fine, "connection", format!("{server} answers"))?;
            Ok(true)
        }
        Err(reason) => unreachable(report, "connection", &server, &reason),
    }
}

fn unreachable(
    report: &mut Report,
    check: &str,
    server: &str,
    reason: &str,
) -> Result<bool, Failure> {
    let text = format!(
        "{server}: {reason}; look at the network, the base URL, a firewall, or whether HTTPS_PROXY must be set"
    );
    report.say(Finding::Fail, check, text)?;
    Ok(false)
}

/// Host and port; never what stands in front of an `@`.
fn address(uri: &Uri) -> String {
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    });
    format!("{}:{port}", uri.host().unwrap_or_default())
}

async fn within<T>(step: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(PATIENCE, step).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err(format!("nothing within {} seconds", PATIENCE.as_secs())),
    }
}

/// Asks for the account, which is free: that needs TLS, credentials, and a balance.
async fn account(client: &Client, report: &mut Report) -> Result<(), Failure> {
    match client.appendix().user_data().await {
        Ok(answer) => {
            report.say(Finding::Fine, "credentials", "the API takes them")?;
            match answer.results().first() {
                Some(account) => balance(account, report),
                None => report.say(Finding::Warn, "balance", "the answer does not tell"),
            }
        }
        Err(error) => explain(&error, report),
    }
}

fn balance(account: &UserDataResult, report: &mut Report) -> Result<(), Failure> {
    let balance = account.money.as_ref().and_then(|money| money.balance);
    let (finding, text) = match balance {
        None => (Finding::Warn, "the answer does not tell".to_owned()),
        Some(left) if left <= 0.0 => (
            Finding::Fail,
            format!(
                "{}: pay in at https://app.dataforseo.com, or use --sandbox",
                us_dollars(left)
            ),
        ),
        Some(left) if left < LOW => (Finding::Warn, format!("{}: nearly spent", us_dollars(left))),
        Some(left) => (Finding::Fine, us_dollars(left)),
    };
    report.say(finding, "balance", text)?;
    match &account.backlinks_subscription_expiry_date {
        Some(_) => Ok(()),
        None => {
            let text = "none to Backlinks: its endpoints will be refused (40204)";
            report.say(Finding::Warn, "subscription", text)
        }
    }
}

/// Says what an error means, and what to do.
fn explain(error: &Error, report: &mut Report) -> Result<(), Failure> {
    let kind = error.kind();
    let class = error.status_code().map(|code| code.class());
    let (finding, check, advice) = match (kind, class) {
        (ErrorKind::Transport(error), _) if error.kind() == TransportErrorKind::Connect => (
            Finding::Fail,
            "TLS",
            "no secure connection comes about, though something answers there: a proxy may want \
             credentials (in its URL), something in between may look into TLS (--ca-file takes its certificate), or this machine's \
             clock is wrong",
        ),
        (ErrorKind::Transport(_), _) => (
            Finding::Fail,
            "answer",
            "try again, and look at what is in between",
        ),
        (ErrorKind::Http(_) | ErrorKind::Body(_) | ErrorKind::NoTask, _) => (
            Finding::Fail,
            "answer",
            "this is not the API: look at the base URL, and at proxies in between",
        ),
        (_, Some(StatusClass::Auth)) => (
            Finding::Fail,
            "credentials",
            "login or password is wrong: take both from https://app.dataforseo.com/api-access; \
             they are not those of the web site",
        ),
        (_, Some(StatusClass::Billing)) => (
            Finding::Fail,
            "balance",
            "the credentials are right; pay in at https://app.dataforseo.com, or raise the limit \
             that the account set for itself",
        ),
        (_, Some(StatusClass::Account)) => (
            Finding::Fail,
            "account",
            "the credentials are right, and the account is held back: see https://app.dataforseo.com",
        ),
        (_, Some(StatusClass::Rate)) => (
            Finding::Warn,
            "limits",
            "the account's limits are used up for now: wait a minute",
        ),
        (_, Some(StatusClass::Upstream | StatusClass::Server)) => (
            Finding::Warn,
            "API",
            "the API itself has trouble: try again later",
        ),
        _ => (
            Finding::Fail,
            "API",
            "see the code at https://docs.dataforseo.com/v3/appendix-errors/",
        ),
    };
    report.say(
        finding,
        check,
        format!("{}; {advice}", error.display_chain()),
    )
}
