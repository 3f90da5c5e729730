//! What is wrong with a schedule, all at once, each with its field and what to write instead.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use expect_test::{Expect, expect};
use tocsin_domain::schedule::Schedule;

fn check(document: &str, expected: &Expect) {
    let schedule: Schedule = serde_json::from_str(document).unwrap();
    let problems: Vec<String> = schedule.validate().into_iter().map(|p| format!("{}: {}; {}", p.field, p.message, p.suggestion)).collect();
    expected.assert_eq(&problems.join("\n"));
}

#[test]
fn every_mistake_is_named_at_once() {
    check(
        r#"{"id": "s", "team": "t", "time_zone": "Amercia/Chicago", "layers": [
            {"name": "a", "rotation": "fortnightly", "start": "soon", "end": "2026-02-30", "handoff": "25:00", "members": [[]]},
            {"name": "a", "rotation": [], "start": "1826-01-05T09:00", "members": [["ada", "ada"]]},
            {"rotation": ["0 days", "1 month", "8 hours", "5000 weeks", "200 days"], "start": "2026-01-05T09:00:00.5Z", "end": "2026-01-05T09:00Z", "members": []},
            {"rotation": "monthly", "start": "2026-01-05T24:00", "handoff": "mon 09:00"},
            {"rotation": "weekly", "start": "2026-01-05", "handoff": "day 15 24:00"},
            {"rotation": "12 hours", "start": "2026-01-05", "handoff": "mon 09:00"}
        ]}"#,
        &expect![[r#"
            time_zone: there is no time zone "Amercia/Chicago"; did you mean "America/Chicago"?
            layers[0].rotation: "fortnightly" is no length of a turn; write hourly, daily, weekly, monthly, or a length like 2 weeks or 12 hours
            layers[0].start: "soon" is no date and time; write 2026-01-05T09:00 (local) or 2026-01-05T09:00Z (UTC)
            layers[0].end: there is no 2026-02-30; that month ends on 2026-02-28
            layers[0].handoff: the clock never reads 25:00; times go from 00:00 to 23:59:59
            layers[0].members[0]: names nobody; name somebody, or remove the turn
            layers[1].name: another layer is called "a" too; give each layer a name of its own
            layers[1].rotation: has no lengths; write weekly, or lengths like [5 days, 2 days]
            layers[1].start: 1826-01-05T09:00 is too far away; years go from 1900 to 2199
            layers[1].members[0]: names ada twice; name each person once
            layers[2].rotation[0]: a turn of 0 days has no length; write daily
            layers[2].rotation[1]: months have different lengths, and can not stand among custom ones; write weeks or days, or one rotation like 2 months
            layers[2].rotation[3]: elapsed hours and steps on the clock can not stand in one list; write clock hours instead of hours
            layers[2].rotation[4]: elapsed hours and steps on the clock can not stand in one list; write clock hours instead of hours
            layers[2].start: 2026-01-05T09:00:00.5Z is not a whole second; leave the fraction out
            layers[2].end: 2026-01-05T09:00:00Z is the same instant as the start 2026-01-05T09:00:00.5Z; the end is the first instant no more: write a later one
            layers[3].start: "2026-01-05T24:00" has no such time of day; write 00:00 of the next day
            layers[3].handoff: a rotation in months does not hand off on a weekday; write day 1 09:00, or a rotation in weeks
            layers[4].handoff: the clock never reads 24:00; write 00:00 (of the next day)
            layers[4].handoff: a day of the month is for rotations in months; write a time like 09:00, or mon 09:00 for weeks
            layers[5].handoff: a rotation in hours does not hand off on a weekday; write a time like 09:00"#]],
    );
}

