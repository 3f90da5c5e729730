//! Ten thousand alerts in a minute: what the grouping says, and nothing is lost, by the ledger's account.

use tocsin_domain::alert::Severity;
use tocsin_domain::alert::event::Action;
use tocsin_domain::configuration::Channel::Sms;
use tocsin_domain::configuration::{Configuration, Grouping};
use tocsin_tests::samples::event;
use tocsin_tests::world::configuration::{configuration, integration};
use tocsin_tests::world::tell::{Asked, Length};
use tocsin_tests::world::{Setup, World};

const ALERTS: u64 = 10_000;

/// Ten thousand distinct alerts of fifty components in a minute, and a minute more.
fn storm(world: &mut World) {
    let begin = world.now();
    for second in 0..60_i64 {
        for n in 0..ALERTS.div_ceil(60) {
            let number = u64::try_from(second).unwrap() * ALERTS.div_ceil(60) + n;
            if number < ALERTS {
                // Equal summaries, different keys: distinct alerts.
                let mut event = event(Action::Trigger, &format!("node {number}"), Severity::Error);
                event.summary = "node is down".to_owned();
                event.component = Some(format!("rack {}", number % 50));
                world.ask_at(begin + second.seconds(), 0, Asked::Event(integration("storm"), Box::new(event)));
            }
        }
        world.fast_forward(1.seconds());
    }
    world.fast_forward(1.minutes());
}

fn grouped(grouping: Grouping) -> Configuration {
    let mut c = configuration();
    c.services.iter_mut().find(|s| s.id.as_str() == "storm").unwrap().grouping = grouping;
    c
}

#[test]
fn ten_thousand_alerts_without_grouping_are_a_hundred_incidents_and_a_flood() {
    let mut world = World::new(Setup { configuration: grouped(Grouping::None), ..Setup::default() });
    storm(&mut world);
    let all = world.all();
    let flood = all.iter().find(|i| i.flood.is_some()).unwrap();
    assert_eq!((all.len(), u64::from(flood.alerts_total)), (101, ALERTS - 100));
    // The item stays small: it holds counts, and its alerts stand in links.
    assert!(serde_json::to_vec(flood).unwrap().len() < 4096);
    let messages = world.skip_messages().len();
    assert!(messages <= 20, "{messages} messages for {ALERTS} alerts");
    let audited = world.audit(1000);
    assert_eq!(audited.violations, []);
    assert_eq!((audited.alerts, audited.events, audited.opened, audited.flooded, audited.lost), (ALERTS, ALERTS, 101, ALERTS - 100, 0));
}

#[test]
fn ten_thousand_alerts_of_fifty_racks_are_fifty_incidents() {
    let fields = Grouping::Fields { fields: vec!["component".to_owned()], window_s: None };
    let mut world = World::new(Setup { configuration: grouped(fields), ..Setup::default() });
    storm(&mut world);
    let all = world.all();
    assert_eq!((all.len(), all.iter().filter(|i| i.flood.is_some()).count()), (50, 0), "as its grouping says: nothing is left for a flood");
    assert!(all.iter().all(|i| u64::from(i.alerts_total) == ALERTS / 50));
    let audited = world.audit(1000);
    assert_eq!(audited.violations, []);
    assert_eq!((audited.alerts, audited.opened, audited.joined, audited.lost), (ALERTS, 50, ALERTS - 50, 0));
}

#[test]
fn ten_thousand_distinct_alerts_in_a_minute_are_one_incident_and_one_page() {
    let mut world = World::default();
    storm(&mut world);
    let incident = world.only();
    assert_eq!((u64::from(incident.alerts_total), u64::from(incident.alerts_open)), (ALERTS, ALERTS));
    world.expect_page("ada", Sms);
    world.expect_quiet();
    let audited = world.audit(1000);
    assert_eq!(audited.violations, []);
    assert_eq!((audited.alerts, audited.events, audited.opened, audited.joined, audited.lost), (ALERTS, ALERTS, 1, ALERTS - 1, 0));
}
