//! The first step of a request: which session and route its path names, and its body.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::Body;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::peer::Peer;

/// The largest request body that is read, in bytes. The API's own limits are far below.
pub(super) const MAX_BODY: usize = 16 << 20;
/// How many bytes of a larger body are read and dropped, so that its sender gets to read the error.
const MAX_DISCARDED: usize = 1 << 30;
/// The time that a body has to arrive.
pub(super) const BODY_TIMEOUT: Duration = Duration::from_secs(60);
/// The unit of the memory for bodies, in bytes.
const MEMORY_UNIT: usize = 1024;
/// The longest name of a session, in bytes.
const MAX_SESSION_NAME: usize = 100;

/// A path such as `/__s/NAME/v3/…` or `/__mock/ROUTE`, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Route<'a> {
    /// The session's name; `None` for the main session.
    pub(super) session: Option<&'a str>,
    pub(super) target: RequestTarget<'a>,
}

/// The part of a path behind the session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RequestTarget<'a> {
    /// An admin route, without `/__mock/`.
    Admin(&'a str),
    /// A path of the API.
    Api(&'a str),
}

impl<'a> Route<'a> {
    pub(super) fn parse(path: &'a str) -> Self {
        let (session, path) = match split_session(path) {
            Some((name, rest)) => (Some(name), rest),
            None => (None, path),
        };
        // A base URL with a trailing slash leads to two slashes here.
        let path = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('/'))
            .unwrap_or(path);
        let target = match path.strip_prefix("/__mock/") {
            Some(route) => RequestTarget::Admin(route),
            None => RequestTarget::Api(path),
        };
        Self { session, target }
    }
}

fn split_session(path: &str) -> Option<(&str, &str)> {
    let rest = path.trim_start_matches('/').strip_prefix("__s/")?;
    let (name, _) = rest.split_once('/')?;
    is_session_name(name).then(|| (name, &rest[name.len()..]))
}

fn is_session_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.len() <= MAX_SESSION_NAME
        && name.bytes().all(allowed)
}

/// How much of a body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ReadLimit {
    /// All of it, up to [`MAX_BODY`].
    Whole,
    /// At least this many bytes, if there are as many.
    FirstBytes(usize),
}

/// The limit that a body exceeds.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// [`MAX_BODY`].
    TooLarge,
    /// The memory for the bodies of all requests.
    NoMemory,
    /// [`BODY_TIMEOUT`].
    TooSlow,
}

impl BodyError {
    /// Returns the HTTP status, and the message that states the limit.
    pub(super) fn response(&self, memory: &BodyMemory) -> (u16, String) {
        match self {
            Self::TooLarge => (
                413,
                format!("the request body is larger than {MAX_BODY} bytes"),
            ),
            Self::NoMemory => (
                503,
                format!(
                    "the bodies of all requests in progress are larger than {} bytes together: send \
                     fewer requests at the same time",
                    memory.size
                ),
            ),
            Self::TooSlow => (
                408,
                format!(
                    "the request body did not arrive within {} seconds",
                    BODY_TIMEOUT.as_secs()
                ),
            ),
        }
    }
}

/// The memory for the bodies of all requests together.
pub(crate) struct BodyMemory {
    size: usize,
    /// In units of [`MEMORY_UNIT`].
    free: Arc<Semaphore>,
}

impl BodyMemory {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            size,
            free: Arc::new(Semaphore::new(size / MEMORY_UNIT)),
        }
    }

    /// Returns memory for this many bytes, if that much is free.
    fn take(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = u32::try_from(bytes.div_ceil(MEMORY_UNIT)).ok()?;
        Arc::clone(&self.free).try_acquire_many_owned(units).ok()
    }
}

/// A body, with the memory that it takes.
#[derive(Debug, Default)]
pub(super) struct ReadBody {
    pub(super) bytes: Bytes,
    memory: Option<OwnedSemaphorePermit>,
}

impl ReadBody {
    fn take(&mut self, more: OwnedSemaphorePermit) {
        match &mut self.memory {
            Some(memory) => memory.merge(more),
            None => self.memory = Some(more),
        }
    }
}

/// Reads a body. A client that breaks off in the middle has sent the bytes that arrived.
pub(super) async fn read_body<B>(
    body: B,
    limit: ReadLimit,
    memory: &BodyMemory,
    peer: Peer,
) -> Result<ReadBody, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let read = read(body, limit, memory);
    match peer {
        // A test in the same program can stop the clock.
        Peer::Program => read.await,
        Peer::Local | Peer::Remote => tokio::time::timeout(BODY_TIMEOUT, read)
            .await
            .unwrap_or(Err(BodyError::TooSlow)),
    }
}

async fn read<B>(mut body: B, limit: ReadLimit, memory: &BodyMemory) -> Result<ReadBody, BodyError>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut read = Frames::default();
    let mut whole = ReadBody::default();
    while limit.wants_more(read.len()) {
        let Some(Ok(frame)) = body.frame().await else {
            break;
        };
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if read.len() + data.len() > MAX_BODY {
            discard(body, data.len()).await;
            return Err(BodyError::TooLarge);
        }
        whole.take(memory.take(data.len()).ok_or(BodyError::NoMemory)?);
        read.push(data);
        if body.is_end_stream() {
            break;
        }
    }
    whole.bytes = read.into_bytes();
    Ok(whole)
}

