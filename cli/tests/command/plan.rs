//! `plan`: what an edited file would change, word for word.

use super::double::{Answer, Double, Ran, Request, file, run, tocsin};
use expect_test::expect;
use serde_json::{Value, json};
use std::path::PathBuf;

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/local/example.yaml");
/// A Monday, as Ada's first turn begins.
const AT: &str = "2026-01-05T09:00:00Z";

fn edited(name: &str, edits: &[(&str, &str)]) -> PathBuf {
    let mut text = std::fs::read_to_string(EXAMPLE).unwrap();
    for (from, to) in edits {
        assert!(text.contains(from), "the example has no {from:?} any more");
        text = text.replacen(from, to, 1);
    }
    file(name, &text)
}

/// Ada's and Grace's Saturday mornings are left out, Linus loses his phone, and one service goes while another one comes.
fn edited_example(name: &str) -> PathBuf {
    edited(
        name,
        &[
            ("        members: [ada, grace]\n", "        members: [ada, grace]\n        restrictions:\n          - { from: sat 09:00, to: sat 02:00 }\n"),
            ("      - { id: linus-phone, kind: sms, to: \"+15555550103\" }\n", ""),
            ("{ after_s: 30, via: grace-mail }", "{ after_s: 60, via: grace-mail }"),
            ("  - id: payments\n    name: Payments", "  - id: billing\n    name: Billing"),
            ("{ id: payments-pagerduty, kind: pagerduty }", "{ id: billing-pagerduty, kind: pagerduty }"),
            ("services: [shop, payments]", "services: [shop, billing]"),
            ("    services: [payments]\n", "    services: [billing]\n"),
            ("    # auto_resolve_s: 86400  ", "    auto_resolve_s: 60 #"),
        ],
    )
}

fn against(file: &PathBuf, rest: &[&str]) -> Ran {
    run(tocsin(&["plan", "--against", EXAMPLE, "--at", AT]).arg(file).args(rest))
}

