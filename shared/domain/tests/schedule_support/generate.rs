//! Random schedules around one clock change of one zone, with handoffs, window edges, starts and ends inside its gap or overlap.

use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::OnceLock;
use tocsin_domain::schedule::Schedule;

/// A change of one zone's clock.
#[derive(Debug, Clone, Copy)]
pub struct ClockChange {
    pub at: i64,
    /// Local minutes that the change skips or repeats: `[low, high)`.
    pub low: i64,
    pub high: i64,
}

pub struct ZoneChanges {
    pub name: String,
    pub changes: Vec<ClockChange>,
}

/// Every IANA zone (aliases included) whose offset changes between 1990 and 2037, with the changes.
pub fn zones() -> &'static [ZoneChanges] {
    static ZONES: OnceLock<Vec<ZoneChanges>> = OnceLock::new();
    ZONES.get_or_init(|| {
        let db = TimeZoneDatabase::bundled();
        let names: Vec<String> = db.available().map(|n| n.as_str().to_owned()).collect();
        let all = names.into_iter().map(|name| ZoneChanges { changes: changes(&db.get(&name).unwrap()), name });
        all.filter(|z| !z.changes.is_empty()).collect()
    })
}

fn changes(tz: &TimeZone) -> Vec<ClockChange> {
    let (begin, end) = ("1990-01-01T00:00Z", "2038-01-01T00:00Z");
    let (begin, end): (Timestamp, Timestamp) = (format_instant(begin), format_instant(end));
    let following = tz.following(begin).take_while(|t| t.timestamp() < end);
    let change = |t: jiff::tz::TimeZoneTransition<'_>| {
        let before = i64::from(tz.to_offset(t.timestamp() - 1.second()).seconds());
        let after = i64::from(t.offset().seconds());
        let at = t.timestamp().as_second();
        let (low, high) = ((at + before.min(after)) / 60, (at + before.max(after)) / 60);
        (before != after).then_some(ClockChange { at, low, high })
    };
    following.filter_map(change).collect()
}

fn format_instant(text: &str) -> Timestamp {
    text.replace("T00:00Z", "T00:00:00Z").parse().unwrap()
}

/// A random choice of a local time: in the changed hour, at its edges, or anywhere.
#[derive(Debug, Clone, Copy)]
pub struct Pick(u8, u16);

impl Pick {
    /// Local minutes, somewhere in or near the changed hour.
    pub fn local(self, change: &ClockChange) -> i64 {
        let width = change.high - change.low;
        match self.0 % 8 {
            0 => change.low,
            1 => change.high,
            2 => change.low - 1,
            3 => change.high + i64::from(self.1 % 90),
            4 => change.low + i64::from(self.1) - 720,
            _ => change.low + i64::from(self.1) % width.max(1),
        }
    }
}

fn pick() -> impl Strategy<Value = Pick> {
    (any::<u8>(), 0u16..1440).prop_map(|(a, b)| Pick(a, b))
}

#[derive(Debug, Clone)]
pub struct RandomLayer {
    rotation: (u8, u32),
    days_before: i64,
    start: Pick,
    start_is_instant: bool,
    end: Option<(Pick, i64)>,
    handoff: Option<(Pick, bool)>,
    members: Vec<Vec<u8>>,
    windows: Vec<(u8, Pick, Pick, u8)>,
    covered: bool,
}

#[derive(Debug, Clone)]
pub struct RandomOverride {
    kind: u8,
    whom: u8,
    start: (Pick, i64),
    length: u16,
    local: bool,
    people: Vec<u8>,
}

#[derive(Debug, Clone)]
pub struct RandomCase {
    pub zone: usize,
    change: u16,
    union: bool,
    layers: Vec<RandomLayer>,
    overrides: Vec<RandomOverride>,
}

fn layers(least: usize) -> impl Strategy<Value = Vec<RandomLayer>> {
    let basics = ((0u8..9, 1u32..5), prop_oneof![0i64..4, 0i64..60, 0i64..3000], pick(), any::<bool>(), proptest::option::weighted(0.2, (pick(), -3i64..4)));
    let details = (
        proptest::option::weighted(0.4, (pick(), any::<bool>())),
        proptest::collection::vec(proptest::collection::vec(0u8..6, 1..3), 0..6),
        proptest::collection::vec((0u8..3, pick(), pick(), any::<u8>()), 0..4),
        any::<bool>(),
    );
    let one = (basics, details).prop_map(|((rotation, days_before, start, start_is_instant, end), (handoff, members, windows, covered))| RandomLayer {
        rotation,
        days_before: if covered { days_before % 20 } else { days_before },
        start,
        start_is_instant,
        end,
        handoff,
        members,
        windows,
        covered,
    });
    proptest::collection::vec(one, least..4)
}

/// Schedules of the given zones, with overrides or without.
pub fn cases(zones: std::ops::Range<usize>, with_overrides: bool) -> impl Strategy<Value = RandomCase> {
    let one = (0u8..5, any::<u8>(), (pick(), -2i64..3), 1u16..2000, any::<bool>(), proptest::collection::vec(0u8..6, 1..3));
    let one = one.prop_map(|(kind, whom, start, length, local, people)| RandomOverride { kind, whom, start, length, local, people });
    let overrides = proptest::collection::vec(one, 0..if with_overrides { 6 } else { 1 });
    (zones, any::<u16>(), any::<bool>(), layers(1), overrides).prop_map(|(zone, change, union, layers, overrides)| RandomCase {
        zone,
        change,
        union,
        layers,
        overrides,
    })
}

