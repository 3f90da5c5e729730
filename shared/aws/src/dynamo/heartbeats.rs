//! Heartbeats: an item each, which a ping updates once.

use super::DynamoStore;
use super::item::{Item, Reader, Writer, instant, number, text};
use super::read::Range;
use super::schema::{self, FORMAT_VERSION, Key};
use super::write::{Action, Refused};
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{Beat, HeartbeatStore, Missed};
use tocsin_domain::heartbeat::MadeHeartbeat;
use tocsin_domain::id::{IntegrationId, TeamId};

const PORT: &str = "HeartbeatStore";

fn missed(reader: Reader<'_>) -> Result<Option<Missed>, PortError> {
    let Some(found_at) = reader.maybe_parsed("missing")? else { return Ok(None) };
    Ok(Some(Missed { found_at, told: reader.flag("told")? }))
}

fn read_missed(item: &Item) -> Result<Option<Missed>, PortError> {
    missed(Reader::new(PORT, "heartbeat", item)?)
}

/// What the heartbeat was when it was seen: nothing came since.
fn as_seen(action: Action, seen: &Beat) -> Action {
    action.with(":last", instant(seen.last_at))
}

#[async_trait]
impl HeartbeatStore for DynamoStore {
    async fn ping(&self, heartbeat: &IntegrationId, team: &TeamId, at: Timestamp) -> Result<Option<Missed>, PortError> {
        let ping = Action::update(schema::heartbeat(heartbeat), "SET #last_at = :at, #team = :team, #v = :v")
            .when("attribute_not_exists(#last_at) OR #last_at <= :at")
            .with(":at", instant(at))
            .with(":team", text(team.as_str()))
            .with(":v", number(FORMAT_VERSION))
            .telling_old();
        match self.write_and_tell(PORT, &ping).await {
            // Where there was none, some databases tell its key.
            Ok(old) => old.as_ref().filter(|o| o.contains_key("last_at")).map_or(Ok(None), read_missed),
            // Overtaken by a later ping.
            Err(Refused::Conditions(conditions)) => conditions.into_iter().find_map(|(_, item)| item).map_or(Ok(None), |item| read_missed(&item)),
            Err(Refused::Port(e)) => Err(e),
        }
    }

    async fn beats(&self, heartbeats: &[IntegrationId]) -> Result<Vec<Beat>, PortError> {
        let keys: Vec<Key> = heartbeats.iter().map(schema::heartbeat).collect();
        let found = self.batch(PORT, &keys).await?;
        let mut beats = Vec::with_capacity(found.len());
        for (id, item) in heartbeats.iter().zip(&keys).filter_map(|(id, key)| Some((id, found.get(key)?))) {
            let reader = Reader::new(PORT, "heartbeat", item)?;
            beats.push(Beat { heartbeat: id.clone(), last_at: reader.parsed("last_at")?, missed: missed(reader)? });
        }
        Ok(beats)
    }

    async fn miss(&self, seen: &Beat, at: Timestamp) -> Result<(), WriteError> {
        let miss = Action::update(schema::heartbeat(&seen.heartbeat), "SET #missing = :at, #told = :told")
            .when("#last_at = :last AND attribute_not_exists(#missing)")
            .with(":at", instant(at))
            .with(":told", AttributeValue::Bool(false));
        Ok(self.write(PORT, &as_seen(miss, seen)).await?)
    }

    async fn told(&self, seen: &Beat, found_at: Timestamp) -> Result<(), WriteError> {
        let told = Action::update(schema::heartbeat(&seen.heartbeat), "SET #told = :told")
            .when("#last_at = :last AND #missing = :missing")
            .with(":missing", instant(found_at))
            .with(":told", AttributeValue::Bool(true));
        Ok(self.write(PORT, &as_seen(told, seen)).await?)
    }

    async fn made_heartbeats(&self) -> Result<Vec<MadeHeartbeat>, PortError> {
        let items = self.range(PORT, &Range::of(schema::MADE_HEARTBEATS.to_owned(), "", usize::MAX)).await?;
        items.iter().map(|item| Reader::new(PORT, "made heartbeat", item)?.document()).collect()
    }

    async fn put_made(&self, made: &MadeHeartbeat) -> Result<(), PortError> {
        let item = Writer::of_team(schema::made_heartbeat(&made.expects.id), &made.team).document(PORT, made)?;
        self.write(PORT, &Action::put(item.build())).await.map_err(|r| r.unexpected(PORT))
    }

    async fn remove_made(&self, id: &IntegrationId) -> Result<(), PortError> {
        self.write(PORT, &Action::delete(schema::made_heartbeat(id))).await.map_err(|r| r.unexpected(PORT))
    }

    async fn recovered(&self, heartbeat: &IntegrationId, found_at: Timestamp) -> Result<(), PortError> {
        let recovered = Action::update(schema::heartbeat(heartbeat), "REMOVE #missing, #told").when("#missing = :missing").with(":missing", instant(found_at));
        match self.write(PORT, &recovered).await {
            Ok(()) | Err(Refused::Conditions(_)) => Ok(()),
            Err(Refused::Port(e)) => Err(e),
        }
    }
}
