//! What the stores of schedules at run time promise.

use super::Stores;
use crate::samples::{at, slug};
use tocsin_app::error::WriteError;
use tocsin_app::ports::{Feed, FeedOf, NoticeAbout, NoticeClaim, NoticeKey, RosterChange, RosterRecord, SecretHash};
use tocsin_domain::id::{FeedId, OverrideId, ScheduleId, SwapId};
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::schedule::roster::{AdHoc, Origin, Roster};
use tocsin_domain::schedule::swap::News;

fn roster(schedule: &str, revision: u64) -> Roster {
    Roster { schedule: slug(schedule), team: slug("web"), revision, overrides: Vec::new(), swaps: Vec::new() }
}

fn ad_hoc(n: u64, note: &str) -> AdHoc {
    AdHoc {
        id: OverrideId::new(ulid::Ulid::from_parts(1, u128::from(n))),
        start: at(0),
        end: at(3600),
        change: serde_json::from_str(r#"{"person": "ada", "with": ["bob", "carol"]}"#).unwrap(),
        note: Some(note.to_owned()),
        by: Actor::User(slug("ada")),
        at: at(0),
        origin: Origin::Import { source: "s".to_owned(), uid: format!("uid {n} \u{1f514}") },
        removed: None,
    }
}

fn record(revision: u64) -> RosterRecord {
    RosterRecord { revision, at: at(0), by: Actor::System, what: RosterChange::Added(ad_hoc(revision, "why")) }
}

pub async fn rosters_follow_each_other(s: Stores) {
    let r = &s.rosters;
    assert_eq!(r.rosters(&[slug("web"), slug("db")]).await.unwrap(), vec![]);
    assert_eq!(r.rosters(&[]).await.unwrap(), vec![]);
    assert_eq!(r.save_roster(&roster("web", 2), &record(2)).await, Err(WriteError::Conflict), "there is no first one");
    r.save_roster(&roster("web", 1), &record(1)).await.unwrap();
    assert_eq!(r.save_roster(&roster("web", 1), &record(1)).await, Err(WriteError::Conflict));
    let mut second = roster("web", 2);
    // Large enough to be packed.
    second.overrides = (0..1000).map(|n| ad_hoc(n, "a note that somebody wrote")).collect();
    r.save_roster(&second, &record(2)).await.unwrap();
    assert_eq!(r.save_roster(&roster("web", 2), &record(2)).await, Err(WriteError::Conflict), "somebody else was faster");
    r.save_roster(&roster("db", 1), &record(1)).await.unwrap();
    assert_eq!(r.rosters(&[slug("web")]).await.unwrap(), vec![second.clone()]);
    assert_eq!(r.rosters(&[slug("none"), slug("db"), slug("web")]).await.unwrap(), vec![roster("db", 1), second.clone()]);
    let many: Vec<ScheduleId> = (0..60).map(|n| slug(&format!("none-{n}"))).chain([slug("db"), slug("web")]).collect();
    assert_eq!(r.rosters(&many).await.unwrap(), vec![roster("db", 1), second]);
}

pub async fn each_change_is_recorded(s: Stores) {
    for n in 1..=12 {
        s.rosters.save_roster(&roster("web", n), &record(n)).await.unwrap();
    }
    s.rosters.save_roster(&roster("db", 1), &record(1)).await.unwrap();
    assert_eq!(s.rosters.save_roster(&roster("web", 5), &RosterRecord { at: at(9), ..record(5) }).await, Err(WriteError::Conflict));
    let revisions = async |before, limit| {
        let found = s.rosters.roster_records(&slug("web"), before, limit).await.unwrap();
        found.iter().for_each(|r| assert_eq!(*r, record(r.revision)));
        found.iter().map(|r| r.revision).collect::<Vec<_>>()
    };
    assert_eq!(revisions(None, 3).await, [12, 11, 10]);
    assert_eq!(revisions(Some(10), 3).await, [9, 8, 7]);
    assert_eq!(revisions(Some(3), 100).await, [2, 1]);
    assert_eq!(revisions(Some(0), 100).await, Vec::<u64>::new());
}

pub async fn feeds_are_opened_listed_and_closed(s: Stores) {
    let feed = |n: u64, of: FeedOf, secret: &str| Feed {
        id: FeedId::new(ulid::Ulid::from_parts(n, 1)),
        team: matches!(of, FeedOf::Schedule(_)).then(|| slug("web")),
        of,
        name: "phone".to_owned(),
        by: Actor::User(slug("ada")),
        at: at(0),
        token: SecretHash::of(secret),
    };
    // A schedule and a person of the same name are not the same.
    let (schedule, user) = (FeedOf::Schedule(slug("ada")), FeedOf::User(slug("ada")));
    let (one, two, own) = (feed(1, schedule.clone(), "one"), feed(2, schedule.clone(), "two"), feed(3, user.clone(), "own"));
    assert_eq!(s.feeds.feed(&one.token).await.unwrap(), None);
    for f in [&two, &one, &own] {
        s.feeds.put_feed(f).await.unwrap();
    }
    assert_eq!(s.feeds.feeds_of(&schedule).await.unwrap(), vec![one.clone(), two.clone()]);
    assert_eq!(s.feeds.feeds_of(&user).await.unwrap(), vec![own.clone()]);
    assert_eq!(s.feeds.feed(&own.token).await.unwrap(), Some(own));
    s.feeds.delete_feed(&one).await.unwrap();
    s.feeds.delete_feed(&one).await.unwrap();
    assert_eq!(s.feeds.feed(&one.token).await.unwrap(), None);
    assert_eq!(s.feeds.feed(&two.token).await.unwrap(), Some(two.clone()));
    assert_eq!(s.feeds.feeds_of(&schedule).await.unwrap(), vec![two]);
}

pub async fn a_notice_is_claimed_by_one(s: Stores) {
    let key = NoticeKey { schedule: slug("web"), at: at(0), user: slug("ada"), about: NoticeAbout::Begins };
    let claim = async |key: &NoticeKey, now: i64| s.notices.claim_notice(key, at(now), at(now + 60)).await.unwrap();
    assert_eq!(claim(&key, 0).await, NoticeClaim::Yours);
    assert_eq!(claim(&key, 59).await, NoticeClaim::NotYours, "somebody is sending it");
    assert_eq!(claim(&NoticeKey { about: NoticeAbout::Ends, ..key.clone() }, 0).await, NoticeClaim::Yours, "another one");
    let swap = |n, news| NoticeKey { about: NoticeAbout::Swap(SwapId::new(ulid::Ulid::from_parts(n, 0)), news), ..key.clone() };
    for other in [swap(1, News::Offered), swap(1, News::Accepted), swap(2, News::Accepted)] {
        assert_eq!(claim(&other, 0).await, NoticeClaim::Yours, "{other:?}");
        assert_eq!(claim(&other, 0).await, NoticeClaim::NotYours, "{other:?}");
    }
    assert_eq!(claim(&key, 60).await, NoticeClaim::Yours, "its sender died");
    s.notices.settle_notice(&key, at(61)).await.unwrap();
    s.notices.settle_notice(&key, at(61)).await.unwrap();
    assert_eq!(claim(&key, 10_000).await, NoticeClaim::NotYours, "sent");
}
