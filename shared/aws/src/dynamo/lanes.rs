//! Lanes, the pages that wait in them, and the links that pages carry.

use super::DynamoStore;
use super::incidents::under_revision;
use super::item::{Item, Reader, Writer, instant, number, text};
use super::read::Range;
use super::schema;
use super::write::{Action, Refused};
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use tocsin_app::error::PortError;
use tocsin_app::ports::{AcknowledgeLink, Claim, ClaimError, IncidentStore, LaneStore, QueuedPage, SecretHash};
use tocsin_domain::id::{ContactId, IncidentId};
use tocsin_domain::notification::lane::Lane;
use tocsin_domain::notification::page::{Page, PageKey};

const PORT: &str = "LaneStore";
/// Pages that one look at a lane reads at most. A lane is short: what is in it has not been sent, and what is sent leaves it.
const MOST_READ: usize = 10_000;
/// Pages of one claim: each costs a write and a check of its incident.
const MOST_CLAIMED: usize = 45;

const TRIGGERED: &str = "triggered";

fn read_page(item: &Item) -> Result<QueuedPage, PortError> {
    let reader = Reader::new(PORT, "waiting page", item)?;
    Ok(QueuedPage { page: reader.document()?, leased_until: reader.maybe_parsed("leased_until")? })
}

/// Leases a page that nobody holds, as long as it is the one that was read.
fn lease(contact: &ContactId, page: &Page, claim: &Claim) -> Action {
    Action::update(schema::page(contact, &page.key), "SET #leased_until = :until")
        .when("#due = :due AND #tries = :tries AND (attribute_not_exists(#leased_until) OR #leased_until <= :now)")
        .with(":due", instant(page.due))
        .with(":tries", number(page.tries))
        .with(":until", instant(claim.until))
        .with(":now", instant(claim.now))
}

/// Why a page may leave: the check that its incident has to pass.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    /// Its incident is triggered in this generation.
    Generation(u32),
    /// Its receiver was asked to help, and has not answered; of a page to the last resort, anybody of the request.
    Asked(String),
}

impl Wanted {
    fn of(key: &PageKey) -> Self {
        match (key.request, &key.user) {
            (Some(request), Some(user)) => Self::Asked(schema::asked(request, user)),
            (Some(request), None) => Self::Asked(schema::asked_anybody(request)),
            (None, _) => Self::Generation(key.generation),
        }
    }
}

impl DynamoStore {
    /// Which pages of an incident may not leave, and the incident's revision, which tells whether this still holds.
    async fn unwanted(&self, id: IncidentId, pages: &[Page]) -> Result<(Vec<PageKey>, u64), PortError> {
        let incident = self.incident(id).await?;
        let unwanted = |k: &&PageKey| k.incident == id && !incident.as_ref().is_some_and(|i| i.wants(k));
        Ok((pages.iter().map(|p| &p.key).filter(unwanted).cloned().collect(), incident.as_ref().map_or(0, |i| i.revision)))
    }
}

#[async_trait]
impl LaneStore for DynamoStore {
    async fn lane(&self, contact: &ContactId) -> Result<Lane, PortError> {
        match self.get(PORT, schema::lane(contact)).await? {
            Some(item) => Reader::new(PORT, "lane", &item)?.document(),
            None => Ok(Lane::default()),
        }
    }

    async fn due_pages(&self, contact: &ContactId, now: Timestamp, limit: usize) -> Result<Vec<QueuedPage>, PortError> {
        let items = self.range(PORT, &Range::of(schema::lane(contact).pk, schema::PAGE, MOST_READ)).await?;
        let mut pages = items.iter().map(read_page).collect::<Result<Vec<_>, _>>()?;
        pages.retain(|p| p.page.due <= now);
        pages.sort_by(|a, b| (a.page.due, &a.page.key).cmp(&(b.page.due, &b.page.key)));
        pages.truncate(limit);
        Ok(pages)
    }

    async fn claim(&self, claim: &Claim) -> Result<(), ClaimError> {
        if claim.pages.len() > MOST_CLAIMED {
            return Err(PortError::Final { port: PORT, reason: format!("{} pages in one claim, which takes {MOST_CLAIMED}", claim.pages.len()) }.into());
        }
        let mut reasons: BTreeMap<IncidentId, BTreeSet<Wanted>> = BTreeMap::new();
        for page in &claim.pages {
            reasons.entry(page.key.incident).or_default().insert(Wanted::of(&page.key));
        }
        // The incident of each check; none where a failed one does not tell which of its pages is not wanted any more.
        let mut checked: Vec<Option<IncidentId>> = Vec::new();
        let mut actions: Vec<Action> = Vec::new();
        for (incident, reasons) in &reasons {
            let check = Action::check(schema::incident(*incident));
            let one = if reasons.len() == 1 { reasons.first() } else { None };
            checked.push(one.map(|_| *incident));
            actions.push(match one {
                Some(Wanted::Generation(generation)) => check
                    .when("#status = :triggered AND #generation = :generation")
                    .with(":triggered", text(TRIGGERED))
                    .with(":generation", number(*generation)),
                Some(Wanted::Asked(who)) => check.when("contains(#asked, :who)").with(":who", text(who.clone())),
                // A transaction checks an item once: of several reasons it can not tell which holds.
                None => {
                    let (unwanted, revision) = self.unwanted(*incident, &claim.pages).await?;
                    if !unwanted.is_empty() {
                        return Err(ClaimError::TakenBack(unwanted));
                    }
                    check.when("#revision = :revision").with(":revision", number(revision))
                }
            });
        }
        actions.extend(claim.pages.iter().map(|page| lease(&claim.contact, page, claim)));
        if let Some(lane) = &claim.lane {
            let item = Writer::of_deployment(schema::lane(&claim.contact)).document(PORT, lane)?.with("revision", number(lane.revision));
            actions.push(under_revision(Action::put(item.build()), lane.revision));
        }
        if let Some((hash, link)) = &claim.link {
            let item = Writer::of_deployment(schema::acknowledge_link(hash)).document(PORT, link)?.expires(link.expires_at);
            actions.push(Action::put(item.build()));
        }
        match self.transact(PORT, actions).await {
            Ok(()) => Ok(()),
            Err(Refused::Port(e)) => Err(e.into()),
            Err(Refused::Conditions(conditions)) => {
                let over: BTreeSet<IncidentId> = conditions.iter().filter_map(|(n, _)| checked.get(*n).copied().flatten()).collect();
                let taken_back: Vec<PageKey> = claim.pages.iter().map(|p| &p.key).filter(|k| over.contains(&k.incident)).cloned().collect();
                Err(if taken_back.is_empty() { ClaimError::Conflict } else { ClaimError::TakenBack(taken_back) })
            }
        }
    }

    async fn drop_page(&self, contact: &ContactId, key: &PageKey) -> Result<(), PortError> {
        self.write(PORT, &Action::delete(schema::page(contact, key))).await.map_err(|r| r.unexpected(PORT))
    }

    async fn link(&self, hash: &SecretHash, now: Timestamp) -> Result<Option<AcknowledgeLink>, PortError> {
        let Some(item) = self.get(PORT, schema::acknowledge_link(hash)).await? else { return Ok(None) };
        let link: AcknowledgeLink = Reader::new(PORT, "acknowledge link", &item)?.document()?;
        Ok(Some(link).filter(|l| l.expires_at > now))
    }
}
