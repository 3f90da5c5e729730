//! A story: who there is, what happens when, and what is told of it.

use expect_test::Expect;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tocsin_domain::foresight::simulate::{Around, Imagined, simulate_in};
use tocsin_domain::incident::timeline::Actor;

pub(crate) struct Story {
    configuration: Value,
    around: Around,
    events: Vec<Imagined>,
    minutes: i64,
}

/// Three people, a policy of two levels, one service. It begins on Monday at 09:00.
pub(crate) fn story() -> Story {
    let person = |id: &str| json!({"id": id, "name": id, "contact_methods": [{"id": format!("{id}-sms"), "kind": "sms", "to": "+15555550101"}]});
    let configuration = json!({
        "version": 1,
        "teams": [{"id": "web", "name": "Web", "members": [{"user": "ada"}, {"user": "grace"}]}],
        "users": [person("ada"), person("grace"), person("linus")],
        "policies": [{"id": "web", "team": "web", "levels": [
            {"delay_s": 300, "targets": [{"user": "ada"}]}, {"delay_s": 300, "targets": [{"user": "grace"}]}]}],
        "services": [{"id": "shop", "name": "Shop", "team": "web", "policy": "web"}],
    });
    Story { configuration, around: Around::default(), events: Vec::new(), minutes: 60 }
}

fn merge(into: &mut Value, with: Value) {
    match (into, with) {
        (Value::Object(into), Value::Object(with)) => with.into_iter().for_each(|(key, value)| merge(into.entry(key).or_insert(Value::Null), value)),
        (into, with) => *into = with,
    }
}

impl Story {
    /// Puts this into the configuration.
    pub(crate) fn with(mut self, more: Value) -> Self {
        merge(&mut self.configuration, more);
        self
    }

    /// Puts this into its one service, the shop.
    pub(crate) fn shop(mut self, more: Value) -> Self {
        merge(&mut self.configuration["services"][0], more);
        self
    }

    /// A service beside it.
    pub(crate) fn service(mut self, service: Value) -> Self {
        self.configuration["services"].as_array_mut().unwrap().push(service);
        self
    }

    /// What the deployment knows beside the configuration.
    pub(crate) fn around(mut self, around: Around) -> Self {
        self.around = around;
        self
    }

    /// Lines of `MINUTES JSON`.
    pub(crate) fn plays(mut self, lines: &str) -> Self {
        self.events = lines.lines().map(str::trim).filter(|l| !l.is_empty()).map(event).collect();
        self
    }

    /// It is told for so long.
    pub(crate) fn minutes(mut self, minutes: i64) -> Self {
        self.minutes = minutes;
        self
    }

    /// Every line of the timelines, what was kept from people, and what did not fit.
    #[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
    pub(crate) fn tells(self, expected: Expect) {
        let configuration = serde_json::from_value(self.configuration).unwrap();
        let until = begins() + SignedDuration::from_mins(self.minutes);
        let told = simulate_in(&configuration, &self.around, self.events, until);
        let clock = |at: Timestamp| at.strftime("%a %H:%M:%S").to_string();
        let mut rows: Vec<(Timestamp, String)> = Vec::new();
        for e in &told.entries {
            let who = if e.actor == Actor::System { String::new() } else { format!("{}: ", e.actor) };
            rows.push((e.at, format!("{} #{} {who}{}", clock(e.at), e.number, e.what.words())));
        }
        rows.extend(told.kept.iter().map(|k| (k.at, format!("{} -- {}", clock(k.at), k.words()))));
        rows.sort_by_key(|(at, _)| *at);
        let text: String = rows.into_iter().map(|(_, line)| line).chain(told.notes).map(|line| line + "\n").collect();
        expected.assert_eq(&text);
    }
}

fn begins() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().unwrap()
}

fn event(line: &str) -> Imagined {
    let (minutes, act) = line.split_once(' ').unwrap();
    let mut act: Value = serde_json::from_str(act).unwrap();
    act["at"] = json!(begins() + SignedDuration::from_secs_f64(minutes.parse::<f64>().unwrap() * 60.0));
    serde_json::from_value(act).unwrap()
}
