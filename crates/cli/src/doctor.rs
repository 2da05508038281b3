//! The command `doctor`: checks credentials, network and balance, with a line per check.

use std::fmt;
use std::time::Duration;

use dataforseo_client::models::appendix::UserDataResult;
use dataforseo_client::models::{StatusClass, api};
use dataforseo_client::{
    AccountRates, Client, ConfigError, Error, ErrorKind, NeverRetry, TransportErrorKind,
};
use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;

use crate::connection::{CREDENTIALS, Connection, Credentials, variable};
use crate::exit::{CliError, Exit};
use crate::lookup;
use crate::money::us_dollars;
use crate::output::print;

/// The timeout of each step over the network.
const STEP_TIMEOUT: Duration = Duration::from_secs(10);

/// A balance below this amount in US dollars is reported as low.
const LOW_BALANCE: f64 = 1.0;

/// The result of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckStatus {
    Ok,
    Warn,
    Fail,
}

impl fmt::Display for CheckStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
        })
    }
}

/// Prints the checks, and keeps whether one of them failed.
#[derive(Default)]
struct Checklist {
    failed: bool,
}

impl Checklist {
    fn add(
        &mut self,
        status: CheckStatus,
        check: &str,
        text: impl fmt::Display,
    ) -> Result<(), CliError> {
        self.failed |= status == CheckStatus::Fail;
        print(format!("{status:4}  {check:11}  {text}").as_bytes())
    }

    fn ok(&mut self, check: &str, text: impl fmt::Display) -> Result<(), CliError> {
        self.add(CheckStatus::Ok, check, text)
    }

    fn warn(&mut self, check: &str, text: impl fmt::Display) -> Result<(), CliError> {
        self.add(CheckStatus::Warn, check, text)
    }

    fn fail(&mut self, check: &str, text: impl fmt::Display) -> Result<(), CliError> {
        self.add(CheckStatus::Fail, check, text)
    }
}

/// Runs the command.
pub(crate) async fn run(connection: &Connection) -> Result<Exit, CliError> {
    let mut checklist = Checklist::default();
    check_all(connection, &mut checklist).await?;
    Ok(if checklist.failed {
        Exit::Failed
    } else {
        Exit::Success
    })
}

/// Runs the checks in order, until one makes the next ones pointless.
async fn check_all(connection: &Connection, checklist: &mut Checklist) -> Result<(), CliError> {
    let credentials = check_variables(connection, checklist)?;
    let mut setup = connection.setup_with(credentials, STEP_TIMEOUT)?;
    setup.builder = setup.builder.retry_policy(NeverRetry);
    let client = match setup.build() {
        Ok(client) => client,
        Err(ConfigError::BaseUrl(reason)) => return checklist.fail("base URL", reason),
        Err(ConfigError::Credentials(reason)) => return checklist.fail("variables", reason),
        Err(error) => return checklist.fail("client", error),
    };
    checklist.ok("base URL", &setup.base_url)?;
    if !connection.mock && !check_network(&setup.base_url, checklist).await? {
        return Ok(());
    }
    match credentials {
        Credentials::Required => {
            let outcome = check_account(&client, checklist).await;
            setup.finish().await;
            outcome
        }
        Credentials::Unused => checklist.warn("credentials", "not checked, as they are not set"),
    }
}

/// Checks the environment variables. Returns whether the credentials can be used.
fn check_variables(
    connection: &Connection,
    checklist: &mut Checklist,
) -> Result<Credentials, CliError> {
    if connection.mock {
        checklist.ok("variables", "not needed for the mock server")?;
        return Ok(Credentials::Required);
    }
    let missing: Vec<&str> = CREDENTIALS
        .into_iter()
        .filter(|name| variable(name).is_none())
        .collect();
    if missing.is_empty() {
        let text = format!("{} are set", CREDENTIALS.join(" and "));
        checklist.ok("variables", text)?;
        return Ok(Credentials::Required);
    }
    let text = format!(
        "not set: {}; use the login and password of the API, which differ from those of the website, \
         from https://app.dataforseo.com/api-access",
        missing.join(", ")
    );
    checklist.fail("variables", text)?;
    Ok(Credentials::Unused)
}

