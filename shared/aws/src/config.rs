//! Clients, built once a process and only those that a function uses.
//!
//! A function runs where region, endpoint and credentials stand in the environment, so nothing else is looked for: no profiles, no metadata service, no token exchange,
//! and none of their code in the binary. (The command, which runs on people's machines, loads its own configuration.)
//!
//! TLS is ring, without the 22 ms that aws-lc gathers jitter for, and trusts Amazon's five roots only: a tenth of the instructions of reading the system's.

use crate::dynamo::DynamoStore;
use crate::eventbridge::EventBridgeBus;
#[cfg(feature = "codes")]
use crate::lambda_codes::LambdaCodes;
use crate::sfn::{NotAStateMachine, SfnClocks};
use crate::sns::{SnsEmailContacts, SnsMessenger, SnsStakeholderTopic};
use crate::sns_pages::HttpsSnsPages;
use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::{SharedCredentialsProvider, StalledStreamProtectionConfig};
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use std::time::Duration;

/// Amazon Root CA 1 to 4 and Starfield Services Root CA G2, to which every certificate of AWS leads (<https://www.amazontrust.com/repository/>).
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");
const CONNECT: Duration = Duration::from_secs(1);

/// What all clients share: region, credentials, endpoint, connections.
#[derive(Debug, Clone)]
pub struct Aws {
    shared: SdkConfig,
}

/// How long calls of one service may take.
struct Patience {
    attempt: Duration,
    operation: Duration,
    attempts: u32,
}

/// Every caller waits for the table: three quick tries within the ten seconds that the shortest function has.
const TABLE: Patience = Patience { attempt: Duration::from_secs(2), operation: Duration::from_secs(6), attempts: 3 };
/// A page must not wait for a slow channel. A try that got no answer may have left, so only what was refused at once is tried again.
const CHANNEL: Patience = Patience { attempt: Duration::from_secs(3), operation: Duration::from_secs(3), attempts: 2 };
/// A function that sends a message, and may have to start first. Another try could send another code, which is refused within the minute.
#[cfg(feature = "codes")]
const FUNCTION: Patience = Patience { attempt: Duration::from_secs(8), operation: Duration::from_secs(8), attempts: 2 };
/// Everything else: started again by the stream, or by the next sweep.
const OTHERS: Patience = Patience { attempt: Duration::from_secs(3), operation: Duration::from_secs(8), attempts: 3 };

impl Patience {
    fn timeouts(&self) -> TimeoutConfig {
        TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(self.attempt).operation_timeout(self.operation).build()
    }

    fn retries(&self) -> RetryConfig {
        RetryConfig::standard().with_max_attempts(self.attempts).with_initial_backoff(Duration::from_millis(50)).with_max_backoff(Duration::from_secs(1))
    }
}

macro_rules! client {
    ($sdk:ident, $shared:expr, $patience:expr) => {
        $sdk::Client::from_conf($sdk::config::Builder::from($shared).timeout_config($patience.timeouts()).retry_config($patience.retries()).build())
    };
}