impl ReadLimit {
    fn wants_more(self, read: usize) -> bool {
        match self {
            Self::Whole => true,
            Self::FirstBytes(limit) => read < limit,
        }
    }
}

async fn discard<B: Body<Data = Bytes> + Unpin>(mut body: B, already: usize) {
    let mut discarded = already;
    while discarded <= MAX_DISCARDED {
        match body.frame().await {
            Some(Ok(frame)) => discarded += frame.data_ref().map_or(0, Bytes::len),
            _ => return,
        }
    }
}

/// The data of a body. Most bodies arrive in one frame, which is kept without a copy.
#[derive(Default)]
struct Frames {
    first: Bytes,
    joined: BytesMut,
}

impl Frames {
    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn push(&mut self, data: Bytes) {
        if self.len() == 0 {
            self.first = data;
            return;
        }
        self.joined
            .extend_from_slice(&std::mem::take(&mut self.first));
        self.joined.extend_from_slice(&data);
    }

    fn into_bytes(self) -> Bytes {
        if self.joined.is_empty() {
            self.first
        } else {
            self.joined.freeze()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body_util::Full;
    use hyper::body::Frame;

    use super::*;

    #[test]
    fn a_path_names_a_session_and_a_target() {
        let route = |path| {
            let Route { session, target } = Route::parse(path);
            (session, target)
        };
        assert_eq!(route("/v3/x"), (None, RequestTarget::Api("/v3/x")));
        assert_eq!(route("//v3/x"), (None, RequestTarget::Api("/v3/x")));
        assert_eq!(
            route("/__mock/health"),
            (None, RequestTarget::Admin("health"))
        );
        assert_eq!(
            route("/__s/a-1/v3/x"),
            (Some("a-1"), RequestTarget::Api("/v3/x"))
        );
        assert_eq!(
            route("/__s/a//v3/x"),
            (Some("a"), RequestTarget::Api("/v3/x"))
        );
        let admin = (Some("a"), RequestTarget::Admin("misses/1"));
        assert_eq!(route("/__s/a/__mock/misses/1"), admin);
        for path in ["/__s/-a/v3/x", "/__s//v3/x", "/__s/a b/v3/x", "/__s/a"] {
            assert_eq!(route(path), (None, RequestTarget::Api(path)), "{path}");
        }
    }

    /// A body that arrives in several frames.
    struct Parts(VecDeque<Bytes>);

    impl Body for Parts {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|part| Ok(Frame::data(part))))
        }
    }

    fn parts<const N: usize>(parts: [Vec<u8>; N]) -> Parts {
        Parts(parts.into_iter().map(Bytes::from).collect())
    }

    async fn read<B>(body: B, limit: ReadLimit) -> Result<Bytes, BodyError>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let memory = BodyMemory::new(2 * MAX_BODY);
        let read = read_body(body, limit, &memory, Peer::Local).await;
        read.map(|body| body.bytes)
    }

    #[tokio::test]
    async fn a_body_is_read_whole_or_up_to_a_limit() {
        let whole = read(Full::new(Bytes::from("[1]")), ReadLimit::Whole).await;
        assert_eq!(whole.unwrap(), "[1]");
        let letters = || parts([b"ab".to_vec(), b"cd".to_vec(), b"ef".to_vec()]);
        assert_eq!(read(letters(), ReadLimit::Whole).await.unwrap(), "abcdef");
        let first = |bytes| read(letters(), ReadLimit::FirstBytes(bytes));
        assert_eq!(first(0).await.unwrap(), "");
        assert_eq!(first(3).await.unwrap(), "abcd");
    }

    #[tokio::test]
    async fn a_body_that_is_too_large_is_an_error() {
        let half = || vec![b' '; MAX_BODY / 2];
        let exact = read(parts([half(), half()]), ReadLimit::Whole).await;
        assert_eq!(exact.unwrap().len(), MAX_BODY);
        let more = parts([half(), half(), vec![b' ']]);
        assert_eq!(read(more, ReadLimit::Whole).await, Err(BodyError::TooLarge));
    }

    #[tokio::test]
    async fn all_bodies_together_are_bounded() {
        let memory = BodyMemory::new(10 * MEMORY_UNIT);
        let body = || parts([vec![b' '; 3 * MEMORY_UNIT], vec![b' '; 3 * MEMORY_UNIT]]);
        let read = || read_body(body(), ReadLimit::Whole, &memory, Peer::Local);
        let held = read().await.unwrap();
        let error = read().await.unwrap_err();
        assert_eq!(error, BodyError::NoMemory);
        assert!(error.response(&memory).1.contains("10240 bytes together"));
        drop(held);
        assert_eq!(read().await.unwrap().bytes.len(), 6 * MEMORY_UNIT);
    }

    /// A body that never ends.
    struct Endless;

    impl Body for Endless {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Pending
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_an_error_after_a_time() {
        let started = tokio::time::Instant::now();
        assert_eq!(
            read(Endless, ReadLimit::Whole).await,
            Err(BodyError::TooSlow)
        );
        assert_eq!(started.elapsed(), BODY_TIMEOUT);
    }
}
