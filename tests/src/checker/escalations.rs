//! I2, I5, I12: levels fire in order and on time, pages leave on time, and who was paged was on call: by an oracle that knows the policy and a calendar.

use super::due::{Due, due, people};
use super::{Checker, Generation, generations};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use tocsin_domain::alert::Urgency;
use tocsin_domain::configuration::Configuration;
use tocsin_domain::escalation::policy::{Level, Policy};
use tocsin_domain::id::{ContactId, UserId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::{Entry, Planned, What};

impl Checker<'_> {
    pub(super) fn escalations(&mut self) {
        for i in self.state.incidents.clone().values() {
            let entries = self.timelines.get(&i.id).cloned().unwrap_or_default();
            let policy = self.history.document(i.config_version).and_then(|d| d.policy(&i.policy)).cloned();
            self.turns(i);
            let mut reassigned: Option<Level> = None;
            for (n, generation) in generations(&entries).into_iter().enumerate() {
                if let Some(What::Reassigned { to }) = generation.entries.first().map(|e| &e.what) {
                    let delay_s = policy.as_ref().and_then(|p| p.levels.first()).map_or(300, |l| l.delay_s);
                    reassigned = Some(Level::new(delay_s, to.clone()));
                }
                let mut levels: Vec<Level> = reassigned.iter().cloned().collect();
                levels.extend(policy.iter().flat_map(|p| p.levels.clone()));
                // The first generation starts with the first alert.
                let start = if n == 0 { paused(&generation).unwrap_or(i.opened_at) } else { generation.started_at };
                let own = (&levels[..], reassigned.is_some());
                self.levels(i, &entries, &generation, own, policy.as_ref(), start);
                self.pages(i, &generation);
            }
            self.requests(i, &entries);
        }
    }

    /// Walks through the policy beside the timeline.
    fn levels(&mut self, i: &Incident, entries: &[Entry], g: &Generation, own: (&[Level], bool), policy: Option<&Policy>, start: Timestamp) {
        let (levels, reassigned) = own;
        let hurried = g.entries.iter().any(|e| matches!(e.what, What::PageFailed { .. }));
        let asked = g.entries.first().and_then(|e| match e.what {
            What::EscalatedNow { level } | What::UrgencySet { again: Some(level), .. } => Some(level),
            _ => None,
        });
        let (until, repeats) = policy.map_or((false, 0), |p| (p.until_acknowledged, p.repeat));
        // Which round and level comes next, and when; `None` is the last resort. A person may ask for a level in a later round.
        let mut round = None;
        let mut next: Option<(Option<u32>, Timestamp)> = Some((if levels.is_empty() { None } else { Some(asked.unwrap_or(0)) }, start));
        let (mut round_began, mut reached) = (start, false);
        let fired: Vec<&Entry> = g.entries.iter().filter(|e| matches!(e.what, What::LevelFired { .. } | What::LastResort { .. })).collect();
        for entry in fired {
            let Some((expected, due)) = next else {
                self.wrong("I2", format!("#{} generation {}: {:?} behind the end", i.number, g.number, entry.what));
                return;
            };
            if (entry.at < due && !hurried) || entry.at > self.deadline(due) {
                self.wrong("I2", format!("#{} generation {}: {} at {} was due at {due}", i.number, g.number, entry.what.name(), entry.at));
            }
            next = match (&entry.what, expected) {
                (What::LevelFired { repeat, level, pages, .. }, Some(expected)) => {
                    let this_round = *round.get_or_insert(*repeat);
                    if *level != expected || *repeat != this_round {
                        self.wrong("I2", format!("#{} generation {}: round {repeat} level {level} instead of {this_round} {expected}", i.number, g.number));
                        return;
                    }
                    let now_due = levels.get(*level as usize).and_then(|l| self.on_call(i, (l, *level, reassigned), urgency_at(entries, entry.seq), entry));
                    let from = now_due.map_or(entry.at, |d| d.counts_from);
                    reached |= !pages.is_empty();
                    let delay = if pages.is_empty() { 0 } else { levels.get(*level as usize).map_or(0, |l| l.delay_s) };
                    let at = from + SignedDuration::from_secs(i64::from(delay));
                    if (*level as usize) + 1 < levels.len() {
                        Some((Some(level + 1), at))
                    } else if reached && (until || *repeat < repeats) {
                        round = Some(repeat + 1);
                        let at = at.max(round_began + SignedDuration::from_secs(60));
                        (round_began, reached) = (at, false);
                        Some((Some(0), at))
                    } else {
                        Some((None, at))
                    }
                }
                (What::LastResort { .. }, None) if until && !levels.is_empty() => {
                    round = round.map(|r| r + 1);
                    let at = entry.at.max(round_began + SignedDuration::from_secs(60));
                    (round_began, reached) = (at, false);
                    Some((Some(0), at))
                }
                (What::LastResort { .. }, None) => None,
                (what, expected) => {
                    self.wrong("I2", format!("#{} generation {}: {what:?} instead of {expected:?}", i.number, g.number));
                    return;
                }
            };
        }
        if let Some((what, due)) = next {
            let latest = self.deadline(due);
            if g.ended_at.unwrap_or(self.now) > latest {
                self.wrong("I2", format!("#{} generation {}: level {what:?} due at {due} never fired; it went on until {:?}", i.number, g.number, g.ended_at));
            }
        }
    }

    /// I5: whoever was paged was due, by some reading of what was in force while the level fired, and nobody else was.
    fn on_call(&mut self, i: &Incident, which: (&Level, u32, bool), urgency: Urgency, entry: &Entry) -> Option<Due> {
        let (level, number, reassigned) = which;
        let What::LevelFired { repeat, pages, passed, of, unverified, last_resort_beside, .. } = &entry.what else { return None };
        let own = if reassigned { number.checked_sub(1) } else { Some(number) };
        if of.as_ref().map(|o| (&o.policy, o.config_version, o.level)) != Some((&i.policy, i.config_version, own)) {
            self.wrong("I5", format!("#{}: level {number} says that it is of {of:?}", i.number));
        }
        let turn = own.and_then(|own| i.turns.get(&own)).map(|drawn| drawn + u64::from(*repeat));
        let came: BTreeSet<_> = pages.iter().map(|p| (p.user.clone(), p.contact.clone(), p.due)).collect();
        let written = self.history.written(i.id, entry.seq);
        let readings = self.history.readings(&level.targets, entry.at, written);
        let all: Vec<Due> = readings.iter().map(|c| due(level, c, urgency, turn, entry.at)).collect();
        let found = all.iter().find(|d| d.pages == came && d.passes == passed.is_some()).cloned();
        if found.is_none() {
            self.wrong("I5", format!("#{} level {number} at {} for {urgency:?}: {came:?} were paged, passed {passed:?}; due were {all:?}", i.number, entry.at));
        }
        let right = readings.iter().zip(&all).filter(|(_, d)| d.pages == came);
        if found.is_some() && !right.clone().any(|(c, _)| self.beside(c, pages, unverified, *last_resort_beside, (entry.at, written))) {
            self.wrong(
                "I12",
                format!(
                    "#{} level {number} at {}: {unverified:?} of {came:?} are said to be unverified, last resort beside: {last_resort_beside}",
                    i.number, entry.at
                ),
            );
        }
        found
    }

    /// I12: the last resort is paged beside a level exactly where none of its pages goes to an address that is verified.
    fn beside(&self, reading: &Configuration, pages: &[Planned], unverified: &[ContactId], beside: bool, read: (Timestamp, Timestamp)) -> bool {
        let methods = || reading.users.iter().flat_map(|u| &u.contact_methods);
        let fits = |p: &Planned| {
            let address = methods().find(|m| m.id == p.contact).map(|m| m.to.as_str());
            self.history.may_be(!unverified.contains(&p.contact), &p.contact, address, read.0, read.1)
        };
        let none = !pages.is_empty() && pages.iter().all(|p| unverified.contains(&p.contact));
        pages.iter().all(fits) && unverified.iter().all(|c| pages.iter().any(|p| p.contact == *c)) && none == beside
    }

    /// Turns are drawn once: no two incidents have the same one.
    fn turns(&mut self, i: &Incident) {
        for (level, drawn) in &i.turns {
            let same = |other: &&Incident| other.id > i.id && other.policy == i.policy && other.turns.get(level) == Some(drawn);
            if let Some(other) = self.state.incidents.values().find(same).map(|o| o.number) {
                self.wrong("I5", format!("#{} and #{other} both have turn {drawn} of level {level} of {}", i.number, i.policy));
            }
        }
    }

    /// Each planned page leaves, fails or rests only as long as its lane is full, unless somebody answers before.
    fn pages(&mut self, i: &Incident, g: &Generation) {
        for (at, entry) in g.entries.iter().enumerate() {
            let What::LevelFired { repeat, level, pages, .. } = &entry.what else { continue };
            self.left(i, g, &g.entries[at..], (None, *repeat, *level), pages);
        }
    }

    /// Whoever is asked to help is paged, until they answer or it is over.
    fn requests(&mut self, i: &Incident, entries: &[Entry]) {
        for (at, entry) in entries.iter().enumerate() {
            let What::RespondersPaged { request, pages, already, unverified, last_resort_beside, .. } = &entry.what else { continue };
            self.asked(i, entries, entry, (*request, pages, already), (unverified, *last_resort_beside));
            for planned in pages {
                let over = entries[at..].iter().find(|e| match &e.what {
                    What::Resolved {} | What::Merged { .. } => true,
                    What::ResponderAnswered { user, .. } => *user == planned.user,
                    _ => false,
                });
                let life = Generation { number: entry.generation, started_at: entry.at, ended_at: over.map(|e| e.at), entries: Vec::new() };
                self.left(i, &life, &entries[at..], (Some(*request), 0, 0), std::slice::from_ref(planned));
            }
        }
        let called = |n: u32| entries.iter().any(|e| matches!(&e.what, What::RespondersPaged { request, .. } if *request == n));
        for (at, entry) in entries.iter().enumerate() {
            let What::RespondersAsked { request, held_until, .. } = &entry.what else { continue };
            // What its incident waits for, and for no longer.
            let ended = entries[at..].iter().find(|e| matches!(e.what, What::PauseEnded { .. })).map(|e| e.at);
            let from = held_until.map_or(entry.at, |until| ended.map_or(until, |ended| ended.min(until)));
            let over = entries[at..].iter().any(|e| matches!(e.what, What::Resolved {} | What::Merged { .. }) && e.at <= self.deadline(from));
            if !called(*request) && !over && self.now > self.deadline(from) {
                self.wrong("I2", format!("#{}: request {request} of {} was never called", i.number, entry.at));
            }
        }
    }

    /// I5: whoever is asked to help is whom the request means.
    fn asked(&mut self, i: &Incident, entries: &[Entry], entry: &Entry, called: (u32, &[Planned], &[UserId]), beside: (&[ContactId], bool)) {
        let (request, pages, already) = called;
        let mut targets = Vec::new();
        for e in entries {
            let What::RespondersAsked { request: r, to, held_until, .. } = &e.what else { continue };
            if *r == request {
                targets.extend(to.iter().cloned());
                // Held while it may be over by itself: until then, until a level fires, or until somebody or something ends the wait.
                let began = |e: &Entry| e.generation > 1 || matches!(e.what, What::PauseEnded { .. } | What::LevelFired { .. });
                if held_until.is_some_and(|until| entry.at < until) && !entries.iter().any(|e| e.seq < entry.seq && began(e)) {
                    self.wrong("I2", format!("#{} request {request} was called at {}, before {held_until:?}", i.number, entry.at));
                }
            }
        }
        let level = Level::new(0, targets.clone());
        let written = self.history.written(i.id, entry.seq);
        let urgency = urgency_at(entries, entry.seq);
        let mut all = Vec::new();
        let readings = self.history.readings(&targets, entry.at, written);
        if !readings.iter().any(|c| self.beside(c, pages, beside.0, beside.1, (entry.at, written))) {
            self.wrong("I12", format!("#{} request {request} at {}: of {pages:?} are said to be unverified, and last resort: {beside:?}", i.number, entry.at));
        }
        for reading in readings {
            let meant: BTreeSet<UserId> = targets.iter().flat_map(|t| people(t, &reading, entry.at)).collect();
            let mut due = due(&level, &reading, urgency, None, entry.at).pages;
            due.retain(|(user, ..)| !already.contains(user));
            all.push((due, already.iter().all(|a| meant.contains(a))));
        }
        let came: BTreeSet<_> = pages.iter().map(|p| (p.user.clone(), p.contact.clone(), p.due)).collect();
        if !all.contains(&(came.clone(), true)) {
            self.wrong("I5", format!("#{} request {request} at {}: {came:?} were asked, {already:?} before; meant were {all:?}", i.number, entry.at));
        }
    }

    /// Each of these pages is dealt with in time, as the entries behind its planning tell.
    fn left(&mut self, i: &Incident, g: &Generation, entries: &[Entry], which: (Option<u32>, u32, u32), pages: &[Planned]) {
        let (request, repeat, level) = which;
        for planned in pages {
            let latest = self.deadline(planned.due);
            let mut how = None;
            let mut failed = false;
            for later in entries {
                let page = match &later.what {
                    What::Paged { page, .. } | What::PageFailed { page, .. } | What::PageDeferred { page, .. } => page,
                    _ => continue,
                };
                if (page.request, page.repeat, page.level, page.user.as_ref()) != (request, repeat, level, Some(&planned.user)) {
                    continue;
                }
                // A way that failed moves on to this one at once: that is another page, and this one has still to come.
                if page.contact != planned.contact || (failed && later.at < planned.due) {
                    failed |= matches!(later.what, What::PageFailed { .. });
                    continue;
                }
                if matches!(later.what, What::PageDeferred { .. }) {
                    continue;
                }
                if later.at < planned.due {
                    self.wrong("I2", format!("#{}: {} was due at {} and left at {}", i.number, planned.contact, planned.due, later.at));
                }
                how = Some(later.at);
                break;
            }
            let latest = self.lane_latest(&planned.contact, latest);
            let answered = g.ended_at.is_some_and(|e| e <= latest);
            match how {
                Some(left) if left > latest => {
                    self.wrong("I2", format!("#{}: {} due at {} was dealt with only at {left}", i.number, planned.contact, planned.due))
                }
                None if !answered && self.now > latest => {
                    self.wrong("I2", format!("#{} generation {}: {} due at {} was never dealt with", i.number, g.number, planned.contact, planned.due));
                }
                Some(_) | None => {}
            }
        }
    }
}

/// When the first level of a generation that waits is due: at the end of the wait, or when the wait ended early.
fn paused(generation: &Generation) -> Option<Timestamp> {
    let until = generation.entries.iter().find_map(|e| if let What::Paused { until } = e.what { Some(until) } else { None })?;
    let ended = generation.entries.iter().find(|e| matches!(e.what, What::PauseEnded { .. })).map(|e| e.at);
    Some(ended.map_or(until, |at| at.min(until)))
}

/// The urgency of an incident when an entry was written.
fn urgency_at(entries: &[Entry], seq: u32) -> Urgency {
    let told = |e: &Entry| match &e.what {
        What::Triggered { urgency, .. } | What::Raised { urgency, .. } | What::UrgencySet { urgency, .. } => Some(*urgency),
        _ => None,
    };
    entries.iter().filter(|e| e.seq < seq).filter_map(told).next_back().unwrap_or(Urgency::High)
}
