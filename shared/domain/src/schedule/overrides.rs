//! Overrides: what people change about the answer for a while.
//!
//! Overrides apply from the oldest to the newest, each on what the older ones left, so the newest wins wherever two of them meet. The list is in order of
//! age: add new ones at its end.

use super::Stacking;
use super::layer::{Layer, Turn};
use super::local_time::Clock;
use super::written::{Moment, Written};
use crate::id::UserId;
use serde::{Deserialize, Serialize};

/// A change of the answer during `[start, end)`.
///
/// ```
/// use tocsin_domain::schedule::{Change, Override};
/// let read = |text: &str| serde_json::from_str::<Override>(text).map(|o| o.change).map_err(|e| e.to_string());
/// let during = r#""start": "2026-01-05T09:00Z", "end": "2026-01-06T09:00Z""#;
/// assert!(matches!(read(&format!(r#"{{{during}, "with": "ada"}}"#)), Ok(Change::Everybody { .. })));
/// assert!(matches!(read(&format!(r#"{{{during}, "layer": "weekly", "with": ["ada", "grace"]}}"#)), Ok(Change::Layer { .. })));
/// assert!(matches!(read(&format!(r#"{{{during}, "person": "alan", "with": "ada"}}"#)), Ok(Change::Person { .. })));
/// assert!(matches!(read(&format!(r#"{{{during}, "add": "ada"}}"#)), Ok(Change::Add { .. })));
/// assert!(read(&format!(r#"{{{during}, "add": "ada", "with": "alan"}}"#)).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "WrittenOverride", into = "WrittenOverride")]
pub struct Override {
    /// A handle to edit or delete it by; unique in the schedule.
    pub id: Option<String>,
    /// First instant.
    pub start: Written<Moment>,
    /// First instant no more.
    pub end: Written<Moment>,
    /// What changes.
    pub change: Change,
    /// Why, for people.
    pub note: Option<String>,
}

/// What an override changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "WrittenChange", into = "WrittenChange")]
pub enum Change {
    /// These people answer, and nobody else, also where nobody was on call (`with` alone).
    Everybody {
        /// Who answers.
        with: Turn,
    },
    /// These people answer for one layer while it is open; its hours stay as they are (`layer` and `with`).
    Layer {
        /// The layer's name, or its place in the list from 1.
        layer: String,
        /// Who answers.
        with: Turn,
    },
    /// These people answer wherever one person would (`person` and `with`).
    Person {
        /// Who is replaced.
        person: UserId,
        /// Who answers.
        with: Turn,
    },
    /// These people answer too, also where nobody was on call (`add`).
    Add {
        /// Who answers too.
        add: Turn,
    },
}

impl Change {
    /// The people that the override puts on call.
    pub fn people(&self) -> &[UserId] {
        match self {
            Self::Everybody { with } | Self::Layer { with, .. } | Self::Person { with, .. } => &with.0,
            Self::Add { add } => &add.0,
        }
    }
}

/// The override as it stands in a document.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct WrittenOverride {
    /// A handle to edit or delete it by; unique in the schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// The first instant of it.
    start: Written<Moment>,
    /// The first instant that is no more of it.
    end: Written<Moment>,
    /// Whom `with` replaces: this layer alone (its name, or its place in the list from 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    /// Whom `with` replaces: this person alone, wherever they would answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<UserId>,
    /// Who answers instead: of everybody, where neither `layer` nor `person` is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    with: Option<Turn>,
    /// Who answers too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    add: Option<Turn>,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A change as it stands in a document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenChange {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    layer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    person: Option<UserId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    with: Option<Turn>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    add: Option<Turn>,
}

/// A combination of fields that is no override.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an override has either `with` (and at most one of `layer` and `person`: whom it replaces; everybody without them) or `add` alone")]
struct NoOverride;

impl TryFrom<WrittenChange> for Change {
    type Error = NoOverride;

    fn try_from(w: WrittenChange) -> Result<Self, NoOverride> {
        match (w.layer, w.person, w.with, w.add) {
            (None, None, Some(with), None) => Ok(Change::Everybody { with }),
            (Some(layer), None, Some(with), None) => Ok(Change::Layer { layer, with }),
            (None, Some(person), Some(with), None) => Ok(Change::Person { person, with }),
            (None, None, None, Some(add)) => Ok(Change::Add { add }),
            _ => Err(NoOverride),
        }
    }
}

