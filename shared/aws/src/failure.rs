//! What the SDK says when a call fails, as the ports say it.

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use tocsin_app::error::PortError;

/// Codes that pass although their HTTP status says that the request is at fault.
const PASSING: [&str; 18] = [
    "ExpiredToken",
    "ExpiredTokenException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "KMSThrottling",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "ServiceUnavailable",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TransactionInProgressException",
];

/// Those of them that say that it was asked too often: nothing happened.
const THROTTLED: [&str; 8] = [
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingError",
    "ThrottlingException",
];

/// Whether a code says that it was asked too often.
pub(crate) fn throttles(code: &str) -> bool {
    THROTTLED.contains(&code)
}

/// Whether a code of an error, or of one entry of an answer, stands for something that passes.
pub(crate) fn passes(code: &str) -> bool {
    PASSING.contains(&code) || code == "TransactionConflictException"
}

/// What is known of a failed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failed {
    /// The service's code; empty where it did not answer.
    pub code: String,
    /// What was said.
    pub reason: String,
    /// Whether it may work when tried again.
    pub transient: bool,
}

/// Reads the SDK's error. Requests are not quoted: they hold personal data.
pub(crate) fn failed<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Failed {
    let said = |what: &str, transient| Failed { code: String::new(), reason: what.to_owned(), transient };
    match error {
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            let code = context.err().code().unwrap_or("no code");
            let reason = match context.err().message() {
                Some(message) => format!("{code}: {message}"),
                None => format!("{code} (HTTP status {status})"),
            };
            Failed { code: code.to_owned(), reason, transient: status >= 500 || status == 429 || passes(code) }
        }
        SdkError::TimeoutError(_) => said("no answer in time", true),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => said("no connection in time", true),
        SdkError::DispatchFailure(failure) if failure.is_io() => said("no connection", true),
        SdkError::DispatchFailure(_) => said("the request could not be sent", true),
        SdkError::ResponseError(_) => said("the answer could not be read", true),
        SdkError::ConstructionFailure(_) => said("the request could not be built", false),
        _ => said("unknown failure", true),
    }
}

/// The same as the ports say it.
pub(crate) fn port_error<E: ProvideErrorMetadata>(port: &'static str, error: &SdkError<E, HttpResponse>) -> PortError {
    failed(error).of(port)
}

impl Failed {
    pub(crate) fn of(self, port: &'static str) -> PortError {
        match self {
            Failed { code, reason, .. } if throttles(&code) => PortError::Throttled { port, reason },
            Failed { reason, transient: true, .. } => PortError::Transient { port, reason },
            Failed { reason, transient: false, .. } => PortError::Final { port, reason },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_runtime_api::http::{Response, StatusCode};
    use aws_smithy_types::body::SdkBody;
    use aws_smithy_types::error::ErrorMetadata;

    fn service(status: u16, code: &str) -> Failed {
        let metadata = ErrorMetadata::builder().code(code).message("words").build();
        failed(&SdkError::service_error(metadata, Response::new(StatusCode::try_from(status).unwrap(), SdkBody::empty())))
    }

    #[test]
    fn what_passes_is_told_from_what_does_not() {
        for (status, code, transient) in [
            (400, "ThrottlingException", true),
            (400, "TransactionConflictException", true),
            (400, "ProvisionedThroughputExceededException", true),
            (500, "InternalServerError", true),
            (503, "whatever", true),
            (429, "TooManyRequests", true),
            (400, "AccessDeniedException", false),
            (400, "ValidationException", false),
            (400, "ResourceNotFoundException", false),
        ] {
            assert_eq!(service(status, code).transient, transient, "{status} {code}");
        }
        for code in ["ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"] {
            assert!(matches!(service(400, code).of("p"), PortError::Throttled { .. }), "{code}");
        }
        assert!(matches!(service(503, "ServiceUnavailable").of("p"), PortError::Transient { .. }));
        assert_eq!(service(400, "ValidationException").of("p"), PortError::Final { port: "p", reason: "ValidationException: words".to_owned() });
    }

    #[test]
    fn no_answer_may_work_when_tried_again() {
        let error = SdkError::<ErrorMetadata, HttpResponse>::timeout_error("x");
        assert_eq!(failed(&error).of("p"), PortError::Transient { port: "p", reason: "no answer in time".to_owned() });
    }
}
