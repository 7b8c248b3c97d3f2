//! From sampled values to a column's type.
//!
//! Each place of a table (a column, a field of a nested object, the items of a list) remembers the kinds of values it
//! has seen. Only at the end do they become a type: the narrowest that holds every one of them as it was written, and
//! text where there is none.

use std::{collections::HashMap, fmt, sync::Arc};

use arrow_schema::{DataType, Field, Fields, TimeUnit};
use lakeward_core::{
    column_type::{describe, timestamp_utc},
    untrusted::excerpt,
};
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::{
    block::MAX_COLUMNS,
    decode::{
        json::{broken, is_object, unquoted},
        scalar::{self, Number},
    },
    error::Misfit,
};

/// A nested object with more distinct keys than this is a map rather than a struct, and lands as the text of its JSON.
const MAX_FIELDS: usize = 1_000;
/// An object or a list that lies deeper in others than this lands as the text of its JSON, so that neither decoding nor what
/// reads the table later has to follow a type of any depth.
const MAX_TYPE_DEPTH: usize = 32;
/// A CSV integer with more digits than this is a code, such as a card number.
const MAX_DIGITS: usize = 18;
/// How much of an odd value is told.
pub(crate) const VALUE: usize = 40;
/// What a config calls text.
const TEXT: &str = "string";

/// A set of the kinds of values that a place has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Kinds(u16);

impl Kinds {
    const BOOLEAN: Self = Self(1);
    /// An integer that a float64 holds exactly too.
    const SMALL: Self = Self(1 << 1);
    /// Another integer of 64 bits.
    const LARGE: Self = Self(1 << 2);
    const FLOAT: Self = Self(1 << 3);
    /// Digits, `e` and digits, as in `1E5`: a number among floats, a code otherwise.
    const EXPONENT: Self = Self(1 << 4);
    const DATE: Self = Self(1 << 5);
    const TIMESTAMP: Self = Self(1 << 6);
    const INSTANT: Self = Self(1 << 7);
    /// Any other text, and a number that no type holds.
    const TEXT: Self = Self(1 << 8);
    const OBJECT: Self = Self(1 << 9);
    const ARRAY: Self = Self(1 << 10);
    const NUMBER: Self = Self(Self::SMALL.0 | Self::LARGE.0 | Self::FLOAT.0 | Self::EXPONENT.0);
    const TIME: Self = Self(Self::DATE.0 | Self::TIMESTAMP.0 | Self::INSTANT.0);

    fn add(&mut self, kind: Self) {
        self.0 |= kind.0;
    }

    fn has(self, kind: Self) -> bool {
        self.0 & kind.0 != 0
    }

    /// What it is made of, if that is one class of values of JSON.
    fn only(self) -> Option<&'static str> {
        let text = Self(Self::TIME.0 | Self::TEXT.0);
        let classes = [
            (Self::BOOLEAN, "booleans"),
            (Self::NUMBER, "numbers"),
            (text, "text"),
            (Self::OBJECT, "objects"),
            (Self::ARRAY, "lists"),
        ];
        let is_any = self != Self::default();
        classes.into_iter().find(|(class, _)| is_any && self.within(&[*class])).map(|(_, name)| name)
    }

    /// Whether they have no type in common but text, and are not both text.
    fn are_unlike(self, other: Self) -> bool {
        let is_text = |kinds: Self| kinds.in_words() == TEXT;
        is_text(Self(self.0 | other.0)) && !(is_text(self) && is_text(other))
    }

    /// The type as a config writes it; of what nests, what that is.
    fn in_words(self) -> String {
        match self {
            Self::OBJECT => "objects".to_owned(),
            Self::ARRAY => "lists".to_owned(),
            _ => describe(&Seen { kinds: self, ..Seen::default() }.data_type()),
        }
    }

    /// Whether it has nothing but these.
    fn within(self, kinds: &[Self]) -> bool {
        self.0 & !kinds.iter().fold(0, |all, kind| all | kind.0) == 0
    }
}

