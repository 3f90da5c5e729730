//! `doctor`: what would keep a page from arriving.
//!
//! Looks from outside with the deployer's AWS credentials (SMS, e-mail, the last resort, alarms, quotas, floods) and asks the API for what it sees from inside.
//! Changes nothing. A check that can not be made is a finding, too: "not looked at" is not "fine".

mod floods;

use crate::arguments::ApiArguments;
use crate::aws;
use crate::client::{Api, Request};
use crate::failure::Failure;
use crate::output::{Cell, Look, Out, count};
use aws_sdk_sns::types::Subscription;
use clap::Args;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;
use std::process::ExitCode;

/// Which stack.
#[derive(Debug, Args)]
pub(crate) struct Stack {
    /// The name that the stack was deployed by; its topics and queues begin with it.
    #[arg(long, env = "TOCSIN_STACK", default_value = "tocsin", value_name = "NAME")]
    pub(crate) stack: String,
}

/// Below this many concurrent executions an account's functions may be throttled in a storm. New accounts start with 10.
const FEW_EXECUTIONS: i32 = 100;
/// SNS sends text messages for so many dollars a month until the quota is raised.
const FIRST_SPEND_LIMIT_USD: f64 = 1.0;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// A page would not arrive, or did not.
    Error,
    /// A page may not arrive, or it is not known.
    Warning,
    /// Fine.
    Ok,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Finding {
    level: Level,
    what: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    next_step: String,
}

impl Finding {
    fn new(level: Level, what: impl Into<String>, next_step: impl Into<String>) -> Self {
        Self { level, what: what.into(), next_step: next_step.into() }
    }

    fn ok(what: impl Into<String>) -> Self {
        Self::new(Level::Ok, what, "")
    }
}

#[derive(Deserialize)]
struct FromInside {
    findings: Vec<Finding>,
}

