//! Configuration is edited while an incident escalates: nothing stops, nothing is doubled, nobody else is paged.

use serde_json::{Value, json};
use tocsin_domain::configuration::Channel::{Email, Sms};
use tocsin_domain::incident::timeline::What;
use tocsin_tests::samples::at;
use tocsin_tests::world::World;
use tocsin_tests::world::configuration::configuration;
use tocsin_tests::world::tell::{Answer, Length};

/// The configuration in force, edited as a document, is applied as the next version.
fn edit(world: &mut World, version: u64, how: impl FnOnce(&mut Value)) {
    let mut document = serde_json::to_value(configuration()).unwrap();
    how(&mut document);
    let answer = world.configure(serde_json::from_value(document).unwrap());
    assert!(matches!(&answer, Answer::Applied(a) if a.version == version), "{answer:?}");
}

fn remove(document: &mut Value, kind: &str, id: &str) {
    document[kind].as_array_mut().unwrap().retain(|o| o["id"] != id);
}

fn find<'a>(document: &'a mut Value, kind: &str, id: &str) -> &'a mut Value {
    document[kind].as_array_mut().unwrap().iter_mut().find(|o| o["id"] == id).unwrap()
}

/// An incident of a service whose first page went to somebody.
fn paged(service: &str, who: &str) -> World {
    let mut world = World::default();
    world.trigger(service, "down");
    world.expect_page(who, Sms);
    world.fast_forward(1.minutes());
    world
}

#[test]
fn an_edited_policy_is_for_incidents_to_come() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| find(d, "policies", "ladder")["levels"] = json!([{ "delay_s": 60, "targets": [{ "user": "carol" }] }]));
    world.run_until(at(300));
    assert_eq!(world.expect_page("bob", Sms).at, at(300), "as it was when the incident opened");
    world.trigger("shop", "another");
    world.expect_page("carol", Sms);
}

#[test]
fn a_deleted_policy_goes_on_for_its_incident() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| {
        remove(d, "policies", "ladder");
        find(d, "services", "shop")["policy"] = json!("siren");
        find(d, "services", "storm")["policy"] = json!("siren");
    });
    world.run_until(at(300));
    world.expect_page("bob", Sms);
    world.run_until(at(600));
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn a_deleted_service_and_its_integration_leave_the_incident_alone() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| remove(d, "services", "shop"));
    world.run_until(at(300));
    let sent = world.expect_page("bob", Sms);
    assert!(sent.message.text.contains("shop"), "{sent:?}");
    // Its sender still resolves what it reported.
    world.resolve_by_sender("shop", "down");
    assert_eq!(world.only().status.as_str(), "resolved");
    world.fast_forward(24.hours());
    world.expect_quiet();
}

#[test]
fn a_deleted_integration_that_comes_again_is_the_same_one() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| find(d, "services", "shop")["integrations"] = json!([]));
    world.trigger("shop", "down");
    edit(&mut world, 3, |_| {});
    world.trigger("shop", "down");
    assert_eq!(world.all().len(), 1, "the alert is open all the while");
    world.run_until(at(300));
    world.expect_page("bob", Sms);
}

#[test]
fn a_deleted_user_is_told_and_the_level_passes_at_once() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| remove(d, "users", "bob"));
    world.run_until(at(300));
    assert_eq!(world.expect_last_resort().at, at(300));
    let id = world.only().id;
    assert!(
        world.tells(id, |w| matches!(w, What::LevelFired { level: 1, unreached, .. } if unreached[0].reason.contains("not in the configuration any more")))
    );
}

#[test]
fn a_user_who_comes_again_is_paged_again() {
    let mut world = paged("shop", "ada");
    edit(&mut world, 2, |d| remove(d, "users", "bob"));
    world.fast_forward(1.minutes());
    edit(&mut world, 3, |_| {});
    world.run_until(at(300));
    assert_eq!(world.expect_page("bob", Sms).at, at(300));
    world.run_until(at(600));
    world.expect_last_resort();
    world.expect_quiet();
}

#[test]
fn a_contact_method_that_is_deleted_while_its_page_waits_pages_nobody_else() {
    let mut world = paged("siren", "dora");
    // Her mail is due at two minutes: by then the method is Bob's.
    edit(&mut world, 2, |d| {
        find(d, "users", "dora")["contact_methods"] = json!([{ "id": "dora-sms", "kind": "sms", "to": "+15555550199" }]);
        find(d, "users", "dora")["rules"] = json!({ "high": [{ "via": "dora-sms" }] });
        find(d, "users", "bob")["contact_methods"].as_array_mut().unwrap().push(json!({ "id": "dora-mail", "kind": "email", "to": "bob@example.com" }));
    });
    world.run_until(at(120));
    // It did not leave; the other way that she has is tried at once, with her new number.
    let sent = world.expect_page("dora", Sms);
    assert_eq!((sent.at, sent.to.to.as_str()), (at(120), "+15555550199"));
    world.expect_quiet();
    let id = world.only().id;
    assert!(world.tells(id, |w| matches!(w, What::PageFailed { reason, .. } if reason.contains("belongs to bob now"))));
}