/// Checks the way to the server, or to the proxy in front of it. Returns whether it can be reached.
async fn check_network(base_url: &str, checklist: &mut Checklist) -> Result<bool, CliError> {
    let Ok(uri) = base_url.parse::<Uri>() else {
        return Ok(true);
    };
    // Like the client, which uses a proxy for encrypted calls only.
    let is_encrypted = uri.scheme_str() == Some("https");
    let proxy = is_encrypted
        .then(|| Matcher::from_env().intercept(&uri))
        .flatten();
    let server = if let Some(proxy) = &proxy {
        let server = address(proxy.uri());
        let text = format!(
            "calls are sent through {server}, set by HTTPS_PROXY or ALL_PROXY; NO_PROXY lists exceptions"
        );
        checklist.warn("proxy", text)?;
        server
    } else {
        checklist.ok("proxy", "none")?;
        address(&uri)
    };
    let found = with_timeout(lookup_host(&server))
        .await
        .map(Iterator::collect::<Vec<_>>);
    let addresses = match found {
        Ok(addresses) if !addresses.is_empty() => addresses,
        Ok(_) => return unreachable(checklist, "DNS", &server, "it has no address"),
        Err(reason) => return unreachable(checklist, "DNS", &server, &reason),
    };
    checklist.ok("DNS", format!("{server} resolves"))?;
    match with_timeout(TcpStream::connect(addresses.as_slice())).await {
        Ok(_) => {
            checklist.ok("connection", format!("{server} accepts connections"))?;
            Ok(true)
        }
        Err(reason) => unreachable(checklist, "connection", &server, &reason),
    }
}

fn unreachable(
    checklist: &mut Checklist,
    check: &str,
    server: &str,
    reason: &str,
) -> Result<bool, CliError> {
    let text = format!(
        "{server}: {reason}; check the network, the base URL, firewalls, and whether HTTPS_PROXY must be set"
    );
    checklist.fail(check, text)?;
    Ok(false)
}

/// Returns host and port, without credentials in front of an `@`.
fn address(uri: &Uri) -> String {
    let port = uri.port_u16().unwrap_or(match uri.scheme_str() {
        Some("https") => 443,
        _ => 80,
    });
    format!("{}:{port}", uri.host().unwrap_or_default())
}

async fn with_timeout<T>(step: impl Future<Output = std::io::Result<T>>) -> Result<T, String> {
    match timeout(STEP_TIMEOUT, step).await {
        Ok(outcome) => outcome.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no reply within {} s", STEP_TIMEOUT.as_secs())),
    }
}

/// Requests the data of the account, which is free. It requires TLS and credentials, and has the
/// balance.
async fn check_account(client: &Client, checklist: &mut Checklist) -> Result<(), CliError> {
    match client.appendix().user_data().await {
        Ok(response) => {
            checklist.ok("credentials", "accepted by the API")?;
            match response.results().first() {
                Some(account) => {
                    check_balance(account, checklist)?;
                    check_rates(account, checklist)
                }
                None => checklist.warn("balance", "missing in the response"),
            }
        }
        Err(error) => explain(&error, checklist),
    }
}

fn check_balance(account: &UserDataResult, checklist: &mut Checklist) -> Result<(), CliError> {
    match account.money.as_ref().and_then(|money| money.balance) {
        None => checklist.warn("balance", "missing in the response"),
        Some(balance) if balance <= 0.0 => {
            let advice = "add funds at https://app.dataforseo.com, or use --sandbox";
            checklist.fail("balance", format!("{}: {advice}", us_dollars(balance)))
        }
        Some(balance) if balance < LOW_BALANCE => {
            checklist.warn("balance", format!("{}: low", us_dollars(balance)))
        }
        Some(balance) => checklist.ok("balance", us_dollars(balance)),
    }?;
    if account.backlinks_subscription_expiry_date.is_none() {
        let text = "no Backlinks subscription: calls of its endpoints will be refused (40204)";
        checklist.warn("subscription", text)?;
    }
    Ok(())
}

