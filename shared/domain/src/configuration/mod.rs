//! Configuration: everything that people decide, in one document that is versioned as a whole.
//!
//! Versions are immutable; open incidents keep the version they started with for their policy, while who is on call and how to reach a person is always
//! read from the current one. Refuses to hold secrets: keys and tokens are made by the API and shown once.

pub mod part;
mod sources;
pub mod validate;

use crate::alert::mapping;
use crate::escalation::policy::Policy;
use crate::flood::{FLOOD_AFTER, Limits, REFUSE_AFTER};
use crate::heartbeat::Heartbeat;
use crate::id::{ComponentId, ContactId, IntegrationId, PolicyId, ServiceId, TeamId, UserId};
use crate::maintenance::Maintenance;
use crate::notification::locale::Locale;
use crate::rules::Router;
use crate::schedule::{Restriction, Schedule};
use serde::{Deserialize, Serialize};

/// The form of the document; the only one so far.
pub const FORMAT: u32 = 1;

/// Services that are looked at for one that depends on them.
const MOST_UPSTREAM: usize = 50;

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Configuration {
    /// Form of this document: 1.
    pub version: u32,
    /// Teams.
    #[serde(default)]
    pub teams: Vec<Team>,
    /// People.
    #[serde(default)]
    pub users: Vec<User>,
    /// Who is on call, when.
    #[serde(default)]
    pub schedules: Vec<Schedule>,
    /// Who is paged, in which order.
    #[serde(default)]
    pub policies: Vec<Policy>,
    /// What alerts are about.
    #[serde(default)]
    pub services: Vec<Service>,
    /// Jobs that say that they are alive.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heartbeats: Vec<Heartbeat>,
    /// Times in which nobody is paged for a service.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub maintenance: Vec<Maintenance>,
    /// The public page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_page: Option<StatusPage>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Team {
    /// Its id.
    pub id: TeamId,
    /// What people call it.
    pub name: String,
    /// Who belongs to it.
    #[serde(default)]
    pub members: Vec<Member>,
    /// Keys for senders of the whole team: its router says which service an event belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub integrations: Vec<Integration>,
    /// Where events of these integrations go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub router: Option<Router>,
}

/// A user's part in a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// May do what.
    #[serde(default)]
    pub role: Role,
}

/// What a member may do; each role may do what those below it may.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Look.
    Observer,
    /// Act on incidents.
    #[default]
    Responder,
    /// Change configuration.
    Admin,
    /// Everything, tokens included.
    Owner,
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Self; 4] = [Self::Observer, Self::Responder, Self::Admin, Self::Owner];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observer => "observer",
            Self::Responder => "responder",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A person who can be reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct User {
    /// Their id.
    pub id: UserId,
    /// Their name, as pages show it.
    pub name: String,
    /// IANA zone for the times that their pages show.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// How they read dates and times: a language and a region, like `en-GB` or `de-DE`. Without it: 24 hours and ISO dates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// Windows of the day or the week, in their own zone, in which pages of low urgency wait for the window's end. High urgency never waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quiet_hours: Vec<Restriction>,
    /// `false`: they are not told when their time on call begins and ends, although the schedule asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handoff_notice: Option<bool>,
    /// Ways to reach them.
    #[serde(default)]
    pub contact_methods: Vec<ContactMethod>,
    /// In which order, by urgency. Empty: every contact method at once for high, the first e-mail for low.
    #[serde(default)]
    pub rules: Rules,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// One way to reach a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ContactMethod {
    /// Its id, unique in the whole document.
    pub id: ContactId,
    /// The channel.
    pub kind: Channel,
    /// A phone number in E.164 form (`+15555550100`), or an e-mail address.
    pub to: String,
}

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// Text message to a phone, by SNS.
    Sms,
    /// E-mail, by the subscription of a topic that belongs to this contact method alone.
    Email,
    /// The last-resort topic of the deployment: belongs to nobody, always there.
    LastResort,
}

/// Notification rules by urgency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// For high urgency.
    #[serde(default)]
    pub high: Vec<Rule>,
    /// For low urgency.
    #[serde(default)]
    pub low: Vec<Rule>,
}

