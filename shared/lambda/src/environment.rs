//! Settings come from the environment that template.yaml gives a function. A missing one stops the function at its start, with its name.

/// A setting is missing.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable {0} is not set: template.yaml sets it for every function that needs it")]
pub struct Missing(pub &'static str);

/// A setting that has to be there.
pub fn required(name: &'static str) -> Result<String, Missing> {
    optional(name).ok_or(Missing(name))
}

/// A setting that may be missing or empty.
pub fn optional(name: &'static str) -> Option<String> {
    std::env::var(name).ok().filter(|v| !v.is_empty())
}
