//! Conditional writes: one item, or a transaction.
//!
//! Expressions are constants: a `#name` in them stands for the attribute `name`, a `:name` for a value that is passed beside them, so that no string of a request is
//! ever part of an expression. What conflicts with another transaction, or is throttled, is tried again here, some times, with growing pauses: competing claims can
//! not cancel an acknowledgement.

use super::DynamoStore;
use super::item::Item;
use super::schema::Key;
use crate::failure::{failed, passes, port_error, throttles};
use aws_sdk_dynamodb::types::error::TransactionCanceledException;
use aws_sdk_dynamodb::types::{AttributeValue, ConditionCheck, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use std::collections::HashMap;
use std::time::Duration;
use tocsin_app::error::{PortError, WriteError};

/// Tries of a write that meets other transactions: two seconds in all.
const TRIES: u32 = 9;
/// Tries of a write whose items are asked too often: whoever waits for the answer had better hear of it soon.
const THROTTLED_TRIES: u32 = 4;
/// Most actions of a transaction.
pub(crate) const MOST_ACTIONS: usize = 100;

#[derive(Debug, Clone)]
enum Does {
    Put(Item),
    Update(Key, &'static str),
    Delete(Key),
    Check(Key),
}

/// A write of one item, or a check of one that stays as it is.
#[derive(Debug, Clone)]
pub(crate) struct Action {
    does: Does,
    condition: Option<&'static str>,
    values: Vec<(&'static str, AttributeValue)>,
    tells_old: bool,
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Conditions did not hold: the position of each action, with the item as it was (none where there is none).
    Conditions(Vec<(usize, Option<Item>)>),
    /// The store failed; whether it was written is unknown.
    Port(PortError),
}

impl From<Refused> for WriteError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Conditions(_) => WriteError::Conflict,
            Refused::Port(e) => WriteError::Port(e),
        }
    }
}

impl Refused {
    /// For writes without conditions.
    pub(crate) fn unexpected(self, port: &'static str) -> PortError {
        match self {
            Refused::Conditions(_) => PortError::Final { port, reason: "a condition failed where there is none".to_owned() },
            Refused::Port(e) => e,
        }
    }
}

impl Action {
    fn new(does: Does) -> Self {
        Self { does, condition: None, values: Vec::new(), tells_old: false }
    }

    pub(crate) fn put(item: Item) -> Self {
        Self::new(Does::Put(item))
    }

    pub(crate) fn update(key: Key, expression: &'static str) -> Self {
        Self::new(Does::Update(key, expression))
    }

    pub(crate) fn delete(key: Key) -> Self {
        Self::new(Does::Delete(key))
    }

    pub(crate) fn check(key: Key) -> Self {
        Self::new(Does::Check(key))
    }

    /// Only if this holds.
    pub(crate) fn when(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }

    /// An update of one item that answers with the item as it was; costs nothing more.
    pub(crate) fn telling_old(mut self) -> Self {
        self.tells_old = true;
        self
    }

    /// Only if there is no such item.
    pub(crate) fn when_new(self) -> Self {
        self.when("attribute_not_exists(#pk)")
    }

    /// A value that an expression names.
    pub(crate) fn with(mut self, name: &'static str, value: AttributeValue) -> Self {
        self.values.push((name, value));
        self
    }

    fn names(&self) -> Option<HashMap<String, String>> {
        let update = if let Does::Update(_, expression) = self.does { expression } else { "" };
        let names = names([update, self.condition.unwrap_or("")]);
        (!names.is_empty()).then_some(names)
    }

    fn values(&self) -> Option<HashMap<String, AttributeValue>> {
        let values: HashMap<_, _> = self.values.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        (!values.is_empty()).then_some(values)
    }

    /// The item as it was comes back when a condition fails.
    fn told(&self) -> Option<ReturnValuesOnConditionCheckFailure> {
        self.condition.map(|_| ReturnValuesOnConditionCheckFailure::AllOld)
    }