/// What was seen at one place.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    kinds: Kinds,
    /// How many fields of CSV, or values of a record of JSON, were numbers, how many dates and times, and how many neither.
    numbers: u64,
    times: u64,
    others: u64,
    /// The kinds of the input that is looked at.
    of_input: Kinds,
    /// The first input with a value, and the kinds there.
    first: Option<(String, Kinds)>,
    /// The first with which it has no type in common, as text is none.
    unlike: Option<(String, Kinds)>,
    fields: SeenFields,
    items: Option<Box<Seen>>,
}

/// What was seen under each name, in the order of first appearance.
#[derive(Debug, Default)]
pub(crate) struct SeenFields {
    names: Vec<(String, Seen)>,
    index: HashMap<String, usize>,
    /// Of the records of JSON since it was asked for: each value that is the first of something in its column.
    firsts: Vec<(String, Firsts, String)>,
}

/// What almost all values of a column are that is text all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Almost {
    Numbers,
    Times,
}

/// A column that is text because of a few values.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    pub(crate) almost: Almost,
    /// How many values are none of those.
    pub(crate) others: u64,
    /// The type without them.
    pub(crate) data_type: DataType,
}

/// The types of a column in two inputs, which have none in common but text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unlike {
    pub(crate) one: String,
    pub(crate) one_type: String,
    pub(crate) other: String,
    pub(crate) other_type: String,
}

/// Of what a value is the first in its column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Firsts {
    /// The first that is no number.
    pub(crate) no_number: bool,
    /// The first that is no date or time.
    pub(crate) no_time: bool,
    /// The first of JSON that is something else than those before it, which are these.
    pub(crate) others: Option<&'static str>,
}

impl Firsts {
    fn is_any(self) -> bool {
        self.no_number || self.no_time || self.others.is_some()
    }
}

/// A key that can't be a name, because it holds a NUL character.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadKey(pub(crate) String);

impl SeenFields {
    /// The place of this name.
    pub(crate) fn place(&mut self, name: &str) -> Option<&mut Seen> {
        let index = match self.index.get(name) {
            Some(index) => *index,
            None => {
                self.index.insert(name.to_owned(), self.names.len());
                self.names.push((name.to_owned(), Seen::default()));
                self.names.len() - 1
            }
        };
        self.names.get_mut(index).map(|(_, seen)| seen)
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// Takes in a record of JSON that is an object. What is broken or something else is left to be reported by reading.
    pub(crate) fn observe_json(&mut self, record: &str) -> Result<Option<Misfit>, BadKey> {
        if let Err(misfit) = is_object(record) {
            return Ok(Some(misfit));
        }
        // A broken record is no row, and what comes before the fault says nothing of those that are.
        if let Err(error) = serde_json::from_str::<IgnoredAny>(record) {
            return Ok(Some(broken(&error)));
        }
        let mut walk = Walk { fields: self, most: MAX_COLUMNS, depth: 1, bad_key: None };
        let walked = serde_json::Deserializer::from_str(record).deserialize_map(&mut walk);
        match walk.bad_key {
            Some(key) => Err(BadKey(key)),
            None => Ok(walked.err().map(|error| broken(&error))),
        }
    }

    /// Of a column that is text, though almost all of its values are something else: what, and how many are not.
    pub(crate) fn odd(&self, name: &str) -> Option<Odd> {
        let (_, seen) = self.names.get(*self.index.get(name)?)?;
        seen.odd()
    }

    /// What the latest records of JSON hold for the first time: the column, of what, and the beginning of the value as it is written.
    pub(crate) fn take_firsts(&mut self) -> Vec<(String, Firsts, String)> {
        std::mem::take(&mut self.firsts)
    }

    /// An input was looked at: what follows is of another one.
    pub(crate) fn end_input(&mut self, path: &str) {
        self.names.iter_mut().for_each(|(_, seen)| seen.end_input(path));
    }

    /// Of a column that is text, though it is something else in one of its inputs: these two.
    pub(crate) fn unlike(&self, name: &str) -> Option<Unlike> {
        let (_, seen) = self.names.get(*self.index.get(name)?)?;
        let ((one, one_kinds), (other, other_kinds)) = seen.first.clone().zip(seen.unlike.clone())?;
        let (one_type, other_type) = (one_kinds.in_words(), other_kinds.in_words());
        (seen.data_type() == DataType::Utf8).then_some(Unlike { one, one_type, other, other_type })
    }

    /// The types of all places, as a table's columns.
    pub(crate) fn columns(&self) -> Vec<(String, DataType)> {
        self.names.iter().map(|(name, seen)| (name.clone(), seen.data_type())).collect()
    }
}

impl Seen {
    /// Takes in a field of CSV.
    pub(crate) fn observe_field(&mut self, text: &str) -> Firsts {
        if text.is_empty() {
            return Firsts::default();
        }
        let kind = kind_of_field(text);
        self.add(kind);
        self.count(kind)
    }

