//! docs/data-model.md is rendered from the code, and template.yaml has the table that the code expects.

use super::samples::*;
use expect_test::expect_file;
use tocsin_app::ports::{CountKey, Feed, FeedOf, GroupKey, HoldPlace, NoticeAbout, NoticeKey};
use tocsin_aws::dynamo::model::{KINDS, PATTERNS};
use tocsin_aws::dynamo::schema::{self, Key, Subject};
use tocsin_domain::alert::outcome::{RuleRef, RulesOf};
use tocsin_domain::id::ServiceId;

const TEMPLATE: &str = include_str!("../../../../template.yaml");

fn render() -> String {
    let mut page = String::from(
        "# Data model\n\n\
        One table. Rendered from `shared/aws/src/dynamo/{schema,model}.rs` by a test; after a change there: `UPDATE_EXPECT=1 cargo test -p tocsin-aws`.\n\n\
        ## What is asked\n\n| Question or change | Port methods | Calls | Cost |\n|---|---|---|---|\n",
    );
    for p in PATTERNS {
        let ports: Vec<String> = p.ports.split(", ").map(|p| format!("`{p}`")).collect();
        page.push_str(&format!("| {} | {} | {} | {} |\n", p.what, ports.join(", "), p.calls, p.cost));
    }
    page.push_str("\nCost: R is a strongly consistent read of 4 KB, W a write of 1 KB; a transaction doubles writes.\n\n## What is stored\n\n");
    page.push_str("| Item | pk | sk | Attributes | Also |\n|---|---|---|---|---|\n");
    for k in KINDS {
        page.push_str(&format!("| {} | `{}` | `{}` | {} | {} |\n", k.name, k.pk, k.sk, k.attributes, k.also));
    }
    page.push_str(&format!(
        "\nEvery item carries `{}` (`{}` where it belongs to the whole deployment) and `{}`, the form of the item ({} now; others are refused). \
        A document is JSON text in `{}` or, above 4 KB (timeline entries: 300 KB), the same deflated in `{}`. Instants are text of one length, so that they sort (`{}`).\n",
        schema::TEAM,
        schema::DEPLOYMENT,
        schema::FORMAT,
        schema::FORMAT_VERSION,
        schema::DOC,
        schema::PACKED,
        schema::sortable(at(0)),
    ));
    page.push_str("\n## Indexes\n\n| Index | Partition key | Sort key | Holds |\n|---|---|---|---|\n");
    let due = schema::incident_due(incident_id(1), at(0));
    let (open, resolved) = (schema::team_open(&team(), incident_id(1)), schema::team_resolved(&team(), at(0), incident_id(1)));
    page.push_str(&format!(
        "| `{}` | `{}`: `{}` to `{}` by the id's random end | `{}`: `{}` | alerts with work ({} s after their change), incidents with a deadline or still closing; holds in shards of their own |\n",
        schema::DUE_INDEX,
        schema::DUE_PK,
        schema::due_shard(0),
        schema::due_shard(schema::SHARDS - 1),
        schema::DUE_SK,
        due.sk,
        schema::ALERT_GRACE_S
    ));
    let alert = schema::team_alert(&team(), at(0), alert_id(1));
    page.push_str(&format!(
        "| `{}` | `{}`: `{}` or `{}` | `{}`: `{}` or `{}` | incidents of a team |\n",
        schema::TEAM_INDEX,
        schema::TEAM_PK,
        open.pk,
        resolved.pk,
        schema::TEAM_SK,
        open.sk,
        resolved.sk
    ));
    page.push_str(&format!(
        "| `{}` | `{}`: `{}` to `{}` by the id's random end | `{}`: `{}` | alerts of a team |\n",
        schema::TEAM_INDEX,
        schema::TEAM_PK,
        schema::team_alerts_list(&team(), 0),
        schema::team_alerts_list(&team(), schema::ALERT_LISTS - 1),
        schema::TEAM_SK,
        alert.sk
    ));
    page.push_str("\nBoth hold keys only. An item without these attributes is in no index, as guards never are: a throttled index would throttle ingest.\n");
    page.push_str(&format!(
        "\n## Stream and expiry\n\nThe writer says in `{}` what a write means, because a filter can not compare images: `{}` are read by the incident function, `{}` by publish. \
        The write with which the incident function handles an alert removes the attribute, and an incident carries it only where its clock or its alerts need care: \
        the function does not wake itself.\n\n`{}` (epoch seconds) lets DynamoDB remove an item, some time later: expired ones are filtered on read.\n",
        schema::TRANSITION,
        schema::READ_BY_INCIDENT.join("` and `"),
        schema::READ_BY_PUBLISH.join("` and `"),
        schema::EXPIRES_AT,
    ));
    page
}

#[test]
fn the_document_shows_the_code() {
    expect_file!["../../../../docs/data-model.md"].assert_eq(&render());
}

