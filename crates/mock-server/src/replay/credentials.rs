//! The credentials that a server accepts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The credentials that a server accepts.
#[derive(Clone)]
pub(crate) enum AcceptedCredentials {
    /// Any, as long as they are HTTP Basic.
    Any,
    /// Exactly these.
    Exactly {
        /// `login:password`.
        credentials: String,
        /// The header for them, as most clients write it.
        header: String,
    },
}

impl AcceptedCredentials {
    /// Returns the variant for exactly these credentials.
    pub(crate) fn exactly(credentials: &str) -> Self {
        Self::Exactly {
            credentials: credentials.to_owned(),
            header: format!("Basic {}", STANDARD.encode(credentials)),
        }
    }

    /// Returns whether they include those of an `Authorization` header.
    pub(crate) fn accept(&self, header: Option<&str>) -> bool {
        if let (Self::Exactly { header: known, .. }, Some(header)) = (self, header)
            && known == header
        {
            return true;
        }
        let given = header
            .and_then(|header| header.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"))
            .and_then(|(_, encoded)| STANDARD.decode(encoded.trim()).ok());
        let Some(given) = given else {
            return false;
        };
        match self {
            Self::Any => {
                let colon = given.iter().position(|byte| *byte == b':');
                colon.is_some_and(|colon| colon > 0 && colon + 1 < given.len())
                    && std::str::from_utf8(&given).is_ok()
            }
            Self::Exactly { credentials, .. } => *credentials.as_bytes() == given,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_compared_decoded() {
        let any = AcceptedCredentials::Any;
        let exactly = AcceptedCredentials::exactly("login:pass");
        let header = format!("Basic {}", STANDARD.encode("login:pass"));
        let lower_case = format!("basic  {}", STANDARD.encode("login:pass"));
        let other = format!("Basic {}", STANDARD.encode("login:other"));
        let accepted = |header: Option<&str>| (any.accept(header), exactly.accept(header));
        assert_eq!(accepted(Some(&header)), (true, true));
        assert_eq!(accepted(Some(&lower_case)), (true, true));
        assert_eq!(accepted(Some(&other)), (true, false));
        assert_eq!(accepted(Some("Bearer x")), (false, false));
        assert_eq!(accepted(None), (false, false));
    }
}
