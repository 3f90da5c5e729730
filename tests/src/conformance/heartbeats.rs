//! What stores of heartbeats promise.

use super::Stores;
use crate::samples::{at, slug};
use jiff::Timestamp;
use tocsin_app::error::WriteError;
use tocsin_app::ports::{Beat, Missed};
use tocsin_domain::alert::Severity;
use tocsin_domain::heartbeat::{Heartbeat, MadeHeartbeat};

async fn ping(s: &Stores, seconds: i64) -> Option<Missed> {
    s.heartbeats.ping(&slug("backup"), &slug("web"), at(seconds)).await.unwrap()
}

async fn beat(s: &Stores) -> Option<Beat> {
    s.heartbeats.beats(&[slug("backup")]).await.unwrap().pop()
}

fn missed(found_at: Timestamp, told: bool) -> Option<Missed> {
    Some(Missed { found_at, told })
}

pub async fn pings_are_remembered(s: Stores) {
    assert_eq!(beat(&s).await, None, "never pinged");
    assert_eq!(ping(&s, 10).await, None);
    assert_eq!(beat(&s).await, Some(Beat { heartbeat: slug("backup"), last_at: at(10), missed: None }));
    assert_eq!((ping(&s, 20).await, ping(&s, 20).await, ping(&s, 15).await), (None, None, None));
    assert_eq!(beat(&s).await.unwrap().last_at, at(20), "a ping that was overtaken does not turn the clock back");
    s.heartbeats.ping(&slug("other"), &slug("web"), at(5)).await.unwrap();
    let all = s.heartbeats.beats(&[slug("other"), slug("unknown"), slug("backup")]).await.unwrap();
    assert_eq!(all.iter().map(|b| (b.heartbeat.as_str(), b.last_at)).collect::<Vec<_>>(), [("other", at(5)), ("backup", at(20))]);
    assert_eq!(s.heartbeats.beats(&[]).await.unwrap(), []);
}

pub async fn missing_until_recovered(s: Stores) {
    ping(&s, 0).await;
    let seen = beat(&s).await.unwrap();
    s.heartbeats.miss(&seen, at(100)).await.unwrap();
    assert_eq!(s.heartbeats.miss(&seen, at(101)).await, Err(WriteError::Conflict), "found already");
    assert_eq!(beat(&s).await.unwrap().missed, missed(at(100), false));
    for _ in 0..2 {
        s.heartbeats.told(&seen, at(100)).await.unwrap();
    }
    assert_eq!(s.heartbeats.told(&seen, at(99)).await, Err(WriteError::Conflict), "another absence");
    assert_eq!(ping(&s, 110).await, missed(at(100), true));
    assert_eq!(ping(&s, 105).await, missed(at(100), true), "an overtaken ping is told, too");
    assert_eq!(beat(&s).await.unwrap().missed, missed(at(100), true), "until its alert is resolved");
    s.heartbeats.recovered(&slug("backup"), at(99)).await.unwrap();
    assert_eq!(beat(&s).await.unwrap().missed, missed(at(100), true), "another absence");
    for _ in 0..2 {
        s.heartbeats.recovered(&slug("backup"), at(100)).await.unwrap();
    }
    assert_eq!(beat(&s).await, Some(Beat { heartbeat: slug("backup"), last_at: at(110), missed: None }));
    s.heartbeats.recovered(&slug("unknown"), at(100)).await.unwrap();
    assert_eq!(s.heartbeats.beats(&[slug("unknown")]).await.unwrap(), [], "nothing is made of nothing");
}

pub async fn a_ping_beats_the_sweep(s: Stores) {
    ping(&s, 0).await;
    let seen = beat(&s).await.unwrap();
    ping(&s, 50).await;
    assert_eq!(s.heartbeats.miss(&seen, at(100)).await, Err(WriteError::Conflict));
    let seen = beat(&s).await.unwrap();
    assert_eq!(seen.missed, None);
    s.heartbeats.miss(&seen, at(200)).await.unwrap();
    assert_eq!(ping(&s, 201).await, missed(at(200), false));
    assert_eq!(s.heartbeats.told(&seen, at(200)).await, Err(WriteError::Conflict), "pinged since");
    assert_eq!(beat(&s).await.unwrap().missed, missed(at(200), false));
}

fn made(id: &str, interval_s: u32) -> MadeHeartbeat {
    MadeHeartbeat {
        expects: Heartbeat { id: slug(id), name: "Nightly".to_owned(), service: slug("shop"), interval_s, grace_s: 0, severity: Severity::Error },
        team: slug("web"),
        enabled: true,
        since: at(0),
        by: slug("shop-opsgenie"),
        description: "the backup".to_owned(),
        message: String::new(),
        tags: vec!["night".to_owned()],
    }
}

pub async fn made_ones_are_listed_and_removed(s: Stores) {
    assert_eq!(s.heartbeats.made_heartbeats().await.unwrap(), vec![]);
    for heartbeat in [made("b", 60), made("a", 60), made("a", 120)] {
        s.heartbeats.put_made(&heartbeat).await.unwrap();
    }
    assert_eq!(s.heartbeats.made_heartbeats().await.unwrap(), vec![made("a", 120), made("b", 60)]);
    assert_eq!(s.heartbeats.beats(&[slug("a")]).await.unwrap(), [], "it was not pinged yet");
    for _ in 0..2 {
        s.heartbeats.remove_made(&slug("a")).await.unwrap();
    }
    assert_eq!(s.heartbeats.made_heartbeats().await.unwrap(), vec![made("b", 60)]);
}
