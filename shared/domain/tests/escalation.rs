//! The escalation by tables: an incident's whole future, step by step, as one string.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that can not go on says where")]

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tocsin_domain::alert::{Severity, Urgency};
use tocsin_domain::configuration::Channel;
use tocsin_domain::escalation::policy::{Level, Policy, Target};
use tocsin_domain::escalation::progress::Next;
use tocsin_domain::escalation::step::{Step, next_step};
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::command::{Command, Rejected};
use tocsin_domain::incident::timeline::{Actor, Planned, What};
use tocsin_domain::incident::{Incident, Opening, Status};
use tocsin_domain::notification::page::Page;
use tocsin_domain::notification::plan::Plan;

fn start() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    start() + SignedDuration::from_secs(seconds)
}

fn ada() -> Actor {
    Actor::User("ada".parse().unwrap())
}

fn policy(delays: &[u32], repeat: u32, until_acknowledged: bool) -> Policy {
    let level = |(i, delay_s): (usize, &u32)| Level::new(*delay_s, vec![Target::User(format!("u{}", i + 1).parse().unwrap())]);
    Policy {
        id: "p".parse().unwrap(),
        team: "t".parse().unwrap(),
        name: String::new(),
        levels: delays.iter().enumerate().map(level).collect(),
        repeat,
        until_acknowledged,
    }
}

fn incident(severity: Severity) -> Incident {
    let opening = Opening {
        id: IncidentId::new(ulid::Ulid::from_parts(1, 1)),
        number: 1,
        service: "s".parse().unwrap(),
        team: "t".parse().unwrap(),
        policy: "p".parse().unwrap(),
        config_version: 1,
        title: "down".into(),
        severity,
        acknowledge_timeout_s: Some(600),
        auto_resolve_s: None,
    };
    let mut i = Incident::open(opening, start());
    i.attach(&[(AlertId::new(ulid::Ulid::from_parts(1, 1)), severity)], start());
    i
}

/// Runs the clock: `empty` names the levels (from 1) that have nobody. Each thing that happens is told with its second.
fn run(i: &mut Incident, policy: &Policy, empty: &[u32], until: i64) -> String {
    let mut told: Vec<String> = Vec::new();
    let mut waiting: Vec<Page> = Vec::new();
    let mut now = start();
    for _ in 0..5_000 {
        let second = now.duration_since(start()).as_secs();
        match next_step(i, policy, now) {
            Step::FireLevel(level) => {
                let number = i.progress.level + 1;
                let planned = if empty.contains(&number) {
                    Vec::new()
                } else {
                    let Some(Target::User(user)) = level.targets.first() else { panic!("a user") };
                    vec![(Planned { user: user.clone(), contact: user.as_str().parse().unwrap(), due: now, reason: String::new(), why: None }, Channel::Sms)]
                };
                waiting.extend(i.fire_level(policy, Plan { pages: planned, ..Plan::nobody(now) }, now).pages);
                told.push(format!("{second}:L{number}"));
            }
            Step::FireLastResort => {
                let fired = i.fire_last_resort(policy, now);
                waiting.extend(fired.pages);
                told.push(format!("{second}:last"));
            }
            Step::SendPages => {
                for page in std::mem::take(&mut waiting) {
                    i.page_sent(&page, "id".into(), 0);
                }
            }
            Step::TriggerAgain => {
                i.trigger_again(now);
                told.push(format!("{second}:again"));
            }
            Step::ResolveByItself => {
                i.resolve_by_itself(now);
                told.push(format!("{second}:auto"));
            }
            Step::CallResponders(_) => panic!("nobody was asked"),
            Step::QueueOverflow => waiting.extend(i.queue_overflow()),
            Step::WaitUntil(due) => {
                assert!(due > now, "waits for what has passed");
                if due > at(until) {
                    return told.join(" ");
                }
                now = due;
            }
            Step::Done => {
                told.push(format!("{second}:done"));
                return told.join(" ");
            }
        }
    }
    panic!("never waits: {told:?}")
}

