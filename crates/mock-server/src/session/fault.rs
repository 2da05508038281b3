//! Faults, and the rules that apply them to calls.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dataforseo_models::StatusCode;

/// A failure that the mock server simulates for a call.
///
/// Each fault has a text form, which the program, the admin routes and the header `x-mock-fault`
/// accept. [`Display`](fmt::Display) writes it and [`FromStr`] reads it. The text form of each
/// variant is in its documentation.
///
/// In Rust, attach a fault to calls with [`MockServer::on`](crate::MockServer::on).
///
/// ```
/// use dataforseo_mock_server::Fault;
///
/// let fault: Fault = "cut:600".parse()?;
/// assert_eq!(fault, Fault::Cut(600));
/// assert_eq!(Fault::api(40202).to_string(), "api:40202");
/// # Ok::<(), dataforseo_mock_server::FaultError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// Resets the connection after reading the request, before any byte of the response.
    /// Text: `reset`.
    Reset,
    /// Resets the connection after this many bytes of the request's body were read.
    /// With 0, before any of the body. Text: `reset_reading:0`.
    ResetReading(usize),
    /// Resets the connection after this many bytes of the response's body.
    /// Text: `reset_after:600`.
    ResetAfter(usize),
    /// Closes the connection without a response. Text: `empty`.
    Empty,
    /// Closes the connection after this many bytes of the response's body. Text: `cut:600`.
    Cut(usize),
    /// Stops after this many bytes of the response's body and leaves the connection open.
    /// With 0, only the head is sent. Text: `stall:0`.
    Stall(usize),
    /// Sends nothing and leaves the connection open. Text: `silence`.
    Silence,
    /// Sends the response's body at this many bytes per second, in ten chunks per second.
    /// Text: `trickle:1000`.
    Trickle(u32),
    /// Sends bytes that are not HTTP, then closes the connection. Text: `garbage`.
    Garbage,
    /// Responds with this HTTP status and the API's own error envelope: 401, 402, 404 or 500.
    /// Text: `http:402`.
    Http(u16),
    /// Responds as a proxy does, with an HTML page and one of the statuses 429, 502, 503 and 504.
    /// 429 and 503 come with `Retry-After: 1`. Text: `proxy:502`.
    Proxy(u16),
    /// Responds with this status code on the envelope, which covers the whole call.
    /// The HTTP status is the one that the API uses for the code, mostly 200. Text: `api:40202`.
    Api(StatusCode),
    /// Responds with this status code on every task, or only on the task at the index.
    /// Other tasks succeed. Indexes start at 0. Text: `task:40501`, `task:40501@3`.
    Task(StatusCode, Option<usize>),
    /// Responds with this status code on every task, or only on the task at the index, while
    /// `tasks_error` of the envelope is 0. For clients that trust `tasks_error`.
    /// Text: `hidden_task:40501`, `hidden_task:40501@3`.
    HiddenTask(StatusCode, Option<usize>),
    /// Responds with success and a `result` that is null. Text: `no_result`.
    NoResult,
    /// Responds with 40602 (task in queue) to this many calls per path, then normally.
    /// Text: `pending:3`.
    Pending(u32),
}

/// The error of a text that is not a [`Fault`] or [`FaultRule`], or of a value out of range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(String);

impl Fault {
    /// Returns the fault that responds with a status code on the envelope.
    ///
    /// Accepts the number instead of a [`StatusCode`]; otherwise equal to [`Fault::Api`].
    pub fn api(code: u32) -> Self {
        Self::Api(StatusCode::from_code(code))
    }

    /// Returns the fault that responds with a status code on every task.
    ///
    /// Accepts the number instead of a [`StatusCode`]; otherwise equal to [`Fault::Task`].
    pub fn task(code: u32) -> Self {
        Self::Task(StatusCode::from_code(code), None)
    }

