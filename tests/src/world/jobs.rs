//! The functions of a world: what calls them, what they do, and what becomes of their answer or death.

use super::World;
use super::mutant::{Mistaken, Mutant, Role};
use super::stream::Batch;
use super::tell::{Answer, Asked};
use jiff::SignedDuration;
use std::collections::BTreeMap;
use std::sync::Arc;
use tocsin_app::accept_event::{AcceptEvent, Accepted};
use tocsin_app::advance_incident::AdvanceIncident;
use tocsin_app::announce_handoffs::AnnounceHandoffs;
use tocsin_app::apply_configuration::{Applied, ApplyConfiguration};
use tocsin_app::audit_ledger::AuditLedger;
use tocsin_app::change_roster::{AmendError, Amended, ChangeRoster};
use tocsin_app::command_incident::CommandIncident;
use tocsin_app::configuration_cache::ConfigurationCache;
use tocsin_app::count_threshold::CountThreshold;
use tocsin_app::deliver_pages::DeliverPages;
use tocsin_app::error::AppError;
use tocsin_app::fakes::store::{Change, Record};
use tocsin_app::fakes::{ManualClock, MemoryBus, MemoryClocks, MemoryMessenger, MemoryMetrics, MemoryStore, MemoryTopics, SeededIds};
use tocsin_app::keep_clock::KeepClock;
use tocsin_app::keep_heartbeats::KeepHeartbeats;
use tocsin_app::keep_maintenance::KeepMaintenance;
use tocsin_app::merge_incidents::MergeIncidents;
use tocsin_app::process_alerts::ProcessAlerts;
use tocsin_app::publish_timeline::PublishTimeline;
use tocsin_app::rosters::Rosters;
use tocsin_app::split_incident::SplitIncident;
use tocsin_app::sweep::{Sweep, Swept};
use tocsin_app::use_link::UseLink;
use tocsin_contract::escalation::{Answer as Woken, WakeUp};
use tocsin_domain::configuration::Configuration;
use tocsin_domain::id::{AlertId, IncidentId};
use tocsin_domain::incident::Incident;
use tocsin_domain::incident::timeline::Actor;
use tocsin_domain::maintenance::MaintenanceRun;
use tocsin_domain::notification::lane::Cap;
use tocsin_domain::schedule::roster::Refused;

/// A call of a function.
#[derive(Debug, Clone)]
pub(super) enum Job {
    /// What a sender or a person asked for: its place in [`World::told`].
    Input(usize),
    /// The stream calls `incident`.
    Incident(Batch),
    /// The stream calls `publish`.
    Publish(Batch),
    /// An execution calls `notify`.
    Notify(String, WakeUp),
    /// The schedule calls `sweep`.
    Sweep,
    /// An operator redrives.
    Redrive,
    /// An execution ended badly.
    ExecutionEnded(IncidentId, u32, u32),
}

/// What a function answered.
#[derive(Debug)]
pub(super) enum Outcome {
    Accepted(Result<Accepted, AppError>),
    Commanded(Box<Result<Incident, AppError>>),
    Linked(Result<(), AppError>),
    Amended(Box<Result<Amended, AmendError>>),
    Window(Box<Result<MaintenanceRun, AppError>>),
    Applied(Box<Result<Applied, AppError>>),
    /// Numbers of the records that failed.
    Batch(Vec<u64>),
    Woken(Result<Woken, AppError>),
    Swept(Result<Swept, AppError>),
}

#[derive(Clone)]
pub(super) struct UseCases {
    accept: AcceptEvent,
    process: ProcessAlerts,
    keep: KeepClock,
    advance: AdvanceIncident,
    command: CommandIncident,
    link: UseLink,
    merge: MergeIncidents,
    split: SplitIncident,
    publish: PublishTimeline,
    amend: ChangeRoster,
    maintain: KeepMaintenance,
    heartbeats: KeepHeartbeats,
    apply: ApplyConfiguration,
    sweep: Sweep,
}

/// What the functions of a world share.
#[derive(Clone)]
pub(super) struct Ports {
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<MemoryStore>,
    pub(super) clocks: Arc<MemoryClocks>,
    pub(super) messenger: Arc<MemoryMessenger>,
    pub(super) bus: Arc<MemoryBus>,
    pub(super) metrics: Arc<MemoryMetrics>,
    pub(super) ids: Arc<SeededIds>,
    pub(super) topics: Arc<MemoryTopics>,
    pub(super) mutant: Option<Mutant>,
}