#[test]
fn policies_by_their_futures() {
    for (delays, repeat, until_acknowledged, empty, future) in [
        // Each next level its predecessor's delay after the predecessor fired; the last level has its delay too.
        (&[300, 600][..], 0, false, &[][..], "0:L1 300:L2 900:last 900:done"),
        (&[300, 600], 1, false, &[], "0:L1 300:L2 900:L1 1200:L2 1800:last 1800:done"),
        // A level with nobody passes at once, its delay not counted.
        (&[300, 600], 0, false, &[1], "0:L1 0:L2 600:last 600:done"),
        (&[300, 600], 0, false, &[2], "0:L1 300:L2 300:last 300:done"),
        // Nobody anywhere: no use in repeating, the last resort comes at once.
        (&[300, 600], 3, false, &[1, 2], "0:L1 0:L2 0:last 0:done"),
        (&[], 0, false, &[], "0:last 0:done"),
        (&[0, 0], 0, false, &[], "0:L1 0:L2 0:last 0:done"),
        // Until acknowledged: a round takes 60 s at least, and the last resort comes only where nobody is left.
        (&[0], 0, true, &[], "0:L1 60:L1 120:L1 180:L1 240:L1 300:L1"),
        (&[45, 45], 0, true, &[], "0:L1 45:L2 90:L1 135:L2 180:L1 225:L2 270:L1 315:L2"),
        (&[300], 0, true, &[1], "0:L1 0:last 60:L1 60:last 120:L1 120:last 180:L1 180:last 240:L1 240:last 300:L1 300:last"),
    ] {
        let told = run(&mut incident(Severity::Critical), &policy(delays, repeat, until_acknowledged), empty, 330);
        let told = if until_acknowledged { told } else { run(&mut incident(Severity::Critical), &policy(delays, repeat, until_acknowledged), empty, 100_000) };
        assert_eq!(told, future, "delays {delays:?}, repeat {repeat}, until acknowledged {until_acknowledged}, empty levels {empty:?}");
    }
}

#[test]
fn an_acknowledgement_that_lapses_starts_over_and_a_snooze_ends() {
    let p = policy(&[300], 0, false);
    let mut i = incident(Severity::Critical);
    assert_eq!(run(&mut i, &p, &[], 10), "0:L1");
    i.apply(Command::Acknowledge, &ada(), at(10)).unwrap();
    assert_eq!((i.generation, i.attempt, i.pages.len(), i.deadline()), (1, 2, 0, Some(at(610))));
    assert_eq!(next_step(&i, &p, at(609)), Step::WaitUntil(at(610)));
    assert_eq!(next_step(&i, &p, at(610)), Step::TriggerAgain);
    i.trigger_again(at(610));
    assert_eq!((i.generation, i.attempt, i.superseded), (2, 1, Some((1, 2))));
    i.apply(Command::Snooze(at(2000)), &ada(), at(620)).unwrap();
    assert_eq!(next_step(&i, &p, at(1999)), Step::WaitUntil(at(2000)));
    assert_eq!(i.trigger_again(at(2000)), [What::TriggeredAgain { snooze_ended: true }]);
}

