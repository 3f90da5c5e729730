//! Holds: that reports of a key hold for a while only.
//!
//! Called by: the alerts beside it. A hold is an item of its own, next to the guard of its key: it is in the index of what is due, where the guard never may be, and
//! moves only when it was due and the alert had been repeated meanwhile.

use super::item::{Item, Reader, Writer, instant, number, text};
use super::schema::{self, DUE_SK, IndexKey};
use super::write::Action;
use jiff::{SignedDuration, Timestamp};
use tocsin_app::error::PortError;
use tocsin_app::ports::{Guard, Hold};
use tocsin_domain::alert::AlertKey;

const PORT: &str = "AlertStore";
const KIND: &str = "hold";

pub(super) fn put(hold: &Hold) -> Action {
    let item = Writer::of_team(schema::hold(&hold.place()), &hold.team)
        .with("integration", text(hold.key.integration.as_str()))
        .with("dedup_key", text(hold.key.dedup_key.clone()))
        .with("alert", text(hold.alert.to_string()))
        .with("length_s", number(hold.length.as_secs()))
        .due(Some(schema::hold_due(&hold.place(), hold.due)));
    Action::put(item.build())
}

pub(super) fn read(item: &Item) -> Result<Hold, PortError> {
    let reader = Reader::new(PORT, KIND, item)?;
    Ok(Hold {
        key: AlertKey { integration: reader.parsed("integration")?, dedup_key: reader.text("dedup_key")?.to_owned() },
        alert: reader.parsed("alert")?,
        team: reader.parsed(schema::TEAM)?,
        length: SignedDuration::from_secs(reader.number("length_s")?),
        due: schema::due_of(reader.text(DUE_SK)?).ok_or_else(|| reader.damaged(DUE_SK))?,
    })
}

pub(super) fn moved(hold: &Hold, due: Timestamp) -> Action {
    let IndexKey { sk, .. } = schema::hold_due(&hold.place(), due);
    still_due(Action::update(schema::hold(&hold.place()), "SET #due_sk = :moved"), hold).with(":moved", text(sk))
}

pub(super) fn dropped(hold: &Hold) -> Action {
    still_due(Action::delete(schema::hold(&hold.place())), hold)
}

fn still_due(action: Action, hold: &Hold) -> Action {
    let IndexKey { sk, .. } = schema::hold_due(&hold.place(), hold.due);
    action.when("#due_sk = :due_sk").with(":due_sk", text(sk))
}

/// That no event came since a guard was read; for the close of a guard, whose own condition it repeats.
pub(super) fn unchanged(close: Action, guard: &Guard) -> Action {
    let close = close.with(":last_at", instant(guard.last_at)).with(":count", number(guard.count));
    match guard.holds_until {
        None => close.when("#open = :yes AND #alert = :alert AND #last_at = :last_at AND #count = :count AND attribute_not_exists(#holds_until)"),
        Some(until) => {
            close.when("#open = :yes AND #alert = :alert AND #last_at = :last_at AND #count = :count AND #holds_until = :until").with(":until", instant(until))
        }
    }
}
