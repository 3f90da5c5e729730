//! What lane stores promise.

use super::Stores;
use crate::samples::{at, incident, next, opening, page, slug};
use tocsin_app::ports::{AcknowledgeLink, Claim, ClaimError, SecretHash};
use tocsin_domain::configuration::Channel;
use tocsin_domain::escalation::policy::Target;
use tocsin_domain::id::ContactId;
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::{Actor, Planned};
use tocsin_domain::notification::lane::{Cap, Lane};
use tocsin_domain::notification::page::Page;
use tocsin_domain::notification::plan::Plan;
use tocsin_domain::notification::verification::Verified;

/// An incident with pages in Ada's lane, due at these seconds.
pub(super) async fn queued(s: &Stores, n: u64, due: &[i64]) -> (Incident, Vec<Page>) {
    let mut c = opening(incident(n, 0));
    let pages: Vec<Page> = (0..).zip(due).map(|(rule, at)| page(&c.incident, "ada-sms", rule, *at)).collect();
    c.queue = c.incident.queue(pages.clone());
    s.incidents.commit(&c).await.unwrap();
    (c.incident, pages)
}

pub(super) fn claim(pages: &[Page], seconds: i64, lane: Option<Lane>) -> Claim {
    Claim { contact: slug("ada-sms"), pages: pages.to_vec(), now: at(seconds), until: at(seconds + 30), lane, link: None }
}

/// The lane with a message on it.
pub(super) async fn used(s: &Stores, seconds: i64) -> Lane {
    let mut lane = s.lanes.lane(&slug("ada-sms")).await.unwrap();
    lane.revision += 1;
    lane.sent_at(Cap::default(), at(seconds));
    lane
}

async fn due(s: &Stores, seconds: i64) -> Vec<(u32, Option<jiff::Timestamp>)> {
    s.lanes.due_pages(&slug("ada-sms"), at(seconds), 10).await.unwrap().into_iter().map(|q| (q.page.key.rule, q.leased_until)).collect()
}

pub async fn due_pages_come_oldest_first(s: Stores) {
    queued(&s, 1, &[50, 10, 30, 30]).await;
    assert_eq!(due(&s, 9).await, vec![]);
    assert_eq!(due(&s, 10).await, vec![(1, None)], "due at that very instant");
    assert_eq!(due(&s, 60).await.iter().map(|(r, _)| *r).collect::<Vec<_>>(), vec![1, 2, 3, 0]);
    assert_eq!(s.lanes.due_pages(&slug("ada-sms"), at(60), 2).await.unwrap().len(), 2);
    assert_eq!(s.lanes.due_pages(&slug("bob-sms"), at(60), 2).await.unwrap(), vec![]);
}

pub async fn a_claim_leases(s: Stores) {
    let (_, pages) = queued(&s, 1, &[0, 0, 0]).await;
    let contact: ContactId = slug("ada-sms");
    assert_eq!(s.lanes.lane(&contact).await.unwrap(), Lane::default());
    let lane = used(&s, 0).await;
    s.lanes.claim(&claim(&pages[..2], 0, Some(lane.clone()))).await.unwrap();
    assert_eq!(s.lanes.lane(&contact).await.unwrap(), lane);
    assert_eq!(due(&s, 0).await, vec![(0, Some(at(30))), (1, Some(at(30))), (2, None)]);
    s.lanes.claim(&claim(&pages[2..], 0, None)).await.unwrap();
    s.lanes.drop_page(&contact, &pages[0].key).await.unwrap();
    s.lanes.drop_page(&contact, &pages[0].key).await.unwrap();
    assert_eq!(due(&s, 0).await, vec![(1, Some(at(30))), (2, Some(at(30)))]);
}

pub async fn a_lease_that_ended_is_claimed_again(s: Stores) {
    let (_, pages) = queued(&s, 1, &[0]).await;
    s.lanes.claim(&claim(&pages, 0, None)).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(&pages, 29, None)).await, Err(ClaimError::Conflict));
    s.lanes.claim(&claim(&pages, 30, None)).await.unwrap();
    assert_eq!(due(&s, 30).await, vec![(0, Some(at(60)))]);
}

pub async fn an_answered_incident_takes_pages_back(s: Stores) {
    let (one, first) = queued(&s, 1, &[0]).await;
    let (two, second) = queued(&s, 2, &[0]).await;
    let (three, third) = queued(&s, 3, &[0]).await;
    for (i, command) in [(one, Command::Acknowledge), (two, Command::Resolve)] {
        let mut c = next(i);
        c.incident.apply(command, &Actor::System, at(1)).unwrap();
        s.incidents.commit(&c).await.unwrap();
    }
    let all: Vec<Page> = [&first[0], &second[0], &third[0]].into_iter().cloned().collect();
    let Err(ClaimError::TakenBack(mut keys)) = s.lanes.claim(&claim(&all, 2, None)).await else { panic!("it was claimed") };
    keys.sort();
    assert_eq!(keys, vec![first[0].key.clone(), second[0].key.clone()]);
    assert!(s.lanes.due_pages(&slug("ada-sms"), at(2), 10).await.unwrap().iter().all(|q| q.leased_until.is_none()), "nothing was leased");
    s.lanes.claim(&claim(&third, 2, None)).await.unwrap();
    assert_eq!(s.incidents.incident(three.id).await.unwrap().unwrap().revision, 1, "a claim does not change the incident");
}

