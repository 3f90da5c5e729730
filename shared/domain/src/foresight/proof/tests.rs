//! The proof notices: a true claim of the engine passes, and each way of spoiling it is found.

use super::*;
use jiff::SignedDuration;

/// London, 2026-10-20 to 11-02: daily hand-offs at 01:30, which the clock reads twice on Sunday 2026-10-25 (00:30 and 01:30 UTC).
const DAILY: &str = r#"{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [
    {"name": "daily", "rotation": "daily", "start": "2026-10-20T01:30", "members": ["a", "b", "c"]}]}"#;
/// Weekday nights, counted where covered; the clock goes forward in the night to Sunday 2026-03-29.
const NIGHTS: &str = r#"{"id": "s", "team": "t", "time_zone": "Europe/London", "layers": [
    {"rotation": "daily", "start": "2026-03-20T12:00", "members": ["a", "b", "c"], "turns": "covered",
     "restrictions": [{"days": ["thu", "sat", "sun"], "from": "22:00", "to": "06:00"}]},
    {"rotation": "weekly", "start": "2026-03-20T12:00", "members": [["d", "e"]]}],
    "overrides": [{"start": "2026-03-27T09:00", "end": "2026-03-28T09:00", "person": "d", "with": "f"}]}"#;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

struct Case {
    schedule: Schedule,
    range: Span,
    turns: Vec<Vec<LayerTurn>>,
    shifts: Vec<Shift>,
}

impl Case {
    fn new(text: &str, from: &str, until: &str) -> Self {
        let schedule: Schedule = serde_json::from_str(text).unwrap();
        let range = Span { start: at(from), end: at(until) };
        let (turns, shifts) = (schedule.layer_turns(range.start, range.end), schedule.shifts(range.start, range.end));
        Self { schedule, range, turns, shifts }
    }

    fn daily() -> Self {
        Self::new(DAILY, "2026-10-20T00:30:00Z", "2026-11-02T00:00:00Z")
    }

    fn nights() -> Self {
        Self::new(NIGHTS, "2026-03-21T00:00:00Z", "2026-04-03T00:00:00Z")
    }

    fn proof(&self) -> Proof {
        prove(&self.schedule, &Claims { turns: self.turns.clone(), shifts: &self.shifts }, self.range)
    }

    fn wrong(&self) -> Vec<String> {
        self.proof().wrong.into_iter().map(|w| format!("{} {}", w.at, w.what)).collect()
    }
}

#[test]
fn what_is_true_passes_and_odd_times_are_told() {
    let proof = Case::daily().proof();
    // 20 October to 1 November at 01:30: 13 hand-offs, each the end of a stretch.
    assert_eq!((proof.handoffs, proof.windows, proof.answers), (13, 1, 13));
    assert_eq!(proof.wrong, []);
    let odd = OddHandoff { layer: "layer 'daily'".to_owned(), local: "2026-10-25T01:30".parse().unwrap(), read: Odd::Twice, at: at("2026-10-25T00:30:00Z") };
    assert_eq!(proof.odd, [odd]);
    let proof = Case::nights().proof();
    assert_eq!(proof.wrong, []);
    // d, or f for d, and e together: whenever the nights' layer above is closed.
    assert!(!proof.overlaps.is_empty() && proof.odd.is_empty());
}

#[test]
fn a_gap_is_told_too() {
    let text = DAILY.replace("2026-10-20", "2026-03-25");
    let proof = Case::new(&text, "2026-03-26T00:00:00Z", "2026-04-01T00:00:00Z").proof();
    assert_eq!((proof.odd[0].read, proof.odd[0].at), (Odd::Never, at("2026-03-29T01:00:00Z")));
    assert_eq!(proof.wrong, []);
}

#[test]
fn a_hand_off_by_the_second_reading_is_found() {
    let mut case = Case::daily();
    let (first, second) = (at("2026-10-25T00:30:00Z"), at("2026-10-25T01:30:00Z"));
    for turn in &mut case.turns[0] {
        for edge in [&mut turn.start, &mut turn.end, &mut turn.since, &mut turn.until] {
            *edge = if *edge == first { second } else { *edge };
        }
    }
    let wrong = case.wrong();
    assert!(wrong.iter().any(|w| w.contains("has to run from 2026-10-25T00:30:00Z")), "{wrong:?}");
    assert!(wrong.iter().any(|w| w.starts_with("2026-10-25T00:30:00Z on call until 2026-10-25T01:30:00Z is c, and has to be b")), "{wrong:?}");
}

#[test]
fn a_second_is_enough() {
    for late in [-1, 1] {
        let mut case = Case::daily();
        case.turns[0][4].since += SignedDuration::from_secs(late);
        assert_eq!(case.wrong().len(), 2, "the turn, and the reason of its shift");
    }
    let mut case = Case::daily();
    case.shifts[4].start += SignedDuration::from_secs(1);
    assert_eq!(case.wrong(), ["2026-10-24T00:30:00Z on call until 2026-10-24T00:30:01Z is nobody, and has to be b"]);
}

#[test]
fn wrong_people_numbers_and_reasons_are_found() {
    let mut case = Case::daily();
    case.shifts[2].user = "a".parse().unwrap();
    assert_eq!(case.wrong().len(), 2, "another one, for a reason that is not theirs");
    let mut case = Case::daily();
    case.turns[0][3].turn += 3;
    assert!(case.wrong()[0].contains("it is turn 7, and has to be turn 4"), "the same person, and yet: {:?}", case.wrong());
    let mut case = Case::nights();
    case.turns[0].iter_mut().skip(2).for_each(|t| t.turn += 1);
    assert!(case.wrong().iter().any(|w| w.contains("has to be turn")), "somebody is left out: {:?}", case.wrong());
    let mut case = Case::nights();
    case.shifts.retain(|s| s.user.as_str() != "e");
    assert!(case.wrong().iter().all(|w| w.contains("and has to be")) && !case.wrong().is_empty());
    let mut case = Case::nights();
    for shift in &mut case.shifts {
        if let Why::Override { override_index, .. } = &mut shift.why {
            *override_index = 1;
        }
    }
    assert!(case.wrong().iter().any(|w| w.contains("f is on call")), "{:?}", case.wrong());
}

#[test]
fn a_window_that_does_not_keep_to_the_clock_is_found() {
    let mut case = Case::nights();
    // 22:00 to 06:00 in the night to Sunday 2026-03-29 is seven hours; eight would be until 07:00.
    let turn = case.turns[0].iter_mut().find(|t| t.end == at("2026-03-29T05:00:00Z")).unwrap();
    turn.end = at("2026-03-29T06:00:00Z");
    let wrong = case.wrong();
    assert_eq!(wrong[0], "2026-03-29T05:00:00Z layer 1: it is open until 2026-03-29T06:00:00Z, and has to be closed");
    let mut case = Case::nights();
    case.turns[0].remove(1);
    assert!(case.wrong().iter().any(|w| w.contains("and has to be open")));
}

#[test]
fn what_is_outside_of_a_layers_life_is_found() {
    let text = DAILY.replace("\"members\"", "\"end\": \"2026-10-28T01:30\", \"members\"");
    let mut case = Case::new(&text, "2026-10-19T00:00:00Z", "2026-11-02T00:00:00Z");
    assert_eq!(case.wrong(), Vec::<String>::new());
    case.turns[0].last_mut().unwrap().end = at("2026-10-29T00:00:00Z");
    assert!(case.wrong().iter().any(|w| w.contains("has to be closed")));
}
