//! The data model in words: which questions the table answers, and what kinds of items it holds. `docs/data-model.md` is rendered from it by a test, and another
//! holds it to the keys that [`schema`](super::schema) makes.

/// What somebody asks of the table, and what answers it.
#[derive(Debug, Clone, Copy)]
pub struct Pattern {
    /// The question or the change.
    pub what: &'static str,
    /// Methods of the ports that ask it.
    pub ports: &'static str,
    /// Calls, with the items that they touch.
    pub calls: &'static str,
    /// Capacity units it takes: R strongly consistent reads of 4 KB, W writes of 1 KB, 2W in a transaction.
    pub cost: &'static str,
}

/// A kind of item.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// Its name.
    pub name: &'static str,
    /// Partition key.
    pub pk: &'static str,
    /// Sort key.
    pub sk: &'static str,
    /// Attributes beside team and `v`.
    pub attributes: &'static str,
    /// Where else it appears: indexes, stream, expiry.
    pub also: &'static str,
}

const fn pattern(what: &'static str, ports: &'static str, calls: &'static str, cost: &'static str) -> Pattern {
    Pattern { what, ports, calls, cost }
}

const fn kind(name: &'static str, pk: &'static str, sk: &'static str, attributes: &'static str, also: &'static str) -> Kind {
    Kind { name, pk, sk, attributes, also }
}