/// "After this long, by this way."
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "NotificationRule"))]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Whole seconds after the level fired (0 to 7 days).
    #[serde(default)]
    pub after_s: u32,
    /// Which contact method of this user.
    pub via: ContactId,
}

/// What alerts are about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// Its id.
    pub id: ServiceId,
    /// What people call it.
    pub name: String,
    /// Its owner.
    pub team: TeamId,
    /// Who is paged.
    pub policy: PolicyId,
    /// How alerts become incidents.
    #[serde(default)]
    pub grouping: Grouping,
    /// An acknowledged incident is triggered again after this many seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledge_timeout_s: Option<u32>,
    /// An open incident is resolved this many seconds after it opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto_resolve_s: Option<u32>,
    /// Keys for senders.
    #[serde(default)]
    pub integrations: Vec<Integration>,
    /// What is done with its alerts before anybody is paged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<crate::rules::Rule>,
    /// Teams whose routers may send events here, beside its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routed_from: Vec<TeamId>,
    /// Services that it can not do without.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub depends_on: Vec<ServiceId>,
    /// Whether its alerts join the open incident of a service that it depends on, instead of paging its own people.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attach_to_upstream: bool,
}

/// How alerts of a service become incidents.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", tag = "by", deny_unknown_fields)]
pub enum Grouping {
    /// Each alert is an incident.
    #[default]
    None,
    /// Alerts join the service's open incident while it is younger than the window.
    Time {
        /// Length of the window in whole seconds.
        window_s: u32,
    },
    /// Alerts join the open incident whose alerts have the same values in these fields.
    Fields {
        /// Fields of the event: `component`, `details.host`.
        fields: Vec<String>,
        /// For so many seconds; none: for as long as the incident is open.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window_s: Option<u32>,
    },
}

/// A key that senders use. The key itself is made by the API and never in the document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// Its id, unique in the whole document.
    pub id: IntegrationId,
    /// Which senders it is for; any of Tocsin's wire formats is accepted under any key.
    pub kind: IntegrationKind,
    /// Whose messages it takes where AWS calls Tocsin itself, so that no address has a key: ARNs of SNS topics, and `source` or resources of EventBridge's events.
    /// One `*` stands for anything. Of several integrations the one that says most of it counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sources: Vec<String>,
    /// More new alerts than these in one minute are a flood: they join one incident. 100 where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood_after: Option<u32>,
    /// More new alerts than these in one minute are refused: their senders come again. 30,000 where nothing is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refuse_after: Option<u32>,
    /// How to read bodies that are posted to the generic address: rules, of which the first that is for a body reads it. Without any, by common names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mapping: Vec<mapping::Rule>,
}

impl Integration {
    /// How many new alerts in a minute it may bring.
    pub fn limits(&self) -> Limits {
        Limits { flood_after: self.flood_after.unwrap_or(FLOOD_AFTER), refuse_after: self.refuse_after.unwrap_or(REFUSE_AFTER) }
    }
}

/// Which senders an integration is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum IntegrationKind {
    /// Events API v2.
    Pagerduty,
    /// Webhook v4.
    Alertmanager,
    /// Alert API v2.
    Opsgenie,
    /// Any JSON or form, read by common names or by a mapping.
    Generic,
    /// Pings; only for what stands under `heartbeats`.
    Heartbeat,
}

/// The public page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StatusPage {
    /// Whose page it is.
    pub name: String,
    /// IANA zone of the times it shows.
    #[serde(default = "utc")]
    pub time_zone: String,
    /// What it shows, in this order.
    #[serde(default)]
    pub components: Vec<Component>,
}

/// Something that readers of the status page know by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Component {
    /// Its id.
    pub id: ComponentId,
    /// Its name on the page.
    pub name: String,
    /// One sentence for readers.
    #[serde(default)]
    pub description: String,
    /// The services behind it: their open incidents drive its state.
    #[serde(default)]
    pub services: Vec<ServiceId>,
}

impl User {
    /// How they read dates and times; ISO where nothing, or nothing known, is written.
    pub fn reads(&self) -> Locale {
        self.locale.as_deref().and_then(Locale::named).unwrap_or_default()
    }

    /// An instant on their clock, as they read it.
    pub fn clock(&self, at: jiff::Timestamp) -> String {
        self.reads().time(at, &jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC))
    }
}

