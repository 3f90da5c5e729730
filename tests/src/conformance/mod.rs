//! One suite for every store: what [`tocsin_app::ports`] promises, checked on whatever implements it.
//!
//! Each case gets an empty store of its own. Cases with two writers run them at once and allow every order, but only outcomes that some order explains.

pub mod alerts;
pub mod changes;
pub mod configuration;
pub mod due;
pub mod heartbeats;
pub mod holds;
pub mod incidents;
pub mod lanes;
pub mod quiet;
pub mod races;
pub mod rates;
pub mod rosters;
pub mod subscribers;
pub mod verifications;

use std::sync::Arc;
use tocsin_app::fakes::MemoryStore;
use tocsin_app::ports::{
    AlertStore, ChangeStore, ConfigurationStore, DueStore, FeedStore, HeartbeatStore, IncidentStore, LaneStore, MaintenanceStore, NoticeStore, RateStore,
    RosterStore, SubscriberStore, ThresholdStore, VerificationStore,
};

/// All stores of one implementation.
#[derive(Clone)]
pub struct Stores {
    /// Alerts.
    pub alerts: Arc<dyn AlertStore>,
    /// Incidents.
    pub incidents: Arc<dyn IncidentStore>,
    /// Lanes.
    pub lanes: Arc<dyn LaneStore>,
    /// Configuration.
    pub configuration: Arc<dyn ConfigurationStore>,
    /// What is due.
    pub due: Arc<dyn DueStore>,
    /// Changes.
    pub changes: Arc<dyn ChangeStore>,
    /// Heartbeats.
    pub heartbeats: Arc<dyn HeartbeatStore>,
    /// Maintenance windows.
    pub maintenance: Arc<dyn MaintenanceStore>,
    /// Counts of thresholds.
    pub thresholds: Arc<dyn ThresholdStore>,
    /// Counts of new alerts.
    pub rates: Arc<dyn RateStore>,
    /// Subscribers.
    pub subscribers: Arc<dyn SubscriberStore>,
    /// Rosters.
    pub rosters: Arc<dyn RosterStore>,
    /// Calendar feeds.
    pub feeds: Arc<dyn FeedStore>,
    /// Notices of handoffs.
    pub notices: Arc<dyn NoticeStore>,
    /// How contact methods stand.
    pub verifications: Arc<dyn VerificationStore>,
}

impl Stores {
    /// One object that implements all of them.
    pub fn of<T>(store: Arc<T>) -> Self
    where
        T: AlertStore
            + IncidentStore
            + LaneStore
            + ConfigurationStore
            + DueStore
            + ChangeStore
            + HeartbeatStore
            + MaintenanceStore
            + ThresholdStore
            + RateStore
            + SubscriberStore
            + RosterStore
            + FeedStore
            + NoticeStore
            + VerificationStore
            + 'static,
    {
        Self {
            alerts: store.clone(),
            incidents: store.clone(),
            lanes: store.clone(),
            configuration: store.clone(),
            due: store.clone(),
            changes: store.clone(),
            heartbeats: store.clone(),
            maintenance: store.clone(),
            thresholds: store.clone(),
            rates: store.clone(),
            subscribers: store.clone(),
            rosters: store.clone(),
            feeds: store.clone(),
            notices: store.clone(),
            verifications: store,
        }
    }

    /// The fakes.
    #[must_use]
    pub fn in_memory() -> Self {
        Self::of(Arc::new(MemoryStore::default()))
    }
}

