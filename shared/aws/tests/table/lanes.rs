//! Claims: never after the acknowledgement, never twice at once.

use super::samples::*;
use tocsin_app::ports::{AcknowledgeLink, Claim, ClaimError, IncidentStore, LaneStore, SecretHash};
use tocsin_aws::dynamo::DynamoStore;
use tocsin_aws::testing::empty_store;
use tocsin_domain::incident::Incident;
use tocsin_domain::notification::lane::{Cap, Lane};
use tocsin_domain::notification::page::Page;

async fn open_with_pages(store: &DynamoStore, n: u32, due: &[i64]) -> (Incident, Vec<Page>) {
    let mut commit = opening(incident(n));
    commit.queue = due.iter().zip(0..).map(|(due, rule)| page(&commit.incident, rule, *due)).collect();
    store.commit(&commit).await.unwrap();
    (commit.incident, commit.queue)
}

fn claim(pages: &[Page], seconds: i64) -> Claim {
    Claim { contact: contact(), pages: pages.to_vec(), now: at(seconds), until: at(seconds + 30), lane: None, link: None }
}

async fn due(store: &DynamoStore, seconds: i64) -> Vec<(u64, u32, bool)> {
    let pages = store.due_pages(&contact(), at(seconds), 100).await.unwrap();
    pages.iter().map(|p| (p.page.number, p.page.key.rule, p.leased_until.is_some())).collect()
}

#[tokio::test]
async fn pages_wait_in_their_lane_and_leave_it_with_the_commit() {
    let store = empty_store().await;
    let (first, pages) = open_with_pages(&store, 1, &[20, 10, 30]).await;
    assert_eq!(due(&store, 9).await, []);
    assert_eq!(due(&store, 20).await, [(1, 1, false), (1, 0, false)]);
    assert_eq!(store.due_pages(&contact(), at(99), 1).await.unwrap()[0].page, pages[1]);

    let mut sent = change(&first, |_| {});
    sent.unqueue = pages.iter().map(|p| (p.contact.clone(), p.key.clone())).collect();
    // One of them waits again, later: taken out and put in is put in.
    sent.queue = vec![Page { due: at(50), tries: 1, ..pages[2].clone() }];
    store.commit(&sent).await.unwrap();
    assert_eq!(due(&store, 49).await, []);
    assert_eq!(due(&store, 50).await, [(1, 2, false)]);
    store.drop_page(&contact(), &pages[2].key).await.unwrap();
    store.drop_page(&contact(), &pages[2].key).await.unwrap();
    assert_eq!(due(&store, 99).await, []);
}

#[tokio::test]
async fn a_page_is_held_by_one_until_its_lease_ends() {
    let store = empty_store().await;
    let (_, pages) = open_with_pages(&store, 1, &[0, 0]).await;
    store.claim(&claim(&pages, 1)).await.unwrap();
    assert_eq!(due(&store, 1).await, [(1, 0, true), (1, 1, true)]);
    assert_eq!(store.claim(&claim(&pages[..1], 30)).await, Err(ClaimError::Conflict));
    store.claim(&claim(&pages[..1], 31)).await.unwrap();

    let mut moved = pages[1].clone();
    moved.tries = 1;
    assert_eq!(store.claim(&claim(&[moved], 99)).await, Err(ClaimError::Conflict), "not the page that was read");
    store.drop_page(&contact(), &pages[0].key).await.unwrap();
    assert_eq!(store.claim(&claim(&pages[..1], 99)).await, Err(ClaimError::Conflict), "not there any more");
}

