//! Dates in the spec: `2019-01-01`, `today`, `today - 1 month`.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;

/// A date that is fixed or relative to today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateExpression {
    /// A fixed date.
    On(Date),
    /// A date relative to today.
    Before {
        /// Years before today.
        years: i16,
        /// Months before today.
        months: i16,
        /// Days before today.
        days: i16,
    },
}

/// The accepted formats of a date, for messages.
pub const FORMS: &str = "a date such as `2019-01-01`, `today` or `today - 1 month`";

impl DateExpression {
    /// Parses a date expression. Returns `None` if the text is in another format.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("today") {
            let (mut years, mut months, mut days) = (0, 0, 0);
            if !rest.is_empty() {
                let mut words = rest.trim().strip_prefix('-')?.split_whitespace();
                let count: i16 = words.next()?.parse().ok().filter(|count| *count > 0)?;
                match words.next()?.trim_end_matches('s') {
                    "year" => years = count,
                    "month" => months = count,
                    "day" => days = count,
                    _ => return None,
                }
                if words.next().is_some() {
                    return None;
                }
            }
            return Some(Self::Before {
                years,
                months,
                days,
            });
        }
        let date: Date = text.parse().ok()?;
        (date.to_string() == text).then_some(Self::On(date))
    }
}

impl DateExpression {
    /// Returns whether the date is always before another one. Only two fixed or two relative dates
    /// are comparable.
    pub fn is_before(self, other: Self) -> bool {
        // Any date works here.
        let today = Date::constant(2026, 3, 31);
        let on = |date| match date {
            Self::On(date) => (true, date),
            Self::Before {
                years,
                months,
                days,
            } => {
                let span = years.years().months(months).days(days);
                (false, today.saturating_sub(span))
            }
        };
        let ((fast, this), (other_fast, other)) = (on(self), on(other));
        fast == other_fast && this < other
    }
}

impl fmt::Display for DateExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, unit) = match *self {
            Self::On(date) => return date.fmt(f),
            Self::Before { years, .. } if years > 0 => (years, "year"),
            Self::Before { months, .. } if months > 0 => (months, "month"),
            Self::Before { days, .. } if days > 0 => (days, "day"),
            Self::Before { .. } => return f.write_str("today"),
        };
        write!(
            f,
            "today - {count} {unit}{}",
            if count == 1 { "" } else { "s" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::DateExpression;

    #[test]
    fn reads_what_it_prints() {
        for text in [
            "2019-01-30",
            "today",
            "today - 1 year",
            "today - 3 months",
            "today - 365 days",
        ] {
            let read = DateExpression::parse(text).map(|date| date.to_string());
            assert_eq!(read.as_deref(), Some(text));
        }
    }

    #[test]
    fn refuses_other_forms() {
        for text in [
            "",
            "today-",
            "today - 0 days",
            "today + 1 day",
            "today - 1 week",
            "2019-1-1",
            "today - 1 day ago",
            "20190101",
        ] {
            assert_eq!(DateExpression::parse(text), None, "{text}");
        }
    }
}