    fn add(&mut self, kind: Kinds) {
        self.kinds.add(kind);
        self.of_input.add(kind);
    }

    fn end_input(&mut self, path: &str) {
        let kinds = std::mem::take(&mut self.of_input);
        if kinds == Kinds::default() {
            return;
        }
        match &self.first {
            None => self.first = Some((path.to_owned(), kinds)),
            Some((_, first)) if self.unlike.is_none() && first.are_unlike(kinds) => {
                self.unlike = Some((path.to_owned(), kinds));
            }
            Some(_) => {}
        }
    }

    fn count(&mut self, kind: Kinds) -> Firsts {
        let before = (self.times + self.others, self.numbers + self.others);
        if Kinds::NUMBER.has(kind) {
            self.numbers += 1;
        } else if Kinds::TIME.has(kind) {
            self.times += 1;
        } else {
            self.others += 1;
        }
        let after = (self.times + self.others, self.numbers + self.others);
        let is_first = |before, after| before == 0 && after == 1;
        Firsts { no_number: is_first(before.0, after.0), no_time: is_first(before.1, after.1), others: None }
    }

    /// See [`SeenFields::odd`].
    fn odd(&self) -> Option<Odd> {
        /// One among so many is odd; in a small sample one is.
        const RARE: u64 = 20;
        if self.data_type() != DataType::Utf8 {
            return None;
        }
        let all = self.numbers + self.times + self.others;
        let classes = [(Almost::Numbers, Kinds::NUMBER, self.numbers), (Almost::Times, Kinds::TIME, self.times)];
        classes.into_iter().find_map(|(almost, kinds, count)| {
            let others = all - count;
            let is_odd = others > 0 && count > 1 && others <= (count / RARE).max(1);
            let data_type = Self { kinds: Kinds(self.kinds.0 & kinds.0), ..Self::default() }.data_type();
            (is_odd && data_type != DataType::Utf8).then_some(Odd { almost, others, data_type })
        })
    }

    /// Takes in a value of JSON. Gives its kind; null has none.
    fn observe_json(&mut self, raw: &str, depth: usize) -> Result<Option<Kinds>, BadKey> {
        let Some(kind) = kind_of_json(raw, depth) else { return Ok(None) };
        self.add(kind);
        if kind == Kinds::OBJECT {
            let mut walk = Walk { fields: &mut self.fields, most: MAX_FIELDS, depth: depth + 1, bad_key: None };
            let _ = serde_json::Deserializer::from_str(raw).deserialize_map(&mut walk);
            return walk.bad_key.map_or(Ok(Some(kind)), |key| Err(BadKey(key)));
        }
        if kind == Kinds::ARRAY {
            let mut items = Items { seen: self.items.get_or_insert_default(), depth: depth + 1, bad_key: None };
            let _ = serde_json::Deserializer::from_str(raw).deserialize_seq(&mut items);
            return items.bad_key.map_or(Ok(Some(kind)), |key| Err(BadKey(key)));
        }
        Ok(Some(kind))
    }

    /// Takes in a value of a record.
    fn observe_value(&mut self, raw: &str) -> Result<Firsts, BadKey> {
        let before = self.kinds;
        let Some(kind) = self.observe_json(raw, 1)? else { return Ok(Firsts::default()) };
        let others = before.only().filter(|_| before.only() != kind.only());
        Ok(Firsts { others, ..self.count(kind) })
    }

