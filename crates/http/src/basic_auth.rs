//! HTTP basic authentication.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use http::header::InvalidHeaderValue;

/// Returns the value of the `Authorization` header for `login:password`.
///
/// The value is marked as sensitive: its `Debug` does not print it.
///
/// # Errors
/// When the value is not valid in a header.
pub fn basic_auth(credentials: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Basic {}", STANDARD.encode(credentials)))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Returns `login:password` from the value of an `Authorization` header; `None` if it is not basic
/// authentication.
pub fn decode_basic_auth(header: &HeaderValue) -> Option<String> {
    let (scheme, encoded) = header.to_str().ok()?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let credentials = String::from_utf8(decoded).ok()?;
    (scheme.eq_ignore_ascii_case("basic") && credentials.contains(':')).then_some(credentials)
}

#[cfg(test)]
mod tests {
    use super::{basic_auth, decode_basic_auth};

    #[test]
    fn the_header_is_not_printed_and_is_read_again() {
        let header = basic_auth("login:password").unwrap();
        assert_eq!(header, "Basic bG9naW46cGFzc3dvcmQ=");
        assert_eq!(format!("{header:?}"), "Sensitive");
        assert_eq!(
            decode_basic_auth(&header).as_deref(),
            Some("login:password")
        );
    }
}