#[test]
fn windows_and_overrides() {
    check(
        r#"{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [
            {"name": "weekly", "rotation": "weekly", "start": "2026-03-29T01:15", "end": "2026-03-29T01:45", "members": ["ada"], "restrictions": [
                {"from": "09:00", "to": "09:00"},
                {"from": "mon 09:00", "to": "17:00"},
                {"from": "09:00", "to": "mon 17:00"},
                {"days": ["mon", "someday"], "from": "9:00", "to": "17.00"},
                {"days": ["mon"], "from": "mon 09:00", "to": "tue 09:00"},
                {"from": "day 1 09:00", "to": "day 2 09:00"},
                {"from": "24:00", "to": "06:00"},
                {"from": "tue 09:00", "to": "tue 09:00"}
            ]}
        ], "overrides": [
            {"id": "x", "start": "2026-01-05T09:00Z", "end": "2026-01-05T09:00", "with": "ada"},
            {"id": "x", "start": "2026-01-05T09:00Z", "end": "2026-01-04", "with": []},
            {"start": "2026-01-05", "end": "2026-01-06", "layer": "weakly", "with": "ada"},
            {"start": "2026-01-05", "end": "2026-01-06", "layer": "7", "with": "ada"},
            {"start": "2026-01-05", "end": "2026-01-06", "layer": "1", "with": ["ada", "grace", "ada"]},
            {"start": "2026-01-05", "end": "2026-01-06", "add": []},
            {"start": "2026-01-05", "end": "2026-01-06", "person": "ada", "with": []}
        ]}"#,
        &expect![[r#"
            layers[0].end: 2026-03-29T01:45 is the same instant as the start 2026-03-29T01:15; the end is the first instant no more: write a later one
            layers[0].restrictions[0].to: the window has no length; write 00:00 to 24:00 for a whole day; leave the restriction out for always
            layers[0].restrictions[1].to: `from` names a day of the week, `to` does not; name a day at both ends, or at neither
            layers[0].restrictions[2].from: `to` names a day of the week, `from` does not; name a day at both ends, or at neither
            layers[0].restrictions[3].days[1]: "someday" is no day of the week; write mon, tue, wed, thu, fri, sat or sun
            layers[0].restrictions[3].from: "9:00" is no time of day; write hours and minutes like 09:00
            layers[0].restrictions[3].to: "17.00" is no time of day; write hours and minutes like 09:00
            layers[0].restrictions[4].days: a window of the week names its own days; leave `days` out, or write times without days
            layers[0].restrictions[5].from: windows come back every day or every week, not every month; write a time like 09:00, or mon 09:00
            layers[0].restrictions[5].to: windows come back every day or every week, not every month; write a time like 09:00, or mon 09:00
            layers[0].restrictions[6].from: a window can not begin at 24:00; write 00:00 (of the next day)
            layers[0].restrictions[7].to: the window has no length; write 00:00 to 24:00 for a whole day; leave the restriction out for always
            overrides[0].end: 2026-01-05T09:00 is the same instant as the start 2026-01-05T09:00:00Z; the end is the first instant no more: write a later one
            overrides[1].end: the end 2026-01-04T00:00 is before the start 2026-01-05T09:00:00Z; the end is the first instant no more: write a later one
            overrides[1].id: another override has this id too; give each override an id of its own
            overrides[1].with: names nobody; name who is on call instead; nobody would be
            overrides[2].layer: there is no layer "weakly"; did you mean "weekly"?
            overrides[3].layer: there is no layer "7"; write a layer's name, or its place in the list from 1
            overrides[4].with: names ada twice; name each person once
            overrides[5].add: names nobody; name who is on call too
            overrides[6].with: names nobody; name who is on call instead; nobody would be"#]],
    );
}

#[test]
fn what_no_schedule_can_be_is_refused_when_read() {
    let refused = |text: &str| serde_json::from_str::<Schedule>(text).unwrap_err().to_string();
    let message = [
        refused(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layer": []}"#),
        refused(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [{"rotation": "weekly", "start": "2026-01-05", "members": [7]}]}"#),
        refused(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [{"rotation": "weekly", "start": "2026-01-05", "members": ["Ada Lovelace"]}]}"#),
        refused(r#"{"id": "s", "team": "t", "time_zone": "UTC", "layers": [{"rotation": 7, "start": "2026-01-05"}]}"#),
        refused(r#"{"id": "s", "team": "t", "time_zone": "UTC", "overrides": [{"start": "2026-01-05", "end": "2026-01-06"}]}"#),
    ];
    expect![[r#"
        unknown field `layer`, expected one of `id`, `team`, `name`, `time_zone`, `handoff_notice`, `stacking`, `layers`, `overrides` at line 1 column 52
        invalid type: integer `7`, expected a user, or a list of users who take the turn together at line 1 column 115
        "Ada Lovelace": expected 1 to 64 characters of a-z, 0-9, '-' and '_', beginning with a letter or digit at line 1 column 128
        invalid type: integer `7`, expected a rotation like weekly or 2 weeks, or a list of lengths like [5 days, 2 days] at line 1 column 70
        an override has either `with` (and at most one of `layer` and `person`: whom it replaces; everybody without them) or `add` alone at line 1 column 104"#]].assert_eq(&message.join("\n"));
}

#[test]
fn the_shortest_schedule_and_the_longest_are_written_as_read() {
    let short = r#"{"id":"s","team":"t","name":"","time_zone":"UTC","stacking":"top_wins","layers":[{"rotation":"weekly","start":"2026-01-05T09:00","members":["ada","grace"]}]}"#;
    let long = r#"{"id":"s","team":"t","name":"S","time_zone":"US/Central","stacking":"union","layers":[{"name":"office","rotation":["5 days","2 days"],"start":"2026-01-05T09:00:00Z","end":"2027-01-05T09:00","handoff":"mon 09:00","members":["ada",["grace","alan"]],"restrictions":[{"days":["mon","fri"],"from":"09:00","to":"24:00"},{"from":"fri 17:00","to":"mon 09:00:30"}],"turns":"covered"}],"overrides":[{"id":"o","start":"2026-01-05T09:00:00Z","end":"2026-01-06T09:00","layer":"office","with":"ada","note":"n"},{"start":"2026-01-05T09:00","end":"2026-01-06T09:00","person":"ada","with":["grace","alan"]},{"start":"2026-01-05T09:00","end":"2026-01-06T09:00","add":"ada"}]}"#;
    for text in [short, long] {
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        assert_eq!(schedule.validate(), []);
        assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
    }
}
