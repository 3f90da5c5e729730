//! How long the schedule engine takes: ten schedules of ten people over five years, exact to the second, and single answers.
//!
//! `cargo bench -p tocsin-domain`. Each figure is the least of several runs on one core; the bound that docs/PERFORMANCE.md names is checked, so a slower engine
//! fails.

#![expect(clippy::print_stdout, reason = "a bench for people to run")]

use jiff::Timestamp;
use std::time::{Duration, Instant};
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
/// Five years of ten schedules take no longer, whatever their rotations.
const BOUND: Duration = Duration::from_secs(1);
const RUNS: u32 = 5;

/// Three layers of ten people: office hours by day, nights in turns counted where covered, and a weekly backup; with 50 overrides.
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

/// The least time of several runs, and what the last one gave.
fn least<T>(mut run: impl FnMut() -> T) -> (Duration, Option<T>) {
    let mut best = (Duration::MAX, None);
    for _ in 0..RUNS {
        let clock = Instant::now();
        let answer = run();
        best = (best.0.min(clock.elapsed()), Some(answer));
    }
    best
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (start, end): (Timestamp, Timestamp) = ("2026-01-01T00:00:00Z".parse()?, "2031-01-01T00:00:00Z".parse()?);
    let mut slowest = Duration::ZERO;
    for rotation in ["weekly", "8 clock hours", "hourly"] {
        let schedules = ZONES.iter().map(|zone| schedule(zone, rotation)).collect::<Result<Vec<_>, _>>()?;
        let (took, shifts) = least(|| schedules.iter().map(|s| s.shifts(start, end).len()).sum::<usize>());
        println!("nights {rotation}: {} shifts in {took:?}", shifts.unwrap_or_default());
        let (took, spans) =
            least(|| schedules.iter().map(|s| s.gaps(start, end).len() + s.overlaps(start, end).len() + s.hours(start, end).len()).sum::<usize>());
        println!("nights {rotation}: gaps, overlaps and hours ({}) in {took:?}", spans.unwrap_or_default());
        let document = serde_json::json!({"version": 1, "schedules": schedules, "policies": [{"id": "p", "team": "bench",
            "levels": [{"delay_s": 60, "targets": [{"schedule": "bench-0"}]}]}]});
        let mut configuration: Configuration = serde_json::from_value(document)?;
        for (n, schedule) in configuration.schedules.iter_mut().enumerate() {
            schedule.id = format!("bench-{n}").parse()?;
        }
        let (took, verified) = least(|| verify(&configuration, &Outside::default(), start, end));
        slowest = slowest.max(took);
        let verified = verified.ok_or("no run")?;
        let (handoffs, answers) = verified.proofs.iter().fold((0, 0), |(h, a), p| (h + p.handoffs, a + p.answers));
        let wrong = verified.proofs.iter().map(|p| p.wrong.len()).sum::<usize>();
        println!(
            "nights {rotation}: verify proves {handoffs} hand-offs and {answers} answers in {took:?} ({wrong} wrong, {} findings)",
            verified.concerns.len()
        );
        let (took, answers) = least(|| {
            let hour = |hour: i64| schedules[usize::try_from(hour).unwrap_or(0) % 10].on_call(start + jiff::Span::new().hours(hour * 43)).len();
            (0..1000).map(hour).sum::<usize>()
        });
        println!("nights {rotation}: on_call in {:?} each ({} answers)", took / 1000, answers.unwrap_or_default());
    }
    println!("slowest verify of ten schedules over five years: {slowest:?} (bound {BOUND:?})");
    if slowest < BOUND { Ok(()) } else { Err("slower than the bound".into()) }
}
