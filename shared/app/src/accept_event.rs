//! Accept an event: the durable write behind every 2xx that a sender gets.
//!
//! Called by: `ingest`. Refuses to decide what an event means for incidents: that follows from the stream. Refuses an alert only where far more new ones came in
//! its minute than can be taken; what repeats, ends or answers one, never.
//!
//! Cost: a repetition is one call and one write unit; an event that changes something is a few calls more.

use crate::count_new::CountNew;
use crate::error::{AppError, WriteError};
use crate::ports::{AlertIntake, Clock, Hold, IdSource, IntegrationKey, Repeated};
use jiff::Timestamp;
use std::sync::Arc;
use tocsin_domain::alert::event::{Action, Event};
use tocsin_domain::alert::{Alert, AlertKey, Previous};
use tocsin_domain::flood::Pace;
use tocsin_domain::id::AlertId;

/// How often a race with other events of the same key is tried again.
const TRIES: u32 = 6;

/// Where an accepted event ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// A new alert; an incident follows.
    Opened(AlertId),
    /// Counted on its open alert.
    Repeated(AlertId),
    /// Counted on its open alert, which became worse.
    Raised(AlertId),
    /// Its alert is resolved.
    Resolved(AlertId),
    /// The acknowledgement of its alert is asked for.
    AcknowledgementAsked(AlertId),
    /// Nothing with this key is open.
    NothingOpen,
}

/// The use case.
#[derive(Clone)]
pub struct AcceptEvent {
    /// Alerts and guards.
    pub alerts: Arc<dyn AlertIntake>,
    /// Counts those that are new.
    pub count: CountNew,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Fresh ids.
    pub ids: Arc<dyn IdSource>,
}

impl AcceptEvent {
    /// Writes what the event changes. After `Ok` nothing of it can be lost; after an error the sender may send it again.
    pub async fn run(&self, integration: &IntegrationKey, event: Event) -> Result<Accepted, AppError> {
        self.run_until(integration, event, None).await
    }

    /// The same for a report that holds until an instant: an alert that nobody reports again until then is over.
    pub async fn run_until(&self, integration: &IntegrationKey, event: Event, until: Option<Timestamp>) -> Result<Accepted, AppError> {
        let key = AlertKey { integration: integration.integration.clone(), dedup_key: event.dedup_key.clone() };
        match event.action {
            Action::Trigger => self.trigger(integration, key, event, until).await,
            Action::Resolve => self.resolve(key).await,
            Action::Acknowledge => self.acknowledge(key).await,
        }
    }

    async fn trigger(&self, integration: &IntegrationKey, key: AlertKey, event: Event, until: Option<Timestamp>) -> Result<Accepted, AppError> {
        let severity = event.severity;
        let mut fresh: Option<Alert> = None;
        let mut event = Some(event);
        for _ in 0..TRIES {
            let now = self.clock.now();
            let repeated = match until {
                None => self.alerts.count_repetition(&key, severity, now).await?,
                Some(until) => self.alerts.count_held_repetition(&key, severity, now, until).await?,
            };
            let before = match repeated {
                Repeated::Counted(alert) => return Ok(Accepted::Repeated(alert)),
                Repeated::Watched(alert) => {
                    self.wake(&key, alert, now).await?;
                    return Ok(Accepted::Repeated(alert));
                }
                Repeated::NotThat(guard) => guard,
            };
            if let Some(event) = event.take() {
                let counted = self.count.run(integration, now).await;
                if counted.pace == Pace::TooMany {
                    return Err(AppError::TooMany { what: format!("new alerts of integration {}", integration.integration) });
                }
                fresh = Some(Alert {
                    flood: (counted.pace == Pace::Flood).then_some(counted.nth),
                    ..Alert::new(AlertId::new(self.ids.ulid(now)), key.clone(), integration.service.clone(), integration.team.clone(), event, now)
                });
            }
            let Some(alert) = &mut fresh else { break };
            alert.received_at = now;
            // A closed guard changes no more until it guards the next alert: its count is the whole one.
            alert.previous = before.map(|g| Previous { alert: g.alert, events: g.count });
            let opened = match until {
                None => self.alerts.open_alert(alert).await,
                Some(due) => {
                    let hold = Hold { key: key.clone(), alert: alert.id, team: alert.team.clone(), length: due.duration_since(now), due };
                    self.alerts.open_held_alert(alert, &hold).await
                }
            };
            match opened {
                Ok(()) => return Ok(Accepted::Opened(alert.id)),
                Err(WriteError::Port(e)) => return Err(e.into()),
                Err(WriteError::Conflict) => {}
            }
            // An alert with this key is open: either another delivery was faster, or this event is worse than it.
            if let Some(guard) = self.alerts.guard(&key).await?
                && guard.open
                && severity < guard.severity
            {
                match self.alerts.raise_alert(&key, guard.alert, severity, now).await {
                    Ok(()) => {
                        if let Some(until) = until {
                            self.extend(&key, guard.alert, until).await?;
                        }
                        return Ok(Accepted::Raised(guard.alert));
                    }
                    Err(WriteError::Port(e)) => return Err(e.into()),
                    Err(WriteError::Conflict) => {}
                }
            }
        }
        Err(contention())
    }

    async fn extend(&self, key: &AlertKey, alert: AlertId, until: Timestamp) -> Result<(), AppError> {
        match self.alerts.extend_alert(key, alert, until).await {
            // Closed meanwhile: nothing is left to hold.
            Ok(()) | Err(WriteError::Conflict) => Ok(()),
            Err(WriteError::Port(e)) => Err(e.into()),
        }
    }

    /// A rule counts the events of this alert. One that has an incident meanwhile, or is resolved, is of no interest any more.
    async fn wake(&self, key: &AlertKey, alert: AlertId, now: Timestamp) -> Result<(), AppError> {
        match self.alerts.wake_alert(alert, now).await {
            Ok(()) => Ok(()),
            Err(WriteError::Port(e)) => Err(e.into()),
            Err(WriteError::Conflict) => match self.alerts.watch(key, alert, false).await {
                Ok(_) | Err(WriteError::Conflict) => Ok(()),
                Err(WriteError::Port(e)) => Err(e.into()),
            },
        }
    }

    async fn resolve(&self, key: AlertKey) -> Result<Accepted, AppError> {
        for _ in 0..TRIES {
            let Some(guard) = self.alerts.guard(&key).await?.filter(|g| g.open) else { return Ok(Accepted::NothingOpen) };
            match self.alerts.resolve_alert(&key, guard.alert, self.clock.now()).await {
                Ok(()) => return Ok(Accepted::Resolved(guard.alert)),
                Err(WriteError::Port(e)) => return Err(e.into()),
                Err(WriteError::Conflict) => {}
            }
        }
        Err(contention())
    }

    async fn acknowledge(&self, key: AlertKey) -> Result<Accepted, AppError> {
        for _ in 0..TRIES {
            let Some(guard) = self.alerts.guard(&key).await?.filter(|g| g.open) else { return Ok(Accepted::NothingOpen) };
            match self.alerts.request_acknowledgement(guard.alert, self.clock.now()).await {
                Ok(()) => return Ok(Accepted::AcknowledgementAsked(guard.alert)),
                Err(WriteError::Port(e)) => return Err(e.into()),
                Err(WriteError::Conflict) => {}
            }
        }
        Err(contention())
    }
}

fn contention() -> AppError {
    AppError::Contention { what: "an alert key".to_owned() }
}
