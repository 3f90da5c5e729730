//! People are asked to help: they are paged by their own rules until they answer, whoever has acknowledged.

use tocsin_app::change_roster::Amend;
use tocsin_app::fakes::messenger::{Provider, Which};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::responders::Answer as Said;
use tocsin_domain::schedule::roster::Asked;
use tocsin_tests::samples::{at, slug};
use tocsin_tests::world::World;
use tocsin_tests::world::tell::{Answer, Length};

fn acknowledged() -> (World, tocsin_domain::id::IncidentId) {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.fast_forward(1.minutes());
    world.acknowledge("ada", id);
    (world, id)
}

fn ask(who: &[&str]) -> Command {
    Command::AskResponders { to: who.iter().map(|u| Target::User(slug(u))).collect(), message: "I need the database".to_owned() }
}

pub(crate) fn answer(who: &str, accept: bool) -> Command {
    Command::AnswerRequest { user: slug(who), accept }
}

#[test]
fn a_responder_is_paged_although_somebody_has_acknowledged_and_accepts() {
    let (mut world, id) = acknowledged();
    assert!(matches!(world.command("ada", id, ask(&["dora"])), Answer::Done(_)));
    let sent = world.expect_page("dora", Sms);
    assert_eq!(sent.at, at(60));
    assert!(sent.message.text.contains("ada asks for your help: I need the database") && sent.message.text.contains("Accept or decline"), "{sent:?}");
    // Her second rule comes after two minutes, for she has not answered.
    world.fast_forward(2.minutes());
    world.expect_page("dora", Email);
    assert_eq!(world.press(&sent), Answer::Linked);
    let incident = world.only();
    assert_eq!((incident.status.as_str(), incident.responders[0].answer), ("acknowledged", Said::Accepted));
    assert!(incident.requests.is_empty() && incident.pages.is_empty());
    world.fast_forward(24.hours());
    world.expect_quiet();
    assert_eq!(world.story(id).iter().filter(|w| **w == "responder_answered").count(), 1);
}

#[test]
fn a_responder_declines_and_is_paged_no_more() {
    let (mut world, id) = acknowledged();
    world.command("ada", id, ask(&["dora"]));
    world.expect_page("dora", Sms);
    world.fast_forward(1.minutes());
    assert!(matches!(world.command("dora", id, answer("dora", false)), Answer::Done(_)));
    assert!(matches!(world.command("dora", id, answer("dora", false)), Answer::Done(_)), "twice is once");
    world.fast_forward(10.minutes());
    world.expect_quiet();
    assert_eq!(world.store.look(|s| s.pages.len()), 0, "her mail is taken back");
    // Asked anew, she is paged anew; who said yes is not.
    world.command("ada", id, ask(&["dora"]));
    world.expect_page("dora", Sms);
    world.command("dora", id, answer("dora", true));
    world.command("ada", id, ask(&["dora"]));
    world.fast_forward(10.minutes());
    world.expect_quiet();
    assert!(matches!(world.command("bob", id, answer("bob", true)), Answer::Rejected(_)), "nobody asked Bob");
}

#[test]
fn responders_and_levels_do_not_stop_each_other() {
    let mut world = World::default();
    world.trigger("shop", "db down");
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.fast_forward(1.minutes());
    world.command("carol", id, ask(&["dora"]));
    world.expect_page("dora", Sms);
    world.fast_forward(1.minutes());
    // Her yes is no acknowledgement: Bob's turn comes all the same.
    world.command("dora", id, answer("dora", true));
    world.run_until(at(300));
    assert_eq!(world.expect_page("bob", Sms).at, at(300));
    world.command("bob", id, ask(&["dora", "carol"]));
    world.expect_page("carol", Sms);
    world.acknowledge("bob", id);
    world.fast_forward(24.hours());
    world.expect_quiet();
    assert_eq!(world.only().responders.iter().map(|r| (r.user.as_str(), r.answer)).collect::<Vec<_>>(), [("dora", Said::Accepted), ("carol", Said::Asked)]);
}

#[test]
fn an_acknowledgement_takes_back_levels_and_leaves_requests() {
    let mut world = World::default();
    world.trigger("siren", "flood");
    world.expect_page("dora", Sms);
    let id = world.only().id;
    world.command("ada", id, ask(&["dora"]));
    // One person, two reasons; a burst is one message, two seconds later.
    world.fast_forward(2.seconds());
    world.expect_page("dora", Sms);
    world.acknowledge("ada", id);
    world.run_until(at(119));
    world.expect_quiet();
    world.run_until(at(122));
    assert!(world.expect_page("dora", Email).message.text.contains("asks for your help"), "of her request only");
    world.fast_forward(1.hours());
    world.expect_quiet();
}