/// The access patterns, most frequent first.
pub const PATTERNS: &[Pattern] = &[
    pattern(
        "Is this event a repetition? Then count it",
        "count_repetition, count_held_repetition",
        "UpdateItem guard, if open and as bad",
        "1W (billed also when it is not)",
    ),
    pattern(
        "Open an alert",
        "open_alert, open_held_alert",
        "TransactWriteItems: guard if none is open, alert, its parts (and its hold)",
        "2W guard, 2W a KB of alert (2W hold)",
    ),
    pattern("How many new alerts come in this minute? A flood goes on in the next", "count_new, go_on", "UpdateItem count of new alerts", "1W each"),
    pattern("Where were floods lately?", "minutes", "Query counts of an integration, backwards", "1R a 4 KB"),
    pattern("Who is open under this key? Under several?", "guard, guards", "GetItem guard; BatchGetItem guards", "1R each"),
    pattern("The sender resolves, or reports worse", "resolve_alert, raise_alert", "TransactWriteItems: guard and alert", "2W guard, 2W a KB of alert"),
    pattern("The sender asks to acknowledge", "request_acknowledgement", "UpdateItem alert", "1W a KB of alert"),
    pattern("An alert without an incident: suppressed, dropped; looked at again", "record_outcome, wake_alert", "UpdateItem alert", "1W a KB of alert"),
    pattern(
        "The sender asks something else of an alert",
        "ask",
        "TransactWriteItems: alert if it has not changed since, ask, and guard where it ends the alert",
        "2W a KB of each",
    ),
    pattern("What was asked of an alert?", "asks", "Query asks behind a change", "1R a 4 KB"),
    pattern(
        "Reports that hold for a while only: begin, look, go on, end",
        "put_hold, hold, holds_before, extend_alert, move_hold, drop_hold, expire_alert",
        "PutItem, GetItem, UpdateItem, DeleteItem hold; Query its shards of `due`; UpdateItem guard; TransactWriteItems: guard if no event came since, alert",
        "1W and 1 to 2W of `due` each; an end costs what a resolve does",
    ),
    pattern("Alerts by id, whole", "alerts", "BatchGetItem alerts; Query of the parts where an alert is large", "1R an alert"),
    pattern(
        "Change an incident",
        "commit",
        "TransactWriteItems: incident if its revision stands, entries, number, alerts, one link for all of them, group, pages in and out",
        "2W a KB of each item",
    ),
    pattern("An incident, or several", "incident, incidents", "GetItem incident; BatchGetItem incidents", "1R a 4 KB"),
    pattern("Which alerts belong to an incident?", "alerts_of", "GetItem alert `after`; Query links behind it", "1R a 4 KB of links"),
    pattern(
        "Close, or succeed, an alert of a resolved incident",
        "close_alert, succeed_alert",
        "TransactWriteItems: guard if no event came since, alert (and the new one)",
        "2W guard, 2W a KB of alert",
    ),
    pattern("The story of an incident", "timeline", "Query entries behind a position", "1R a 4 KB"),
    pattern(
        "Incidents of a team, open or lately resolved",
        "incidents_of",
        "Query `by_team`; BatchGetItem incidents (and GetItem of the last one seen)",
        "1R a 4 KB",
    ),
    pattern(
        "Alerts that a team received in a span, newest first",
        "alerts_received",
        "Query each part of the list in `by_team`",
        "0.5R a part and 4 KB (20 alerts)",
    ),
    pattern("Number to incident", "incident_numbered", "GetItem number", "1R"),
    pattern(
        "Merge two incidents, split one, move alerts",
        "commit_both",
        "TransactWriteItems: what `commit` writes, of two incidents; alerts that move, if they are where they were",
        "2W a KB of each item",
    ),
    pattern("Was this command carried out before?", "done_before", "GetItem name, only where a commit with it conflicts", "1R; 2W to write it"),
    pattern("The next number", "next_number", "UpdateItem counter", "1W"),
    pattern("Whose turn is it at a level that takes turns?", "next_turn", "UpdateItem turns", "1W"),
    pattern("Whose turn comes next, at each such level?", "turns", "BatchGetItem turns", "1R each"),
    pattern("Which incident do new alerts of a service, or of a group, join?", "group", "GetItem group", "1R"),
    pattern("What is due in a lane, and may it send?", "due_pages, lane", "Query pages, GetItem lane", "1R a 4 KB"),
    pattern("Claim pages", "claim", "TransactWriteItems: check of each incident, lease of each page, lane, link", "2W each"),
    pattern("Take a page out", "drop_page", "DeleteItem page", "1W"),
    pattern("What does this link acknowledge?", "link", "GetItem acknowledge link", "1R"),
    pattern("Which maintenance windows are there? Start or end one", "maintenance, put_maintenance", "Query windows; PutItem", "1R a 4 KB; 1W"),
    pattern("Which alerts wait for the end of a window?", "alerts_due_at", "Query each shard of `due`", "0.5R a shard and 4 KB"),
    pattern("How far has a threshold counted?", "counted, put_counted, watch", "GetItem count; PutItem; UpdateItem guard", "1R; 1W a KB; 1W"),
    pattern("What is overdue?", "due_before", "Query each shard of `due`", "0.5R a shard and 4 KB"),
    pattern("What does this integration key open?", "integration_key", "GetItem key", "1R, cached by ingest"),
    pattern(
        "Keys of an integration: list, add, remove",
        "keys_of, put_integration_key, delete_integration_key",
        "Query list; TransactWriteItems: key and list",
        "1R; 4W",
    ),
    pattern("Where does the configuration stand?", "current_version", "GetItem pointer", "1R"),
    pattern("A version of the configuration", "configuration", "Query record and parts", "1R a 4 KB, deflated"),
    pattern("Who published a version, when, what did it change?", "version_record", "GetItem record", "1R"),
    pattern("Publish a version", "publish_configuration", "TransactWriteItems: pointer if it stands at the one before, record, parts", "2W a KB, deflated"),
    pattern(
        "Whom does this token stand for? Which are there? Make, end one",
        "token, tokens, put_token, delete_token",
        "GetItem token; Query list; TransactWriteItems: both",
        "1R; 4W",
    ),
    pattern("What did people change about these schedules at run time?", "rosters", "GetItem roster; BatchGetItem of more than 50", "1R a 4 KB, deflated"),
    pattern("Change a schedule at run time", "save_roster", "TransactWriteItems: roster if its revision stands, record", "2W a KB, deflated"),
    pattern("Who changed a schedule at run time?", "roster_records", "Query records, backwards", "1R a 4 KB"),
    pattern("Calendar feeds: read, list, add, remove", "feed, feeds_of, put_feed, delete_feed", "GetItem feed; Query list; TransactWriteItems: both", "1R; 4W"),
    pattern("A notice of a handoff or of a swap: claim it, settle it", "claim_notice, settle_notice", "PutItem notice, if free; PutItem notice", "1W; 1W"),
    pattern("A heartbeat is pinged", "ping", "UpdateItem heartbeat", "1W"),
    pattern("Which heartbeats are missing?", "beats", "BatchGetItem the configuration's heartbeats", "1R each, every minute"),
    pattern(
        "Which heartbeats did senders make? Make, change, remove one",
        "made_heartbeats, put_made, remove_made",
        "Query heartbeats; PutItem; DeleteItem",
        "1R a 4 KB; 1W",
    ),
    pattern("A heartbeat is missing, its alert is open, it is back", "miss, told, recovered", "UpdateItem heartbeat", "1W each"),
    pattern("What was changed before an incident?", "put_change, changes", "PutItem change; Query changes of a service in a span", "1W a KB; 1R a 4 KB"),
    pattern("Is this contact method verified? Try a code", "verification, put_verification", "GetItem; PutItem if its revision stands", "1R; 1W"),
    pattern("Readers who wait to be confirmed", "put_pending, pending", "PutItem, GetItem subscriber", "1W, 1R"),
];

