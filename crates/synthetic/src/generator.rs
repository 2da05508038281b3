//! Creates the values of a response, from the types in the tables.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::numbers::{number, rounded, whole};
use crate::page::Page;
use crate::scene::Scene;
use crate::seed::Seed;
use crate::size::{Extent, Size};
use crate::texts::{self, TextPlace};
use crate::{Kind, RowsTable, Scalar, SyntheticCase, Tables, TypeTable};

/// Creates one response.
pub(crate) struct Generator<'a> {
    tables: &'a Tables,
    scene: &'a Scene<'a>,
    case: SyntheticCase,
    page: Page,
    size: Size<'a>,
}

/// The place of a value.
#[derive(Debug, Clone, Copy)]
struct At {
    place: TextPlace,
    /// The number of names and indexes on the way from the result.
    level: usize,
    /// Whether the value is inside of the first element of a list in the result.
    is_in_first_row: bool,
}

impl At {
    const RESULT: Self = Self {
        place: TextPlace {
            seed: Seed::START,
            object: Seed::START,
            row: None,
            index: 0,
        },
        level: 0,
        is_in_first_row: false,
    };

    /// Returns the place of a field, or of the value of a key.
    fn field(self, name: &str) -> Self {
        let place = TextPlace {
            object: self.place.seed,
            seed: self.place.seed.part(name),
            ..self.place
        };
        Self {
            place,
            level: self.level + 1,
            ..self
        }
    }

    /// Returns the place of an element of a list.
    fn element(self, index: usize) -> Self {
        let place = TextPlace {
            seed: self.place.seed.element(index),
            index,
            ..self.place
        };
        Self {
            place,
            level: self.level + 1,
            is_in_first_row: self.is_in_first_row || (self.level == 1 && index == 0),
        }
    }
}

/// The fields of an object.
type Fields = IndexMap<String, Kind>;

impl<'a> Generator<'a> {
    pub(crate) fn new(
        tables: &'a Tables,
        scene: &'a Scene<'a>,
        case: SyntheticCase,
        page: Page,
        size: (Extent, usize),
    ) -> Self {
        Self {
            tables,
            scene,
            case,
            page,
            size: Size::new(size.0, size.1),
        }
    }

    /// Returns one element of the task's `result`.
    pub(crate) fn result(&mut self) -> Value {
        let at = At {
            place: TextPlace {
                seed: self.scene.seed,
                ..At::RESULT.place
            },
            ..At::RESULT
        };
        self.value(&self.scene.endpoint.result, "", at)
    }

    /// Returns one element of the task's `result`, where each element is a row.
    pub(crate) fn result_row(&mut self, index: usize) -> Value {
        let list = At {
            place: TextPlace {
                seed: self.scene.seed,
                ..At::RESULT.place
            },
            ..At::RESULT
        };
        let at = At {
            level: 0,
            is_in_first_row: false,
            ..self.row(list, index)
        };
        self.value(&self.scene.endpoint.result, "", at)
    }

