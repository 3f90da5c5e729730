//! A job that does not say that it is alive is told of within a minute; saying so ends it.

use serde_json::json;
use tocsin_app::fakes::faults::{Fault, Rates};
use tocsin_app::fakes::random::Random;
use tocsin_app::ports::{ConfigurationStore, VersionRecord};
use tocsin_domain::alert::AlertState;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::incident::Status;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_tests::world::configuration::{configuration, heartbeat};
use tocsin_tests::world::tell::{Answer, Asked, Length};
use tocsin_tests::world::{Setup, World};

/// A job that runs every ten minutes and may be two minutes late.
fn with_backup(interval_s: u32) -> Configuration {
    let backup = json!([{ "id": "backup", "name": "Nightly backup", "service": "shop", "interval_s": interval_s, "grace_s": 120 }]);
    Configuration { heartbeats: serde_json::from_value(backup).unwrap(), ..configuration() }
}

fn world() -> World {
    World::new(Setup { configuration: with_backup(600), ..Setup::default() })
}

fn apply(world: &World, version: u64, configuration: &Configuration) {
    let record = VersionRecord::new(version, world.now(), Actor::System);
    futures::executor::block_on(world.store.publish_configuration(&record, configuration)).unwrap();
}

fn is_open(world: &World) -> bool {
    world.store.look(|s| s.alerts.values().any(|a| a.state == AlertState::Open))
}

#[test]
fn a_missing_heartbeat_opens_an_incident_within_a_minute_and_a_ping_closes_it() {
    let mut world = world();
    assert_eq!(world.ping("backup"), Answer::Linked);
    world.fast_forward(10.minutes());
    world.ping("backup");
    world.fast_forward(719.seconds());
    world.expect_quiet();
    // Due now; the sweep comes each minute.
    world.fast_forward(61.seconds());
    let page = world.expect_page("ada", Sms);
    assert!(page.message.text.contains("Heartbeat Nightly backup is missing"), "{}", page.message.text);
    assert!(page.message.text.contains("every 10 min"), "{}", page.message.text);
    let incident = world.only();
    assert!(incident.is_open());
    assert_eq!(incident.service.as_str(), "shop");
    // However long it is missing, it is one alert, and nobody counts the sweep's minutes on it.
    world.fast_forward(3.minutes());
    assert_eq!(world.store.look(|s| (s.alerts.len(), s.guards.values().map(|g| g.count).sum::<u64>())), (1, 1));
    world.ping("backup");
    assert!(matches!(world.only().status, Status::Resolved { by: Actor::Sender(_), .. }));
    world.fast_forward(10.minutes());
    world.expect_quiet();
    world.fast_forward(3.minutes());
    assert_eq!(world.all().len(), 2, "missing once more is another incident");
}

#[test]
fn a_heartbeat_is_not_expected_before_its_first_ping() {
    let mut world = world();
    world.fast_forward(48.hours());
    world.expect_quiet();
    world.ping("backup");
    world.fast_forward(13.minutes());
    world.expect_page("ada", Sms);
}

#[test]
fn an_incident_that_a_person_resolved_stays_resolved_until_the_job_lives_and_dies_again() {
    let mut world = world();
    world.ping("backup");
    world.fast_forward(13.minutes());
    world.expect_page("ada", Sms);
    let id = world.only().id;
    world.command("ada", id, Command::Resolve);
    world.fast_forward(2.hours());
    assert_eq!(world.all().len(), 1);
    world.ping("backup");
    world.fast_forward(13.minutes());
    assert_eq!(world.all().len(), 2);
}

#[test]
fn a_changed_interval_counts_from_the_last_ping() {
    let mut world = world();
    world.ping("backup");
    world.fast_forward(5.minutes());
    apply(&world, 2, &with_backup(3600));
    world.fast_forward(50.minutes());
    world.expect_quiet();
    apply(&world, 3, &with_backup(60));
    world.fast_forward(1.minutes());
    world.expect_page("ada", Sms);
    // Longer again: it is not missing any more, without a ping.
    apply(&world, 4, &with_backup(3600 * 24));
    world.fast_forward(1.minutes());
    assert!(!world.only().is_open());
}

