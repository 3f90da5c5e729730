//! From the tree to types, through serde, with the place and the path of what does not fit.
//!
//! The types decide how a value is read, not its looks: a phone number without quotes is text, `no` is a name where a name belongs. A key with no value counts
//! as absent.

use super::tree::{Entry, Node, Place, Step, Value};
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, EnumAccess, Expected, MapAccess, SeqAccess, Unexpected, VariantAccess, Visitor};
use std::fmt;
use tocsin_domain::configuration::validate::suggest;

/// What does not fit.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) kind: Kind,
    pub(crate) place: Option<Place>,
    /// From the inside to the outside.
    reversed: Vec<Step>,
    // Boxed: an error that is passed up through every level should be small.
    pub(crate) message: Box<str>,
    pub(crate) suggestion: Option<Box<str>>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A key that the type does not know.
    UnknownField(String),
    /// A key that the type needs.
    MissingField(String),
    /// The value.
    Value,
}

impl Fault {
    fn new(kind: Kind, message: String, suggestion: Option<String>) -> Self {
        Self { kind, place: None, reversed: Vec::new(), message: message.into(), suggestion: suggestion.map(Into::into) }
    }

    fn at(mut self, place: Place) -> Self {
        self.place.get_or_insert(place);
        self
    }

    fn inside(mut self, step: Step) -> Self {
        self.reversed.push(step);
        self
    }

    pub(crate) fn path(&self) -> Vec<Step> {
        self.reversed.iter().rev().cloned().collect()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl de::Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Value, message.to_string(), None)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownField(field.to_owned()), format!("unknown field {field:?}"), Some(near(field, expected)))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::Value, format!("{variant:?} is not possible here"), Some(near(variant, expected)))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::MissingField(field.to_owned()), format!("field {field:?} is missing"), Some(format!("add {field}: and its value")))
    }

    fn invalid_type(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        Self::new(Kind::Value, format!("expected {}, found {unexpected}", words(&expected)), instead(&expected))
    }

    fn invalid_value(unexpected: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }
}

fn near(word: &str, expected: &[&str]) -> String {
    match suggest::closest(word, expected.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => format!("possible: {}", expected.join(", ")),
    }
}

/// Rust's and serde's words for a kind of value, in words for people.
fn words(expected: &str) -> String {
    match expected {
        "u8" => "a whole number from 0 to 255".to_owned(),
        "u32" => "a whole number from 0 to 4294967295".to_owned(),
        "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" | "string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        other => other.strip_prefix("struct ").map_or_else(|| other.to_owned(), |name| format!("the fields of a {}", name.to_lowercase())),
    }
}

/// What to write where a kind of value is expected, as far as the message does not say it.
fn instead(expected: &str) -> Option<String> {
    let example = match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" | "i8" | "i16" | "i32" | "i64" => "write digits only, like 300",
        "f32" | "f64" => "write a number, like 99.5",
        "a boolean" => "write true, or leave it out",
        "a string" | "string" => "write a text, in quotes where it holds special characters",
        "a sequence" => "write [one, two], or a line that begins with - for each",
        "fields" => "write fields, like {name: value}",
        other if other.starts_with("fields (") || other.starts_with("struct ") => "write fields, like {name: value}",
        other if other.starts_with("one of: ") => "write one of these words",
        _ => return None,
    };
    Some(example.to_owned())
}

fn found(node: &Node) -> String {
    match &node.value {
        Value::Scalar { .. } if node.is_null() => "nothing".to_owned(),
        Value::Scalar { text, .. } => format!("{text:?}"),
        Value::List(_) => "a list".to_owned(),
        Value::Map(entries) => format!("fields ({})", entries.iter().map(|e| e.key.as_str()).collect::<Vec<_>>().join(", ")),
    }
}

fn wrong<T>(node: &Node, expected: &str) -> Result<T, Fault> {
    let fault = Fault::new(Kind::Value, format!("expected {}, found {}", words(expected), found(node)), instead(expected));
    Err(fault.at(node.place))
}

