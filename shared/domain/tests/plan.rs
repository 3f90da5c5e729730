//! What a change means, word for word: quiet hours, level hours, turns, verified ways, levels that never fire, keys. 2026-01-05 is a Monday.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use serde_json::{Value, json};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::{Outside, plan};

/// Two people in London; Ada by text message at once and mail after ten minutes for low urgency, and quiet at night.
fn document() -> Value {
    json!({
        "version": 1, "teams": [{"id": "web", "name": "Web"}],
        "users": [
            {"id": "ada", "name": "Ada", "time_zone": "Europe/London", "quiet_hours": [{"from": "22:00", "to": "07:00"}],
             "contact_methods": [{"id": "ada-sms", "kind": "sms", "to": "+15555550101"}, {"id": "ada-mail", "kind": "email", "to": "ada@example.com"}],
             "rules": {"low": [{"via": "ada-sms"}, {"via": "ada-mail", "after_s": 600}]}},
            {"id": "grace", "name": "Grace", "contact_methods": [{"id": "grace-sms", "kind": "sms", "to": "+15555550102"}]},
            {"id": "linus", "name": "Linus", "contact_methods": [{"id": "linus-sms", "kind": "sms", "to": "+15555550103"}]}],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"user": "ada"}]}, {"delay_s": 300, "targets": [{"user": "grace"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web", "integrations": [{"id": "shop-pd", "kind": "pagerduty"}]},
            {"id": "cart", "name": "Cart", "team": "web", "policy": "web"}],
    })
}

fn read(document: Value) -> Configuration {
    serde_json::from_value(document).unwrap()
}

/// The plan from one document to another, on Monday 2026-01-05 at 12:00.
#[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
fn check(before: Value, after: Value, outside: &Outside, expected: Expect) {
    let (before, after) = (read(before), read(after));
    let plan = plan(&before, &after, outside, "2026-01-05T12:00:00Z".parse().unwrap());
    expected.assert_eq(&plan.lines(&after).into_iter().map(|l| l.text + "\n").collect::<String>());
}

fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut document = document();
    change(&mut document);
    document
}

