//! Recognizes relations between fields: values of other fields that a field requires, fields that it
//! excludes, and defaults that depend on another field.

use dataforseo_spec::language::{DefaultBy, Field, Fields};
use indexmap::IndexMap;
use serde_json::Value;

use super::facts::{Prose, Reading, Sentence};
use super::text::{after, number, unquoted};

/// The relations that the description of one field states.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relations {
    /// Values of other fields with which this one is required.
    pub required_if: IndexMap<String, Value>,
    /// Values that other fields must have.
    pub requires: IndexMap<String, Value>,
    /// Fields that cannot be used together. The field itself can be one of them.
    pub excludes: Vec<String>,
    /// Fields of which one is required. The field itself is one of them.
    pub one_of: Vec<String>,
    /// Defaults by the value of a field that the text does not name.
    pub defaults: IndexMap<String, Value>,
    /// The field whose value is the default.
    pub default_of: Option<String>,
}

/// Recognizes a relation between fields.
pub fn relation(sentence: &Sentence<'_>, prose: &mut Prose) -> Reading {
    let text = sentence.lower();
    let text = text.strip_prefix("note: ").unwrap_or(text);
    let relations = &mut prose.relations;
    let readers: [fn(&str, &mut Relations) -> Option<()>; 5] =
        [required_if, requires, excludes, one_of, default_of];
    let is_read = readers.iter().any(|read| read(text, relations).is_some());
    if is_read || default_by(sentence, relations).is_some() {
        return Reading::Understood;
    }
    Reading::Other
}

/// Reads `required if method is set to slow`.
fn required_if(text: &str, relations: &mut Relations) -> Option<()> {
    let forms = ["required if ", "required field if "];
    let rest = forms.iter().find_map(|form| text.strip_prefix(form))?;
    let (field, value) = rest.split_once(" is set to ")?;
    let (field, value) = (name(field)?, literal(value)?);
    relations.required_if.insert(field, value);
    Some(())
}

/// Reads `to use this parameter, set a to true` and sentences like it.
fn requires(text: &str, relations: &mut Relations) -> Option<()> {
    let starts = [
        "to use this parameter, ",
        "if you want to use this parameter, ",
        "if you use this field, ",
    ];
    let rest = starts.iter().find_map(|start| text.strip_prefix(start))?;
    let (fields, value) = if let Some(rest) = rest.strip_prefix("set ") {
        rest.split_once(" to ")?
    } else if let Some(rest) = rest.strip_prefix("you must specify ") {
        rest.split_once(" with ")?
    } else {
        let verbs = [
            " must be set to ",
            " should be set to ",
            " must be ",
            " should be ",
        ];
        verbs.iter().find_map(|verb| rest.split_once(verb))?
    };
    let value = literal(value)?;
    let fields = fields.strip_prefix("the ").unwrap_or(fields);
    let fields = fields
        .trim_end_matches("parameters")
        .trim_end_matches("parameter");
    let fields: Option<Vec<String>> = fields
        .replace(" and ", ",")
        .split(',')
        .filter(|field| !field.trim().is_empty())
        .map(name)
        .collect();
    for field in fields? {
        relations.requires.insert(field, value.clone());
    }
    Some(())
}

/// Reads `a cannot be used together with b in the same request`.
fn excludes(text: &str, relations: &mut Relations) -> Option<()> {
    let (field, other) = text.split_once(" cannot be used together with ")?;
    let other = other.trim_end_matches(" in the same request");
    relations.excludes.extend([name(field)?, name(other)?]);
    Some(())
}

/// Reads `it is required to specify either a or b`.
fn one_of(text: &str, relations: &mut Relations) -> Option<()> {
    let fields = text.strip_prefix("it is required to specify either ")?;
    let (field, other) = fields.split_once(" or ")?;
    relations.one_of = vec![name(field)?, name(other)?];
    Some(())
}

/// Reads `if this parameter is not specified, the day is set to check_in date`.
fn default_of(text: &str, relations: &mut Relations) -> Option<()> {
    let rest = text.strip_prefix("if this parameter is not specified, ")?;
    let (_, other) = rest.split_once(" is set to ")?;
    relations.default_of = Some(name(other.trim_end_matches(" date"))?);
    Some(())
}

/// Reads `default value for mobile: 390`.
fn default_by(sentence: &Sentence<'_>, relations: &mut Relations) -> Option<()> {
    let (case, value) = after(sentence.lower(), &["default value for "])?.split_once(':')?;
    if !sentence.is_of_type(&["integer", "float", "number"]) {
        return None;
    }
    let whole = unquoted(value);
    let number = number(whole).filter(|number| number.to_string() == whole)?;
    relations.defaults.insert(name(case)?, number.into());
    Some(())
}

/// Returns a text that can be the name of a field or a value: one word.
fn name(text: &str) -> Option<String> {
    let name = unquoted(text);
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (!name.is_empty() && name.chars().all(is_part)).then(|| name.to_owned())
}

/// Returns a boolean or a word as a value.
fn literal(text: &str) -> Option<Value> {
    match unquoted(text) {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        other => name(other).map(Value::from),
    }
}

