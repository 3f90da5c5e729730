//! The use cases that a team has in mind when it buys a pager, each told from its first alert to its end.

use serde_json::{Value, json};
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::responders::Answer as Said;
use tocsin_domain::incident::timeline::What;
use tocsin_tests::samples::{at, slug};
use tocsin_tests::world::configuration::configuration;
use tocsin_tests::world::tell::{Answer, Length};
use tocsin_tests::world::{Setup, World};

const HOUR: i64 = 3600;

/// The shop, whose nights are Bob's and whose days are Ada's (London, 09:00 and 21:00), and whose manager is Carol. It begins on a Monday at 09:00.
fn company(levels: Value) -> World {
    let mut document = serde_json::to_value(configuration()).unwrap();
    document["schedules"].as_array_mut().unwrap().push(json!({
        "id": "watch", "team": "web", "time_zone": "Europe/London", "layers": [
            {"name": "days", "rotation": "daily", "start": "2026-01-01T09:00", "members": ["ada"], "restrictions": [{"from": "09:00", "to": "21:00"}]},
            {"name": "nights", "rotation": "daily", "start": "2026-01-01T09:00", "members": ["bob"], "restrictions": [{"from": "21:00", "to": "09:00"}]},
        ],
    }));
    document["policies"].as_array_mut().unwrap().iter_mut().find(|p| p["id"] == "ladder").unwrap()["levels"] = levels;
    let configuration: Configuration = serde_json::from_value(document).unwrap();
    World::new(Setup { configuration, ..Setup::default() })
}

fn level(delay_s: u32, targets: Value) -> Value {
    json!({"delay_s": delay_s, "targets": targets})
}

#[test]
fn the_manager_is_paged_after_silence() {
    let mut world = company(json!([level(300, json!([{"schedule": "watch"}])), level(600, json!([{"user": "dora"}])), level(600, json!([{"user": "carol"}]))]));
    world.trigger("shop", "checkout is down");
    assert_eq!(world.expect_page("ada", Sms).at, at(0), "who is on call");
    world.run_until(at(300));
    assert_eq!(world.expect_page("dora", Sms).at, at(300), "who stands by");
    world.run_until(at(899));
    world.skip_messages();
    world.run_until(at(900));
    let manager = world.expect_page("carol", Sms);
    assert_eq!(manager.at, at(900), "nobody answered for a quarter of an hour");
    assert_eq!(world.press(&manager), Answer::Linked);
    world.fast_forward(24.hours());
    world.expect_quiet();
    let (id, incident) = (world.only().id, world.only());
    assert_eq!(incident.status.as_str(), "acknowledged");
    assert!(world.timeline(id).iter().any(|e| matches!(e.what, What::Acknowledged { .. }) && e.actor.to_string().contains("carol")), "and it is hers");
}

#[test]
fn the_night_shift_hands_over_in_the_middle_of_an_incident() {
    let mut world = company(json!([level(1200, json!([{"schedule": "watch"}])), level(1200, json!([{"schedule": "watch"}]))]));
    // Tuesday 08:50: it is still Bob's night.
    world.run_until(at(24 * HOUR - 600));
    world.trigger("shop", "checkout is down");
    let id = world.only().id;
    let sent = world.expect_page("bob", Sms);
    world.press(&sent);
    // He snoozes until twenty past nine and goes to bed: the day is Ada's.
    world.command("bob", id, Command::Snooze(at(24 * HOUR + 1200)));
    world.run_until(at(24 * HOUR + 1199));
    world.expect_quiet();
    world.run_until(at(24 * HOUR + 1200));
    assert_eq!(world.expect_page("ada", Sms).at, at(24 * HOUR + 1200));
    world.expect_quiet();
    // The same without a snooze: whose night it is when the next level fires.
    let mut world = company(json!([level(1200, json!([{"schedule": "watch"}])), level(1200, json!([{"schedule": "watch"}]))]));
    world.run_until(at(24 * HOUR - 600));
    world.trigger("shop", "checkout is down");
    world.expect_page("bob", Sms);
    world.run_until(at(24 * HOUR + 600));
    assert_eq!(world.expect_page("ada", Sms).at, at(24 * HOUR + 600));
}

#[test]
fn a_whole_level_is_empty_and_the_next_one_hears_at_once() {
    let mut world = company(json!([level(900, json!([{"schedule": "empty"}, {"user": "mute"}])), level(300, json!([{"user": "bob"}]))]));
    world.trigger("shop", "checkout is down");
    assert_eq!(world.expect_page("bob", Sms).at, at(0), "a quarter of an hour of silence helps nobody");
    let id = world.only().id;
    for reason in ["nobody is on call in schedule empty", "mute (named by the level) has no contact method", "the level passes at once"] {
        assert!(world.tells(id, |w| w.words().contains(reason)), "{reason}: {:#?}", world.timeline(id));
    }
}

#[test]
fn a_responder_declines_and_another_one_helps() {
    let mut world = company(json!([level(300, json!([{"schedule": "watch"}]))]));
    world.trigger("shop", "checkout is down");
    let id = world.only().id;
    let sent = world.expect_page("ada", Sms);
    world.press(&sent);
    let ask = |who: &str| Command::AskResponders { to: vec![Target::User(slug(who))], message: "the database".to_owned() };
    world.command("ada", id, ask("carol"));
    world.expect_page("carol", Sms);
    world.command("carol", id, Command::AnswerRequest { user: slug("carol"), accept: false });
    world.command("ada", id, ask("bob"));
    let sent = world.expect_page("bob", Sms);
    assert_eq!(world.press(&sent), Answer::Linked);
    let said: Vec<(String, Said)> = world.only().responders.iter().map(|r| (r.user.to_string(), r.answer)).collect();
    assert_eq!(said, [("carol".to_owned(), Said::Declined), ("bob".to_owned(), Said::Accepted)]);
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn a_snooze_ends_at_three_in_the_morning() {
    let mut world = company(json!([level(300, json!([{"schedule": "watch"}])), level(300, json!([{"user": "carol"}]))]));
    // Monday 20:00: Ada snoozes it until 03:00 and hands over at 21:00.
    world.run_until(at(11 * HOUR));
    world.trigger("shop", "disk fills");
    let id = world.only().id;
    world.expect_page("ada", Sms);
    world.command("ada", id, Command::Snooze(at(18 * HOUR)));
    world.run_until(at(18 * HOUR - 1));
    world.expect_quiet();
    world.run_until(at(18 * HOUR));
    assert_eq!(world.expect_page("bob", Sms).at, at(18 * HOUR), "whose night it is, not who snoozed");
    world.expect_quiet();
    world.fast_forward(5.minutes());
    world.expect_page("carol", Sms);
    assert!(world.tells(id, |w| *w == What::TriggeredAgain { snooze_ended: true }));
}

#[test]
fn a_merged_incident_stops_paging_twice() {
    let mut world = company(json!([level(300, json!([{"schedule": "watch"}])), level(300, json!([{"user": "carol"}]))]));
    world.trigger("shop", "checkout is down");
    world.expect_page("ada", Sms);
    let first = world.only().id;
    world.fast_forward(1.minutes());
    world.trigger("shop", "payments time out");
    world.expect_page("ada", Sms);
    let second = world.all().into_iter().find(|i| i.id != first).unwrap().id;
    world.merge("ada", first, &[second]);
    world.run_until(at(300));
    assert!(world.expect_page("carol", Sms).message.text.contains("#"), "the next level of the one that is left");
    world.run_until(at(360));
    world.expect_quiet();
    world.acknowledge("carol", first);
    world.fast_forward(24.hours());
    world.expect_quiet();
}
