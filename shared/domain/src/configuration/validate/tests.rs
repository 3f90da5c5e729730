//! One table: a small good document, one change to it, and what is said.

mod rules;

use super::*;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "version": 1,
        "teams": [{"id": "web", "name": "Web", "members": [{"user": "ada", "role": "admin"}, {"user": "grace"}]}],
        "users": [
            {"id": "ada", "name": "Ada", "time_zone": "Europe/London",
             "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550100"}, {"id": "ada-mail", "kind": "email", "to": "ada@example.com"}],
             "rules": {"high": [{"via": "ada-sms"}, {"after_s": 300, "via": "ada-mail"}]}},
            {"id": "grace", "name": "Grace", "contact_methods": [{"id": "grace-sms", "kind": "sms", "to": "+15555550101"}]},
        ],
        "policies": [{"id": "standard", "team": "web", "levels": [
            {"delay_s": 60, "targets": [{"user": "ada"}]}, {"delay_s": 60, "targets": [{"team": "web"}]}]}],
        "services": [
            {"id": "shop", "name": "Shop", "team": "web", "policy": "standard", "grouping": {"by": "time", "window_s": 300},
             "integrations": [{"id": "shop-pd", "kind": "pagerduty"}]},
            {"id": "blog", "name": "Blog", "team": "web", "policy": "standard", "integrations": [{"id": "blog-pd", "kind": "pagerduty"}]},
        ],
        "heartbeats": [{"id": "backup", "name": "Nightly backup", "service": "shop", "interval_s": 86400}],
        "status_page": {"name": "Status", "time_zone": "UTC", "components": [{"id": "checkout", "name": "Checkout", "services": ["shop"]}]},
    })
}

/// Everything that is said of the good document with `value` at each of `changes` (JSON pointers).
fn said(changes: &[(&str, Value)]) -> Vec<String> {
    let mut document = good();
    for (pointer, value) in changes {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(list) if key == "-" => list.push(value.clone()),
            Value::Array(list) => list[key.parse::<usize>().unwrap()] = value.clone(),
            other => other[key] = value.clone(),
        }
    }
    let configuration: Configuration = serde_json::from_value(document).unwrap();
    validate(&configuration).into_iter().map(|p| format!("{}: {} ({})", p.path, p.message, p.suggestion.unwrap_or_default())).collect()
}

#[test]
fn a_whole_that_is_too_large_is_named_with_its_largest_section() {
    let components = |count: usize| (0..count).map(|n| json!({"id": format!("c{n:04}"), "name": "C", "description": "d".repeat(1000)})).collect::<Value>();
    assert_eq!(said(&[("/status_page/components", components(1850))]), Vec::<String>::new());
    let large = said(&[("/status_page/components", components(1900))]);
    let (starts, ends) =
        ("status_page: the whole configuration is 20", "(at most 2000000: remove what is over, shorten texts, or divide it between two deployments)");
    assert!(large.len() == 1 && large[0].starts_with(starts) && large[0].ends_with(ends), "{large:?}");
}

#[test]
fn a_good_document_has_no_problems() {
    assert_eq!(said(&[]), Vec::<String>::new());
}