    fn build(&self, table: &str) -> Result<TransactWriteItem, aws_sdk_dynamodb::error::BuildError> {
        let (names, values, told, condition) = (self.names(), self.values(), self.told(), self.condition.map(str::to_owned));
        let item = TransactWriteItem::builder();
        Ok(match &self.does {
            Does::Put(put) => item
                .put(
                    Put::builder()
                        .table_name(table)
                        .set_item(Some(put.clone()))
                        .set_condition_expression(condition)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .set_return_values_on_condition_check_failure(told)
                        .build()?,
                )
                .build(),
            Does::Update(key, expression) => item
                .update(
                    Update::builder()
                        .table_name(table)
                        .set_key(Some(key.clone().item()))
                        .update_expression(*expression)
                        .set_condition_expression(condition)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .set_return_values_on_condition_check_failure(told)
                        .build()?,
                )
                .build(),
            Does::Delete(key) => item
                .delete(
                    Delete::builder()
                        .table_name(table)
                        .set_key(Some(key.clone().item()))
                        .set_condition_expression(condition)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .set_return_values_on_condition_check_failure(told)
                        .build()?,
                )
                .build(),
            Does::Check(key) => item
                .condition_check(
                    ConditionCheck::builder()
                        .table_name(table)
                        .set_key(Some(key.clone().item()))
                        .set_condition_expression(condition)
                        .set_expression_attribute_names(names)
                        .set_expression_attribute_values(values)
                        .set_return_values_on_condition_check_failure(told)
                        .build()?,
                )
                .build(),
        })
    }
}

/// Each `#name` of the expressions, with the attribute that it stands for.
pub(crate) fn names<const N: usize>(expressions: [&'static str; N]) -> HashMap<String, String> {
    let word = |s: &'static str| s.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap_or("");
    expressions.iter().flat_map(|e| e.split('#').skip(1)).map(word).map(|name| (format!("#{name}"), name.to_owned())).collect()
}

impl DynamoStore {
    /// Writes all of it or nothing.
    pub(crate) async fn transact(&self, port: &'static str, actions: Vec<Action>) -> Result<(), Refused> {
        if actions.is_empty() {
            return Ok(());
        }
        if actions.len() > MOST_ACTIONS {
            let reason = format!("{} writes in one transaction, which takes {MOST_ACTIONS}", actions.len());
            return Err(Refused::Port(PortError::Final { port, reason }));
        }
        let items: Result<Vec<_>, _> = actions.iter().map(|a| a.build(&self.table)).collect();
        let items = items.map_err(|e| Refused::Port(PortError::Final { port, reason: e.to_string() }))?;
        // One token for all tries: a try that was carried out although its answer got lost is not carried out again.
        let token = random_token().map_err(|reason| Refused::Port(PortError::Transient { port, reason }))?;
        let mut tried = 0;
        loop {
            tried += 1;
            let sent = self.client.transact_write_items().set_transact_items(Some(items.clone())).client_request_token(&token).send().await;
            let Err(error) = sent else { return Ok(()) };
            let port_error = match error.as_service_error().filter(|e| e.is_transaction_canceled_exception()) {
                Some(aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    match read_cancellation(port, cancelled) {
                        Refused::Port(e) if e.passes() => e,
                        refused => return Err(refused),
                    }
                }
                _ => match failed(&error) {
                    f if f.code == "TransactionInProgressException" => f.of(port),
                    f => return Err(Refused::Port(f.of(port))),
                },
            };
            let most = if matches!(port_error, PortError::Throttled { .. }) { THROTTLED_TRIES } else { TRIES };
            if tried >= most {
                return Err(Refused::Port(port_error));
            }
            pause(tried).await;
        }
    }

    /// Writes one item.
    pub(crate) async fn write(&self, port: &'static str, action: &Action) -> Result<(), Refused> {
        self.write_and_tell(port, action).await.map(|_| ())
    }

    /// Writes one item; the answer is the item as it was, where the action [tells](Action::telling_old) it.
    pub(crate) async fn write_and_tell(&self, port: &'static str, action: &Action) -> Result<Option<Item>, Refused> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.write_once(port, action).await {
                Err((Refused::Port(e), true)) if tried == TRIES => return Err(Refused::Port(e)),
                Err((_, true)) => pause(tried).await,
                Err((refused, false)) => return Err(refused),
                Ok(old) => return Ok(old),
            }
        }
    }

    /// The flag says that another transaction was in the way.
    async fn write_once(&self, port: &'static str, action: &Action) -> Result<Option<Item>, (Refused, bool)> {
        let (names, values, condition) = (action.names(), action.values(), action.condition.map(str::to_owned));
        macro_rules! send {
            ($call:expr) => {{
                let call = $call
                    .table_name(&self.table)
                    .set_condition_expression(condition)
                    .set_expression_attribute_names(names)
                    .set_expression_attribute_values(values)
                    .set_return_values_on_condition_check_failure(action.told());
                match call.send().await {
                    Ok(done) => Ok(done.attributes),
                    Err(e) => match e.as_service_error() {
                        Some(s) if s.is_conditional_check_failed_exception() => Err((Refused::Conditions(vec![(0, item_of(s))]), false)),
                        Some(s) if s.is_transaction_conflict_exception() => Err((Refused::Port(port_error(port, &e)), true)),
                        Some(_) | None => Err((Refused::Port(port_error(port, &e)), false)),
                    },
                }
            }};
        }
        match &action.does {
            Does::Put(item) => send!(self.client.put_item().set_item(Some(item.clone()))),
            Does::Update(key, expression) => {
                let told = action.tells_old.then_some(ReturnValue::AllOld);
                send!(self.client.update_item().set_key(Some(key.clone().item())).update_expression(*expression).set_return_values(told))
            }
            Does::Delete(key) => send!(self.client.delete_item().set_key(Some(key.clone().item()))),
            Does::Check(_) => Err((Refused::Port(PortError::Final { port, reason: "a check is a part of transactions only".to_owned() }), false)),
        }
    }
}

