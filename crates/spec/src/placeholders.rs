//! Placeholder texts, for a trial of the tools with a spec whose texts are still missing.

use crate::Spec;
use crate::language::{Fields, SharedType};

/// The text in place of a missing `doc`.
pub const PLACEHOLDER: &str = "Not described yet.";

/// Sets every missing `doc` of a spec to [`PLACEHOLDER`]. Returns their number.
pub fn fill(spec: &mut Spec) -> usize {
    let mut filler = Filler { filled: 0 };
    for file in spec.shared.values_mut().flatten() {
        for ty in file.content.types.values_mut() {
            filler.shared_type(ty);
        }
    }
    for endpoint in &mut spec.endpoints {
        let content = &mut endpoint.file.content;
        filler.text(&mut content.doc);
        filler.fields(&mut content.parameters);
        if let Some(task) = &mut content.task {
            filler.fields(&mut task.fields);
        }
        if let Some(result) = &mut content.result {
            filler.fields(&mut result.fields);
        }
    }
    filler.filled
}

struct Filler {
    filled: usize,
}

impl Filler {
    fn text(&mut self, doc: &mut Option<String>) {
        if doc.as_deref().is_none_or(|doc| doc.trim().is_empty()) {
            *doc = Some(PLACEHOLDER.to_owned());
            self.filled += 1;
        }
    }

    fn shared_type(&mut self, ty: &mut SharedType) {
        self.text(&mut ty.doc);
        self.fields(&mut ty.fields);
        for member in ty.members.values_mut() {
            self.text(&mut member.doc);
            self.fields(&mut member.fields);
        }
    }

    fn fields(&mut self, fields: &mut Fields) {
        for field in fields.values_mut() {
            self.text(&mut field.doc);
            self.fields(&mut field.fields);
            let mut each = field.each.as_mut();
            while let Some(element) = each {
                self.fields(&mut element.fields);
                each = element.each.as_mut();
            }
        }
    }
}
