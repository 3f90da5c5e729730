//! Ten thousand alerts in a minute: what the grouping says, and nothing is lost, by the ledger's account.

use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_tests::samples::event;
use tocsin_tests::world::World;
use tocsin_tests::world::configuration::integration;
use tocsin_tests::world::tell::{Asked, Length};

const ALERTS: u64 = 10_000;

#[test]
fn ten_thousand_distinct_alerts_in_a_minute_are_one_incident_and_one_page() {
    let mut world = World::default();
    let begin = world.now();
    for second in 0..60_i64 {
        for n in 0..ALERTS.div_ceil(60) {
            let number = u64::try_from(second).unwrap() * ALERTS.div_ceil(60) + n;
            if number < ALERTS {
                // Equal summaries, different keys: distinct alerts.
                let mut event = event(Action::Trigger, &format!("node {number}"), Severity::Error);
                event.summary = "node is down".to_owned();
                world.ask_at(begin + second.seconds(), 0, Asked::Event(integration("storm"), Box::new(event)));
            }
        }
        world.fast_forward(1.seconds());
    }
    world.fast_forward(1.minutes());
    let incident = world.only();
    assert_eq!((u64::from(incident.alerts_total), u64::from(incident.alerts_open)), (ALERTS, ALERTS));
    world.expect_page("ada", Sms);
    world.expect_quiet();
    let audited = world.audit(1000);
    assert_eq!(audited.violations, []);
    assert_eq!((audited.alerts, audited.events, audited.opened, audited.joined, audited.lost), (ALERTS, ALERTS, 1, ALERTS - 1, 0));
}
