//! Targets of the input, and the check that each one passes before it is packed into a call.

use dataforseo_client::models::{Date, PerTarget, Violation, today, validate};

/// A target of the input.
///
/// `String` and `&str` convert into [`Target::Text`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A domain, subdomain or page to send. The job checks it against the endpoint's limits.
    Text(String),
    /// Input that is known to be unusable, such as a line that is not UTF-8. It is not sent and its
    /// outcome is [`Outcome::Invalid`](crate::Outcome::Invalid).
    Invalid {
        /// The input, as far as it can be shown.
        text: String,
        /// Why it cannot be sent.
        reason: String,
    },
}

impl From<String> for Target {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Target {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// A target that is not sent, with the reason.
pub(crate) struct InvalidTarget {
    pub(crate) text: String,
    pub(crate) reason: String,
}

/// Checks single targets against the limits of an endpoint.
pub(crate) struct TargetCheck<E: PerTarget> {
    /// The job's task. It holds the target that is checked.
    probe: E::Task,
    today: Date,
}

impl<E: PerTarget> TargetCheck<E> {
    /// Creates a check for the task of a job.
    pub(crate) fn new(task: E::Task) -> Self {
        Self {
            probe: task,
            today: today(),
        }
    }

    /// Returns the text of a target that can be sent.
    pub(crate) fn check(&mut self, target: Target) -> Result<String, InvalidTarget> {
        let text = match target {
            Target::Text(text) => text,
            Target::Invalid { text, reason } => return Err(InvalidTarget { text, reason }),
        };
        E::set_targets(&mut self.probe, vec![text.clone()]);
        let violations = validate(&self.probe, self.today).err();
        let violations = violations.as_ref().map_or(&[][..], |all| all.violations());
        // The rest of the task is checked by the client when it is sent. The day may be another then.
        let of_target: Vec<&Violation> = violations
            .iter()
            .filter(|violation| violation.path.starts_with(E::KIND.field()))
            .collect();
        if of_target.is_empty() {
            return Ok(text);
        }
        let reasons: Vec<String> = of_target.iter().map(|it| it.kind.to_string()).collect();
        Err(InvalidTarget {
            text,
            reason: reasons.join("; "),
        })
    }
}