#[test]
fn commands_twice_change_nothing_and_resolved_incidents_refuse() {
    let mut i = incident(Severity::Critical);
    assert!(!i.apply(Command::Acknowledge, &ada(), at(1)).unwrap().is_empty());
    let acknowledged = i.clone();
    assert_eq!(i.apply(Command::Acknowledge, &ada(), at(2)), Ok(vec![]));
    assert_eq!(i, acknowledged);
    i.apply(Command::Snooze(at(100)), &ada(), at(3)).unwrap();
    assert_eq!(i.apply(Command::Snooze(at(100)), &ada(), at(4)), Ok(vec![]));
    assert_eq!(i.apply(Command::Snooze(at(4)), &ada(), at(4)), Err(Rejected::SnoozeInThePast));
    i.apply(Command::Resolve, &ada(), at(5)).unwrap();
    assert!(i.closing, "its alert still has to be closed");
    assert_eq!(i.apply(Command::Resolve, &ada(), at(6)), Ok(vec![]));
    let urgency = Command::SetUrgency(Urgency::Low);
    for command in [Command::Acknowledge, Command::Unacknowledge, Command::Snooze(at(900)), Command::Reassign(vec![]), Command::EscalateNow, urgency] {
        assert_eq!(i.apply(command.clone(), &ada(), at(7)), Err(Rejected::Resolved), "{command:?}");
    }
    assert!(i.apply(Command::Note("why".into()), &ada(), at(8)).is_ok());
    assert_eq!(i.deadline(), None);
}

#[test]
fn escalate_now_fires_the_next_level_once() {
    let p = policy(&[300, 300, 300], 0, false);
    let mut i = incident(Severity::Critical);
    run(&mut i, &p, &[], 10);
    assert_eq!(i.apply(Command::EscalateNow, &ada(), at(20)), Ok(vec![What::EscalatedNow { level: 1 }]));
    assert_eq!(i.apply(Command::EscalateNow, &ada(), at(21)), Ok(vec![]), "the same wish, before it was fulfilled");
    assert_eq!((i.generation, next_step(&i, &p, at(21))), (2, Step::FireLevel(p.levels[1].clone())));
}

#[test]
fn a_reassigned_incident_pages_its_new_owner_first_and_the_policy_behind_them() {
    let p = policy(&[300, 600], 0, false);
    let mut i = incident(Severity::Critical);
    run(&mut i, &p, &[], 10);
    i.apply(Command::Reassign(vec![Target::User("linus".parse().unwrap())]), &ada(), start()).unwrap();
    assert_eq!(run(&mut i, &p, &[], 100_000), "0:L1 300:L2 600:L3 1200:last 1200:done");
}

#[test]
fn severity_only_rises_and_high_urgency_starts_over() {
    let mut i = incident(Severity::Warning);
    assert_eq!(i.urgency, Urgency::Low);
    assert_eq!(i.raise(Severity::Info, at(1)), []);
    assert_eq!(i.raise(Severity::Critical, at(2)), [What::Raised { severity: Severity::Critical, urgency: Urgency::High }]);
    assert_eq!((i.generation, i.progress.next), (2, Next::Level { at: at(2) }));
    let mut answered = incident(Severity::Warning);
    answered.apply(Command::Acknowledge, &ada(), at(1)).unwrap();
    answered.raise(Severity::Critical, at(2));
    assert_eq!(answered.generation, 1, "somebody is on it: nobody is paged anew");
}

#[test]
fn an_acknowledgement_that_is_taken_back_starts_over() {
    let mut i = incident(Severity::Critical);
    assert_eq!(i.apply(Command::Unacknowledge, &ada(), at(1)), Ok(vec![]), "there is nothing to take back");
    i.apply(Command::Acknowledge, &ada(), at(1)).unwrap();
    assert_eq!(i.apply(Command::Unacknowledge, &ada(), at(2)), Ok(vec![What::Unacknowledged {}]));
    assert_eq!((i.generation, i.status.as_str(), i.deadline()), (2, "triggered", Some(at(2))));
    i.apply(Command::Snooze(at(900)), &ada(), at(3)).unwrap();
    i.apply(Command::Unacknowledge, &ada(), at(4)).unwrap();
    assert_eq!((i.generation, i.deadline()), (3, Some(at(4))), "a snooze is an acknowledgement too");
}

