//! Schedules at run time: overrides and swaps, while incidents escalate.

#![expect(clippy::panic, reason = "a test that can not go on says where")]

use serde_json::json;
use tocsin_app::change_roster::{Amend, Amended};
use tocsin_app::fakes::Fault;
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_app::ports::{Clock, ConfigurationStore, VersionRecord};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::id::SwapId;
use tocsin_domain::incident::command::Command;
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
    world.skip_messages();
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
    world.skip_messages();
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
    world.skip_messages();
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

/// The world of the rota whose people want to know.
fn announcing(change: impl FnOnce(&mut serde_json::Value)) -> World {
    let mut document = serde_json::to_value(configuration()).unwrap();
    document["schedules"][0]["handoff_notice"] = json!(true);
    document["schedules"][0]["name"] = json!("Rota");
    change(&mut document);
    World::new(Setup { configuration: serde_json::from_value(document).unwrap(), ..Setup::default() })
}

/// To whom, and what, in any order.
fn told(world: &mut World) -> Vec<(String, String)> {
    let mut all: Vec<_> = world.skip_messages().into_iter().map(|s| (s.to.contact.to_string(), s.message.text)).collect();
    all.sort();
    all
}

#[test]
fn both_sides_of_a_handoff_are_told_once() {
    let mut world = announcing(|_| {});
    // The rota begins at 09:00, which is when this story begins.
    world.run_until(at(60));
    let first = "Tocsin: you are on call for Rota from Mon 5 Jan 09:00 UTC until Tue 6 Jan 09:00 UTC.".to_owned();
    assert_eq!(told(&mut world), [("ada-mail".to_owned(), first)]);
    world.run_until(at(DAY - 1));
    world.expect_quiet();
    world.run_until(at(DAY + 2 * 3600));
    let off = "Tocsin: you are not on call for Rota any more since Tue 6 Jan 09:00 UTC; on call now: bob.".to_owned();
    let on = "Tocsin: you are on call for Rota from Tue 6 Jan 09:00 UTC until Wed 7 Jan 09:00 UTC.".to_owned();
    assert_eq!(told(&mut world), [("ada-mail".to_owned(), off), ("bob-mail".to_owned(), on)]);
}

#[test]
fn an_override_is_a_handoff_too_and_who_wants_none_gets_none() {
    let mut world = announcing(|d| d["users"][1]["handoff_notice"] = json!(false));
    world.run_until(at(120));
    world.skip_messages();
    added(world.amend("carol", false, "rota", change(3600, 7200, json!({"person": "ada", "with": "carol"}))));
    world.run_until(at(7300));
    let who: Vec<String> = told(&mut world).into_iter().map(|(who, text)| format!("{who}{}", if text.contains("not on call") { "-" } else { "+" })).collect();
    assert_eq!(who, ["ada-mail-", "ada-mail+", "carol-sms-", "carol-sms+"]);
    world.run_until(at(DAY + 120));
    let who: Vec<String> = told(&mut world).into_iter().map(|(who, _)| who).collect();
    assert_eq!(who, ["ada-mail"], "bob wants to be left alone");
}

#[test]
fn after_an_outage_what_is_older_than_an_hour_is_not_told() {
    let mut world = announcing(|_| {});
    world.run_until(at(120));
    world.skip_messages();
    world.sweep = false;
    world.run_until(at(DAY + 3500));
    world.expect_quiet();
    world.sweep = true;
    world.run_until(at(DAY + 3600));
    assert_eq!(told(&mut world).len(), 2, "within the hour it still helps");
    world.sweep = false;
    world.run_until(at(2 * DAY + 3700));
    world.sweep = true;
    world.run_until(at(2 * DAY + 4000));
    world.expect_quiet();
}

#[test]
fn a_channel_that_fails_delays_no_page_and_is_tried_again() {
    let mut world = announcing(|_| {});
    world.run_until(at(120));
    world.skip_messages();
    world.run_until(at(DAY - 60));
    world.messenger.script(Which::Channel(Email), Provider::Unavailable("away".to_owned()));
    world.messenger.script(Which::Channel(Sms), Provider::Slow(3));
    world.run_until(at(DAY + 60));
    world.trigger("bank", "vault open");
    world.run_until(at(DAY + 70));
    world.expect_page("bob", Sms);
    world.messenger.heal();
    let incident = world.only();
    world.acknowledge("bob", incident.id);
    world.command("bob", incident.id, Command::Resolve);
    world.run_until(at(DAY + 900));
    assert_eq!(told(&mut world).len(), 2);
}

#[test]
fn a_sweep_that_dies_at_any_call_leaves_the_notice_to_the_next() {
    for call in 1..60 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::FailBefore, Fault::FailAfter, Fault::Conflict] {
            // Ada hands over to Bob at 09:05.
            let mut world = announcing(|d| d["schedules"][0]["layers"][0]["start"] = json!("2026-01-04T09:05"));
            world.run_until(at(299));
            world.expect_quiet();
            world.faults.at(world.faults.count() + call, fault);
            world.run_until(at(1800));
            let got = told(&mut world);
            let people: std::collections::BTreeSet<&String> = got.iter().map(|(who, _)| who).collect();
            assert_eq!(people.len(), 2, "{fault:?} at call {call}: {got:?}");
            // A sweep that dies right after the provider took a message can not know: that one may come twice.
            assert!(got.len() <= 3, "{fault:?} at call {call}: {got:?}");
        }
    }
}