#[test]
fn a_resolved_incident_asks_nobody() {
    let (mut world, id) = acknowledged();
    world.command("ada", id, ask(&["dora"]));
    world.expect_page("dora", Sms);
    world.command("ada", id, Command::Resolve);
    world.fast_forward(10.minutes());
    world.expect_quiet();
    assert!(world.only().responders.is_empty());
    assert!(matches!(world.command("dora", id, answer("dora", true)), Answer::Rejected(_)));
    assert!(matches!(world.command("ada", id, ask(&["dora"])), Answer::Rejected(_)));
    world.command("ada", id, Command::Reopen);
    world.expect_page("ada", Sms);
    world.fast_forward(1.minutes());
    world.expect_quiet();
}

#[test]
fn a_responder_who_can_not_be_reached_is_told_and_the_others_are_paged() {
    let (mut world, id) = acknowledged();
    world.messenger.script(Which::Contact(slug("carol-sms")), Provider::Refuses("opted out".to_owned()));
    world.command(
        "ada",
        id,
        Command::AskResponders {
            to: vec![Target::User(slug("carol")), Target::User(slug("mute")), Target::Schedule(slug("empty")), Target::User(slug("bob"))],
            message: String::new(),
        },
    );
    world.expect_page("bob", Sms);
    world.fast_forward(10.minutes());
    world.expect_quiet();
    let told: Vec<String> = world.timeline(id).iter().map(|e| e.what.words()).collect();
    assert!(told.iter().any(|t| t.contains("nobody for user mute") && t.contains("nobody for schedule empty")), "{told:#?}");
    assert!(told.iter().any(|t| t.contains("could not page carol")), "{told:#?}");
    assert_eq!(world.only().status.as_str(), "acknowledged");
}

#[test]
fn a_snooze_that_ends_does_not_forget_who_was_asked() {
    let (mut world, id) = acknowledged();
    world.command("ada", id, Command::Snooze(at(120)));
    world.command("ada", id, ask(&["dora"]));
    world.expect_page("dora", Sms);
    world.run_until(at(120));
    assert_eq!(world.expect_page("ada", Sms).at, at(120));
    world.run_until(at(180));
    assert_eq!(world.expect_page("dora", Email).at, at(180), "her request outlives the generation");
    world.command("dora", id, answer("dora", false));
    world.acknowledge("ada", id);
    world.fast_forward(1.hours());
    world.expect_quiet();
}

#[test]
fn whoever_stands_in_for_today_is_asked_instead_of_whom_the_schedule_names() {
    let (mut world, id) = acknowledged();
    let change = serde_json::from_value(serde_json::json!({ "person": "ada", "with": "dora" })).unwrap();
    let amend = Amend::Add(Asked { start: at(0), end: at(3600), change, note: None });
    assert!(matches!(world.amend("ada", true, "rota", amend), Answer::Amended(_)));
    let to = vec![Target::Schedule(slug("rota"))];
    world.command("bob", id, Command::AskResponders { to, message: "the vault".to_owned() });
    world.expect_page("dora", Sms);
}

#[test]
fn who_is_asked_by_no_verified_way_has_the_last_resort_beside_them_until_they_answer() {
    let (mut world, id) = acknowledged();
    for contact in ["dora-sms", "dora-mail"] {
        world.store.forget_verification(&slug(contact));
    }
    world.command("ada", id, ask(&["dora"]));
    let sent = world.expect_page("dora", Sms);
    assert_eq!(sent.at, at(60), "better a page too many");
    let beside = world.expect_last_resort();
    assert!(beside.at == at(60) && beside.message.text.contains("asks for your help"), "{beside:?}");
    let words = "nobody here has a verified way, so the last-resort contact is paged beside them";
    assert!(world.tells(id, |w| w.words().ends_with(words)), "{:#?}", world.timeline(id));
    assert_eq!(world.press(&sent), Answer::Linked);
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn one_verified_way_of_all_who_are_asked_is_enough() {
    let (mut world, id) = acknowledged();
    world.store.forget_verification(&slug("dora-sms"));
    world.store.forget_verification(&slug("carol-sms"));
    world.command("ada", id, ask(&["dora", "carol"]));
    world.expect_page("carol", Sms);
    world.expect_page("dora", Sms);
    world.expect_quiet();
    assert!(world.tells(id, |w| w.words().ends_with("not verified: carol-sms, dora-sms")), "{:#?}", world.timeline(id));
}
