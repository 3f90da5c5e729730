//! What the deployer does with AWS credentials beside tokens: `doctor`, `redrive`.

use super::double::{Answer, Double, Request, run, tocsin};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::sync::Mutex;

/// The table's items of a configuration's first version.
pub(crate) fn version_one(document: &str) -> Value {
    // Deflated, as one block that is stored as it is.
    let length = u16::try_from(document.len()).unwrap();
    let packed = [&[1][..], &length.to_le_bytes(), &(!length).to_le_bytes(), document.as_bytes()].concat();
    let part = json!({"pk": {"S": "CFG#1"}, "sk": {"S": "D#000"}, "v": {"N": "1"}, "data": {"B": STANDARD.encode(packed)}});
    json!({"Items": [part, {"pk": {"S": "CFG#1"}, "sk": {"S": "R"}, "v": {"N": "1"}, "parts": {"N": "1"}}]})
}

/// The table's items of a configuration with two integrations of which `pager` takes 50 new alerts a minute, each of them brought this many a minute ago.
fn rates(query: &Value, alerts: u32) -> Value {
    let values = query["ExpressionAttributeValues"].to_string();
    let integration = |id: &str| json!({"id": id, "kind": "pagerduty", "flood_after": 5, "refuse_after": 50});
    let service = json!({"id": "shop", "name": "Shop", "team": "web", "policy": "p", "integrations": [integration("pager"), integration("idle")]});
    if values.contains("CFG#1") {
        return version_one(&json!({"version": 1, "services": [service]}).to_string());
    }
    if !values.contains("F#pager") || alerts == 0 {
        return json!({"Items": []});
    }
    let minute = |sk: &str| json!({"pk": {"S": "F#pager"}, "sk": {"S": sk}, "v": {"N": "1"}, "count": {"N": alerts.to_string()}});
    json!({"Items": [minute("M#2026-01-05T09:01:00.000Z"), minute("M#2026-01-05T09:00:00.000Z")]})
}

/// An account where each thing is as `good` says.
fn account(good: bool) -> Double {
    flooded(good, 0)
}

/// The same, where an integration brought so many new alerts in each of two minutes.
fn flooded(good: bool, alerts: u32) -> Double {
    Double::new(move |request: &Request| {
        let action = request.body.split('&').find_map(|p| p.strip_prefix("Action=")).unwrap_or_default().to_owned();
        let xml = |inner: &str| {
            Answer::text(
                200,
                "text/xml",
                &format!("<{action}Response xmlns=\"http://sns.amazonaws.com/doc/2010-03-31/\"><{action}Result>{inner}</{action}Result></{action}Response>"),
            )
        };
        let topic = |name: &str| format!("<member><TopicArn>arn:aws:sns:eu-west-1:123456789012:{name}</TopicArn></member>");
        let subscription = |arn: &str| {
            format!(
                "<Subscriptions><member><SubscriptionArn>{arn}</SubscriptionArn><Protocol>email</Protocol><Endpoint>a@example.com</Endpoint></member></Subscriptions>"
            )
        };
        match action.as_str() {
            "GetSMSSandboxAccountStatus" => xml(&format!("<IsInSandbox>{}</IsInSandbox>", !good)),
            "GetSMSAttributes" if good => xml("<attributes><entry><key>MonthlySpendLimit</key><value>50</value></entry></attributes>"),
            "GetSMSAttributes" => xml("<attributes/>"),
            "ListTopics" => xml(&format!(
                "<Topics>{}{}{}{}</Topics>",
                topic("tocsin-last-resort"),
                topic("tocsin-operations"),
                topic("tocsin-user-ada-mail"),
                topic("other-x")
            )),
            "ListSubscriptionsByTopic" if good => xml(&subscription("arn:aws:sns:eu-west-1:123456789012:t:1")),
            "ListSubscriptionsByTopic" if request.body.contains("operations") => xml("<Subscriptions/>"),
            "ListSubscriptionsByTopic" => xml(&subscription("PendingConfirmation")),
            _ if request.path.contains("account-settings") => {
                Answer::json(200, json!({"AccountLimit": {"ConcurrentExecutions": if good { 1000 } else { 10 }}}))
            }
            _ if request.path.starts_with("/2015-03-31/functions") => {
                let variables = json!({"TOCSIN_TABLE": "t", "TOCSIN_STACK": "tocsin"});
                Answer::json(200, json!({"Functions": [{"FunctionName": "tocsin-Sweep-1A", "Environment": {"Variables": variables}}]}))
            }
            _ if request.header("x-amz-target").ends_with(".GetItem") => {
                Answer::json(200, json!({"Item": {"pk": {"S": "CFG"}, "sk": {"S": "CURRENT"}, "v": {"N": "1"}, "version": {"N": "1"}}}))
            }
            _ if request.header("x-amz-target").ends_with(".Query") => Answer::json(200, rates(&request.json(), alerts)),
            other => Answer::text(400, "text/xml", other),
        }
    })
}

