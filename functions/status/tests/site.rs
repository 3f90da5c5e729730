//! The site as its readers meet it: each test asks the router, over the in-memory ports. (What each page says stands in `golden/`.)

#![expect(clippy::unwrap_used, reason = "what a test is sure of; a panic is its failure")]

#[path = "site/world.rs"]
mod world;

#[path = "site/documents.rs"]
mod documents;
#[path = "site/every_route.rs"]
mod every_route;
#[path = "site/pages.rs"]
mod pages;
#[path = "site/serve.rs"]
mod serve;
#[path = "site/subscriptions.rs"]
mod subscriptions;
