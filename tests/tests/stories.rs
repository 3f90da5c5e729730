//! Stories: what happens to people when something breaks, told on the fakes with every function running for real.

#[path = "stories/answers.rs"]
mod answers;
#[path = "stories/escalation.rs"]
mod escalation;
#[path = "stories/grouping.rs"]
mod grouping;
#[path = "stories/repetition.rs"]
mod repetition;
#[path = "stories/sending.rs"]
mod sending;