#[test]
fn each_mistake_is_named_with_its_field_and_a_suggestion() {
    let long = "x".repeat(201);
    let level = json!({"delay_s": 60, "targets": [{"user": "ada"}]});
    let table = [
        ("/version", json!(2), "version: this Tocsin reads version 1, not 2 (write version: 1)"),
        // Heartbeats.
        ("/heartbeats/0/service", json!("shpo"), "heartbeats[0].service: there is no service \"shpo\" (did you mean \"shop\"?)"),
        ("/heartbeats/0/interval_s", json!(0), "heartbeats[0].interval_s: 0 s is out of bounds (write 1 to 31622400 seconds (366 days))"),
        ("/heartbeats/0/name", json!(""), "heartbeats[0].name: a name is missing (write what people call it)"),
        (
            "/heartbeats/0/id",
            json!("shop-pd"),
            "heartbeats[0].id: integration \"shop-pd\" is there twice (services[0].integrations[0].id has it already: choose another id)",
        ),
        (
            "/heartbeats/-",
            json!({"id": "other", "name": "nightly BACKUP", "service": "blog", "interval_s": 60}),
            "heartbeats[1].name: heartbeat \"nightly BACKUP\" is there twice in its team (heartbeats[0].name has it already: choose another one)",
        ),
        (
            "/services/1/integrations/0/kind",
            json!("heartbeat"),
            "services[1].integrations[0].kind: an integration can not be a heartbeat (write it under heartbeats: {id: blog-pd, name: ..., service: blog, interval_s: ...})",
        ),
        // Floods.
        (
            "/services/1/integrations/0/flood_after",
            json!(1),
            "services[1].integrations[0].flood_after: 1 is out of bounds (write 2 to 3000 new alerts in a minute)",
        ),
        (
            "/services/1/integrations/0/refuse_after",
            json!(999),
            "services[1].integrations[0].refuse_after: 999 is out of bounds (write 1000 (10 times flood_after) to 60000 new alerts in a minute: what lies between is accepted as one incident)",
        ),
        // Sources of what AWS delivers.
        (
            "/services/1/integrations/0/sources",
            json!([""]),
            "services[1].integrations[0].sources[0]: a source can not be empty (write a topic's ARN, an event's source like aws.health, or * for everything)",
        ),
        (
            "/services/1/integrations/0/sources",
            json!(["aws.*", "aws.*"]),
            "services[1].integrations[0].sources[1]: source \"aws.*\" is there twice (services[1].integrations[0].sources[0] has it already: what comes from it belongs to one integration)",
        ),
        (
            "/services/1/integrations/0/sources",
            json!(["*:a:*"]),
            "services[1].integrations[0].sources[0]: source \"*:a:*\" has more than one * (keep one: it stands for anything, colons included)",
        ),
        (
            "/services/1/integrations/0/sources",
            json!(["aws health"]),
            "services[1].integrations[0].sources[0]: source \"aws health\" has blanks, which no source has (write a topic's ARN, an event's source like aws.health, or * for everything)",
        ),
        // Teams.
        ("/teams/0/name", json!(" "), "teams[0].name: a name is missing (write what people call it)"),
        ("/teams/0/name", json!(long), "teams[0].name: 201 characters are too many (at most 200)"),
        ("/teams/0/name", json!("a\nb"), "teams[0].name: control characters are not allowed here (write it on one line)"),
        ("/teams/0/members/1/user", json!("grcae"), "teams[0].members[1].user: there is no user \"grcae\" (did you mean \"grace\"?)"),
        (
            "/teams/0/members/1/user",
            json!("ada"),
            "teams[0].members[1].user: member \"ada\" is there twice (teams[0].members[0].user has it already: choose another id, or remove one of them)",
        ),
        (
            "/teams/-",
            json!({"id": "web", "name": "Web"}),
            "teams[1].id: team \"web\" is there twice (teams[0].id has it already: choose another id, or remove one of them)",
        ),
        // People.
        (
            "/users/-",
            json!({"id": "ada", "name": "Ada"}),
            "users[2].id: user \"ada\" is there twice (users[0].id has it already: choose another id, or remove one of them)",
        ),
        ("/users/0/time_zone", json!("Europe/Lodnon"), "users[0].time_zone: there is no time zone \"Europe/Lodnon\" (did you mean \"Europe/London\"?)"),
        ("/users/0/time_zone", json!("chicago"), "users[0].time_zone: there is no time zone \"chicago\" (did you mean \"America/Chicago\"?)"),
        (
            "/users/1/contact_methods/-",
            json!({"id": "ada-sms", "kind": "sms", "to": "+15555550102"}),
            "users[1].contact_methods[1].id: contact method \"ada-sms\" is there twice (users[0].contact_methods[0].id has it already: choose another id, or remove one of them)",
        ),
        (
            "/users/1/contact_methods/0/id",
            json!("last-resort"),
            "users[1].contact_methods[0].id: \"last-resort\" is the contact of the deployment itself (choose another id)",
        ),
        (
            "/users/1/contact_methods/0/kind",
            json!("last_resort"),
            "users[1].contact_methods[0].kind: nobody owns the last-resort contact (write sms or email; the last resort is set when Tocsin is deployed)",
        ),
        (
            "/users/1/contact_methods/0/to",
            json!("0044 (20) 7946-0000"),
            "users[1].contact_methods[0].to: \"0044 (20) 7946-0000\" is no phone number in E.164 form (write \"+442079460000\")",
        ),
        (
            "/users/1/contact_methods/0/to",
            json!("555-0100"),
            "users[1].contact_methods[0].to: \"555-0100\" is no phone number in E.164 form (write the country and the number, like +15555550100)",
        ),
        (
            "/users/0/contact_methods/1/to",
            json!("ada@localhost"),
            "users[0].contact_methods[1].to: \"ada@localhost\" is no e-mail address (write it like ada@example.com)",
        ),
        ("/users/0/rules/high/1/after_s", json!(604_801), "users[0].rules.high[1].after_s: 604801 s is out of bounds (write 0 to 604800 seconds (7 days))"),
        (
            "/users/0/rules/high/1/via",
            json!("grace-sms"),
            "users[0].rules.high[1].via: contact method \"grace-sms\" belongs to grace, not to ada (known: ada-sms, ada-mail)",
        ),
        ("/users/0/rules/high/1/via", json!("ada-mali"), "users[0].rules.high[1].via: ada has no contact method \"ada-mali\" (did you mean \"ada-mail\"?)"),
        ("/users/0/rules/high/1", json!({"via": "ada-sms"}), "users[0].rules.high[1]: the same rule stands twice: ada-sms after 0 s (remove one of them)"),
        // Policies.
        (
            "/policies/-",
            json!({"id": "standard", "team": "web", "levels": [level]}),
            "policies[1].id: policy \"standard\" is there twice (policies[0].id has it already: choose another id, or remove one of them)",
        ),
        ("/policies/0/team", json!("wbe"), "policies[0].team: there is no team \"wbe\" (did you mean \"web\"?)"),
        ("/policies/0/levels", json!([]), "policies[0].levels: a policy without levels pages nobody (add a level with a delay_s and targets)"),
        ("/policies/0/levels", json!(vec![level.clone(); 21]), "policies[0].levels: 21 levels are too many (at most 20)"),
        (
            "/policies/0/repeat",
            json!(21),
            "policies[0].repeat: 21 repeats are too many (at most 20; to go on until somebody answers write until_acknowledged: true)",
        ),
        ("/policies/0/levels/0/delay_s", json!(604_801), "policies[0].levels[0].delay_s: 604801 s is out of bounds (write 0 to 604800 seconds (7 days))"),
        (
            "/policies/0/levels/1/targets",
            json!([]),
            "policies[0].levels[1].targets: a level without targets pages nobody (add a user, a schedule or a team, or remove the level)",
        ),
        ("/policies/0/levels/1/targets", json!(vec![json!({"user": "ada"}); 51]), "policies[0].levels[1].targets: 51 targets are too many (at most 50)"),
        ("/policies/0/levels/1/targets/0", json!({"user": "linus"}), "policies[0].levels[1].targets[0].user: there is no user \"linus\" (known: ada, grace)"),
        (
            "/policies/0/levels/1/targets/0",
            json!({"schedule": "weekly"}),
            "policies[0].levels[1].targets[0].schedule: there is no schedule \"weekly\" (none is defined yet: add it first)",
        ),
        ("/policies/0/levels/1/targets/0", json!({"team": "ops"}), "policies[0].levels[1].targets[0].team: there is no team \"ops\" (known: web)"),
        // Services.
        (
            "/services/1/id",
            json!("shop"),
            "services[1].id: service \"shop\" is there twice (services[0].id has it already: choose another id, or remove one of them)",
        ),
        (
            "/services/1/integrations/0/id",
            json!("shop-pd"),
            "services[1].integrations[0].id: integration \"shop-pd\" is there twice (services[0].integrations[0].id has it already: choose another id, or remove one of them)",
        ),
        ("/services/0/team", json!("webs"), "services[0].team: there is no team \"webs\" (did you mean \"web\"?)"),
        ("/services/0/policy", json!("standrad"), "services[0].policy: there is no policy \"standrad\" (did you mean \"standard\"?)"),
        ("/services/0/grouping/window_s", json!(0), "services[0].grouping.window_s: 0 s is out of bounds (write 1 to 604800 seconds (7 days))"),
        ("/services/0/acknowledge_timeout_s", json!(0), "services[0].acknowledge_timeout_s: 0 s is out of bounds (write 1 to 604800 seconds (7 days))"),
        ("/services/0/auto_resolve_s", json!(0), "services[0].auto_resolve_s: 0 s is out of bounds (write 1 to 31536000 seconds (365 days))"),
        // The status page.
        ("/status_page/name", json!(""), "status_page.name: a name is missing (write what people call it)"),
        ("/status_page/time_zone", json!("GTM"), "status_page.time_zone: there is no time zone \"GTM\" (did you mean \"GMT\"?)"),
        ("/status_page/components/0/services/0", json!("shp"), "status_page.components[0].services[0]: there is no service \"shp\" (did you mean \"shop\"?)"),
        (
            "/status_page/components/-",
            json!({"id": "checkout", "name": "Again"}),
            "status_page.components[1].id: component \"checkout\" is there twice (status_page.components[0].id has it already: choose another id, or remove one of them)",
        ),
    ];
    for (pointer, value, expected) in table {
        assert_eq!(said(&[(pointer, value.clone())]), [expected], "{pointer} = {value}");
    }
}