    /// Checks the ranges of values.
    fn check(self) -> Result<Self, FaultError> {
        let refuse = |reason: String| Err(FaultError(reason));
        match self {
            Self::Http(status) if api_code(status).is_none() => refuse(format!(
                "{status} is not an HTTP error status of the API: expected 401, 402, 404 or 500"
            )),
            Self::Proxy(status) if !PROXY_STATUSES.contains(&status) => refuse(format!(
                "{status} is not a supported proxy status: expected 429, 502, 503 or 504"
            )),
            Self::Trickle(0) => {
                refuse("0 bytes per second would never end: use `stall` instead".to_owned())
            }
            Self::Api(StatusCode::Other(code))
            | Self::Task(StatusCode::Other(code), _)
            | Self::HiddenTask(StatusCode::Other(code), _)
                if !(10_000..=60_000).contains(&code) =>
            {
                refuse(format!(
                    "{code} is not a status code: expected 10000 to 60000"
                ))
            }
            fault => Ok(fault),
        }
    }
}

const PROXY_STATUSES: [u16; 4] = [429, 502, 503, 504];

/// Returns the status code that the API sends with an HTTP status other than 200.
pub(crate) fn api_code(status: u16) -> Option<StatusCode> {
    match status {
        401 => Some(StatusCode::NotAuthorized),
        402 => Some(StatusCode::PaymentRequired),
        404 => Some(StatusCode::NotFound),
        500 => Some(StatusCode::from_code(50000)),
        _ => None,
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = |index: &Option<usize>| index.map_or(String::new(), |index| format!("@{index}"));
        match self {
            Self::Reset => write!(f, "reset"),
            Self::ResetReading(bytes) => write!(f, "reset_reading:{bytes}"),
            Self::ResetAfter(bytes) => write!(f, "reset_after:{bytes}"),
            Self::Empty => write!(f, "empty"),
            Self::Cut(bytes) => write!(f, "cut:{bytes}"),
            Self::Stall(bytes) => write!(f, "stall:{bytes}"),
            Self::Silence => write!(f, "silence"),
            Self::Trickle(speed) => write!(f, "trickle:{speed}"),
            Self::Garbage => write!(f, "garbage"),
            Self::Http(status) => write!(f, "http:{status}"),
            Self::Proxy(status) => write!(f, "proxy:{status}"),
            Self::Api(code) => write!(f, "api:{}", code.code()),
            Self::Task(code, index) => write!(f, "task:{}{}", code.code(), at(index)),
            Self::HiddenTask(code, index) => {
                write!(f, "hidden_task:{}{}", code.code(), at(index))
            }
            Self::NoResult => write!(f, "no_result"),
            Self::Pending(polls) => write!(f, "pending:{polls}"),
        }
    }
}