/// The item that made a condition fail.
trait Refusing {
    fn item(&self) -> Option<Item>;
}

macro_rules! refusing {
    ($($operation:ident::$error:ident),*) => {$(
        impl Refusing for aws_sdk_dynamodb::operation::$operation::$error {
            fn item(&self) -> Option<Item> {
                if let Self::ConditionalCheckFailedException(e) = self { e.item().cloned() } else { None }
            }
        }
    )*};
}

refusing!(put_item::PutItemError, update_item::UpdateItemError, delete_item::DeleteItemError);

fn item_of(error: &impl Refusing) -> Option<Item> {
    error.item()
}

/// A condition that failed decides; what passes is tried again; everything else is final.
fn read_cancellation(port: &'static str, cancelled: &TransactionCanceledException) -> Refused {
    let reasons = cancelled.cancellation_reasons();
    let codes = || reasons.iter().map(|r| r.code().unwrap_or("None"));
    let refused: Vec<_> = reasons.iter().enumerate().filter(|(_, r)| r.code() == Some("ConditionalCheckFailed")).map(|(n, r)| (n, r.item.clone())).collect();
    if !refused.is_empty() {
        return Refused::Conditions(refused);
    }
    let harmless = |code: &str| matches!(code, "None" | "TransactionConflict") || throttles(code) || passes(code);
    let told: Vec<&str> = codes().filter(|c| *c != "None").collect();
    let reason = format!("the transaction was cancelled: {}", told.join(", "));
    Refused::Port(match (codes().all(harmless), codes().any(throttles)) {
        (true, true) => PortError::Throttled { port, reason },
        (true, false) => PortError::Transient { port, reason },
        (false, _) => PortError::Final { port, reason },
    })
}

fn random_token() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|e| format!("no randomness: {e}"))?;
    Ok(tocsin_domain::hex::hex(&bytes))
}

/// 25 ms and twice as long each time, up to 400 ms; the second half of it is random.
async fn pause(tried: u32) {
    let longest = 25u64 << tried.saturating_sub(1).min(4);
    let mut byte = [128];
    // Without randomness the pause is a fixed one.
    let _ = getrandom::fill(&mut byte);
    tokio::time::sleep(Duration::from_millis(longest / 2 + longest * u64::from(byte[0]) / 512)).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_dynamodb::types::CancellationReason;

    #[test]
    fn names_are_found_in_expressions() {
        let found = names(["SET #state = :s, #acknowledge_requested_at = :at REMOVE #due_pk", "attribute_exists(#pk) AND #state = :open"]);
        let mut found: Vec<&str> = found.values().map(String::as_str).collect();
        found.sort_unstable();
        assert_eq!(found, ["acknowledge_requested_at", "due_pk", "pk", "state"]);
    }

    fn cancelled(codes: &[&str]) -> Refused {
        let reasons = codes.iter().map(|c| CancellationReason::builder().code(*c).build()).collect();
        read_cancellation("p", &TransactionCanceledException::builder().set_cancellation_reasons(Some(reasons)).build())
    }

    #[test]
    fn a_failed_condition_decides_before_anything_else() {
        assert!(matches!(cancelled(&["None", "ConditionalCheckFailed", "TransactionConflict"]), Refused::Conditions(c) if c.len() == 1 && c[0].0 == 1));
        assert!(matches!(cancelled(&["None", "TransactionConflict"]), Refused::Port(PortError::Transient { .. })));
        assert!(matches!(cancelled(&["ThrottlingError", "None"]), Refused::Port(PortError::Throttled { .. })));
        assert!(matches!(cancelled(&["ValidationError", "TransactionConflict"]), Refused::Port(PortError::Final { .. })));
    }
}
