//! Acknowledge links: looking shows, posting acts. The link binds incidents, their generation, the person, the action and an expiry; it has one effect.
//!
//! Called by: `api`. A mail scanner that opens every link changes nothing.

use crate::command_incident::CommandIncident;
use crate::error::AppError;
use crate::ports::{AcknowledgeLink, IncidentStore, LaneStore, SecretHash};
use std::sync::Arc;
use tocsin_domain::id::IncidentId;
use tocsin_domain::incident::command::Command;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::incident::{Incident, Status};

/// The use case.
#[derive(Clone)]
pub struct UseLink {
    /// Links.
    pub lanes: Arc<dyn LaneStore>,
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Acknowledges.
    pub command: CommandIncident,
}

impl UseLink {
    /// What a link is bound to, and its incidents as they are now. Unknown and expired links look the same.
    pub async fn look(&self, secret: &str) -> Result<(AcknowledgeLink, Vec<Incident>), AppError> {
        let gone = || AppError::NotFound { what: "link".to_owned() };
        let link = self.lanes.link(&SecretHash::of(secret), self.command.clock.now()).await?.ok_or_else(gone)?;
        let mut ids: Vec<IncidentId> = link.incidents.iter().map(|(id, _)| *id).chain(link.asked.iter().copied()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut incidents = Vec::with_capacity(ids.len());
        for part in ids.chunks(16) {
            for found in futures::future::join_all(part.iter().map(|id| self.incidents.incident(*id))).await {
                incidents.extend(found?);
            }
        }
        Ok((link, incidents))
    }

    /// Acknowledges what the link is bound to, where it is still triggered in that generation, and accepts requests for help. The answer is the incidents as they are now.
    pub async fn act(&self, secret: &str) -> Result<(AcknowledgeLink, Vec<Incident>), AppError> {
        let (link, mut incidents) = self.look(secret).await?;
        self.say(&link, &mut incidents, true).await?;
        let by = link.user.clone().map_or(Actor::System, Actor::User);
        let mut after = Vec::with_capacity(incidents.len());
        for incident in incidents {
            let generation = link.incidents.iter().find(|(id, _)| *id == incident.id).map(|(_, g)| *g);
            if incident.status != Status::Triggered || !generation.is_some_and(|g| incident.answers(g)) {
                after.push(incident);
                continue;
            }
            let bound = |i: &Incident| generation.is_some_and(|g| i.answers(g));
            match self.command.run(incident.id, Command::Acknowledge, &by, bound).await {
                Ok(i) => after.push(i),
                // Resolved, or started over, between the two looks: show it as it is.
                Err(AppError::Rejected { .. } | AppError::NotFound { .. }) => after.extend(self.incidents.incident(incident.id).await?),
                Err(e) => return Err(e),
            }
        }
        Ok((link, after))
    }

    /// Says yes or no to the requests for help that the link is bound to, where they still wait for its holder. The answer is the incidents as they are now.
    pub async fn answer_requests(&self, secret: &str, accept: bool) -> Result<(AcknowledgeLink, Vec<Incident>), AppError> {
        let (link, mut incidents) = self.look(secret).await?;
        self.say(&link, &mut incidents, accept).await?;
        Ok((link, incidents))
    }

    async fn say(&self, link: &AcknowledgeLink, incidents: &mut [Incident], accept: bool) -> Result<(), AppError> {
        let Some(user) = link.user.clone() else { return Ok(()) };
        let by = Actor::User(user.clone());
        for incident in incidents.iter_mut().filter(|i| link.asked.contains(&i.id) && i.is_asked(&user)) {
            match self.command.run(incident.id, Command::AnswerRequest { user: user.clone(), accept }, &by, |_| true).await {
                Ok(after) => *incident = after,
                // Resolved between the two looks: there is nothing to help with.
                Err(AppError::Rejected { .. } | AppError::NotFound { .. }) => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}
