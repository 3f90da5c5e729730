//! Whose turn it is, and when people want to be left alone: round robin, levels by urgency and by hours, quiet hours, handovers.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::What;
use tocsin_tests::samples::{at, event};
use tocsin_tests::world::configuration::{configuration, integration};
use tocsin_tests::world::tell::{Asked, Length};
use tocsin_tests::world::{Setup, World};

/// The shared configuration with other levels for the service `shop`, and changes to people.
fn shop(levels: Value, people: &[(&str, Value)]) -> Configuration {
    let mut document = serde_json::to_value(configuration()).unwrap();
    let policy = document["policies"].as_array_mut().unwrap().iter_mut().find(|p| p["id"] == "ladder").unwrap();
    policy["levels"] = levels;
    for (id, change) in people {
        let user = document["users"].as_array_mut().unwrap().iter_mut().find(|u| u["id"] == *id).unwrap();
        for (field, value) in change.as_object().unwrap() {
            user[field] = value.clone();
        }
    }
    serde_json::from_value(document).unwrap()
}

fn world(configuration: Configuration) -> World {
    World::new(Setup { configuration, ..Setup::default() })
}

fn in_turn(repeat: u32) -> Configuration {
    let mut c = shop(json!([{"delay_s": 300, "targets": [{"user": "ada"}, {"user": "mute"}, {"user": "bob"}, {"user": "carol"}], "round_robin": true}]), &[]);
    c.policies.iter_mut().find(|p| p.id.as_str() == "ladder").unwrap().repeat = repeat;
    c
}

#[test]
fn each_new_incident_goes_to_the_next_one_who_can_be_reached() {
    let mut world = world(in_turn(0));
    for (n, who) in ["ada", "bob", "bob", "carol", "ada"].into_iter().enumerate() {
        world.trigger("shop", &format!("alert {n}"));
        world.expect_page(who, Sms);
        world.expect_quiet();
        let id = world.all().into_iter().find(|i| i.is_open()).unwrap().id;
        if n == 1 {
            let skipped = |w: &What| matches!(w, What::LevelFired { unreached, .. } if unreached[0].reason.contains("turn 2 of 4") && unreached[0].reason.contains("no contact method"));
            assert!(world.tells(id, skipped), "{:#?}", world.timeline(id));
        }
        world.fast_forward(1.minutes());
        world.command("dora", id, Command::Resolve);
        world.fast_forward(1.hours());
    }
}

#[test]
fn a_repeat_goes_on_to_the_next_one_and_a_lapsed_answer_comes_back_to_the_same() {
    let mut world = world(in_turn(1));
    world.trigger("shop", "first");
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.fast_forward(5.minutes());
    world.expect_page("bob", Sms);
    world.acknowledge("bob", id);
    world.command("bob", id, Command::Unacknowledge);
    world.expect_page("ada", Sms);
    world.command("bob", id, Command::Resolve);
    world.fast_forward(1.hours());
    // One turn was drawn for the first incident, however often it went round.
    world.trigger("shop", "second");
    world.expect_page("bob", Sms);
}

#[test]
fn turns_are_fair_over_incidents_whatever_order_they_come_in() {
    for seed in 0..20 {
        let configuration = shop(json!([{"delay_s": 300, "targets": [{"user": "ada"}, {"team": "web"}, {"user": "carol"}], "round_robin": true}]), &[]);
        let mut world = World::new(Setup { configuration, seed: Some(seed), ..Setup::default() });
        for n in 0..16 {
            let alert = event(Action::Trigger, &format!("a{n}"), Severity::Error);
            world.ask_at(at(n / 4), 1, Asked::Event(integration("shop"), Box::new(alert)));
        }
        world.fast_forward(60.seconds());
        let mut turns: BTreeMap<(String, u32), usize> = BTreeMap::new();
        for incident in world.all() {
            for entry in world.timeline(incident.id) {
                if let What::LevelFired { pages, .. } = entry.what {
                    let [page] = pages.as_slice() else { panic!("one person: {pages:?}") };
                    let turn = page.why.as_ref().unwrap().turn.unwrap();
                    assert_eq!(turn.of, 4, "each member of the team has a turn of their own");
                    *turns.entry((page.user.to_string(), turn.number)).or_default() += 1;
                }
            }
        }
        assert_eq!(turns.values().copied().collect::<Vec<_>>(), [4; 4], "seed {seed}: {turns:?}");
    }
}

