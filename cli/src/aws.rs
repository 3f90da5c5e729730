//! The deployer's AWS credentials, for what the HTTP API can not do: the first token, and looking at the deployment from outside.
//!
//! Region and credentials come from where all AWS tools take them: environment, profile, SSO, instance. TLS is ring, as in the functions.

use crate::failure::Failure;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::result::SdkError;
use std::error::Error;

/// The deployer's configuration.
pub(crate) async fn configuration() -> SdkConfig {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(ring).build_https();
    aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await
}

/// A call that failed, with all that is known of why.
pub(crate) fn failed<E, R>(call: &'static str, error: SdkError<E, R>) -> Failure
where
    E: Error + 'static,
    R: std::fmt::Debug + 'static,
{
    const EMPTY_WORDS: [&str; 5] = ["service error", "unhandled error", "dispatch failure", "other", "io error"];
    let mut words: Vec<String> = Vec::new();
    let mut current: Option<&dyn Error> = Some(&error);
    while let Some(e) = current {
        let text = e.to_string();
        if !words.contains(&text) && !EMPTY_WORDS.contains(&text.as_str()) {
            words.push(text);
        }
        current = e.source();
    }
    told(call, if words.is_empty() { error.to_string() } else { words.join(": ") })
}

/// A failure by its words alone.
pub(crate) fn told(call: &'static str, reason: String) -> Failure {
    let lower = reason.to_lowercase();
    let credentials = ["credential", "security token", "signature", "region"].iter().any(|word| lower.contains(word));
    Failure::Aws { service: call, reason, credentials }
}
