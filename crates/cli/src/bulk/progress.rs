//! How far a job is, for people: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, stderr};
use std::time::{Duration, Instant};

use dataforseo_bulk::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::output::{tell, us_dollars};

/// How often a bar is drawn anew.
pub(super) const TICK: Duration = Duration::from_millis(250);
/// How often there is a line where there is no bar.
const LINE: Duration = Duration::from_secs(10);

/// Shows progress on stderr.
pub(super) struct Display {
    kind: Kind,
    began: Instant,
    /// How many targets there are, if that is known.
    total: Option<u64>,
}

enum Kind {
    None,
    Bar(ProgressBar),
    /// When the last line was.
    Lines(Instant),
}

impl Display {
    pub(super) fn new(total: Option<u64>, quiet: bool) -> Self {
        let now = Instant::now();
        let kind = match quiet {
            true => Kind::None,
            false if stderr().is_terminal() => Kind::Bar(bar(total)),
            false => Kind::Lines(now),
        };
        Self {
            kind,
            began: now,
            total,
        }
    }

    /// Shows how far the job is, if it is time.
    pub(super) fn show(&mut self, progress: &Progress) {
        let text = || self.words(progress);
        match &self.kind {
            Kind::None => {}
            Kind::Bar(bar) => {
                bar.set_position(progress.done());
                bar.set_message(text());
            }
            Kind::Lines(last) if last.elapsed() >= LINE => {
                tell(text());
                self.kind = Kind::Lines(Instant::now());
            }
            Kind::Lines(_) => {}
        }
    }

    /// Takes the bar away.
    pub(super) fn end(&self) {
        if let Kind::Bar(bar) = &self.kind {
            bar.finish_and_clear();
        }
    }

    /// Done, rate, cost so far, time left.
    fn words(&self, progress: &Progress) -> String {
        let done = progress.done();
        let of = self.total.map(|total| format!(" of {total}"));
        let seconds = self.began.elapsed().as_secs_f64();
        // What comes from the journal comes at once, and says nothing of what is to come.
        let rate = done.saturating_sub(progress.resumed) as f64 / seconds.max(0.001);
        let mut text = format!(
            "{done}{} targets, {} calls, {}, {rate:.0} targets a second",
            of.unwrap_or_default(),
            progress.calls,
            us_dollars(progress.spent + progress.spent_before)
        );
        if let Some(total) = self.total
            && rate > 0.0
        {
            let left = total.saturating_sub(done) as f64 / rate;
            text += &format!(", {} left", duration(left));
        }
        text
    }
}

fn bar(total: Option<u64>) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    // A template that is wrong would be found by whoever runs it once; the plain bar serves, too.
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent}%\n{msg}") {
        bar.set_style(style);
    }
    bar
}

/// A time that is not exact anyway: two units of it.
fn duration(seconds: f64) -> String {
    let seconds = seconds.ceil().min(1e9) as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds} s"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_have_two_units() {
        let shown = [0.0, 0.2, 59.0, 61.0, 3599.2, 7322.0].map(duration);
        let expected = ["0 s", "1 s", "59 s", "1 min 1 s", "1 h 0 min", "2 h 2 min"];
        assert_eq!(shown, expected);
    }
}
