//! `tokens`: which API tokens there are, and ending one.
//!
//! With the deployer's AWS credentials, as `init` makes them: whoever holds a stolen token can neither see nor end the others. Refuses to show a token: only hashes are
//! stored, and a token is named here by the beginning of its hash.

use super::init::{Table, said, store};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use tocsin_app::ports::{ConfigurationStore, SecretHash};
use tocsin_domain::access::Principal;

#[derive(Debug, Args)]
pub(crate) struct Tokens {
    #[command(flatten)]
    table: Table,
    /// End the token of this id, as the list names it, at once and for good.
    #[arg(long, value_name = "ID")]
    revoke: Option<String>,
}

/// Characters of a hash that name a token.
const ID_CHARS: usize = 12;

fn id(hash: &SecretHash) -> &str {
    hash.0.get(..ID_CHARS).unwrap_or(&hash.0)
}

fn whose(principal: &Principal) -> &str {
    principal.user.as_ref().map_or("", |user| user.as_str())
}

/// What it is good for, such as `admin of web`.
fn may(principal: &Principal) -> String {
    let grant = |g: &tocsin_domain::access::Grant| format!("{} of {}", g.role.as_str(), g.team.as_ref().map_or("all teams", |team| team.as_str()));
    principal.grants.iter().map(grant).collect::<Vec<_>>().join(", ")
}

pub(super) async fn tokens(arguments: &Tokens, out: &Out) -> Result<ExitCode, Failure> {
    let store = store(arguments.table.name()?).await?;
    let mut all = store.tokens().await.map_err(said)?;
    all.sort_by(|(a, one), (b, other)| (&one.token, a).cmp(&(&other.token, b)));
    if let Some(wanted) = &arguments.revoke {
        return revoke(&store, &all, wanted, out).await;
    }
    let rows = all.iter().map(|(hash, p)| vec![Cell::from(id(hash)), Cell::from(p.token.as_str()), Cell::from(whose(p)), Cell::from(may(p).as_str())]);
    out.table(&["ID", "NAME", "PERSON", "MAY"], rows.collect());
    let answer = all.iter().map(|(hash, p)| json!({ "id": id(hash), "name": p.token, "user": p.user, "grants": p.grants }));
    out.answer(&json!({ "tokens": answer.collect::<Vec<_>>() }));
    if all.is_empty() {
        out.say("There is no API token: nobody gets in. Make one: tocsin init");
    }
    Ok(ExitCode::SUCCESS)
}

async fn revoke(store: &dyn ConfigurationStore, all: &[(SecretHash, Principal)], wanted: &str, out: &Out) -> Result<ExitCode, Failure> {
    let Some((hash, principal)) = all.iter().find(|(hash, _)| id(hash) == wanted) else {
        return Err(Failure::Refused { what: format!("there is no token with the id {wanted:?}"), next: Some("see their ids: tocsin tokens".to_owned()) });
    };
    store.delete_token(hash).await.map_err(said)?;
    let left = all.len().saturating_sub(1);
    out.answer(&json!({ "revoked": id(hash), "name": principal.token, "left": left }));
    out.say(&format!(
        "Token {} ({}) opens nothing any more; {} left.",
        Cell::from(principal.token.as_str()).0,
        out.paint(&may(principal), Look::Bold),
        count(left, "token")
    ));
    Ok(ExitCode::SUCCESS)
}
