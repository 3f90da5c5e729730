//! What keeps alerts from people: maintenance windows at run time, and what thresholds have counted.

use super::DynamoStore;
use super::incidents::under_revision;
use super::item::{Item, Reader, Writer, instant, number};
use super::read::Range;
use super::schema;
use super::write::Action;
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{CountKey, Counted, MaintenanceStore, ThresholdStore};
use tocsin_domain::maintenance::MaintenanceRun;

const MAINTENANCE: &str = "MaintenanceStore";
const THRESHOLDS: &str = "ThresholdStore";

fn kept(until: Timestamp) -> Timestamp {
    until.checked_add(SignedDuration::from_hours(24 * schema::QUIET_DAYS)).unwrap_or(Timestamp::MAX)
}

fn read_run(item: &Item) -> Result<MaintenanceRun, PortError> {
    Reader::new(MAINTENANCE, "maintenance window", item)?.document()
}

#[async_trait]
impl MaintenanceStore for DynamoStore {
    async fn maintenance(&self) -> Result<Vec<MaintenanceRun>, PortError> {
        let items = self.range(MAINTENANCE, &Range::of(schema::MAINTENANCE.to_owned(), "", usize::MAX)).await?;
        items.iter().map(read_run).collect()
    }

    async fn put_maintenance(&self, run: &MaintenanceRun) -> Result<(), WriteError> {
        let item = Writer::of_team(schema::maintenance(&run.id, run.start), &run.team)
            .document(MAINTENANCE, run)?
            .maybe("ended_at", run.ended_at.map(instant))
            .expires(kept(run.end));
        Ok(self.write(MAINTENANCE, &Action::put(item.build()).when("attribute_not_exists(#ended_at)")).await?)
    }
}

#[async_trait]
impl ThresholdStore for DynamoStore {
    async fn counted(&self, key: &CountKey) -> Result<Option<Counted>, PortError> {
        self.get(THRESHOLDS, schema::counted(key)).await?.map(|item| Reader::new(THRESHOLDS, "count", &item)?.document()).transpose()
    }

    async fn put_counted(&self, key: &CountKey, counted: &Counted) -> Result<(), WriteError> {
        let item = Writer::of_deployment(schema::counted(key)).document(THRESHOLDS, counted)?.with("revision", number(counted.revision));
        Ok(self.write(THRESHOLDS, &under_revision(Action::put(item.build()), counted.revision)).await?)
    }
}