#[test]
fn a_level_for_another_urgency_or_other_hours_passes_at_once_and_says_so() {
    // 2026-01-05 is a Monday; it is 09:00 UTC, 18:00 in Tokyo.
    let office = |zone: &str, outside: bool| json!({"time_zone": zone, "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}], "outside": outside});
    let mut world = world(shop(
        json!([
            {"delay_s": 600, "targets": [{"user": "ada"}], "urgency": "low"},
            {"delay_s": 600, "targets": [{"user": "bob"}], "hours": office("Asia/Tokyo", false)},
            {"delay_s": 600, "targets": [{"user": "carol"}], "hours": office("Asia/Tokyo", true)},
            {"delay_s": 600, "targets": [{"user": "dora"}], "hours": office("UTC", false)},
        ]),
        &[],
    ));
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("carol", Sms).at, at(0), "the levels before it took no time");
    world.expect_quiet();
    let id = world.only().id;
    assert!(world.tells(id, |w| w.words() == "level 1: the level is for low urgency only; the level passes at once"));
    assert!(world.tells(id, |w| w.words() == "level 2: it is outside the level's hours (18:00 Asia/Tokyo); the level passes at once"));
    world.fast_forward(10.minutes());
    world.expect_page("dora", Sms);
}

#[test]
fn low_urgency_waits_for_the_end_of_quiet_hours_and_so_does_the_next_level() {
    // Ada, in Berlin, is left alone until 11:00: 10:00 UTC. It is 09:00 UTC.
    let quiet = json!({"time_zone": "Europe/Berlin", "locale": "de-DE", "quiet_hours": [{"from": "22:00", "to": "11:00"}]});
    let mut world = world(shop(json!([{"delay_s": 300, "targets": [{"user": "ada"}]}, {"delay_s": 300, "targets": [{"user": "bob"}]}]), &[("ada", quiet)]));
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    let id = world.only().id;
    assert!(world.tells(id, |w| w.words().contains("waits for the end of quiet hours (11:00 CET)")), "{:#?}", world.timeline(id));
    world.fast_forward(59.minutes());
    world.expect_quiet();
    world.fast_forward(1.minutes());
    assert_eq!(world.expect_page("ada", Email).at, at(3600));
    world.fast_forward(299.seconds());
    world.expect_quiet();
    world.fast_forward(1.seconds());
    assert_eq!(world.expect_page("bob", Email).at, at(3900), "the level's five minutes count from when she heard of it");
    assert!(world.swept.iter().all(|s| s.alerts + s.incidents == 0), "its clock knew, and nothing needed the sweep");
}

#[test]
fn high_urgency_never_waits_and_what_gets_worse_waits_no_more() {
    let quiet = json!({"quiet_hours": [{"from": "22:00", "to": "11:00"}]});
    let mut world = world(shop(json!([{"delay_s": 300, "targets": [{"user": "ada"}]}]), &[("ada", quiet)]));
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    world.fast_forward(10.minutes());
    world.expect_quiet();
    world.send("shop", event(Action::Trigger, "disk", Severity::Critical));
    assert_eq!(world.expect_page("ada", Sms).at, at(600));
    world.fast_forward(1.minutes());
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("ada", Sms).at, at(660));
}

#[test]
fn somebody_awake_is_paged_at_once_and_the_level_goes_on_as_usual() {
    let quiet = json!({"quiet_hours": [{"from": "22:00", "to": "11:00"}]});
    let levels = json!([{"delay_s": 300, "targets": [{"user": "ada"}, {"user": "bob"}]}, {"delay_s": 300, "targets": [{"user": "dora"}]}]);
    let mut world = world(shop(levels, &[("ada", quiet)]));
    world.send("shop", event(Action::Trigger, "disk", Severity::Warning));
    assert_eq!(world.expect_page("bob", Email).at, at(0));
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_page("dora", Email).at, at(300));
}