/// The names of all faults, for messages.
const NAMES: &[&str] = &[
    "reset",
    "reset_reading",
    "reset_after",
    "empty",
    "cut",
    "stall",
    "silence",
    "trickle",
    "garbage",
    "http",
    "proxy",
    "api",
    "task",
    "hidden_task",
    "no_result",
    "pending",
];

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, value) = match text.split_once(':') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let wrong = |expected: &str| FaultError(format!("`{text}`: expected `{name}:{expected}`"));
        let number = |expected| {
            value
                .and_then(|it| it.parse().ok())
                .ok_or_else(|| wrong(expected))
        };
        let bytes = || number("BYTES").map(|bytes: u32| bytes as usize);
        let short = |expected: &str| {
            value
                .and_then(|it| it.parse().ok())
                .ok_or_else(|| wrong(expected))
        };
        let code = || -> Result<(StatusCode, Option<usize>), FaultError> {
            let expected = || wrong(&format!("CODE` or `{name}:CODE@INDEX"));
            let value = value.ok_or_else(expected)?;
            let (code, index) = match value.split_once('@') {
                Some((code, index)) => (code, Some(index.parse().map_err(|_| expected())?)),
                None => (value, None),
            };
            let code = code.parse().map_err(|_| expected())?;
            Ok((StatusCode::from_code(code), index))
        };
        let without_value = |fault| match value {
            None => Ok(fault),
            Some(_) => Err(FaultError(format!(
                "`{text}`: `{name}` does not accept a value"
            ))),
        };
        let fault = match name {
            "reset" => without_value(Self::Reset)?,
            "reset_reading" => Self::ResetReading(bytes()?),
            "reset_after" => Self::ResetAfter(bytes()?),
            "empty" => without_value(Self::Empty)?,
            "cut" => Self::Cut(bytes()?),
            "stall" => Self::Stall(bytes()?),
            "silence" => without_value(Self::Silence)?,
            "trickle" => Self::Trickle(number("BYTES_PER_SECOND")?),
            "garbage" => without_value(Self::Garbage)?,
            "http" => Self::Http(short("STATUS")?),
            "proxy" => Self::Proxy(short("STATUS")?),
            "api" => Self::Api(StatusCode::from_code(number("CODE")?)),
            "task" => code().map(|(code, index)| Self::Task(code, index))?,
            "hidden_task" => code().map(|(code, index)| Self::HiddenTask(code, index))?,
            "no_result" => without_value(Self::NoResult)?,
            "pending" => Self::Pending(number("CALLS")?),
            _ => {
                let nearest = NAMES
                    .iter()
                    .map(|known| (strsim::damerau_levenshtein(known, name), known))
                    .filter(|(distance, _)| *distance <= 2)
                    .min();
                let meant = nearest.map_or(String::new(), |(_, known)| {
                    format!(" Did you mean `{known}`?")
                });
                let names = NAMES.join(", ");
                let reason = format!("`{name}` is not a fault.{meant} The faults are: {names}");
                return Err(FaultError(reason));
            }
        };
        fault.check()
    }
}

/// Which of the matching calls a rule applies to. The first matching call has the number 1.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Occurrence {
    #[default]
    Always,
    /// The first `n` calls.
    First(u64),
    /// The `n`th call only.
    Nth(u64),
    /// Every `n`th call.
    Every(u64),
    /// All calls but the first `n`.
    After(u64),
    /// Each call with this probability, from 0 to 1.
    Chance(f64),
}

impl Occurrence {
    pub(crate) fn includes(self, number: u64, seed: u64) -> bool {
        match self {
            Self::Always => true,
            Self::First(count) => number <= count,
            Self::Nth(nth) => number == nth,
            Self::Every(step) => step > 0 && number.is_multiple_of(step),
            Self::After(count) => number > count,
            Self::Chance(probability) => random(seed, number) < probability,
        }
    }
}

/// Returns a number from 0 to 1 that depends on the seed and the number only (SplitMix64).
fn random(seed: u64, number: u64) -> f64 {
    let mut bits = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // A float holds 53 bits.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The calls that a rule matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CallPattern {
    /// `None` for any method.
    pub(crate) method: Option<String>,
    /// A path: `*` stands for anything without a slash, `**` for anything.
    pub(crate) path: String,
}

impl CallPattern {
    pub(crate) fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|it| it == method)
            && glob(self.path.as_bytes(), path.as_bytes())
    }
}

/// Returns whether a text matches a pattern with stars. Each step goes back to the last star only, so
/// the time is at most the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to continue if the text after a star does not match: behind the star in the pattern, and
    // the end of the text that the star covers so far.
    let mut single: Option<(usize, usize)> = None;
    let mut double: Option<(usize, usize)> = None;
    loop {
        if pattern[p..].starts_with(b"**") {
            p += 2;
            (single, double) = (None, Some((p, t)));
        } else if pattern.get(p) == Some(&b'*') {
            p += 1;
            single = Some((p, t));
        } else if p == pattern.len() && t == text.len() {
            return true;
        } else if t < text.len() && pattern.get(p) == Some(&text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((behind, covered)) =
            single.filter(|(_, at)| text.get(*at).is_some_and(|it| *it != b'/'))
        {
            single = Some((behind, covered + 1));
            (p, t) = (behind, covered + 1);
        } else if let Some((behind, covered)) = double.filter(|(_, at)| *at < text.len()) {
            (single, double) = (None, Some((behind, covered + 1)));
            (p, t) = (behind, covered + 1);
        } else {
            return false;
        }
    }
}