#[test]
fn a_healthy_deployment() {
    let api = Double::answering(200, json!({"findings": [{"level": "ok", "what": "e-mail contact method ada-mail of ada is confirmed", "next_step": ""}]}));
    let ran = run(account(true).deployer(&["doctor"]).env("TOCSIN_URL", &api.address).env("TOCSIN_API_TOKEN", "t"));
    expect![[r#"
        ok       e-mail contact method ada-mail of ada is confirmed
        ok       SMS: the account is out of the sandbox
        ok       SMS: the monthly spend limit is 50 USD
        ok       last resort: 1 confirmed
        ok       operations: 1 confirmed
        ok       Lambda: 1000 functions at a time
        ok       floods: no integration brought too many new alerts in the last 24 hours

        0 errors, 0 warnings, 7 fine.
    "#]]
    .assert_eq(ran.good());
    assert_eq!(api.lines(), ["GET /v1/doctor"]);
}

#[test]
fn everything_that_would_keep_a_page_from_arriving() {
    let ran = run(&mut account(false).deployer(&["doctor"]));
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""));
    expect![[r#"
        error    SMS: the account is in the SMS sandbox of this region: only numbers verified there get messages
                 -> ask for production access (SNS console, Text messaging, Exit SMS sandbox), or verify each number there
        error    last resort: the only subscription waits for its confirmation: when a policy is exhausted, nobody is told
                 -> follow the link in the message of AWS Notifications; it is valid for two days, then subscribe again
        error    operations: nobody is subscribed: the alarms of Tocsin itself go nowhere
                 -> deploy with OperationsEmail, or subscribe somebody to the topic
        error    e-mail ada-mail: the only subscription waits for its confirmation: no page goes there
                 -> follow the link in the message of AWS Notifications; it is valid for two days, then subscribe again
        warning  the configuration was not looked at: no deployment is named
                 -> set TOCSIN_URL to the stack's output ApiUrl (local stack: source .tocsin/local.env), or give --url
        warning  SMS: the monthly spend limit is 1 USD: a few dozen messages, then none until next month
                 -> ask for a higher quota (Service Quotas, Amazon SNS, SMS spend), then raise MonthlySpendLimit
        warning  Lambda: this account runs 10 functions at a time in this region, all of its applications together: a storm may be throttled
                 -> ask for 1000 (Service Quotas, AWS Lambda, Concurrent executions), then deploy with NotifyReservedConcurrency
        ok       floods: no integration brought too many new alerts in the last 24 hours

        4 errors, 3 warnings, 1 fine.
    "#]]
    .assert_eq(&ran.out);
    let json = run(&mut account(false).deployer(&["doctor", "--json"])).json();
    assert_eq!((json["healthy"].clone(), json["findings"][0]["level"].clone()), (json!(false), json!("error")));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the command reads the clock of this machine")]
fn an_integration_that_brings_too_much() {
    let told = |alerts: u32| {
        let aws = flooded(true, alerts);
        let ran = run(&mut aws.deployer(&["doctor"]));
        let asked: Vec<String> = aws.seen().into_iter().map(|r| r.body).filter(|b| b.contains("F#pager") || b.contains("F#idle")).collect();
        assert_eq!(asked.len(), 2, "each integration is looked at");
        for body in asked {
            let from = body.split("M#").find_map(|rest| rest.split('"').next()?.parse::<Timestamp>().ok()).unwrap();
            let minutes = Timestamp::now().duration_since(from).as_mins();
            assert!((24 * 60..24 * 60 + 3).contains(&minutes), "a day back, not {minutes} minutes");
        }
        let lines: Vec<&str> = ran.out.lines().skip_while(|l| !l.contains("integration pager")).take(2).collect();
        (ran.code, lines.join("\n"))
    };
    assert_eq!(told(5), (Some(0), String::new()));
    let (code, flood) = told(50);
    expect![[r#"
        warning  integration pager flooded in 2 minutes of the last 24 hours, last at 2026-01-05 09:01 UTC: up to 50 new alerts came in one, and they are one incident beyond 5
                 -> fix the sender, or raise the integration's flood_after if each of them is to page"#]].assert_eq(&flood);
    assert_eq!(code, Some(0), "a flood was paged for, once");
    let (code, refusal) = told(51);
    expect![[r#"
        error    integration pager was refused in 2 minutes of the last 24 hours, last at 2026-01-05 09:01 UTC: up to 51 new alerts came in one, and they are refused beyond 50
                 -> fix the sender, or raise the integration's refuse_after: nobody is paged for what is refused"#]].assert_eq(&refusal);
    assert_eq!(code, Some(1), "nobody was paged for what was refused");
}

#[test]
fn another_stack_has_other_topics() {
    let ran = run(&mut account(true).deployer(&["doctor", "--stack", "nobody"]));
    assert!(ran.out.contains("error    there is no topic nobody-last-resort"), "{}", ran.out);
    assert_eq!(ran.code, Some(1));
}

#[test]
fn a_check_that_is_not_allowed_is_said_and_no_failure_of_the_others() {
    let denied =
        "<ErrorResponse><Error><Type>Sender</Type><Code>AuthorizationError</Code><Message>not authorized to perform: SNS:X</Message></Error></ErrorResponse>";
    let aws = Double::new(move |request: &Request| {
        if request.path.contains("account-settings") {
            return Answer::json(200, json!({"AccountLimit": {"ConcurrentExecutions": 1000}}));
        }
        if request.path.starts_with("/2015-03-31/functions") {
            return Answer::json(403, json!({"__type": "AccessDeniedException", "Message": "not authorized to perform: lambda:ListFunctions"}));
        }
        Answer::text(403, "text/xml", denied)
    });
    let ran = run(&mut aws.deployer(&["doctor"]));
    expect![[r#"
        warning  the configuration was not looked at: no deployment is named
                 -> set TOCSIN_URL to the stack's output ApiUrl (local stack: source .tocsin/local.env), or give --url
        warning  not looked at: SNS GetSMSSandboxAccountStatus: AuthorizationError: not authorized to perform: SNS:X
                 -> allow that call to these credentials (a local stack may not know it), or look in the AWS console
        warning  not looked at: SNS GetSMSAttributes: AuthorizationError: not authorized to perform: SNS:X
                 -> allow that call to these credentials (a local stack may not know it), or look in the AWS console
        warning  not looked at: SNS ListTopics: AuthorizationError: not authorized to perform: SNS:X
                 -> allow that call to these credentials (a local stack may not know it), or look in the AWS console
        warning  not looked at: Lambda ListFunctions: AccessDeniedException: not authorized to perform: lambda:ListFunctions
                 -> allow that call to these credentials (a local stack may not know it), or look in the AWS console
        ok       Lambda: 1000 functions at a time

        0 errors, 5 warnings, 1 fine.
    "#]]
    .assert_eq(&ran.out);
    let nobody = run(tocsin(&["doctor"]).env("AWS_REGION", "eu-west-1"));
    assert!(nobody.failed().contains("aws sts get-caller-identity"), "{}", nobody.err);
}

/// An account with a deployment: messages by queue (`Incident`, ...), and what the sweep function answers.
fn deployment(messages: Vec<(&'static str, Value)>, swept: Value) -> Double {
    let waiting = Mutex::new(messages);
    Double::new(move |request: &Request| match request.header("x-amz-target") {
        "AmazonSQS.ListQueues" => {
            let url = |name: &str| format!("http://q/1/tocsin-{name}-1A");
            let urls = ["IncidentFailures", "PublishFailures", "StakeholderFailures", "SweepFailures", "InboundFailures", "LaterFailures", "Other"].map(url);
            Answer::json(200, json!({ "QueueUrls": urls }))
        }
        "AmazonSQS.ReceiveMessage" => {
            let queue = request.json()["QueueUrl"].as_str().unwrap().to_owned();
            let (here, elsewhere) = waiting.lock().unwrap().drain(..).partition(|(name, _)| queue.contains(&format!("-{name}Failures-")));
            *waiting.lock().unwrap() = elsewhere;
            let here: Vec<(&str, Value)> = here;
            Answer::json(200, json!({ "Messages": here.into_iter().map(|(_, message)| message).collect::<Vec<_>>() }))
        }
        "AmazonSQS.DeleteMessageBatch" | "AmazonSQS.ChangeMessageVisibilityBatch" => {
            let ids: Vec<Value> = request.json()["Entries"].as_array().unwrap().iter().map(|e| json!({"Id": e["Id"]})).collect();
            Answer::json(200, json!({"Successful": ids, "Failed": []}))
        }
        "AWSEvents.PutEvents" if request.body.contains("Lost again") => {
            Answer::json(200, json!({"FailedEntryCount": 1, "Entries": [{"ErrorCode": "ThrottlingException", "ErrorMessage": "slow down"}]}))
        }
        "AWSEvents.PutEvents" => Answer::json(200, json!({"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]})),
        "DynamoDB_20120810.GetItem" => Answer::json(200, json!({})),
        // By its ARN, which stands in the path with its colons written out.
        _ if request.path.contains("Inbound") && request.path.contains("/invocations") && request.body.contains("nobody takes") => {
            Answer::json(200, json!({"errorType": "Failure", "errorMessage": "no integration takes it"}))
        }
        _ if request.path.contains("Inbound") && request.path.contains("/invocations") => Answer::json(200, json!(null)),
        _ if request.path.ends_with("/invocations?Qualifier=live") => Answer::json(200, swept.clone()),
        _ if request.path.starts_with("/2015-03-31/functions") => {
            let function = |name: &str, variables: Value| json!({"FunctionName": name, "Environment": {"Variables": variables}});
            let functions = [
                function("tocsin-Api-1A", json!({"TOCSIN_TABLE": "t"})),
                function("other-Sweep-1A", json!({"TOCSIN_TABLE": "o", "TOCSIN_STACK": "other"})),
                function("tocsin-Sweep-1A", json!({"TOCSIN_TABLE": "t", "TOCSIN_STACK": "tocsin"})),
            ];
            match functions.iter().find(|f| request.path.ends_with(&format!("{}/configuration", f["FunctionName"].as_str().unwrap()))) {
                Some(one) => Answer::json(200, one.clone()),
                None => Answer::json(200, json!({ "Functions": functions })),
            }
        }
        other => Answer::json(400, json!({"__type": other})),
    })
}

fn message(id: &str, body: &Value) -> Value {
    json!({"MessageId": id, "ReceiptHandle": id, "Body": body.to_string()})
}

fn batch(function: &str) -> Value {
    json!({"requestContext": {"functionArn": format!("arn:aws:lambda:eu-west-1:1:function:tocsin-{function}:live"), "condition": "RetryAttemptsExhausted"},
        "DDBStreamBatchInfo": {"batchSize": 3, "approximateArrivalOfFirstRecord": "2026-01-05T09:00:00Z", "approximateArrivalOfLastRecord": "2026-01-05T09:00:01Z"}})
}

fn event(text: &str) -> Value {
    json!({"version": "0", "id": "e", "source": "tocsin", "detail-type": "incident.resolved", "detail": {
        "v": 1, "id": "inc_00000000010000000000000000/7", "incident": "inc_00000000010000000000000000", "number": 1, "team": "web", "service": "shop", "seq": 7,
        "at": "2026-01-05T09:00:00Z", "actor": "system", "what": {"type": "resolved"}, "stakeholder_text": text}})
}

fn one_of_each() -> Vec<(&'static str, Value)> {
    let not_run = json!({"requestContext": {"functionArn": "arn:aws:lambda:eu-west-1:1:function:tocsin-Sweep:live", "condition": "RetriesExhausted"}});
    vec![
        ("Incident", message("m1", &batch("Incident"))),
        ("Publish", message("m2", &batch("Publish"))),
        ("Stakeholder", message("m3", &event("Shop works again"))),
        ("Sweep", message("m4", &not_run)),
    ]
}

fn swept() -> Value {
    json!({"alerts": 2, "incidents": 1, "failed": []})
}

/// Receipts that calls of this kind named.
fn receipts(aws: &Double, action: &str) -> Vec<String> {
    let calls = aws.seen().into_iter().filter(|r| r.header("x-amz-target") == format!("AmazonSQS.{action}"));
    calls.flat_map(|r| r.json()["Entries"].as_array().unwrap().clone()).map(|e| e["ReceiptHandle"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_edge_is_put_right_in_its_own_way_and_its_messages_deleted() {
    let aws = deployment(one_of_each(), swept());
    expect![[r#"
        QUEUE                SINCE  WHAT
        IncidentFailures     -      tocsin-Incident gave up: RetryAttemptsExhausted: 3 changes from 2026-01-05T09:00:00Z
        PublishFailures      -      tocsin-Publish gave up: RetryAttemptsExhausted: 3 changes from 2026-01-05T09:00:00Z
        StakeholderFailures  -      event incident.resolved
        SweepFailures        -      tocsin-Sweep gave up: RetriesExhausted
        Evaluated again: 2 alerts, 1 incident.
        Published again: 0 timeline events.
        Put onto the bus again: 1 event.
        4 messages deleted.
    "#]]
    .assert_eq(run(&mut aws.deployer(&["redrive"])).good());
    assert_eq!(receipts(&aws, "DeleteMessageBatch"), ["m1", "m2", "m3", "m4"]);
    let seen = aws.seen();
    let invoked = seen.iter().find(|r| r.path.contains("invocations")).unwrap();
    assert_eq!((invoked.path.as_str(), invoked.json()), ("/2015-03-31/functions/tocsin-Sweep-1A/invocations?Qualifier=live", json!({"redrive": true})));
    let put = seen.iter().find(|r| r.header("x-amz-target") == "AWSEvents.PutEvents").unwrap().json()["Entries"][0].clone();
    assert_eq!((put["EventBusName"].clone(), put["DetailType"].clone()), (json!("tocsin"), json!("incident.resolved")));
    assert!(put["Detail"].as_str().unwrap().contains("Shop works again"), "{put}");
    let read = seen.iter().find(|r| r.header("x-amz-target").ends_with("GetItem")).unwrap();
    assert_eq!(read.json()["TableName"], "t", "the sweep's own table");
}

#[test]
fn without_messages_what_is_due_is_evaluated_all_the_same() {
    let aws = deployment(vec![], swept());
    let json = run(aws.deployer(&["redrive", "--json"]).env("TOCSIN_SWEEP_FUNCTION", "tocsin-Sweep-1A")).json();
    assert_eq!(json, json!({"messages": [], "evaluated": swept(), "published": 0, "delivered": 0, "deleted": 0, "failed": []}));
}

#[test]
fn what_fails_again_stays_in_its_queue_and_is_given_back_while_the_other_parts_succeed() {
    for (answer, word) in [
        (json!({"alerts": 1, "incidents": 0, "failed": [{"id": "alr_1", "reason": "AlertStore: throttled"}]}), "alr_1: AlertStore: throttled"),
        (json!({"errorType": "Runtime", "errorMessage": "no"}), "is the present version deployed?"),
    ] {
        let aws = deployment(one_of_each(), answer);
        let ran = run(&mut aws.deployer(&["redrive"]));
        assert_eq!((ran.code, ran.err.as_str()), (Some(1), ""), "{}", ran.out);
        assert!(ran.out.contains(word) && ran.out.contains("2 messages stay in their queues."), "{}", ran.out);
        assert_eq!(receipts(&aws, "DeleteMessageBatch"), ["m2", "m3"]);
        assert_eq!(receipts(&aws, "ChangeMessageVisibilityBatch"), ["m1", "m4"]);
    }
}

#[test]
fn messages_that_make_no_sense_stay() {
    let messages = vec![
        ("Publish", message("m1", &json!({"requestContext": {}}))),
        ("Stakeholder", message("m2", &event("Lost again"))),
        ("Stakeholder", message("m3", &json!({"source": "aws.states", "detail": {}}))),
        ("Later", message("m4", &json!("of a newer release"))),
    ];
    let aws = deployment(messages, swept());
    let ran = run(&mut aws.deployer(&["redrive"]));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    for word in [
        "PublishFailures: a message does not say when its batch arrived",
        "StakeholderFailures: a message is not an event of Tocsin",
        "event inc_00000000010000000000000000/7: ",
        "4 messages stay in their queues.",
    ] {
        assert!(ran.out.contains(word), "{word}: {}", ran.out);
    }
    assert_eq!((receipts(&aws, "DeleteMessageBatch").len(), receipts(&aws, "ChangeMessageVisibilityBatch").len()), (0, 4));
}

#[test]
fn a_dry_run_only_looks() {
    let aws = deployment(one_of_each(), swept());
    let json = run(&mut aws.deployer(&["redrive", "--dry-run", "--json"])).json();
    assert_eq!(json["messages"][0]["queue"], "IncidentFailures");
    assert_eq!((receipts(&aws, "DeleteMessageBatch").len(), receipts(&aws, "ChangeMessageVisibilityBatch").len()), (0, 4), "the next run sees them at once");
    assert!(aws.seen().iter().all(|r| r.header("x-amz-target").starts_with("AmazonSQS.")), "nothing else was called");
    expect![[r#"
        Nothing in 6 failure queues.
    "#]]
    .assert_eq(run(&mut deployment(vec![], swept()).deployer(&["redrive", "--dry-run"])).good());
}

#[test]
fn a_deployment_that_is_not_there_is_said_before_a_message_is_hidden() {
    for (arguments, sweep, what) in [
        (&["redrive", "--stack", "nobody"][..], "", "there is no deployment of stack \"nobody\" in this account and region"),
        (&["redrive"][..], "tocsin-Api-1A", "tocsin-Api-1A is not the sweep function of a deployment"),
    ] {
        let aws = deployment(one_of_each(), swept());
        let ran = run(aws.deployer(arguments).env("TOCSIN_SWEEP_FUNCTION", sweep));
        assert!(ran.failed().contains(what) && ran.err.contains("TOCSIN_STACK"), "{}", ran.err);
        assert!(aws.seen().iter().all(|r| !r.header("x-amz-target").contains("ReceiveMessage")));
    }
}

/// What AWS delivered goes to the same function again, whether Lambda or EventBridge kept it.
#[test]
fn what_inbound_could_not_take_is_handed_to_it_again() {
    let arn = "arn:aws:lambda:eu-west-1:1:function:tocsin-InboundFunction-1A:live";
    let given_up = |arn: &str, payload: Value| json!({"requestContext": {"functionArn": arn, "condition": "RetriesExhausted"}, "requestPayload": payload});
    let mut undelivered = message("m2", &json!({"detail-type": "AWS Health Event", "source": "aws.health"}));
    undelivered["MessageAttributes"] = json!({"TARGET_ARN": {"DataType": "String", "StringValue": arn}});
    let messages = vec![
        ("Inbound", message("m1", &given_up(arn, json!({"Records": [{"Sns": {}}]})))),
        ("Inbound", undelivered),
        ("Inbound", message("m3", &given_up(arn, json!({"source": "nobody takes it"})))),
        ("Inbound", message("m4", &given_up("arn:aws:lambda:eu-west-1:1:function:other-InboundFunction-1A:live", json!({})))),
        ("Inbound", message("m5", &json!({"source": "of nobody"}))),
    ];
    let aws = deployment(messages, swept());
    let ran = run(&mut aws.deployer(&["redrive"]));
    assert_eq!(ran.code, Some(1), "{}", ran.out);
    assert!(ran.out.contains("Taken: 2 inbound events.") && ran.out.contains("no integration takes it"), "{}", ran.out);
    assert_eq!(receipts(&aws, "DeleteMessageBatch"), ["m1", "m2"]);
    assert_eq!(receipts(&aws, "ChangeMessageVisibilityBatch"), ["m3", "m4", "m5"]);
    let handed: Vec<Value> = aws.seen().iter().filter(|r| r.path.contains("Inbound") && r.path.contains("invocations")).map(|r| r.json()).collect();
    assert_eq!(handed[..2], [json!({"Records": [{"Sns": {}}]}), json!({"detail-type": "AWS Health Event", "source": "aws.health"})]);
}
