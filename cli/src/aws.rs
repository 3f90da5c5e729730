//! The deployer's AWS credentials, for what the HTTP API can not do: the first token, and looking at the deployment from outside.
//!
//! Region and credentials come from where all AWS tools take them: environment, profile, SSO, instance. TLS is ring, as in the functions.

use crate::failure::Failure;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::config::ProvideCredentials;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_smithy_http_client::tls;
use aws_smithy_runtime_api::client::result::SdkError;
use std::error::Error;

/// The deployer's configuration, after it was seen that there is a region and somebody to act as.
pub(crate) async fn configuration() -> Result<SdkConfig, Failure> {
    let ring = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    let http = aws_smithy_http_client::Builder::new().tls_provider(ring).build_https();
    let config = aws_config::defaults(BehaviorVersion::v2026_01_12()).http_client(http).load().await;
    let missing = |reason: String| Failure::Aws { service: "AWS", reason, credentials: true };
    if config.region().is_none() {
        return Err(missing("no region is set".to_owned()));
    }
    match config.credentials_provider() {
        Some(provider) => provider.provide_credentials().await.map_err(|e| missing(in_words(&e)))?,
        None => return Err(missing("no credentials are set".to_owned())),
    };
    Ok(config)
}

/// A call that failed, with all that is known of why.
pub(crate) fn failed<E, R>(call: &'static str, error: SdkError<E, R>) -> Failure
where
    E: Error + ProvideErrorMetadata + 'static,
    R: std::fmt::Debug + 'static,
{
    match (error.code(), error.message()) {
        (Some(code), Some(message)) => told(call, format!("{code}: {message}")),
        (Some(code), None) => told(call, code.to_owned()),
        (None, _) => told(call, in_words(&error)),
    }
}

/// A failure by its words alone.
pub(crate) fn told(call: &'static str, reason: String) -> Failure {
    let lower = reason.to_lowercase();
    let credentials = ["credential", "security token", "signature"].iter().any(|word| lower.contains(word));
    Failure::Aws { service: call, reason, credentials }
}

/// An error with its sources, without the words that say nothing.
fn in_words(error: &(dyn Error + 'static)) -> String {
    const EMPTY_WORDS: [&str; 5] = ["service error", "unhandled error", "dispatch failure", "other", "io error"];
    let mut words: Vec<String> = Vec::new();
    let mut current = Some(error);
    while let Some(e) = current {
        let text = e.to_string();
        if !words.contains(&text) && !EMPTY_WORDS.contains(&text.as_str()) {
            words.push(text);
        }
        current = e.source();
    }
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}
