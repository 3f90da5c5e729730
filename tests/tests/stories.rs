//! Stories: what happens to people when something breaks, told on the fakes with every function running for real.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests of a package that is tests")]

#[path = "stories/again.rs"]
mod again;
#[path = "stories/answers.rs"]
mod answers;
#[path = "stories/chaining.rs"]
mod chaining;
#[path = "stories/edits.rs"]
mod edits;
#[path = "stories/escalation.rs"]
mod escalation;
#[path = "stories/floods.rs"]
mod floods;
#[path = "stories/foretold.rs"]
mod foretold;
#[path = "stories/grouping.rs"]
mod grouping;
#[path = "stories/heartbeats.rs"]
mod heartbeats;
#[path = "stories/large.rs"]
mod large;
#[path = "stories/ledger.rs"]
mod ledger;
#[path = "stories/lifecycle.rs"]
mod lifecycle;
#[path = "stories/merging.rs"]
mod merging;
#[path = "stories/named.rs"]
mod named;
#[path = "stories/outages.rs"]
mod outages;
#[path = "stories/people.rs"]
mod people;
#[path = "stories/quiet.rs"]
mod quiet;
#[path = "stories/repetition.rs"]
mod repetition;
#[path = "stories/responders.rs"]
mod responders;
#[path = "stories/rosters.rs"]
mod rosters;
#[path = "stories/rules.rs"]
mod rules;
#[path = "stories/sending.rs"]
mod sending;
#[path = "stories/storms.rs"]
mod storms;
#[path = "stories/use_cases.rs"]
mod use_cases;
