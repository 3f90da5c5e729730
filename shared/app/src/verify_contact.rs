//! Verifies contact methods: sends a code to a phone, takes it back, and takes over what the provider of e-mail knows.
//!
//! [`SendContactCode`] is called by `notify`, which may send text messages anyway; [`VerifyContact`] by `api`, which may not: it can only name a contact method
//! of the configuration. Refuses to tell why a code does not work. A number gets one code a minute and five a day, whoever asks.

use crate::configuration_cache::ConfigurationCache;
use crate::error::{AppError, WriteError};
use crate::ports::{Clock, ContactCodes, Destination, EmailContacts, EmailState, IdSource, Messenger, SendError, VerificationStore};
use std::sync::Arc;
use tocsin_domain::configuration::{Channel, Configuration, ContactMethod, User};
use tocsin_domain::id::ContactId;
use tocsin_domain::notification::message::{Message, cut};
use tocsin_domain::notification::verification::{CODE_VALID_MIN, Code, Verification};

/// Races with others on one contact method that are tried again.
const TRIES: u32 = 6;

/// Draws a code and sends it.
#[derive(Clone)]
pub struct SendContactCode {
    /// How contact methods stand.
    pub verifications: Arc<dyn VerificationStore>,
    /// Contact methods, as they are now: nobody else gets a code.
    pub configuration: Arc<ConfigurationCache>,
    /// Sends.
    pub messenger: Arc<dyn Messenger>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Draws.
    pub ids: Arc<dyn IdSource>,
}

impl SendContactCode {
    /// Sends a code to the phone of a contact method, unless one was sent within a minute or five were within a day. What is no phone of the configuration
    /// gets nothing.
    pub async fn run(&self, contact: &ContactId) -> Result<(), AppError> {
        let (_, configuration) = self.configuration.current().await?;
        let Some((_, method)) = configuration.contact(contact).filter(|(_, m)| m.kind == Channel::Sms) else { return Ok(()) };
        for _ in 0..TRIES {
            let mut verification = self.verifications.verification(contact).await?;
            let code = Code::drawn(&self.ids.secret());
            if !verification.send(method, &code, self.clock.now()) {
                tracing::info!(%contact, "no code was sent: this contact method had one within the minute, or enough for a day");
                return Ok(());
            }
            verification.revision += 1;
            match self.verifications.put_verification(contact, &verification).await {
                // Kept before it is sent: a code that arrives works, and a crash in between costs a minute.
                Ok(()) => return self.send(method, &code).await,
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("contact method {contact}") })
    }

    async fn send(&self, method: &ContactMethod, code: &Code) -> Result<(), AppError> {
        let to = Destination { contact: method.id.clone(), channel: method.kind, to: method.to.clone() };
        let contact = cut(method.id.as_str(), 40, "...");
        let text = format!(
            "Tocsin: {} is the code for your contact method {contact}. Valid for {CODE_VALID_MIN} minutes. You do not know of it? Ignore this message.",
            code.digits()
        );
        match self.messenger.send(&to, &Message { subject: "Tocsin: your code".to_owned(), text }).await {
            Ok(_) => Ok(()),
            Err(SendError::Refused(reason)) => Err(AppError::Invalid { field: "contact".to_owned(), reason }),
            Err(SendError::Unavailable(reason)) => Err(crate::error::PortError::Transient { port: "Messenger::send", reason }.into()),
        }
    }
}

/// Contact methods that are looked at together.
const AT_ONCE: usize = 25;

/// How a contact method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Its owner has shown that it reaches them.
    Verified,
    /// They have been asked and have not answered, or were never asked.
    Unverified,
    /// E-mail without a subscription: nothing arrives there.
    Missing,
}

/// What people ask of their contact methods.
#[derive(Clone)]
pub struct VerifyContact {
    /// How contact methods stand.
    pub verifications: Arc<dyn VerificationStore>,
    /// How e-mail stands with its provider.
    pub emails: Arc<dyn EmailContacts>,
    /// Has codes sent.
    pub codes: Arc<dyn ContactCodes>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
}

