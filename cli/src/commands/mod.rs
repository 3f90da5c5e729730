//! The commands, a file for those that belong together.

pub(crate) mod apply;
pub(crate) mod bulk;
pub(crate) mod contact;
pub(crate) mod doctor;
pub(crate) mod foresee;
mod heartbeats;
pub(crate) mod history;
pub(crate) mod import_shifts;
pub(crate) mod incidents;
pub(crate) mod init;
pub(crate) mod ledger;
pub(crate) mod maintenance;
pub(crate) mod me;
mod oncall;
pub(crate) mod plan;
pub(crate) mod redrive;
pub(crate) mod respond;
pub(crate) mod roster;
pub(crate) mod rules;
mod run_time;
pub(crate) mod send;
pub(crate) mod simulate;
pub(crate) mod tokens;

use crate::arguments::{Arguments, Command};
use crate::client::Api;
use crate::failure::Failure;
use crate::output::Out;
use contact::Contact;
use roster::arguments::ShiftsCommand;
use rules::Rules;
use std::process::ExitCode;

/// Does what the command line says.
pub(crate) async fn run(arguments: Arguments, out: &Out) -> Result<ExitCode, Failure> {
    let api = &arguments.api;
    match arguments.command {
        Command::Apply(apply) => apply::apply(&apply, api, out).await,
        Command::Plan(which) => plan::plan(&which, api, out).await,
        Command::Simulate(which) => simulate::simulate(&which, api, out).await,
        Command::History(which) => history::list(&which, api, out).await,
        Command::Export(which) => history::export(&which, api, out).await,
        Command::Rollback(which) => history::rollback(&which, api, out).await,
        Command::Check { file } => apply::check(&file, out),
        Command::Schema => {
            out.say(&crate::schema::text());
            out.answer(&crate::schema::schema());
            Ok(ExitCode::SUCCESS)
        }
        Command::Who(which) => foresee::who(&which, api, out).await,
        Command::Verify(which) => foresee::verify(&which, out),
        Command::Rules(Rules::Test(which)) => rules::test(&which, out),
        Command::Incidents(which) => incidents::list(&which, &Api::new(api)?, out).await,
        Command::Show { incident, why } => incidents::show(&incident.incident, why, &Api::new(api)?, out).await,
        Command::Ack { incidents } => respond::each(&incidents.incidents, "acknowledge", &Api::new(api)?, out).await,
        Command::Unack { incidents } => respond::each(&incidents.incidents, "unacknowledge", &Api::new(api)?, out).await,
        Command::Resolve { incidents } => respond::each(&incidents.incidents, "resolve", &Api::new(api)?, out).await,
        Command::Reopen { incidents } => respond::each(&incidents.incidents, "reopen", &Api::new(api)?, out).await,
        Command::Note { incident, text } => respond::note(&incident.incident, &text.join(" "), &Api::new(api)?, out).await,
        Command::Snooze { incident, duration } => respond::snooze(&incident.incident, duration, &Api::new(api)?, out).await,
        Command::Reassign { incident, to } => respond::reassign(&incident.incident, &to, &Api::new(api)?, out).await,
        Command::Escalate { incident } => respond::one(&incident.incident, "escalate", None, &Api::new(api)?, out).await,
        Command::Bulk { what } => bulk::bulk(&what, &Api::new(api)?, out).await,
        Command::Me(what) => me::me(&what, &Api::new(api)?, out).await,
        Command::Title { incident, title } => {
            respond::one(&incident.incident, "title", Some(serde_json::json!({ "title": title.join(" ") })), &Api::new(api)?, out).await
        }
        Command::Field { incident, fields } => respond::fields(&incident.incident, &fields, &Api::new(api)?, out).await,
        Command::Bridge { incident, link } => respond::bridge(&incident.incident, &link, &Api::new(api)?, out).await,
        Command::Merge { incident, sources } => respond::merge(&incident.incident, &sources, &Api::new(api)?, out).await,
        Command::Split { incident, alerts, title } => respond::split(&incident.incident, &alerts, title.as_deref(), &Api::new(api)?, out).await,
        Command::Respond { incident, to, message } => respond::ask(&incident.incident, &to, &message.join(" "), &Api::new(api)?, out).await,
        Command::Accept { incident, who } => respond::answer(&incident.incident, "responders/accept", &who, &Api::new(api)?, out).await,
        Command::Decline { incident, who } => respond::answer(&incident.incident, "responders/decline", &who, &Api::new(api)?, out).await,
        Command::Priority { incident, priority } => respond::priority(&incident.incident, priority, &Api::new(api)?, out).await,
        Command::Urgency { incident, urgency } => respond::urgency(&incident.incident, urgency, &Api::new(api)?, out).await,
        Command::Trace(which) => ledger::trace(&which, &Api::new(api)?, out).await,
        Command::Audit(which) => ledger::audit(&which, &Api::new(api)?, out).await,
        Command::Heartbeats => heartbeats::heartbeats(&Api::new(api)?, out).await,
        Command::Maintenance { command } => maintenance::maintenance(&command, &Api::new(api)?, out).await,
        Command::Oncall => oncall::oncall(&Api::new(api)?, out).await,
        Command::Contact(Contact::Verify { id, code }) => contact::verify(&id, code.as_deref(), &Api::new(api)?, out).await,
        Command::Schedules => roster::schedules(&Api::new(api)?, out).await,
        Command::Shifts { command } => match &command {
            ShiftsCommand::Show { range, hours: false } => roster::shifts(range, &Api::new(api)?, out).await,
            ShiftsCommand::Show { range, hours: true } => roster::hours(range, &Api::new(api)?, out).await,
            ShiftsCommand::Import(import) => import_shifts::import(import, &Api::new(api)?, out).await,
            ShiftsCommand::Changes { schedule } => roster::changes(schedule, &Api::new(api)?, out).await,
        },
        Command::Override { command } => roster::overrides(&command, &Api::new(api)?, out).await,
        Command::Swap { command } => roster::swaps(&command, &Api::new(api)?, out).await,
        Command::Calendar { command } => roster::calendar(&command, &Api::new(api)?, out).await,
        Command::Send(event) => send::send(&event, &Api::without_token(api)?, out).await,
        Command::Key { integration, revoke: None } => apply::key(&integration, &Api::new(api)?, out).await,
        Command::Key { integration, revoke: Some(key) } => apply::revoke(&integration, &key, &Api::new(api)?, out).await,
        Command::Init(init) => init::init(&init, out).await,
        Command::Tokens(which) => tokens::tokens(&which, out).await,
        Command::Doctor { stack } => doctor::doctor(&stack.stack, api, out).await,
        Command::Redrive(which) => redrive::redrive(&which, out).await,
    }
}
