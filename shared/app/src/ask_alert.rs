//! Writes down what a sender asks of an alert.
//!
//! Called by: `opsgenie`. What an ask leads to follows from the stream.
//! Refuses what a closed alert can not take, and to write the same delivery twice.

use crate::error::{AppError, WriteError};
use crate::ports::{AlertStore, Clock};
use std::sync::Arc;
use tocsin_domain::alert::ask::{Ask, Asked};
use tocsin_domain::alert::{Alert, AlertState};
use tocsin_domain::id::AlertId;

/// How often a race with other writers of the alert is tried again.
const TRIES: u32 = 8;
/// Changes that one alert takes.
pub const MOST_CHANGES: u32 = 2_000;

/// Where an ask ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// On the alert.
    Written,
    /// It was there already.
    Again,
    /// The alert is closed, or has been asked too much.
    Refused,
    /// There is no such alert.
    NoAlert,
}

/// The use case.
#[derive(Clone)]
pub struct AskAlert {
    /// Alerts.
    pub alerts: Arc<dyn AlertStore>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl AskAlert {
    /// Writes one ask; `seq` and `at` of `asked` do not matter. After `Ok` nothing of it can be lost; after an error it may be asked again.
    pub async fn run(&self, id: AlertId, asked: Asked) -> Result<Heard, AppError> {
        for _ in 0..TRIES {
            let Some(alert) = self.alerts.alerts(&[id]).await?.pop() else { return Ok(Heard::NoAlert) };
            let asked = Asked { seq: alert.seq + 1, at: self.clock.now(), ..asked.clone() };
            if alert.asked_seq > 0 && self.alerts.asks(id, alert.asked_seq - 1, 1).await?.first().is_some_and(|latest| latest.is_again(&asked)) {
                return Ok(Heard::Again);
            }
            if alert.state == AlertState::Resolved && asked.ask == Ask::Close && asked.note.is_empty() {
                return Ok(Heard::Again);
            }
            if (alert.state == AlertState::Resolved && !asked.ask.suits_closed()) || (alert.seq >= MOST_CHANGES && !asked.ask.ends()) {
                return Ok(Heard::Refused);
            }
            match self.write(&alert, &asked).await {
                Ok(()) => return Ok(Heard::Written),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("alert {id}") })
    }

    async fn write(&self, alert: &Alert, asked: &Asked) -> Result<(), WriteError> {
        let plain = asked.user.is_empty() && asked.note.is_empty();
        // A close that says no more than "it is over" is the resolve of every other format: two items instead of three.
        if asked.ask == Ask::Close && plain && alert.state == AlertState::Open {
            return self.alerts.resolve_alert(&alert.key, alert.id, asked.at).await;
        }
        self.alerts.ask(alert, asked).await
    }
}
