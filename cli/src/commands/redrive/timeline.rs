//! What did not reach the bus, published again.
//!
//! A stream's failure says only from when to when its batch arrived. Timeline entries never change and their events carry an id, so everything that was written
//! around that time is published once more. Refuses to be clever about what arrived before: a repetition is harmless, a gap is not.

use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::error::{AppError, PortError};
use tocsin_app::ports::{ConfigurationStore, IncidentStore, Which};
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_domain::id::{IncidentId, TeamId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::Entry;

/// An entry's time is its writer's; it arrived in the stream a little later, and clocks differ a little.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);
/// Incidents of one call.
const PORTION: usize = 200;
/// Entries of one call.
const MOST_ENTRIES: usize = 500;
/// Calls at one time.
const AT_ONCE: usize = 16;

/// When the entries were written that a failed batch held, margin included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Span {
    /// From the record that Lambda leaves for a batch of a stream.
    pub(super) fn of_batch(body: &Value) -> Option<Self> {
        let instant = |name: &str| body.get("DDBStreamBatchInfo")?.get(name)?.as_str()?.parse::<Timestamp>().ok();
        let (first, last) = (instant("approximateArrivalOfFirstRecord")?, instant("approximateArrivalOfLastRecord")?);
        Some(Self { from: first.min(last).checked_sub(MARGIN).ok()?, to: first.max(last).checked_add(MARGIN).ok()? })
    }

    fn holds(&self, at: Timestamp) -> bool {
        (self.from..=self.to).contains(&at)
    }
}

/// What publishing again did.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Republished {
    /// Entries that reached the bus.
    pub(super) entries: usize,
    /// For each span, in order: how many of its entries did not.
    pub(super) missing: Vec<usize>,
}

/// Publishes entries of a time again.
pub(super) struct Republish {
    /// Where the timelines are.
    pub(super) incidents: Arc<dyn IncidentStore>,
    /// Which teams there are, and were.
    pub(super) configuration: Arc<dyn ConfigurationStore>,
    /// Puts them on the bus.
    pub(super) publish: PublishTimeline,
}

impl Republish {
    /// Everything that was written within any of these spans.
    pub(super) async fn run(&self, spans: &[Span]) -> Result<Republished, AppError> {
        let entries = self.entries(spans).await?;
        let failed = self.publish.run(&entries).await?;
        let missing = |span: &Span| failed.iter().filter_map(|i| entries.get(*i)).filter(|e| span.holds(e.at)).count();
        Ok(Republished { entries: entries.len() - failed.len(), missing: spans.iter().map(missing).collect() })
    }

    async fn entries(&self, spans: &[Span]) -> Result<Vec<Entry>, PortError> {
        let Some(end) = spans.iter().map(|s| s.to).max() else { return Ok(Vec::new()) };
        let mut incidents: BTreeMap<IncidentId, Incident> = BTreeMap::new();
        for team in self.teams().await? {
            // Open ones first: what is resolved between the two looks is seen twice rather than not at all.
            for which in [Which::Open, Which::Resolved] {
                incidents.extend(self.incidents_of(&team, which).await?.into_iter().map(|i| (i.id, i)));
            }
        }
        // A resolved incident may have got a note long after: only what opened later is out of the question.
        let candidates: Vec<Incident> = incidents.into_values().filter(|i| i.opened_at <= end).collect();
        let mut found = Vec::new();
        for part in candidates.chunks(AT_ONCE) {
            let timelines = try_join_all(part.iter().map(|i| self.timeline(i))).await?;
            found.extend(timelines.into_iter().flatten().filter(|e| spans.iter().any(|s| s.holds(e.at))));
        }
        Ok(found)
    }

    /// Every team that any version of the configuration had: the incidents of one that was removed are still there.
    async fn teams(&self) -> Result<Vec<TeamId>, PortError> {
        let last = self.configuration.current_version().await?.unwrap_or(0);
        let mut teams: Vec<TeamId> = Vec::new();
        for version in (1..=last).rev() {
            let document = self.configuration.configuration(version).await?.unwrap_or_default();
            teams.extend(document.teams.into_iter().map(|t| t.id));
        }
        teams.sort();
        teams.dedup();
        Ok(teams)
    }

    async fn incidents_of(&self, team: &TeamId, which: Which) -> Result<Vec<Incident>, PortError> {
        let mut found: Vec<Incident> = Vec::new();
        loop {
            let portion = self.incidents.incidents_of(team, which, found.last().map(|i| i.id), PORTION).await?;
            if portion.is_empty() {
                return Ok(found);
            }
            found.extend(portion);
        }
    }

