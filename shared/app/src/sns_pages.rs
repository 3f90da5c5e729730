//! The two pages of SNS that Tocsin may ask for because a message names them: the certificate that signs its messages, and the confirmation of a subscription.
//!
//! Called by: `inbound`. Refuses every other address: a body can not make Tocsin call anybody but SNS itself. An address is written exactly as SNS writes it, or it is none.

use crate::error::PortError;
use async_trait::async_trait;

/// Characters of an address.
const MOST_CHARS: usize = 2048;

/// An address of SNS that may be asked for.
///
/// ```
/// # use tocsin_app::sns_pages::SnsAddress;
/// assert!(SnsAddress::certificate("https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123abcd.pem").is_some());
/// assert!(SnsAddress::certificate("https://sns.eu-central-1.amazonaws.com.example.com/SimpleNotificationService-0123abcd.pem").is_none());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SnsAddress {
    url: String,
    host: String,
}

impl SnsAddress {
    /// `https://sns.REGION.amazonaws.com/SimpleNotificationService-HEX.pem`.
    pub fn certificate(url: &str) -> Option<Self> {
        let (host, path) = split(url)?;
        let name = path.strip_prefix("SimpleNotificationService-")?.strip_suffix(".pem")?;
        let plain = !name.is_empty() && name.len() <= 128 && name.bytes().all(|b| b.is_ascii_alphanumeric());
        plain.then(|| Self { url: url.to_owned(), host: host.to_owned() })
    }

    /// `https://sns.REGION.amazonaws.com/?Action=ConfirmSubscription&...`.
    pub fn confirmation(url: &str) -> Option<Self> {
        let (host, path) = split(url)?;
        let rest = path.strip_prefix("?Action=ConfirmSubscription&")?;
        // As SNS writes a query: no fragment, no second question mark, nothing that a library could read in two ways.
        let plain = rest.bytes().all(|b| b.is_ascii_alphanumeric() || b"=&%:._~-+".contains(&b));
        (plain && !rest.contains("Action=")).then(|| Self { url: url.to_owned(), host: host.to_owned() })
    }

    /// The whole of it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The name that has to be resolved, and that the server's certificate has to show.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// Host, and what stands behind its slash.
fn split(url: &str) -> Option<(&str, &str)> {
    if url.len() > MOST_CHARS || !url.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    let (host, path) = url.strip_prefix("https://")?.split_once('/')?;
    let name = host.strip_prefix("sns.")?;
    let region = match name.strip_suffix(".amazonaws.com.cn") {
        Some(region) => region.starts_with("cn-").then_some(region)?,
        None => name.strip_suffix(".amazonaws.com")?,
    };
    is_region(region).then_some((host, path))
}

/// `eu-central-1`, `us-gov-west-1`: words of small letters, and a number at the end.
fn is_region(region: &str) -> bool {
    let words: Vec<&str> = region.split('-').collect();
    let (Some((number, words)), true) = (words.split_last(), region.len() <= 32) else { return false };
    let is_word = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    words.len() >= 2 && words.iter().all(is_word) && (1..=2).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit())
}

/// Asks SNS for a page.
#[async_trait]
pub trait SnsPages: Send + Sync {
    /// What stands there. Asked for once, without redirects, within a few seconds, from a public address of the host alone; more than `most` bytes are an error.
    async fn get(&self, address: &SnsAddress, most: usize) -> Result<Vec<u8>, PortError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_sns_itself_is_asked() {
        let certificate = "SimpleNotificationService-010a507c1833636cd94bdb98bd93083a.pem";
        for host in ["sns.us-east-1.amazonaws.com", "sns.us-gov-west-1.amazonaws.com", "sns.ap-southeast-3.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"] {
            let read = SnsAddress::certificate(&format!("https://{host}/{certificate}"));
            assert_eq!(read.as_ref().map(SnsAddress::host), Some(host));
            let url = format!("https://{host}/?Action=ConfirmSubscription&TopicArn=arn:aws:sns:us-east-1:123456789012:a-b_c&Token=2336412f37fb");
            assert_eq!(SnsAddress::confirmation(&url).as_ref().map(SnsAddress::url), Some(url.as_str()));
        }
        for hostile in [
            "http://sns.us-east-1.amazonaws.com",
            "HTTPS://sns.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com:443",
            "https://sns.us-east-1.amazonaws.com:8443",
            "https://sns.us-east-1.amazonaws.com.",
            "https://SNS.us-east-1.amazonaws.com",
            "https://user@sns.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com@evil.example",
            "https://sns.us-east-1.amazonaws.com.evil.example",
            "https://sns.us-east-1.amazonaws.com.cn",
            "https://sns.us-east-1.amazonaws.com#.evil.example",
            "https://sns.us-east-1.amazonaws.com\\.evil.example",
            "https://evil.example\\sns.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com%2eevil.example",
            "https://evil.example/sns.us-east-1.amazonaws.com",
            "https://evilsns.us-east-1.amazonaws.com",
            "https://sns.evil.us-east-1.amazonaws.com",
            "https://sns.us-east-1.evil-amazonaws.com",
            "https://sns..amazonaws.com",
            "https://sns.amazonaws.com",
            "https://sns.us-east-.amazonaws.com",
            "https://sns.1-2-3.amazonaws.com",
            "https://mybucket.s3.amazonaws.com",
            "https://sns.s3.amazonaws.com",
            "https://sns.my-bucket.s3.amazonaws.com",
            "https://169.254.169.254",
            "https://[::ffff:169.254.169.254]",
            "https://localhost",
            "https://127.0.0.1",
            "https://sns.us\u{2010}east-1.amazonaws.com",
            "//sns.us-east-1.amazonaws.com",
            "sns.us-east-1.amazonaws.com",
            "file:///etc/passwd",
            " https://sns.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com\n",
            "",
        ] {
            assert_eq!(SnsAddress::certificate(&format!("{hostile}/{certificate}")), None, "{hostile}");
            assert_eq!(SnsAddress::confirmation(&format!("{hostile}/?Action=ConfirmSubscription&Token=1")), None, "{hostile}");
        }
        for path in [
            "",
            "SimpleNotificationService-.pem",
            "SimpleNotificationService-a.pem?x",
            "SimpleNotificationService-a.pem#x",
            "a/SimpleNotificationService-a.pem",
            "SimpleNotificationService-../x.pem",
            "SimpleNotificationService-a.pem/",
            "other.pem",
        ] {
            assert_eq!(SnsAddress::certificate(&format!("https://sns.us-east-1.amazonaws.com/{path}")), None, "{path}");
        }
        for path in [
            "",
            "?Action=Unsubscribe&Token=1",
            "?Action=ConfirmSubscription",
            "?Token=1&Action=ConfirmSubscription",
            "?Action=ConfirmSubscription&Action=Publish",
            "?Action=ConfirmSubscription&Token=1#x",
            "?Action=ConfirmSubscription&Token=1 HTTP/1.1",
            "x?Action=ConfirmSubscription&Token=1",
            "?Action=ConfirmSubscription&Token=<",
        ] {
            assert_eq!(SnsAddress::confirmation(&format!("https://sns.us-east-1.amazonaws.com/{path}")), None, "{path}");
        }
        assert_eq!(SnsAddress::certificate(&format!("https://sns.{}-1.amazonaws.com/{certificate}", "a".repeat(2048))), None);
    }
}
