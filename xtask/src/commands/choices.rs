//! The flags of choices, which `import` and `update` share.

use std::fs;
use std::path::PathBuf;

use clap::Args;
use dataforseo_import::decisions::Choices;

use super::{CommandError, today};

/// The choices of a person for differences between source and spec.
#[derive(Args)]
pub struct ChoiceArguments {
    /// Take the source where the pattern fits PLACE.FACT, or SECTION/ENDPOINT/PLACE.FACT.
    #[arg(long, value_name = "PATTERN")]
    take: Vec<String>,
    /// Keep the spec where the pattern fits, and write the reason into it.
    #[arg(long, value_name = "PATTERN=REASON")]
    keep: Vec<String>,
    /// A file of choices: a line `take PATTERN` or `keep PATTERN=REASON` each.
    #[arg(long, value_name = "FILE")]
    choices: Option<PathBuf>,
}

impl ChoiceArguments {
    /// Returns the choices.
    ///
    /// # Errors
    /// When the file cannot be read, or a choice is not valid.
    pub fn read(&self) -> Result<Choices, CommandError> {
        let mut choices = Choices::on(today());
        if let Some(file) = &self.choices {
            let of_file = |error: &dyn std::error::Error| format!("{}: {error}", file.display());
            let text = fs::read_to_string(file).map_err(|error| of_file(&error))?;
            choices.read(&text).map_err(|error| of_file(&error))?;
        }
        for pattern in &self.take {
            choices.take(pattern)?;
        }
        for rule in &self.keep {
            choices.keep(rule)?;
        }
        Ok(choices)
    }
}