/// Shows the limits of the account, and whether its prices are those of this program.
fn check_rates(account: &UserDataResult, checklist: &mut Checklist) -> Result<(), CliError> {
    let account = serde_json::to_value(account).unwrap_or_default();
    let rates = AccountRates::from_user_data(&account);
    let is_missing = |part: &str| rates.unread.iter().any(|name| name == part);
    let total = rates
        .total_calls_per_minute
        .unwrap_or(api::CALLS_PER_MINUTE);
    let limits = format!(
        "{total} calls per minute, {} at the same time; {} functions have a rate of their own",
        api::SIMULTANEOUS_CALLS,
        rates.limited_functions()
    );
    if is_missing("rates") || rates.total_calls_per_minute.is_none() {
        let text = "missing in the response: those of this program apply";
        checklist.warn("limits", text)?;
    } else {
        checklist.ok("limits", limits)?;
    }
    if rates.priced_functions() == 0 {
        let text = "missing in the response: those of this program apply";
        return checklist.warn("prices", text);
    }
    let others = lookup::endpoints().filter(|endpoint| {
        let price = rates.price(endpoint.info);
        price.is_some_and(|price| endpoint.info.price != Some(price))
    });
    match others.count() {
        0 => checklist.ok("prices", "those of this program"),
        count => checklist.warn(
            "prices",
            format!(
                "{count} endpoints have other prices than in this program: use --account-rates for \
                 estimates"
            ),
        ),
    }
}

/// An explanation of an error.
struct Diagnosis {
    status: CheckStatus,
    check: &'static str,
    advice: &'static str,
}

impl Diagnosis {
    const fn fail(check: &'static str, advice: &'static str) -> Self {
        Self {
            status: CheckStatus::Fail,
            check,
            advice,
        }
    }

    const fn warn(check: &'static str, advice: &'static str) -> Self {
        Self {
            status: CheckStatus::Warn,
            check,
            advice,
        }
    }
}

/// Prints what an error means and what to do.
fn explain(error: &Error, checklist: &mut Checklist) -> Result<(), CliError> {
    let Diagnosis {
        status,
        check,
        advice,
    } = diagnose(error);
    checklist.add(
        status,
        check,
        format!("{}; {advice}", error.display_chain()),
    )
}

fn diagnose(error: &Error) -> Diagnosis {
    let class = error.status_code().map(|code| code.class());
    match (error.kind(), class) {
        (ErrorKind::Transport(error), _) if error.kind() == TransportErrorKind::Connect => {
            Diagnosis::fail(
                "TLS",
                "the server accepts connections, but TLS failed: a proxy may require credentials (in its \
             URL), a proxy may intercept TLS (trust its certificate with --ca-file), or the clock of this \
             machine is wrong",
            )
        }
        (ErrorKind::Transport(_), _) => Diagnosis::fail(
            "response",
            "try again, and check proxies between this machine and the API",
        ),
        (ErrorKind::Http(_) | ErrorKind::Body(_) | ErrorKind::NoTask { .. }, _) => Diagnosis::fail(
            "response",
            "the response is not from the API: check the base URL, and proxies",
        ),
        (_, Some(StatusClass::Auth)) => Diagnosis::fail(
            "credentials",
            "login or password is wrong: use those from https://app.dataforseo.com/api-access, which \
             differ from those of the website",
        ),
        (_, Some(StatusClass::Billing)) => Diagnosis::fail(
            "balance",
            "the credentials are right: add funds at https://app.dataforseo.com, or raise the cost limit \
             of the account",
        ),
        (_, Some(StatusClass::Account)) => Diagnosis::fail(
            "account",
            "the credentials are right, but the account is restricted: see https://app.dataforseo.com",
        ),
        (_, Some(StatusClass::Rate)) => Diagnosis::warn(
            "limits",
            "the rate limit of the account is reached: wait a minute",
        ),
        (_, Some(StatusClass::Upstream | StatusClass::Server)) => {
            Diagnosis::warn("API", "the API has a problem: try again later")
        }
        _ => Diagnosis::fail(
            "API",
            "look the code up at https://docs.dataforseo.com/v3/appendix-errors/",
        ),
    }
}
