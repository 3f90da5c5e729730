//! Subscribing and unsubscribing, told as stories.

use crate::world::{World, plain};
use axum::http::StatusCode;
use expect_test::expect_file;
use jiff::SignedDuration;
use tocsin_app::fakes::Fault;

const ADA: &str = "phone=%2B15555550100";
const BOB: &str = "phone=%2B15555550199";

async fn confirm(world: &World, phone: &str, code: &str) -> StatusCode {
    world.post("/subscribe/sms/confirm", &format!("{phone}&code={code}")).await.status
}

fn wait(world: &World, seconds: i64) {
    world.clock.advance(SignedDuration::from_secs(seconds));
}

#[tokio::test]
async fn an_address_is_asked_to_confirm() {
    let world = World::shop().await;
    let answer = world.post("/subscribe/email", "email=ada%40example.org").await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(world.topic.asked(), ["ada@example.org"]);
    expect_file!["../golden/mail_sent.html"].assert_eq(&plain(&answer.body));
}

#[tokio::test]
async fn the_answers_are_equal_for_known_and_unknown_receivers() {
    let world = World::shop().await;
    let mail = |who: &'static str| format!("email={who}%40example.org");
    let unknown = world.post("/subscribe/email", &mail("ada")).await;
    for _ in 0..8 {
        let known = world.post("/subscribe/email", &mail("ada")).await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body));
        wait(&world, 30);
    }
    // Ada's phone is subscribed, Bob's is not.
    world.post("/subscribe/sms", ADA).await;
    assert_eq!(confirm(&world, ADA, &world.code()).await, StatusCode::OK);
    wait(&world, 60);
    for path in ["/subscribe/sms", "/unsubscribe/sms"] {
        let known = world.post(path, ADA).await;
        let unknown = world.post(path, BOB).await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body.replace("0199", "0100")), "{path}");
        assert_eq!(world.topic.codes().last().unwrap().0, "+15555550199", "both get a code");
        let known = world.post(&format!("{path}/confirm"), &format!("{ADA}&code=000000")).await;
        let unknown = world.post(&format!("{path}/confirm"), &format!("{BOB}&code=000000")).await;
        let never_asked = world.post(&format!("{path}/confirm"), "phone=%2B15555550111&code=000000").await;
        assert_eq!((known.status, &known.body), (unknown.status, &unknown.body.replace("0199", "0100")), "{path}/confirm");
        assert_eq!((known.status, &known.body), (never_asked.status, &never_asked.body.replace("0111", "0100")), "{path}/confirm");
        wait(&world, 60);
    }
}

#[tokio::test]
async fn a_phone_is_subscribed_by_its_code_and_unsubscribed_by_another() {
    let world = World::shop().await;
    let answer = world.post("/subscribe/sms", "phone=%2B1+(555)+555-0100").await;
    assert_eq!(answer.status, StatusCode::OK);
    expect_file!["../golden/code.html"].assert_eq(&plain(&answer.body));
    let (phone, text) = world.topic.codes().pop().unwrap();
    assert_eq!(phone, "+15555550100");
    assert!(text.starts_with("Tocsin: ") && text.chars().count() <= 160 && text.is_ascii(), "{text}");
    assert!(world.topic.phones().is_empty(), "nothing before the code");
    let code = world.code();
    // The store holds a hash, never the code.
    assert!(!format!("{:?}", world.store.state()).contains(&code));
    let done = world.post("/subscribe/sms/confirm", &format!("{ADA}&code={}+{}", &code[..3], &code[3..])).await;
    assert_eq!(done.status, StatusCode::OK);
    expect_file!["../golden/phone_subscribed.html"].assert_eq(&plain(&done.body));
    assert_eq!(world.topic.phones(), ["+15555550100"]);
    assert_eq!(confirm(&world, ADA, &code).await, StatusCode::OK, "pressing twice is a harmless success");

    wait(&world, 60);
    world.post("/unsubscribe/sms", ADA).await;
    assert_eq!(world.post("/unsubscribe/sms/confirm", &format!("{ADA}&code={code}")).await.status, StatusCode::UNPROCESSABLE_ENTITY, "the old code");
    let code = world.code();
    assert_eq!(confirm(&world, ADA, &code).await, StatusCode::UNPROCESSABLE_ENTITY, "a code that unsubscribes can not subscribe");
    assert_eq!(world.topic.phones(), ["+15555550100"]);
    let done = world.post("/unsubscribe/sms/confirm", &format!("{ADA}&code={code}")).await;
    assert_eq!((done.status, world.topic.phones().len()), (StatusCode::OK, 0));
    assert!(done.body.contains("You are unsubscribed"));
}

