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
        let ids: Vec<IncidentId> = link.incidents.iter().map(|(id, _)| *id).collect();
        let mut incidents = Vec::with_capacity(ids.len());
        for part in ids.chunks(16) {
            for found in futures::future::join_all(part.iter().map(|id| self.incidents.incident(*id))).await {
                incidents.extend(found?);
            }
        }
        Ok((link, incidents))
    }

    /// Acknowledges what the link is bound to, where it is still triggered in that generation. The answer is the incidents as they are now.
    pub async fn act(&self, secret: &str) -> Result<(AcknowledgeLink, Vec<Incident>), AppError> {
        let (link, incidents) = self.look(secret).await?;
        let by = link.user.clone().map_or(Actor::System, Actor::User);
        let mut after = Vec::with_capacity(incidents.len());
        for incident in incidents {
            let generation = link.incidents.iter().find(|(id, _)| *id == incident.id).map(|(_, g)| *g);
            if incident.status != Status::Triggered || generation != Some(incident.generation) {
                after.push(incident);
                continue;
            }
            let bound = |i: &Incident| Some(i.generation) == generation;
            match self.command.run(incident.id, Command::Acknowledge, &by, bound).await {
                Ok(i) => after.push(i),
                // Resolved, or started over, between the two looks: show it as it is.
                Err(AppError::Rejected { .. } | AppError::NotFound { .. }) => after.extend(self.incidents.incident(incident.id).await?),
                Err(e) => return Err(e),
            }
        }
        Ok((link, after))
    }
}
