//! Formats figures as text.

/// Formats a table. The first column is aligned to the left, and the others to the right.
pub fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or_default()
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

/// Converts bytes to MB.
pub fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Requirements, and whether they are met.
#[derive(Default)]
pub struct Requirements(Vec<Vec<String>>);

impl Requirements {
    /// Adds a ratio that must be at least `aim`. The ratio of CPU time is printed beside it.
    pub fn ratio(&mut self, what: &str, ratio: f64, by_time: f64, aim: f64) {
        let by_time = format!("{by_time:.2}");
        self.0.push(vec![
            what.to_owned(),
            format!("{ratio:.2}"),
            by_time,
            format!(">= {aim}"),
            verdict(ratio >= aim),
        ]);
    }

    /// Adds a figure that must be at most `aim`.
    pub fn at_most(&mut self, what: &str, figure: f64, aim: f64, unit: &str) {
        self.0.push(vec![
            what.to_owned(),
            format!("{figure:.2}{unit}"),
            String::new(),
            format!("<= {aim}{unit}"),
            verdict(figure <= aim),
        ]);
    }

    /// Formats the requirements as a table.
    pub fn table(self) -> String {
        let mut rows = vec![words(&["requirement", "figure", "by CPU time", "aim", ""])];
        rows.extend(self.0);
        table(&rows)
    }
}

fn verdict(met: bool) -> String {
    if met { "met" } else { "NOT met" }.to_owned()
}