impl VerifyContact {
    /// Asks the owner: a code by text message, or the provider's question by e-mail. The answer does not tell whether a code was due.
    pub async fn ask(&self, method: &ContactMethod) -> Result<Standing, AppError> {
        match method.kind {
            Channel::Sms => {
                self.codes.send_code(&method.id).await?;
                Ok(Standing::Unverified)
            }
            Channel::Email => self.by_provider(method, self.emails.ensure(&method.id, &method.to).await?).await,
            Channel::LastResort => Ok(Standing::Verified),
        }
    }

    /// Takes a code. E-mail needs none: there the provider is asked.
    pub async fn confirm(&self, method: &ContactMethod, code: &str) -> Result<bool, AppError> {
        if method.kind == Channel::Email {
            return Ok(self.standing(method).await? == Standing::Verified);
        }
        for _ in 0..TRIES {
            let mut verification = self.verifications.verification(&method.id).await?;
            let before = verification.clone();
            let right = verification.confirm(method, &Code::typed(code), self.clock.now());
            if verification == before {
                return Ok(right);
            }
            verification.revision += 1;
            // A wrong code is judged only when it is counted: as many at once as anybody likes are five.
            match self.verifications.put_verification(&method.id, &verification).await {
                Ok(()) => return Ok(right),
                Err(WriteError::Conflict) => {}
                Err(WriteError::Port(e)) => return Err(e.into()),
            }
        }
        Err(AppError::Contention { what: format!("contact method {}", method.id) })
    }

    /// How a contact method stands; what the provider of e-mail knows is remembered.
    pub async fn standing(&self, method: &ContactMethod) -> Result<Standing, AppError> {
        match method.kind {
            Channel::Sms => {
                let verified = self.verifications.verification(&method.id).await?.holds(method);
                Ok(if verified { Standing::Verified } else { Standing::Unverified })
            }
            Channel::Email => self.by_provider(method, self.emails.state(&method.id, &method.to).await?).await,
            Channel::LastResort => Ok(Standing::Verified),
        }
    }

    /// How the phones of a configuration stand, in the order of the document.
    pub async fn phones(&self, configuration: &Configuration) -> Result<Vec<(ContactId, bool)>, AppError> {
        self.phones_of(configuration.users.iter()).await
    }

    /// How the phones of some people stand.
    pub async fn phones_of(&self, users: impl Iterator<Item = &User>) -> Result<Vec<(ContactId, bool)>, AppError> {
        let phones: Vec<&ContactMethod> = users.flat_map(|u| &u.contact_methods).filter(|m| m.kind == Channel::Sms).collect();
        let mut found = Vec::with_capacity(phones.len());
        for part in phones.chunks(AT_ONCE) {
            let known = futures::future::join_all(part.iter().map(|m| self.verifications.verification(&m.id))).await;
            for (method, known) in part.iter().zip(known) {
                found.push((method.id.clone(), known?.holds(method)));
            }
        }
        Ok(found)
    }

    /// Remembers what the provider of e-mail said when it was asked for something else.
    pub async fn heard(&self, configuration: &Configuration, emails: &[(ContactId, EmailState)]) -> Result<(), AppError> {
        for (contact, state) in emails {
            if *state == EmailState::Confirmed
                && let Some((_, method)) = configuration.contact(contact)
            {
                remember(&*self.verifications, method, &*self.clock).await?;
            }
        }
        Ok(())
    }

    async fn by_provider(&self, method: &ContactMethod, state: EmailState) -> Result<Standing, AppError> {
        match state {
            EmailState::Confirmed => remember(&*self.verifications, method, &*self.clock).await.map(|()| Standing::Verified),
            EmailState::Pending => Ok(Standing::Unverified),
            EmailState::Missing => Ok(Standing::Missing),
        }
    }
}

/// Remembers that a contact method is verified, so that nobody has to ask the provider when a level fires.
pub(crate) async fn remember(verifications: &dyn VerificationStore, method: &ContactMethod, clock: &dyn Clock) -> Result<(), AppError> {
    let mut verification: Verification = verifications.verification(&method.id).await?;
    if verification.holds(method) {
        return Ok(());
    }
    verification.verify(method, clock.now());
    verification.revision += 1;
    match verifications.put_verification(&method.id, &verification).await {
        // Somebody else wrote: it is asked again next time.
        Ok(()) | Err(WriteError::Conflict) => Ok(()),
        Err(WriteError::Port(e)) => Err(e.into()),
    }
}
