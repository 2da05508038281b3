//! Formats figures as text.

use std::error::Error;

/// Formats a table. The first column is aligned to the left, and the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let widths = cells.map(|cell| cell.chars().count());
        widths.max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate();
        let cells: Vec<String> = cells
            .map(|(column, (cell, width))| match column {
                0 => format!("{cell:<width$}"),
                _ => format!("{cell:>width$}"),
            })
            .collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}

/// Creates a row of words.
pub fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Requirements, and whether they are met.
#[derive(Default)]
pub struct Requirements(Vec<Vec<String>>);

impl Requirements {
    /// Adds a figure that must be at most `aim`.
    pub fn at_most(&mut self, what: &str, figure: f64, aim: f64) {
        self.add(what, figure, format!("<= {aim}"), figure <= aim);
    }

    /// Adds a figure that must be at least `aim`.
    pub fn at_least(&mut self, what: &str, figure: f64, aim: f64) {
        self.add(what, figure, format!(">= {aim}"), figure >= aim);
    }

    /// Adds a requirement that could not be measured.
    pub fn failed(&mut self, what: &str, error: &dyn Error) {
        println!("{what}: {error}");
        self.0.push(words(&[what, "-", "", "NOT met"]));
    }

    fn add(&mut self, what: &str, figure: f64, aim: String, met: bool) {
        let figure = if figure.fract() == 0.0 {
            format!("{figure}")
        } else {
            format!("{figure:.3}")
        };
        let verdict = if met { "met" } else { "NOT met" }.to_owned();
        self.0.push(vec![what.to_owned(), figure, aim, verdict]);
    }

    /// Formats the requirements as a table.
    pub fn table(self) -> String {
        let mut rows = vec![words(&["requirement", "figure", "aim", ""])];
        rows.extend(self.0);
        table(&rows)
    }
}