/// Sets the relations of a field that its prose states.
pub fn apply(field: &mut Field, relations: &Relations) {
    field.required_if = relations.required_if.clone();
    field.requires = relations.requires.clone();
    field.excludes = relations.excludes.clone();
    if field.required_unless.is_empty() {
        field.required_unless = relations.one_of.clone();
    }
    field.default_by = match &relations.default_of {
        Some(other) => Some(DefaultBy {
            field: other.clone(),
            values: IndexMap::new(),
        }),
        None if relations.defaults.is_empty() => None,
        None => Some(DefaultBy {
            field: String::new(),
            values: relations.defaults.clone(),
        }),
    };
}

/// Fits the relations of fields to the object that they are in. Relations to fields that the object
/// does not have are removed. `values` are the documented values of each field.
pub fn settle(fields: &mut Fields, values: &IndexMap<String, Vec<String>>) {
    let names: Vec<String> = fields.keys().cloned().collect();
    for (name, field) in fields {
        let is_other = |other: &String| other != name && names.contains(other);
        field.required_if.retain(|other, _| is_other(other));
        field.requires.retain(|other, _| is_other(other));
        field.excludes.retain(is_other);
        field.required_unless.retain(|other| other != name);
        if !field.required_if.is_empty() {
            // The sentence says when the field is required, and is not a general requirement.
            field.required = None;
        }
        let Some(mut by) = field.default_by.take().filter(|_| field.default.is_none()) else {
            continue;
        };
        if by.field.is_empty() {
            let fits = |(other, known): &(&String, &Vec<String>)| {
                let shared = by.values.keys().filter(|case| known.contains(case)).count();
                *other != name && shared > 1
            };
            let Some((other, known)) = values.iter().find(fits) else {
                continue;
            };
            by.values.retain(|case, _| known.contains(case));
            by.field.clone_from(other);
        }
        field.default_by = Some(by).filter(|by| is_other(&by.field));
    }
}

#[cfg(test)]
mod tests {
    use dataforseo_spec::language::FieldType;
    use serde_json::json;

    use super::*;

    fn read(type_word: &str, text: &str) -> Relations {
        let mut prose = Prose::default();
        let reading = relation(&Sentence::new(type_word, text), &mut prose);
        assert_eq!(reading, Reading::Understood, "{text}");
        prose.relations
    }

    #[test]
    fn values_of_other_fields_are_read() {
        let flags = |names: &[&str], value: Value| -> IndexMap<String, Value> {
            names
                .iter()
                .map(|name| ((*name).to_owned(), value.clone()))
                .collect()
        };
        for (text, fields) in [
            (
                "Note: to use this parameter, set boxes to true",
                &["boxes"][..],
            ),
            (
                "if you use this field, scripts must be set to true",
                &["scripts"],
            ),
            (
                "if you use this field, a, and b parameters must be set to true",
                &["a", "b"],
            ),
            (
                "if you want to use this parameter, maps should be true",
                &["maps"],
            ),
        ] {
            assert_eq!(
                read("boolean", text).requires,
                flags(fields, true.into()),
                "{text}"
            );
        }
        let read = read("string", "required if method is set to slow");
        assert_eq!(read.required_if, flags(&["method"], "slow".into()));
    }

    #[test]
    fn a_choice_of_fields_is_of_another_kind() {
        let text = "to use this parameter, set scripts or rendering to true";
        let mut prose = Prose::default();
        assert_eq!(
            relation(&Sentence::new("integer", text), &mut prose),
            Reading::Other
        );
        assert_eq!(prose, Prose::default());
    }

    #[test]
    fn defaults_belong_to_the_field_with_these_values() {
        let mut fields = Fields::new();
        let preset = Field::new(FieldType::String);
        let known = vec!["desktop".to_owned(), "mobile".to_owned()];
        let mut width = Field::new(FieldType::Integer);
        let mut relations = read("integer", "default value for desktop: 1920");
        for text in [
            "default value for mobile: 390",
            "default value for fridge: 7",
        ] {
            relations.defaults.extend(read("integer", text).defaults);
        }
        apply(&mut width, &relations);
        fields.insert("preset".into(), preset);
        fields.insert("width".into(), width);
        settle(&mut fields, &[("preset".to_owned(), known)].into());
        let by = serde_json::to_value(&fields["width"].default_by).unwrap();
        let expected = json!({ "field": "preset", "values": { "desktop": 1920, "mobile": 390 } });
        assert_eq!(by, expected);
    }

    #[test]
    fn one_of_two_fields_is_required() {
        let mut fields = Fields::new();
        for name in ["city", "code"] {
            let mut field = Field::new(FieldType::String);
            let text = "Note: it is required to specify either city or code";
            apply(&mut field, &read("string", text));
            fields.insert(name.to_owned(), field);
        }
        settle(&mut fields, &IndexMap::new());
        assert_eq!(fields["city"].required_unless, ["code"]);
        assert_eq!(fields["code"].required_unless, ["city"]);
    }

    #[test]
    fn a_field_excludes_only_others() {
        let mut fields = Fields::new();
        for name in ["top", "heat"] {
            let mut field = Field::new(FieldType::Float);
            let text = "heat cannot be used together with top in the same request";
            apply(&mut field, &read("float", text));
            fields.insert(name.to_owned(), field);
        }
        settle(&mut fields, &IndexMap::new());
        assert_eq!(fields["top"].excludes, ["heat"]);
        assert_eq!(fields["heat"].excludes, ["top"]);
    }
}
