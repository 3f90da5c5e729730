//! `init`: the first API token of a deployment.
//!
//! A fresh deployment lets nobody in. Whoever deployed it makes the first token by writing its hash into the table with their own AWS credentials; the token
//! itself is shown once and stored nowhere.

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
use tocsin_domain::configuration::Role;
use tocsin_domain::id::TokenId;

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
}

/// Which table.
#[derive(Debug, Args)]
pub(crate) struct Table {
    /// The deployment's table (the stack's output `TableName`).
    #[arg(long, env = "TOCSIN_TABLE", value_name = "NAME")]
    pub(crate) table: Option<String>,
}

/// Of what a secret is made: 32 characters of 5 bits.
const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

pub(super) async fn init(arguments: &Init, out: &Out) -> Result<ExitCode, Failure> {
    let refused = |what: &str, next: &str| Failure::Refused { what: what.to_owned(), next: Some(next.to_owned()) };
    let table = arguments.table.table.as_deref().filter(|t| !t.is_empty()).ok_or_else(|| {
        refused(
            "no table is named",
            "set TOCSIN_TABLE or give --table; its name is the stack's output TableName: aws cloudformation describe-stacks --stack-name tocsin --query 'Stacks[0].Outputs'",
        )
    })?;
    let name: TokenId = arguments.name.parse().map_err(|e| refused(&format!("--name {:?}: {e}", arguments.name), "write it like deployer"))?;
    let config = aws::configuration().await?;
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::new(&config), table.to_owned());
    let token = first_token(&store, name.clone(), arguments.another).await?;
    out.answer(&json!({ "token": token, "name": name, "role": "owner" }));
    out.say(&format!("API token {} (owner, all teams). It is shown this once:\n", Cell::from(name.as_str()).0));
    out.say(&format!("  export TOCSIN_API_TOKEN={}\n", out.paint(&token, Look::Bold)));
    out.say("Next: tocsin apply FILE, and tocsin doctor.");
    Ok(ExitCode::SUCCESS)
}

async fn first_token(store: &dyn ConfigurationStore, name: TokenId, another: bool) -> Result<String, Failure> {
    if !another && store.has_tokens().await.map_err(said)? {
        return Err(Failure::Refused {
            what: "this deployment has an API token already".to_owned(),
            next: Some("use that one, or make one more with --another".to_owned()),
        });
    }
    let token = secret()?;
    let principal = Principal { token: name, user: None, grants: vec![Grant { team: None, role: Role::Owner }] };
    store.put_token(&SecretHash::of(&token), &principal).await.map_err(said)?;
    Ok(token)
}

fn said(error: PortError) -> Failure {
    let (PortError::Transient { port, reason } | PortError::Throttled { port, reason } | PortError::Final { port, reason }) = error;
    aws::told(port, reason)
}

/// 160 random bits.
fn secret() -> Result<String, Failure> {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).map_err(|e| Failure::Refused { what: format!("this machine gives no random numbers: {e}"), next: None })?;
    Ok(bytes.iter().map(|b| char::from(ALPHABET[usize::from(b % 32)])).collect())
}