impl From<Change> for WrittenChange {
    fn from(change: Change) -> Self {
        match change {
            Change::Everybody { with } => Self { with: Some(with), ..Self::default() },
            Change::Layer { layer, with } => Self { layer: Some(layer), with: Some(with), ..Self::default() },
            Change::Person { person, with } => Self { person: Some(person), with: Some(with), ..Self::default() },
            Change::Add { add } => Self { add: Some(add), ..Self::default() },
        }
    }
}

impl TryFrom<WrittenOverride> for Override {
    type Error = NoOverride;

    fn try_from(w: WrittenOverride) -> Result<Self, NoOverride> {
        let change = WrittenChange { layer: w.layer, person: w.person, with: w.with, add: w.add }.try_into()?;
        Ok(Self { id: w.id, start: w.start, end: w.end, change, note: w.note })
    }
}

impl From<Override> for WrittenOverride {
    fn from(o: Override) -> Self {
        let WrittenChange { layer, person, with, add } = o.change.into();
        Self { id: o.id, start: o.start, end: o.end, layer, person, with, add, note: o.note }
    }
}

/// Which layer a name or place means; a name goes before a place.
pub(super) fn find_layer(layers: &[Layer], name: &str) -> Option<usize> {
    let place = || name.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).filter(|i| *i < layers.len());
    layers.iter().position(|l| !l.name.is_empty() && l.name == name).or_else(place)
}

impl Override {
    /// `[start, end)` in UTC seconds; `None` if a time is unreadable or nothing lies between.
    pub(super) fn span(&self, clock: &Clock) -> Option<(i64, i64)> {
        let (start, end) = (self.start.get()?.second(clock), self.end.get()?.second(clock));
        (start < end).then_some((start, end))
    }
}

/// Why a person is in the answer, as places in the schedule's lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// A turn of a layer: the layer's place, the turn's number, start and end.
    Turn { layer: usize, turn: u64, since: i64, until: i64 },
    /// An override's place.
    Override(usize),
}

/// The answer in the making: what each layer says, and who was added.
#[derive(Debug, Default)]
pub(super) struct Answer<'a> {
    /// By layer; one more at the end, for a schedule in which no layer has a say.
    slots: Vec<Vec<(&'a UserId, Cause)>>,
    open: Vec<bool>,
    added: Vec<(&'a UserId, Cause)>,
}

impl<'a> Answer<'a> {
    pub(super) fn clear(&mut self, layers: usize) {
        self.slots.iter_mut().for_each(Vec::clear);
        self.slots.resize_with(layers + 1, Vec::new);
        self.open.clear();
        self.open.resize(layers, false);
        self.added.clear();
    }

    /// A layer is open and says these people.
    pub(super) fn layer_says(&mut self, layer: usize, users: &'a [UserId], cause: Cause) {
        self.open[layer] = true;
        self.slots[layer].extend(users.iter().map(|u| (u, cause)));
    }

    /// Applies one override, newer than all before.
    pub(super) fn apply(&mut self, place: usize, change: &'a Change, layers: &[Layer]) {
        let cause = Cause::Override(place);
        let fill = |slot: &mut Vec<(&'a UserId, Cause)>, with: &'a Turn| {
            slot.clear();
            slot.extend(with.0.iter().map(|u| (u, cause)));
        };
        match change {
            Change::Everybody { with } => {
                self.slots.iter_mut().for_each(|slot| fill(slot, with));
                self.added.clear();
            }
            Change::Layer { layer, with } => {
                if let Some(layer) = find_layer(layers, layer).filter(|l| self.open[*l]) {
                    fill(&mut self.slots[layer], with);
                }
            }
            Change::Person { person, with } => {
                for slot in self.slots.iter_mut().chain([&mut self.added]) {
                    if let Some(at) = slot.iter().position(|(u, _)| *u == person) {
                        slot.retain(|(u, _)| *u != person);
                        let at = at.min(slot.len());
                        slot.splice(at..at, with.0.iter().map(|u| (u, cause)));
                    }
                }
            }
            Change::Add { add } => self.added.extend(add.0.iter().map(|u| (u, cause))),
        }
    }

    /// Who answers, each person once, with the first cause.
    pub(super) fn people(&self, stacking: Stacking, out: &mut Vec<(&'a UserId, Cause)>) {
        out.clear();
        let says = self.slots.iter().filter(|slot| !slot.is_empty());
        let heard = match stacking {
            Stacking::TopWins => says.take(1),
            Stacking::Union => says.take(usize::MAX),
        };
        for (user, cause) in heard.flatten().chain(&self.added) {
            if !out.iter().any(|(known, _)| known == user) {
                out.push((user, *cause));
            }
        }
    }
}