#[test]
fn a_reopened_incident_starts_over_with_its_longest_time() {
    let mut i = incident(Severity::Critical);
    (i.auto_resolve_s, i.auto_resolve_at) = (Some(7200), Some(at(7200)));
    assert_eq!(i.apply(Command::Reopen, &ada(), at(1)), Ok(vec![]), "it is open");
    i.apply(Command::Resolve, &ada(), at(10)).unwrap();
    assert_eq!(i.apply(Command::Reopen, &ada(), at(11)), Err(Rejected::Closing));
    (i.closing, i.alerts_open) = (false, 0);
    assert_eq!(i.apply(Command::Reopen, &ada(), at(20)), Ok(vec![What::Reopened {}]));
    assert_eq!((i.generation, i.status.as_str(), i.auto_resolve_at), (2, "triggered", Some(at(7220))));
    assert_eq!((i.alerts_open, i.alerts_total), (0, 1), "its alerts stay closed");
}

#[test]
fn a_chosen_urgency_stands_until_it_gets_worse() {
    let mut i = incident(Severity::Error);
    assert_eq!(i.apply(Command::SetUrgency(Urgency::High), &ada(), at(1)), Ok(vec![]));
    assert_eq!(i.apply(Command::SetUrgency(Urgency::Low), &ada(), at(1)), Ok(vec![What::UrgencySet { urgency: Urgency::Low, again: None }]));
    assert_eq!((i.urgency, i.generation), (Urgency::Low, 1), "nobody is paged anew");
    assert_eq!(i.raise(Severity::Error, at(2)), [], "no worse than what the person knew");
    assert_eq!(i.raise(Severity::Critical, at(3)), [What::Raised { severity: Severity::Critical, urgency: Urgency::High }]);
    assert_eq!(i.generation, 2);
    i.apply(Command::SetUrgency(Urgency::Low), &ada(), at(4)).unwrap();
    i.apply(Command::SetUrgency(Urgency::High), &ada(), at(5)).unwrap();
    assert_eq!((i.generation, i.progress.next), (3, Next::Level { at: at(5) }), "from low to high it starts over");
    i.apply(Command::SetUrgency(Urgency::Low), &ada(), at(6)).unwrap();
    i.apply(Command::Acknowledge, &ada(), at(7)).unwrap();
    i.apply(Command::SetUrgency(Urgency::High), &ada(), at(8)).unwrap();
    assert_eq!((i.generation, i.status.as_str()), (3, "acknowledged"), "somebody is on it");
}

#[test]
fn a_lowered_urgency_starts_where_somebody_still_waits_and_links_stay_good() {
    let p = policy(&[60, 60, 600], 1, false);
    // Levels 1 and 2 have fired, and nobody was paged yet.
    let fire = |i: &mut Incident, second: i64| {
        let Step::FireLevel(_) = next_step(i, &p, at(second)) else { panic!("a level is due at {second}") };
        let planned = Planned {
            user: format!("u{}", i.progress.level + 1).parse().unwrap(),
            contact: "c".parse().unwrap(),
            due: at(900),
            reason: String::new(),
            why: None,
        };
        i.fire_level(&p, Plan { pages: vec![(planned, Channel::Sms)], ..Plan::nobody(at(second)) }, at(second));
    };
    let mut i = incident(Severity::Critical);
    fire(&mut i, 0);
    fire(&mut i, 60);
    let before = i.clone();
    assert_eq!(i.apply(Command::SetUrgency(Urgency::Low), &ada(), at(70)), Ok(vec![What::UrgencySet { urgency: Urgency::Low, again: Some(0) }]));
    assert_eq!((i.generation, i.progress.level, i.progress.next, i.pages.len()), (2, 0, Next::Level { at: at(70) }, 0));
    assert!(i.answers(1) && i.answers(2) && !i.answers(3));
    // Twice lowered in between: the first link still answers. Anything else that starts over ends it.
    i.apply(Command::SetUrgency(Urgency::High), &ada(), at(71)).unwrap();
    assert!(!i.answers(2) && i.answers(3), "called anew");
    fire(&mut i, 71);
    i.apply(Command::SetUrgency(Urgency::Low), &ada(), at(72)).unwrap();
    i.apply(Command::Acknowledge, &ada(), at(73)).unwrap();
    assert!(i.answers(3) && i.answers(4));
    i.apply(Command::Unacknowledge, &ada(), at(74)).unwrap();
    assert!(!i.answers(4) && i.answers(5));
    // Where everybody was paged already nobody is paged anew.
    let mut paged = before;
    paged.pages.clear();
    assert_eq!(paged.apply(Command::SetUrgency(Urgency::Low), &ada(), at(70)), Ok(vec![What::UrgencySet { urgency: Urgency::Low, again: None }]));
    assert_eq!((paged.generation, paged.progress.level, paged.progress.next), (1, 2, Next::Level { at: at(120) }));
}

