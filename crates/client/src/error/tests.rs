//! Which predicates hold for which error, for every code, HTTP status and transport error.

use std::io;
use std::time::Duration;

use dataforseo_models::{StatusClass, StatusCode, Violation, ViolationKind};

use super::{Error, ErrorKind};
use crate::charge::Charge;
use crate::http::error::{TransportError, TransportErrorKind};
use crate::limits::LimiterError;
use crate::paging::stop_reason::StopReason;

fn error(kind: ErrorKind) -> Error {
    Error::new("backlinks/summary/live", kind, None)
}

/// The names of the predicates that hold.
fn predicates(error: &Error) -> String {
    let all = [
        ("timeout", error.is_timeout()),
        ("connect", error.is_connect()),
        ("invalid_task", error.is_invalid_task()),
        ("auth", error.is_auth()),
        ("rate_limited", error.is_rate_limited()),
        ("out_of_funds", error.is_out_of_funds()),
        ("budget_exceeded", error.is_budget_exceeded()),
        ("pending", error.is_pending()),
        ("retryable", error.is_retryable()),
    ];
    let names: Vec<&str> = all
        .iter()
        .filter(|(_, holds)| *holds)
        .map(|(name, _)| *name)
        .collect();
    names.join(" ")
}

/// The codes for which a predicate holds.
const CODES: [(u32, &str); 34] = [
    (40000, "invalid_task"),
    (40001, "invalid_task"),
    (40002, "invalid_task"),
    (40003, "invalid_task"),
    (40004, "invalid_task"),
    (40006, "invalid_task"),
    (40100, "auth"),
    (40101, "retryable"),
    (40103, "retryable"),
    (40104, "auth"),
    (40200, "out_of_funds"),
    (40201, "auth"),
    (40202, "rate_limited retryable"),
    (40203, "budget_exceeded"),
    (40207, "auth"),
    (40209, "rate_limited retryable"),
    (40210, "out_of_funds"),
    (40407, "invalid_task"),
    (40501, "invalid_task"),
    (40502, "invalid_task"),
    (40503, "invalid_task"),
    (40504, "invalid_task"),
    (40505, "invalid_task"),
    (40506, "invalid_task"),
    (40601, "pending"),
    (40602, "pending"),
    (50000, "retryable"),
    (50001, "retryable"),
    (50301, "retryable"),
    (50303, "retryable"),
    (50304, "retryable"),
    (50401, "timeout retryable"),
    (50402, "retryable"),
    (20000, ""),
];

#[test]
fn every_status_code() {
    for (code, _) in CODES {
        let known = StatusCode::ALL.iter().any(|known| known.code() == code);
        assert!(known, "{code} is not a code of the API");
    }
    for code in StatusCode::ALL.iter().copied() {
        let expected = CODES
            .iter()
            .find(|(expected, _)| *expected == code.code())
            .map_or("", |(_, predicates)| predicates);
        let envelope = error(ErrorKind::Envelope {
            status_code: code,
            message: String::new(),
            cost: None,
        });
        let task = error(ErrorKind::Task {
            status_code: code,
            message: String::new(),
            id: None,
            cost: None,
        });
        for error in [envelope, task] {
            assert_eq!(predicates(&error), expected, "{code}");
            assert_eq!(error.status_code(), Some(code));
        }
    }
}

#[test]
fn every_http_status() {
    for status in 100..600 {
        let expected = match status {
            401 | 403 | 407 => "auth",
            402 => "out_of_funds",
            408 => "timeout",
            429 => "rate_limited retryable",
            504 => "timeout retryable",
            500..=599 => "retryable",
            _ => "",
        };
        let error = error(ErrorKind::Http(status));
        assert_eq!(predicates(&error), expected, "HTTP {status}");
    }
}

