//! Decisions about sentences that the import does not understand: `spec/sentences.yaml`.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::glob::fits;
use crate::language::{SentenceDecision, Sentences};
use crate::load::File;

/// The name of the file, in the folder of the spec.
pub const FILE: &str = "sentences.yaml";

impl Sentences {
    /// Returns the first decision about a sentence.
    pub fn decision(&self, sentence: &str) -> Option<&SentenceDecision> {
        let sentence = sentence.to_lowercase();
        let mut decisions = self.sentences.iter();
        decisions.find(|decision| fits(&decision.like.to_lowercase(), &sentence))
    }
}

/// The letters that a pattern needs. A shorter one would hide sentences that were never read.
const MIN_LETTERS: usize = 8;

/// Reports patterns that occur twice or fit nearly everything.
pub fn check(file: &File<Sentences>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for (index, decision) in file.content.sentences.iter().enumerate() {
        let path = ["sentences".to_owned(), index.to_string(), "like".to_owned()];
        let location = file.tree.location(&path);
        let mut report = |message| found.push(Diagnostic::new(&file.name, location, message));
        let like = decision.like.to_lowercase();
        if like.chars().filter(|c| c.is_alphanumeric()).count() < MIN_LETTERS {
            report(format!(
                "`{like}` fits too many sentences: name at least {MIN_LETTERS} letters or digits of the sentence"
            ));
        }
        if decision.because.trim().is_empty() {
            report("`because` is empty: state the reason of the decision".to_owned());
        }
        if let Some(line) = seen.insert(like, location.line) {
            report(format!(
                "the same pattern is in line {line}: remove one of them"
            ));
        }
    }
}
