//! Amounts in US dollars.

/// Formats an amount with its unit, rounded to the millionth.
pub(crate) fn us_dollars(amount: f64) -> String {
    let text = format!("{amount:.6}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{text} USD")
}

/// Parses an amount from the command line.
pub(crate) fn parse(text: &str) -> Result<f64, String> {
    let amount = text.parse::<f64>().ok();
    let amount = amount.filter(|amount| amount.is_finite() && *amount >= 0.0);
    amount.ok_or_else(|| "expected an amount in US dollars, such as 0.5".to_owned())
}

#[cfg(test)]
mod tests {
    use super::us_dollars;

    #[test]
    fn amounts_have_no_noise() {
        let amounts = [0.0, 0.024 + 0.000036, 16.02, 1000.0];
        let texts = ["0 USD", "0.024036 USD", "16.02 USD", "1000 USD"];
        assert_eq!(amounts.map(us_dollars), texts);
    }
}