#[test]
fn a_heartbeat_that_was_taken_out_of_the_configuration_stops() {
    let mut world = world();
    world.ping("backup");
    apply(&world, 2, &configuration());
    world.fast_forward(2.hours());
    world.expect_quiet();
    assert_eq!(world.all(), []);
}

#[test]
fn a_heartbeat_that_is_put_back_waits_for_its_next_ping() {
    let mut world = world();
    world.ping("backup");
    assert!(matches!(world.configure(configuration()), Answer::Applied(..)));
    world.fast_forward(2.hours());
    assert!(matches!(world.configure(with_backup(600)), Answer::Applied(..)));
    world.fast_forward(2.hours());
    world.expect_quiet();
    // What is published behind it forgets nothing.
    assert!(matches!(world.configure(with_backup(300)), Answer::Applied(..)));
    world.fast_forward(2.hours());
    world.expect_quiet();
    world.ping("backup");
    world.fast_forward(6.minutes());
    world.expect_quiet();
    world.fast_forward(2.minutes());
    world.expect_page("ada", Sms);
}

#[test]
fn a_heartbeat_that_comes_back_ends_the_alert_of_the_one_that_went() {
    let mut world = world();
    world.ping("backup");
    world.fast_forward(13.minutes());
    world.expect_page("ada", Sms);
    assert!(matches!(world.configure(configuration()), Answer::Applied(..)));
    assert!(matches!(world.configure(with_backup(600)), Answer::Applied(..)));
    world.fast_forward(1.minutes());
    assert!(!is_open(&world), "nobody waits for it before its next ping");
    world.ping("backup");
    world.fast_forward(13.minutes());
    assert!(is_open(&world), "supervised again");
}

#[test]
fn a_ping_at_the_last_moment_wins_wherever_it_meets_the_sweep() {
    // The sweep's calls, one after another: read, mark, (count, open), mark told. The ping comes while each of them dawdles.
    for call in ["HeartbeatStore::beats", "HeartbeatStore::miss", "AlertStore::count_repetition", "AlertStore::open_alert", "HeartbeatStore::told"] {
        let mut world = world();
        world.ping("backup");
        let end = world.now() + 719.seconds();
        world.run_until(end);
        world.faults.next(call, Fault::Slow(5));
        let at = world.now() + 3.seconds();
        world.ask_at(at, 0, Asked::Ping(heartbeat("backup")));
        world.fast_forward(3.minutes());
        assert!(!is_open(&world), "{call}: an alert of a job that lives stays open: {:#?}", world.trace);
        assert_eq!(world.store.look(|s| s.beats.values().filter(|b| b.missed.is_some()).count()), 0, "{call}");
    }
}

#[test]
fn whatever_fails_the_alert_is_open_just_while_the_job_is_missing() {
    for seed in 0..60 {
        let mut random = Random::seeded(seed);
        let mut world = World::new(Setup { seed: Some(seed), configuration: with_backup(60), ..Setup::default() });
        world.faults.seeded(seed, Rates::all(30));
        for _ in 0..30 {
            let tries = u32::try_from(random.below(3)).unwrap();
            world.ask_at(world.now(), tries, Asked::Ping(heartbeat("backup")));
            world.fast_forward(i64::try_from(random.below(400)).unwrap().seconds());
        }
        world.faults.heal();
        // Whatever is left to do, the next sweeps do it: while it is missing its alert is open, once it is back it is not.
        world.ping("backup");
        world.fast_forward(2.minutes());
        assert!(!is_open(&world), "seed {seed}: {:#?}", world.trace);
        world.fast_forward(4.minutes());
        assert!(is_open(&world), "seed {seed}: {:#?}", world.trace);
        world.ping("backup");
        assert!(!is_open(&world), "seed {seed}: {:#?}", world.trace);
    }
}
