//! New alerts by integration and minute: an item for each minute in which any came, apart from every guard, in no index.

use super::DynamoStore;
use super::item::{Item, Reader, expiry, number, text};
use super::read::Range;
use super::schema::{self, FORMAT_VERSION, SK};
use super::write::Action;
use async_trait::async_trait;
use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::PortError;
use tocsin_app::ports::{Minute, RateStore};
use tocsin_domain::flood::Count;
use tocsin_domain::id::{IntegrationId, TeamId};

const PORT: &str = "RateStore";

/// What every write of a minute's item says.
fn of_team(action: Action, team: &TeamId, minute: Timestamp) -> Action {
    let gone = minute.checked_add(SignedDuration::from_hours(schema::RATE_HOURS)).unwrap_or(Timestamp::MAX);
    action.with(":team", text(team.as_str())).with(":v", number(FORMAT_VERSION)).with(":gone", expiry(gone))
}

fn read_count(item: &Item) -> Result<Count, PortError> {
    let reader = Reader::new(PORT, "count of new alerts", item)?;
    Ok(Count { alerts: reader.maybe_number("count")?.unwrap_or(0), goes_on: item.contains_key("goes_on") })
}

#[async_trait]
impl RateStore for DynamoStore {
    async fn count_new(&self, integration: &IntegrationId, team: &TeamId, minute: Timestamp, more: u64) -> Result<Count, PortError> {
        let count = Action::update(schema::rate(integration, minute), "SET #team = :team, #v = :v, #expires_at = :gone ADD #count :more");
        let count = of_team(count, team, minute).with(":more", number(more)).telling_old();
        let old = self.write_and_tell(PORT, &count).await.map_err(|refused| refused.unexpected(PORT))?;
        // Where there was none, some databases tell its key.
        let before = old.filter(|o| o.contains_key(schema::FORMAT)).map_or(Ok(Count::default()), |old| read_count(&old))?;
        Ok(Count { alerts: before.alerts + more, ..before })
    }

    async fn go_on(&self, integration: &IntegrationId, team: &TeamId, minute: Timestamp) -> Result<(), PortError> {
        let go_on = Action::update(schema::rate(integration, minute), "SET #team = :team, #v = :v, #expires_at = :gone, #goes_on = :yes");
        let go_on = of_team(go_on, team, minute).with(":yes", AttributeValue::Bool(true));
        self.write(PORT, &go_on).await.map_err(|refused| refused.unexpected(PORT))
    }

    async fn minutes(&self, integration: &IntegrationId, from: Timestamp, limit: usize) -> Result<Vec<Minute>, PortError> {
        let mut range = Range::of(schema::rate(integration, from).pk, schema::RATE, limit);
        range.from = schema::rate(integration, from).sk;
        range.backwards = true;
        let damaged = || PortError::Final { port: PORT, reason: "a count of new alerts has a damaged key".to_owned() };
        let read = |item: &Item| {
            let at = item.get(SK).and_then(|sk| schema::rate_of(sk.as_s().ok()?)).ok_or_else(damaged)?;
            Ok(Minute { at, count: read_count(item)? })
        };
        self.range(PORT, &range).await?.iter().map(read).collect()
    }
}
