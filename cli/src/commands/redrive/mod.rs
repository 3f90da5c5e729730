//! `redrive`: what failed for good, put right.
//!
//! Each failure queue belongs to an edge of the deployment, and each edge is put right in its own way: what `incident` or `sweep` could not do is evaluated
//! again by the sweep function, as it is now; timeline entries that `publish` could not publish are published again; events that did not reach the
//! stakeholders are put onto the bus again; what `inbound` could not take is handed to it again. All of it is harmless when done twice. A message is deleted only when its own part has succeeded, and no part
//! waits for another's success.
//!
//! With the deployer's credentials throughout: nobody who holds only an API token can cause pages by this.

mod inbound;
mod queue;
mod timeline;

use super::doctor::Stack;
use crate::aws;
use crate::deployment::{Deployment, Swept};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use aws_config::SdkConfig;
use clap::Args;
use futures::future::try_join_all;
use queue::{Edge, Failed};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::process::ExitCode;
use std::sync::Arc;
use timeline::{Republish, Span};
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::ports::EventBus;
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_aws::dynamo::DynamoStore;
use tocsin_aws::eventbridge::EventBridgeBus;
use tocsin_contract::bus::{Detail, SOURCE};

#[derive(Debug, Args)]
pub(crate) struct Redrive {
    #[command(flatten)]
    pub(crate) stack: Stack,
    /// The sweep function (the stack's output `SweepFunctionName`); looked for by default.
    #[arg(long, env = "TOCSIN_SWEEP_FUNCTION", value_name = "NAME")]
    pub(crate) sweep_function: Option<String>,
    /// Only show what is in the queues.
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// What came of it.
#[derive(Default, Serialize)]
struct Done {
    /// What the sweep function answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    evaluated: Option<Swept>,
    /// Timeline entries that were published again.
    published: usize,
    /// Events that were put onto the bus again.
    delivered: usize,
    /// Events of AWS that `inbound` took.
    #[serde(skip_serializing_if = "is_nothing")]
    taken: usize,
    /// Messages that were deleted.
    deleted: usize,
    /// What failed again, in words.
    failed: Vec<String>,
    /// Positions of the messages whose part succeeded.
    #[serde(skip)]
    right: Vec<usize>,
}

fn is_nothing(count: &usize) -> bool {
    *count == 0
}

pub(super) async fn redrive(arguments: &Redrive, out: &Out) -> Result<ExitCode, Failure> {
    let stack = arguments.stack.stack.as_str();
    let config = aws::configuration().await?;
    let sqs = aws_sdk_sqs::Client::new(&config);
    let lambda = aws_sdk_lambda::Client::new(&config);
    // Before a message is hidden for nothing.
    let deployment = if arguments.dry_run { None } else { Some(Deployment::find(&lambda, stack, arguments.sweep_function.as_deref()).await?) };
    let queues = queue::find(&sqs, stack).await?;
    if queues.is_empty() {
        let next = "give the stack's name with --stack or TOCSIN_STACK, and check AWS_PROFILE and AWS_REGION";
        return Err(Failure::Refused {
            what: format!("there are no failure queues of stack {stack:?} in this account and region"),
            next: Some(next.to_owned()),
        });
    }
    let messages = try_join_all(queues.iter().map(|queue| queue::receive(&sqs, queue))).await?.into_iter().flatten().collect::<Vec<_>>();
    show(&messages, queues.len(), out);
    let Some(deployment) = deployment else {
        queue::give_back(&sqs, &messages.iter().collect::<Vec<_>>()).await;
        out.answer(&json!({ "messages": messages, "dry_run": true }));
        return Ok(ExitCode::SUCCESS);
    };
    let mut done = Done::default();
    evaluate(&deployment, &lambda, &messages, &mut done).await;
    publish(&deployment, &config, &messages, &mut done).await;
    deliver(&deployment, &config, &messages, &mut done).await;
    inbound::take(&lambda, stack, &messages, &mut done).await;
    let (right, left): (Vec<_>, Vec<_>) = messages.iter().enumerate().partition(|(i, _)| done.right.contains(i));
    queue::give_back(&sqs, &left.iter().map(|(_, m)| *m).collect::<Vec<_>>()).await;
    done.deleted = queue::delete(&sqs, &right.iter().map(|(_, m)| *m).collect::<Vec<_>>()).await?;
    tell(&messages, &done, left.len(), out);
    Ok(if done.failed.is_empty() && left.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Positions and messages of an edge.
fn of_edge(messages: &[Failed], edge: Edge) -> impl Iterator<Item = (usize, &Failed)> {
    messages.iter().enumerate().filter(move |(_, m)| m.edge == Some(edge))
}

/// `incident` and `sweep`: everything that is due, as it is now. Done without messages too: what they would say may have expired.
async fn evaluate(deployment: &Deployment, lambda: &aws_sdk_lambda::Client, messages: &[Failed], done: &mut Done) {
    match deployment.evaluate(lambda).await {
        Ok(swept) => {
            if swept.failed.is_empty() {
                done.right.extend(of_edge(messages, Edge::Incident).chain(of_edge(messages, Edge::Sweep)).map(|(i, _)| i));
            }
            done.failed.extend(swept.failed.iter().map(|f| format!("{}: {}", f.id, f.reason)));
            done.evaluated = Some(swept);
        }
        Err(failure) => done.failed.push(failure.to_string()),
    }
}

/// `publish`: the timeline entries of the times that its messages name.
async fn publish(deployment: &Deployment, config: &SdkConfig, messages: &[Failed], done: &mut Done) {
    let mut spans = Vec::new();
    for (position, message) in of_edge(messages, Edge::Publish) {
        match Span::of_batch(&message.body) {
            Some(span) => spans.push((position, span)),
            None => done.failed.push("PublishFailures: a message does not say when its batch arrived".to_owned()),
        }
    }
    if spans.is_empty() {
        return;
    }
    let store = Arc::new(DynamoStore::new(aws_sdk_dynamodb::Client::new(config), deployment.table.clone()));
    let publish = PublishTimeline { bus: Arc::new(bus(deployment, config)), configuration: Arc::new(ConfigurationCache::new(store.clone())) };
    let republish = Republish { incidents: store.clone(), configuration: store, publish };
    let times: Vec<Span> = spans.iter().map(|(_, span)| *span).collect();
    match republish.run(&times).await {
        Ok(republished) => {
            done.published = republished.entries;
            for ((position, _), missing) in spans.iter().zip(republished.missing) {
                match missing {
                    0 => done.right.push(*position),
                    n => done.failed.push(format!("PublishFailures: {} did not reach the bus", count(n, "timeline event"))),
                }
            }
        }
        Err(error) => done.failed.push(format!("PublishFailures: {error}")),
    }
}

/// An event, as a rule's failure queue holds it.
#[derive(Deserialize)]
struct Undelivered {
    source: String,
    detail: Detail,
}

/// The stakeholders' rule: its messages are the events. Whoever else listens on the bus drops the repetition by its id.
async fn deliver(deployment: &Deployment, config: &SdkConfig, messages: &[Failed], done: &mut Done) {
    let mut events = Vec::new();
    for (position, message) in of_edge(messages, Edge::Stakeholders) {
        match Undelivered::deserialize(&message.body) {
            Ok(event) if event.source == SOURCE => events.push((position, event.detail)),
            Ok(_) | Err(_) => done.failed.push("StakeholderFailures: a message is not an event of Tocsin".to_owned()),
        }
    }
    if events.is_empty() {
        return;
    }
    let details: Vec<Detail> = events.iter().map(|(_, detail)| detail.clone()).collect();
    match bus(deployment, config).publish(&details).await {
        Ok(answers) => {
            for ((position, detail), answer) in events.into_iter().zip(answers) {
                match answer {
                    Ok(()) => {
                        done.delivered += 1;
                        done.right.push(position);
                    }
                    Err(error) => done.failed.push(format!("event {}: {error}", detail.id)),
                }
            }
        }
        Err(error) => done.failed.push(format!("StakeholderFailures: {error}")),
    }
}

fn bus(deployment: &Deployment, config: &SdkConfig) -> EventBridgeBus {
    EventBridgeBus::new(aws_sdk_eventbridge::Client::new(config), deployment.bus.clone())
}

fn show(messages: &[Failed], queues: usize, out: &Out) {
    if messages.is_empty() {
        out.say(&format!("Nothing in {}.", count(queues, "failure queue")));
        return;
    }
    let rows = messages.iter().map(|m| m.row(|at| out.ago(at)));
    out.table(&["QUEUE", "SINCE", "WHAT"], rows.collect());
}

fn tell(messages: &[Failed], done: &Done, left: usize, out: &Out) {
    let mut answer = json!(done);
    answer["messages"] = json!(messages);
    out.answer(&answer);
    if let Some(swept) = &done.evaluated {
        out.say(&format!("Evaluated again: {}, {}.", count(swept.alerts, "alert"), count(swept.incidents, "incident")));
    }
    if of_edge(messages, Edge::Publish).next().is_some() {
        out.say(&format!("Published again: {}.", count(done.published, "timeline event")));
    }
    if of_edge(messages, Edge::Stakeholders).next().is_some() {
        out.say(&format!("Put onto the bus again: {}.", count(done.delivered, "event")));
    }
    if of_edge(messages, Edge::Inbound).next().is_some() {
        out.say(&format!("Taken: {}.", count(done.taken, "inbound event")));
    }
    out.say(&format!("{} deleted.", count(done.deleted, "message")));
    for failed in &done.failed {
        out.say(&out.paint(&format!("  failed again: {}", Cell::from(failed.as_str()).0), Look::Bad));
    }
    if left > 0 {
        let stay = if left == 1 { "1 message stays in its queue".to_owned() } else { format!("{left} messages stay in their queues") };
        out.say(&format!("{stay}. The functions' logs say why; try again when that is put right."));
    }
    if messages.len() >= queue::MOST_MESSAGES {
        out.say("There may be more: run this again.");
    }
}
