//! What can go wrong, and for which calls.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use dataforseo_models::StatusCode;

/// What goes wrong with a call.
///
/// Each can be written as text, for the program, its admin route and its header: what is shown
/// behind the dash below. `Display` writes it, `FromStr` reads it.
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
    /// The connection is reset when the request was read, before any of the answer. — `reset`
    Reset,
    /// The connection is reset when so many bytes of the request's body were read; 0 is before any
    /// of it. — `reset_reading:0`
    ResetReading(usize),
    /// The connection is reset after so many bytes of the answer's body. — `reset_after:600`
    ResetAfter(usize),
    /// The connection is closed without an answer. — `empty`
    Empty,
    /// The connection is closed after so many bytes of the answer's body. — `cut:600`
    Cut(usize),
    /// The answer stops after so many bytes of its body, and the connection stays open; 0 is a head
    /// without a body. — `stall:0`
    Stall(usize),
    /// Nothing is ever answered, and the connection stays open. — `silence`
    Silence,
    /// The answer's body comes at so many bytes a second, ten times a second. — `trickle:1000`
    Trickle(u32),
    /// Bytes that are no HTTP, then the end. — `garbage`
    Garbage,
    /// An HTTP status as the API words it, in its envelope: 401, 402, 404 or 500. — `http:402`
    Http(u16),
    /// A proxy's answer, in HTML: 429, 502, 503 or 504, the first and third with `Retry-After`. —
    /// `proxy:502`
    Proxy(u16),
    /// An error of the call as a whole, in HTTP 200 where the API has it there. — `api:40202`
    Api(StatusCode),
    /// An error of every task, or of the one at an index; the others succeed. — `task:40501`,
    /// `task:40501@3`
    Task(StatusCode, Option<usize>),
    /// The same, and `tasks_error` says that no task failed. — `hidden_task:40501`
    HiddenTask(StatusCode, Option<usize>),
    /// A success without a result: `result` is null. — `no_result`
    NoResult,
    /// The result of a task is not ready for so many calls to the same path: 40602. — `pending:3`
    Pending(u32),
}

/// What is no fault, or no choice of calls.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultError(pub(crate) String);

impl Fault {
    /// An error of the call as a whole, by its code.
    pub fn api(code: u32) -> Self {
        Self::Api(StatusCode::from_code(code))
    }

    /// An error of every task, by its code.
    pub fn task(code: u32) -> Self {
        Self::Task(StatusCode::from_code(code), None)
    }

    /// Checks what the types cannot say.
    pub(crate) fn check(self) -> Result<Self, FaultError> {
        let refuse = |reason: String| Err(FaultError(reason));
        match self {
            Self::Http(status) if api_code(status).is_none() => refuse(format!(
                "{status} is no HTTP status that the API uses: 401, 402, 404, 500"
            )),
            Self::Proxy(status) if !PROXY.contains(&status) => refuse(format!(
                "{status} is no status of a proxy here: 429, 502, 503, 504"
            )),
            Self::Trickle(0) => refuse("0 bytes a second never end: use `stall`".to_owned()),
            Self::Api(StatusCode::Other(code))
            | Self::Task(StatusCode::Other(code), _)
            | Self::HiddenTask(StatusCode::Other(code), _)
                if !(10_000..=60_000).contains(&code) =>
            {
                refuse(format!("{code} is no status code: 10000 to 60000"))
            }
            fault => Ok(fault),
        }
    }
}

const PROXY: [u16; 4] = [429, 502, 503, 504];

/// The code that comes with an HTTP status other than 200.
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
        let place = |index: &Option<usize>| index.map_or(String::new(), |at| format!("@{at}"));
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
            Self::Task(code, index) => write!(f, "task:{}{}", code.code(), place(index)),
            Self::HiddenTask(code, index) => {
                write!(f, "hidden_task:{}{}", code.code(), place(index))
            }
            Self::NoResult => write!(f, "no_result"),
            Self::Pending(polls) => write!(f, "pending:{polls}"),
        }
    }
}

/// The names, for messages.
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
            let expected = || wrong("CODE, or with @INDEX behind it for one task");
            let value = value.ok_or_else(expected)?;
            let (code, index) = match value.split_once('@') {
                Some((code, index)) => (code, Some(index.parse().map_err(|_| expected())?)),
                None => (value, None),
            };
            let code = code.parse().map_err(|_| expected())?;
            Ok((StatusCode::from_code(code), index))
        };
        let plain = |fault| match value {
            None => Ok(fault),
            Some(_) => Err(FaultError(format!("`{text}`: `{name}` takes no value"))),
        };
        let fault = match name {
            "reset" => plain(Self::Reset)?,
            "reset_reading" => Self::ResetReading(bytes()?),
            "reset_after" => Self::ResetAfter(bytes()?),
            "empty" => plain(Self::Empty)?,
            "cut" => Self::Cut(bytes()?),
            "stall" => Self::Stall(bytes()?),
            "silence" => plain(Self::Silence)?,
            "trickle" => Self::Trickle(number("BYTES_A_SECOND")?),
            "garbage" => plain(Self::Garbage)?,
            "http" => Self::Http(short("STATUS")?),
            "proxy" => Self::Proxy(short("STATUS")?),
            "api" => Self::Api(StatusCode::from_code(number("CODE")?)),
            "task" => code().map(|(code, index)| Self::Task(code, index))?,
            "hidden_task" => code().map(|(code, index)| Self::HiddenTask(code, index))?,
            "no_result" => plain(Self::NoResult)?,
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
                let reason = format!("`{name}` is no fault.{meant} There are: {names}");
                return Err(FaultError(reason));
            }
        };
        fault.check()
    }
}

