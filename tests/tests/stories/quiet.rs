//! Maintenance windows and dependencies: alerts that page nobody, for as long as that is right.

use crate::rules::{opened, outcome, sound, with, world};
use serde_json::{Value, json};
use tocsin_app::apply_configuration::ApplyConfiguration;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::fakes::{Faults, MemoryTopics, SeededIds};
use tocsin_app::keep_maintenance::KeepMaintenance;
use tocsin_app::ports::MaintenanceStore;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Actor, What};
use tocsin_tests::samples::slug;
use tocsin_tests::world::World;
use tocsin_tests::world::tell::Length;

/// From 09:10 to 09:30 on the first day.
fn window() -> [(&'static str, Value); 1] {
    [("maintenance", json!([{ "id": "move", "reason": "moving house", "services": ["shop"], "start": "2026-01-05T09:10Z", "end": "2026-01-05T09:30Z" }]))]
}

fn keep(world: &World) -> KeepMaintenance {
    let ids = std::sync::Arc::new(SeededIds::seeded(7));
    let cache = std::sync::Arc::new(ConfigurationCache::new(world.store.clone()));
    KeepMaintenance {
        maintenance: world.store.clone(),
        alerts: world.store.clone(),
        due: world.store.clone(),
        configuration: cache,
        clock: world.clock.clone(),
        ids,
    }
}

#[test]
fn maintenance_is_quiet_and_what_is_still_open_at_its_end_pages() {
    let mut world = world(&window());
    world.fast_forward(10.minutes());
    let (gone, stays) = (opened(&world.trigger("shop", "gone")), opened(&world.trigger("shop", "stays")));
    world.trigger("bank", "other service");
    world.expect_page("ada", Sms);
    assert_eq!(outcome(&world, gone).unwrap().to_string(), "suppressed by maintenance window move: moving house (looked at again at 2026-01-05 09:30:00 UTC)");
    world.fast_forward(5.minutes());
    world.resolve_by_sender("shop", "gone");
    world.skip_messages();
    world.command("ada", world.only().id, Command::Resolve);
    world.fast_forward(15.minutes() + 90.seconds());
    let all = world.all();
    assert_eq!(all.len(), 2);
    let late = all.iter().find(|i| i.service == slug("shop")).unwrap();
    assert!(world.tells(late.id, |w| matches!(w, What::Released { alerts } if alerts[0].alert == stays)));
    assert!(outcome(&world, gone).is_some() && outcome(&world, stays).is_none());
    world.expect_page("ada", Sms);
    world.resolve_by_sender("shop", "stays");
    assert!(world.all().iter().all(|i| !i.is_open()));
    sound(&world);
}

#[test]
fn maintenance_that_ends_early_lets_its_alerts_go_at_once() {
    let mut world = world(&window());
    world.fast_forward(12.minutes());
    world.trigger("shop", "db");
    world.expect_quiet();
    let keep = keep(&world);
    let ended = futures::executor::block_on(keep.end(&slug("move"), None, &Actor::User(slug("ada")))).unwrap();
    assert_eq!(ended.ended_at, Some(world.now()));
    // Ended again is fine.
    futures::executor::block_on(keep.end(&slug("move"), None, &Actor::User(slug("ada")))).unwrap();
    world.fast_forward(2.seconds());
    world.expect_page("ada", Sms);
    // What comes until 09:30 is not kept either.
    world.trigger("shop", "web");
    assert_eq!(world.all().len(), 2);
}

/// Whoever ends a window may die before anybody is woken, and never ask again; or an alert is written as kept just when the others have been woken.
#[test]
fn what_an_ended_window_still_keeps_is_found_by_the_next_sweep() {
    let mut world = world(&window());
    world.fast_forward(12.minutes());
    world.trigger("shop", "db");
    let mut run = futures::executor::block_on(keep(&world).get(&slug("move"))).unwrap();
    run.ended_at = Some(world.now());
    futures::executor::block_on(world.store.put_maintenance(&run)).unwrap();
    world.expect_quiet();
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    sound(&world);
}

/// The usual configuration with one window: until when, and whose.
fn moving(end: &str, services: &[&str]) -> [(&'static str, Value); 1] {
    [("maintenance", json!([{ "id": "move", "reason": "moving house", "services": services, "start": "2026-01-05T09:10Z", "end": end }]))]
}

#[test]
fn what_a_window_kept_that_is_not_configured_any_more_is_found_by_the_next_sweep() {
    let mut world = world(&moving("2026-01-09T09:30Z", &["shop"]));
    world.fast_forward(12.minutes());
    world.trigger("shop", "db");
    world.expect_quiet();
    world.configure(with(&[]));
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn a_version_right_behind_the_one_that_removes_a_window_hides_it_from_no_sweep() {
    let mut world = world(&moving("2026-01-09T09:30Z", &["shop"]));
    world.fast_forward(12.minutes());
    world.trigger("shop", "db");
    world.configure(with(&[]));
    for n in 0..12 {
        world.configure(with(&[("services/bank/name", json!(format!("bank {n}")))]));
    }
    world.expect_quiet();
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn a_window_that_is_about_other_services_now_lets_only_the_others_go() {
    let mut world = world(&moving("2026-01-05T12:00Z", &["shop", "bank"]));
    world.fast_forward(12.minutes());
    let (goes, stays) = (opened(&world.trigger("shop", "db")), opened(&world.trigger("bank", "api")));
    world.configure(with(&moving("2026-01-05T12:00Z", &["bank"])));
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    assert!(outcome(&world, goes).is_none() && outcome(&world, stays).is_some());
    assert_eq!(world.only().service, slug("shop"));
    sound(&world);
}

/// Longer, too: else its alerts would wait for an end that no later version knows of.
#[test]
fn alerts_wait_for_the_end_that_is_configured_now() {
    let mut world = world(&moving("2026-01-09T09:30Z", &["shop"]));
    world.fast_forward(12.minutes());
    let alert = opened(&world.trigger("shop", "db"));
    let until = |world: &World| outcome(world, alert).unwrap().again_at().unwrap().to_string();
    for end in ["2026-01-10T09:30:00Z", "2026-01-05T10:30:00Z"] {
        world.configure(with(&moving(end, &["shop"])));
        world.fast_forward(15.minutes());
        assert_eq!(until(&world), end);
    }
    world.expect_quiet();
    world.run_until("2026-01-05T10:31:30Z".parse().unwrap());
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn a_rollback_to_before_a_window_lets_its_alerts_go() {
    let mut world = world(&[]);
    world.configure(with(&moving("2026-01-09T09:30Z", &["shop"])));
    world.fast_forward(30.minutes());
    world.trigger("shop", "db");
    world.expect_quiet();
    let apply = ApplyConfiguration {
        store: world.store.clone(),
        cache: std::sync::Arc::new(ConfigurationCache::new(world.store.clone())),
        emails: std::sync::Arc::new(MemoryTopics::new(Faults::none())),
        clock: world.clock.clone(),
        ids: std::sync::Arc::new(SeededIds::seeded(7)),
    };
    futures::executor::block_on(apply.rollback(1, None, &Actor::System)).unwrap();
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
    sound(&world);
}

#[test]
fn maintenance_is_started_at_run_time() {
    let mut world = world(&[]);
    let keep = keep(&world);
    let now = world.now();
    let start = tocsin_app::keep_maintenance::Start {
        services: vec![slug("shop")],
        teams: vec![],
        team: slug("web"),
        reason: "a new disk".to_owned(),
        start: now,
        end: now + 10.minutes(),
    };
    let run = futures::executor::block_on(keep.start(start, None, &Actor::User(slug("ada")))).unwrap();
    let alert = opened(&world.trigger("shop", "db"));
    assert!(outcome(&world, alert).unwrap().to_string().contains(run.id.as_str()));
    world.expect_quiet();
    world.fast_forward(10.minutes() + 90.seconds());
    world.expect_page("ada", Sms);
    sound(&world);
}

/// An hour of the shop's, that begins in ten minutes.
fn planned(world: &World) -> tocsin_app::keep_maintenance::Start {
    let start = world.now() + 10.minutes();
    let reason = "a new disk".to_owned();
    tocsin_app::keep_maintenance::Start { services: vec![slug("shop")], teams: vec![], team: slug("web"), reason, start, end: start + 60.minutes() }
}

#[test]
fn a_window_that_is_asked_for_twice_is_one_window() {
    let mut world = world(&[]);
    let keep = keep(&world);
    let ada = Actor::User(slug("ada"));
    let start = |name| futures::executor::block_on(keep.start(planned(&world), name, &ada)).unwrap();
    let first = start(None);
    assert_eq!(start(None), first, "nothing of it differs");
    let named = start(Some("deploy 17"));
    assert_ne!(named.id, first.id);
    world.fast_forward(1.minutes());
    let keep = self::keep(&world);
    // A minute later, by a caller who did not hear the answer: its times differ, its name does not.
    let again = futures::executor::block_on(keep.start(planned(&world), Some("deploy 17"), &ada)).unwrap();
    assert_eq!(again, named);
    let other = futures::executor::block_on(keep.start(planned(&world), Some("deploy 17"), &Actor::User(slug("bob")))).unwrap();
    assert_ne!(other.id, named.id, "names are their callers' own");
}

#[test]
fn a_planned_window_is_called_off_before_it_begins() {
    let mut world = world(&[]);
    let keep = keep(&world);
    let ada = Actor::User(slug("ada"));
    let run = futures::executor::block_on(keep.start(planned(&world), None, &ada)).unwrap();
    assert_eq!(futures::executor::block_on(keep.list(false)).unwrap(), std::slice::from_ref(&run));
    world.trigger("shop", "before");
    world.expect_page("ada", Sms);
    world.resolve_by_sender("shop", "before");
    world.skip_messages();
    for _ in 0..2 {
        let ended = futures::executor::block_on(keep.end(&run.id, None, &ada)).unwrap();
        assert_eq!(ended.standing(world.now()).as_str(), "called_off");
    }
    assert_eq!(futures::executor::block_on(keep.list(false)).unwrap(), []);
    assert_eq!(futures::executor::block_on(keep.list(true)).unwrap().len(), 1);
    assert_eq!(futures::executor::block_on(keep.get(&run.id)).unwrap().ended_by, Some(ada));
    world.fast_forward(15.minutes());
    world.trigger("shop", "within what was planned");
    world.expect_page("ada", Sms);
}

#[test]
fn the_next_occurrence_is_called_off_only_where_it_is_meant() {
    // 2026-01-05 is a Monday.
    let backup = json!([{ "id": "backup", "reason": "backup", "services": ["shop"], "weekly": [{ "from": "09:10", "to": "09:30" }] }]);
    let mut world = world(&[("maintenance", backup)]);
    let keep = keep(&world);
    let ada = Actor::User(slug("ada"));
    let end = |start| futures::executor::block_on(keep.end(&slug("backup"), start, &ada));
    assert!(end(None).is_err(), "it does not go on");
    let today = world.now() + 10.minutes();
    assert_eq!(end(Some(today)).unwrap().standing(world.now()).as_str(), "called_off");
    assert_eq!(end(Some(today)).unwrap().start, today, "again");
    let listed = || futures::executor::block_on(keep.list(false)).unwrap().iter().map(|w| w.start).collect::<Vec<_>>();
    assert_eq!(listed(), [today + 1_440.minutes()], "tomorrow's stands");
    world.fast_forward(15.minutes());
    world.trigger("shop", "db");
    world.expect_page("ada", Sms);
    assert_eq!(listed(), [today + 1_440.minutes()]);
}

/// The bank can do nothing without the shop.
fn dependent() -> [(&'static str, Value); 2] {
    [("services/bank/depends_on", json!(["shop"])), ("services/bank/attach_to_upstream", json!(true))]
}

#[test]
fn an_alert_joins_the_incident_of_what_its_service_depends_on() {
    let mut world = world(&dependent());
    world.trigger("bank", "before");
    assert_eq!(world.only().service, slug("bank"), "nothing is wrong upstream");
    world.resolve_by_sender("bank", "before");
    world.trigger("shop", "db");
    let upstream = world.all().into_iter().find(|i| i.service == slug("shop")).unwrap();
    world.skip_messages();
    world.trigger("bank", "api");
    world.expect_quiet();
    let joined = world.all().into_iter().find(|i| i.id == upstream.id).unwrap();
    assert_eq!((joined.alerts_open, world.all().len()), (2, 2));
    assert!(world.tells(upstream.id, |w| matches!(w, What::DependentsAttached { services, .. } if *services == [slug("bank")])));
    // The upstream's sender says that it is over, the bank's does not: it stays open.
    world.resolve_by_sender("shop", "db");
    assert!(world.all().iter().any(|i| i.id == upstream.id && i.is_open()));
    world.resolve_by_sender("bank", "api");
    assert!(world.all().iter().all(|i| !i.is_open()));
    sound(&world);
}

#[test]
fn a_guest_goes_on_when_a_person_resolves_the_incident_upstream() {
    let mut world = world(&dependent());
    world.trigger("shop", "db");
    let upstream = world.only();
    world.trigger("bank", "api");
    world.fast_forward(1.minutes());
    world.skip_messages();
    world.command("ada", upstream.id, Command::Resolve);
    world.fast_forward(2.seconds());
    let open: Vec<_> = world.all().into_iter().filter(|i| i.is_open()).collect();
    assert_eq!(open.iter().map(|i| i.service.as_str()).collect::<Vec<_>>(), ["bank"], "its own people are paged now");
    assert!(!world.skip_messages().is_empty());
    world.resolve_by_sender("bank", "api");
    assert!(world.all().iter().all(|i| !i.is_open()));
}