#[tokio::test]
async fn a_code_belongs_to_its_phone() {
    let world = World::shop().await;
    world.post("/subscribe/sms", ADA).await;
    let code = world.code();
    world.post("/subscribe/sms", BOB).await;
    assert_eq!(confirm(&world, BOB, &code).await, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(world.topic.phones().is_empty());
}

#[tokio::test]
async fn a_code_works_for_fifteen_minutes() {
    for (minutes, status) in [(14, StatusCode::OK), (15, StatusCode::UNPROCESSABLE_ENTITY)] {
        let world = World::shop().await;
        world.post("/subscribe/sms", ADA).await;
        wait(&world, minutes * 60);
        assert_eq!(confirm(&world, ADA, &world.code()).await, status, "after {minutes} minutes");
    }
}

#[tokio::test]
async fn the_fifth_wrong_code_ends_it() {
    for (wrong, status) in [(4, StatusCode::OK), (5, StatusCode::UNPROCESSABLE_ENTITY)] {
        let world = World::shop().await;
        world.post("/subscribe/sms", ADA).await;
        let code = world.code();
        for n in 0..wrong {
            let guess = if n == 0 { String::new() } else { format!("{:06}", (code.parse::<u32>().unwrap() + n) % 1_000_000) };
            assert_eq!(confirm(&world, ADA, &guess).await, StatusCode::UNPROCESSABLE_ENTITY);
        }
        assert_eq!(confirm(&world, ADA, &code).await, status, "after {wrong} wrong ones");
    }
    let world = World::shop().await;
    world.post("/subscribe/sms", ADA).await;
    let answer = world.post("/subscribe/sms/confirm", &format!("{ADA}&code=1")).await;
    expect_file!["../golden/wrong_code.html"].assert_eq(&plain(&answer.body));
}

#[tokio::test]
async fn one_code_a_minute_and_five_a_day() {
    let world = World::shop().await;
    for (second, sent) in [(0, 1), (1, 1), (58, 1), (1, 2), (60, 3), (60, 4), (60, 5), (60, 5), (3_600, 5)] {
        wait(&world, second);
        // Subscribing and unsubscribing share the bound.
        let path = if sent % 2 == 0 { "/unsubscribe/sms" } else { "/subscribe/sms" };
        assert_eq!(world.post(path, ADA).await.status, StatusCode::OK);
        assert_eq!(world.topic.codes().len(), sent);
    }
    wait(&world, 86_400);
    world.post("/subscribe/sms", ADA).await;
    assert_eq!(world.topic.codes().len(), 6);
}

#[tokio::test]
async fn all_receivers_together_can_not_spend_the_budget_of_pages() {
    let world = World::shop().await;
    for n in 0..70 {
        let sms = world.post("/subscribe/sms", &format!("phone=%2B15555550{n:03}")).await;
        let mail = world.post("/subscribe/email", &format!("email=a{n}%40example.org")).await;
        let status = if n < 60 { StatusCode::OK } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!((sms.status, mail.status), (status, status));
    }
    assert_eq!((world.topic.codes().len(), world.topic.asked().len()), (60, 60));
    wait(&world, 3_600);
    assert_eq!(world.post("/subscribe/sms", ADA).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_is_wrong_is_said_at_its_field() {
    let world = World::shop().await;
    for form in ["", "email=", "email=ada", "email=ada%40", "email=ada%40localhost", "email=a%40b.c%0d%0aBcc:%20x%40y.z", "email=%C3%A4%40example.org"] {
        let answer = world.post("/subscribe/email", form).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{form}");
        assert!(answer.body.contains(r#"id="email-wrong""#) && !answer.body.contains(r#"id="phone-wrong""#), "{form}");
    }
    for path in ["/subscribe/sms", "/unsubscribe/sms"] {
        for form in ["", "phone=", "phone=5550100", "phone=%2B0123456789", "phone=%2B1555", "phone=%2B1234567890123456", "phone=%2B1555x550100"] {
            let answer = world.post(path, form).await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{path} {form}");
            assert!(answer.body.contains(r#"id="phone-wrong""#), "{path} {form}");
        }
    }
    assert!(world.topic.asked().is_empty() && world.topic.codes().is_empty());
    expect_file!["../golden/wrong_phone.html"].assert_eq(&plain(&world.post("/subscribe/sms", "phone=555+0100").await.body));
}

#[tokio::test]
async fn our_own_failure_is_told_and_trying_again_works() {
    let world = World::shop().await;
    world.faults.next("StakeholderTopic::send_code", Fault::FailBefore);
    let answer = world.post("/subscribe/sms", ADA).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    wait(&world, 60);
    assert_eq!(world.post("/subscribe/sms", ADA).await.status, StatusCode::OK);
    // It happened, but the answer was lost: the same button again is a success.
    world.faults.next("StakeholderTopic::subscribe_sms", Fault::FailAfter);
    let code = world.code();
    assert_eq!(confirm(&world, ADA, &code).await, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(confirm(&world, ADA, &code).await, StatusCode::OK);
    assert_eq!(world.topic.phones(), ["+15555550100"]);
}