#[test]
fn an_edited_example_says_what_it_uncovers_whom_it_pages_and_who_can_not_be_reached() {
    let edited = edited_example("plan-edited-1.yaml");
    let ran = against(&edited, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{}", ran.out);
    expect![[r#"
        From example.yaml to edited.yaml, looking ahead from 2026-01-05 09:00 UTC to 2026-02-02 09:00 UTC.

        What changes
          ~ maintenance payments-backup
              services: [payments] -> [billing]
          ~ schedule web-weekly
              layers[weekly].restrictions: + [{from: sat 09:00, to: sat 02:00}]
          + service billing
          - service payments
          ~ service shop
              auto_resolve_s: + 60
          ~ status page
              components[checkout].services: [shop, payments] -> [shop, billing]
          ~ user grace
              rules.high[1].after_s: 30 -> 60
          ~ user linus
              contact_methods[linus-phone]: - {id: linus-phone, kind: sms, to: +15555550103}

        Who is on call
          - uncovers Saturday 2026-01-10 02:00-09:00 Europe/London (web-weekly)
          - uncovers Saturday 2026-01-17 02:00-09:00 Europe/London (web-weekly)
          - uncovers Saturday 2026-01-24 02:00-09:00 Europe/London (web-weekly)
          - uncovers Saturday 2026-01-31 02:00-09:00 Europe/London (web-weekly)

        Who is paged otherwise
          ~ demo (policy demo)
              level 2 pages grace-mail after 60 s instead of grace-mail after 30 s at high urgency, at all times
              level 3 pages nobody instead of linus, at all times
          ~ shop (policy web-standard)
              level 1 pages nobody instead of ada
                  Saturday 2026-01-10 02:00-09:00 Europe/London
                  Saturday 2026-01-24 02:00-09:00 Europe/London
              level 1 pages grace-mail after 60 s instead of grace-mail after 30 s at high urgency
                  Monday 2026-01-12 09:00 to Saturday 2026-01-17 02:00 Europe/London
                  Saturday 2026-01-17 09:00 to Monday 2026-01-19 09:00 Europe/London
                  Monday 2026-01-26 09:00 to Saturday 2026-01-31 02:00 Europe/London
                  Saturday 2026-01-31 09:00 Europe/London and on
              level 1 pages nobody instead of grace
                  Saturday 2026-01-17 02:00-09:00 Europe/London
                  Saturday 2026-01-31 02:00-09:00 Europe/London
              level 2 pages grace-mail after 60 s instead of grace-mail after 30 s at high urgency, at all times
              level 3 pages nobody instead of linus, at all times

        Keys
          + billing-pagerduty (service billing): a key is made, and shown once
          - payments-pagerduty (service payments): its keys end, and its senders are refused

        Look at this before you apply it
          ! linus can not be reached: linus has no contact method (named by level 3 of policy web-standard, level 3 of policy demo)
          ! level 1 of policy web-standard reaches nobody at times, and passes at once
              Saturday 2026-01-10 02:00-09:00 Europe/London
              Saturday 2026-01-17 02:00-09:00 Europe/London
              Saturday 2026-01-24 02:00-09:00 Europe/London
              Saturday 2026-01-31 02:00-09:00 Europe/London
          ! level 3 of policy web-standard never fires for shop: it comes 60 s after an incident opened, which is resolved by itself before
          ! level 3 of policy web-standard can reach nobody: linus has no contact method
          ! level 3 of policy demo can reach nobody: linus has no contact method
    "#]]
    .assert_eq(&ran.out.replace(EXAMPLE, "example.yaml").replace(edited.to_str().unwrap(), "edited.yaml"));
}

#[test]
fn the_same_file_is_nothing() {
    let ran = against(&edited("plan-same.yaml", &[("# Everything that a team decides", "# The same")]), &[]);
    assert!(ran.good().starts_with("Nothing is different between "), "{}", ran.out);
    assert_eq!(against(&PathBuf::from(EXAMPLE), &["--json"]).json()["changes"], false);
}

#[test]
fn a_mapping_that_reads_otherwise_is_told() {
    let integration = "- { id: shop-opsgenie, kind: opsgenie } # Opsgenie's alert API v2";
    let mapping = "- { id: shop-opsgenie, kind: generic, mapping: [{ summary: \"{title}\", key: \"{id}\" }] }";
    let ran = against(&edited("plan-mapping.yaml", &[(integration, mapping)]), &[]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    let told: Vec<&str> = ran.out.lines().map(str::trim).filter(|l| l.contains("integrations")).collect();
    expect![[r#"
              integrations[shop-opsgenie].kind: opsgenie -> generic
              integrations[shop-opsgenie].mapping: + [{key: "{id}", summary: "{title}"}]"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn machines_get_the_plan_as_data() {
    let ran = against(&edited_example("plan-edited-2.yaml"), &["--json"]);
    assert_eq!(ran.code, Some(2));
    let plan = ran.json();
    assert_eq!(plan["changes"], true);
    assert_eq!(plan["coverage"][0]["lost"][0], json!({"start": "2026-01-10T02:00:00Z", "end": "2026-01-10T09:00:00Z"}));
    let pages = &plan["pages"][1];
    assert_eq!(pages["services"], json!(["shop"]));
    let concerns: Vec<&str> = plan["warnings"].as_array().unwrap().iter().filter(|w| w["new"] == true).filter_map(|w| w["concern"].as_str()).collect();
    assert!(concerns.contains(&"person_unreachable") && concerns.contains(&"level_reaches_nobody"), "{concerns:?}");
}

#[test]
fn errors_are_no_changes() {
    let wrong = file("plan-wrong.yaml", "version: 1\nuser: []\n");
    let ran = against(&wrong, &[]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("plan-wrong.yaml:2: user: unknown field"), "{}", ran.err);
    for misspelt in [&["plan", EXAMPLE, "--agianst", EXAMPLE][..], &["--json", "plan"]] {
        assert_eq!(run(&mut tocsin(misspelt)).code, Some(1), "{misspelt:?}");
    }
    assert_eq!(run(&mut tocsin(&["plan", "--help"])).code, Some(0));
}

/// A deployment before its first version.
fn deployment(put: impl Fn(&Value) -> Answer + Send + 'static) -> Double {
    Double::new(move |request: &Request| match request.line().as_str() {
        "GET /v1/configuration" => Answer::json(200, json!({"version": 0, "configuration": {"version": 0}})),
        "PUT /v1/configuration" => put(&request.json()),
        other => Answer::problem(404, "Not found", other),
    })
}

#[test]
fn before_the_first_version_everything_is_new() {
    let tocsin = deployment(|_| Answer::json(500, json!({})));
    let ran = tocsin.tocsin(&["plan", EXAMPLE, "--at", AT]);
    assert_eq!(ran.code, Some(2), "{}", ran.err);
    assert!(ran.out.contains("From nothing (no version is in force yet)") && ran.out.contains("+ service shop"), "{}", ran.out);
}

#[test]
fn a_kept_plan_is_applied_exactly_or_not_at_all() {
    let tocsin = deployment(|body| Answer::json(200, json!({"version": 1, "changed": body["expected_version"] == 0, "created_keys": [], "contacts": []})));
    let kept = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("kept-plan.json");
    let kept = kept.to_str().unwrap();
    assert_eq!(tocsin.tocsin(&["plan", EXAMPLE, "--at", AT, "--out", kept]).code, Some(2));
    assert!(tocsin.tocsin(&["apply", EXAMPLE, "--plan", kept]).good().starts_with("Version 1 is in force."));
    let edited = edited_example("plan-edited-3.yaml");
    let ran = tocsin.tocsin(&["apply", edited.to_str().unwrap(), "--plan", kept]);
    assert!(ran.failed().contains("it was edited since"), "{}", ran.err);
    assert_eq!(tocsin.lines().iter().filter(|l| l.starts_with("PUT")).count(), 1, "nothing was sent for the edited file");
}

/// Two people in force as version 3, Linus's phone not verified; `may` see such or not.
fn in_force(may: bool) -> Double {
    let person = |id: &str| json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550101"}]});
    let document = json!({"version": 1, "teams": [{"id": "web", "name": "Web"}], "users": [person("grace"), person("linus")],
        "policies": [{"id": "web", "team": "web", "levels": [{"delay_s": 300, "targets": [{"user": "grace"}, {"user": "linus"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}]});
    Double::new(move |request: &Request| match request.line().as_str() {
        "GET /v1/configuration" => Answer::json(200, json!({"version": 3, "configuration": document})),
        "GET /v1/users/linus/reach" if may => Answer::json(200, json!({"contact_methods": [{"id": "linus-sms", "state": "unverified"}]})),
        "GET /v1/users/grace/reach" if may => Answer::json(200, json!({"contact_methods": [{"id": "grace-sms", "state": "verified"}]})),
        path if path.starts_with("GET /v1/overrides?from=") => Answer::no_overrides(&[]),
        path if path.starts_with("GET /v1/configuration/versions") => Answer::json(200, json!({"versions": []})),
        other => Answer::problem(404, "Not found", other),
    })
}

const MOVED: &str = "\
version: 1
teams: [{id: web, name: Web}]
users:
  - {id: grace, name: grace, contact_methods: [{id: grace-sms, kind: sms, to: '+15555550199'}]}
  - {id: linus, name: linus, contact_methods: [{id: linus-sms, kind: sms, to: '+15555550101'}]}
policies:
  - {id: web, team: web, levels: [{delay_s: 300, targets: [{user: grace}, {user: linus}]}]}
services:
  - {id: shop, name: Shop, team: web, policy: web}
";

#[test]
fn the_deployment_is_asked_who_has_a_verified_way() {
    let moved = file("plan-moved.yaml", MOVED);
    let moved = moved.to_str().unwrap();
    let ran = in_force(true).tocsin(&["plan", moved, "--at", AT]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(2), ""), "{}", ran.out);
    expect![[r#"
        From version 3 to moved.yaml, looking ahead from 2026-01-05 09:00 UTC to 2026-02-02 09:00 UTC.

        What changes
          ~ user grace
              contact_methods[grace-sms].to: +15555550101 -> +15555550199

        Look at this before you apply it
          ! grace can not be reached: grace has only contact methods that nobody has confirmed (named by level 1 of policy web)
          ! level 1 of policy web can reach nobody: grace has only contact methods that nobody has confirmed; linus has only contact methods that nobody has confirmed
          ! an incident of shop reaches only the last-resort contact: no level of policy web has anybody
              Monday 2026-01-05 09:00 UTC and on

        As before
          ! linus can not be reached: linus has only contact methods that nobody has confirmed (named by level 1 of policy web)
    "#]].assert_eq(&ran.out.replace(moved, "moved.yaml"));
    let ran = in_force(false).tocsin(&["plan", moved, "--at", AT]);
    assert!(ran.out.contains("Which contact methods are verified is not known") && !ran.out.contains("can not be reached"), "{}", ran.out);
}
