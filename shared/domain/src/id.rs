//! Identifiers: generated ones (`inc_` + ULID), which are parsed by prefix, and configured ones (slugs chosen by people).
//!
//! An id can not be built from an unchecked string: parse at the edge, then pass the type.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// Why a string is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// A generated id with another prefix, or none.
    #[error("expected an id that begins with {0:?}")]
    Prefix(&'static str),
    /// The part behind the prefix is no ULID.
    #[error("expected 26 characters of a ULID behind {0:?}")]
    Ulid(&'static str),
    /// A configured id with characters, or a length, that are not allowed.
    #[error("expected 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit")]
    Slug,
}

macro_rules! generated_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(ulid::Ulid);

        impl $name {
            /// What each of these ids begins with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes an id of a ULID that an id source drew.
            pub fn new(ulid: ulid::Ulid) -> Self {
                Self(ulid)
            }

            /// The ULID behind the prefix.
            pub fn ulid(self) -> ulid::Ulid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", $prefix, self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(s: &str) -> Result<Self, IdError> {
                let rest = s.strip_prefix($prefix).ok_or(IdError::Prefix($prefix))?;
                ulid::Ulid::from_string(rest).map(Self).map_err(|_| IdError::Ulid($prefix))
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
                s.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

generated_id!(
    /// An incident.
    IncidentId,
    "inc_"
);
generated_id!(
    /// An alert: the events of one integration with one dedup key, while open.
    AlertId,
    "alr_"
);

generated_id!(
    /// A change of a schedule that was made at run time.
    OverrideId,
    "ovr_"
);
generated_id!(
    /// An offer to swap shifts.
    SwapId,
    "swp_"
);
generated_id!(
    /// A calendar feed (its public name, never its secret).
    FeedId,
    "cal_"
);

macro_rules! slug {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(extend("pattern" = "^[a-z0-9][a-z0-9_-]{0,63}$")))]
        pub struct $name(String);

        impl $name {
            /// The slug as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(s: &str) -> Result<Self, IdError> {
                let mut bytes = s.bytes();
                let first = bytes.next().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                let rest = bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
                if first && rest && s.len() <= 64 { Ok(Self(s.to_owned())) } else { Err(IdError::Slug) }
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let s = String::deserialize(d)?;
                s.parse().map_err(|e| serde::de::Error::custom(format!("{s:?}: {e}")))
            }
        }
    };
}

slug!(
    /// A team.
    TeamId
);
slug!(
    /// A person.
    UserId
);
slug!(
    /// What alerts are about.
    ServiceId
);
slug!(
    /// A key that senders use; belongs to a service.
    IntegrationId
);
slug!(
    /// An escalation policy.
    PolicyId
);
slug!(
    /// A schedule of who is on call.
    ScheduleId
);
slug!(
    /// One way to reach a user.
    ContactId
);
slug!(
    /// An event rule, within its list.
    RuleId
);
slug!(
    /// A maintenance window: chosen by people in the configuration, generated where one is started at run time.
    MaintenanceId
);
slug!(
    /// A component of the status page.
    ComponentId
);
slug!(
    /// An API token (its public name, never its secret).
    TokenId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_ids_are_parsed_by_prefix() {
        let id = IncidentId::new(ulid::Ulid::from_parts(1, 2));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.to_string().parse::<AlertId>(), Err(IdError::Prefix("alr_")));
        assert_eq!("inc_x".parse::<IncidentId>(), Err(IdError::Ulid("inc_")));
    }

    #[test]
    fn slugs_refuse_what_could_break_a_key() {
        for bad in ["", "A", "a#b", "a b", "-a", "é", &"a".repeat(65)] {
            assert_eq!(bad.parse::<TeamId>(), Err(IdError::Slug), "{bad:?}");
        }
        for good in ["a", "web-shop_2", &"a".repeat(64)] {
            assert!(good.parse::<TeamId>().is_ok(), "{good:?}");
        }
    }
}
