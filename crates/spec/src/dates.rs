//! Dates in the spec: `2019-01-01`, `today`, `today - 1 month`, `today + 2 years`.

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
    /// A date relative to today, in the future.
    After {
        /// Years after today.
        years: i16,
        /// Months after today.
        months: i16,
        /// Days after today.
        days: i16,
    },
}

/// The accepted formats of a date, for messages.
pub const FORMS: &str =
    "a date such as `2019-01-01`, `today`, `today - 1 month` or `today + 1 year`";

impl DateExpression {
    /// Parses a date expression. Returns `None` if the text is in another format.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(rest) = text.strip_prefix("today") {
            let (mut years, mut months, mut days) = (0, 0, 0);
            let rest = rest.trim();
            let future = rest.strip_prefix('+');
            if !rest.is_empty() {
                let count = future.or_else(|| rest.strip_prefix('-'))?;
                let mut words = count.split_whitespace();
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
            return Some(match future {
                Some(_) => Self::After {
                    years,
                    months,
                    days,
                },
                None => Self::Before {
                    years,
                    months,
                    days,
                },
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
            Self::After {
                years,
                months,
                days,
            } => {
                let span = years.years().months(months).days(days);
                (false, today.saturating_add(span))
            }
        };
        let ((fast, this), (other_fast, other)) = (on(self), on(other));
        fast == other_fast && this < other
    }
}

impl fmt::Display for DateExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, years, months, days) = match *self {
            Self::On(date) => return date.fmt(f),
            Self::Before {
                years,
                months,
                days,
            } => ('-', years, months, days),
            Self::After {
                years,
                months,
                days,
            } => ('+', years, months, days),
        };
        let parts = [(years, "year"), (months, "month"), (days, "day")];
        let Some((count, unit)) = parts.into_iter().find(|(count, _)| *count > 0) else {
            return f.write_str("today");
        };
        write!(
            f,
            "today {sign} {count} {unit}{}",
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
            "today + 2 years",
            "today + 1 month",
        ] {
            let read = DateExpression::parse(text).map(|date| date.to_string());
            assert_eq!(read.as_deref(), Some(text));
        }
    }

    #[test]
    fn relative_dates_are_in_order() {
        let dates = [
            "today - 1 year",
            "today - 1 day",
            "today",
            "today + 1 day",
            "today + 2 years",
        ];
        let dates = dates.map(|text| DateExpression::parse(text).unwrap());
        for pair in dates.windows(2) {
            assert!(pair[0].is_before(pair[1]) && !pair[1].is_before(pair[0]));
        }
    }

    #[test]
    fn refuses_other_forms() {
        for text in [
            "",
            "today-",
            "today - 0 days",
            "today + 0 days",
            "today +",
            "today * 1 day",
            "today - 1 week",
            "2019-1-1",
            "today - 1 day ago",
            "20190101",
        ] {
            assert_eq!(DateExpression::parse(text), None, "{text}");
        }
    }
}