#[test]
fn a_round_of_an_until_acknowledged_policy_takes_a_minute_at_least() {
    let round = |delays: [u32; 2]| {
        said(&[
            ("/policies/0/until_acknowledged", json!(true)),
            ("/policies/0/levels/0/delay_s", json!(delays[0])),
            ("/policies/0/levels/1/delay_s", json!(delays[1])),
        ])
    };
    assert_eq!(round([60, 0]), Vec::<String>::new());
    assert_eq!(
        round([30, 29]),
        [
            "policies[0].until_acknowledged: one round takes 59 s: a policy that goes on until somebody acknowledges would page too often (let the delays of its levels add up to 60 s or more)"
        ]
    );
    assert_eq!(
        said(&[("/policies/0/levels/0/delay_s", json!(0)), ("/policies/0/levels/1/delay_s", json!(0))]),
        Vec::<String>::new(),
        "only until_acknowledged"
    );
}

#[test]
fn everything_is_said_at_once_in_the_order_of_the_document() {
    let said = said(&[
        ("/status_page/components/0/services/0", json!("nothing")),
        ("/users/0/time_zone", json!("Mars/Olympus")),
        ("/policies/0/levels/0/targets/0", json!({"user": "nobody"})),
        ("/version", json!(0)),
    ]);
    let fields: Vec<&str> = said.iter().map(|s| s.split(':').next().unwrap()).collect();
    assert_eq!(fields, ["version", "users[0].time_zone", "policies[0].levels[0].targets[0].user", "status_page.components[0].services[0]"]);
}

