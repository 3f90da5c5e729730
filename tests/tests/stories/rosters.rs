//! Schedules at run time: overrides and swaps, while incidents escalate.

use serde_json::json;
use tocsin_app::change_roster::{Amend, Amended};
use tocsin_app::ports::{Clock, ConfigurationStore, VersionRecord};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::id::SwapId;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_domain::schedule::Span;
use tocsin_domain::schedule::roster::{AdHoc, Asked};
use tocsin_domain::schedule::swap::Offer;
use tocsin_tests::samples::{at, slug};
use tocsin_tests::world::tell::{Answer, Length};
use tocsin_tests::world::{Setup, World, configuration::configuration};

const DAY: i64 = 24 * 3600;

fn change(start: i64, end: i64, change: serde_json::Value) -> Amend {
    Amend::Add(Asked { start: at(start), end: at(end), change: serde_json::from_value(change).unwrap(), note: None })
}

fn offer(from: &str, to: &str, give: (i64, i64), take: Option<(i64, i64)>) -> Amend {
    let span = |(start, end)| Span { start: at(start), end: at(end) };
    Amend::Offer(Offer { from: slug(from), to: slug(to), give: span(give), take: take.map(span), note: None })
}

#[track_caller]
fn added(answer: Answer) -> AdHoc {
    match answer {
        Answer::Amended(amended) => match *amended {
            Amended::Override(o) => o,
            other @ (Amended::Swap(_) | Amended::Imported { .. }) => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn swap(answer: Answer) -> SwapId {
    match answer {
        Answer::Amended(amended) => match *amended {
            Amended::Swap(s) => s.id,
            other @ (Amended::Override(_) | Amended::Imported { .. }) => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(answer: Answer) -> String {
    if let Answer::Rejected(why) = answer { why } else { panic!("{answer:?}") }
}

/// A service whose levels are all the rota, five minutes apart.
fn rota_three_times() -> World {
    let mut document = serde_json::to_value(configuration()).unwrap();
    document["policies"][1]["levels"] = (0..3).map(|_| json!({"delay_s": 300, "targets": [{"schedule": "rota"}]})).collect();
    World::new(Setup { configuration: serde_json::from_value(document).unwrap(), ..Setup::default() })
}

#[test]
fn an_override_made_while_an_incident_escalates_counts_at_the_next_level() {
    let mut world = rota_three_times();
    world.trigger("bank", "vault open");
    world.expect_page("ada", Sms);
    world.fast_forward(2.minutes());
    let made = added(world.amend("carol", false, "rota", change(60, 3600, json!({"person": "ada", "with": "carol"}))));
    world.fast_forward(3.minutes());
    world.expect_page("carol", Sms);
    let incident = world.only();
    let why =
        |w: &What| matches!(w, What::LevelFired { pages, .. } if pages.iter().any(|p| p.reason.contains(&format!("override '{}' instead of ada", made.id))));
    assert!(world.tells(incident.id, why), "the timeline says why carol");
    // Taken back before the third level: ada again.
    added(world.amend("carol", false, "rota", Amend::Remove(made.id)));
    world.fast_forward(5.minutes());
    world.expect_page("ada", Sms);
    world.expect_quiet();
}

#[test]
fn an_override_survives_a_new_configuration() {
    let mut world = rota_three_times();
    added(world.amend("bob", false, "rota", change(0, DAY, json!({"with": "bob"}))));
    let record = VersionRecord::new(2, world.clock.now(), Actor::System);
    let mut next = configuration();
    next.schedules[0].name = "renamed".to_owned();
    next.policies[1].levels[0].targets = serde_json::from_value(json!([{"schedule": "rota"}])).unwrap();
    futures::executor::block_on(world.store.publish_configuration(&record, &next)).unwrap();
    world.trigger("bank", "vault open");
    world.expect_page("bob", Sms);
}

#[test]
fn people_change_what_is_theirs_and_admins_anything() {
    let mut world = World::default();
    let others = change(60, 3600, json!({"person": "ada", "with": "carol"}));
    assert_eq!(refused(world.amend("bob", false, "rota", others.clone())), "not theirs to change");
    let by_admin = added(world.amend("bob", true, "rota", others));
    assert_eq!(by_admin.by, Actor::User(slug("bob")));
    assert_eq!(refused(world.amend("dora", false, "rota", Amend::Remove(by_admin.id))), "not theirs to change");
    added(world.amend("carol", false, "rota", Amend::Remove(by_admin.id)));
    assert_eq!(refused(world.amend("ada", false, "rota", change(60, 3600, json!({"with": "nobody-we-know"})))), "not theirs to change");
    assert_eq!(refused(world.amend("ada", true, "rota", change(60, 3600, json!({"with": "nobody-we-know"})))), "with: there is no user nobody-we-know");
    assert!(refused(world.amend("ada", false, "nowhere", change(60, 3600, json!({"with": "ada"})))).contains("schedule nowhere"));
}

#[test]
fn a_swap_is_carried_out_when_the_other_side_accepts() {
    let mut world = World::default();
    // Ada has the first day, Bob the second, Carol the third.
    let offered = swap(world.amend("ada", false, "rota", offer("ada", "bob", (3600, DAY), Some((DAY, 2 * DAY)))));
    world.fast_forward(30.minutes());
    assert_eq!(refused(world.amend("ada", false, "rota", Amend::Accept(offered))), "not theirs to change");
    swap(world.amend("bob", false, "rota", Amend::Accept(offered)));
    swap(world.amend("bob", false, "rota", Amend::Accept(offered)));
    world.run_until(at(3600));
    world.trigger("bank", "one");
    world.expect_page("bob", Sms);
    let incident = world.only();
    world.acknowledge("bob", incident.id);
    world.run_until(at(DAY + 60));
    world.skip_messages();
    world.trigger("bank", "two");
    assert!(world.expect_page("ada", Sms).message.text.contains("two"));
}

#[test]
fn a_shift_that_changed_meanwhile_is_not_swapped() {
    let mut world = World::default();
    let offered = swap(world.amend("ada", false, "rota", offer("ada", "bob", (3600, DAY), None)));
    added(world.amend("carol", false, "rota", change(7200, 10_800, json!({"person": "ada", "with": "carol"}))));
    let why = refused(world.amend("bob", false, "rota", Amend::Accept(offered)));
    for word in ["changed since this was offered", "ada is not on call from 2026-01-05T11:00:00Z to 2026-01-05T12:00:00Z", "carol"] {
        assert!(why.contains(word), "{word:?} in {why:?}");
    }
    // Nothing of it was written.
    world.run_until(at(3700));
    world.trigger("bank", "one");
    world.expect_page("ada", Sms);
}

#[test]
fn an_offer_ends_when_its_time_comes() {
    let mut world = World::default();
    let offered = swap(world.amend("ada", false, "rota", offer("ada", "bob", (3600, DAY), None)));
    world.run_until(at(3600));
    assert_eq!(refused(world.amend("bob", false, "rota", Amend::Accept(offered))), "this swap is expired");
    assert_eq!(refused(world.amend("ada", false, "rota", Amend::Withdraw(offered))), "this swap is expired");
    let another = swap(world.amend("ada", false, "rota", offer("ada", "bob", (7200, DAY), None)));
    swap(world.amend("bob", false, "rota", Amend::Decline(another)));
    assert_eq!(refused(world.amend("bob", false, "rota", Amend::Accept(another))), "this swap is declined");
    world.run_until(at(7200));
    world.trigger("bank", "one");
    world.expect_page("ada", Sms);
}

#[test]
fn an_offer_that_makes_no_sense_is_refused_with_its_fields() {
    let mut world = World::default();
    let why = |world: &mut World, o: Amend| refused(world.amend("ada", false, "rota", o));
    assert!(why(&mut world, offer("ada", "ada", (3600, DAY), None)).contains("to: is who offers"));
    assert!(why(&mut world, offer("ada", "bob", (-60, DAY), None)).contains("give.start: has begun already"));
    assert!(why(&mut world, offer("ada", "bob", (DAY, 2 * DAY), None)).contains("give: ada is not on call"));
    assert!(why(&mut world, offer("ada", "bob", (3600, DAY), Some((7200, 7300)))).contains("take: bob is not on call"));
    assert!(why(&mut world, offer("ada", "bob", (3600, 60), None)).contains("give.end"));
    assert_eq!(refused(world.amend("bob", false, "rota", offer("ada", "bob", (3600, DAY), None))), "not theirs to change");
}
