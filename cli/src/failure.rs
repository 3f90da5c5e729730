//! What can go wrong, and what to do next.

use crate::document::Findings;
use serde::Deserialize;
use serde_json::{Value, json};
use tocsin_domain::notification::message::clean;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// Nobody said where the deployment is.
    #[error("no deployment is named")]
    NoUrl,
    /// The address is none.
    #[error("{0:?} is no address of a deployment")]
    BadUrl(String),
    /// No token.
    #[error("no API token is set")]
    NoToken,
    /// The request did not get there, or no answer came back.
    #[error("cannot reach {url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why not.
        reason: String,
        /// Whether the request may have arrived.
        sent: bool,
    },
    /// The API refused, or failed.
    #[error("{}", said(.problem, *.status))]
    Api {
        /// The HTTP status.
        status: u16,
        /// What it said.
        problem: Box<ApiProblem>,
        /// What was asked for, for the next step.
        about: &'static str,
    },
    /// An answer that makes no sense.
    #[error("{url} answered {status} with something that is not Tocsin's: {reason}")]
    Answer {
        /// Where.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What was wrong with it.
        reason: String,
    },
    /// A file can not be read.
    #[error("cannot read {file}: {reason}")]
    File {
        /// Which.
        file: String,
        /// Why not.
        reason: String,
    },
    /// A configuration file has mistakes.
    #[error("{0}")]
    Document(Findings),
    /// An AWS service refused, or failed.
    #[error("{service}: {reason}")]
    Aws {
        /// Which service and call.
        service: &'static str,
        /// What it said.
        reason: String,
        /// Whether it is about credentials.
        credentials: bool,
    },
    /// Anything else.
    #[error("{what}")]
    Refused {
        /// What.
        what: String,
        /// What to do.
        next: Option<String>,
    },
}

/// `application/problem+json`, as far as it is used here.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ApiProblem {
    /// API Gateway's own answers have a message only.
    #[serde(alias = "message")]
    pub(crate) title: String,
    pub(crate) detail: String,
    pub(crate) errors: Vec<FieldError>,
}

/// One thing that is wrong.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum FieldError {
    /// As Tocsin's own API says it.
    Field {
        /// Which field.
        field: String,
        /// What is wrong with it.
        message: String,
    },
    /// As PagerDuty's senders know it.
    Sentence(String),
}

fn said(problem: &ApiProblem, status: u16) -> String {
    let text = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    let mut text = if text.is_empty() { format!("the API answered {status}") } else { clean(text) };
    for error in &problem.errors {
        text += &match error {
            FieldError::Field { field, message } => format!("\n  {}: {}", clean(field), clean(message)),
            FieldError::Sentence(sentence) => format!("\n  {}", clean(sentence)),
        };
    }
    text
}

impl Failure {
    /// Whether the same request, asked again, may get another answer.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self, Failure::Unreachable { sent: true, .. } | Failure::Api { status: 502..=504, .. })
    }

    /// What to do next.
    pub(crate) fn next_step(&self) -> Option<String> {
        let text = match self {
            Failure::NoUrl => "set TOCSIN_URL to the stack's output ApiUrl (local stack: source .tocsin/local.env), or give --url",
            Failure::BadUrl(_) => "write it like https://example.execute-api.eu-west-1.amazonaws.com",
            Failure::NoToken => "set TOCSIN_API_TOKEN; the first token of a deployment is made by: tocsin init",
            Failure::Unreachable { .. } => "check TOCSIN_URL and the network; is the local stack up? (make start)",
            Failure::Api { status: 401, .. } => {
                "the token is not known there: check TOCSIN_API_TOKEN and TOCSIN_URL, or make another one: tocsin init --another"
            }
            Failure::Api { status: 403, about: "configuration", .. } => {
                "this token may not do that in the whole deployment: an admin of a team adds --team TEAM to plan, apply and export"
            }
            Failure::Api { status: 403, .. } => "this token may not do that: use one with a higher role, or ask an administrator",
            Failure::Api { status: 404, about: "overrides", .. } => "the deployment seems to be older than this command: deploy the same version of both",
            Failure::Api { status: 404, about: "incident", .. } => "see which there are: tocsin incidents --all",
            Failure::Api { status: 400, about: "event", .. } => {
                "the key is shown by tocsin apply when its integration is new; make another one: tocsin key INTEGRATION"
            }
            Failure::Api { status: 404, about: "integration", .. } => "integrations stand in the configuration: apply it first",
            Failure::Api { status: 404, about: "maintenance", .. } => {
                "see which windows there are: tocsin maintenance list; a service or team has to be in the configuration"
            }
            Failure::Api { status: 404, about: "team", .. } => "see in which teams you are what: tocsin me",
            Failure::Api { status: 404, about: "person", .. } => "only admins of the whole deployment change how others are reached",
            Failure::Api { status: 404, about: "contact method", .. } => "see which there are: tocsin me",
            Failure::Api { status: 404, about: "version", .. } => "see which there are: tocsin history",
            Failure::Api { status: 404, .. } => "check TOCSIN_URL: it should be the stack's output ApiUrl, without a path",
            Failure::Api { status: 409, about: "configuration", .. } => {
                "somebody else applied a configuration meanwhile: look at what changed, then apply again"
            }
            Failure::Api { status: 409, about: "incident", .. } => "see how it stands: tocsin show N",
            Failure::Api { status: 422, about: "configuration", .. } => "nothing was changed; correct the file and apply again",
            Failure::Api { status: 429 | 500..=599, .. } => {
                "nothing is known to have changed; try again in a moment, then look into the logs of the api function"
            }
            Failure::Answer { .. } => "check TOCSIN_URL: it should be the stack's output ApiUrl, without a path",
            Failure::Document(_) => "nothing was changed",
            Failure::Aws { credentials: true, .. } => {
                "this command needs the deployer's AWS credentials and region: set AWS_PROFILE and AWS_REGION, and see with: aws sts get-caller-identity"
            }
            Failure::Refused { next, .. } => return next.clone(),
            Failure::Api { .. } | Failure::File { .. } | Failure::Aws { credentials: false, .. } => return None,
        };
        Some(text.to_owned())
    }

    /// As machines read it.
    pub(crate) fn json(&self) -> Value {
        let mut error = json!({ "message": self.to_string() });
        if let Some(next) = self.next_step() {
            error["next_step"] = json!(next);
        }
        match self {
            Failure::Document(findings) => error["findings"] = json!(findings.rows()),
            Failure::Api { status, .. } | Failure::Answer { status, .. } => error["status"] = json!(status),
            Failure::NoUrl | Failure::BadUrl(_) | Failure::NoToken | Failure::Unreachable { .. } => {}
            Failure::File { .. } | Failure::Aws { .. } | Failure::Refused { .. } => {}
        }
        json!({ "error": error })
    }
}