impl Configuration {
    /// A team by id.
    pub fn team(&self, id: &TeamId) -> Option<&Team> {
        self.teams.iter().find(|t| t.id == *id)
    }
    /// A user by id.
    pub fn user(&self, id: &UserId) -> Option<&User> {
        self.users.iter().find(|u| u.id == *id)
    }
    /// A service by id.
    pub fn service(&self, id: &ServiceId) -> Option<&Service> {
        self.services.iter().find(|s| s.id == *id)
    }
    /// A policy by id.
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.policies.iter().find(|p| p.id == *id)
    }
    /// A schedule by id.
    pub fn schedule(&self, id: &crate::id::ScheduleId) -> Option<&Schedule> {
        self.schedules.iter().find(|s| s.id == *id)
    }
    /// Everything that has keys: integrations of services and of routers, and heartbeats; with its kind, its service (of a router, where its events go unless a rule
    /// routes them) and the team that owns it.
    pub fn keyed(&self) -> impl Iterator<Item = (&IntegrationId, IntegrationKind, &Service, &TeamId)> {
        let of_services = self.services.iter().flat_map(|s| s.integrations.iter().map(move |i| (&i.id, i.kind, s, &s.team)));
        let routed = self.teams.iter().filter_map(|t| Some((t, self.service(&t.router.as_ref()?.default)?)));
        let of_routers = routed.flat_map(|(t, s)| t.integrations.iter().map(move |i| (&i.id, i.kind, s, &t.id)));
        let heartbeats = self.heartbeats.iter().filter_map(|h| {
            let service = self.service(&h.service)?;
            Some((&h.id, IntegrationKind::Heartbeat, service, &service.team))
        });
        of_services.chain(of_routers).chain(heartbeats)
    }
    /// How an integration reads what is posted to its generic address; nothing where it does not say.
    pub fn mapping_of(&self, id: &IntegrationId) -> &[mapping::Rule] {
        let of_services = self.services.iter().flat_map(|s| &s.integrations);
        of_services.chain(self.teams.iter().flat_map(|t| &t.integrations)).find(|i| i.id == *id).map_or(&[], |i| &i.mapping)
    }
    /// The service that an integration, or a heartbeat, belongs to; that of a router is where its events go unless a rule routes them.
    pub fn service_of(&self, id: &IntegrationId) -> Option<&Service> {
        let heartbeat = || self.heartbeats.iter().find(|h| h.id == *id).and_then(|h| self.service(&h.service));
        let router = || self.router_of(id).and_then(|(_, router)| self.service(&router.default));
        self.services.iter().find(|s| s.integrations.iter().any(|i| i.id == *id)).or_else(router).or_else(heartbeat)
    }
    /// How many new alerts in a minute an integration may bring.
    pub fn limits_of(&self, id: &IntegrationId) -> Limits {
        let of_services = self.services.iter().flat_map(|s| &s.integrations);
        let mut all = of_services.chain(self.teams.iter().flat_map(|t| &t.integrations));
        all.find(|i| i.id == *id).map(Integration::limits).unwrap_or_default()
    }
    /// The team and the router that an integration belongs to.
    pub fn router_of(&self, id: &IntegrationId) -> Option<(&Team, &Router)> {
        let team = self.teams.iter().find(|t| t.integrations.iter().any(|i| i.id == *id))?;
        Some((team, team.router.as_ref()?))
    }
    /// Services that a service depends on, directly or through others, the nearest first.
    pub fn upstream_of(&self, service: &Service) -> Vec<&Service> {
        let mut found: Vec<&Service> = Vec::new();
        let mut next: Vec<&ServiceId> = service.depends_on.iter().collect();
        while let Some(id) = (!next.is_empty()).then(|| next.remove(0)) {
            if found.len() >= MOST_UPSTREAM || *id == service.id || found.iter().any(|s| s.id == *id) {
                continue;
            }
            if let Some(upstream) = self.service(id) {
                found.push(upstream);
                next.extend(&upstream.depends_on);
            }
        }
        found
    }
    /// The owner and the contact method of an id.
    pub fn contact(&self, id: &ContactId) -> Option<(&User, &ContactMethod)> {
        self.users.iter().find_map(|u| u.contact_methods.iter().find(|c| c.id == *id).map(|c| (u, c)))
    }
}
