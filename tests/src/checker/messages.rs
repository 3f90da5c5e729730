//! I3, I4, I12 and the cap: what left was claimed while it was wanted, as often as it was planned, and the last resort was really told.

use super::Checker;
use crate::world::tell::link_of;
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use tocsin_app::fakes::messenger::Sent;
use tocsin_app::fakes::store::Logged;
use tocsin_app::ports::SecretHash;
use tocsin_domain::configuration::Channel;
use tocsin_domain::id::{ContactId, IncidentId, UserId};
use tocsin_domain::incident::timeline::What;
use tocsin_domain::notification::page::{LAST_RESORT, PageKey};

const WINDOW: SignedDuration = SignedDuration::from_mins(15);

/// Messages in a window: five and a summary for a person, twenty and a summary for the last resort.
fn most(contact: &ContactId) -> usize {
    if contact.as_str() == "last-resort" { 21 } else { 6 }
}

impl Checker<'_> {
    pub(super) fn messages(&mut self) {
        self.claims();
        self.addresses();
        self.sends();
        self.last_resorts();
    }

    /// I3: at the moment of each claim, its incidents were triggered in the page's generation. And no lane got more than the cap.
    fn claims(&mut self) {
        let mut standing: BTreeMap<IncidentId, (bool, u32)> = BTreeMap::new();
        let mut waiting: BTreeMap<IncidentId, Vec<(UserId, u32)>> = BTreeMap::new();
        for logged in self.state.log.clone() {
            match logged {
                Logged::Written { incident, triggered, generation, asked, .. } => {
                    waiting.insert(incident, asked);
                    let before = standing.insert(incident, (triggered, generation));
                    if before.is_some_and(|(_, g)| g > generation) {
                        self.wrong("I6", format!("{incident} went back to generation {generation}"));
                    }
                }
                Logged::Claimed { at, contact, keys, lane } => {
                    for key in keys {
                        if key.user.is_none() && !self.is_told(&key) {
                            self.wrong("I12", format!("the last resort was paged at {at} by {key}, for which there was no reason"));
                        }
                        if let Some(request) = key.request {
                            // I3 of those who were asked to help: until they answer, or it is over.
                            // The last resort beside them is asked for each of them.
                            let theirs = |(user, n): &(UserId, u32)| *n == request && key.user.as_ref().is_none_or(|u| u == user);
                            if !waiting.get(&key.incident).is_some_and(|w| w.iter().any(theirs)) {
                                self.wrong("I3", format!("{key} was claimed at {at} while its incident waited for {:?}", waiting.get(&key.incident)));
                            }
                        } else if standing.get(&key.incident) != Some(&(true, key.generation)) {
                            self.wrong("I3", format!("{key} was claimed at {at} while its incident stood at {:?}", standing.get(&key.incident)));
                        }
                    }
                    let window = lane.map_or(0, |l| l.sent.iter().filter(|t| **t > at - WINDOW && **t <= at).count());
                    if window > most(&contact) {
                        self.wrong("cap", format!("{contact} got {window} messages in the 15 minutes before {at}"));
                    }
                }
                Logged::Kept { .. } | Logged::Published { .. } | Logged::Window { .. } | Logged::Verified { .. } | Logged::Amended { .. } => {}
            }
        }
    }

    /// I5: what left went to an address that the person whom it was for had then.
    fn addresses(&mut self) {
        for sent in self.world.messenger.outbox().into_iter().filter(|s| s.to.channel != Channel::LastResort) {
            let mut claims = self.state.log.iter().filter_map(|l| match l {
                Logged::Claimed { at, contact, keys, .. } if *contact == sent.to.contact && *at <= sent.at && !keys.is_empty() => Some((*at, keys.clone())),
                _ => None,
            });
            let Some((claimed, keys)) = claims.next_back() else { continue };
            let documents = self.history.documents(self.read_from(claimed), sent.at);
            let theirs = |c: &&tocsin_domain::configuration::Configuration| {
                let owner =
                    c.users.iter().find(|u| u.contact_methods.iter().any(|m| (&m.id, m.kind, &m.to) == (&sent.to.contact, sent.to.channel, &sent.to.to)));
                owner.is_some_and(|o| keys.iter().all(|k| k.user.as_ref() == Some(&o.id)))
            };
            if !documents.iter().any(theirs) {
                self.wrong(
                    "I5",
                    format!(
                        "{} got a message at {} that was for {:?}: it is not theirs",
                        sent.to.to,
                        sent.at,
                        keys.iter().map(|k| &k.user).collect::<Vec<_>>()
                    ),
                );
            }
        }
    }

    /// When a lane could send at `at` or behind it: one that is full rests until the oldest of them is forgotten.
    pub(super) fn lane_opens(&self, contact: &ContactId, at: Timestamp) -> Timestamp {
        let written = |l: &Logged| match l {
            Logged::Claimed { at: then, contact: c, lane: Some(lane), .. } if c == contact && *then <= at => Some(lane.sent.clone()),
            _ => None,
        };
        let sent = self.state.log.iter().filter_map(written).next_back().unwrap_or_default();
        let recent: Vec<Timestamp> = sent.into_iter().filter(|t| *t > at - WINDOW).collect();
        recent.len().checked_sub(most(contact)).and_then(|n| recent.get(n)).map_or(at, |t| *t + WINDOW)
    }

    /// The latest instant at which a message of this lane may leave that may leave by `latest` for all other reasons.
    pub(super) fn lane_latest(&self, contact: &ContactId, latest: Timestamp) -> Timestamp {
        let mut latest = latest;
        for _ in 0..20 {
            let opens = self.lane_opens(contact, latest);
            if opens == latest {
                break;
            }
            latest = self.deadline(opens);
        }
        latest
    }

    /// What a message is about: incidents and generations.
    fn about(&self, sent: &Sent) -> Vec<(IncidentId, Option<u32>)> {
        if let Some(secret) = link_of(sent) {
            let link = self.state.acknowledge_links.get(&SecretHash::of(&secret));
            let of_levels = link.iter().flat_map(|l| &l.incidents).map(|(i, g)| (*i, Some(*g)));
            let asked = link.iter().flat_map(|l| l.asked.iter().filter(|a| l.incidents.iter().all(|(i, _)| i != *a)));
            return of_levels.chain(asked.map(|i| (*i, None))).collect();
        }
        let numbers = sent.message.text.split('#').skip(1).filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok());
        numbers.filter_map(|n| self.state.numbers.get(&n)).map(|i| (*i, None)).collect()
    }

    /// I3, I4: each message was claimed shortly before, and there are no more of them than were planned, but for what faults explain.
    fn sends(&mut self) {
        let mut sends: BTreeMap<(IncidentId, u32, ContactId), usize> = BTreeMap::new();
        let mut asked: BTreeMap<(IncidentId, ContactId), usize> = BTreeMap::new();
        for sent in self.world.messenger.outbox() {
            if self.of_a_swap(&sent) {
                continue;
            }
            let about = self.about(&sent);
            if about.is_empty() {
                self.wrong("I4", format!("a message about nothing: {sent:?}"));
            }
            for (incident, generation) in about {
                let claimed = self.state.log.iter().any(|l| match l {
                    Logged::Claimed { at, contact, keys, .. } => {
                        *contact == sent.to.contact
                            && *at <= sent.at
                            && sent.at.duration_since(*at) <= SignedDuration::from_secs(30)
                            && keys.iter().any(|k| k.incident == incident && generation.is_none_or(|g| g == k.generation))
                    }
                    _ => false,
                });
                if !claimed {
                    self.wrong("I3", format!("{} got a message about {incident} at {} that nobody had claimed", sent.to.contact, sent.at));
                }
                if generation.is_none() && sent.to.channel != Channel::LastResort {
                    *asked.entry((incident, sent.to.contact.clone())).or_default() += 1;
                }
                if let Some(generation) = generation {
                    *sends.entry((incident, generation, sent.to.contact.clone())).or_default() += 1;
                }
            }
        }
        let mut all: BTreeMap<(IncidentId, ContactId), usize> = BTreeMap::new();
        for ((incident, generation, contact), count) in sends {
            let entries: Vec<What> =
                self.timelines.get(&incident).into_iter().flatten().filter(|e| e.generation == generation).map(|e| e.what.clone()).collect();
            let planned: usize =
                entries.iter().map(|w| if let What::LevelFired { pages, .. } = w { pages.iter().filter(|p| p.contact == contact).count() } else { 0 }).sum();
            // A page that failed goes out once more, or by another way.
            let failed = entries.iter().filter(|w| matches!(w, What::PageFailed { .. })).count();
            let most = planned + failed + self.lived.faults;
            if count > most {
                self.wrong(
                    "I4",
                    format!("{contact} got {count} messages about {incident} in generation {generation}; {planned} were planned, {failed} failed"),
                );
            }
            *all.entry((incident, contact)).or_default() += count;
        }
        for ((incident, contact), count) in asked {
            let entries: Vec<What> = self.timelines.get(&incident).into_iter().flatten().map(|e| e.what.clone()).collect();
            let planned = |w: &What| if let What::RespondersPaged { pages, .. } = w { pages.iter().filter(|p| p.contact == contact).count() } else { 0 };
            let failed = entries.iter().filter(|w| matches!(w, What::PageFailed { .. })).count();
            if count > entries.iter().map(planned).sum::<usize>() + failed + self.lived.faults {
                self.wrong("I4", format!("{contact} was asked to help with {incident} {count} times: {entries:?}"));
            }
            *all.entry((incident, contact)).or_default() += count;
        }
        if self.lived.healed_at.is_none() {
            self.told(&all);
        }
    }

    /// Whether it tells one side of a swap about it.
    fn of_a_swap(&self, sent: &Sent) -> bool {
        let Some((schedule, _)) = sent.message.subject.strip_prefix("[Tocsin] ").and_then(|s| s.split_once(": ")) else { return false };
        let Some(roster) = schedule.parse().ok().and_then(|id| self.state.roster(&id)) else { return false };
        let has = |user: &UserId| {
            let mut versions = self.history.versions().flat_map(|(_, d)| &d.users);
            versions.any(|u| u.id == *user && u.contact_methods.iter().any(|m| m.id == sent.to.contact))
        };
        roster.swaps.iter().any(|s| s.at <= sent.at && (has(&s.from) || has(&s.to)))
    }

    /// Without faults each message is on the timeline. Not each has an entry of its own: levels that waited together leave together.
    /// One that left just when the generation changed is told in the next one.
    fn told(&mut self, sends: &BTreeMap<(IncidentId, ContactId), usize>) {
        for ((incident, contact), count) in sends {
            let provider = |what: &What| match what {
                What::Paged { page, provider_id, .. } if page.contact == *contact => Some(provider_id.clone()),
                _ => None,
            };
            let told: BTreeSet<String> = self.timelines.get(incident).into_iter().flatten().filter_map(|e| provider(&e.what)).collect();
            if told.len() != *count {
                self.wrong("I4", format!("{contact} got {count} messages about {incident}, the timeline tells of {}", told.len()));
            }
        }
    }

    /// Whether the timeline says why the last resort is paged: everything else was tried, or nobody of the level, or of those who are asked, has a verified way.
    fn is_told(&self, key: &PageKey) -> bool {
        self.timelines.get(&key.incident).into_iter().flatten().any(|e| match &e.what {
            What::LastResort { .. } => key.request.is_none() && e.generation == key.generation && key.rule == 0,
            What::LevelFired { repeat, level, last_resort_beside: true, .. } => {
                key.request.is_none() && key.rule != 0 && (e.generation, *repeat, *level) == (key.generation, key.repeat, key.level)
            }
            What::RespondersPaged { request, last_resort_beside: true, .. } => key.request == Some(*request),
            _ => false,
        })
    }

    /// I12: each time the timeline says last resort, it got a message, or somebody answered before.
    fn last_resorts(&mut self) {
        let outbox: Vec<(Timestamp, Vec<IncidentId>)> = self
            .world
            .messenger
            .outbox()
            .iter()
            .filter(|s| s.to.channel == Channel::LastResort)
            .map(|s| (s.at, self.about(s).into_iter().map(|(i, _)| i).collect()))
            .collect();
        for (id, entries) in self.timelines.clone() {
            for g in super::generations(&entries) {
                for entry in &g.entries {
                    let due = match &entry.what {
                        What::LastResort { .. } => entry.at,
                        // Where everybody has quiet hours it waits with them.
                        What::LevelFired { last_resort_beside: true, pages, .. } => pages.iter().map(|p| p.due).min().unwrap_or(entry.at),
                        _ => continue,
                    };
                    let latest = self.lane_latest(&crate::samples::slug(LAST_RESORT), self.deadline(due));
                    // A message about more incidents than it can list names the others only by their count.
                    let told = outbox.iter().any(|(at, about)| *at >= entry.at && *at <= latest && (about.contains(&id) || about.len() > 20));
                    if !told && g.ended_at.is_none_or(|e| e > latest) && self.now > latest {
                        self.wrong("I12", format!("the last resort was to be told of {id} at {} and was not by {latest}", entry.at));
                    }
                }
            }
        }
    }
}