/// The world of the rota, in which Ada has offered a time of hers to Bob.
fn offered(change: impl FnOnce(&mut serde_json::Value), give: (i64, i64)) -> (World, SwapId) {
    let mut document = serde_json::to_value(configuration()).unwrap();
    document["schedules"][0]["name"] = json!("Rota");
    change(&mut document);
    let mut world = World::new(Setup { configuration: serde_json::from_value(document).unwrap(), ..Setup::default() });
    let id = swap(world.amend("ada", false, "rota", offer("ada", "bob", give, None)));
    (world, id)
}

#[test]
fn both_sides_of_a_swap_are_told_what_the_other_did_once() {
    let (mut world, id) = offered(|_| {}, (7200, DAY));
    world.run_until(at(600));
    let text = format!(
        "Tocsin: ada asks you to take Rota from Mon 5 Jan 11:00 UTC to Tue 6 Jan 09:00 UTC. Answer: tocsin swap accept rota {id} (or decline), before Mon 5 Jan 11:00 UTC."
    );
    assert_eq!(told(&mut world), [("bob-mail".to_owned(), text)]);
    assert!(matches!(world.amend("bob", false, "rota", Amend::Accept(id)), Answer::Amended(_)));
    world.run_until(at(DAY));
    let text = "Tocsin: bob accepted: bob is on call for Rota from Mon 5 Jan 11:00 UTC to Tue 6 Jan 09:00 UTC instead of you.".to_owned();
    assert_eq!(told(&mut world), [("ada-mail".to_owned(), text)]);
    world.run_until(at(3 * DAY));
    world.expect_quiet();
}

#[test]
fn an_offer_that_is_declined_or_that_nobody_answers_comes_back_to_who_offered() {
    let (mut world, id) = offered(|_| {}, (7200, DAY));
    world.run_until(at(120));
    world.amend("bob", false, "rota", Amend::Decline(id));
    world.run_until(at(240));
    let texts: Vec<String> = told(&mut world).into_iter().map(|(who, text)| format!("{who} {}", text.split(':').nth(1).unwrap())).collect();
    assert_eq!(texts, ["ada-mail  bob declined your swap", "bob-mail  ada asks you to take Rota from Mon 5 Jan 11"]);
    let (mut world, _) = offered(|_| {}, (7200, DAY));
    world.run_until(at(7100));
    assert_eq!(told(&mut world).len(), 1);
    world.run_until(at(2 * DAY));
    let all = told(&mut world);
    assert!(all.len() == 1 && all[0].0 == "ada-mail" && all[0].1.contains("bob did not answer in time: you stay on call"), "{all:?}");
}

#[test]
fn an_offer_that_is_taken_back_is_news_only_to_who_had_heard_of_it() {
    let (mut world, id) = offered(|_| {}, (7200, DAY));
    world.amend("ada", false, "rota", Amend::Withdraw(id));
    world.run_until(at(2 * DAY));
    world.expect_quiet();
    let (mut world, id) = offered(|_| {}, (7200, DAY));
    world.run_until(at(120));
    assert_eq!(told(&mut world).len(), 1);
    world.amend("ada", false, "rota", Amend::Withdraw(id));
    world.run_until(at(2 * DAY));
    let all = told(&mut world);
    assert!(all.len() == 1 && all[0].0 == "bob-mail" && all[0].1.contains("ada does not ask you any more"), "{all:?}");
    // Bob's quiet hours held the offer, which was taken back meanwhile.
    let (mut world, id) = offered(|d| d["users"][1]["quiet_hours"] = json!([{"from": "08:00", "to": "12:00"}]), (6 * 3600, DAY));
    world.run_until(at(3600));
    world.amend("ada", false, "rota", Amend::Withdraw(id));
    world.run_until(at(2 * DAY));
    world.expect_quiet();
}

#[test]
fn a_sweep_that_dies_where_an_offer_was_taken_back_tells_nobody_to_answer_it() {
    for call in 1..40 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::FailBefore, Fault::FailAfter, Fault::Conflict] {
            let (mut world, id) = offered(|_| {}, (7200, DAY));
            world.amend("ada", false, "rota", Amend::Withdraw(id));
            world.faults.at(world.faults.count() + call, fault);
            world.run_until(at(1800));
            let got = told(&mut world);
            // A claim that nobody knows the end of may have been the offer's way out: its end is told then, once.
            assert!(got.len() <= 1 && got.iter().all(|(_, text)| text.contains("does not ask you any more")), "{fault:?} at call {call}: {got:?}");
        }
    }
}

#[test]
fn quiet_hours_hold_a_notice_unless_the_offer_would_be_over() {
    let quiet = |d: &mut serde_json::Value| d["users"][1]["quiet_hours"] = json!([{"from": "08:00", "to": "12:00"}]);
    // Until 12:00: the offer ends at 15:00.
    let (mut world, _) = offered(quiet, (6 * 3600, DAY));
    world.run_until(at(3 * 3600 - 1));
    world.expect_quiet();
    world.run_until(at(3 * 3600 + 120));
    assert_eq!(told(&mut world).len(), 1);
    // It ends at 11:00: told at once.
    let (mut world, _) = offered(quiet, (2 * 3600, DAY));
    world.run_until(at(120));
    assert_eq!(told(&mut world).len(), 1);
}