#[test]
fn the_night_shift_hands_over_in_the_middle_of_an_incident() {
    let mut world = World::default();
    // 08:59 on Tuesday: Ada's turn ends in a minute.
    world.run_until(at(24 * 3600 - 60));
    world.trigger("bank", "vault open");
    let id = world.only().id;
    world.expect_page("ada", Sms);
    world.acknowledge("ada", id);
    // Her acknowledgement lapses after ten minutes: by then it is Bob's.
    world.fast_forward(10.minutes());
    world.expect_page("bob", Sms);
    world.expect_quiet();
    let turn = |w: &What| {
        matches!(w, What::LevelFired { .. }) && w.why().iter().any(|why| why.contains("bob by bob-sms") && why.contains("turn 2 since 2026-01-06 09:00 UTC"))
    };
    assert!(world.tells(id, turn), "{:#?}", world.timeline(id));
}

#[test]
fn the_manager_is_paged_after_silence() {
    let levels = json!([{"delay_s": 300, "targets": [{"schedule": "rota"}]}, {"delay_s": 600, "targets": [{"user": "bob"}]}, {"delay_s": 600, "targets": [{"user": "dora"}]}]);
    let mut world = world(shop(levels, &[]));
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    world.fast_forward(5.minutes());
    world.expect_page("bob", Sms);
    world.fast_forward(10.minutes());
    let page = world.expect_page("dora", Sms);
    assert_eq!(page.at, at(900));
    assert!(page.message.text.contains("(since 09:00 UTC)"), "{}", page.message.text);
    world.press(&page);
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn times_are_told_on_the_readers_clock_and_in_their_form() {
    let mut world =
        world(shop(json!([{"delay_s": 300, "targets": [{"user": "ada"}]}]), &[("ada", json!({"time_zone": "America/New_York", "locale": "en-US"}))]));
    world.trigger("shop", "db down");
    let page = world.expect_page("ada", Sms);
    assert!(page.message.text.contains("(since 4:00 AM EST)"), "{}", page.message.text);
}

#[test]
fn a_level_without_a_verified_way_pages_the_last_resort_beside_it() {
    let mut world = World::default();
    for contact in ["ada-sms", "ada-mail"] {
        world.store.forget_verification(&tocsin_tests::samples::slug(contact));
    }
    world.trigger("shop", "db down");
    assert_eq!(world.expect_page("ada", Sms).at, at(0), "better a page too many");
    assert_eq!(world.expect_last_resort().at, at(0));
    let id = world.only().id;
    let words = "not verified: ada-sms: nobody here has a verified way, so the last-resort contact is paged beside them";
    assert!(world.tells(id, |w| w.words().ends_with(words)), "{:#?}", world.timeline(id));
    world.fast_forward(5.minutes());
    world.expect_page("bob", Sms);
    world.expect_quiet();
    world.fast_forward(5.minutes());
    assert_eq!(world.expect_last_resort().at, at(600), "behind the last level it is paged as ever");
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn one_verified_way_is_enough_and_the_others_are_named() {
    let mut world = World::default();
    world.store.forget_verification(&tocsin_tests::samples::slug("dora-sms"));
    world.trigger("siren", "flood");
    world.expect_page("dora", Sms);
    world.expect_quiet();
    let id = world.only().id;
    assert!(world.tells(id, |w| w.words().ends_with("not verified: dora-sms")), "{:#?}", world.timeline(id));
}

#[test]
fn a_failing_unverified_phone_hurries_the_next_level_although_the_last_resort_heard() {
    use tocsin_app::fakes::messenger::{Provider, Which};
    let mut world = World::default();
    for contact in ["ada-sms", "ada-mail"] {
        world.store.forget_verification(&tocsin_tests::samples::slug(contact));
    }
    for contact in ["ada-sms", "ada-mail"] {
        world.messenger.script(Which::Contact(tocsin_tests::samples::slug(contact)), Provider::Refuses("no such number".to_owned()));
    }
    world.trigger("shop", "db down");
    world.fast_forward(10.seconds());
    world.expect_last_resort();
    assert!(world.expect_page("bob", Sms).at <= at(10), "nobody of the first level was reached");
}
