//! What the use cases need of the world, as capabilities.
//!
//! Every call may fail before or after its effect ([`PortError`](crate::error::PortError)), and every process may die between two calls: use cases are written so that repeating them is harmless.
//! Writes that decide are conditional and atomic; [`WriteError::Conflict`](crate::error::WriteError::Conflict) means that nothing was written and that the caller has to look again.

mod alerts;
mod changes;
mod configuration;
mod due;
mod heartbeats;
mod incidents;
mod intake;
mod keys;
mod lanes;
mod messages;
mod quiet;
mod rates;
mod rosters;
mod status;
mod world;

pub use alerts::{AlertStore, Guard, Hold, HoldPlace, Order, Received, Repeated, Span, succession};
pub use changes::ChangeStore;
pub use configuration::{ConfigurationStore, MOST_GONE_TEAMS, MOST_HEARTBEATS_SINCE, VersionRecord};
pub use due::{Clocks, DueStore, Overdue, Started};
pub use heartbeats::{Beat, HeartbeatStore, Missed};
pub use incidents::{AlertHandled, AlertMoved, Commit, Group, IncidentStore, Which};
pub use intake::{AlertIntake, KeyReader, Pings};
pub use keys::{IntegrationKey, SecretHash};
pub use lanes::{AcknowledgeLink, Claim, ClaimError, LaneStore, QueuedPage};
pub use messages::{ContactCodes, Destination, EmailContacts, EmailState, Messenger, SendError, VerificationStore};
pub use quiet::{CountKey, MaintenanceStore, ThresholdStore};
pub use rates::{Minute, RateStore};
pub use rosters::{Feed, FeedOf, FeedStore, NoticeAbout, NoticeClaim, NoticeKey, NoticeStore, RosterChange, RosterRecord, RosterStore};
pub use status::{EventBus, PendingSubscriber, StakeholderTopic, SubscriberStore};
pub use tocsin_domain::incident::intake::GroupKey;
pub use tocsin_domain::rules::threshold::{Counted, CountedAlert};
pub use world::{Clock, IdSource, Metrics};