impl UseCases {
    pub(super) fn new(ports: &Ports) -> Self {
        let Ports { clock, store, clocks, messenger, bus, metrics, ids, topics, mutant } = ports;
        let right = Arc::new(ConfigurationCache::new(store.clone()));
        // Each part reads by itself where one of them makes mistakes.
        let seen = |role| Arc::new(Mistaken { store: store.clone(), mutant: *mutant, role });
        let view = |role| if mutant.is_none() { right.clone() } else { Arc::new(ConfigurationCache::new(seen(role))) };
        let configuration = view(Role::Others);
        let deliver = DeliverPages {
            incidents: store.clone(),
            lanes: store.clone(),
            configuration: view(Role::Deliver),
            messenger: messenger.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            cap: Cap::default(),
            public_url: "https://tocsin.example".to_owned(),
        };
        let process = ProcessAlerts {
            alerts: store.clone(),
            incidents: store.clone(),
            configuration: view(Role::Process),
            maintenance: seen(Role::Process),
            count: CountThreshold { alerts: store.clone(), thresholds: store.clone(), clock: clock.clone() },
            clock: clock.clone(),
        };
        let keep = KeepClock { incidents: store.clone(), alerts: store.clone(), clocks: clocks.clone(), clock: clock.clone(), ids: ids.clone() };
        let rosters = Rosters { configuration: view(Role::Rosters), store: seen(Role::Rosters) };
        let advance = AdvanceIncident {
            incidents: store.clone(),
            configuration: view(Role::Advance),
            rosters: rosters.clone(),
            verifications: seen(Role::Advance),
            emails: None,
            deliver,
            clock: clock.clone(),
        };
        let command = CommandIncident { incidents: store.clone(), clock: clock.clone() };
        let accept = AcceptEvent { alerts: store.clone(), count: tocsin_app::count_new::CountNew::new(store.clone()), clock: clock.clone(), ids: ids.clone() };
        let audit = AuditLedger { alerts: store.clone(), incidents: store.clone(), configuration: configuration.clone(), clock: clock.clone() };
        let heartbeats = KeepHeartbeats { beats: store.clone(), accept: accept.clone(), configuration: configuration.clone() };
        Self {
            accept,
            merge: MergeIncidents { incidents: store.clone(), clock: clock.clone() },
            split: SplitIncident { incidents: store.clone(), alerts: store.clone(), clock: clock.clone(), ids: ids.clone() },
            link: UseLink { lanes: store.clone(), incidents: store.clone(), command: command.clone() },
            maintain: KeepMaintenance {
                maintenance: store.clone(),
                alerts: store.clone(),
                due: seen(Role::Maintain),
                configuration: configuration.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            amend: ChangeRoster { rosters: Rosters { configuration: configuration.clone(), store: seen(Role::Amend) }, clock: clock.clone(), ids: ids.clone() },
            apply: ApplyConfiguration {
                store: seen(Role::Apply),
                cache: configuration.clone(),
                emails: topics.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
            },
            publish: PublishTimeline { bus: bus.clone(), configuration },
            sweep: Sweep {
                handoffs: AnnounceHandoffs {
                    rosters: rosters.clone(),
                    notices: store.clone(),
                    messenger: messenger.clone(),
                    clock: clock.clone(),
                    settled: Arc::default(),
                },
                due: seen(Role::Maintain),
                process: process.clone(),
                advance: advance.clone(),
                keep: keep.clone(),
                heartbeats: heartbeats.clone(),
                audit,
                metrics: metrics.clone(),
            },
            heartbeats,
            process,
            keep,
            advance,
            command,
        }
    }

    /// Keys for what is configured: applying what is in force already makes them.
    pub(super) async fn first(&self, configuration: &Configuration) {
        self.apply.run(configuration, None, &Actor::System).await.unwrap();
    }

    /// As the function `incident` does it.
    async fn incident(&self, records: &[Record]) -> Vec<u64> {
        let mut alerts: BTreeMap<AlertId, Vec<u64>> = BTreeMap::new();
        let mut incidents: BTreeMap<IncidentId, Vec<u64>> = BTreeMap::new();
        for record in records {
            match &record.change {
                Change::Alert(id) => alerts.entry(*id).or_default().push(record.number),
                Change::Incident(id) => incidents.entry(*id).or_default().push(record.number),
                Change::Timeline(_) => {}
            }
        }
        let mut failed = Vec::new();
        let ids: Vec<AlertId> = alerts.keys().copied().collect();
        if !ids.is_empty() {
            match self.process.run(&ids).await {
                Ok(failures) => failed.extend(failures.iter().filter_map(|(id, _)| alerts.remove(id)).flatten()),
                Err(_) => failed.extend(alerts.into_values().flatten()),
            }
        }
        for (id, numbers) in incidents {
            if self.keep.run(id).await.is_err() {
                failed.extend(numbers);
            }
        }
        failed
    }

    /// As the function `publish` does it.
    async fn publish(&self, records: &[Record]) -> Vec<u64> {
        let entries: Vec<_> = records.iter().filter_map(|r| if let Change::Timeline(e) = &r.change { Some((**e).clone()) } else { None }).collect();
        match self.publish.run(&entries).await {
            Ok(positions) => positions.into_iter().filter_map(|i| records.get(i).map(|r| r.number)).collect(),
            Err(_) => numbers(records),
        }
    }
}

fn numbers(records: &[Record]) -> Vec<u64> {
    records.iter().map(|r| r.number).collect()
}

impl World {
    /// Calls a function.
    pub(super) fn start(&mut self, job: Job) {
        // A mistake about versions shows in processes that begin anew.
        let u = if self.ports.mutant.is_some() { UseCases::new(&self.ports) } else { self.use_cases.clone() };
        let fails = self.consumer_fails;
        let number = match job.clone() {
            Job::Input(n) => match self.told[n].asked.clone() {
                Asked::Event(key, event) => self.executor.spawn(async move { Outcome::Accepted(u.accept.run(&key, *event).await) }),
                Asked::Command(id, command, by) => {
                    self.executor.spawn(async move { Outcome::Commanded(Box::new(u.command.run(id, command, &by, |_| true).await)) })
                }
                Asked::Amend(schedule, amend, asker) => {
                    self.executor.spawn(async move { Outcome::Amended(Box::new(u.amend.run(&schedule, &amend, &asker).await)) })
                }
                Asked::Maintain(start, name, by) => {
                    self.executor.spawn(async move { Outcome::Window(Box::new(u.maintain.start(*start, name.as_deref(), &by).await)) })
                }
                Asked::EndMaintenance(id, start, by) => self.executor.spawn(async move { Outcome::Window(Box::new(u.maintain.end(&id, start, &by).await)) }),
                Asked::Ping(key) => self.executor.spawn(async move { Outcome::Linked(u.heartbeats.ping(&key).await) }),
                Asked::Merge(target, sources, by) => {
                    self.executor.spawn(async move { Outcome::Commanded(Box::new(u.merge.run(target, &sources, &by, |_| true).await)) })
                }
                Asked::Split(id, alerts, by) => {
                    self.executor.spawn(async move { Outcome::Commanded(Box::new(u.split.run(id, &alerts, None, &by, |_| true).await)) })
                }
                Asked::Configure(configuration, expected, by) => {
                    self.executor.spawn(async move { Outcome::Applied(Box::new(u.apply.run(&configuration, expected, &by).await)) })
                }
                Asked::Link(secret) => self.executor.spawn(async move { Outcome::Linked(u.link.act(&secret).await.map(|_| ())) }),
            },
            Job::Incident(batch) if fails => self.executor.spawn(async move { Outcome::Batch(numbers(&batch.records)) }),
            Job::Incident(batch) => self.executor.spawn(async move { Outcome::Batch(u.incident(&batch.records).await) }),
            Job::Publish(batch) => self.executor.spawn(async move { Outcome::Batch(u.publish(&batch.records).await) }),
            Job::Notify(_, wake) => self.executor.spawn(async move { Outcome::Woken(u.advance.wake(&wake).await) }),
            Job::Sweep => self.executor.spawn(async move { Outcome::Swept(u.sweep.run().await) }),
            Job::Redrive => self.executor.spawn(async move { Outcome::Swept(u.sweep.redrive().await) }),
            Job::ExecutionEnded(id, generation, attempt) => {
                self.executor.spawn(async move { Outcome::Swept(u.sweep.execution_ended(id, generation, attempt).await.map(|()| Swept::default())) })
            }
        };
        self.jobs.insert(number, (job, self.now()));
    }

