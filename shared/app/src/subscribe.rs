//! Subscribe to the status page, and end a subscription: nothing happens before the owner of the address or phone has agreed (double opt-in).
//!
//! E-mail: the provider asks the address and puts a link to unsubscribe into each mail. SMS: a code of six digits, by message, proves the phone.
//! Called by: the status function. Refuses to tell whether an address or phone is subscribed: every answer is equal for known and unknown ones.
//! Refuses to be a mail or message cannon: one code a minute and [`MOST_A_DAY`] a day to one receiver, and a bound for all receivers together, since the
//! messages come out of the same account and budget as pages do. (The tallies are read and then written, so requests at the same instant may pass one over.)

use crate::error::AppError;
use crate::ports::{IdSource, PendingSubscriber, SecretHash, StakeholderTopic, SubscriberStore};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use tocsin_domain::notification::message::{clean, cut};

/// A code is valid for this long.
pub const CODE_VALID_MIN: i64 = 15;
/// A code stops working after this many wrong ones.
pub const MOST_WRONG: u32 = 5;
/// At most this many messages to one receiver within a day.
pub const MOST_A_DAY: u32 = 5;
/// At most this many messages of one kind to all receivers together within an hour.
pub const MOST_AN_HOUR: u32 = 60;
const BETWEEN_S: i64 = 60;

/// A phone number in E.164 form.
#[derive(Clone, PartialEq, Eq)]
pub struct Phone(String);

impl Phone {
    /// Reads what people type: blanks, dots, dashes, slashes and brackets are passed over; `00` stands for `+`.
    ///
    /// ```
    /// # use tocsin_app::subscribe::Phone;
    /// assert_eq!(Phone::parse("+1 (555) 555-0100").unwrap().as_str(), "+15555550100");
    /// assert_eq!(Phone::parse("0044 20 7946 0000").unwrap().as_str(), "+442079460000");
    /// assert!(Phone::parse("555 0100").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let invalid = |reason: &str| AppError::Invalid { field: "phone".to_owned(), reason: reason.to_owned() };
        let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '.' | '-' | '/' | '(' | ')')).collect();
        let bare = bare.strip_prefix("00").map_or(bare.clone(), |rest| format!("+{rest}"));
        let Some(digits) = bare.strip_prefix('+') else {
            return Err(invalid(if bare.is_empty() { "Enter a phone number." } else { "Begin with + and the country code, as in +1 555 555 0100." }));
        };
        if !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(invalid("Use digits only after the +, as in +1 555 555 0100."));
        }
        if !(7..=15).contains(&digits.len()) || digits.starts_with('0') {
            return Err(invalid("A phone number has 7 to 15 digits after the +, the country code first."));
        }
        Ok(Self(bare))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An e-mail address that the provider may take.
#[derive(Clone, PartialEq, Eq)]
pub struct Email(String);

impl Email {
    /// Refuses what can not be an address; whether it is one, its owner's confirmation tells.
    ///
    /// ```
    /// # use tocsin_app::subscribe::Email;
    /// assert_eq!(Email::parse(" ada@example.org ").unwrap().as_str(), "ada@example.org");
    /// assert!(Email::parse("ada@example.org\r\nBcc: all@example.org").is_err());
    /// ```
    pub fn parse(text: &str) -> Result<Self, AppError> {
        let invalid = |reason: &str| Err(AppError::Invalid { field: "email".to_owned(), reason: reason.to_owned() });
        let text = text.trim();
        if text.is_empty() {
            return invalid("Enter an e-mail address.");
        }
        let Some((local, domain)) = text.split_once('@') else { return invalid("An e-mail address has an @, as in name@example.org.") };
        let labels = domain.split('.').all(|l| !l.is_empty() && l.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'));
        let plain = local.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'(' | b')' | b',' | b':' | b';' | b'<' | b'>' | b'[' | b'\\' | b']'));
        if local.is_empty() || local.len() > 64 || text.len() > 254 || !plain || !labels || !domain.contains('.') {
            return invalid("This does not look like an e-mail address, as in name@example.org.");
        }
        Ok(Self(text.to_owned()))
    }

    /// The address.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a code confirms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To be told.
    Subscribe,
    /// To be left alone.
    Unsubscribe,
}

/// What became of a request. Callers answer `Sent` and `NotAgain` alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The receiver gets a question or a code.
    Sent,
    /// The receiver got one less than a minute ago, or enough for a day.
    NotAgain,
    /// All receivers together got as many as the hour allows.
    TooManyForAll,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirmed {
    /// The wish is granted.
    Yes,
    /// Wrong, expired, never sent, or tried too often: which of these is not told.
    No,
}

/// The use cases, over what they need.
pub struct Subscribe<'a> {
    /// Where codes wait.
    pub subscribers: &'a dyn SubscriberStore,
    /// Where subscriptions live.
    pub topic: &'a dyn StakeholderTopic,
    /// Draws codes.
    pub ids: &'a dyn IdSource,
    /// Name of the status page, for the message.
    pub page: &'a str,
    /// Now.
    pub now: Timestamp,
}

