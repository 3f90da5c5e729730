//! How long the schedule engine takes: ten schedules of ten people over five years, exact to the second, and single answers.
//!
//! `cargo run --release -p tocsin-domain --example schedule_bench`

#![expect(clippy::print_stdout, reason = "an example for people to run")]

use jiff::Timestamp;
use std::time::Instant;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::foresight::{Outside, verify};
use tocsin_domain::schedule::Schedule;

const ZONES: [&str; 10] = [
    "America/Chicago",
    "Europe/London",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Apia",
    "Europe/Berlin",
    "Asia/Tokyo",
    "America/New_York",
];

/// Three layers of ten people: office hours by day, nights in 8-hour turns counted where covered, and a weekly backup; with 50 overrides.
fn schedule(zone: &str, rotation: &str) -> Result<Schedule, serde_json::Error> {
    let people: Vec<String> = (0..10).map(|n| format!("person{n}")).collect();
    let overrides: Vec<_> = (0..50)
        .map(|n| {
            let (year, month) = (2026 + n / 12, n % 12 + 1);
            serde_json::json!({"start": format!("{year}-{month:02}-10T12:00"), "end": format!("{year}-{month:02}-12T08:00Z"), "with": people[n % 10]})
        })
        .collect();
    serde_json::from_value(serde_json::json!({
        "id": "bench", "team": "bench", "name": "Bench", "time_zone": zone, "stacking": "top_wins", "overrides": overrides,
        "layers": [
            {"name": "office", "rotation": "daily", "start": "2025-12-01T09:00", "members": people, "turns": "covered",
             "restrictions": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}]},
            {"name": "nights", "rotation": rotation, "start": "2025-12-01T06:00", "members": people, "turns": "covered",
             "restrictions": [{"from": "22:00", "to": "06:00"}]},
            {"name": "backup", "rotation": "weekly", "start": "2025-12-01T09:00", "members": people},
        ],
    }))
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (start, end): (Timestamp, Timestamp) = ("2026-01-01T00:00:00Z".parse()?, "2031-01-01T00:00:00Z".parse()?);
    for rotation in ["weekly", "8 clock hours", "hourly"] {
        let schedules = ZONES.iter().map(|zone| schedule(zone, rotation)).collect::<Result<Vec<_>, _>>()?;
        let clock = Instant::now();
        let shifts: usize = schedules.iter().map(|s| s.shifts(start, end).len()).sum();
        let shifts_took = clock.elapsed();
        let clock = Instant::now();
        let gaps: usize = schedules.iter().map(|s| s.gaps(start, end).len() + s.overlaps(start, end).len() + s.hours(start, end).len()).sum();
        println!("nights {rotation}: {shifts} shifts in {shifts_took:?}; gaps, overlaps and hours ({gaps}) in {:?}", clock.elapsed());
        let document = serde_json::json!({"version": 1, "schedules": schedules, "policies": [{"id": "p", "team": "bench",
            "levels": [{"delay_s": 60, "targets": [{"schedule": "bench"}]}]}]});
        let mut configuration: Configuration = serde_json::from_value(document)?;
        for (n, schedule) in configuration.schedules.iter_mut().enumerate() {
            schedule.id = format!("bench-{n}").parse()?;
        }
        let clock = Instant::now();
        let concerns = verify(&configuration, &Outside::default(), start, end).len();
        println!("nights {rotation}: verify, five years of all ten, in {:?} ({concerns} findings)", clock.elapsed());
        let clock = Instant::now();
        let mut answers = 0;
        for hour in 0..1000 {
            let at = start + jiff::Span::new().hours(hour * 43);
            answers += schedules[usize::try_from(hour)? % 10].on_call(at).len();
        }
        println!("nights {rotation}: on_call in {:?} each ({answers} answers)", clock.elapsed() / 1000);
    }
    Ok(())
}
