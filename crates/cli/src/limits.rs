//! The option that selects where the account's limits are kept.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use dataforseo_client::{
    AccountLimits, Limiter, LimiterError, MachineLimits, RedisFallback, RedisLimits,
};
use sha2::{Digest as _, Sha256};

use crate::connection::variable;
use crate::exit::CliError;
use crate::output::note;

/// The environment variable of the option `--limits`.
pub(crate) const LIMITS: &str = "DATAFORSEO_LIMITS";

/// The longest wait for Redis, so that a restart does not end a job.
pub(crate) const REDIS_TIMEOUT: Duration = Duration::from_secs(10 * 60);

// No doc comment: clap would use it as the description of the command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Connection")]
pub(crate) struct LimitOptions {
    /// Where the limits of the account are kept: `machine` for all jobs of this user on this machine,
    /// `process` for this job alone, or the URL of a Redis server for several machines, such as
    /// redis://HOST/. DATAFORSEO_LIMITS sets it, too: other users cannot see a password there.
    /// Defaults to `machine`.
    #[arg(long, global = true, value_name = "WHERE")]
    pub(crate) limits: Option<String>,
    /// The name of the account for --limits. Jobs with the same name share the limits. Defaults to a
    /// hash of base URL and login.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) limits_account: Option<String>,
}

/// The limiter of a client.
#[derive(Clone)]
pub(crate) enum SharedLimits {
    /// The limits are kept within this process, or there are none.
    Process,
    Machine(Arc<MachineLimits>),
    Redis(Arc<RedisLimits>),
}

impl SharedLimits {
    pub(crate) fn limiter(&self) -> Arc<dyn Limiter> {
        match self {
            Self::Process => Arc::new(AccountLimits::default()),
            Self::Machine(limits) => Arc::clone(limits) as _,
            Self::Redis(limits) => Arc::clone(limits) as _,
        }
    }

    /// Releases the places of calls that have ended, before the program ends.
    pub(crate) async fn flush(&self) {
        if let Self::Redis(limits) = self
            && !limits.flush().await
        {
            note(
                "warning: Redis does not respond; the places of the last calls are kept for 5 minutes",
            );
        }
    }
}

impl LimitOptions {
    /// Returns the limits for the account with this login. Waits for Redis for at most `redis_timeout`.
    pub(crate) fn open(
        &self,
        base_url: &str,
        login: &str,
        redis_timeout: Duration,
    ) -> Result<SharedLimits, CliError> {
        let account = match &self.limits_account {
            Some(name) if is_account_name(name) => name.clone(),
            Some(_) => {
                let reason = "--limits-account: expected 1 to 64 letters, digits, - and _";
                return Err(CliError::usage(reason));
            }
            None => account_name(base_url, login),
        };
        let selected = self.limits.clone().or_else(|| variable(LIMITS));
        match selected.as_deref() {
            None | Some("machine") => Ok(on_machine(&account)),
            Some("process") => Ok(SharedLimits::Process),
            // The value is not shown: it can contain a password.
            Some(url) => in_redis(url, &account, redis_timeout),
        }
    }
}

fn is_account_name(name: &str) -> bool {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_safe)
}

/// Returns a name of the account that does not show the login.
fn account_name(base_url: &str, login: &str) -> String {
    let base_url = base_url.trim_end_matches('/').to_ascii_lowercase();
    let digest = Sha256::digest(format!("{base_url}\n{login}"));
    let bytes = digest.iter().take(16);
    bytes.map(|byte| format!("{byte:02x}")).collect()
}

fn on_machine(account: &str) -> SharedLimits {
    let opened = match state_folder() {
        Some(folder) => MachineLimits::open(folder.join("limits").join(account)),
        None => Err(LimiterError::new("the home directory is unknown")),
    };
    match opened {
        Ok(limits) => SharedLimits::Machine(Arc::new(limits)),
        Err(error) => {
            note(format!(
                "warning: {error}; other jobs on this machine do not share the limits of this one"
            ));
            SharedLimits::Process
        }
    }
}

/// Returns the folder of the program's state. It is that of the user and not of the session, so that a
/// job of cron finds the same one.
fn state_folder() -> Option<PathBuf> {
    let absolute = |name| {
        let path = variable(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let folder = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else {
        let in_home = || Some(std::env::home_dir()?.join(".local/state"));
        absolute("XDG_STATE_HOME").or_else(in_home)
    };
    Some(folder?.join("dataforseo"))
}

fn in_redis(url: &str, account: &str, timeout: Duration) -> Result<SharedLimits, CliError> {
    let fallback = RedisFallback::Wait { at_most: timeout };
    let limits = RedisLimits::new(url, account, fallback).map_err(|error| {
        CliError::usage(format!(
            "--limits or {LIMITS}: expected `machine`, `process` or a URL such as redis://HOST/: {error}"
        ))
    })?;
    let limits = limits.on_unavailable(|error| note(format!("waiting: {error}")));
    Ok(SharedLimits::Redis(Arc::new(limits)))
}

#[cfg(test)]
mod tests {
    use super::{account_name, is_account_name};

    #[test]
    fn an_account_is_a_server_and_a_login() {
        let name = account_name("https://api.example", "me@example.com");
        assert!(is_account_name(&name), "{name}");
        assert_eq!(name, account_name("https://API.example/", "me@example.com"));
        assert_ne!(name, account_name("https://api.example", "you@example.com"));
        assert_ne!(
            name,
            account_name("https://other.example", "me@example.com")
        );
    }

    #[test]
    fn a_name_is_not_a_path() {
        for name in ["", ".", "..", "a/b", "a\\b", "a b", "a:b", &"a".repeat(65)] {
            assert!(!is_account_name(name), "{name}");
        }
    }
}