    /// The narrowest type that holds all that was seen.
    fn data_type(&self) -> DataType {
        let kinds = self.kinds;
        if kinds == Kinds::default() {
            DataType::Utf8
        } else if kinds == Kinds::BOOLEAN {
            DataType::Boolean
        } else if kinds.within(&[Kinds::SMALL, Kinds::LARGE]) {
            DataType::Int64
        } else if kinds.has(Kinds::FLOAT) && kinds.within(&[Kinds::SMALL, Kinds::FLOAT, Kinds::EXPONENT]) {
            DataType::Float64
        } else if kinds == Kinds::DATE {
            DataType::Date32
        } else if kinds == Kinds::TIMESTAMP {
            DataType::Timestamp(TimeUnit::Microsecond, None)
        } else if kinds == Kinds::INSTANT {
            timestamp_utc()
        } else if kinds == Kinds::OBJECT && (1..=MAX_FIELDS).contains(&self.fields.len()) {
            let field = |(name, data_type): (String, DataType)| Field::new(name, data_type, true);
            DataType::Struct(self.fields.columns().into_iter().map(field).collect::<Fields>())
        } else if kinds == Kinds::ARRAY {
            let item = self.items.as_ref().map_or(DataType::Utf8, |items| items.data_type());
            DataType::List(Arc::new(Field::new_list_field(item, true)))
        } else {
            DataType::Utf8
        }
    }
}

/// The kind of a value of JSON; null has none.
fn kind_of_json(raw: &str, depth: usize) -> Option<Kinds> {
    Some(match raw.as_bytes().first() {
        Some(b'{' | b'[') if depth > MAX_TYPE_DEPTH => Kinds::TEXT,
        Some(b'{') => Kinds::OBJECT,
        Some(b'[') => Kinds::ARRAY,
        Some(b'n') => return None,
        Some(b't' | b'f') => Kinds::BOOLEAN,
        Some(b'"') => unquoted(raw).and_then(|text| kind_of_time(&text)).unwrap_or(Kinds::TEXT),
        _ => kind_of_number(raw),
    })
}

fn kind_of_field(text: &str) -> Kinds {
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'-' | b'.') => {
            if let Some(kind) = kind_of_time(text) {
                return kind;
            }
            let Some(number) = Number::parse(text) else {
                return if scalar::float64(text, false).is_some() { Kinds::FLOAT } else { Kinds::TEXT };
            };
            if number.is_integer() && number.whole.len() > MAX_DIGITS {
                Kinds::TEXT
            } else if number.fraction.is_empty()
                && number.exponent.is_some_and(|exponent| !exponent.starts_with(['+', '-']))
            {
                scalar::float64(text, false).map_or(Kinds::TEXT, |_| Kinds::EXPONENT)
            } else {
                kind_of_number(text)
            }
        }
        Some(b't' | b'T' | b'f' | b'F') if scalar::boolean(text).is_some() => Kinds::BOOLEAN,
        _ => Kinds::TEXT,
    }
}

fn kind_of_number(text: &str) -> Kinds {
    match scalar::int64(text, false) {
        Some(integer) if scalar::is_exact_in_float(integer) => Kinds::SMALL,
        Some(_) => Kinds::LARGE,
        None if scalar::float64(text, false).is_some() => Kinds::FLOAT,
        None => Kinds::TEXT,
    }
}

fn kind_of_time(text: &str) -> Option<Kinds> {
    if text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    if scalar::date(text).is_some() {
        return Some(Kinds::DATE);
    }
    scalar::moment(text).map(|(_, offset)| if offset.is_some() { Kinds::INSTANT } else { Kinds::TIMESTAMP })
}

/// Walks over an object's keys and takes their values in.
struct Walk<'a> {
    fields: &'a mut SeenFields,
    most: usize,
    depth: usize,
    bad_key: Option<String>,
}

impl<'de> Visitor<'de> for &mut Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((key, value)) = map.next_entry::<std::borrow::Cow<'de, str>, &RawValue>()? {
            if key.contains('\0') {
                self.bad_key = Some(key.into_owned());
                return Err(serde::de::Error::custom("a key with NUL"));
            }
            // One beyond the limit tells that there are too many.
            if self.fields.len() > self.most && !self.fields.index.contains_key(key.as_ref()) {
                continue;
            }
            let Some(place) = self.fields.place(&key) else { continue };
            let raw = value.get();
            let observed = if self.depth == 1 {
                place.observe_value(raw)
            } else {
                place.observe_json(raw, self.depth).map(|_| Firsts::default())
            };
            match observed {
                Ok(firsts) if firsts.is_any() => {
                    let value = unquoted(raw).map_or_else(|| excerpt(raw, VALUE), |text| excerpt(&text, VALUE));
                    self.fields.firsts.push((key.into_owned(), firsts, value));
                }
                Ok(_) => {}
                Err(BadKey(key)) => self.bad_key = Some(key),
            }
        }
        Ok(())
    }
}

