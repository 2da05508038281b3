//! What the client and the recorder of the mock server share: HTTPS, basic authentication, checks
//! of base URLs and of budgets.
//!
//! This crate is internal. It makes no promise of compatibility.

mod base_url;
mod basic_auth;
mod budget;
mod https;
mod redact;

pub use base_url::{BaseUrlError, Cleartext, base_url, is_loopback, redact_url};
pub use basic_auth::{basic_auth, decode_basic_auth};
pub use budget::{fits_budget, is_valid_budget};
pub use https::{
    CertificateError, HttpVersions, certificates, https_connector, tcp_connector, tls_config,
};
pub use redact::Redactor;