pub async fn an_older_generation_is_taken_back(s: Stores) {
    let (i, pages) = queued(&s, 1, &[0]).await;
    let mut c = next(i);
    c.incident.apply(Command::EscalateNow, &Actor::System, at(1)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(&pages, 2, None)).await, Err(ClaimError::TakenBack(vec![pages[0].key.clone()])));
}

/// An acknowledged incident with a page of its level left over in Ada's lane, who was asked to help, and her page for that.
async fn asked(s: &Stores) -> (Incident, Page, Page) {
    let (i, level) = queued(s, 1, &[0]).await;
    let mut c = next(i);
    let to = vec![Target::User(slug("ada"))];
    c.incident.apply(Command::AskResponders { to, message: "please".to_owned() }, &Actor::System, at(1)).unwrap();
    let planned = Planned { user: slug("ada"), contact: slug("ada-sms"), due: at(1), reason: "asked".to_owned(), why: None };
    c.queue = c.incident.call_responders(1, Plan { pages: vec![(planned, Channel::Sms)], ..Plan::nobody(at(0)) }).pages;
    let page = c.queue[0].clone();
    s.incidents.commit(&c).await.unwrap();
    (c.incident, level[0].clone(), page)
}

pub async fn who_was_asked_is_paged_until_they_answer(s: Stores) {
    let (i, level, page) = asked(&s).await;
    // Both in one claim, as long as both are wanted.
    s.lanes.claim(&claim(&[level.clone(), page.clone()], 1, None)).await.unwrap();
    let mut c = next(i);
    c.incident.apply(Command::Acknowledge, &Actor::System, at(40)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    let both = claim(&[level.clone(), page.clone()], 40, None);
    assert_eq!(s.lanes.claim(&both).await, Err(ClaimError::TakenBack(vec![level.key.clone()])), "the level's page only");
    s.lanes.claim(&claim(std::slice::from_ref(&page), 40, None)).await.unwrap();
    let mut c = next(c.incident);
    c.incident.apply(Command::AnswerRequest { user: slug("ada"), accept: false }, &Actor::System, at(41)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(std::slice::from_ref(&page), 80, None)).await, Err(ClaimError::TakenBack(vec![page.key.clone()])));
    assert_eq!(s.lanes.claim(&claim(&[level.clone(), page.clone()], 80, None)).await, Err(ClaimError::TakenBack(vec![level.key, page.key])));
}

/// Nobody of a request has a verified way: the last resort is asked beside them, until all of them have answered.
pub async fn the_last_resort_is_asked_until_everybody_answered(s: Stores) {
    let (i, _) = queued(&s, 1, &[0]).await;
    let mut c = next(i);
    let to = vec![Target::User(slug("ada")), Target::User(slug("bob"))];
    c.incident.apply(Command::AskResponders { to, message: String::new() }, &Actor::System, at(1)).unwrap();
    let planned = |user: &str| Planned { user: slug(user), contact: slug(&format!("{user}-sms")), due: at(1), reason: "asked".to_owned(), why: None };
    let mut plan = Plan { pages: ["ada", "bob"].map(|u| (planned(u), Channel::Sms)).to_vec(), ..Plan::nobody(at(1)) };
    plan.beside(&Verified::new());
    c.queue = c.incident.call_responders(1, plan).pages;
    let beside = c.queue[2].clone();
    assert_eq!((beside.channel, &beside.key.user), (Channel::LastResort, &None));
    s.incidents.commit(&c).await.unwrap();
    let claim_at = |seconds| Claim { contact: beside.contact.clone(), ..claim(std::slice::from_ref(&beside), seconds, None) };
    s.lanes.claim(&claim_at(1)).await.unwrap();
    for (n, (user, wanted)) in [("ada", true), ("bob", false)].into_iter().enumerate() {
        c = next(c.incident);
        c.incident.apply(Command::AnswerRequest { user: slug(user), accept: true }, &Actor::System, at(2)).unwrap();
        assert_eq!(c.incident.pages.iter().any(|p| p.key == beside.key), wanted, "{user}");
        s.incidents.commit(&c).await.unwrap();
        let again = s.lanes.claim(&claim_at(40 + 40 * i64::try_from(n).unwrap())).await;
        assert_eq!(again, if wanted { Ok(()) } else { Err(ClaimError::TakenBack(vec![beside.key.clone()])) }, "{user}");
    }
}