impl Aws {
    /// Region (`AWS_REGION`), credentials and, for the local stack, the endpoint (`AWS_ENDPOINT_URL`) of the environment.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|v: &String| !v.is_empty());
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let endpoint = variable("AWS_ENDPOINT_URL");
        let ours = endpoint.is_none() && region.as_deref().is_some_and(of_amazons_roots);
        let shared = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .credentials_provider(SharedCredentialsProvider::new(EnvironmentVariableCredentialsProvider::new()))
            .http_client(http_client(ours))
            // It watches long uploads and downloads, of which there are none.
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        let shared = region.into_iter().fold(shared, |shared, region| shared.region(Region::new(region)));
        let shared = endpoint.into_iter().fold(shared, |shared, endpoint| shared.endpoint_url(endpoint));
        Self { shared: shared.build() }
    }

    /// The stores in a table.
    pub fn table(&self, name: &str) -> DynamoStore {
        DynamoStore::new(client!(aws_sdk_dynamodb, &self.shared, TABLE), name)
    }

    /// Clocks: executions of a state machine.
    pub fn clocks(&self, state_machine_arn: &str) -> Result<SfnClocks, NotAStateMachine> {
        SfnClocks::new(client!(aws_sdk_sfn, &self.shared, OTHERS), state_machine_arn)
    }

    /// Messages to people: phone numbers, topics that begin with `topic_prefix`, the last-resort topic.
    pub fn messenger(&self, topic_prefix: &str, last_resort_topic_arn: &str) -> SnsMessenger {
        SnsMessenger::new(client!(aws_sdk_sns, &self.shared, CHANNEL), topic_prefix, last_resort_topic_arn)
    }

    /// Codes for contact methods, by the notify function.
    #[cfg(feature = "codes")]
    pub fn contact_codes(&self, function_arn: &str) -> LambdaCodes {
        LambdaCodes::new(client!(aws_sdk_lambda, &self.shared, FUNCTION), function_arn)
    }

    /// Topics of e-mail contacts.
    pub fn email_contacts(&self, topic_prefix: &str) -> SnsEmailContacts {
        SnsEmailContacts::new(client!(aws_sdk_sns, &self.shared, OTHERS), topic_prefix)
    }

    /// Stakeholders' subscriptions.
    pub fn stakeholder_topic(&self, topic_arn: &str) -> SnsStakeholderTopic {
        SnsStakeholderTopic::new(client!(aws_sdk_sns, &self.shared, OTHERS), topic_arn)
    }

    /// Certificates and confirmations of SNS, on the internet whatever the endpoint of the other clients is.
    pub fn sns_pages(&self) -> HttpsSnsPages {
        HttpsSnsPages::new(trust(self.shared.region().is_some_and(|region| of_amazons_roots(region.as_ref()))))
    }

    /// The event bus.
    pub fn bus(&self, name: &str) -> EventBridgeBus {
        EventBridgeBus::new(client!(aws_sdk_eventbridge, &self.shared, OTHERS), name)
    }
}

/// Whether the endpoints of a region show certificates of Amazon's public roots. Isolated, Chinese and sovereign regions may have others.
fn of_amazons_roots(region: &str) -> bool {
    !["cn-", "eusc-"].iter().any(|p| region.starts_with(p)) && !region.contains("-iso")
}

fn trust(amazons_roots: bool) -> TrustStore {
    if amazons_roots { TrustStore::empty().with_pem_certificate(AMAZON_ROOTS) } else { TrustStore::default() }
}

/// One pool of connections for all clients. Plain `http://` endpoints work with it too.
fn http_client(amazons_roots: bool) -> SharedHttpClient {
    let trust = trust(amazons_roots);
    let builder = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring));
    match TlsContext::builder().with_trust_store(trust).build() {
        Ok(context) => builder.tls_context(context).build_https(),
        // Certificates are only looked at later; the default trusts the system's.
        Err(_) => builder.build_https(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An unreadable certificate would end the process at the first connection.
    #[tokio::test]
    async fn the_roots_are_read_at_the_first_connection_and_plain_http_works_too() {
        for endpoint in ["https://127.0.0.1:9", "http://127.0.0.1:9"] {
            let config = aws_sdk_dynamodb::Config::builder()
                .behavior_version(BehaviorVersion::v2026_01_12())
                .region(Region::from_static("eu-central-1"))
                .credentials_provider(aws_sdk_dynamodb::config::Credentials::new("test", "test", None, None, "test"))
                .http_client(http_client(true))
                .retry_config(RetryConfig::disabled())
                .endpoint_url(endpoint);
            let call = aws_sdk_dynamodb::Client::from_conf(config.build()).list_tables().send().await;
            assert_eq!(crate::failure::failed(&call.unwrap_err()).reason, "no connection", "{endpoint}: nobody listens there");
        }
    }

    #[test]
    fn the_five_roots_are_there() {
        let text = std::str::from_utf8(AMAZON_ROOTS).unwrap();
        assert_eq!(text.matches("-----BEGIN CERTIFICATE-----").count(), 5);
        for (region, ours) in [("eu-central-1", true), ("us-gov-west-1", true), ("us-iso-east-1", false), ("cn-north-1", false), ("eusc-de-east-1", false)] {
            assert_eq!(of_amazons_roots(region), ours, "{region}");
        }
    }
}
