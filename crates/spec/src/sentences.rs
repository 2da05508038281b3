//! Decisions about sentences that the import does not understand: `spec/sentences.yaml`.

use std::collections::HashMap;

use crate::Diagnostic;
use crate::glob::fits;
use crate::language::{SentenceDecision, Sentences};
use crate::load::File;

/// The name of the file, in the folder of the spec.
pub const FILE: &str = "sentences.yaml";

impl Sentences {
    /// Returns the first decision about a sentence, and the pattern that fits it.
    pub fn decision(&self, sentence: &str) -> Option<(&SentenceDecision, &str)> {
        let sentence = sentence.to_lowercase();
        let mut patterns = self.patterns();
        patterns.find(|(_, like)| fits(&like.to_lowercase(), &sentence))
    }

    /// Returns all patterns, each with its decision.
    pub fn patterns(&self) -> impl Iterator<Item = (&SentenceDecision, &str)> {
        self.sentences.iter().flat_map(|decision| {
            let like = decision.like.iter();
            like.map(move |like| (decision, like.as_str()))
        })
    }
}

/// The letters that a pattern needs. A shorter one would hide sentences that were never read.
const MIN_LETTERS: usize = 6;

/// Reports patterns that occur twice or fit nearly everything.
pub fn check(file: &File<Sentences>, found: &mut Vec<Diagnostic>) {
    let mut seen = HashMap::new();
    for (index, decision) in file.content.sentences.iter().enumerate() {
        let path = ["sentences".to_owned(), index.to_string()];
        let mut report = |keys: &[String], message| {
            let location = file.tree.location(&[&path, keys].concat());
            found.push(Diagnostic::new(&file.name, location, message));
        };
        if decision.because.trim().is_empty() {
            let message = "`because` is empty: state the reason of the decision";
            report(&["because".to_owned()], message.to_owned());
        }
        for (index, like) in decision.like.iter().enumerate() {
            let keys = ["like".to_owned(), index.to_string()];
            let letters = like.chars().filter(|c| c.is_alphanumeric()).count();
            if letters < MIN_LETTERS {
                report(
                    &keys,
                    format!(
                        "`{like}` fits too many sentences: name at least {MIN_LETTERS} letters or digits of the sentence"
                    ),
                );
            }
            if let Some(kind) = seen.insert(like.to_lowercase(), decision.is) {
                let kind = kind.as_str();
                report(
                    &keys,
                    format!("`{like}` is already a pattern of `{kind}`: remove one of them"),
                );
            }
        }
    }
}
