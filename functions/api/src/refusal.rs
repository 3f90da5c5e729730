//! What routes are refused with, named once; for the document only: the answers are made by `tocsin_lambda::problem`.
//!
//! A route lists the causes that it can meet, and [`Always`].

use crate::view::ProblemView;
use std::collections::BTreeMap;
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

macro_rules! refusal {
    ($(#[$doc:meta])* $name:ident: $($status:literal),+) => {
        $(#[$doc])*
        pub(crate) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].map(|status: u16| (status.to_string(), problem())).into()
            }
        }
    };
}

refusal!(
    /// Of every route: no token, or one that is not known; and something that is needed does not answer now.
    Always: 401, 503
);
refusal!(
    /// The body is no JSON, is too large, or says what can not be.
    Body: 400, 413, 422
);
refusal!(
    /// What stands in the address says what can not be.
    Invalid: 422
);
refusal!(
    /// The token may not do that.
    Forbidden: 403
);
refusal!(
    /// There is none, or the token may not see it.
    NotFound: 404
);
refusal!(
    /// Not possible as it stands now.
    Conflict: 409
);

fn problem() -> RefOr<Response> {
    let schema = Ref::from_schema_name(ProblemView::name());
    ResponseBuilder::new().content("application/problem+json", ContentBuilder::new().schema(Some(schema)).build()).build().into()
}