#[test]
fn the_kinds_are_those_that_the_code_makes() {
    let (i, a, hash) = (incident_id(1), alert_id(1), tocsin_app::ports::SecretHash::of("x"));
    let page_key = page(&incident(1), 0, 0).key;
    let (service, integration): (ServiceId, _) = ("shop".parse().unwrap(), "shop-pd".parse().unwrap());
    let schedule: tocsin_domain::id::ScheduleId = "web".parse().unwrap();
    let feed = Feed {
        id: tocsin_domain::id::FeedId::new(ulid::Ulid::from_parts(1, 1)),
        of: FeedOf::Schedule(schedule.clone()),
        team: None,
        name: String::new(),
        by: tocsin_domain::incident::timeline::Actor::System,
        at: at(0),
        token: hash.clone(),
    };
    let notice = NoticeKey { schedule: schedule.clone(), at: at(0), user: "ada".parse().unwrap(), about: NoticeAbout::Begins };
    let keys = [
        schema::guard(&key("x")),
        schema::rate(&integration, at(0)),
        schema::hold(&HoldPlace { integration: key("x").integration, digest: key("x").digest() }),
        schema::alert(a),
        schema::ask(a, 2),
        schema::alert_body(a, 0),
        schema::incident(i),
        schema::link(i, 1),
        schema::entry(i, 1),
        schema::once(i, &hash),
        schema::number(1),
        schema::counter(),
        schema::turns(&"shop".parse().unwrap(), 1),
        schema::group(&GroupKey { service: service.clone(), values: None }),
        schema::maintenance(&"move".parse().unwrap(), jiff::Timestamp::UNIX_EPOCH),
        schema::counted(&CountKey { rule: RuleRef { of: RulesOf::Service(service.clone()), rule: "many".parse().unwrap() }, service: service.clone() }),
        schema::lane(&contact()),
        schema::page(&contact(), &page_key),
        schema::acknowledge_link(&hash),
        schema::current_configuration(),
        schema::configuration(1),
        schema::configuration_part(1, 0),
        schema::integration_key(&hash),
        schema::key_of(&integration, &hash),
        schema::token(&hash),
        schema::listed_token(&hash),
        schema::roster(&schedule),
        schema::roster_record(&schedule, 1),
        schema::feed(&hash),
        schema::listed_feed(&feed),
        schema::notice(&notice),
        schema::heartbeat(&integration),
        schema::made_heartbeat(&integration),
        schema::change(&service, at(0), &key("x").digest()),
        schema::verification(&contact()),
        schema::pending_subscriber("x"),
    ];
    assert_eq!(keys.len(), KINDS.len());
    let constant = |shape: &str, key: &str| match shape.split_once('#') {
        Some((prefix, _)) => key.starts_with(&format!("{prefix}#")),
        None => shape == key || shape.starts_with("SHA256"),
    };
    for (kind, Key { pk, sk }) in KINDS.iter().zip(&keys) {
        assert!(constant(kind.pk, pk) && constant(kind.sk, sk), "{} is at {pk} / {sk}", kind.name);
    }
    let mut distinct: Vec<&Key> = keys.iter().collect();
    distinct.sort();
    distinct.dedup();
    assert_eq!(distinct.len(), keys.len());
}

#[test]
fn subjects_are_told_from_keys() {
    let of = |key: Key| schema::subject(&key.pk, &key.sk);
    assert_eq!(of(schema::alert(alert_id(1))), Some(Subject::Alert(alert_id(1))));
    assert_eq!(of(schema::incident(incident_id(1))), Some(Subject::Incident(incident_id(1))));
    assert_eq!(of(schema::entry(incident_id(1), 12)), Some(Subject::Entry(incident_id(1), 12)));
    for other in [
        schema::alert_body(alert_id(1), 0),
        schema::ask(alert_id(1), 2),
        schema::link(incident_id(1), 1),
        schema::guard(&key("x")),
        schema::lane(&contact()),
        schema::counter(),
    ] {
        assert_eq!(of(other.clone()), None, "{other:?}");
    }
}

/// A resource of the template, as text.
fn resource(name: &str) -> &'static str {
    let begin = TEMPLATE.find(&format!("\n  {name}:\n")).unwrap_or_else(|| panic!("template.yaml has no {name}"));
    let rest = &TEMPLATE[begin + 1..];
    let mut lines = rest.split_inclusive('\n');
    let mut length = lines.next().map_or(0, str::len);
    length += lines.take_while(|l| l.trim().is_empty() || l.starts_with("   ") || l.starts_with("  #")).map(str::len).sum::<usize>();
    &rest[..length]
}

/// Values behind each `name: ` of a piece of the template.
fn values<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let word = |rest: &'a str| rest.split([',', ' ', '}', '\n']).next().unwrap_or("");
    text.split(&format!("{name}: ")).skip(1).map(word).collect()
}

#[test]
fn the_template_has_this_table() {
    let table = resource("Table");
    let (schema_part, rest) = table.split_once("GlobalSecondaryIndexes:").unwrap();
    let (defined, key_schema) = schema_part.split_once("KeySchema:").unwrap();
    let attributes: Vec<&str> = schema::KEYS.iter().flat_map(|(_, pk, sk)| [*pk, *sk]).collect();
    assert_eq!(values(defined, "AttributeName"), attributes);
    assert!(values(defined, "AttributeType").iter().all(|t| *t == "S"));
    assert_eq!(values(key_schema, "AttributeName"), [schema::PK, schema::SK]);
    let (indexes, rest) = rest.split_once("StreamSpecification:").unwrap();
    assert_eq!(values(indexes, "IndexName"), [schema::DUE_INDEX, schema::TEAM_INDEX]);
    assert_eq!(values(indexes, "AttributeName"), [schema::DUE_PK, schema::DUE_SK, schema::TEAM_PK, schema::TEAM_SK]);
    assert_eq!(values(indexes, "KeyType"), ["HASH", "RANGE", "HASH", "RANGE"]);
    assert_eq!(values(indexes, "ProjectionType"), ["KEYS_ONLY", "KEYS_ONLY"]);
    assert_eq!(values(rest, "AttributeName"), [schema::EXPIRES_AT]);
}

#[test]
fn the_template_filters_the_stream_by_these_words() {
    for (function, words) in [("IncidentFunction", schema::READ_BY_INCIDENT.as_slice()), ("PublishFunction", schema::READ_BY_PUBLISH.as_slice())] {
        let filter = format!("\"dynamodb\":{}", serde_json::json!({"NewImage": {schema::TRANSITION: {"S": words}}}));
        assert!(resource(function).contains(&filter), "{function} has no filter {filter}");
    }
}