    /// A function answered, or died.
    pub(super) fn finish(&mut self, job: Job, outcome: Option<Outcome>) {
        let now = self.now();
        self.trace.push(format!("{now} call {} {} -> {}", self.faults.count(), summary(&job), outcome.as_ref().map_or_else(|| "died".to_owned(), words)));
        match (job, outcome) {
            (Job::Input(n), outcome) => self.answered(n, outcome),
            (Job::Incident(batch), Some(Outcome::Batch(failed))) => self.incidents.done(&batch, &failed, now),
            (Job::Incident(batch), _) => self.incidents.done(&batch, &numbers(&batch.records), now),
            (Job::Publish(batch), Some(Outcome::Batch(failed))) => self.timelines.done(&batch, &failed, now),
            (Job::Publish(batch), _) => self.timelines.done(&batch, &numbers(&batch.records), now),
            (Job::Notify(name, _), Some(Outcome::Woken(Ok(answer)))) => self.clocks.answer(&name, Some(&answer)),
            (Job::Notify(name, _), _) => self.clocks.answer(&name, None),
            (Job::Sweep, Some(Outcome::Swept(Ok(swept)))) => self.swept.push(swept),
            // The next minute is another chance.
            (Job::Sweep | Job::Redrive | Job::ExecutionEnded(..), _) => {}
        }
    }

