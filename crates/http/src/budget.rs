//! Checks of budgets in US dollars.

/// The tolerance of comparisons, in US dollars: sums of floats are not exact.
const TOLERANCE: f64 = 1e-9;

/// Returns whether an amount can be a budget: neither negative nor NaN.
pub fn is_valid_budget(us_dollars: f64) -> bool {
    us_dollars >= 0.0
}

/// Returns whether a call with this estimate fits into what is left of the budget. All amounts are
/// in US dollars.
pub fn fits_budget(spent: f64, estimate: f64, budget: f64) -> bool {
    spent + estimate <= budget + TOLERANCE
}

#[cfg(test)]
mod tests {
    use super::{fits_budget, is_valid_budget};

    #[test]
    fn a_sum_that_is_exact_on_paper_fits() {
        assert!(fits_budget(0.1 + 0.2, 0.0, 0.3));
        assert!(fits_budget(0.0, 0.0, 0.0));
        assert!(!fits_budget(0.3, 0.000_01, 0.3));
    }

    #[test]
    fn negative_amounts_and_nan_are_not_budgets() {
        assert!(is_valid_budget(0.0) && is_valid_budget(f64::INFINITY));
        assert!(!is_valid_budget(-0.01) && !is_valid_budget(f64::NAN));
    }
}
