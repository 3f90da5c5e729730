//! What the stores do when the table is busy, or refuses.

use super::canned::{Canned, client};
use jiff::Timestamp;
use std::time::Duration;
use tocsin_app::error::{PortError, WriteError};
use tocsin_app::ports::{AlertStore, ConfigurationStore, SecretHash};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_domain::alert::AlertKey;
use tocsin_domain::id::AlertId;

const CONFLICT: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"cancelled","CancellationReasons":[{"Code":"None"},{"Code":"TransactionConflict"}]}"#;
const REFUSED: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionCanceledException","message":"cancelled","CancellationReasons":[{"Code":"ConditionalCheckFailed"},{"Code":"TransactionConflict"}]}"#;
const IN_THE_WAY: &str = r#"{"__type":"com.amazonaws.dynamodb.v20120810#TransactionConflictException","message":"busy"}"#;
const DENIED: &str = r#"{"__type":"com.amazon.coral.service#AccessDeniedException","message":"not authorized"}"#;

fn store(canned: &Canned) -> DynamoStore {
    DynamoStore::new(client!(aws_sdk_dynamodb, canned), "tocsin")
}

fn resolve(store: &DynamoStore) -> impl Future<Output = Result<(), WriteError>> {
    let store = store.clone();
    async move {
        let key = AlertKey { integration: "shop-pd".parse().unwrap(), dedup_key: "disk".to_owned() };
        store.resolve_alert(&key, alert(), Timestamp::UNIX_EPOCH).await
    }
}

fn alert() -> AlertId {
    "alr_01KAB8S9M0000000000000000A".parse().unwrap()
}

fn field(body: &str, name: &str) -> serde_json::Value {
    serde_json::from_str::<serde_json::Value>(body).unwrap()[name].clone()
}

#[tokio::test]
async fn what_meets_another_transaction_is_tried_again_under_the_same_token() {
    let canned = Canned::answering([(400, CONFLICT), (400, CONFLICT), (200, "{}")]);
    assert_eq!(resolve(&store(&canned)).await, Ok(()));
    let tokens: Vec<_> = canned.asked().iter().map(|body| field(body, "ClientRequestToken")).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens.iter().all(|t| *t == tokens[0] && t.as_str().unwrap().len() == 32));
}

#[tokio::test]
async fn a_transaction_that_always_meets_others_is_given_up_in_time() {
    let canned = Canned::answering([(400, CONFLICT); 20]);
    let tried = tokio::time::timeout(Duration::from_secs(5), resolve(&store(&canned))).await.unwrap();
    assert!(matches!(tried, Err(WriteError::Port(PortError::Transient { .. }))), "{tried:?}");
    assert!(canned.asked().len() > 5);
}

#[tokio::test]
async fn a_condition_that_failed_decides_at_once() {
    let canned = Canned::answering([(400, REFUSED), (200, "{}")]);
    assert_eq!(resolve(&store(&canned)).await, Err(WriteError::Conflict));
    assert_eq!(canned.asked().len(), 1);
}

#[tokio::test]
async fn a_single_write_waits_for_a_transaction_too() {
    let canned = Canned::answering([(400, IN_THE_WAY), (200, "{}")]);
    assert_eq!(store(&canned).request_acknowledgement(alert(), Timestamp::UNIX_EPOCH).await, Ok(()));
}

#[tokio::test]
async fn what_is_not_allowed_is_final_and_no_answer_is_not() {
    let canned = Canned::answering([(400, DENIED), (400, DENIED)]);
    let store = store(&canned);
    assert!(matches!(store.tokens().await, Err(PortError::Final { .. })));
    assert!(matches!(resolve(&store).await, Err(WriteError::Port(PortError::Final { .. }))));
    assert!(matches!(store.token(&SecretHash::of("x")).await, Err(PortError::Transient { .. })), "nobody answers");
    assert!(matches!(resolve(&store).await, Err(WriteError::Port(PortError::Transient { .. }))), "nobody answers");
}

#[tokio::test]
async fn a_batch_that_comes_in_pieces_is_put_together() {
    let ids: [AlertId; 2] = ["alr_01KAB8S9M0000000000000000A".parse().unwrap(), "alr_01KAB8S9M0000000000000000B".parse().unwrap()];
    let unprocessed = serde_json::json!({"Responses": {"tocsin": []}, "UnprocessedKeys": {"tocsin": {"Keys": [
        {"pk": {"S": format!("A#{}", ids[1])}, "sk": {"S": "A"}}
    ]}}});
    let nothing = r#"{"Responses":{},"UnprocessedKeys":{}}"#;
    let canned = Canned::answering([(200, &unprocessed.to_string()), (200, nothing)]);
    assert_eq!(store(&canned).alerts(&ids).await, Ok(Vec::new()));
    let keys = |n: usize| field(&canned.asked()[n], "RequestItems")["tocsin"]["Keys"].as_array().unwrap().len();
    assert_eq!((keys(0), keys(1)), (2, 1));

    let all = serde_json::json!({"Responses": {}, "UnprocessedKeys": {"tocsin": {"Keys": [{"pk": {"S": "A#x"}, "sk": {"S": "A"}}]}}}).to_string();
    let canned = Canned::answering([(200, all.as_str()); 10]);
    assert!(matches!(store(&canned).alerts(&ids).await, Err(PortError::Transient { .. })), "throttled");
}
