//! Words of the command line that several commands share: which incident, how long, how bad.

use clap::{Args, ValueEnum};
use std::fmt;
use std::str::FromStr;
use tocsin_domain::id::IncidentId;

/// Which incident.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// Its number (12 or #12) or its id.
    #[arg(value_name = "N")]
    pub(crate) incident: Which,
}

/// Which incidents.
#[derive(Debug, Args)]
pub(crate) struct Several {
    /// Numbers (12 or #12) or ids.
    #[arg(required = true, num_args = 1.., value_name = "N")]
    pub(crate) incidents: Vec<Which>,
}

/// An incident by number or id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Which {
    Number(u64),
    Id(IncidentId),
}

impl FromStr for Which {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix('#').unwrap_or(text);
        if let Ok(number) = number.parse() {
            return Ok(Self::Number(number));
        }
        text.parse().map(Self::Id).map_err(|_| "write the incident's number, like 12".to_owned())
    }
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

/// A length of time: numbers with units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration {
    pub(crate) seconds: u64,
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || "write numbers with units, like 30m, 2h or 1d12h".to_owned();
        let mut seconds: u64 = 0;
        let mut rest = text.trim();
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(form)?;
            let (number, behind) = rest.split_at(digits);
            let ends = behind.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(behind.len());
            let (unit, behind) = behind.split_at(ends);
            let unit_s = match unit {
                "s" | "sec" => 1,
                "m" | "min" => 60,
                "h" => 3600,
                "d" => 24 * 3600,
                "w" => 7 * 24 * 3600,
                _ => return Err(form()),
            };
            let part = number.parse::<u64>().ok().and_then(|n| n.checked_mul(unit_s));
            seconds = part.and_then(|p| seconds.checked_add(p)).ok_or_else(form)?;
            rest = behind.trim_start();
        }
        if seconds == 0 { Err(form()) } else { Ok(Self { seconds }) }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SeverityWord {
    Critical,
    Error,
    Warning,
    Info,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let seconds = |text: &str| text.parse::<Duration>().ok().map(|d| d.seconds);
        for (text, expected) in [("90s", 90), ("30m", 1800), ("30min", 1800), ("2h", 7200), ("1d12h", 129_600), ("1h 30m", 5400), ("1w", 604_800)] {
            assert_eq!(seconds(text), Some(expected), "{text}");
        }
        for bad in ["", "5", "m", "1x", "0m", "-5m", "1h5", "99999999999999999999s", "9999999999999999999w"] {
            assert_eq!(seconds(bad), None, "{bad}");
        }
    }

    #[test]
    fn incidents_by_number_and_by_id() {
        assert_eq!("12".parse(), Ok(Which::Number(12)));
        assert_eq!("#12".parse(), Ok(Which::Number(12)));
        let id = IncidentId::new(tocsin_domain_ulid());
        assert_eq!(id.to_string().parse(), Ok(Which::Id(id)));
        assert!("../tokens".parse::<Which>().is_err());
    }

    fn tocsin_domain_ulid() -> ulid::Ulid {
        ulid::Ulid::from_parts(1, 2)
    }
}
