//! What the server does with a call.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value, json};

use super::Call;

/// How the end of a body is marked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Framing {
    #[default]
    Length,
    /// A length that differs from that of the body by this much.
    WrongLength(isize),
    Chunked,
    /// Chunks whose last one is missing.
    ChunkedWithoutEnd,
}

/// What happens after the response.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum Ending {
    #[default]
    KeepOpen,
    Close,
    Reset,
    /// Nothing further is written until the client closes.
    Hang,
}

/// What the body is made of.
#[derive(Clone)]
pub(super) enum Content {
    /// A row per target.
    Rows,
    /// An envelope with this code and without tasks.
    Refused(u64, String),
    /// A task that failed with this code.
    Failed(u64, String),
    Raw(Vec<u8>),
}

type EchoFn = Arc<dyn Fn(&str) -> String + Send + Sync>;
type EditFn = Arc<dyn Fn(&mut Value) + Send + Sync>;
type EncodeFn = Arc<dyn Fn(Vec<u8>) -> Vec<u8> + Send + Sync>;
type HookFn = Arc<dyn Fn() + Send + Sync>;

/// What the server does with a call. The constructors return complete responses, and the methods
/// add a fault.
#[derive(Clone)]
pub struct Reply {
    pub(super) content: Content,
    /// What the server charges in US dollars. `None` for the price of a call.
    pub(super) charge: Option<f64>,
    pub(super) status: String,
    pub(super) headers: Vec<String>,
    pub(super) framing: Framing,
    pub(super) ending: Ending,
    /// How many bytes of the response are written.
    pub(super) cut: Option<usize>,
    echo: Option<EchoFn>,
    edit: Vec<EditFn>,
    encode: Vec<EncodeFn>,
    pub(super) before: Option<HookFn>,
    pub(super) after: Option<HookFn>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("status", &self.status)
            .field("charge", &self.charge)
            .field("ending", &self.ending)
            .finish_non_exhaustive()
    }
}

impl Reply {
    fn new(content: Content, charge: Option<f64>) -> Self {
        Self {
            content,
            charge,
            status: "200 OK".to_owned(),
            headers: Vec::new(),
            framing: Framing::default(),
            ending: Ending::default(),
            cut: None,
            echo: None,
            edit: Vec::new(),
            encode: Vec::new(),
            before: None,
            after: None,
        }
    }

    /// Returns a row per target, and charges the call.
    pub fn rows() -> Self {
        Self::new(Content::Rows, None)
    }

    /// Returns an envelope with this code and without tasks. Nothing is charged.
    pub fn refused(code: u64, message: &str) -> Self {
        Self::new(Content::Refused(code, message.to_owned()), Some(0.0))
    }

    /// Returns a task that failed with this code. Charges the amount in US dollars.
    pub fn failed(code: u64, message: &str, cost: f64) -> Self {
        Self::new(Content::Failed(code, message.to_owned()), Some(cost))
    }

    /// Returns this body with an HTTP status, such as `502 Bad Gateway`. Nothing is charged.
    pub fn http(status: &str, body: &str) -> Self {
        let mut reply = Self::new(Content::Raw(body.as_bytes().to_vec()), Some(0.0));
        reply.status = status.to_owned();
        reply
    }

    /// Charges this amount in US dollars, and states it as the cost.
    pub fn charging(mut self, us_dollars: f64) -> Self {
        self.charge = Some(us_dollars);
        self
    }

    /// Writes the targets of the rows in another spelling.
    pub fn echo(mut self, echo: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        self.echo = Some(Arc::new(echo));
        self
    }

    /// Changes the JSON of the response.
    pub fn edit(mut self, edit: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        self.edit.push(Arc::new(edit));
        self
    }

    /// Changes the bytes of the body, such as by compression.
    pub fn encode(mut self, encode: impl Fn(Vec<u8>) -> Vec<u8> + Send + Sync + 'static) -> Self {
        self.encode.push(Arc::new(encode));
        self
    }

    /// Sets the HTTP status, such as `408 Request Timeout`.
    pub fn status(mut self, status: &str) -> Self {
        self.status = status.to_owned();
        self
    }

