//! Whether a message really is from SNS.
//!
//! Called by: the HTTP door, once the key of the address was found. Certificates are asked for once an hour and process; every other message costs a computation alone.

use super::Envelope;
use super::certificate::Certificate;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use ring::signature::{RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tocsin_app::error::PortError;
use tocsin_app::ports::Clock;
use tocsin_app::sns_pages::{SnsAddress, SnsPages};

/// Bytes of a certificate; real ones have under 3,000.
const MOST_CERTIFICATE: usize = 16 * 1024;
/// Certificates that a process remembers: a region has one or two at a time.
const MOST_KNOWN: usize = 32;
/// How long a certificate is remembered.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

/// Why a message is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// It is not from SNS, whatever it says.
    #[error("{0}")]
    Forged(&'static str),
    /// It can not be judged now: delivered again, it may be.
    #[error("the certificate {why}")]
    Unjudged {
        /// What about the certificate.
        why: String,
    },
}

impl From<PortError> for Distrust {
    fn from(error: PortError) -> Self {
        Self::Unjudged { why: format!("could not be fetched: {error}") }
    }
}

/// Checks signatures.
pub struct Signatures {
    pages: Arc<dyn SnsPages>,
    clock: Arc<dyn Clock>,
    known: Mutex<BTreeMap<SnsAddress, (Certificate, Timestamp)>>,
}

impl Signatures {
    /// Knows no certificate yet.
    pub fn new(pages: Arc<dyn SnsPages>, clock: Arc<dyn Clock>) -> Self {
        Self { pages, clock, known: Mutex::default() }
    }

    /// `Ok` where SNS signed it.
    pub async fn check(&self, envelope: &Envelope) -> Result<(), Distrust> {
        let parameters: &'static RsaParameters = match envelope.signature_version.as_str() {
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            "" => return Err(Distrust::Forged("it has no signature")),
            _ => return Err(Distrust::Forged("its signature is of an unknown version")),
        };
        let signature = STANDARD.decode(&envelope.signature).map_err(|_| Distrust::Forged("its signature is not in base64"))?;
        let address = SnsAddress::certificate(&envelope.signing_cert_url).ok_or(Distrust::Forged("its certificate is not at an address of SNS"))?;
        let certificate = self.certificate(&address).await?;
        let key = UnparsedPublicKey::new(parameters, &certificate.key);
        key.verify(envelope.signed_text().as_bytes(), &signature).map_err(|_| Distrust::Forged("its signature is wrong"))
    }

    async fn certificate(&self, address: &SnsAddress) -> Result<Certificate, Distrust> {
        let now = self.clock.now();
        let remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(address).cloned();
        if let Some((certificate, since)) = remembered
            && now.duration_since(since) < REMEMBERED
            && certificate.holds(now)
        {
            return Ok(certificate);
        }
        let page = self.pages.get(address, MOST_CERTIFICATE).await?;
        let certificate = Certificate::read(&page).map_err(|why| Distrust::Unjudged { why: format!("is not one: {why}") })?;
        if !certificate.holds(now) {
            return Err(Distrust::Unjudged { why: "does not hold at this time".to_owned() });
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_KNOWN {
            known.clear();
        }
        known.insert(address.clone(), (certificate.clone(), now));
        Ok(certificate)
    }
}