#[test]
fn whoever_has_a_contact_method_now_hears_although_a_page_of_the_one_before_waits_there() {
    let mut world = paged("siren", "dora");
    // Her mail is due at two minutes: by then the method is Bob's, who has no other one, and who is to hear of something else at that instant.
    edit(&mut world, 2, |d| {
        find(d, "users", "dora")["contact_methods"] = json!([{ "id": "dora-sms", "kind": "sms", "to": "+15555550199" }]);
        find(d, "users", "dora")["rules"] = json!({ "high": [{ "via": "dora-sms" }] });
        find(d, "users", "bob")["contact_methods"] = json!([{ "id": "dora-mail", "kind": "email", "to": "bob@example.com" }]);
        find(d, "users", "bob")["rules"] = json!({ "high": [{ "via": "dora-mail", "after_s": 60 }] });
        find(d, "policies", "nobody")["levels"] = json!([{ "delay_s": 300, "targets": [{ "user": "bob" }] }]);
    });
    world.trigger("void", "dark");
    world.skip_messages();
    world.run_until(at(125));
    let mut to: Vec<String> = world.skip_messages().into_iter().map(|s| s.to.to).collect();
    to.sort();
    assert_eq!(to, ["+15555550199", "bob@example.com"]);
}

#[test]
fn a_new_address_counts_for_a_page_that_waits() {
    let mut world = paged("siren", "dora");
    edit(&mut world, 2, |d| find(d, "users", "dora")["contact_methods"][1]["to"] = json!("dora@elsewhere.example"));
    world.run_until(at(120));
    assert_eq!(world.expect_page("dora", Email).to.to, "dora@elsewhere.example");
    world.run_until(at(299));
    world.expect_quiet();
}

#[test]
fn an_edited_schedule_counts_when_its_level_fires() {
    let mut world = World::default();
    edit(&mut world, 2, |d| find(d, "policies", "rota")["levels"].as_array_mut().unwrap().swap(0, 1));
    world.trigger("bank", "vault");
    assert_eq!(world.skip_messages().len(), 2, "Bob and Carol");
    edit(&mut world, 3, |d| {
        find(d, "policies", "rota")["levels"].as_array_mut().unwrap().swap(0, 1);
        find(d, "schedules", "rota")["layers"][0]["members"] = json!(["dora"]);
    });
    world.run_until(at(120));
    assert_eq!(world.expect_page("dora", Sms).at, at(120), "who is on call now, by the policy of then");
}

#[test]
fn a_deleted_schedule_is_told_and_comes_again() {
    let mut world = paged("bank", "ada");
    edit(&mut world, 2, |d| {
        remove(d, "schedules", "rota");
        find(d, "policies", "rota")["levels"] = json!([{ "delay_s": 120, "targets": [{ "user": "bob" }] }]);
    });
    world.run_until(at(120));
    assert_eq!(world.skip_messages().len(), 2, "Bob and Carol: the second level");
    // Its second round finds no schedule: that level passes at once.
    world.run_until(at(240));
    assert_eq!(world.skip_messages().len(), 2);
    let id = world.only().id;
    assert!(world.tells(id, |w| matches!(w, What::LevelFired { repeat: 1, level: 0, pages, unreached, .. } if pages.is_empty() && unreached.len() == 1)));
    edit(&mut world, 3, |_| {});
    world.trigger("bank", "another");
    world.expect_page("ada", Sms);
}

#[test]
fn a_team_that_is_edited_counts_when_its_level_fires_and_a_deleted_one_is_told() {
    let mut world = World::default();
    edit(&mut world, 2, |d| find(d, "policies", "lab")["levels"].as_array_mut().unwrap().reverse());
    world.trigger("lab", "fire");
    world.expect_page("carol", Sms);
    edit(&mut world, 3, |d| find(d, "teams", "web")["members"] = json!([{ "user": "dora" }]));
    world.run_until(at(60));
    assert_eq!(world.expect_page("dora", Sms).at, at(60), "and Mute can not be reached, so that she comes at once");
    let mut world = World::default();
    edit(&mut world, 2, |d| find(d, "policies", "lab")["levels"].as_array_mut().unwrap().reverse());
    world.trigger("lab", "fire");
    world.expect_page("carol", Sms);
    edit(&mut world, 3, |d| remove(d, "teams", "web"));
    world.run_until(at(60));
    assert_eq!(world.expect_last_resort().at, at(60));
    let id = world.only().id;
    assert!(world.tells(
        id,
        |w| matches!(w, What::LevelFired { unreached, .. } if unreached.iter().any(|u| u.reason.contains("team web is not in the configuration any more")))
    ));
}