    /// Adds a header, such as `retry-after: 3`.
    pub fn header(mut self, header: &str) -> Self {
        self.headers.push(header.to_owned());
        self
    }

    /// Sends the body in chunks.
    pub fn chunked(mut self) -> Self {
        self.framing = Framing::Chunked;
        self
    }

    /// Sends the body in chunks, and closes the connection before the last one.
    pub fn chunked_without_end(mut self) -> Self {
        self.framing = Framing::ChunkedWithoutEnd;
        self.ending = Ending::Close;
        self
    }

    /// States a length that differs from that of the body by this many bytes, and closes the
    /// connection.
    pub fn wrong_length(mut self, difference: isize) -> Self {
        self.framing = Framing::WrongLength(difference);
        self.ending = Ending::Close;
        self
    }

    /// Writes this many bytes of the response only. The connection stays open, unless it is also
    /// closed or reset.
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.cut = Some(bytes);
        if self.ending == Ending::KeepOpen {
            self.ending = Ending::Hang;
        }
        self
    }

    /// Closes the connection after the response.
    pub fn close(mut self) -> Self {
        self.ending = Ending::Close;
        self
    }

    /// Carries the call out and resets the connection. Without [`cut_at`](Self::cut_at), nothing is
    /// written.
    pub fn reset(mut self) -> Self {
        self.ending = Ending::Reset;
        self.cut = self.cut.or(Some(0));
        self
    }

    /// Carries the call out, writes nothing, and keeps the connection open.
    pub fn hang(mut self) -> Self {
        self.ending = Ending::Hang;
        self.cut = Some(0);
        self
    }

    /// Runs a function after the call was charged and before the response is written, for example to
    /// wait for an event or to stop a process.
    pub fn before(mut self, before: impl Fn() + Send + Sync + 'static) -> Self {
        self.before = Some(Arc::new(before));
        self
    }

    /// Runs a function after the response was written, as far as it is written.
    pub fn after(mut self, after: impl Fn() + Send + Sync + 'static) -> Self {
        self.after = Some(Arc::new(after));
        self
    }

    /// Returns the body of the response.
    pub(super) fn body(&self, call: &Call, cost: f64, ranks: &[i64]) -> Vec<u8> {
        let mut envelope = match &self.content {
            Content::Raw(bytes) => return self.encoded(bytes.clone()),
            Content::Rows => {
                let items = call.targets.iter().zip(ranks).map(|(target, rank)| {
                    let shown = self.echo.as_ref().map(|echo| echo(target));
                    let shown = shown.unwrap_or_else(|| target.clone());
                    json!({"target": shown, "url": shown, "rank": rank})
                });
                // Rows arrive in another order than the targets.
                let items: Vec<Value> = items.rev().collect();
                let result = json!([{"items_count": items.len(), "items": items}]);
                task(call, 20000, "Ok.", cost, &result)
            }
            Content::Failed(code, message) => task(call, *code, message, cost, &Value::Null),
            Content::Refused(code, message) => json!({
                "version": "0.1", "status_code": code, "status_message": message, "time": "0 sec.",
                "cost": cost, "tasks_count": 0, "tasks_error": 0, "tasks": null,
            }),
        };
        for edit in &self.edit {
            edit(&mut envelope);
        }
        self.encoded(envelope.to_string().into_bytes())
    }

    fn encoded(&self, body: Vec<u8>) -> Vec<u8> {
        self.encode.iter().fold(body, |body, encode| encode(body))
    }
}

/// Returns an envelope with one task.
fn task(call: &Call, code: u64, message: &str, cost: f64, result: &Value) -> Value {
    let path: Vec<&str> = call.path.trim_matches('/').split('/').collect();
    json!({
        "version": "0.1", "status_code": 20000, "status_message": "Ok.", "time": "0.1 sec.",
        "cost": cost, "tasks_count": 1, "tasks_error": u8::from(code != 20000),
        "tasks": [{
            "id": format!("11281954-1535-0521-0000-{:012}", call.number), "status_code": code,
            "status_message": message, "time": "0.1 sec.", "cost": cost,
            "result_count": u8::from(!result.is_null()), "path": path, "data": call.task,
            "result": result,
        }],
    })
}
