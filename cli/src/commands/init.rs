//! `init`: the first API token of a deployment, and those of people and teams.
//!
//! A fresh deployment lets nobody in. Whoever deployed it makes the first token by writing its hash into the table with their own AWS credentials; the token
//! itself is shown once and stored nowhere. Refuses a token of a person or a team that the configuration does not have: nobody could use it, or whoever gets that id
//! later would.

use crate::aws;
use crate::failure::Failure;
use crate::output::{Cell, Look, Out};
use clap::Args;
use serde_json::json;
use std::process::ExitCode;
use tocsin_app::error::PortError;
use tocsin_app::ports::{ConfigurationStore, SecretHash};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_domain::access::{Grant, Principal};
use tocsin_domain::configuration::{Configuration, Role};
use tocsin_domain::id::{TeamId, TokenId, UserId};

#[derive(Debug, Args)]
pub(crate) struct Init {
    #[command(flatten)]
    pub(crate) table: Table,
    /// The token's public name.
    #[arg(long, default_value = "deployer", value_name = "ID")]
    pub(crate) name: String,
    /// Make one although tokens exist already.
    #[arg(long)]
    pub(crate) another: bool,
    /// Whose it is: what they do with it stands under their name, and `tocsin me` is theirs. Beside other tokens.
    #[arg(long, value_name = "ID")]
    pub(crate) user: Option<UserId>,
    /// What it is good for in these teams, and nowhere else (may be given several times). Beside other tokens.
    #[arg(long, value_name = "ID")]
    pub(crate) team: Vec<TeamId>,
    /// What it may do there: observer, responder, admin or owner. Without it owner; for a person or a team, responder.
    #[arg(long, value_parser = role)]
    pub(crate) role: Option<Role>,
}

fn role(text: &str) -> Result<Role, String> {
    Role::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| "write observer, responder, admin or owner".to_owned())
}

impl Init {
    /// Not for whoever may do everything.
    fn is_bounded(&self) -> bool {
        self.user.is_some() || !self.team.is_empty()
    }

    fn principal(&self, token: TokenId) -> Principal {
        let role = self.role.unwrap_or(if self.is_bounded() { Role::Responder } else { Role::Owner });
        let everywhere = self.team.is_empty().then_some(Grant { team: None, role });
        let grants = self.team.iter().map(|team| Grant { team: Some(team.clone()), role }).chain(everywhere).collect();
        Principal { token, user: self.user.clone(), grants }
    }

    /// Everybody whom it names is there.
    async fn check(&self, store: &dyn ConfigurationStore) -> Result<(), Failure> {
        let version = store.current_version().await.map_err(said)?;
        let configuration = match version {
            Some(version) => store.configuration(version).await.map_err(said)?.unwrap_or_default(),
            None => Configuration::default(),
        };
        let nobody = self.user.as_ref().filter(|user| configuration.user(user).is_none()).map(|user| format!("user {user}"));
        let nowhere = self.team.iter().find(|team| configuration.team(team).is_none()).map(|team| format!("team {team}"));
        match nobody.or(nowhere) {
            None => Ok(()),
            Some(what) => Err(Failure::Refused {
                what: format!("the configuration has no {what}"),
                next: Some("write it into the file first: tocsin apply FILE".to_owned()),
            }),
        }
    }
}

/// Which table.
#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The deployment's table (the stack's output `TableName`).
    #[arg(long, env = "TOCSIN_TABLE", value_name = "NAME")]
    pub(crate) table: Option<String>,
}

impl Table {
    pub(super) fn name(&self) -> Result<&str, Failure> {
        self.table.as_deref().filter(|t| !t.is_empty()).ok_or_else(|| Failure::Refused {
            what: "no table is named".to_owned(),
            next: Some(
                "set TOCSIN_TABLE or give --table; its name is the stack's output TableName: aws cloudformation describe-stacks --stack-name tocsin --query 'Stacks[0].Outputs'"
                    .to_owned(),
            ),
        })
    }
}

pub(super) async fn store(table: &str) -> Result<DynamoStore, Failure> {
    let config = aws::configuration().await?;
    Ok(DynamoStore::new(aws_sdk_dynamodb::Client::new(&config), table.to_owned()))
}

/// Of what a secret is made: 32 characters of 5 bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) async fn init(arguments: &Init, out: &Out) -> Result<ExitCode, Failure> {
    let table = arguments.table.name()?;
    let next = || Some("write it like deployer".to_owned());
    let name: TokenId = arguments.name.parse().map_err(|e| Failure::Refused { what: format!("--name {:?}: {e}", arguments.name), next: next() })?;
    let store = store(table).await?;
    if arguments.is_bounded() {
        arguments.check(&store).await?;
    }
    let principal = arguments.principal(name.clone());
    let role = principal.grants.first().map_or(Role::Observer, |grant| grant.role).as_str();
    let token = new_token(&store, &principal, arguments.another || arguments.is_bounded()).await?;
    out.answer(&json!({ "token": token, "name": name, "role": role, "user": arguments.user, "teams": arguments.team }));
    let teams: Vec<&str> = arguments.team.iter().map(TeamId::as_str).collect();
    let r#where = if teams.is_empty() { "all teams".to_owned() } else { format!("team {}", teams.join(", team ")) };
    let whose = arguments.user.as_ref().map_or_else(String::new, |user| format!(" of {user}"));
    out.say(&format!("API token {}{whose} ({role}, {where}). It is shown this once:\n", Cell::from(name.as_str()).0, where = r#where));
    out.say(&format!("  export TOCSIN_API_TOKEN={}\n", out.paint(&token, Look::Bold)));
    out.say(if arguments.user.is_some() { "Next, with it: tocsin me." } else { "Next: tocsin apply FILE, and tocsin doctor." });
    Ok(ExitCode::SUCCESS)
}

async fn new_token(store: &dyn ConfigurationStore, principal: &Principal, another: bool) -> Result<String, Failure> {
    if !another && !store.tokens().await.map_err(said)?.is_empty() {
        return Err(Failure::Refused {
            what: "this deployment has an API token already".to_owned(),
            next: Some("use that one, or make one more with --another, or with --user ID for a person".to_owned()),
        });
    }
    let token = secret()?;
    store.put_token(&SecretHash::of(&token), principal).await.map_err(said)?;
    Ok(token)
}

pub(super) fn said(error: PortError) -> Failure {
    let (PortError::Transient { port, reason } | PortError::Throttled { port, reason } | PortError::Final { port, reason }) = error;
    aws::told(port, reason)
}

/// 160 random bits.
fn secret() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Failure::Refused { what: format!("this machine gives no random numbers: {e}"), next: None })?;
    Ok(bytes.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect())
}