pub async fn nobody_is_asked_to_help_with_what_is_resolved(s: Stores) {
    let (i, _, page) = asked(&s).await;
    let mut c = next(i);
    c.incident.apply(Command::Resolve, &Actor::System, at(2)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(std::slice::from_ref(&page), 3, None)).await, Err(ClaimError::TakenBack(vec![page.key])));
}

pub async fn a_used_lane_is_a_conflict(s: Stores) {
    let (_, pages) = queued(&s, 1, &[0, 0]).await;
    let stale = used(&s, 0).await;
    s.lanes.claim(&claim(&pages[..1], 0, Some(stale.clone()))).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(&pages[1..], 0, Some(stale))).await, Err(ClaimError::Conflict));
    assert_eq!(due(&s, 0).await, vec![(0, Some(at(30))), (1, None)]);
    let fresh = used(&s, 0).await;
    s.lanes.claim(&claim(&pages[1..], 0, Some(fresh))).await.unwrap();
    assert_eq!(s.lanes.lane(&slug("ada-sms")).await.unwrap().sent, vec![at(0), at(0)]);
}

pub async fn a_page_that_is_gone_is_a_conflict(s: Stores) {
    let (_, pages) = queued(&s, 1, &[0, 0]).await;
    s.lanes.drop_page(&slug("ada-sms"), &pages[0].key).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(&pages, 0, None)).await, Err(ClaimError::Conflict));
    assert_eq!(due(&s, 0).await, vec![(1, None)], "a claim never brings a page back");
}

pub async fn a_refused_claim_writes_nothing(s: Stores) {
    let (i, pages) = queued(&s, 1, &[0]).await;
    let mut c = next(i);
    c.incident.apply(Command::Acknowledge, &Actor::System, at(1)).unwrap();
    s.incidents.commit(&c).await.unwrap();
    let hash = SecretHash::of("secret");
    let link = AcknowledgeLink { incidents: vec![(c.incident.id, 1)], asked: Vec::new(), user: None, expires_at: at(100) };
    let lane = used(&s, 0).await;
    let refused = Claim { link: Some((hash.clone(), link)), ..claim(&pages, 2, Some(lane)) };
    assert!(s.lanes.claim(&refused).await.is_err());
    assert_eq!(s.lanes.lane(&slug("ada-sms")).await.unwrap(), Lane::default());
    assert_eq!(s.lanes.link(&hash, at(2)).await.unwrap(), None);
}

pub async fn links_expire(s: Stores) {
    let (i, pages) = queued(&s, 1, &[0]).await;
    let hash = SecretHash::of("secret");
    let link = AcknowledgeLink { incidents: vec![(i.id, 1)], asked: vec![i.id], user: Some(slug("ada")), expires_at: at(100) };
    let with_link = Claim { link: Some((hash.clone(), link.clone())), ..claim(&pages, 0, None) };
    s.lanes.claim(&with_link).await.unwrap();
    assert_eq!(s.lanes.link(&hash, at(99)).await.unwrap(), Some(link));
    assert_eq!(s.lanes.link(&hash, at(101)).await.unwrap(), None);
    assert_eq!(s.lanes.link(&SecretHash::of("other"), at(0)).await.unwrap(), None);
}

pub async fn forty_five_pages_fit(s: Stores) {
    let mut all = Vec::new();
    for n in 1..=45 {
        all.extend(queued(&s, n, &[0]).await.1);
    }
    let lane = used(&s, 0).await;
    let link =
        AcknowledgeLink { incidents: all.iter().map(|p| (p.key.incident, 1)).collect(), asked: Vec::new(), user: Some(slug("ada")), expires_at: at(100) };
    s.lanes.claim(&Claim { link: Some((SecretHash::of("x"), link)), ..claim(&all, 0, Some(lane)) }).await.unwrap();
    let leased = s.lanes.due_pages(&slug("ada-sms"), at(0), 100).await.unwrap();
    assert_eq!(leased.iter().filter(|q| q.leased_until == Some(at(30))).count(), 45);
}

pub async fn a_claim_of_no_pages_writes_the_lane(s: Stores) {
    let lane = used(&s, 0).await;
    s.lanes.claim(&claim(&[], 0, Some(lane.clone()))).await.unwrap();
    assert_eq!(s.lanes.lane(&slug("ada-sms")).await.unwrap(), lane);
    assert_eq!(s.lanes.claim(&claim(&[], 0, Some(lane))).await, Err(ClaimError::Conflict));
}

pub async fn a_page_that_changed_since_it_was_read_is_a_conflict(s: Stores) {
    let (i, pages) = queued(&s, 1, &[0]).await;
    let mut c = next(i);
    c.queue = vec![Page { due: at(40), tries: 1, ..pages[0].clone() }];
    s.incidents.commit(&c).await.unwrap();
    assert_eq!(s.lanes.claim(&claim(&pages, 1, None)).await, Err(ClaimError::Conflict));
    s.lanes.claim(&claim(&c.queue, 50, None)).await.unwrap();
}