macro_rules! numbers {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            match &self.value {
                Value::Scalar { text, .. } => match text.replace('_', "").parse::<$type>() {
                    Ok(number) => visitor.$visit(number).map_err(|e: Fault| e.at(self.place)),
                    Err(_) => wrong(self, stringify!($type)),
                },
                Value::List(_) | Value::Map(_) => wrong(self, stringify!($type)),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for &'de Node {
    type Error = Fault;

    /// By its looks: only where the type can be several things.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let value = match &self.value {
            Value::Scalar { .. } if self.is_null() => visitor.visit_unit(),
            Value::Scalar { text, plain: true } => match text.as_str() {
                "true" | "True" | "TRUE" => visitor.visit_bool(true),
                "false" | "False" | "FALSE" => visitor.visit_bool(false),
                text => {
                    if let Ok(number) = text.parse::<u64>() {
                        visitor.visit_u64(number)
                    } else if let Ok(number) = text.parse::<i64>() {
                        visitor.visit_i64(number)
                    } else {
                        visitor.visit_borrowed_str(text)
                    }
                }
            },
            Value::Scalar { text, plain: false } => visitor.visit_borrowed_str(text),
            Value::List(_) => return self.deserialize_seq(visitor),
            Value::Map(_) => return self.deserialize_map(visitor),
        };
        value.map_err(|e: Fault| e.at(self.place))
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Scalar { text, .. } if text.eq_ignore_ascii_case("true") => visitor.visit_bool(true),
            Value::Scalar { text, .. } if text.eq_ignore_ascii_case("false") => visitor.visit_bool(false),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => wrong(self, "a boolean"),
        }
    }

    numbers!(deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16, deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64,
             deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32, deserialize_i64 visit_i64 i64,
             deserialize_f32 visit_f32 f32, deserialize_f64 visit_f64 f64);

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => visitor.visit_borrowed_str(text).map_err(|e: Fault| e.at(self.place)),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => wrong(self, "a string"),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        if self.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _name: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Value::List(items) = &self.value else { return wrong(self, "a sequence") };
        visitor.visit_seq(Items(items.iter())).map_err(|e: Fault| e.at(self.place))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        let Value::Map(entries) = &self.value else { return wrong(self, "fields") };
        visitor.visit_map(Entries { rest: entries.iter(), value: None, fields: &[] }).map_err(|e: Fault| e.at(self.place))
    }

    fn deserialize_struct<V: Visitor<'de>>(self, _name: &'static str, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let Value::Map(entries) = &self.value else { return wrong(self, &format!("fields ({})", fields.join(", "))) };
        visitor.visit_map(Entries { rest: entries.iter(), value: None, fields }).map_err(|e: Fault| e.at(self.place))
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _name: &'static str, variants: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        match &self.value {
            Value::Scalar { text, .. } if !self.is_null() => visitor.visit_enum(StrDeserializer::new(text)).map_err(|e: Fault| e.at(self.place)),
            Value::Map(entries) if entries.len() == 1 => visitor.visit_enum(Variant(&entries[0])).map_err(|e: Fault| e.at(self.place)),
            Value::Scalar { .. } | Value::List(_) | Value::Map(_) => wrong(self, &format!("one of: {}", variants.join(", "))),
        }
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

struct Items<'de>(std::slice::Iter<'de, super::tree::Item>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        let Some(item) = self.0.next() else { return Ok(None) };
        seed.deserialize(&item.node).map(Some).map_err(|e| e.at(item.node.place).inside(Step::Index(item.index)))
    }
}

struct Entries<'de> {
    rest: std::slice::Iter<'de, Entry>,
    value: Option<&'de Entry>,
    /// What a struct knows; its keys without a value count as absent.
    fields: &'static [&'static str],
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let fields = self.fields;
        let Some(entry) = self.rest.find(|e| !(e.node.is_null() && fields.contains(&e.key.as_str()))) else { return Ok(None) };
        self.value = Some(entry);
        seed.deserialize(StrDeserializer::new(&entry.key)).map(Some).map_err(|e: Fault| e.at(entry.key_place).inside(Step::Key(entry.key.clone())))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Fault> {
        let Some(entry) = self.value.take() else { return Err(de::Error::custom("a value without a key")) };
        seed.deserialize(&entry.node).map_err(|e| e.at(entry.node.place).inside(Step::Key(entry.key.clone())))
    }
}

struct Variant<'de>(&'de Entry);

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Fault> {
        let variant = seed.deserialize(StrDeserializer::new(&self.0.key)).map_err(|e: Fault| e.at(self.0.key_place))?;
        Ok((variant, self))
    }
}

impl Variant<'_> {
    fn locate(&self, e: Fault) -> Fault {
        e.at(self.0.node.place).inside(Step::Key(self.0.key.clone()))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        if self.0.node.is_null() { Ok(()) } else { wrong(&self.0.node, "nothing").map_err(|e| self.locate(e)) }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        seed.deserialize(&self.0.node).map_err(|e| self.locate(e))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value, Fault> {
        self.0.node.deserialize_seq(visitor).map_err(|e| self.locate(e))
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        self.0.node.deserialize_struct("", fields, visitor).map_err(|e| self.locate(e))
    }
}