/// A rule that applies a [`Fault`] or a latency to some calls.
///
/// It is parsed from the text `[METHOD] PATH FAULT [WHEN]`:
///
/// - `METHOD` is `GET` or `POST`. Without it the rule matches both.
/// - `PATH` is a path. `*` stands for anything without a slash, `**` for anything.
/// - `FAULT` is the text form of a [`Fault`], or `latency:MILLISECONDS`.
/// - `WHEN` is `first:N`, `nth:N`, `every:N`, `after:N` or `chance:P` with `P` from 0 to 1. It
///   counts the calls that match the rule. Without it the rule applies to all of them.
///
/// Pass it to [`Builder::rule`](crate::Builder::rule) or [`MockServer::rule`](crate::MockServer::rule).
///
/// ```
/// use dataforseo_mock_server::FaultRule;
///
/// let rule: FaultRule = "POST /v3/backlinks/** api:40202 first:3".parse()?;
/// assert_eq!(rule.to_string(), "POST /v3/backlinks/** api:40202 first:3");
/// # Ok::<(), dataforseo_mock_server::FaultError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FaultRule {
    pub(crate) calls: CallPattern,
    pub(crate) action: Action,
    pub(crate) occurrence: Occurrence,
}

/// The effect of a rule on a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Action {
    Fault(Fault),
    /// The response waits this long.
    Latency(Duration),
    Patch(Patch),
}

/// A value to set in a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    /// A JSON pointer into the body.
    pub(crate) pointer: String,
    /// JSON.
    pub(crate) value: String,
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.calls.method {
            write!(f, "{method} ")?;
        }
        write!(f, "{} ", self.calls.path)?;
        match &self.action {
            Action::Fault(fault) => write!(f, "{fault}")?,
            Action::Latency(time) => write!(f, "latency:{}", time.as_millis())?,
            Action::Patch(Patch { pointer, value }) => write!(f, "patch:{pointer}={value}")?,
        }
        match self.occurrence {
            Occurrence::Always => Ok(()),
            Occurrence::First(count) => write!(f, " first:{count}"),
            Occurrence::Nth(nth) => write!(f, " nth:{nth}"),
            Occurrence::Every(step) => write!(f, " every:{step}"),
            Occurrence::After(count) => write!(f, " after:{count}"),
            Occurrence::Chance(probability) => write!(f, " chance:{probability}"),
        }
    }
}

impl FromStr for FaultRule {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let form = "expected `[METHOD] PATH FAULT [WHEN]`, such as \
                    `POST /v3/backlinks/** api:40202 first:3`";
        let refuse = |reason: &str| FaultError(format!("`{text}`: {reason}"));
        let mut words = text.split_ascii_whitespace().peekable();
        let method = words
            .next_if(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()))
            .map(str::to_owned);
        let path = words
            .next()
            .filter(|path| path.starts_with('/') || path.starts_with('*'))
            .ok_or_else(|| refuse(form))?;
        let action = words.next().ok_or_else(|| refuse(form))?;
        let action = match action.strip_prefix("latency:") {
            Some(time) => {
                let time = time
                    .parse()
                    .map_err(|_| refuse("expected `latency:MILLISECONDS`"))?;
                Action::Latency(Duration::from_millis(time))
            }
            None => Action::Fault(action.parse()?),
        };
        let occurrence = match words.next() {
            None => Occurrence::Always,
            Some(word) => occurrence(word).ok_or_else(|| {
                refuse("expected first:N, nth:N, every:N, after:N or chance:P after the fault")
            })?,
        };
        if let Some(more) = words.next() {
            return Err(refuse(&format!("unexpected `{more}` at the end; {form}")));
        }
        Ok(Self {
            calls: CallPattern {
                method,
                path: path.to_owned(),
            },
            action,
            occurrence,
        })
    }
}