#[tokio::test]
async fn nothing_is_claimed_after_the_acknowledgement() {
    let store = empty_store().await;
    let (first, mine) = open_with_pages(&store, 1, &[0]).await;
    let (second, theirs) = open_with_pages(&store, 2, &[0]).await;
    store.commit(&change(&first, |i| i.status = acknowledged())).await.unwrap();
    let both = [mine[0].clone(), theirs[0].clone()];
    assert_eq!(store.claim(&claim(&both, 1)).await, Err(ClaimError::TakenBack(vec![mine[0].key.clone()])));
    assert_eq!(due(&store, 1).await, [(1, 0, false), (2, 0, false)], "nothing was written");

    store.commit(&change(&second, |i| i.generation += 1)).await.unwrap();
    assert_eq!(store.claim(&claim(&theirs, 1)).await, Err(ClaimError::TakenBack(vec![theirs[0].key.clone()])));
    let mut newer = theirs[0].clone();
    newer.key.generation = 2;
    assert_eq!(store.claim(&claim(&[theirs[0].clone(), newer], 1)).await, Err(ClaimError::TakenBack(vec![theirs[0].key.clone()])));

    let gone = page(&incident(9), 0, 0);
    assert_eq!(store.claim(&claim(std::slice::from_ref(&gone), 1)).await, Err(ClaimError::TakenBack(vec![gone.key])), "no such incident");
}

#[tokio::test]
async fn an_acknowledgement_and_a_claim_meet_in_one_order_only() {
    for round in 0..20 {
        let store = empty_store().await;
        let (first, pages) = open_with_pages(&store, 1, &[0]).await;
        let (claiming, acknowledging) = (store.clone(), store.clone());
        let claimed = tokio::spawn(async move { claiming.claim(&claim(&pages, 1)).await });
        let acknowledge = tokio::spawn(async move { acknowledging.commit(&change(&first, |i| i.status = acknowledged())).await });
        assert_eq!(acknowledge.await.unwrap(), Ok(()), "round {round}: a claim can not cancel an acknowledgement");
        assert!(matches!(claimed.await.unwrap(), Ok(()) | Err(ClaimError::TakenBack(_))), "round {round}");
    }
}

#[tokio::test]
async fn a_lane_is_used_by_one_at_a_time_and_its_link_comes_with_the_claim() {
    let store = empty_store().await;
    let (first, pages) = open_with_pages(&store, 1, &[0, 0]).await;
    assert_eq!(store.lane(&contact()).await.unwrap(), Lane::default());
    let mut lane = Lane { revision: 1, sent: Vec::new() };
    lane.sent_at(Cap::default(), at(1));
    let link = AcknowledgeLink { incidents: vec![(first.id, 1)], asked: Vec::new(), user: Some("ann".parse().unwrap()), expires_at: at(100) };
    let hash = SecretHash::of("token");
    let with = |pages: &[Page], lane: &Lane| Claim { lane: Some(lane.clone()), link: Some((hash.clone(), link.clone())), ..claim(pages, 1) };

    store.claim(&with(&pages[..1], &lane)).await.unwrap();
    assert_eq!(store.lane(&contact()).await.unwrap(), lane);
    assert_eq!(store.claim(&with(&pages[1..], &lane)).await, Err(ClaimError::Conflict), "somebody used the lane");
    lane.revision = 2;
    store.claim(&with(&pages[1..], &lane)).await.unwrap();

    assert_eq!(store.link(&hash, at(99)).await.unwrap(), Some(link));
    assert_eq!(store.link(&hash, at(100)).await.unwrap(), None, "expired, though still in the table");
    assert_eq!(store.link(&SecretHash::of("other"), at(1)).await.unwrap(), None);
}

#[tokio::test]
async fn forty_five_pages_of_as_many_incidents_are_one_claim() {
    let store = empty_store().await;
    let mut pages = Vec::new();
    for n in 1..=46 {
        pages.extend(open_with_pages(&store, n, &[0]).await.1);
    }
    let full = Claim {
        lane: Some(Lane { revision: 1, sent: vec![at(1)] }),
        link: Some((SecretHash::of("t"), AcknowledgeLink { incidents: Vec::new(), asked: Vec::new(), user: None, expires_at: at(9) })),
        ..claim(&pages[..45], 1)
    };
    store.claim(&full).await.unwrap();
    assert!(matches!(store.claim(&claim(&pages, 99)).await, Err(ClaimError::Port(_))));
}