/// The kinds of items.
pub const KINDS: &[Kind] = &[
    kind(
        "guard",
        "G#INTEGRATION#SHA256(dedup key)",
        "G",
        "alert, open, count, last_at, rank, holds_until, watched",
        "no index, no stream; expires 30 days after it closed",
    ),
    kind("count of new alerts", "F#INTEGRATION", "M#MINUTE", "count, goes_on", "no index, no stream; expires after 48 hours"),
    kind("hold", "G#INTEGRATION#SHA256(dedup key)", "H", "integration, dedup_key, alert, length_s", "`due` when its reports may have ended"),
    kind(
        "alert",
        "A#ALERT",
        "A",
        "doc or packed or parts, state, severity, seq, handled_seq, resolved_at, resolved_seq, acknowledge_requested_at, asked_seq, deleted, incident, link, guest, outcome",
        "`by_team`, written once; `due` and stream (`alert`) while it has work; `due` until it is looked at again",
    ),
    kind("ask", "A#ALERT", "N#SEQ", "doc or packed", ""),
    kind("part of a large alert", "A#ALERT", "B#N", "data (deflated, 300 KB at most)", ""),
    kind(
        "incident",
        "I#INCIDENT",
        "I",
        "doc or packed, status, generation, revision, asked (who was asked to help, while anybody is)",
        "`by_team`; `due` while something is due; stream (`incident`) when announced",
    ),
    kind("link", "I#INCIDENT", "A#REVISION", "alerts that joined with this revision", ""),
    kind("timeline entry", "I#INCIDENT", "T#SEQ", "doc or packed", "stream (`timeline`)"),
    kind("name of a command", "I#INCIDENT", "O#SHA256(key)", "until", "expires after 7 days"),
    kind("number", "N#NUMBER", "N", "incident", ""),
    kind("counter", "C", "C", "last", ""),
    kind("turns", "RR#POLICY", "L#LEVEL", "last", ""),
    kind("group", "R#SERVICE, R#SERVICE#SHA256(values) or R#SERVICE#flood", "R", "doc, revision", ""),
    kind("maintenance window", "M", "W#ID#START", "doc, ended_at", "expires 30 days after its end"),
    kind("count of a threshold", "H#S#SERVICE#RULE#SERVICE or H#T#TEAM#RULE#SERVICE", "H", "doc, revision", ""),
    kind("lane", "L#CONTACT", "L", "doc, revision", ""),
    kind("waiting page", "L#CONTACT", "P#PAGE", "doc, due, tries, leased_until", ""),
    kind("acknowledge link", "K#SHA256(token)", "K", "doc", "expires with the link"),
    kind("configuration pointer", "CFG", "CURRENT", "version", ""),
    kind("configuration record", "CFG#VERSION", "R", "doc, parts", ""),
    kind("part of a configuration", "CFG#VERSION", "D#N", "data (deflated, 300 KB at most)", ""),
    kind("integration key", "KEY#SHA256(key)", "KEY", "doc", ""),
    kind("key of an integration", "KEYS#INTEGRATION", "SHA256(key)", "", ""),
    kind("API token", "TOK#SHA256(token)", "TOK", "doc", ""),
    kind("API token in the list", "TOK", "T#SHA256(token)", "doc", ""),
    kind("roster", "SCH#SCHEDULE", "R", "doc or packed, revision", ""),
    kind("record of a roster", "SCH#SCHEDULE", "H#REVISION", "doc or packed", "expires after 400 days"),
    kind("calendar feed", "CAL#SHA256(token)", "CAL", "doc", ""),
    kind("feed of a schedule or person", "CALS#s#SCHEDULE or CALS#u#USER", "F#FEED", "doc", ""),
    kind("notice of a handoff or of a swap", "HO#SCHEDULE", "N#INSTANT#in#USER, or out, or NEWS#SWAP", "leased_until, settled", "expires after 48 hours"),
    kind("heartbeat", "HB#HEARTBEAT", "HB", "last_at, missing, told", "no index, no stream"),
    kind("made heartbeat", "HBM", "H#HEARTBEAT", "doc", ""),
    kind("change", "CH#SERVICE", "V#INSTANT#SHA256(what it says)", "doc or packed", "expires after 90 days"),
    kind("verification", "V#CONTACT", "V", "doc, revision", ""),
    kind("waiting subscriber", "S#SHA256(id)", "S", "doc", "expires with the code"),
];