impl Subscribe<'_> {
    /// Asks an address whether it wants to be told; the provider sends the question.
    pub async fn ask_by_email(&self, address: &Email) -> Result<Asked, AppError> {
        let receiver = fingerprint(&format!("email:{}", address.0.to_ascii_lowercase()));
        let asked_lately = self.subscribers.pending(&format!("mail-{receiver}"), self.now).await?.is_some();
        match self.tally("mail", &receiver, asked_lately).await? {
            Asked::Sent => {}
            held @ (Asked::NotAgain | Asked::TooManyForAll) => return Ok(held),
        }
        self.subscribers.put_pending(&format!("mail-{receiver}"), &mark(0, self.now, BETWEEN_S)).await?;
        self.topic.subscribe_email(&address.0).await?;
        Ok(Asked::Sent)
    }

    /// Sends a code to a phone, whether it is subscribed or not.
    pub async fn send_code(&self, phone: &Phone, wish: Wish) -> Result<Asked, AppError> {
        let receiver = fingerprint(&format!("phone:{}", phone.0));
        let id = format!("code-{receiver}");
        let sent_lately = self.subscribers.pending(&id, self.now).await?.is_some_and(|p| {
            let sent_at = p.expires_at - SignedDuration::from_mins(CODE_VALID_MIN);
            self.now.duration_since(sent_at).as_secs() < BETWEEN_S
        });
        match self.tally("code", &receiver, sent_lately).await? {
            Asked::Sent => {}
            held @ (Asked::NotAgain | Asked::TooManyForAll) => return Ok(held),
        }
        let code = draw_code(self.ids);
        let expires_at = self.now + SignedDuration::from_mins(CODE_VALID_MIN);
        let pending = PendingSubscriber { phone: phone.0.clone(), code: hash(&code, phone, wish), wrong: 0, expires_at };
        self.subscribers.put_pending(&id, &pending).await?;
        self.topic.send_code(&phone.0, &self.words(&code, wish)).await?;
        Ok(Asked::Sent)
    }

    /// Grants the wish of whoever knows the code. The code stays valid for its time, so that a button pressed twice is a harmless success.
    pub async fn confirm(&self, phone: &Phone, code: &str, wish: Wish) -> Result<Confirmed, AppError> {
        let id = format!("code-{}", fingerprint(&format!("phone:{}", phone.0)));
        let Some(mut pending) = self.subscribers.pending(&id, self.now).await? else { return Ok(Confirmed::No) };
        if pending.wrong >= MOST_WRONG {
            return Ok(Confirmed::No);
        }
        let digits: String = code.chars().filter(char::is_ascii_digit).collect();
        if pending.phone != phone.0 || pending.code != hash(&digits, phone, wish) {
            pending.wrong += 1;
            self.subscribers.put_pending(&id, &pending).await?;
            return Ok(Confirmed::No);
        }
        match wish {
            Wish::Subscribe => self.topic.subscribe_sms(&phone.0).await.map(|_| ())?,
            Wish::Unsubscribe => self.topic.unsubscribe_sms(&phone.0).await?,
        }
        Ok(Confirmed::Yes)
    }

    /// Counts a message before it is sent; `lately` says that the receiver had one within the minute.
    async fn tally(&self, kind: &str, receiver: &str, lately: bool) -> Result<Asked, AppError> {
        let all_id = format!("{kind}-hour-{}", self.now.as_second() / 3600);
        let all = self.subscribers.pending(&all_id, self.now).await?.map_or(0, |t| t.wrong);
        if all >= MOST_AN_HOUR {
            return Ok(Asked::TooManyForAll);
        }
        let own_id = format!("{kind}-day-{}-{receiver}", self.now.as_second() / 86_400);
        let own = self.subscribers.pending(&own_id, self.now).await?.map_or(0, |t| t.wrong);
        if lately || own >= MOST_A_DAY {
            return Ok(Asked::NotAgain);
        }
        self.subscribers.put_pending(&all_id, &mark(all + 1, self.now, 3600)).await?;
        self.subscribers.put_pending(&own_id, &mark(own + 1, self.now, 86_400)).await?;
        Ok(Asked::Sent)
    }

    fn words(&self, code: &str, wish: Wish) -> String {
        // Short enough for one segment of plain text.
        let page = cut(&clean(self.page), 20, "...");
        let what = match wish {
            Wish::Subscribe => "to get status updates by text message",
            Wish::Unsubscribe => "to stop status updates by text message",
        };
        format!("Tocsin: {code} is your code {what} ({page}). Valid for {CODE_VALID_MIN} minutes. You did not ask for it? Ignore this message.")
    }
}

/// A tally or a mark: a pending item that names nobody and that no code can match.
fn mark(count: u32, now: Timestamp, seconds: i64) -> PendingSubscriber {
    PendingSubscriber { phone: String::new(), code: SecretHash(String::new()), wrong: count, expires_at: now + SignedDuration::from_secs(seconds) }
}

/// What stands for a receiver in ids: never the address or number itself.
fn fingerprint(receiver: &str) -> String {
    SecretHash::of(receiver).0
}

fn hash(code: &str, phone: &Phone, wish: Wish) -> SecretHash {
    SecretHash::of(&format!("{wish:?}:{}:{code}", phone.0))
}

/// Six digits, each value as likely as any other (to within 1 in 10^13).
fn draw_code(ids: &dyn IdSource) -> String {
    let digest = Sha256::digest(ids.secret().as_bytes());
    let number = digest.iter().take(8).fold(0_u64, |n, b| n << 8 | u64::from(*b));
    format!("{:06}", number % 1_000_000)
}
