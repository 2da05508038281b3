//! Content encodings: from the bytes that arrived to the body of the response.

use std::io::Read;

use ::http::HeaderValue;
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use super::error::{TransportError, TransportErrorKind};

/// The most layers of compression that are undone. A list of thousands would only cost time.
const MAX_LAYERS: usize = 8;
/// The largest body in bytes that is decompressed on the runtime's own threads. It has at most 16 MiB
/// then, as gzip compresses to a thousandth at best.
const MAX_INLINE: usize = 16 << 10;
/// The number of bodies that are decompressed at once, over all clients of the program.
const MAX_AT_ONCE: usize = 4;
static PLACES: Semaphore = Semaphore::const_new(MAX_AT_ONCE);

/// The first bytes of a body that is compressed with gzip.
const GZIP_MAGIC: &[u8] = &[0x1f, 0x8b];

/// A body without its encodings.
pub(super) struct Decoded {
    /// The body, or as much of it as can be read.
    pub(super) body: Bytes,
    /// Why the body is not complete.
    pub(super) error: Option<TransportError>,
}

/// Undoes the encodings that the headers `Content-Encoding` list. The body has at most `limit` bytes
/// after each.
///
/// A body that is labeled as gzip and is not compressed is returned as it is.
pub(super) async fn decode(headers: &[HeaderValue], body: Bytes, limit: usize) -> Decoded {
    let layers = match layers(headers) {
        Ok(layers) => layers,
        Err(error) => {
            return Decoded {
                body,
                error: Some(error),
            };
        }
    };
    if layers == 0 || (layers == 1 && body.len() <= MAX_INLINE) {
        return unzip_all(layers, body, limit);
    }
    let compressed = body.clone();
    // The semaphore is never closed. The place belongs to the thread, as that goes on if the caller drops
    // this future.
    let place = PLACES.acquire().await.ok();
    let work = spawn_blocking(move || {
        let decoded = unzip_all(layers, body, limit);
        drop(place);
        decoded
    });
    work.await.unwrap_or_else(|error| Decoded {
        body: compressed,
        error: Some(TransportError::new(
            TransportErrorKind::Decompression,
            error,
        )),
    })
}

/// Returns how many layers of gzip the headers list.
fn layers(headers: &[HeaderValue]) -> Result<usize, TransportError> {
    let mut layers = 0;
    let refuse = |reason: String| TransportError::new(TransportErrorKind::Decompression, reason);
    for header in headers {
        let list = String::from_utf8_lossy(header.as_bytes());
        for encoding in list.split(',') {
            match encoding.trim().to_ascii_lowercase().as_str() {
                "" | "identity" => {}
                "gzip" | "x-gzip" => layers += 1,
                other => return Err(refuse(format!("requested gzip, received `{other}`"))),
            }
        }
    }
    if layers > MAX_LAYERS {
        return Err(refuse(format!(
            "compressed {layers} times, which is more than {MAX_LAYERS}"
        )));
    }
    Ok(layers)
}

fn unzip_all(layers: usize, body: Bytes, limit: usize) -> Decoded {
    let mut decoded = Decoded { body, error: None };
    for _ in 0..layers {
        if !decoded.body.starts_with(GZIP_MAGIC) {
            tracing::warn!("a response is labeled as gzip and is not compressed");
            break;
        }
        decoded = unzip(&decoded.body, limit);
        // A part of the inner layer can still be read.
        if let Some(error) = decoded.error.take() {
            if decoded.body.starts_with(GZIP_MAGIC) && layers > 1 {
                decoded.body = unzip_all(layers - 1, decoded.body, limit).body;
            }
            decoded.error = Some(error);
            break;
        }
    }
    decoded
}

fn unzip(body: &Bytes, limit: usize) -> Decoded {
    let mut plain = Vec::new();
    // One byte more than allowed distinguishes a body of the maximum size from a larger one.
    let at_most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    // After an error, `plain` holds what was read before.
    let outcome = MultiGzDecoder::new(&body[..])
        .take(at_most)
        .read_to_end(&mut plain);
    let error = match outcome {
        Err(error) => Some(TransportError::new(
            TransportErrorKind::Decompression,
            error,
        )),
        Ok(_) if plain.len() > limit => Some(TransportErrorKind::ResponseTooLarge(limit).into()),
        Ok(_) => None,
    };
    // Nothing could be read, so the bytes that arrived are kept.
    let body = if plain.is_empty() && error.is_some() {
        body.clone()
    } else {
        plain.into()
    };
    Decoded { body, error }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn zip(body: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    /// Returns the body and the error.
    async fn decoded(headers: &[&str], body: Vec<u8>) -> (String, Option<TransportErrorKind>) {
        let headers: Vec<_> = headers.iter().map(|it| it.parse().unwrap()).collect();
        let decoded = decode(&headers, body.into(), 1 << 20).await;
        let body = String::from_utf8_lossy(&decoded.body).into_owned();
        (body, decoded.error.map(|error| error.kind()))
    }

    #[tokio::test]
    async fn lists_of_encodings_are_undone() {
        let (once, twice) = (zip(b"plain"), zip(&zip(b"plain")));
        let cases: [(&[&str], &[u8]); 12] = [
            (&[], b"plain"),
            (&["identity"], b"plain"),
            (&["identity", "identity, "], b"plain"),
            (&["gzip"], &once),
            (&["GZip "], &once),
            (&["x-gzip"], &once),
            (&["gzip, identity"], &once),
            (&["gzip, gzip"], &twice),
            (&["gzip", "x-gzip"], &twice),
            // The label is wrong.
            (&["gzip"], b"plain"),
            (&["gzip, gzip"], b"plain"),
            (&["gzip, gzip"], &once),
        ];
        for (headers, body) in cases {
            let outcome = decoded(headers, body.to_vec()).await;
            assert_eq!(outcome, ("plain".to_owned(), None), "{headers:?}");
        }
    }

    #[tokio::test]
    async fn what_can_be_read_is_kept() {
        use TransportErrorKind::{Decompression, ResponseTooLarge};
        let body = "plain ".repeat(20_000);
        let whole = zip(body.as_bytes());
        let mut wrong_sum = whole.clone();
        let end = wrong_sum.len() - 8;
        wrong_sum[end] ^= 1;
        for broken in [
            whole[..whole.len() - 9].to_vec(),
            wrong_sum,
            [&whole[..], b"more"].concat(),
        ] {
            let (kept, error) = decoded(&["gzip"], broken).await;
            assert_eq!(error, Some(Decompression));
            assert!(kept.len() > body.len() / 2 && body.starts_with(&kept));
        }
        for other in ["br", "gzip, br", "gzip,".repeat(9).as_str()] {
            let outcome = decoded(&[other], b"kept".to_vec()).await;
            assert_eq!(outcome, ("kept".to_owned(), Some(Decompression)));
        }
        let bomb = zip(&zip(&vec![b' '; 4 << 20]));
        for headers in [&["gzip, gzip"][..], &["gzip", "gzip"]] {
            let (kept, error) = decoded(headers, bomb.clone()).await;
            assert_eq!(
                (kept.len(), error),
                ((1 << 20) + 1, Some(ResponseTooLarge(1 << 20)))
            );
        }
    }
}