/// Walks over an array's items.
struct Items<'a> {
    seen: &'a mut Seen,
    depth: usize,
    bad_key: Option<String>,
}

impl<'de> Visitor<'de> for &mut Items<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<&RawValue>()? {
            if let Err(BadKey(key)) = self.seen.observe_json(item.get(), self.depth) {
                self.bad_key = Some(key);
                while items.next_element::<IgnoredAny>()?.is_some() {}
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(values: &[&str]) -> String {
        let mut seen = Seen::default();
        values.iter().for_each(|value| _ = seen.observe_field(value));
        describe(&seen.data_type())
    }

    fn json(records: &[&str]) -> String {
        let mut seen = SeenFields::default();
        records.iter().for_each(|record| assert_eq!(seen.observe_json(record), Ok(None)));
        let columns: Vec<String> =
            seen.columns().iter().map(|(name, data_type)| format!("{name} {}", describe(data_type))).collect();
        columns.join(", ")
    }

    #[test]
    fn fields_of_csv() {
        let cases: &[(&[&str], &str)] = &[
            (&["", ""], "string"),
            (&["1", "", "-2"], "int64"),
            (&["1", "2.5"], "float64"),
            (&[".5", "0", "0.5"], "float64"),
            (&["9007199254740993"], "int64"),
            (&["9007199254740993", "0.5"], "string"),
            (&["123456789012345678"], "int64"),
            (&["1234567890123456789"], "string"),
            (&["007", "8"], "string"),
            (&["+5"], "string"),
            (&["00M", "1"], "string"),
            (&["1E5", "2E7"], "string"),
            (&["1E5", "0.5"], "float64"),
            (&["1e-05"], "float64"),
            (&["1e999"], "string"),
            (&["1e-400"], "string"),
            (&["0.5", "0.123456789012345678"], "string"),
            (&["0.50", "0.12345678901234567000"], "float64"),
            (&["NaN", "1.5"], "string"),
            (&["TRUE", "false"], "boolean"),
            (&["true", "1"], "string"),
            (&["2024-02-29"], "date"),
            (&["2023-02-29"], "string"),
            (&["2024-02-29 10:00:00", "2024-02-29T10:00"], "timestamp"),
            (&["2024-02-29 10:00:00+00"], "timestamptz"),
            (&["2024-02-29T10:00:00Z", "2024-02-29T10:00:00"], "string"),
            (&["2024-02-29", "2024-02-29T10:00"], "string"),
        ];
        for (values, expected) in cases {
            assert_eq!(field(values), *expected, "{values:?}");
        }
    }

    #[test]
    fn what_is_odd_in_a_column_of_numbers() {
        let odd = |values: &[&str]| {
            let mut seen = Seen::default();
            let firsts = |no: fn(Firsts) -> bool, seen: &mut Seen| -> Vec<usize> {
                (0..).zip(values).filter(|(_, text)| no(seen.observe_field(text))).map(|(at, _)| at).collect()
            };
            let firsts = firsts(|firsts| firsts.no_number, &mut seen);
            (firsts, seen.odd().map(|odd| odd.others))
        };
        assert_eq!(odd(&["1", "", "abc", "3"]), (vec![2], Some(1)));
        assert_eq!(odd(&["1.5", "2026-01-01", "3"]), (vec![1], Some(1)), "a date is no number either");
        assert_eq!(odd(&["true", "1", "2"]), (vec![0], Some(1)));
        assert_eq!(odd(&["1", "2", "3"]), (vec![], None));
        assert_eq!(odd(&["abc", "1"]), (vec![0], None), "who knows which of them is odd");
        assert_eq!(odd(&["a", "b", "1", "2", "3"]), (vec![0], None));
        assert_eq!(odd(&[["1"; 38].as_slice(), &["a", "b"]].concat()), (vec![38], None));
        assert_eq!(odd(&[["1"; 40].as_slice(), &["a", "b"]].concat()), (vec![40], Some(2)));
        assert_eq!(odd(&["9007199254740993", "0.5", "x"]), (vec![2], None), "text without it, too");
    }

    #[test]
    fn what_is_odd_in_a_column_of_dates() {
        let odd = |values: &[&str]| {
            let mut seen = Seen::default();
            let firsts: Vec<usize> =
                (0..).zip(values).filter(|(_, text)| seen.observe_field(text).no_time).map(|(at, _)| at).collect();
            (firsts, seen.odd())
        };
        let one = |data_type| Some(Odd { almost: Almost::Times, others: 1, data_type });
        assert_eq!(odd(&["2026-01-01", "2026-01-02", "2026-13-45"]), (vec![2], one(DataType::Date32)));
        assert_eq!(odd(&["0", "2026-01-01", "2026-01-02"]), (vec![0], one(DataType::Date32)));
        assert_eq!(odd(&["2026-01-01", "2026-01-02"]), (vec![], None));
        assert_eq!(odd(&["2026-01-01", "2026-01-02T10:00", "x"]), (vec![2], None), "text without it, too");
    }

    #[test]
    fn values_of_json() {
        let cases: &[(&[&str], &str)] = &[
            (&[r#"{"b":1,"a":null}"#, r#"{"a":true,"c":"x"}"#], "b int64, a boolean, c string"),
            (&[r#"{"a":1}"#, r#"{"a":1.5}"#], "a float64"),
            (&[r#"{"a":9007199254740993}"#, r#"{"a":1.5}"#], "a string"),
            (&[r#"{"a":18446744073709551616}"#], "a string"),
            (&[r#"{"a":1e999}"#], "a string"),
            (&[r#"{"a":1e-400}"#], "a string"),
            (&[r#"{"a":1.123456789012345678}"#], "a string"),
            (&[r#"{"a":"5"}"#], "a string"),
            (&[r#"{"a":"2024-01-01"}"#, r#"{"a":null}"#], "a date"),
            (&[r#"{"a":"2024-01-01T00:00:00Z"}"#], "a timestamptz"),
            (&[r#"{"a":{"x":1}}"#, r#"{"a":{"y":"t"}}"#], "a struct(x int64, y string)"),
            (&[r#"{"a":{}}"#], "a string"),
            (&[r#"{"a":{"x":1}}"#, r#"{"a":1}"#], "a string"),
            (&[r#"{"a":[1,2.5,null]}"#, r#"{"a":[]}"#], "a list of float64"),
            (&[r#"{"a":[]}"#], "a list of string"),
            (&[r#"{"a":[{"x":[1]}]}"#], "a list of struct(x list of int64)"),
        ];
        for (records, expected) in cases {
            assert_eq!(json(records), *expected, "{records:?}");
        }
    }

    #[test]
    fn an_object_with_too_many_keys_is_text() {
        let keys: Vec<String> = (0..=MAX_FIELDS).map(|key| format!("\"k{key}\":1")).collect();
        assert_eq!(json(&[&format!("{{\"a\":{{{}}}}}", keys.join(","))]), "a string");
    }

    #[test]
    fn a_type_ends_at_a_depth_and_text_goes_on() {
        let nested = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert_eq!(json(&[&nested]), format!("a {}string", "list of ".repeat(MAX_TYPE_DEPTH)));
    }

    #[test]
    fn a_broken_record_decides_nothing() {
        for record in [r#"{"a":"x","b":1"#, r#"{"a":"x"} {"a":1}"#, r#"{"a":"x","b":[1,}"#, r#"{"a\u0000":1,"#] {
            let mut seen = SeenFields::default();
            assert_eq!(seen.observe_json(r#"{"a":1}"#), Ok(None));
            assert!(seen.observe_json(record).is_ok_and(|misfit| misfit.is_some()), "{record}");
            assert_eq!(seen.columns(), [("a".to_owned(), DataType::Int64)], "{record}");
        }
    }

    #[test]
    fn a_key_with_nul_is_an_error() {
        assert_eq!(SeenFields::default().observe_json(r#"{"a":[{"b\u0000":1}]}"#), Err(BadKey("b\0".into())));
    }
}