fn occurrence(word: &str) -> Option<Occurrence> {
    let (name, value) = word.split_once(':')?;
    let count = || value.parse::<u64>().ok();
    let positive = || count().filter(|it| *it > 0);
    Some(match name {
        "first" => Occurrence::First(count()?),
        "nth" => Occurrence::Nth(positive()?),
        "every" => Occurrence::Every(positive()?),
        "after" => Occurrence::After(count()?),
        "chance" => {
            let chance = value.parse().ok().filter(|it| (0.0..=1.0).contains(it));
            Occurrence::Chance(chance?)
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_patterns() {
        for (pattern, path, fits) in [
            ("/v3/a/live", "/v3/a/live", true),
            ("/v3/a/live", "/v3/a/live/x", false),
            ("/v3/*/live", "/v3/a/live", true),
            ("/v3/*/live", "/v3/a/b/live", false),
            ("/v3/bulk_*/live", "/v3/bulk_ranks/live", true),
            ("/v3/**", "/v3/a/b/c", true),
            ("/v3/**", "/v3/", true),
            ("/v3/**", "/v3", false),
            ("**/live", "/v3/a/live", true),
            ("**/b*/live", "/v3/a/b/bc/live", true),
            ("**/b*/live", "/v3/a/bc/x/live", false),
            ("**", "", true),
            ("*", "/", false),
            ("/*", "/", true),
            ("", "", true),
        ] {
            assert_eq!(
                glob(pattern.as_bytes(), path.as_bytes()),
                fits,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn chance_depends_on_the_seed_only() {
        let hits = |seed| {
            (1..=10_000)
                .filter(|number| Occurrence::Chance(0.1).includes(*number, seed))
                .collect()
        };
        let (first, second): (Vec<u64>, Vec<u64>) = (hits(1), hits(2));
        assert_eq!(first, hits(1));
        assert_ne!(first, second);
        assert!((900..1100).contains(&first.len()), "{}", first.len());
        assert!((900..1100).contains(&second.len()), "{}", second.len());
    }

    #[test]
    fn text_is_read_back() {
        for text in [
            "/v3/** reset",
            "/v3/** reset_reading:0 first:1",
            "POST /v3/** reset_after:600 nth:3",
            "** empty every:2",
            "** cut:10 after:2",
            "** stall:0 chance:0.25",
            "** silence",
            "** trickle:1000",
            "** garbage",
            "** http:402",
            "** proxy:429",
            "** api:40202",
            "** api:49999",
            "** task:40501",
            "** task:40501@3",
            "** hidden_task:40501@0",
            "** no_result",
            "GET ** pending:3",
            "** latency:30000",
        ] {
            let rule: FaultRule = text.parse().unwrap();
            assert_eq!(rule.to_string(), text);
        }
    }

    #[test]
    fn errors_of_texts() {
        let mut all = String::new();
        for text in [
            "",
            "POST",
            "/v3",
            "/v3 resett",
            "/v3 nothing",
            "/v3 cut",
            "/v3 cut:x",
            "/v3 reset:1",
            "/v3 http:503",
            "/v3 proxy:500",
            "/v3 api:7",
            "/v3 task:40501@x",
            "/v3 trickle:0",
            "/v3 reset first",
            "/v3 reset nth:0",
            "/v3 reset chance:2",
            "/v3 reset first:1 more",
            "v3 reset",
            "/v3 latency:soon",
        ] {
            let error = text.parse::<FaultRule>().unwrap_err();
            all += &format!("{error}\n");
        }
        insta::assert_snapshot!(all);
    }
}