    /// As far as it went when the incident was read: what came since has its own way to the bus.
    async fn timeline(&self, incident: &Incident) -> Result<Vec<Entry>, PortError> {
        let mut entries: Vec<Entry> = Vec::new();
        loop {
            let after = entries.last().map_or(0, |e| e.seq);
            if after >= incident.last_seq {
                return Ok(entries);
            }
            let part = self.incidents.timeline(incident.id, after, MOST_ENTRIES).await?;
            if part.is_empty() {
                return Ok(entries);
            }
            entries.extend(part);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use tocsin_app::configuration_cache::ConfigurationCache;
    use tocsin_app::fakes::{Fault, Faults, MemoryBus, MemoryStore};
    use tocsin_app::ports::{Commit, VersionRecord};
    use tocsin_domain::alert::Severity;
    use tocsin_domain::configuration::Configuration;
    use tocsin_domain::incident::Opening;
    use tocsin_domain::incident::timeline::{Actor, What};

    fn at(text: &str) -> Timestamp {
        format!("2026-01-05T{text}Z").parse().unwrap()
    }

    fn batch(first: &str, last: &str) -> Value {
        json!({"DDBStreamBatchInfo": {"batchSize": 2, "approximateArrivalOfFirstRecord": at(first).to_string(), "approximateArrivalOfLastRecord": at(last).to_string()}})
    }

    #[test]
    fn a_batch_says_when_its_entries_arrived() {
        assert_eq!(Span::of_batch(&batch("09:00:00", "09:00:20")), Some(Span { from: at("08:59:00"), to: at("09:01:20") }));
        for nothing in [json!(null), json!({"DDBStreamBatchInfo": {}}), json!({"DDBStreamBatchInfo": {"approximateArrivalOfFirstRecord": "soon"}})] {
            assert_eq!(Span::of_batch(&nothing), None, "{nothing}");
        }
    }

    struct World {
        store: Arc<MemoryStore>,
        bus: Arc<MemoryBus>,
        faults: Arc<Faults>,
        republish: Republish,
    }

    async fn world() -> World {
        let faults = Faults::none();
        let (store, bus) = (Arc::new(MemoryStore::new(faults.clone())), Arc::new(MemoryBus::new(faults.clone())));
        let publish = PublishTimeline { bus: bus.clone(), configuration: Arc::new(ConfigurationCache::new(store.clone())) };
        let republish = Republish { incidents: store.clone(), configuration: store.clone(), publish };
        let world = World { store, bus, faults, republish };
        world.configure(1, json!({"teams": [{"id": "web", "name": "Web", "members": []}]})).await;
        world
    }

    impl World {
        async fn configure(&self, version: u64, mut document: Value) {
            document["version"] = json!(1);
            let configuration: Configuration = serde_json::from_value(document).unwrap();
            let record = VersionRecord::new(version, at("08:00:00"), Actor::System);
            self.store.publish_configuration(&record, &configuration).await.unwrap();
        }

        /// An incident with a note for each of these times; resolved with the last one if so wished.
        async fn incident(&self, number: u64, team: &str, times: &[&str], resolved: bool) {
            let opening = Opening {
                id: IncidentId::new(ulid::Ulid::from_parts(number, 0)),
                number,
                service: "shop".parse().unwrap(),
                team: team.parse().unwrap(),
                policy: "default".parse().unwrap(),
                config_version: 1,
                title: "broken".to_owned(),
                severity: Severity::Error,
                acknowledge_timeout_s: None,
                auto_resolve_s: None,
            };
            let mut incident = Incident::open(opening, at(times[0]));
            let mut entries = Vec::new();
            for time in times {
                entries.extend(incident.record(at(time), &Actor::System, vec![What::Noted { text: (*time).to_owned() }]));
            }
            if resolved {
                incident.status = tocsin_domain::incident::Status::Resolved { by: Actor::System, at: at(times[times.len() - 1]) };
            }
            incident.revision = 1;
            let (alerts, queue, unqueue) = (Vec::new(), Vec::new(), Vec::new());
            self.store
                .commit(&Commit { incident, expected: None, entries, announce: false, alerts, moved: Vec::new(), group: None, queue, unqueue, once: None })
                .await
                .unwrap();
        }

        fn told(&self) -> Vec<(u64, u32)> {
            self.bus.events().iter().map(|e| (e.number, e.seq)).collect()
        }
    }

    #[tokio::test]
    async fn what_was_written_in_that_time_is_published_again_whoever_owns_it_and_however_it_stands() {
        let w = world().await;
        w.incident(1, "web", &["08:00:00", "09:00:00", "10:00:00"], false).await;
        w.incident(2, "web", &["08:30:00", "09:01:30"], true).await;
        w.incident(3, "gone", &["09:00:10"], false).await;
        w.incident(4, "web", &["11:00:00"], false).await;
        w.configure(2, json!({"teams": [{"id": "gone", "name": "Gone", "members": []}]})).await;
        w.configure(3, json!({})).await;
        let spans = [Span::of_batch(&batch("09:00:00", "09:00:31")).unwrap()];
        assert_eq!(w.republish.run(&spans).await.unwrap(), Republished { entries: 3, missing: vec![0] });
        assert_eq!(w.told(), [(1, 2), (2, 2), (3, 1)]);
    }

    #[tokio::test]
    async fn a_span_whose_entries_did_not_all_arrive_is_told_from_the_others() {
        let w = world().await;
        w.incident(1, "web", &["08:00:00", "09:00:00", "10:00:00"], false).await;
        let spans = [Span::of_batch(&batch("08:00:00", "08:00:00")).unwrap(), Span::of_batch(&batch("10:00:00", "10:00:00")).unwrap()];
        w.bus.throttle(&format!("{}/3", IncidentId::new(ulid::Ulid::from_parts(1, 0))), 1);
        assert_eq!(w.republish.run(&spans).await.unwrap(), Republished { entries: 1, missing: vec![0, 1] });
        assert_eq!(w.republish.run(&spans).await.unwrap(), Republished { entries: 2, missing: vec![0, 0] });
    }

    #[tokio::test]
    async fn a_table_that_does_not_answer_is_a_failure_not_an_empty_timeline() {
        let w = world().await;
        w.incident(1, "web", &["09:00:00"], false).await;
        let spans = [Span::of_batch(&batch("09:00:00", "09:00:00")).unwrap()];
        for call in ["ConfigurationStore::configuration", "IncidentStore::incidents_of", "IncidentStore::timeline", "EventBus::publish"] {
            w.faults.next(call, Fault::FailBefore);
            assert!(w.republish.run(&spans).await.is_err(), "{call}");
        }
        assert_eq!(w.told(), []);
        assert_eq!(w.republish.run(&[]).await.unwrap(), Republished { entries: 0, missing: vec![] });
    }
}