/// Local minutes as people write them: `2026-01-05T09:00`.
fn date_time(local_minutes: i64) -> String {
    jiff::tz::Offset::UTC.to_datetime(Timestamp::from_second(local_minutes * 60).unwrap()).strftime("%Y-%m-%dT%H:%M").to_string()
}

fn time(local_minutes: i64) -> String {
    date_time(local_minutes)[11..].to_owned()
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn people(numbers: &[u8]) -> Value {
    let mut names: Vec<String> = numbers.iter().map(|n| format!("user{n}")).collect();
    names.dedup();
    json!(names)
}

impl RandomCase {
    pub fn change(&self) -> ClockChange {
        let changes = &zones()[self.zone].changes;
        changes[usize::from(self.change) % changes.len()]
    }

    /// The schedule and a range of UTC minutes around the change.
    pub fn build(&self) -> (Schedule, i64, i64) {
        let change = self.change();
        let layers: Vec<Value> = self.layers.iter().map(|l| l.json(&change)).collect();
        let overrides: Vec<Value> = self.overrides.iter().map(|o| o.json(&change, self.layers.len())).collect();
        let text = json!({
            "id": "s", "team": "t", "time_zone": zones()[self.zone].name, "stacking": if self.union { "union" } else { "top_wins" },
            "layers": layers, "overrides": overrides,
        });
        let schedule: Schedule = serde_json::from_value(text.clone()).unwrap_or_else(|e| panic!("{e}: {text}"));
        let middle = change.at / 60;
        (schedule, middle - 30 * 60, middle + 42 * 60)
    }
}

impl RandomLayer {
    fn json(&self, change: &ClockChange) -> Value {
        let (kind, count) = self.rotation;
        let rotation = match kind {
            0 => json!(format!("{count} hours")),
            1 => json!(format!("{count} clock hours")),
            2 => json!(format!("{} minutes", count * 25)),
            3 | 4 => json!(format!("{count} days")),
            5 => json!(format!("{count} weeks")),
            6 => json!(format!("{count} months")),
            7 => json!([format!("{count} days"), "12 clock hours", "1 week", "45 clock minutes"]),
            _ => json!([format!("{count} hours"), "7 hours", "30 minutes"]),
        };
        let start = self.start.local(change) - self.days_before * 1440;
        let handoff = self.handoff.map(|(at, with_day)| {
            let day = usize::from(at.0) % 7;
            let time = time(at.local(change));
            match (kind, with_day) {
                (3..=5 | 7, true) => format!("{} {time}", DAYS[day]),
                (6, true) => format!("day {} {time}", u32::from(at.1) % 31 + 1),
                _ => time,
            }
        });
        let mut layer = json!({
            "rotation": rotation,
            "start": if self.start_is_instant { format!("{}Z", date_time(start)) } else { date_time(start) },
            "members": self.members.iter().map(|m| people(m)).collect::<Vec<_>>(),
            "restrictions": self.windows.iter().filter_map(|w| window(w, change)).collect::<Vec<_>>(),
            "turns": if self.covered { "covered" } else { "calendar" },
        });
        if let Some(handoff) = handoff {
            layer["handoff"] = json!(handoff);
        }
        if let Some((end, days)) = self.end {
            layer["end"] = json!(date_time((end.local(change) + days * 1440).max(start + 2 * 1440)));
        }
        layer
    }
}

fn window((kind, from, to, days): &(u8, Pick, Pick, u8), change: &ClockChange) -> Option<Value> {
    let (from, mut to) = (time(from.local(change)), time(to.local(change)));
    let (first, last) = (DAYS[usize::from(*days) % 7], DAYS[usize::from(*days) / 7 % 7]);
    if days % 5 == 0 {
        to = "24:00".to_owned();
    }
    if from == to {
        return None;
    }
    Some(match kind {
        0 => json!({"from": from, "to": to}),
        1 => {
            let days: Vec<&str> = DAYS.iter().enumerate().filter(|(i, _)| days >> i & 1 == 1).map(|(_, d)| *d).collect();
            json!({"days": days, "from": from, "to": to})
        }
        _ => json!({"from": format!("{first} {from}"), "to": format!("{last} {to}")}),
    })
}

impl RandomOverride {
    fn json(&self, change: &ClockChange, layers: usize) -> Value {
        let start = self.start.0.local(change) + self.start.1 * 1440;
        // Local ends lie a day on, so that no clock change can put them before the start.
        let end = start + i64::from(self.length) + if self.local { 1600 } else { 0 };
        let zone = if self.local { "" } else { "Z" };
        let mut o = json!({"start": format!("{}{zone}", date_time(start)), "end": format!("{}{zone}", date_time(end))});
        let key = if self.kind == 0 { "add" } else { "with" };
        o[key] = people(&self.people);
        match self.kind {
            2 => o["person"] = json!(format!("user{}", self.whom % 6)),
            3 | 4 => o["layer"] = json!(format!("{}", usize::from(self.whom) % layers + 1)),
            _ => {}
        }
        o
    }
}