    /// Returns the size of the response so far.
    pub(crate) fn size(&self) -> &Size<'a> {
        &self.size
    }

    fn value(&mut self, kind: &'a Kind, name: &'a str, at: At) -> Value {
        self.size.count();
        // A union can contain itself, so the size is limited.
        if self.size.is_beyond(at.level) {
            return match kind {
                Kind::List(_) => json!([]),
                _ => Value::Null,
            };
        }
        // All fields of the first row are null. In the second row, the innermost nullable values
        // are null, and lists also contain a null.
        let is_structure = match kind {
            Kind::List(_) | Kind::Map { .. } => true,
            Kind::Type(name) => !matches!(self.find(name), Some(TypeTable::Values(_))),
            Kind::Scalar(_) | Kind::Number { .. } => false,
        };
        let is_null = !is_structure || (at.is_in_first_row && at.level > 2);
        if self.case == SyntheticCase::Nulls && is_null {
            return Value::Null;
        }
        match kind {
            Kind::Scalar(scalar) => self.scalar(*scalar, name, None, at),
            Kind::Number { of, range } => self.scalar(*of, name, Some(*range), at),
            Kind::List([of]) => self.list(of, name, at),
            Kind::Map { map, keys } => self.map(map, keys, name, at),
            Kind::Type(of) => self.named(of, name, at),
        }
    }

    fn scalar(&self, scalar: Scalar, name: &str, range: Option<[f64; 2]>, at: At) -> Value {
        let place = at.place;
        let rows = self.page.total;
        match scalar {
            Scalar::Integer => {
                let value = whole(number(name, range, place.seed));
                match self.case {
                    // Whole floats, as the API sends some.
                    SyntheticCase::Unknown if place.seed.below(2) == 0 => json!(number_of(value)),
                    _ => value.into(),
                }
            }
            Scalar::Float => rounded(number(name, range, place.seed)).into(),
            Scalar::Boolean => (place.seed.below(2) == 0).into(),
            Scalar::Json => Value::Null,
            Scalar::Date => texts::date(self.scene, name, place, rows)
                .to_string()
                .into(),
            Scalar::Timestamp => {
                let date = texts::date(self.scene, name, place, rows);
                texts::moment(date, place.seed).into()
            }
            Scalar::Target => self.target(place).into(),
            Scalar::Url => texts::url(self.scene, name, place).into(),
            Scalar::String => texts::text(self.scene, name, place).into(),
        }
    }

    /// Returns a target of the task, or its domain.
    fn target(&self, place: TextPlace) -> String {
        let targets = &self.scene.targets;
        let own = targets.get(place.index).or(targets.first());
        own.map_or_else(
            || self.scene.domain().unwrap_or("example.com").to_owned(),
            |target| (*target).to_owned(),
        )
    }

    fn named(&mut self, of: &'a str, name: &'a str, at: At) -> Value {
        match self.find(of) {
            Some(TypeTable::Values(values)) => self.choice(values, name, at),
            None => Value::Null,
            Some(_) if self.size.is_nested_too_often(of) => Value::Null,
            Some(TypeTable::Object(fields)) => {
                self.size.enter(of);
                let object = self.object(fields, at);
                self.size.leave();
                Value::Object(object)
            }
            Some(TypeTable::Union { tag, members }) => {
                self.size.enter(of);
                let member = self.member(tag, members, at);
                self.size.leave();
                Value::Object(member)
            }
        }
    }

    /// Returns one of the documented values: the one that the request names, or any.
    fn choice(&self, values: &[String], name: &str, at: At) -> Value {
        if self.case == SyntheticCase::Unknown {
            return "undocumented_value".into();
        }
        let names = &self.scene.names;
        let of_request = match name {
            "type" | "se_type" => names.se_type.or(names.se),
            "se" => names.se,
            _ => self.scene.sent(name),
        };
        let known = |text: &&str| values.iter().any(|value| value == text);
        match of_request.filter(known) {
            Some(value) => value.into(),
            None => {
                let count = u64::try_from(values.len()).unwrap_or(u64::MAX);
                let index = usize::try_from(at.place.seed.below(count)).unwrap_or(0);
                values
                    .get(index)
                    .map_or(Value::Null, |value| value.clone().into())
            }
        }
    }

    fn object(&mut self, fields: &'a Fields, at: At) -> Map<String, Value> {
        let mut object = Map::new();
        for (name, kind) in fields {
            let at = at.field(name);
            let value = match self.consistent(fields, name, at) {
                Some(value) => value,
                None => self.value(kind, name, at),
            };
            object.insert(name.clone(), value);
        }
        if self.case == SyntheticCase::Unknown {
            object.insert("undocumented".to_owned(), json!({ "a": [1, null] }));
        }
        object
    }

    fn member(
        &mut self,
        tag: &str,
        members: &'a IndexMap<String, String>,
        at: At,
    ) -> Map<String, Value> {
        let mut object = Map::new();
        let Some((wire, name)) = self.member_at(members, at) else {
            object.insert(tag.to_owned(), "undocumented_member".into());
            object.insert("anything".to_owned(), json!([1, { "b": null }]));
            return object;
        };
        object.insert(tag.to_owned(), wire.clone().into());
        if let Some(TypeTable::Object(fields)) = self.find(name) {
            object.extend(self.object(fields, at));
        }
        object
    }

    /// Returns the member of an element: each once, then an undocumented one, then the one that the
    /// endpoint is about.
    fn member_at<'b>(
        &self,
        members: &'b IndexMap<String, String>,
        at: At,
    ) -> Option<(&'b String, &'b String)> {
        let index = at.place.index;
        let each_once = members.len() + usize::from(self.case == SyntheticCase::Unknown);
        if index < each_once {
            return members.get_index(index);
        }
        let main = self.scene.names.se_type.unwrap_or_default();
        members.get_key_value(main).or_else(|| members.first())
    }

    /// Returns a value that depends on the task or on other values: counts, ranks, echoes.
    fn consistent(&self, fields: &Fields, name: &str, at: At) -> Option<Value> {
        let in_result = at.level == 1;
        let has_rows =
            fields.contains_key("items") || (in_result && fields.contains_key(self.rows_at()));
        match name {
            "items_count" | "total_count" | "count" if has_rows => {
                return Some(self.count(fields, name, in_result));
            }
            "offset_token" | "search_after_token" if in_result => return Some(self.page.token()),
            _ => {}
        }
        if self.case == SyntheticCase::Nulls {
            return None;
        }
        let rows = self.scene.endpoint.rows.as_ref();
        let is_row = rows.is_some_and(RowsTable::is_whole_result);
        let target = rows.and_then(|rows| rows.target.as_deref());
        let row = at
            .place
            .row
            .filter(|_| at.level == 3 || (is_row && in_result));
        if target == Some(name)
            && let Some(row) = row
        {
            return self.scene.targets.get(row).map(|target| (*target).into());
        }
        if in_result {
            return self.echo(fields, name);
        }
        let row = row?;
        match name {
            "rank_absolute" => Some((row + 1).into()),
            "rank_group" => Some(self.rank_group(row).into()),
            _ => None,
        }
    }

    /// Returns the position of a row among those of its type.
    fn rank_group(&self, row: usize) -> usize {
        match self.row_members() {
            Some(each_once) if row < each_once => 1,
            Some(each_once) => row - each_once + 2,
            None => row + 1,
        }
    }

    /// Returns the number of rows that show all members of the union of rows.
    pub(crate) fn row_members(&self) -> Option<usize> {
        let Kind::Type(result) = &self.scene.endpoint.result else {
            return None;
        };
        let Some(TypeTable::Object(fields)) = self.find(result) else {
            return None;
        };
        match fields.get(self.rows_at())? {
            Kind::List([of]) => self.members(of),
            _ => None,
        }
    }

    fn count(&self, fields: &Fields, name: &str, in_result: bool) -> Value {
        if in_result {
            let total = name == "total_count";
            return if total {
                self.page.total
            } else {
                self.page.len
            }
            .into();
        }
        match fields.get("items") {
            Some(Kind::List([of])) => self.length(of).into(),
            _ => Value::Null,
        }
    }

    /// Returns the field of the task that the result repeats. A field of another type in the result
    /// has another meaning.
    fn echo(&self, fields: &Fields, name: &str) -> Option<Value> {
        let kind = fields.get(name)?;
        if name == "item_types" {
            return self.item_types(fields);
        }
        let sent = self.scene.task.get(name)?;
        self.fits(sent, kind).then(|| sent.clone())
    }

    /// Returns the tags of the rows.
    fn item_types(&self, fields: &Fields) -> Option<Value> {
        let Kind::List([of]) = fields.get(self.rows_at())? else {
            return None;
        };
        let Kind::Type(of) = of.as_ref() else {
            return None;
        };
        match self.find(of)? {
            TypeTable::Union { members, .. } => {
                let tags = members.keys().take(self.page.total);
                Some(tags.cloned().map(Value::from).collect())
            }
            _ => None,
        }
    }

    /// Returns whether a value is of a kind.
    fn fits(&self, value: &Value, kind: &Kind) -> bool {
        match (kind, value) {
            (Kind::Scalar(scalar) | Kind::Number { of: scalar, .. }, value) => match scalar {
                Scalar::Json => true,
                Scalar::Integer => value.is_i64() || value.is_u64(),
                Scalar::Float => value.is_number(),
                Scalar::Boolean => value.is_boolean(),
                _ => value.is_string(),
            },
            (Kind::List([of]), Value::Array(list)) => list.iter().all(|value| self.fits(value, of)),
            (Kind::Map { map, .. }, Value::Object(object)) => {
                object.values().all(|value| self.fits(value, map))
            }
            (Kind::Type(name), value) => match (self.find(name), value) {
                (Some(TypeTable::Values(_)), value) => value.is_string(),
                (Some(TypeTable::Object(fields)), Value::Object(object)) => {
                    fields.iter().all(|(name, kind)| {
                        object.get(name).is_none_or(|value| self.fits(value, kind))
                    })
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn list(&mut self, of: &'a Kind, name: &'a str, at: At) -> Value {
        let is_rows = at.level == 1 && name == self.rows_at();
        let mut list = Vec::new();
        if is_rows && !self.is_nested_too_often(of) {
            for index in self.page.offset..self.page.offset + self.page.len {
                let at = self.row(at, index);
                list.push(self.value(of, name, at));
            }
        } else {
            for index in 0..self.length(of) {
                list.push(self.value(of, name, at.element(index)));
            }
        }
        if self.case == SyntheticCase::Nulls && at.level > 2 {
            list.push(Value::Null);
        }
        list.into()
    }

    /// Returns the place of a row. A target has the same values in each response.
    fn row(&self, list: At, index: usize) -> At {
        let at = list.element(index);
        let is_first = index == self.page.offset;
        let has_target = self
            .scene
            .endpoint
            .rows
            .as_ref()
            .is_some_and(|rows| rows.target.is_some());
        let target = self.scene.targets.get(index).filter(|_| has_target);
        let seed = match target {
            Some(target) => Seed::START.part(self.scene.path).part(target),
            None => at.place.seed,
        };
        At {
            place: TextPlace {
                seed,
                row: Some(index),
                ..at.place
            },
            is_in_first_row: is_first,
            ..at
        }
    }

    fn is_nested_too_often(&self, of: &Kind) -> bool {
        matches!(of, Kind::Type(name) if self.size.is_nested_too_often(name))
    }

    /// Returns the number of elements of a list that does not hold the rows: one per member of a
    /// union, otherwise one. A list that is nested too often is empty.
    fn length(&self, of: &Kind) -> usize {
        if self.is_nested_too_often(of) {
            return 0;
        }
        self.members(of).unwrap_or(1)
    }

    /// Returns the number of elements that show all members of a union.
    fn members(&self, of: &Kind) -> Option<usize> {
        let Kind::Type(name) = of else {
            return None;
        };
        match self.find(name)? {
            TypeTable::Union { members, .. } => {
                Some(members.len() + usize::from(self.case == SyntheticCase::Unknown))
            }
            _ => None,
        }
    }

    fn map(&mut self, of: &'a Kind, keys: &'a [String], name: &'a str, at: At) -> Value {
        let keys = self.keys(keys, name);
        let mut map = Map::new();
        for (index, key) in keys.into_iter().enumerate() {
            let mut inner = at.field(&key);
            inner.place.index = index;
            let value = self.value(of, name, inner);
            map.insert(key, value);
        }
        Value::Object(map)
    }

    /// Returns the keys of a synthetic map: those of the task's targets, the documented ones, or
    /// keys of responses for unknown values.
    fn keys(&self, documented: &[String], name: &str) -> Vec<String> {
        let rows = self.scene.endpoint.rows.as_ref();
        let keyed_by = rows.and_then(|rows| rows.keyed_by.as_deref());
        if keyed_by == Some(name) || name == "targets" {
            let mut maps = self.scene.task.values().filter_map(Value::as_object);
            if let Some(targets) = maps.find(|map| map.keys().all(|key| key.parse::<u32>().is_ok()))
            {
                return targets.keys().cloned().collect();
            }
        }
        let keys: Vec<&str> = match (self.case, documented) {
            (SyntheticCase::Unknown, _) => vec!["", "WW", "undocumented"],
            (_, []) => vec!["", "example"],
            (_, documented) => documented.iter().take(3).map(String::as_str).collect(),
        };
        keys.into_iter().map(str::to_owned).collect()
    }

    /// Returns the field of the result that contains the rows.
    fn rows_at(&self) -> &'a str {
        let rows = self.scene.endpoint.rows.as_ref();
        rows.map_or("items", |rows| rows.at.as_str())
    }

    fn find(&self, name: &str) -> Option<&'a TypeTable> {
        self.tables.types.get(name)
    }
}

/// Returns a whole number as a float.
#[allow(clippy::cast_precision_loss, reason = "the ranges are far below 2^53")]
fn number_of(value: i64) -> f64 {
    value as f64
}
