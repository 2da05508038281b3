//! Shows the progress of a job: a bar on a terminal, a line from time to time otherwise.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use dataforseo_bulk::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::money::us_dollars;
use crate::output::note;

/// The interval at which the bar is drawn.
pub(super) const TICK: Duration = Duration::from_millis(250);
/// The interval of the lines.
const LINE_INTERVAL: Duration = Duration::from_secs(10);

/// Shows progress on stderr.
pub(super) struct ProgressDisplay {
    style: DisplayStyle,
    started: Instant,
    /// The number of targets, if it is known.
    total: Option<u64>,
}

/// Writes lines to stderr that the bar does not overwrite.
pub(super) struct Notifier(Option<ProgressBar>);

impl Notifier {
    pub(super) fn note(&self, line: &str) {
        match &self.0 {
            Some(bar) => bar.suspend(|| note(line)),
            None => note(line),
        }
    }
}

enum DisplayStyle {
    Hidden,
    Bar(ProgressBar),
    Lines { last: Instant },
}

impl ProgressDisplay {
    /// Creates a bar if stderr is a terminal, and lines otherwise.
    pub(super) fn new(total: Option<u64>) -> Self {
        let now = Instant::now();
        Self {
            style: if stderr().is_terminal() {
                DisplayStyle::Bar(bar(total))
            } else {
                DisplayStyle::Lines { last: now }
            },
            started: now,
            total,
        }
    }

    /// Creates a display that shows nothing.
    pub(super) fn hidden() -> Self {
        Self {
            style: DisplayStyle::Hidden,
            started: Instant::now(),
            total: None,
        }
    }

    /// Shows the progress, if it is due.
    pub(super) fn update(&mut self, progress: &Progress) {
        match &self.style {
            DisplayStyle::Hidden => {}
            DisplayStyle::Bar(bar) => {
                bar.set_position(progress.finished());
                bar.set_message(self.message(progress));
            }
            DisplayStyle::Lines { last } if last.elapsed() >= LINE_INTERVAL => {
                note(self.message(progress));
                self.style = DisplayStyle::Lines {
                    last: Instant::now(),
                };
            }
            DisplayStyle::Lines { .. } => {}
        }
    }

    /// Returns a handle that writes lines beside the bar.
    pub(super) fn notifier(&self) -> Notifier {
        Notifier(match &self.style {
            DisplayStyle::Bar(bar) => Some(bar.clone()),
            DisplayStyle::Hidden | DisplayStyle::Lines { .. } => None,
        })
    }

    /// Removes the bar.
    pub(super) fn clear(&self) {
        if let DisplayStyle::Bar(bar) = &self.style {
            bar.finish_and_clear();
        }
    }

    /// Describes the progress: targets, calls, cost, rate and remaining time.
    fn message(&self, progress: &Progress) -> String {
        let finished = progress.finished();
        let total = self.total.map(|total| format!(" of {total}"));
        let seconds = self.started.elapsed().as_secs_f64();
        // Outcomes from the journal arrive at once, so they would distort the rate.
        let rate = finished.saturating_sub(progress.resumed) as f64 / seconds.max(0.001);
        let mut text = format!(
            "{finished}{} targets, {} calls, {}, {rate:.0} targets/s",
            total.unwrap_or_default(),
            progress.calls,
            us_dollars(progress.cost + progress.earlier_cost)
        );
        if let Some(time) = progress.refused_for {
            let time = duration(time.as_secs_f64());
            text += &format!("; the account's limits are reached, waiting for {time}");
            return text;
        }
        if let Some(total) = self.total
            && rate > 0.0
        {
            let left = total.saturating_sub(finished) as f64 / rate;
            text += &format!(", {} left", duration(left));
        }
        text
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    // An invalid template would leave the default bar, which is good enough.
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}%\n{msg}") {
        bar.set_style(style);
    }
    bar
}

/// Formats an estimated duration with at most two units.
fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil().min(1e9) as u64;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours > 0 {
        format!("{hours} h {minutes} min")
    } else if minutes > 0 {
        format!("{minutes} min {} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use dataforseo_bulk::Progress;

    use super::{ProgressDisplay, duration};

    #[test]
    fn a_wait_for_the_limits_of_the_account_is_shown() {
        let mut progress = Progress::default();
        let display = ProgressDisplay::hidden();
        assert!(!display.message(&progress).contains("waiting"));
        progress.refused_for = Some(Duration::from_secs(130));
        let shown = display.message(&progress);
        let expected = "; the account's limits are reached, waiting for 2 min 10 s";
        assert!(shown.ends_with(expected), "{shown}");
    }

    #[test]
    fn durations_have_at_most_two_units() {
        let shown = [0.0, 0.2, 59.0, 61.0, 3599.2, 7322.0].map(duration);
        let expected = ["0 s", "1 s", "59 s", "1 min 1 s", "1 h 0 min", "2 h 2 min"];
        assert_eq!(shown, expected);
    }
}
