//! The public key of a certificate that SNS publishes.
//!
//! That the certificate is Amazon's is vouched for by where it stands: a page of SNS, over TLS with Amazon's roots. Its own chain is not looked at, as AWS's own libraries do not.

use jiff::Timestamp;
use x509_parser::pem::parse_x509_pem;
use x509_parser::public_key::PublicKey;
use x509_parser::time::ASN1Time;

/// What is needed of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// An RSA key, in the form of PKCS #1.
    pub key: Vec<u8>,
    from: ASN1Time,
    until: ASN1Time,
}

impl Certificate {
    /// Reads PEM; what it says must be there and hold an RSA key.
    ///
    /// # Errors
    /// What is wrong with it, for the log.
    pub fn read(pem: &[u8]) -> Result<Self, &'static str> {
        let (_, pem) = parse_x509_pem(pem).map_err(|_| "it is no certificate in PEM form")?;
        if pem.label != "CERTIFICATE" {
            return Err("it is no certificate in PEM form");
        }
        let certificate = pem.parse_x509().map_err(|_| "it can not be read")?;
        let key = certificate.public_key();
        match key.parsed() {
            Ok(PublicKey::RSA(_)) => {
                let validity = certificate.validity();
                Ok(Self { key: key.subject_public_key.data.to_vec(), from: validity.not_before, until: validity.not_after })
            }
            Ok(_) | Err(_) => Err("its key is not of RSA"),
        }
    }

    /// Whether it holds at an instant.
    pub fn holds(&self, now: Timestamp) -> bool {
        ASN1Time::from_timestamp(now.as_second()).is_ok_and(|now| self.from <= now && now <= self.until)
    }
}
