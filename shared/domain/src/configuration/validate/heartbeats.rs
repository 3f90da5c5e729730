//! Heartbeats: what is expected, how often, and whose people hear of it.

use super::Report;
use crate::configuration::IntegrationKind;
use crate::heartbeat::{LEAST_INTERVAL_S, MOST_INTERVAL_S};
use std::collections::HashMap;

impl Report<'_> {
    pub(super) fn heartbeats(&mut self) {
        let configuration = self.configuration;
        for (i, service) in configuration.services.iter().enumerate() {
            for (j, integration) in service.integrations.iter().enumerate().filter(|(_, x)| x.kind == IntegrationKind::Heartbeat) {
                let suggestion = format!("write it under heartbeats: {{id: {}, name: ..., service: {}, interval_s: ...}}", integration.id, service.id);
                self.say(format!("services[{i}].integrations[{j}].kind"), "an integration can not be a heartbeat", Some(suggestion));
            }
        }
        let heartbeats = || configuration.heartbeats.iter().enumerate();
        // Heartbeats and integrations have keys and alerts under the same kind of id.
        let integrations = configuration
            .services
            .iter()
            .enumerate()
            .flat_map(|(i, s)| s.integrations.iter().enumerate().map(move |(j, x)| (x.id.as_str(), format!("services[{i}].integrations[{j}].id"))));
        let of_teams = configuration
            .teams
            .iter()
            .enumerate()
            .flat_map(|(i, t)| t.integrations.iter().enumerate().map(move |(j, x)| (x.id.as_str(), format!("teams[{i}].integrations[{j}].id"))));
        let taken: HashMap<&str, String> = integrations.chain(of_teams).collect();
        for (i, heartbeat) in heartbeats() {
            if let Some(before) = taken.get(heartbeat.id.as_str()) {
                let suggestion = format!("{before} has it already: choose another id");
                self.say(format!("heartbeats[{i}].id"), format!("integration {:?} is there twice", heartbeat.id.as_str()), Some(suggestion));
            }
        }
        self.must_be_unique("heartbeat", heartbeats().map(|(i, h)| (format!("heartbeats[{i}].id"), h.id.as_str())));
        for (i, heartbeat) in heartbeats() {
            let path = format!("heartbeats[{i}]");
            self.name(format!("{path}.name"), &heartbeat.name);
            self.must_exist(format!("{path}.service"), "service", heartbeat.service.as_str(), configuration.services.iter().map(|s| s.id.as_str()));
            self.seconds(format!("{path}.interval_s"), heartbeat.interval_s, LEAST_INTERVAL_S, MOST_INTERVAL_S);
            self.seconds(format!("{path}.grace_s"), heartbeat.grace_s, 0, MOST_INTERVAL_S);
        }
        // Within a team a name says which one is meant: senders that ping by name know nothing else.
        for (i, heartbeat) in heartbeats() {
            let team = |id| configuration.service(id).map(|s| &s.team);
            let earlier = heartbeats().take(i).find(|(_, h)| h.is_called(&heartbeat.name) && team(&h.service) == team(&heartbeat.service));
            if let Some((j, _)) = earlier {
                let suggestion = format!("heartbeats[{j}].name has it already: choose another one");
                self.say(format!("heartbeats[{i}].name"), format!("heartbeat {:?} is there twice in its team", heartbeat.name), Some(suggestion));
            }
        }
    }
}