#[test]
fn an_old_acknowledgement_of_a_sender_does_not_answer_a_new_generation() {
    let mut i = incident(Severity::Critical);
    i.apply(Command::Acknowledge, &ada(), at(1)).unwrap();
    i.trigger_again(at(600));
    let sender = Actor::Sender("pd".parse().unwrap());
    assert_eq!(i.acknowledge_by_sender(&sender, at(599), at(601)), []);
    assert_eq!(i.acknowledge_by_sender(&sender, at(601), at(602)).len(), 1);
}

#[test]
fn the_last_alert_resolves_the_incident() {
    let mut i = incident(Severity::Critical);
    let second = AlertId::new(ulid::Ulid::from_parts(1, 2));
    let sender = Actor::Sender("pd".parse().unwrap());
    i.attach(&[(second, Severity::Info)], at(1));
    assert_eq!(i.resolve_alerts(&[second], &sender, at(2)), [What::AlertsResolved { alerts: vec![second], still_open: 1 }]);
    assert!(i.is_open());
    let first = AlertId::new(ulid::Ulid::from_parts(1, 1));
    i.resolve_alerts(&[first], &sender, at(3));
    assert_eq!(i.status, Status::Resolved { by: sender, at: at(3) });
    assert!(!i.closing, "its senders closed its alerts themselves");
}

#[test]
fn failing_pages_hurry_the_next_level_only_when_nobody_was_reached() {
    let p = policy(&[300, 300], 0, false);
    let plan =
        |user: &str| (Planned { user: user.parse().unwrap(), contact: user.parse().unwrap(), due: start(), reason: String::new(), why: None }, Channel::Sms);
    let mut i = incident(Severity::Critical);
    let pages = i.fire_level(&p, Plan { pages: vec![plan("ada"), plan("bob")], ..Plan::nobody(start()) }, start()).pages;
    i.page_failed(&pages[0], "opted out".into(), None, None, at(1));
    assert_eq!(i.progress.next, Next::Level { at: at(300) }, "bob's page still waits");
    let mut both = i.clone();
    both.page_failed(&pages[1], "opted out".into(), None, None, at(2));
    assert_eq!(both.progress.next, Next::Level { at: at(2) }, "nobody was reached");
    i.page_sent(&pages[1], "id".into(), 0);
    assert_eq!(i.progress.next, Next::Level { at: at(300) }, "bob was");
}

proptest! {
    /// Whatever the policy: every future ends in done or goes on for ever at least a minute a round, levels fire in order, and nothing fires twice at one place.
    #[test]
    fn any_policy_moves_on(delays in prop::collection::vec(0u32..400, 0..5), repeat in 0u32..4, until in any::<bool>(), empty in prop::collection::vec(1u32..6, 0..4)) {
        let p = policy(&delays, repeat, until);
        let told = run(&mut incident(Severity::Critical), &p, &empty, 4000);
        let events: Vec<&str> = told.split(' ').collect();
        let mut unique = events.clone();
        unique.sort_unstable();
        unique.dedup();
        prop_assert_eq!(unique.len(), events.len(), "{}", told);
        prop_assert!(until && !delays.is_empty() || told.ends_with("done") || delays.iter().sum::<u32>() > 0, "{}", told);
        prop_assert!(told.contains("last") || told.contains("L1"), "somebody is always being reached: {}", told);
    }
}