#[test]
fn phone_numbers_and_addresses() {
    for (kind, to, good) in [
        ("sms", "+1234567", true),
        ("sms", "+123456789012345", true),
        ("sms", "+123456", false),
        ("sms", "+1234567890123456", false),
        ("sms", "+0234567890", false),
        ("sms", "15555550100", false),
        ("sms", "+1555555010x", false),
        ("sms", "+１５５５５５５０１００", false),
        ("sms", "", false),
        ("email", "a.b+c@sub.example.co.uk", true),
        ("email", "o'hara@example.com", true),
        ("email", "ada@exämple.com", true),
        ("email", "ada", false),
        ("email", "@example.com", false),
        ("email", "ada@", false),
        ("email", "ada@.com", false),
        ("email", "ada@example..com", false),
        ("email", "ada@-example.com", false),
        ("email", "ada lovelace@example.com", false),
        ("email", "ada@b@example.com", false),
        ("email", "Ada <ada@example.com>", false),
        ("email", "ada@example.com\r\nBcc: all@example.com", false),
        ("email", &format!("{}@example.com", "a".repeat(254)), false),
    ] {
        let contact = json!({"id": "new", "kind": kind, "to": to});
        assert_eq!(said(&[("/users/1/contact_methods/-", contact)]).is_empty(), good, "{to:?}");
    }
}

#[test]
fn schedules_are_checked_by_their_engine_and_name_people_who_exist() {
    let layer = |start: &str, members: Value| json!({"name": "one", "rotation": "weekly", "start": start, "members": members});
    let schedule = |layer: Value, overrides: Value| json!([{"id": "s", "team": "web", "time_zone": "UTC", "layers": [layer], "overrides": overrides}]);
    let change = |rest: Value| {
        let mut change = json!({"start": "2026-01-06T09:00Z", "end": "2026-01-07T09:00Z"});
        rest.as_object().unwrap().iter().for_each(|(k, v)| change[k] = v.clone());
        json!([change])
    };
    let good = layer("2026-01-05T09:00", json!(["ada", "grace"]));
    let table = [
        (schedule(good.clone(), json!([])), None),
        (
            schedule(layer("2026-02-30T09:00", json!(["ada"])), json!([])),
            Some("schedules[0].layers[0].start: there is no 2026-02-30 (that month ends on 2026-02-28)"),
        ),
        (
            schedule(layer("2026-01-05T09:00", json!(["ada", "gracie"])), json!([])),
            Some("schedules[0].layers[0].members[1]: there is no user \"gracie\" (did you mean \"grace\"?)"),
        ),
        (
            schedule(layer("2026-01-05T09:00", json!([["ada", "linus"]])), json!([])),
            Some("schedules[0].layers[0].members[0][1]: there is no user \"linus\" (known: ada, grace)"),
        ),
        (schedule(good.clone(), change(json!({"with": "linus"}))), Some("schedules[0].overrides[0].with: there is no user \"linus\" (known: ada, grace)")),
        (schedule(good.clone(), change(json!({"add": ["linus"]}))), Some("schedules[0].overrides[0].add: there is no user \"linus\" (known: ada, grace)")),
        (
            schedule(good.clone(), change(json!({"person": "linus", "with": "ada"}))),
            Some("schedules[0].overrides[0].person: there is no user \"linus\" (known: ada, grace)"),
        ),
        (
            schedule(good.clone(), change(json!({"layer": "one", "with": "linus"}))),
            Some("schedules[0].overrides[0].with: there is no user \"linus\" (known: ada, grace)"),
        ),
    ];
    for (schedules, expected) in table {
        assert_eq!(said(&[("/schedules", schedules.clone())]), expected.into_iter().collect::<Vec<_>>(), "{schedules}");
    }
}

