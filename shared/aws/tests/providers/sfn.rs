//! Clocks.

use super::canned::{Canned, client};
use tocsin_app::error::PortError;
use tocsin_app::ports::{Clocks, Started};
use tocsin_aws::sfn::SfnClocks;
use tocsin_domain::id::IncidentId;

const MACHINE: &str = "arn:aws:states:eu-central-1:123456789012:stateMachine:tocsin-Escalation";

fn clocks<const N: usize>(answers: [(u16, &str); N]) -> (SfnClocks, Canned) {
    let canned = Canned::answering(answers);
    (SfnClocks::new(client!(aws_sdk_sfn, canned), MACHINE).unwrap(), canned)
}

fn incident() -> IncidentId {
    "inc_01KAB8S9M0000000000000000A".parse().unwrap()
}

#[tokio::test]
async fn a_clock_is_an_execution_of_that_name() {
    let started = r#"{"executionArn":"arn:aws:states:eu-central-1:123456789012:execution:x:y","startDate":1.7e9}"#;
    let (clocks, service) = clocks([(200, started), (400, r#"{"__type":"ExecutionAlreadyExists","message":"it does"}"#)]);
    assert_eq!(clocks.start(incident(), 2, 3).await, Ok(Started::Now));
    assert_eq!(clocks.start(incident(), 2, 3).await, Ok(Started::Before));
    let asked: serde_json::Value = serde_json::from_str(&service.asked()[0]).unwrap();
    assert_eq!(asked["stateMachineArn"], MACHINE);
    assert_eq!(asked["name"], "inc_01KAB8S9M0000000000000000A-g2-a3");
    let input: serde_json::Value = serde_json::from_str(asked["input"].as_str().unwrap()).unwrap();
    assert_eq!((&input["v"], &input["incident"], &input["generation"], &input["attempt"]), (&1.into(), &incident().to_string().into(), &2.into(), &3.into()));
}

#[tokio::test]
async fn stopping_what_does_not_run_is_fine() {
    let denied = r#"{"__type":"AccessDeniedException","message":"no"}"#;
    let (clocks, service) = clocks([(200, r#"{"stopDate":1.7e9}"#), (400, r#"{"__type":"ExecutionDoesNotExist","message":"none"}"#), (400, denied)]);
    assert_eq!(clocks.stop(incident(), 1, 1).await, Ok(()));
    assert_eq!(clocks.stop(incident(), 1, 1).await, Ok(()));
    assert!(matches!(clocks.stop(incident(), 1, 1).await, Err(PortError::Final { .. })));
    assert!(matches!(clocks.stop(incident(), 1, 1).await, Err(PortError::Transient { .. })), "nobody answers");
    let asked: serde_json::Value = serde_json::from_str(&service.asked()[0]).unwrap();
    assert_eq!(asked["executionArn"], "arn:aws:states:eu-central-1:123456789012:execution:tocsin-Escalation:inc_01KAB8S9M0000000000000000A-g1-a1");
    assert_eq!(asked["error"], "Tocsin.Superseded");
}

#[test]
fn only_state_machines_have_clocks() {
    for wrong in ["", "tocsin", "arn:aws:states:r:1:execution:x:y", "arn:aws:states:r:1:stateMachine:", "arn:aws:states:r:1:stateMachine:x:7"] {
        let canned = Canned::default();
        assert!(SfnClocks::new(client!(aws_sdk_sfn, canned), wrong).is_err(), "{wrong}");
    }
}
