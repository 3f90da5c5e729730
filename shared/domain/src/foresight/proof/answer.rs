//! The answer of a schedule out of its layers' turns and its overrides, put together once more: by whole lists, without reasons.

use crate::id::UserId;
use crate::schedule::{Change, Layer, Schedule, Stacking};

/// Who answers where `open` layers say these people and `overrides` (places in the schedule's list, oldest first) are in force. Sorted.
pub(super) fn answer<'a>(schedule: &'a Schedule, open: &[Option<&'a [UserId]>], overrides: &[usize]) -> Vec<&'a UserId> {
    let mut says: Vec<Vec<&UserId>> = open.iter().map(|o| o.unwrap_or_default().iter().collect()).collect();
    let (mut beside, mut added): (Vec<&UserId>, Vec<&UserId>) = (Vec::new(), Vec::new());
    for change in overrides.iter().filter_map(|place| schedule.overrides.get(*place)).map(|o| &o.change) {
        match change {
            Change::Add { add } => added.extend(&add.0),
            Change::Everybody { with } => {
                says.iter_mut().for_each(|s| *s = with.0.iter().collect());
                beside = with.0.iter().collect();
                added.clear();
            }
            Change::Layer { layer, with } => {
                if let Some(place) = named(&schedule.layers, layer).filter(|place| open.get(*place).is_some_and(Option::is_some)) {
                    says[place] = with.0.iter().collect();
                }
            }
            Change::Person { person, with } => {
                for list in says.iter_mut().chain([&mut beside, &mut added]) {
                    if list.contains(&person) {
                        list.retain(|u| *u != person);
                        list.extend(&with.0);
                    }
                }
            }
        }
    }
    says.push(beside);
    let mut people: Vec<&UserId> = match schedule.stacking {
        Stacking::Union => says.concat(),
        Stacking::TopWins => says.into_iter().find(|s| !s.is_empty()).unwrap_or_default(),
    };
    people.extend(added);
    people.sort_unstable();
    people.dedup();
    people
}

/// The layer of a name or, where there is no such name, of a place from 1.
fn named(layers: &[Layer], name: &str) -> Option<usize> {
    layers.iter().position(|l| !l.name.is_empty() && l.name == name).or_else(|| {
        let place: usize = name.parse().ok()?;
        (1..=layers.len()).contains(&place).then(|| place - 1)
    })
}