#[test]
fn a_schedule_that_no_item_can_hold_is_refused() {
    let said = said(&[("/schedules", json!([{"id": "huge", "team": "web", "time_zone": "UTC", "name": "x".repeat(400 * 1024)}]))]);
    assert!(said.iter().any(|s| s.starts_with("schedules[0]: schedule \"huge\" is 4")), "{:?}", said.iter().map(|s| &s[..60]).collect::<Vec<_>>());
}

#[test]
fn levels_that_can_never_fire_and_quiet_hours_without_an_end_are_named() {
    let hours = |hours: Value| json!({"delay_s": 60, "targets": [{"user": "ada"}], "hours": hours});
    for (changes, expected) in [
        (
            vec![("/policies/0/levels", json!([{"delay_s": 60, "targets": [{"user": "ada"}], "urgency": "high"}]))],
            "policies[0].levels: no level is for low urgency: an incident of low urgency would go to the last-resort contact at once (add a level for it, or one without urgency)",
        ),
        (
            vec![("/policies/0/levels/1", hours(json!({"time_zone": "UTC", "windows": []})))],
            "policies[0].levels[1].hours.windows: there are no hours: the level can never fire (write windows like {from: \"09:00\", to: \"17:00\"}, or leave `hours` out)",
        ),
        (
            vec![("/policies/0/levels/1", hours(json!({"time_zone": "UTC", "windows": [{"from": "00:00", "to": "24:00"}], "outside": true})))],
            "policies[0].levels[1].hours.windows: the windows are all hours of the week, and nothing is outside of them: the level can never fire (leave `outside` out, or make the windows shorter)",
        ),
        (
            vec![("/policies/0/levels/1", hours(json!({"time_zone": "Europe/Londn", "windows": [{"from": "09:00", "to": "17:00"}]})))],
            "policies[0].levels[1].hours.time_zone: there is no time zone \"Europe/Londn\" (did you mean \"Europe/London\"?)",
        ),
        (
            vec![(
                "/policies/0/levels/1",
                hours(json!({"time_zone": "UTC", "windows": [{"from": "09:00", "to": "17:00"}, {"from": "9 o'clock", "to": "17:00"}]})),
            )],
            "policies[0].levels[1].hours.windows[1].from: ",
        ),
        (vec![("/users/0/locale", json!("English"))], "users[0].locale: \"English\" is no locale (write a language and a region, like en-GB or de-DE)"),
        (
            vec![("/users/0/quiet_hours", json!([{"from": "mon 09:00", "to": "17:00"}]))],
            "users[0].quiet_hours[0].to: `from` names a day of the week, `to` does not (name a day at both ends, or at neither)",
        ),
        (
            vec![("/users/0/quiet_hours", json!([{"from": "00:00", "to": "12:00"}, {"from": "12:00", "to": "24:00"}]))],
            "users[0].quiet_hours: these are all hours of the week: pages of low urgency would have no end to wait for (leave an hour of the week out, or give this person no rules for low urgency and no targets of low urgency)",
        ),
    ] {
        let said = said(&changes);
        assert!(said.len() == 1 && said[0].starts_with(expected), "{said:#?} instead of {expected}");
    }
    let urgencies = json!([{"delay_s": 60, "targets": [{"user": "ada"}], "urgency": "high"}, {"delay_s": 60, "targets": [{"user": "ada"}], "urgency": "low"}]);
    assert_eq!(said(&[("/policies/0/levels", urgencies.clone())]), Vec::<String>::new());
    assert_eq!(
        said(&[("/policies/0/levels", urgencies), ("/policies/0/until_acknowledged", json!(true))]),
        Vec::<String>::new(),
        "a minute a round for either"
    );
}
