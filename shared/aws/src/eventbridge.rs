//! The event bus. Each event says for itself whether it arrived.

use crate::failure::{failed, passes};
use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use tocsin_app::error::PortError;
use tocsin_app::ports::EventBus;
use tocsin_contract::bus::{Detail, SOURCE, detail_type};

const PORT: &str = "EventBus";
/// Entries of one call.
const MOST_ENTRIES: usize = 10;
/// Bytes of all entries of one call.
const MOST_BYTES: usize = 256 * 1024;
/// What EventBridge counts for an entry's time.
const TIME_BYTES: usize = 14;

/// The bus by Amazon EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridgeBus {
    client: Client,
    bus: String,
}

/// Entries that leave in one call, with their positions among all.
#[derive(Debug, Default)]
struct Parcel {
    positions: Vec<usize>,
    entries: Vec<PutEventsRequestEntry>,
    bytes: usize,
}

impl EventBridgeBus {
    /// A bus by name or ARN.
    pub fn new(client: Client, bus: impl Into<String>) -> Self {
        Self { client, bus: bus.into() }
    }

    fn entry(&self, event: &Detail) -> Result<(PutEventsRequestEntry, usize), PortError> {
        let detail = serde_json::to_string(event).map_err(|e| PortError::Final { port: PORT, reason: e.to_string() })?;
        let kind = detail_type(&event.what);
        let bytes = TIME_BYTES + SOURCE.len() + kind.len() + detail.len();
        if bytes > MOST_BYTES {
            return Err(PortError::Final { port: PORT, reason: format!("the event has {bytes} bytes, and the bus takes {MOST_BYTES}") });
        }
        let entry = PutEventsRequestEntry::builder().event_bus_name(&self.bus).source(SOURCE).detail_type(kind).detail(detail);
        Ok((entry.time(DateTime::from_millis(event.at.as_millisecond())).build(), bytes))
    }

    /// Sends a parcel and notes what became of each entry.
    async fn send(&self, parcel: Parcel, results: &mut [Result<(), PortError>]) {
        let sent = self.client.put_events().set_entries(Some(parcel.entries)).send().await;
        let answers = match &sent {
            Ok(answer) => answer.entries.as_deref().unwrap_or_default(),
            Err(e) => {
                let error = failed(e).of(PORT);
                for position in parcel.positions {
                    note(results, position, Err(error.clone()));
                }
                return;
            }
        };
        for (n, position) in parcel.positions.into_iter().enumerate() {
            let result = match answers.get(n) {
                Some(answer) => answer.error_code().map_or(Ok(()), |code| Err(refused(code, answer.error_message()))),
                None => Err(PortError::Transient { port: PORT, reason: "the bus did not answer for this event".to_owned() }),
            };
            note(results, position, result);
        }
    }
}

fn note(results: &mut [Result<(), PortError>], position: usize, result: Result<(), PortError>) {
    if let Some(place) = results.get_mut(position) {
        *place = result;
    }
}

fn refused(code: &str, message: Option<&str>) -> PortError {
    let reason = format!("{code}: {}", message.unwrap_or("no reason given"));
    if passes(code) || code == "InternalException" { PortError::Transient { port: PORT, reason } } else { PortError::Final { port: PORT, reason } }
}

#[async_trait]
impl EventBus for EventBridgeBus {
    async fn publish(&self, events: &[Detail]) -> Result<Vec<Result<(), PortError>>, PortError> {
        let mut results: Vec<Result<(), PortError>> = vec![Ok(()); events.len()];
        let mut parcel = Parcel::default();
        for (position, event) in events.iter().enumerate() {
            let (entry, bytes) = match self.entry(event) {
                Ok(entry) => entry,
                Err(e) => {
                    note(&mut results, position, Err(e));
                    continue;
                }
            };
            if parcel.entries.len() == MOST_ENTRIES || parcel.bytes + bytes > MOST_BYTES {
                self.send(std::mem::take(&mut parcel), &mut results).await;
            }
            parcel.positions.push(position);
            parcel.entries.push(entry);
            parcel.bytes += bytes;
        }
        if !parcel.entries.is_empty() {
            self.send(parcel, &mut results).await;
        }
        Ok(results)
    }
}
