//! Targets of the input, and the check that each one passes before it is packed into a call.

use dataforseo_client::models::{Date, PerTarget, Violations, today, validate};

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
    /// Creates a check for a task that is valid apart from its targets.
    pub(crate) fn new(task: E::Task) -> Self {
        Self {
            probe: task,
            today: today(),
        }
    }

    /// Updates the date that date limits are relative to, as a job can run past midnight.
    pub(crate) fn update_date(&mut self) {
        self.today = today();
    }

    /// Returns the text of a target that can be sent.
    pub(crate) fn check(&mut self, target: Target) -> Result<String, InvalidTarget> {
        let text = match target {
            Target::Text(text) => text,
            Target::Invalid { text, reason } => return Err(InvalidTarget { text, reason }),
        };
        E::set_targets(&mut self.probe, vec![text.clone()]);
        match validate(&self.probe, self.today) {
            Ok(()) => Ok(text),
            Err(violations) => Err(InvalidTarget {
                text,
                reason: reasons(&violations),
            }),
        }
    }
}

/// Joins the reasons without field names: the rest of the task is valid, so all concern the target.
fn reasons(violations: &Violations) -> String {
    let problems = violations.violations().iter();
    let problems: Vec<_> = problems.map(|it| it.kind.to_string()).collect();
    problems.join("; ")
}
