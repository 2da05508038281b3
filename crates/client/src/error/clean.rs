//! Errors without the credentials and control characters that a server may have sent back in messages.

use std::error::Error as StdError;

use dataforseo_http::Redactor;
use dataforseo_models::TaskId;
use serde::de::Error as _;

use super::display::Chain;
use super::{Error, ErrorKind};

impl Error {
    /// Returns the error with all text from the server cleaned. The raw response keeps its bytes.
    pub(crate) fn cleaned(mut self, redactor: &Redactor) -> Self {
        match &mut self.0.kind {
            ErrorKind::Transport(error) => error.clean(redactor),
            ErrorKind::Body(error) => {
                let shown = error.to_string();
                if !redactor.is_clean(&shown) {
                    *error = serde_json::Error::custom(redactor.clean(&shown));
                }
            }
            ErrorKind::Envelope { message, .. } => clean_text(message, redactor),
            ErrorKind::Task { message, id, .. } => {
                clean_text(message, redactor);
                clean_id(id, redactor);
            }
            ErrorKind::Pending { id, .. } => clean_id(id, redactor),
            _ => {}
        }
        self
    }
}

/// Cleans a message of the server.
pub(crate) fn clean_text(text: &mut String, redactor: &Redactor) {
    if !redactor.is_clean(text) {
        *text = redactor.clean(text).into_owned();
    }
}

/// Cleans an identifier of a task, which is shown in messages. A UUID is kept whatever it contains, as
/// results are fetched by it.
pub(crate) fn clean_id(id: &mut Option<TaskId>, redactor: &Redactor) {
    if let Some(found) = id
        && !is_uuid(found.as_str())
        && !redactor.is_clean(found.as_str())
    {
        *found = TaskId::new(redactor.clean(found.as_str()));
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(index, character)| match index {
            8 | 13 | 18 | 23 => character == '-',
            _ => character.is_ascii_hexdigit(),
        })
}

/// Returns the messages of an error and its sources in one line, if neither these nor its `Debug` can be
/// shown as they are.
pub(crate) fn clean_chain(error: &dyn StdError, redactor: &Redactor) -> Option<String> {
    let shown = Chain(error).to_string();
    let is_clean = redactor.is_clean(&shown) && redactor.is_clean(&format!("{error:?}"));
    (!is_clean).then(|| redactor.clean(&shown).into_owned())
}
