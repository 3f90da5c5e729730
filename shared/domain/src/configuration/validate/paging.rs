//! Schedules, policies, services and the status page.

use super::{MOST_AUTO_RESOLVE_S, MOST_RULE_DELAY_S, MOST_SCHEDULE_BYTES, Report};
use crate::alert::{Urgency, mapping};
use crate::configuration::{Grouping, Integration, IntegrationKind, Service};
use crate::escalation::policy::{Hours, LEAST_CYCLE_S, MOST_DELAY_S, MOST_LEVELS, MOST_REPEATS, MOST_TARGETS, Policy, Target};
use crate::flood::{FLOOD_BOUNDS, LEAST_RATIO, Limits, MOST_REFUSE_AFTER};
use crate::schedule::{Change, Open, Schedule, Turn, open};
use jiff::Timestamp;

/// The longest description of a component, in characters.
const MOST_DESCRIPTION_CHARS: usize = 1000;

impl Report<'_> {
    pub(super) fn team(&mut self, path: String, team: &str) {
        let configuration = self.configuration;
        self.must_exist(path, "team", team, configuration.teams.iter().map(|t| t.id.as_str()));
    }

    fn user(&mut self, path: String, user: &str) {
        let configuration = self.configuration;
        self.must_exist(path, "user", user, configuration.users.iter().map(|u| u.id.as_str()));
    }

    pub(super) fn schedules(&mut self) {
        let configuration = self.configuration;
        self.must_be_unique("schedule", configuration.schedules.iter().enumerate().map(|(i, s)| (format!("schedules[{i}].id"), s.id.as_str())));
        for (i, schedule) in configuration.schedules.iter().enumerate() {
            self.team(format!("schedules[{i}].team"), schedule.team.as_str());
            self.text(format!("schedules[{i}].name"), &schedule.name, super::MOST_NAME_CHARS);
            for problem in schedule.validate() {
                self.say(format!("schedules[{i}].{}", problem.field), problem.message, Some(problem.suggestion));
            }
            self.people_of(&format!("schedules[{i}]"), schedule);
            let bytes = serde_json::to_vec(schedule).map_or(0, |json| json.len());
            if bytes > MOST_SCHEDULE_BYTES {
                let suggestion = format!("at most {MOST_SCHEDULE_BYTES}: remove overrides that are over, or split it");
                self.say(format!("schedules[{i}]"), format!("schedule {:?} is {bytes} bytes long", schedule.id.as_str()), Some(suggestion));
            }
        }
    }

    /// Everybody whom a schedule names must exist; the engine itself knows no users.
    fn people_of(&mut self, path: &str, schedule: &Schedule) {
        for (i, layer) in schedule.layers.iter().enumerate() {
            for (j, turn) in layer.members.iter().enumerate() {
                self.turn(format!("{path}.layers[{i}].members[{j}]"), turn);
            }
        }
        for (i, change) in schedule.overrides.iter().enumerate() {
            let path = format!("{path}.overrides[{i}]");
            match &change.change {
                Change::Everybody { with } | Change::Layer { layer: _, with } => self.turn(format!("{path}.with"), with),
                Change::Add { add } => self.turn(format!("{path}.add"), add),
                Change::Person { person, with } => {
                    self.user(format!("{path}.person"), person.as_str());
                    self.turn(format!("{path}.with"), with);
                }
            }
        }
    }

    /// A turn of one is written as a name, a turn of several as a list.
    fn turn(&mut self, path: String, turn: &Turn) {
        match turn.0.as_slice() {
            [one] => self.user(path, one.as_str()),
            several => several.iter().enumerate().for_each(|(i, user)| self.user(format!("{path}[{i}]"), user.as_str())),
        }
    }

    pub(super) fn policies(&mut self) {
        let configuration = self.configuration;
        self.must_be_unique("policy", configuration.policies.iter().enumerate().map(|(i, p)| (format!("policies[{i}].id"), p.id.as_str())));
        for (i, policy) in configuration.policies.iter().enumerate() {
            self.policy(&format!("policies[{i}]"), policy);
        }
    }

    fn policy(&mut self, path: &str, policy: &Policy) {
        self.team(format!("{path}.team"), policy.team.as_str());
        self.text(format!("{path}.name"), &policy.name, super::MOST_NAME_CHARS);
        if policy.levels.is_empty() {
            self.say(format!("{path}.levels"), "a policy without levels pages nobody", Some("add a level with a delay_s and targets".to_owned()));
        }
        if policy.levels.len() > MOST_LEVELS {
            self.say(format!("{path}.levels"), format!("{} levels are too many", policy.levels.len()), Some(format!("at most {MOST_LEVELS}")));
        }
        if policy.repeat > MOST_REPEATS {
            let suggestion = format!("at most {MOST_REPEATS}; to go on until somebody answers write until_acknowledged: true");
            self.say(format!("{path}.repeat"), format!("{} repeats are too many", policy.repeat), Some(suggestion));
        }
        let of = |urgency: Urgency| policy.levels.iter().filter(move |l| l.urgency.is_none_or(|own| own == urgency));
        for urgency in [Urgency::High, Urgency::Low] {
            if !policy.levels.is_empty() && of(urgency).next().is_none() {
                let message = format!("no level is for {0} urgency: an incident of {0} urgency would go to the last-resort contact at once", urgency.as_str());
                self.say(format!("{path}.levels"), message, Some("add a level for it, or one without urgency".to_owned()));
            }
        }
        let cycle = |urgency: Urgency| of(urgency).map(|l| u64::from(l.delay_s)).sum::<u64>();
        let cycle_s = cycle(Urgency::High).min(cycle(Urgency::Low));
        if policy.until_acknowledged && !policy.levels.is_empty() && cycle_s < u64::from(LEAST_CYCLE_S) {
            let message = format!("one round takes {cycle_s} s: a policy that goes on until somebody acknowledges would page too often");
            let suggestion = format!("let the delays of its levels add up to {LEAST_CYCLE_S} s or more");
            self.say(format!("{path}.until_acknowledged"), message, Some(suggestion));
        }
        for (i, level) in policy.levels.iter().enumerate() {
            let path = format!("{path}.levels[{i}]");
            self.seconds(format!("{path}.delay_s"), level.delay_s, 0, MOST_DELAY_S);
            if level.targets.is_empty() {
                let suggestion = "add a user, a schedule or a team, or remove the level".to_owned();
                self.say(format!("{path}.targets"), "a level without targets pages nobody", Some(suggestion));
            }
            if level.targets.len() > MOST_TARGETS {
                self.say(format!("{path}.targets"), format!("{} targets are too many", level.targets.len()), Some(format!("at most {MOST_TARGETS}")));
            }
            if let Some(hours) = &level.hours {
                self.hours(&format!("{path}.hours"), hours);
            }
            for (j, target) in level.targets.iter().enumerate() {
                self.target(&format!("{path}.targets[{j}]"), target);
            }
        }
    }

    /// Hours in which a level fires: there must be some.
    fn hours(&mut self, path: &str, hours: &Hours) {
        self.zone(format!("{path}.time_zone"), &hours.time_zone);
        self.windows(&format!("{path}.windows"), &hours.windows);
        if hours.windows.is_empty() {
            let message = if hours.outside { "there are no hours to be outside of" } else { "there are no hours: the level can never fire" };
            self.say(format!("{path}.windows"), message, Some("write windows like {from: \"09:00\", to: \"17:00\"}, or leave `hours` out".to_owned()));
        } else if hours.outside && open(&hours.windows, "UTC", Timestamp::UNIX_EPOCH) == Open::Always {
            let message = "the windows are all hours of the week, and nothing is outside of them: the level can never fire";
            self.say(format!("{path}.windows"), message, Some("leave `outside` out, or make the windows shorter".to_owned()));
        }
    }

    fn target(&mut self, path: &str, target: &Target) {
        let configuration = self.configuration;
        match target {
            Target::User(id) => self.user(format!("{path}.user"), id.as_str()),
            Target::Schedule(id) => {
                self.must_exist(format!("{path}.schedule"), "schedule", id.as_str(), configuration.schedules.iter().map(|s| s.id.as_str()));
            }
            Target::Team(id) => self.team(format!("{path}.team"), id.as_str()),
        }
    }

    pub(super) fn services(&mut self) {
        let configuration = self.configuration;
        let services = || configuration.services.iter().enumerate();
        self.must_be_unique("service", services().map(|(i, s)| (format!("services[{i}].id"), s.id.as_str())));
        let integrations =
            services().flat_map(|(i, s)| s.integrations.iter().enumerate().map(move |(j, x)| (format!("services[{i}].integrations[{j}].id"), x.id.as_str())));
        let routed = configuration.teams.iter().enumerate();
        let routed = routed.flat_map(|(i, t)| t.integrations.iter().enumerate().map(move |(j, x)| (format!("teams[{i}].integrations[{j}].id"), x.id.as_str())));
        self.must_be_unique("integration", routed.chain(integrations));
        let routed = configuration.teams.iter().enumerate();
        let routed = routed.flat_map(|(i, t)| t.integrations.iter().enumerate().map(move |(j, x)| (format!("teams[{i}].integrations[{j}]"), x)));
        let own = services().flat_map(|(i, s)| s.integrations.iter().enumerate().map(move |(j, x)| (format!("services[{i}].integrations[{j}]"), x)));
        for (path, integration) in routed.chain(own) {
            self.limits(&path, integration);
            self.mapping(&path, integration);
        }
        for (i, service) in services() {
            self.service(&format!("services[{i}]"), service);
        }
    }

    fn service(&mut self, path: &str, service: &Service) {
        let configuration = self.configuration;
        self.name(format!("{path}.name"), &service.name);
        self.team(format!("{path}.team"), service.team.as_str());
        self.must_exist(format!("{path}.policy"), "policy", service.policy.as_str(), configuration.policies.iter().map(|p| p.id.as_str()));
        match &service.grouping {
            Grouping::None => {}
            Grouping::Time { window_s } => self.seconds(format!("{path}.grouping.window_s"), *window_s, 1, MOST_RULE_DELAY_S),
            Grouping::Fields { fields, window_s } => self.grouping_fields(&format!("{path}.grouping"), fields, *window_s),
        }
        self.service_rules(path, service);
        self.dependencies(path, service);
        if let Some(timeout_s) = service.acknowledge_timeout_s {
            self.seconds(format!("{path}.acknowledge_timeout_s"), timeout_s, 1, MOST_RULE_DELAY_S);
        }
        if let Some(after_s) = service.auto_resolve_s {
            self.seconds(format!("{path}.auto_resolve_s"), after_s, 1, MOST_AUTO_RESOLVE_S);
        }
    }

    /// How it reads bodies.
    fn mapping(&mut self, path: &str, integration: &Integration) {
        if !integration.mapping.is_empty() && integration.kind != IntegrationKind::Generic {
            let message = "a mapping reads what is posted to the generic address";
            self.say(format!("{path}.kind"), message, Some("write kind: generic, or leave the mapping out".to_owned()));
        }
        for mistake in mapping::mistakes(&integration.mapping) {
            self.say(format!("{path}.mapping{}", mistake.field), mistake.message, Some(mistake.suggestion));
        }
    }

    /// How many new alerts in a minute: between both limits there has to be room for what is grouped instead of refused.
    fn limits(&mut self, path: &str, integration: &Integration) {
        let Limits { flood_after, refuse_after } = integration.limits();
        let (least, most) = FLOOD_BOUNDS;
        if !(least..=most).contains(&flood_after) {
            let suggestion = format!("write {least} to {most} new alerts in a minute");
            self.say(format!("{path}.flood_after"), format!("{flood_after} is out of bounds"), Some(suggestion));
            return;
        }
        let least = flood_after * LEAST_RATIO;
        if !(least..=MOST_REFUSE_AFTER).contains(&refuse_after) {
            let suggestion = format!(
                "write {least} ({LEAST_RATIO} times flood_after) to {MOST_REFUSE_AFTER} new alerts in a minute: what lies between is accepted as one incident"
            );
            self.say(format!("{path}.refuse_after"), format!("{refuse_after} is out of bounds"), Some(suggestion));
        }
    }

    pub(super) fn status_page(&mut self) {
        let configuration = self.configuration;
        let Some(page) = &configuration.status_page else { return };
        self.name("status_page.name".to_owned(), &page.name);
        self.zone("status_page.time_zone".to_owned(), &page.time_zone);
        let components = || page.components.iter().enumerate().map(|(i, c)| (format!("status_page.components[{i}]"), c));
        self.must_be_unique("component", components().map(|(path, c)| (format!("{path}.id"), c.id.as_str())));
        for (path, component) in components() {
            self.name(format!("{path}.name"), &component.name);
            self.text(format!("{path}.description"), &component.description, MOST_DESCRIPTION_CHARS);
            for (i, service) in component.services.iter().enumerate() {
                self.must_exist(format!("{path}.services[{i}]"), "service", service.as_str(), configuration.services.iter().map(|s| s.id.as_str()));
            }
        }
    }
}