pub(super) async fn doctor(stack: &str, api: &ApiArguments, out: &Out) -> Result<ExitCode, Failure> {
    let config = aws::configuration().await?;
    let (mut findings, looked_inside) = inside(api).await;
    let sns = aws_sdk_sns::Client::new(&config);
    let lambda = aws_sdk_lambda::Client::new(&config);
    let flooded = floods::floods(&config, &lambda, stack, out.now).await;
    for checked in [sandbox(&sns).await, spend_limit(&sns).await, topics(&sns, stack, looked_inside).await, concurrency(&lambda).await, flooded] {
        match checked {
            Ok(mut found) => findings.append(&mut found),
            // Without credentials nothing can be looked at: that is a failure of the command.
            Err(failure @ Failure::Aws { credentials: true, .. }) => return Err(failure),
            Err(Failure::Refused { what, next }) => findings.push(Finding::new(Level::Warning, format!("not looked at: {what}"), next.unwrap_or_default())),
            Err(failure) => findings.push(Finding::new(
                Level::Warning,
                format!("not looked at: {failure}"),
                "allow that call to these credentials (a local stack may not know it), or look in the AWS console",
            )),
        }
    }
    findings.sort_by_key(|f| f.level);
    let healthy = findings.iter().all(|f| f.level != Level::Error);
    out.answer(&json!({ "healthy": healthy, "findings": findings }));
    for finding in &findings {
        let (word, look) = match finding.level {
            Level::Error => ("error  ", Look::Bad),
            Level::Warning => ("warning", Look::Warning),
            Level::Ok => ("ok     ", Look::Good),
        };
        out.say(&format!("{}  {}", out.paint(word, look), Cell::from(finding.what.as_str()).0));
        if !finding.next_step.is_empty() {
            out.say(&format!("         -> {}", Cell::from(finding.next_step.as_str()).0));
        }
    }
    let of = |level| findings.iter().filter(|f| f.level == level).count();
    out.say(&format!("\n{}, {}, {} fine.", count(of(Level::Error), "error"), count(of(Level::Warning), "warning"), of(Level::Ok)));
    Ok(if healthy { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the API sees, and whether it answered.
async fn inside(arguments: &ApiArguments) -> (Vec<Finding>, bool) {
    let api = match Api::new(arguments) {
        Ok(api) => api,
        Err(failure) => {
            let next = failure.next_step().unwrap_or_default();
            return (vec![Finding::new(Level::Warning, format!("the configuration was not looked at: {failure}"), next)], false);
        }
    };
    match api.send(Request::get("doctor", &["v1", "doctor"])).await.and_then(|answer| api.typed::<FromInside>(&answer)) {
        Ok(answer) => (answer.findings, true),
        Err(failure) => {
            let next = failure.next_step().unwrap_or_default();
            (vec![Finding::new(Level::Error, format!("the API does not answer as it should: {failure}"), next)], false)
        }
    }
}

async fn sandbox(sns: &aws_sdk_sns::Client) -> Result<Vec<Finding>, Failure> {
    let status = sns.get_sms_sandbox_account_status().send().await.map_err(|e| aws::failed("SNS GetSMSSandboxAccountStatus", e))?;
    Ok(vec![if status.is_in_sandbox() {
        Finding::new(
            Level::Error,
            "SMS: the account is in the SMS sandbox of this region: only numbers verified there get messages",
            "ask for production access (SNS console, Text messaging, Exit SMS sandbox), or verify each number there",
        )
    } else {
        Finding::ok("SMS: the account is out of the sandbox")
    }])
}

async fn spend_limit(sns: &aws_sdk_sns::Client) -> Result<Vec<Finding>, Failure> {
    let answer = sns.get_sms_attributes().send().await.map_err(|e| aws::failed("SNS GetSMSAttributes", e))?;
    let limit = answer.attributes().and_then(|a| a.get("MonthlySpendLimit")).and_then(|l| l.parse().ok()).unwrap_or(FIRST_SPEND_LIMIT_USD);
    Ok(vec![if limit <= 0.0 {
        Finding::new(Level::Error, "SMS: the monthly spend limit is 0 USD: no message leaves", "raise MonthlySpendLimit (SNS console, Text messaging)")
    } else if limit <= FIRST_SPEND_LIMIT_USD {
        Finding::new(
            Level::Warning,
            format!("SMS: the monthly spend limit is {limit} USD: a few dozen messages, then none until next month"),
            "ask for a higher quota (Service Quotas, Amazon SNS, SMS spend), then raise MonthlySpendLimit",
        )
    } else {
        Finding::ok(format!("SMS: the monthly spend limit is {limit} USD"))
    }])
}

async fn concurrency(lambda: &aws_sdk_lambda::Client) -> Result<Vec<Finding>, Failure> {
    let settings = lambda.get_account_settings().send().await.map_err(|e| aws::failed("Lambda GetAccountSettings", e))?;
    let quota = settings.account_limit().map_or(0, |l| l.concurrent_executions());
    Ok(vec![if quota < FEW_EXECUTIONS {
        Finding::new(
            Level::Warning,
            format!("Lambda: this account runs {quota} functions at a time in this region, all of its applications together: a storm may be throttled"),
            "ask for 1000 (Service Quotas, AWS Lambda, Concurrent executions), then deploy with NotifyReservedConcurrency",
        )
    } else {
        Finding::ok(format!("Lambda: {quota} functions at a time"))
    }])
}

/// The last resort, alarms and e-mail of people: each is a topic of the stack. The API knows whose e-mail is whose and tells of it; only where it did not,
/// every topic of a contact method is looked at here.
async fn topics(sns: &aws_sdk_sns::Client, stack: &str, looked_inside: bool) -> Result<Vec<Finding>, Failure> {
    let mut arns = BTreeMap::new();
    let mut pages = sns.list_topics().into_paginator().items().send();
    while let Some(topic) = pages.next().await {
        let arn = topic.map_err(|e| aws::failed("SNS ListTopics", e))?.topic_arn.unwrap_or_default();
        if let Some(name) = arn.rsplit(':').next().and_then(|n| n.strip_prefix(stack)?.strip_prefix('-')) {
            arns.insert(name.to_owned(), arn);
        }
    }
    let Some(last_resort) = arns.get("last-resort") else {
        let what = format!("there is no topic {stack}-last-resort in this account and region: nobody hears of what nobody answers");
        return Ok(vec![Finding::new(Level::Error, what, "give the stack's name with --stack or TOCSIN_STACK, and check AWS_PROFILE and AWS_REGION")]);
    };
    let mut findings = Vec::new();
    let ways = subscriptions(sns, last_resort).await?;
    let next = "deploy with LastResortPhone, or subscribe somebody to the topic";
    findings.push(reached("last resort", &ways, "when a policy is exhausted, nobody is told", next));
    match arns.get("operations") {
        Some(arn) => {
            let ways = subscriptions(sns, arn).await?;
            let next = "deploy with OperationsEmail, or subscribe somebody to the topic";
            findings.push(reached("operations", &ways, "the alarms of Tocsin itself go nowhere", next));
        }
        None => findings.push(Finding::new(Level::Error, format!("there is no topic {stack}-operations: alarms go nowhere"), "deploy the stack again")),
    }
    let contacts = arns.iter().filter_map(|(name, arn)| Some((name.strip_prefix("user-")?, arn)));
    for (contact, arn) in contacts.filter(|_| !looked_inside) {
        let ways = subscriptions(sns, arn).await?;
        let next = "tocsin apply FILE asks its owner again, if the contact method is still in use";
        findings.push(reached(&format!("e-mail {contact}"), &ways, "no page goes there", next));
    }
    Ok(findings)
}

async fn subscriptions(sns: &aws_sdk_sns::Client, topic: &str) -> Result<Vec<Subscription>, Failure> {
    let mut found = Vec::new();
    let mut pages = sns.list_subscriptions_by_topic().topic_arn(topic).into_paginator().items().send();
    while let Some(subscription) = pages.next().await {
        found.push(subscription.map_err(|e| aws::failed("SNS ListSubscriptionsByTopic", e))?);
    }
    Ok(found)
}

/// Confirmed subscriptions have an ARN; the others have a word in its place.
fn is_confirmed(subscription: &Subscription) -> bool {
    subscription.subscription_arn().is_some_and(|arn| arn.starts_with("arn:"))
}

fn is_pending(subscription: &Subscription) -> bool {
    subscription.subscription_arn().is_some_and(|arn| arn.eq_ignore_ascii_case("PendingConfirmation") || arn.eq_ignore_ascii_case("pending confirmation"))
}

fn reached(topic: &str, ways: &[Subscription], consequence: &str, next: &str) -> Finding {
    let confirmed = ways.iter().filter(|w| is_confirmed(w)).count();
    if confirmed > 0 {
        Finding::ok(format!("{topic}: {confirmed} confirmed"))
    } else if ways.iter().any(is_pending) {
        let what = format!("{topic}: the only subscription waits for its confirmation: {consequence}");
        Finding::new(Level::Error, what, "follow the link in the message of AWS Notifications; it is valid for two days, then subscribe again")
    } else {
        Finding::new(Level::Error, format!("{topic}: nobody is subscribed: {consequence}"), next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subscription(arn: &str) -> Subscription {
        Subscription::builder().subscription_arn(arn).endpoint("ada@example.com").protocol("email").build()
    }

    #[test]
    fn a_topic_that_reaches_nobody_is_an_error() {
        for (ways, level, what) in [
            (vec![], Level::Error, "operations: nobody is subscribed: alarms go nowhere"),
            (vec!["PendingConfirmation"], Level::Error, "operations: the only subscription waits for its confirmation: alarms go nowhere"),
            (vec!["Deleted"], Level::Error, "operations: nobody is subscribed: alarms go nowhere"),
            (vec!["arn:aws:sns:eu-west-1:1:t:1"], Level::Ok, "operations: 1 confirmed"),
            (vec!["PendingConfirmation", "arn:aws:sns:eu-west-1:1:t:1"], Level::Ok, "operations: 1 confirmed"),
        ] {
            let ways: Vec<Subscription> = ways.into_iter().map(subscription).collect();
            let finding = reached("operations", &ways, "alarms go nowhere", "");
            assert_eq!((finding.level, finding.what.as_str()), (level, what));
        }
    }
}
