"""Shows what happens on the local stack, one line for each event of the bus and each message that left.

Used by `make up` until Ctrl-C, and by `make watch`. It only reads: the bus through a queue that deploy.py subscribed to
it, the messages from the outbox file. What it does not know it shows as it is, rather than not at all.
"""

import json
import time
import urllib.error
import urllib.parse
import urllib.request

import settings

QUEUE = f"{settings.STACK}-local-watch"


def follow(ports, while_true=lambda: True, out=print):
    """Prints events and messages as they come, in the order of their own times, until told or interrupted."""
    outbox = Tail(settings.OUTBOX)
    seen = set()
    while while_true():
        lines = [(*moment(event), describe_event(event)) for event in new_events(ports, seen)]
        lines += [(message["time"], 0, describe_message(message)) for message in outbox.new()]
        for when, _, text in sorted(lines):
            out(f"{when[11:19]}  {text}", flush=True)
        time.sleep(0.3)


class Tail:
    """The JSON lines that were appended to a file since it was last asked."""

    def __init__(self, path):
        self.path, self.offset = path, 0

    def new(self):
        try:
            with open(self.path, "rb") as file:
                file.seek(self.offset)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.offset += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


def new_events(ports, seen):
    """Events of the bus that were not seen yet. Peeks, so that several may watch; keeps the queue for the record."""
    url = f"{ports.aws_url}/{settings.ACCOUNT}/{QUEUE}"
    query = urllib.parse.urlencode({"QueueUrl": url, "account": settings.ACCOUNT})
    try:
        answer = urllib.request.urlopen(f"{ports.aws_url}/_ministack/sqs/messages?{query}", timeout=5).read()
    except (OSError, urllib.error.URLError):
        return []
    events = []
    for regions in json.loads(answer)["messages"].values():
        for queues in regions.values():
            for messages in queues.values():
                for message in messages:
                    if message["MessageId"] not in seen:
                        seen.add(message["MessageId"])
                        events.append(json.loads(message["Body"]))
    return events


def moment(event):
    """When it happened, and its place among what happened in the same write: the bus keeps no order."""
    detail = event.get("detail") or {}
    return detail.get("at") or event["time"], detail.get("seq") or 0


def describe_event(event):
    detail = event.get("detail") or {}
    what = detail.get("what") or {}
    kind = what.get("type") or event.get("detail-type", "?")
    number = f"#{detail['number']}" if "number" in detail else ""
    return f"{kind.replace('_', ' '):<22} {number:<5} {_story(kind, what)}".rstrip()


def _story(kind, what):
    """What an entry of the timeline says beyond its name, in a line."""
    page = what.get("page") or {}
    if kind == "level_fired":
        pages = [f"{p['user']} by {p['contact']} ({p['reason']})" for p in what.get("pages", [])]
        missed = [f"nobody: {u['reason']}" for u in what.get("unreached", [])]
        return f"level {what['level'] + 1}: " + "; ".join(pages + missed)
    if page:
        who = page.get("user") or "last resort"
        return f"level {page.get('level', 0) + 1}: {who} by {page.get('channel', '?')} {what.get('reason', '')}"
    known = ("title", "text", "reason", "until", "severity", "still_open", "priority")
    return ", ".join(f"{what[field]}" for field in known if what.get(field) not in (None, ""))


def describe_message(message):
    first = next(iter(message["text"].strip().splitlines()), "")
    return f"  -> {message['channel']} to {message['destination']}: {first}"


if __name__ == "__main__":
    try:
        follow(settings.Ports())
    except KeyboardInterrupt:
        pass