#[test]
fn every_transport_error() {
    use TransportErrorKind as Kind;
    let cases = [
        (
            Kind::Connect,
            "connect retryable",
            "timeout connect retryable",
        ),
        (Kind::NotSent, "retryable", "timeout connect retryable"),
        (Kind::Unprocessed, "retryable", "timeout retryable"),
        (Kind::Interrupted, "retryable", "timeout retryable"),
        (Kind::BodyInterrupted, "retryable", "timeout retryable"),
        (
            Kind::Timeout(Duration::from_secs(1)),
            "timeout retryable",
            "timeout retryable",
        ),
        (Kind::ResponseTooLarge(1), "", "timeout"),
        (Kind::Decompression, "retryable", "timeout retryable"),
        (Kind::InvalidRequest, "", "timeout"),
    ];
    for (kind, by_itself, timed_out) in cases {
        let plain = error(ErrorKind::Transport(kind.into()));
        assert_eq!(predicates(&plain), by_itself, "{kind:?}");
        let source = io::Error::new(io::ErrorKind::TimedOut, "slow");
        let slow = error(ErrorKind::Transport(TransportError::new(kind, source)));
        assert_eq!(predicates(&slow), timed_out, "{kind:?}, timed out");
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        let reset = error(ErrorKind::Transport(TransportError::new(kind, reset)));
        assert_eq!(predicates(&reset), by_itself, "{kind:?}, reset");
    }
}

#[test]
fn every_other_kind() {
    let json = serde_json::from_str::<u8>("x").unwrap_err();
    let violations = vec![
        Violation::new("targets[3]", ViolationKind::Missing),
        Violation::new("tag", ViolationKind::Missing),
        Violation::new("tag", ViolationKind::TooFew { found: 0, min: 1 }),
    ];
    let invalid = error(ErrorKind::InvalidTask(violations.into()));
    assert_eq!(invalid.invalid_fields(), ["targets[3]", "tag"]);
    let pending = error(ErrorKind::Pending {
        status_code: StatusCode::TaskInQueue,
        id: None,
        cost: None,
    });
    let exceeded = error(ErrorKind::BudgetExceeded {
        spent: 1.0,
        estimate: 1.0,
        budget: 1.0,
    });
    let cases = [
        (invalid, "invalid_task"),
        (pending, "pending"),
        (exceeded, "budget_exceeded"),
        (
            error(ErrorKind::Limiter(LimiterError::new("x"))),
            "rate_limited",
        ),
        (error(ErrorKind::Body(json)), "retryable"),
        (error(ErrorKind::NoTask { cost: None }), "retryable"),
        (error(ErrorKind::Incomplete(StopReason::OffsetLimit)), ""),
        (error(ErrorKind::Incomplete(StopReason::MissingRows)), ""),
    ];
    for (error, expected) in cases {
        assert_eq!(predicates(&error), expected, "{error}");
    }
}

#[test]
fn an_invalid_field_is_read_from_the_message() {
    let with = |status_code, message: &str| {
        error(ErrorKind::Task {
            status_code,
            message: message.to_owned(),
            id: None,
            cost: None,
        })
    };
    let named = with(StatusCode::InvalidField, "Invalid Field: 'tag'.");
    assert_eq!(named.invalid_fields(), ["tag"]);
    assert!(
        with(StatusCode::InvalidField, "Invalid Field.")
            .invalid_fields()
            .is_empty()
    );
    assert!(
        with(StatusCode::NotFound, "No 'tag'.")
            .invalid_fields()
            .is_empty()
    );
}

#[test]
fn a_chain_names_every_error_once() {
    let source = io::Error::new(io::ErrorKind::ConnectionRefused, "refused by the host");
    let kind = ErrorKind::Transport(TransportError::new(TransportErrorKind::Connect, source));
    let error = error(kind).after(2, Charge::None);
    let message = "backlinks/summary/live: could not connect; nothing was sent (after 2 attempts)";
    assert_eq!(error.to_string(), message);
    assert_eq!(
        error.display_chain().to_string(),
        format!("{message}: refused by the host")
    );
    // `anyhow` prints the same chain.
    assert_eq!(
        format!("{:#}", anyhow::Error::from(error)),
        format!("{message}: refused by the host")
    );
}

#[test]
fn an_error_without_a_cost_may_have_been_charged_if_a_server_failed() {
    for code in StatusCode::ALL.iter().copied() {
        let error = error(ErrorKind::Envelope {
            status_code: code,
            message: String::new(),
            cost: None,
        });
        let expected = match code.class() {
            StatusClass::Upstream | StatusClass::Server | StatusClass::Unknown => Charge::Unknown,
            _ => Charge::None,
        };
        assert_eq!(error.charge(), expected, "{code}");
    }
}