/// Makes a module with one test for each case; `$stores` is an async function that answers empty [`Stores`].
#[macro_export]
macro_rules! conformance_suite {
    ($name:ident, $stores:path) => {
        mod $name {
            $crate::conformance_suite!(@cases $stores;
                alerts: [
                    a_repetition_is_counted_only_on_an_open_alert_at_least_as_bad, a_key_has_one_open_alert, a_resolved_key_opens_anew,
                    resolving_is_refused_for_another_alert, an_acknowledgement_needs_an_open_alert, raising_keeps_the_worst, unknown_alerts_are_left_out,
                    closing_spares_what_came_later, a_successor_takes_over, a_large_event_is_kept_whole, keys_of_any_characters,
                    an_overtaken_repetition_does_not_turn_the_clock_back, alerts_are_listed_by_team_and_time,
                    an_outcome_takes_the_place_of_an_incident, an_outcome_of_an_alert_that_changed,
                    waking_makes_work,
                    asks_are_changes_in_order, an_ask_of_an_alert_that_changed, an_ask_that_ends_the_alert_closes_its_key, a_closed_alert_still_takes_asks,
                ];
                incidents: [
                    what_is_written_is_read, a_stale_revision_writes_nothing, a_new_incident_is_new, an_alert_changed_meanwhile_stops_the_commit,
                    two_incidents_can_not_take_one_alert, a_group_is_opened_once, numbers_rise, turns_are_counted_apart, lists_are_ordered_and_paged, timelines_are_paged,
                    alerts_of_an_incident_are_paged, alerts_move_with_both_incidents_or_not_at_all, the_work_of_an_alert_moves_with_it,
                    a_named_command_is_carried_out_once, forty_five_alerts_fit,
                ];
                lanes: [
                    due_pages_come_oldest_first, a_claim_leases, a_lease_that_ended_is_claimed_again, an_answered_incident_takes_pages_back,
                    an_older_generation_is_taken_back, who_was_asked_is_paged_until_they_answer, nobody_is_asked_to_help_with_what_is_resolved, the_last_resort_is_asked_until_everybody_answered, a_used_lane_is_a_conflict, a_page_that_is_gone_is_a_conflict, a_refused_claim_writes_nothing,
                    links_expire, forty_five_pages_fit,
                    a_claim_of_no_pages_writes_the_lane, a_page_that_changed_since_it_was_read_is_a_conflict,
                ];
                configuration: [versions_follow_each_other, keys_open_and_close, tokens_are_found];
                due: [
                    alerts_with_work_are_due_after_a_minute, alerts_kept_from_people_are_due_again, alerts_that_wait_for_one_instant_are_found,
                    incidents_are_due_at_their_deadline, closing_incidents_are_due, limits_hold,
                ];
                quiet: [maintenance_is_listed_and_ended_once, thresholds_count_under_a_revision, a_watched_alert_tells_its_repetitions, a_guest_is_one];
                heartbeats: [pings_are_remembered, missing_until_recovered, a_ping_beats_the_sweep, made_ones_are_listed_and_removed];
                holds: [
                    a_held_repetition_says_until_when, only_what_nobody_repeated_expires, holds_are_due_and_move, many_holds_are_limited, an_alert_opens_with_its_hold_or_not_at_all,
                    a_repetition_and_an_expiry,
                ];
                changes: [changes_are_found_by_service_and_time, a_change_is_kept_whole_and_once];
                rates: [new_alerts_are_counted_by_integration_and_minute, of_many_at_once_each_is_told_another_count];
                subscribers: [they_wait_and_expire];
                rosters: [rosters_follow_each_other, each_change_is_recorded, feeds_are_opened_listed_and_closed, a_notice_is_claimed_by_one];
                verifications: [they_are_kept_under_their_revision, of_many_at_once_one_counts];
                races: [
                    two_openers_of_one_key, a_repetition_and_a_resolve, acknowledgement_and_claim, two_claimers_of_one_page, two_committers,
                    two_incidents_for_one_alert, a_report_and_the_close,
                ];
            );
        }
    };
    (@cases $stores:path; $($group:ident: [$($case:ident),* $(,)?];)*) => {
        $(mod $group {
            $(#[test]
            fn $case() {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { $crate::conformance::$group::$case($stores().await).await });
            })*
        })*
    };
}
