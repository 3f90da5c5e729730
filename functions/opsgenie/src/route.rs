//! Which request is meant by a method and a path. Aliases may hold slashes, and the gateway decodes the path before anybody sees it: so the path is read from its
//! right end, and whatever stands before the last part that is known is the identifier.

/// What is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Route {
    /// `POST /v2/alerts`
    Create,
    /// `GET /v2/alerts`
    List,
    /// `GET /v2/alerts/count`
    Count,
    /// `GET /v2/alerts/requests/ID`
    Request(String),
    /// `GET /v2/alerts/ID`
    Show(String),
    /// `GET /v2/alerts/ID/notes`
    Notes(String),
    /// `GET /v2/alerts/ID/logs`
    Logs(String),
    /// What is asked of an alert.
    Ask(Verb, String),
    /// `/v2/heartbeats/NAME/ping`
    Ping(String),
    /// `GET /v2/heartbeats/NAME`, or all of them.
    Heartbeats(Option<String>),
    /// `POST /v2/heartbeats`
    CreateHeartbeat,
    /// `PATCH` or `PUT /v2/heartbeats/NAME`
    ChangeHeartbeat(String),
    /// `POST /v2/heartbeats/NAME/enable` and `disable`
    SwitchHeartbeat(String, bool),
    /// `DELETE /v2/heartbeats/NAME`
    RemoveHeartbeat(String),
}

/// What is asked: the last part of the path, the last two for a custom action (`actions/NAME`), or `delete`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verb {
    pub(crate) name: String,
    /// DELETE of tags and details.
    pub(crate) removes: bool,
}

/// Asked by POST.
const POSTED: [&str; 11] = ["close", "acknowledge", "unacknowledge", "notes", "snooze", "tags", "details", "assign", "escalate", "responders", "teams"];
/// Asked by PUT, PATCH or POST.
const PUT: [&str; 3] = ["message", "description", "priority"];
/// Taken away by DELETE.
const REMOVED: [&str; 2] = ["tags", "details"];

/// What stands behind `/v2/`.
fn below(path: &str) -> Option<&str> {
    path.trim_start_matches('/').strip_prefix("v2").map(|p| p.trim_start_matches('/'))
}

/// Whether Opsgenie's clients ask for such addresses.
pub(crate) fn is_opsgenies(path: &str) -> bool {
    below(path).is_some_and(|rest| rest.starts_with("alerts") || rest.starts_with("heartbeats"))
}

/// The route, or 404 or 405.
pub(crate) fn route(method: &str, path: &str) -> Result<Route, u16> {
    let rest = below(path).ok_or(404_u16)?;
    if let Some(rest) = rest.strip_prefix("heartbeats") {
        return heartbeats(method, rest);
    }
    let rest = rest.strip_prefix("alerts").ok_or(404_u16)?;
    let rest = match rest.strip_prefix('/') {
        Some(rest) => rest.strip_suffix('/').unwrap_or(rest),
        None if rest.is_empty() => rest,
        None => return Err(404),
    };
    if rest.is_empty() {
        return match method {
            "POST" | "PUT" | "OPTIONS" => Ok(Route::Create),
            "GET" | "HEAD" => Ok(Route::List),
            _ => Err(405),
        };
    }
    let (before, last) = rest.rsplit_once('/').unwrap_or(("", rest));
    let verb = |name: &str, removes| Verb { name: name.to_owned(), removes };
    match method {
        "GET" | "HEAD" => Ok(match (before, last) {
            ("", "count") => Route::Count,
            ("requests", id) => Route::Request(id.to_owned()),
            (who, "notes") if !who.is_empty() => Route::Notes(who.to_owned()),
            (who, "logs") if !who.is_empty() => Route::Logs(who.to_owned()),
            _ => Route::Show(rest.to_owned()),
        }),
        "DELETE" => Ok(match REMOVED.iter().find(|name| **name == last) {
            Some(name) if !before.is_empty() => Route::Ask(verb(name, true), before.to_owned()),
            Some(_) | None => Route::Ask(verb("delete", false), rest.to_owned()),
        }),
        "POST" | "PUT" | "PATCH" => {
            if let Some((who, "actions")) = before.rsplit_once('/') {
                // Whatever it is called: an action named `close` closes nothing.
                return Ok(Route::Ask(verb(&format!("actions/{last}"), false), who.to_owned()));
            }
            match POSTED.iter().chain(&PUT).find(|name| **name == last) {
                Some(name) if !before.is_empty() => Ok(Route::Ask(verb(name, false), before.to_owned())),
                Some(_) | None => Err(404),
            }
        }
        _ => Err(405),
    }
}