/// Which of the calls that a rule is about it applies to, counted from the rule's beginning.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum When {
    #[default]
    Always,
    /// The first so many.
    First(u64),
    /// This one, the first being 1.
    Nth(u64),
    /// Each that has this many before it, itself included.
    Every(u64),
    /// All but the first so many.
    After(u64),
    /// So often, by chance.
    Chance(f64),
}

impl When {
    /// Whether it applies to a call: the first has the number 1.
    pub(crate) fn applies(self, number: u64, seed: u64) -> bool {
        match self {
            Self::Always => true,
            Self::First(count) => number <= count,
            Self::Nth(nth) => number == nth,
            Self::Every(step) => step > 0 && number.is_multiple_of(step),
            Self::After(count) => number > count,
            Self::Chance(probability) => chance(seed, number) < probability,
        }
    }
}

/// A number from 0 to 1 that follows from the seed and the count alone (SplitMix64).
fn chance(seed: u64, number: u64) -> f64 {
    let mut bits = seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^= bits >> 31;
    // 53 bits are what a float holds.
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// Which calls a rule is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Calls {
    /// Any unless given.
    pub(crate) method: Option<String>,
    /// A path; `*` is anything within a part of it, `**` anything.
    pub(crate) path: String,
}

impl Calls {
    pub(crate) fn include(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|wanted| wanted == method)
            && glob(self.path.as_bytes(), path.as_bytes())
    }
}

/// Whether a text is of the form of a pattern. Each step goes back to the last star only, so the
/// time is at most the product of the lengths.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    // Where to go on if what follows a star does not fit: `**` may take anything, `*` no slash.
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
        } else if let Some((behind, taken)) =
            single.filter(|(_, at)| text.get(*at).is_some_and(|it| *it != b'/'))
        {
            single = Some((behind, taken + 1));
            (p, t) = (behind, taken + 1);
        } else if let Some((behind, taken)) = double.filter(|(_, at)| *at < text.len()) {
            (single, double) = (None, Some((behind, taken + 1)));
            (p, t) = (behind, taken + 1);
        } else {
            return false;
        }
    }
}

/// A fault or a wait, for some calls, as the program takes it:
/// `[METHOD] PATH FAULT [WHEN]`, or `latency:MILLISECONDS` in the place of the fault.
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
    pub(crate) calls: Calls,
    pub(crate) what: What,
    pub(crate) when: When,
}

/// What a rule does to a call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Fault(Fault),
    /// Waits before it answers.
    Latency(Duration),
    /// Sets a value in the answer: a JSON pointer, and JSON.
    Patch(String, String),
}

impl fmt::Display for FaultRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(method) = &self.calls.method {
            write!(f, "{method} ")?;
        }
        write!(f, "{} ", self.calls.path)?;
        match &self.what {
            What::Fault(fault) => write!(f, "{fault}")?,
            What::Latency(time) => write!(f, "latency:{}", time.as_millis())?,
            What::Patch(pointer, value) => write!(f, "patch:{pointer}={value}")?,
        }
        match self.when {
            When::Always => Ok(()),
            When::First(count) => write!(f, " first:{count}"),
            When::Nth(nth) => write!(f, " nth:{nth}"),
            When::Every(step) => write!(f, " every:{step}"),
            When::After(count) => write!(f, " after:{count}"),
            When::Chance(probability) => write!(f, " chance:{probability}"),
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
        let what = words.next().ok_or_else(|| refuse(form))?;
        let what = match what.strip_prefix("latency:") {
            Some(time) => {
                let time = time
                    .parse()
                    .map_err(|_| refuse("expected `latency:MILLISECONDS`"))?;
                What::Latency(Duration::from_millis(time))
            }
            None => What::Fault(what.parse()?),
        };
        let when = match words.next() {
            None => When::Always,
            Some(word) => {
                let wrong = || {
                    refuse("expected first:N, nth:N, every:N, after:N or chance:P behind the fault")
                };
                let (name, value) = word.split_once(':').ok_or_else(wrong)?;
                let count = || value.parse::<u64>().map_err(|_| wrong());
                let counted = || count().and_then(|it| if it == 0 { Err(wrong()) } else { Ok(it) });
                match name {
                    "first" => When::First(count()?),
                    "nth" => When::Nth(counted()?),
                    "every" => When::Every(counted()?),
                    "after" => When::After(count()?),
                    "chance" => {
                        let chance = value.parse().ok().filter(|it| (0.0..=1.0).contains(it));
                        When::Chance(chance.ok_or_else(wrong)?)
                    }
                    _ => return Err(wrong()),
                }
            }
        };
        match words.next() {
            Some(more) => Err(refuse(&format!("`{more}` is too much; {form}"))),
            None => Ok(Self {
                calls: Calls {
                    method,
                    path: path.to_owned(),
                },
                what,
                when,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_paths() {
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
    fn chance_follows_from_the_seed() {
        let hits = |seed| {
            (1..=10_000)
                .filter(|at| When::Chance(0.1).applies(*at, seed))
                .collect()
        };
        let (first, second): (Vec<u64>, Vec<u64>) = (hits(1), hits(2));
        assert_eq!(first, hits(1));
        assert_ne!(first, second);
        assert!((900..1100).contains(&first.len()), "{}", first.len());
        assert!((900..1100).contains(&second.len()), "{}", second.len());
    }

    #[test]
    fn text_is_read_as_it_is_written() {
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
    fn what_is_wrong_with_a_text() {
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
