//! What the JSON Schema of the configuration says of values that are written as text, or in one of several forms. Compiled for the command only (feature `schema`).
//!
//! Each pattern accepts what its type reads. Where a type reads more than people should write (an untidy number of spaces, a fraction of a second that
//! validation refuses afterwards), the pattern is the stricter one.

use crate::alert::mapping::Texts;
use crate::rules::OneOf;
use crate::schedule::{Length, Moment, Rotation, Turn, WallTime, Weekday, Written};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// `09:00`, `17:30:15`, `24:00`.
const CLOCK: &str = "(([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?|24:00(:00)?)";
/// Days of the week, long or short, in capital or small letters.
const DAY: &str = "([mM][oO][nN]([dD][aA][yY])?|[tT][uU][eE]([sS][dD][aA][yY])?|[wW][eE][dD]([nN][eE][sS][dD][aA][yY])?|[tT][hH][uU]([rR][sS][dD][aA][yY])?|\
                   [fF][rR][iI]([dD][aA][yY])?|[sS][aA][tT]([uU][rR][dD][aA][yY])?|[sS][uU][nN]([dD][aA][yY])?)";

macro_rules! of {
    ($type:ty, $name:literal, |$generator:ident| $schema:expr) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }
            fn json_schema($generator: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    };
}

of!(Written<Moment>, "Moment", |_generator| {
    json_schema!({
        "description": "A point in time: of the schedule's own clock (2026-01-05T09:00, 2026-01-05), or an instant (2026-01-05T09:00Z, 2026-01-05T10:00+01:00).",
        "type": "string",
        "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])([Tt ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?([Zz]|[+-][0-9]{2}(:?[0-5][0-9])?)?)?$",
        "examples": ["2026-01-05T09:00", "2026-01-05T09:00Z"]
    })
});

of!(Written<WallTime>, "WallTime", |_generator| {
    json_schema!({
        "description": "A time that comes back: 09:00, mon 09:00, or day 15 09:00 (the last day of a shorter month).",
        "type": "string",
        "pattern": format!("^({DAY} |day ([1-9]|[12][0-9]|3[01]) )?{CLOCK}$"),
        "examples": ["09:00", "mon 09:00", "day 15 09:00"]
    })
});

of!(Written<Weekday>, "Weekday", |_generator| {
    json_schema!({
        "description": "A day of the week.",
        "anyOf": [{"enum": Weekday::ALL.map(|day| day.to_string())}, {"type": "string", "pattern": format!("^{DAY}$")}]
    })
});

of!(Written<Length>, "Length", |_generator| {
    json_schema!({
        "description": "The length of a turn: hourly, daily, weekly, monthly, or so many: 2 weeks, 12 hours, 12 clock hours (steps on the clock).",
        "anyOf": [
            {"enum": ["hourly", "daily", "weekly", "monthly"]},
            {"type": "string", "pattern": "^([eE][vV][eE][rR][yY] )?[1-9][0-9]* ((clock )?(minute|hour)|day|week|month)s?$"}
        ]
    })
});

of!(Rotation, "Rotation", |generator| {
    let length = generator.subschema_for::<Written<Length>>();
    json_schema!({
        "description": "How time is cut into turns: one length, or lengths that follow each other, like [5 days, 2 days].",
        "anyOf": [length, {"type": "array", "items": length, "minItems": 1}]
    })
});

of!(Turn, "Turn", |generator| {
    let user = generator.subschema_for::<crate::id::UserId>();
    json_schema!({
        "description": "Who takes one turn: one person (ada) or several at once ([ada, grace]).",
        "anyOf": [user, {"type": "array", "items": user, "minItems": 1, "uniqueItems": true}]
    })
});

of!(OneOf, "OneOf", |_generator| {
    let one = json_schema!({"type": ["string", "number", "boolean"]});
    json_schema!({
        "description": "One text or several. Numbers and truth values are the text that they are written as.",
        "anyOf": [one, {"type": "array", "items": one}]
    })
});

of!(Texts, "Texts", |_generator| {
    let one = json_schema!({"type": "string", "maxLength": crate::alert::mapping::MOST_CHARS});
    json_schema!({
        "description": "Texts with placeholders ({host.name}), of which the first that can be filled counts. One text or a list.",
        "anyOf": [one, {"type": "array", "items": one, "maxItems": crate::alert::mapping::MOST_ENTRIES}]
    })
});
