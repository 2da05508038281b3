//! How a call can fail: the error that is returned, whether the call is charged, and the reaction of
//! the client.
//!
//! The table assumes the default policies, [`AccountLimits`] and [`StandardRetryPolicy`]. "Retries"
//! means up to four attempts within five minutes with exponential backoff, and at most one retry per
//! ten calls. "As stated" means that the response states the cost: the higher one of that of the
//! envelope and the sum of those of its tasks.
//!
//! | what happens | result | charged | the client |
//! | --- | --- | --- | --- |
//! | A task breaks a documented limit. | [`InvalidTask`] with all violations | no | sends nothing |
//! | The estimate exceeds the budget. | [`BudgetExceeded`] | no | sends nothing |
//! | There are more calls than the account allows. | the response, after a wait | – | queues the calls in their order |
//! | Your own limiter refuses the call. | [`Limiter`](ErrorKind::Limiter) | no | sends nothing |
//! | Several programs on a machine use the account, with [`MachineLimits`]. | the response, after a wait | – | shares places, rates and pauses; a killed program frees its places |
//! | `HTTPS_PROXY` or `ALL_PROXY` is not the URL of a proxy. | [`ConfigError::ProxyVariable`] | no | is not built |
//! | The certificate of the server is not trusted. | [`Connect`], with [`Error::is_untrusted_server`] | no | retries |
//! | A message of a server contains the credentials or control characters. | the error, with `[redacted]` and escapes | as stated | keeps the bytes in [`Error::raw_response`] |
//! | Redis is unavailable, with `RedisFallback::Refuse`. | [`Limiter`](ErrorKind::Limiter) | no | sends nothing; its places in Redis outlive its calls in flight |
//! | Redis is unavailable, with `RedisFallback::Share`. | the response | as stated | sends within its share: at most the limit in Redis plus the shares of the programs that are cut off |
//! | Redis is unavailable, with `RedisFallback::Wait`. | [`Limiter`](ErrorKind::Limiter) after the wait | no | sends nothing until then |
//! | Redis restarts, fails over, is emptied, or its state or clock goes back. | as if it were unavailable | no | sends nothing until all calls from before must have ended |
//! | The reply of Redis to an admission is lost. | as if it were unavailable | no | sends nothing; gives the place back when Redis is available |
//! | The process is stopped or killed with calls in flight. | – | unknown | its places in Redis are kept until its calls must have ended |
//! | The process stands still after its admission. | the response | as stated | requests another admission before it sends |
//! | DNS, TCP or TLS fails, or connecting takes too long. | [`Connect`] | no | retries |
//! | The connection fails before the task was written. | [`NotSent`] | no | retries |
//! | The connection fails after that, before the response. | [`Interrupted`] | unknown | gives up |
//! | An HTTP/2 server refuses the stream (`REFUSED_STREAM`), or ends the connection before it (`GOAWAY`). | [`Unprocessed`] | no | retries |
//! | An HTTP/2 server resets the stream for another reason. | [`Interrupted`] or [`BodyInterrupted`] | unknown | gives up |
//! | The connection, the length, the last chunk or the checksum fails after a whole response. | the response, or the API's error | as stated | returns, with a warning |
//! | The connection fails within the response. | [`BodyInterrupted`], with the bytes in [`Error::raw_response`] | unknown | gives up |
//! | No complete response arrives within 150 s. | [`Timeout`] | unknown | gives up |
//! | The process stands still during a call: a signal, a paused container, a machine that sleeps. | the response | as stated | does not count that time; reads what arrived meanwhile |
//! | The response is larger than `max_response_bytes`. | [`ResponseTooLarge`] | unknown | gives up |
//! | The response is not HTTP. | [`Interrupted`] | unknown | gives up |
//! | A proxy returns 429. | [`Http`](ErrorKind::Http) | no | retries, after `Retry-After`, for which all callers pause; the ratio of retries does not apply |
//! | A server or a proxy returns 408 or 499. | [`Http`](ErrorKind::Http) | unknown | gives up |
//! | A proxy returns 502, 503 or 504. | [`Http`](ErrorKind::Http) | unknown | gives up |
//! | The body begins with a byte order mark, has bytes after the JSON, or `NaN` in place of a number. | [`Response`] with [`Response::drift`] | as stated | returns |
//! | The body is labeled as gzip and is not compressed, or is compressed several times as the label states. | [`Response`] | as stated | returns |
//! | The body is in another encoding, or its compression is damaged. | [`Decompression`], with the bytes in [`Error::raw_response`] | unknown | gives up |
//! | The status is 200 and the body is not a DataForSEO response. | [`Body`](ErrorKind::Body) | unknown | gives up |
//! | The API returns HTTP 401, 402 or 404, or codes 40100, 402xx except rate limits, 404xx, 405xx. | [`Envelope`] or [`Task`] | no | gives up |
//! | The API returns 40202 or 40209, because another program uses the account. | [`Envelope`] if it persists | no | retries, after `Retry-After`; all callers pause, longer each time; the ratio of retries does not apply |
//! | The API returns 40103, 5030x, 50401 or 50402 with cost 0. | [`Envelope`] or [`Task`] | no | retries |
//! | The API returns 50000 with cost 0. | [`Envelope`] or [`Task`] | no | retries once |
//! | The API returns one of these codes without a cost. | [`Envelope`] or [`Task`] | unknown | gives up |
//! | A task fails and costs money, as 40101 can. | [`Task`] | [`Charge::Charged`] | gives up |
//! | The costs of the envelope and of its tasks differ. | the response or the error | the higher one | reports it in [`Response::drift`] and as a warning |
//! | A cost is negative. | the response or the error | 0, unless another cost is higher | reports it in [`Response::drift`] and as a warning |
//! | A response that was or may have been charged has no cost. | the response or the error | unknown | counts its estimate against the budget: [`Costs::possible_us_dollars`] |
//! | The API returns 40501. | [`Envelope`] or [`Task`], with the field in [`Error::invalid_fields`] | no | gives up |
//! | Some tasks of a post are refused. | [`Posted`], with the outcome of each task | the accepted tasks | gives up |
//! | `tasks` is null and the code is a success. | [`NoTask`] | as stated, unknown if that is 0 | gives up |
//! | A response has several tasks although one was sent. | the first that succeeded, else the first | the sum | returns |
//! | A live endpoint returns a task that is not done. | [`Pending`], with the identifier | as stated | gives up |
//! | `fetch` returns a task that is not done. | [`Fetched::Pending`] | no | returns; the caller polls |
//! | A success has no results. | [`Response`] without results, [`Response::status_code`] 20000 or 40102 | as stated | returns |
//! | Rows of a bulk endpoint name other targets, or none. | [`Response`]; [`match_targets`] returns these rows as the rest, and a bulk job reports its targets without a row as unmatched | as stated | returns |
//! | A value is null, or of another kind than documented. | [`Response`] with [`Response::drift`] | as stated | returns |
//! | A field is not documented. | [`Response`] | as stated | ignores it; `DriftWatch` counts it |
//! | The caller drops the future while it waits for the limiter. | – | no | sends nothing |
//! | The caller drops the future while the call is in flight. | – | unknown: [`Costs::unknown_charges`] | keeps the place of the call for 120 s |
//! | The machine sleeps, or its clock jumps. | – | – | continues at the same rate, without a burst of calls |
//!
//! A call that was given up (interrupted, timeout, a proxy's 408, 499, 502, 503 or 504) keeps its place
//! among the simultaneous calls for 120 s, because the server can still work on it.
//!
//! Where the charge is "unknown", the estimate of the call counts against the budget. Calls to free endpoints
//! are retried nevertheless, if [`Error::is_retryable`] returns true.
//!
//! [`InvalidTask`]: ErrorKind::InvalidTask
//! [`match_targets`]: crate::models::match_targets
//! [`BudgetExceeded`]: ErrorKind::BudgetExceeded
//! [`Envelope`]: ErrorKind::Envelope
//! [`Task`]: ErrorKind::Task
//! [`NoTask`]: ErrorKind::NoTask
//! [`Pending`]: ErrorKind::Pending
//! [`Connect`]: TransportErrorKind::Connect
//! [`NotSent`]: TransportErrorKind::NotSent
//! [`Unprocessed`]: TransportErrorKind::Unprocessed
//! [`Decompression`]: TransportErrorKind::Decompression
//! [`Interrupted`]: TransportErrorKind::Interrupted
//! [`BodyInterrupted`]: TransportErrorKind::BodyInterrupted
//! [`Timeout`]: TransportErrorKind::Timeout
//! [`ResponseTooLarge`]: TransportErrorKind::ResponseTooLarge

#[allow(unused_imports, reason = "for the links above")]
use crate::{
    AccountLimits, Charge, ConfigError, Costs, Error, ErrorKind, Fetched, MachineLimits, Posted,
    Response, StandardRetryPolicy, TransportErrorKind,
};