fn heartbeats(method: &str, rest: &str) -> Result<Route, u16> {
    let name = match rest.strip_prefix('/') {
        Some(name) => name.strip_suffix('/').unwrap_or(name),
        None if rest.is_empty() => rest,
        None => return Err(404),
    };
    let (of, last) = name.rsplit_once('/').unwrap_or(("", name));
    match (method, last) {
        ("GET" | "HEAD" | "POST" | "PUT" | "PATCH", "ping") if !of.is_empty() => Ok(Route::Ping(of.to_owned())),
        ("POST", "enable") if !of.is_empty() => Ok(Route::SwitchHeartbeat(of.to_owned(), true)),
        ("POST", "disable") if !of.is_empty() => Ok(Route::SwitchHeartbeat(of.to_owned(), false)),
        // Nobody who meant a ping takes a heartbeat away.
        (_, "ping") if !of.is_empty() => Err(405),
        ("PATCH" | "PUT", _) if !name.is_empty() => Ok(Route::ChangeHeartbeat(name.to_owned())),
        ("DELETE", _) if !name.is_empty() => Ok(Route::RemoveHeartbeat(name.to_owned())),
        ("GET" | "HEAD", _) => Ok(Route::Heartbeats(Some(name.to_owned()).filter(|n| !n.is_empty()))),
        ("POST", _) if name.is_empty() => Ok(Route::CreateHeartbeat),
        _ => Err(405),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(name: &str, removes: bool, who: &str) -> Result<Route, u16> {
        Ok(Route::Ask(Verb { name: name.to_owned(), removes }, who.to_owned()))
    }

    #[test]
    fn paths_are_read_from_the_right() {
        for (method, path, wanted) in [
            ("POST", "/v2/alerts", Ok(Route::Create)),
            ("POST", "/v2/alerts/", Ok(Route::Create)),
            ("POST", "//v2//alerts/", Ok(Route::Create)),
            ("GET", "/v2/alerts", Ok(Route::List)),
            ("GET", "/v2/alerts/", Ok(Route::List)),
            ("DELETE", "/v2/alerts", Err(405)),
            ("GET", "/v2/alertsx", Err(404)),
            ("GET", "/v2/alerts/count", Ok(Route::Count)),
            ("GET", "/v2/alerts/requests/a-b", Ok(Route::Request("a-b".into()))),
            ("GET", "/v2/alerts/db 1/café", Ok(Route::Show("db 1/café".into()))),
            ("GET", "/v2/alerts/db 1/café/notes", Ok(Route::Notes("db 1/café".into()))),
            ("GET", "/v2/alerts/x/logs/", Ok(Route::Logs("x".into()))),
            ("GET", "/v2/alerts/a//b", Ok(Route::Show("a//b".into()))),
            ("POST", "/v2/alerts/db 1/café/close", ask("close", false, "db 1/café")),
            ("POST", "/v2/alerts/close/close/", ask("close", false, "close")),
            ("POST", "/v2/alerts/close", Err(404)),
            ("POST", "/v2/alerts/x/nothing", Err(404)),
            ("POST", "/v2/alerts/x/actions/Restart", ask("actions/Restart", false, "x")),
            ("POST", "/v2/alerts/x/actions/close", ask("actions/close", false, "x")),
            ("PUT", "/v2/alerts/a/b/priority", ask("priority", false, "a/b")),
            ("DELETE", "/v2/alerts/a/b", ask("delete", false, "a/b")),
            ("DELETE", "/v2/alerts/a/b/tags", ask("tags", true, "a/b")),
            ("BREW", "/v2/alerts/a", Err(405)),
            ("PATCH", "/v2/heartbeats/nightly job/ping", Ok(Route::Ping("nightly job".into()))),
            ("GET", "/v2/heartbeats/a/b/ping/", Ok(Route::Ping("a/b".into()))),
            ("GET", "/v2/heartbeats/x", Ok(Route::Heartbeats(Some("x".into())))),
            ("GET", "/v2/heartbeats/", Ok(Route::Heartbeats(None))),
            ("POST", "/v2/heartbeats", Ok(Route::CreateHeartbeat)),
            ("DELETE", "/v2/heartbeats/a b", Ok(Route::RemoveHeartbeat("a b".into()))),
            ("DELETE", "/v2/heartbeats", Err(405)),
            ("DELETE", "/v2/heartbeats/a/ping", Err(405)),
            ("POST", "/v2/heartbeats/a/enable/enable", Ok(Route::SwitchHeartbeat("a/enable".into(), true))),
            ("PATCH", "/v2/heartbeats/a/b", Ok(Route::ChangeHeartbeat("a/b".into()))),
            ("POST", "/v2/heartbeats/a/enable/", Ok(Route::SwitchHeartbeat("a".into(), true))),
            ("POST", "/v2/heartbeats/a/disable", Ok(Route::SwitchHeartbeat("a".into(), false))),
            ("POST", "/v2/heartbeats/x", Err(405)),
            ("GET", "/v2/heartbeatsx", Err(404)),
        ] {
            assert_eq!(route(method, path), wanted, "{method} {path}");
        }
    }
}