#[test]
fn nights_that_begin_later_are_named_from_edge_to_edge() {
    let later = changed(|d| d["users"][0]["quiet_hours"][0]["from"] = json!("23:00"));
    check(
        document(),
        later,
        &Outside::default(),
        expect![[r#"
        What changes
          ~ user ada
              quiet_hours[0].from: 22:00 -> 23:00
        Who is paged otherwise
          ~ shop, cart (policy web)
              level 1 pages ada-mail after 600 s instead of ada-mail when quiet hours end at 07:00 at low urgency
                  Monday 2026-01-05 21:50-22:00 UTC
                  Tuesday 2026-01-06 21:50-22:00 UTC
                  Wednesday 2026-01-07 21:50-22:00 UTC
                  Thursday 2026-01-08 21:50-22:00 UTC
                  Friday 2026-01-09 21:50-22:00 UTC
                  Saturday 2026-01-10 21:50-22:00 UTC
                  Sunday 2026-01-11 21:50-22:00 UTC
                  Monday 2026-01-12 21:50-22:00 UTC
                  and 20 times more, 3 h in all
              level 1 pages ada-mail after 600 s and ada-sms instead of ada-mail 600 s after quiet hours end at 07:00 and ada-sms when quiet hours end at 07:00 at low urgency
                  Monday 2026-01-05 22:00-22:50 UTC
                  Tuesday 2026-01-06 22:00-22:50 UTC
                  Wednesday 2026-01-07 22:00-22:50 UTC
                  Thursday 2026-01-08 22:00-22:50 UTC
                  Friday 2026-01-09 22:00-22:50 UTC
                  Saturday 2026-01-10 22:00-22:50 UTC
                  Sunday 2026-01-11 22:00-22:50 UTC
                  Monday 2026-01-12 22:00-22:50 UTC
                  and 20 times more, 16 h in all
              level 1 pages ada-mail when quiet hours end at 07:00 and ada-sms instead of ada-mail 600 s after quiet hours end at 07:00 and ada-sms when quiet hours end at 07:00 at low urgency
                  Monday 2026-01-05 22:50-23:00 UTC
                  Tuesday 2026-01-06 22:50-23:00 UTC
                  Wednesday 2026-01-07 22:50-23:00 UTC
                  Thursday 2026-01-08 22:50-23:00 UTC
                  Friday 2026-01-09 22:50-23:00 UTC
                  Saturday 2026-01-10 22:50-23:00 UTC
                  Sunday 2026-01-11 22:50-23:00 UTC
                  Monday 2026-01-12 22:50-23:00 UTC
                  and 20 times more, 3 h in all
    "#]],
    );
}

#[test]
fn hours_of_a_level_are_named_from_edge_to_edge() {
    let office = json!({"time_zone": "Europe/London", "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]});
    let hours = changed(|d| d["policies"][0]["levels"][1]["hours"] = office);
    check(
        document(),
        hours,
        &Outside::default(),
        expect![[r#"
        What changes
          ~ policy web
              levels[1].hours: + {time_zone: Europe/London, windows: [{days: [mon, tue, wed, thu, fri], from: 09…
        Who is paged otherwise
          ~ shop, cart (policy web)
              level 2 pages nobody instead of grace
                  Monday 2026-01-05 17:00 to Tuesday 2026-01-06 09:00 UTC
                  Tuesday 2026-01-06 17:00 to Wednesday 2026-01-07 09:00 UTC
                  Wednesday 2026-01-07 17:00 to Thursday 2026-01-08 09:00 UTC
                  Thursday 2026-01-08 17:00 to Friday 2026-01-09 09:00 UTC
                  Friday 2026-01-09 17:00 to Monday 2026-01-12 09:00 UTC
                  Monday 2026-01-12 17:00 to Tuesday 2026-01-13 09:00 UTC
                  Tuesday 2026-01-13 17:00 to Wednesday 2026-01-14 09:00 UTC
                  Wednesday 2026-01-14 17:00 to Thursday 2026-01-15 09:00 UTC
                  and 12 times more, 336 h in all
    "#]],
    );
}

#[test]
fn turns_begin_with_the_one_whose_turn_it_is() {
    let three = |order: [&str; 3]| {
        changed(|d| d["policies"][0]["levels"][1] = json!({"delay_s": 300, "round_robin": true, "targets": order.map(|u| json!({"user": u}))}))
    };
    let drawn = Outside { drawn: [(("web".parse().unwrap(), 1), 4)].into(), ..Outside::default() };
    // Turn 4 of three is the second: Grace is next, then Linus, then Ada.
    check(
        three(["ada", "grace", "linus"]),
        three(["grace", "ada", "linus"]),
        &drawn,
        expect![[r#"
            What changes
              ~ policy web
                  levels[1].targets[0].user: ada -> grace
                  levels[1].targets[1].user: grace -> ada
            Who is paged otherwise
              ~ shop, cart (policy web)
                  level 2 takes turns from the next incident on: ada, linus, grace instead of grace, linus, ada, at all times
        "#]],
    );
    check(
        document(),
        three(["ada", "grace", "linus"]),
        &drawn,
        expect![[r#"
            What changes
              ~ policy web
                  levels[1].round_robin: + true
                  levels[1].targets[0]: + {user: ada}
                  levels[1].targets[2]: + {user: linus}
            Who is paged otherwise
              ~ shop, cart (policy web)
                  level 2 pages ada and grace and linus instead of grace, in turns: grace, linus, ada, at all times
        "#]],
    );
    let mut together = three(["ada", "grace", "linus"]);
    together["policies"][0]["levels"][1]["round_robin"] = json!(false);
    check(
        three(["ada", "grace", "linus"]),
        together,
        &drawn,
        expect![[r#"
            What changes
              ~ policy web
                  levels[1].round_robin: - true
            Who is paged otherwise
              ~ shop, cart (policy web)
                  level 2 takes no turns any more: all are paged together, at all times
        "#]],
    );
}

#[test]
fn a_way_that_nobody_has_verified_is_no_way() {
    let other = changed(|d| d["users"][1]["contact_methods"][0]["to"] = json!("+15555550199"));
    let asked = Outside { asked: true, unconfirmed: ["linus-sms".parse().unwrap()].into(), ..Outside::default() };
    check(
        document(),
        other.clone(),
        &asked,
        expect![[r#"
        What changes
          ~ user grace
              contact_methods[grace-sms].to: +15555550102 -> +15555550199
        Look at this before you apply it
          ! grace can not be reached: grace has only contact methods that nobody has confirmed (named by level 2 of policy web)
          ! level 2 of policy web can reach nobody: grace has only contact methods that nobody has confirmed
    "#]],
    );
    // Nobody was asked: nothing is said of it.
    check(
        document(),
        other,
        &Outside::default(),
        expect![[r#"
        What changes
          ~ user grace
              contact_methods[grace-sms].to: +15555550102 -> +15555550199
    "#]],
    );
}

#[test]
fn levels_that_never_fire_and_keys_that_change_are_named() {
    let moved = changed(|d| {
        d["services"][0]["auto_resolve_s"] = json!(300);
        d["services"][0]["integrations"] = json!([{"id": "shop-am", "kind": "alertmanager"}]);
        d["services"][1]["integrations"] = json!([{"id": "shop-pd", "kind": "pagerduty"}]);
    });
    check(
        document(),
        moved,
        &Outside::default(),
        expect![[r#"
        What changes
          ~ service cart
              integrations[shop-pd]: + {id: shop-pd, kind: pagerduty}
          ~ service shop
              auto_resolve_s: + 300
              integrations[shop-pd]: - {id: shop-pd, kind: pagerduty}
              integrations[shop-am]: + {id: shop-am, kind: alertmanager}
        Keys
          + shop-am (service shop): a key is made, and shown once
          ~ shop-pd: its keys stay, and open service cart instead of service shop
        Look at this before you apply it
          ! level 2 of policy web never fires for shop: it comes 300 s after an incident opened, which is resolved by itself before
    "#]],
    );
}
