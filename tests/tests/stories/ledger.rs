//! Every accepted event's end can be looked up, the ledger adds up, and whatever is lost is found.

use expect_test::{Expect, expect};
use tocsin_app::fakes::store::State;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::incident::command::Command;
use tocsin_domain::ledger::{Violation, answer_at};
use tocsin_tests::samples::{at, event};
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

/// Without ids, which are another in each world.
fn told(world: &World, service: &str, key: &str, expected: Expect) {
    let text: Vec<String> = world.trace_key(service, key).iter().map(|t| t.sentence().replace(&t.alert.id.to_string(), "ALERT")).collect();
    expected.assert_eq(&text.join("\n"));
}

#[test]
fn what_became_of_a_key_is_told_from_its_last_alert_to_its_first() {
    let mut world = World::default();
    world.trigger("shop", "db");
    world.trigger("shop", "db");
    world.fast_forward(1.minutes());
    world.resolve_by_sender("shop", "db");
    world.fast_forward(1.minutes());
    world.resolve_by_sender("shop", "db");
    for _ in 0..4 {
        world.fast_forward(1.seconds());
        world.trigger("shop", "db");
    }
    told(
        &world,
        "shop",
        "db",
        expect![[r#"
        Alert ALERT ("db is broken", integration shop-pd) came at 2026-01-05 09:02:01 UTC and opened incident #2. 4 events of it were counted, the first included. It is still open.
        Alert ALERT ("db is broken", integration shop-pd) came at 2026-01-05 09:00:00 UTC and opened incident #1. 2 events of it were counted, the first included. It was resolved at 2026-01-05 09:01:00 UTC."#]],
    );
    told(&world, "shop", "other", expect![""]);
    let alerts: Vec<_> = world.trace_key("shop", "db").into_iter().map(|t| t.alert).collect();
    assert!(answer_at(&alerts, at(30)).contains(&alerts[1].id.to_string()));
    assert_eq!(
        answer_at(&alerts, at(90)),
        "At 2026-01-05 09:01:30 UTC nothing was open under this key: an acknowledgement or a resolve that came then changed nothing."
    );
    assert!(answer_at(&alerts, at(-1)).contains("nothing was open"));
    assert!(answer_at(&alerts, at(200)).contains(&alerts[0].id.to_string()));
}

#[test]
fn an_alert_that_joined_says_why() {
    let mut world = World::default();
    world.trigger("storm", "first");
    world.trigger("storm", "second");
    told(
        &world,
        "storm",
        "second",
        expect![[
            r#"Alert ALERT ("second is broken", integration storm-pd) came at 2026-01-05 09:00:00 UTC and joined incident #1: alerts of service storm within 5 min are one incident. No repetition of it was counted. It is still open."#
        ]],
    );
    world.consumer_fails = true;
    world.trigger("storm", "third");
    told(
        &world,
        "storm",
        "third",
        expect![[
            r#"Alert ALERT ("third is broken", integration storm-pd) came at 2026-01-05 09:00:00 UTC and is stored, and waits to be handled since 2026-01-05 09:00:00 UTC. No repetition of it was counted. It is still open."#
        ]],
    );
}

#[test]
fn the_ledger_adds_up() {
    let mut world = World::default();
    for n in 0..120 {
        world.trigger(["shop", "storm"][n % 2], &format!("key {}", n % 50));
        world.fast_forward(1.seconds());
    }
    world.send("bank", event(Action::Acknowledge, "nothing", Severity::Error));
    world.resolve_by_sender("shop", "key 0");
    let incident = world.all()[0].id;
    world.command("ada", incident, Command::Resolve);
    world.fast_forward(1.minutes());
    let audited = world.audit(7);
    assert_eq!(audited.violations, []);
    assert_eq!((audited.alerts, audited.opened + audited.joined, audited.lost, audited.waiting), (50, 50, 0, 0));
    assert_eq!(audited.events, 120, "each event is counted once");
    assert_eq!(world.audit(1000), audited, "however it is cut");
}

/// What an audit finds after this damage to a world of three alerts: two on one incident, one on its own.
fn found(damage: impl FnOnce(&mut State)) -> Vec<Violation> {
    let mut world = World::default();
    world.trigger("shop", "alone");
    world.fast_forward(1.seconds());
    world.trigger("storm", "first");
    world.fast_forward(1.seconds());
    world.trigger("storm", "second");
    world.fast_forward(5.minutes());
    assert_eq!(world.audit(10).violations, []);
    world.store.damage(damage);
    world.audit(10).violations
}

#[test]
fn whatever_is_lost_is_found() {
    use Violation::{AlertLost, CountWrong, GuardLost, IncidentLost, Late, LinkLost, NoEnd, TwoEnds, WrongIncident};
    // The first alert is alone, the others are together.
    let nth = |s: &State, n: usize| *s.alerts.keys().nth(n).unwrap();
    let broken = found(|s| {
        s.links.pop_last();
    });
    assert!(matches!(broken[..], [LinkLost { .. }, CountWrong { counted: 2, listed: 1, .. }]), "{broken:?}");
    let broken = found(|s| {
        s.links.pop_first();
    });
    assert!(matches!(broken[..], [LinkLost { .. }, CountWrong { counted: 1, listed: 0, .. }]), "{broken:?}");
    let broken = found(|s| drop(s.incidents.pop_first()));
    assert!(matches!(broken[..], [IncidentLost { .. }]), "{broken:?}");
    // Whatever told of the alert went with it: only its incident is left to say so.
    let broken = found(|s| drop(s.alerts.pop_first()));
    assert!(matches!(broken[..], [AlertLost { incident: Some(_), .. }]), "{broken:?}");
    let broken = found(|s| drop(s.alerts.pop_last()));
    assert!(matches!(broken[..], [AlertLost { incident: Some(_), .. }]), "{broken:?}");
    let broken = found(|s| {
        let id = nth(s, 0);
        s.alerts.get_mut(&id).unwrap().incident = None;
    });
    assert!(matches!(broken[..], [WrongIncident { .. }, NoEnd { .. }]), "{broken:?}");
    let broken = found(|s| {
        let (id, other) = (nth(s, 2), *s.incidents.keys().next().unwrap());
        s.alerts.get_mut(&id).unwrap().incident = Some(other);
    });
    assert!(matches!(broken[..], [LinkLost { .. }, WrongIncident { .. }]), "{broken:?}");
    let broken = found(|s| {
        let id = nth(s, 1);
        let by = tocsin_domain::alert::outcome::Suppressor::Maintenance("window".parse().unwrap());
        s.alerts.get_mut(&id).unwrap().outcome =
            Some(tocsin_domain::alert::outcome::Outcome::Suppressed { by, reason: "x".to_owned(), at: at(0), again_at: None });
    });
    assert!(matches!(broken[..], [TwoEnds { .. }]), "{broken:?}");
    let broken = found(|s| {
        let id = nth(s, 1);
        s.alerts.get_mut(&id).unwrap().seq += 1;
    });
    assert!(matches!(broken[..], [Late { .. }]), "{broken:?}");
    let broken = found(|s| drop(s.guards.pop_first()));
    assert!(matches!(broken[..], [GuardLost { .. }]), "{broken:?}");
    let broken = found(|s| s.incidents.values_mut().next_back().unwrap().alerts_total = 7);
    assert!(matches!(broken[..], [CountWrong { counted: 7, listed: 2, .. }]), "{broken:?}");
    // Each says what to do.
    for violation in &broken {
        assert!(violation.to_string().ends_with('.'));
    }
}