    fn answered(&mut self, n: usize, outcome: Option<Outcome>) {
        let now = self.now();
        let told = &mut self.told[n];
        told.answered_at = Some(now);
        let answer = match outcome {
            Some(Outcome::Accepted(Ok(accepted))) => Answer::Accepted(accepted),
            Some(Outcome::Commanded(result)) => match *result {
                Ok(incident) => Answer::Done(Box::new(incident)),
                Err(AppError::Rejected { reason, .. }) => Answer::Rejected(reason.to_string()),
                Err(AppError::Invalid { field, reason }) => Answer::Rejected(format!("{field} {reason}")),
                Err(AppError::NotFound { what }) => Answer::Rejected(format!("no {what}")),
                Err(_) => Answer::Failed,
            },
            Some(Outcome::Linked(Ok(()))) => Answer::Linked,
            Some(Outcome::Applied(result)) => match *result {
                Ok(applied) => Answer::Applied(Box::new(applied)),
                Err(AppError::Moved { current, .. }) => Answer::Rejected(format!("version {current:?} is in force by now")),
                Err(_) => Answer::Failed,
            },
            Some(Outcome::Window(result)) => match *result {
                Ok(run) => Answer::Window(Box::new(run)),
                Err(AppError::Invalid { field, reason }) => Answer::Rejected(format!("{field} {reason}")),
                Err(AppError::NotFound { what }) => Answer::Rejected(format!("no {what}")),
                Err(_) => Answer::Failed,
            },
            Some(Outcome::Amended(result)) => match *result {
                Ok(amended) => Answer::Amended(Box::new(amended)),
                Err(AmendError::Refused(Refused::Invalid(problems))) => {
                    let told: Vec<String> = problems.into_iter().map(|p| format!("{}: {}", p.field, p.message)).collect();
                    Answer::Rejected(told.join("; "))
                }
                Err(e @ (AmendError::Refused(_) | AmendError::Forbidden | AmendError::App(AppError::NotFound { .. }))) => Answer::Rejected(e.to_string()),
                Err(AmendError::App(_)) => Answer::Failed,
            },
            Some(_) | None => Answer::Failed,
        };
        // Senders and people try again when they get no answer, or a 5xx.
        if answer == Answer::Failed && told.tries > 0 {
            told.tries -= 1;
            self.inputs.push((now + SignedDuration::from_secs(5), n));
        }
        self.told[n].answer = Some(answer);
    }

    /// An execution ends although nobody wanted it: its rule calls `sweep`.
    pub fn lose_execution(&mut self, name: &str) {
        self.clocks.lose(name);
        if let Some((id, generation, attempt)) = tocsin_contract::escalation::parse_execution_name(name) {
            self.start(Job::ExecutionEnded(id, generation, attempt));
        }
    }

    /// An operator looks at everything again.
    pub fn redrive(&mut self) {
        self.start(Job::Redrive);
        self.settle();
    }

    /// The stream delivers a batch to `incident`, out of order.
    pub fn redeliver(&mut self, batch: Batch) {
        self.start(Job::Incident(batch));
    }

    /// The stream delivers a batch to `publish`, out of order.
    pub fn republish(&mut self, batch: Batch) {
        self.start(Job::Publish(batch));
    }

    /// Calls `notify` out of turn: early, twice, or for a generation of the past.
    pub fn wake(&mut self, wake: WakeUp) {
        self.start(Job::Notify("out of turn".to_owned(), wake));
    }
}

fn summary(job: &Job) -> String {
    match job {
        Job::Input(n) => format!("input {n}"),
        Job::Incident(b) => format!("incident {:?}", numbers(&b.records)),
        Job::Publish(b) => format!("publish {:?}", numbers(&b.records)),
        Job::Notify(name, wake) => format!("notify {name} #{}", wake.wakeups),
        Job::Sweep => "sweep".to_owned(),
        Job::Redrive => "redrive".to_owned(),
        Job::ExecutionEnded(id, g, a) => format!("execution of {id} ended {g} {a}"),
    }
}

fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Commanded(result) => match &**result {
            Ok(i) => format!("#{} {} generation {}", i.number, i.status.as_str(), i.generation),
            Err(e) => format!("error {e}"),
        },
        other => format!("{other:?}"),
    }
}
