//! Schedules at run time, a file a noun: overrides, imported shifts, swaps, and the record of who changed what.

pub(crate) mod changes;
pub(crate) mod everywhere;
pub(crate) mod imports;
pub(crate) mod overrides;
pub(crate) mod swaps;

use super::schedules::configured;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::state::Api;
use tocsin_app::change_roster::{AmendError, Asker};
use tocsin_domain::access::Action;
use tocsin_domain::schedule::Schedule;
use tocsin_domain::schedule::roster::Refused;
use tocsin_lambda::problem::{FieldError, Problem};

impl From<AmendError> for ApiError {
    fn from(error: AmendError) -> Self {
        match error {
            AmendError::Forbidden => {
                let detail = "People change what is theirs: they put only themselves on call or off. An admin of the team may do it for others.";
                Problem::new(403, "forbidden", "Not allowed", detail).into()
            }
            AmendError::Refused(Refused::Invalid(problems)) => {
                let told = problems.into_iter().map(|p| FieldError { field: p.field, message: format!("{} ({})", p.message, p.suggestion) });
                Problem::invalid(told.collect()).into()
            }
            AmendError::Refused(Refused::NotFound(what)) => Problem::not_found(&what).into(),
            AmendError::Refused(Refused::Moved(why)) => Problem::new(409, "conflict", "Not possible now", why).into(),
            AmendError::App(e) => e.into(),
        }
    }
}

/// The schedule, and what the caller may do to it.
async fn asker(api: &Api, caller: &Caller, reference: &str) -> Result<(Schedule, Asker), ApiError> {
    let schedule = configured(api, caller, reference, Action::OverrideOwn).await?;
    let for_anybody = caller.may(Action::OverrideAnybody, &schedule.team);
    Ok((schedule, Asker { by: caller.actor(), user: caller.0.user.clone(), for_anybody }))
}

/// A use case answers what it was asked; should it not, the caller looks again.
fn strange() -> ApiError {
    Problem::new(503, "unavailable", "Not available just now", "It was done, but what became of it is not known: look at the schedule.").into()
}
