"""What the real senders' deliveries led to: each dedup key of each integration is one alert on one incident, however often it was delivered.

Used by conformance.py after each script, whose faults make the senders deliver again what was accepted. It reads the API and changes nothing.
"""

import collections
import json
import time
import urllib.request

from settings import Problem


def get(environment, path):
    headers = {"Authorization": f"Bearer {environment['TOCSIN_API_TOKEN']}"}
    with urllib.request.urlopen(urllib.request.Request(environment["TOCSIN_URL"] + path, headers=headers), timeout=30) as answer:
        return json.load(answer)


def incidents(environment):
    for status in ("open", "resolved"):
        after = ""
        while True:
            page = get(environment, f"/v1/incidents?limit=100&status={status}{after}")
            for listed in page["incidents"]:
                yield get(environment, f"/v1/incidents/{listed['number']}")
            if not page["next"]:
                break
            after = f"&after={page['next']}"


def check(environment, reopened=()):
    """`reopened`: beginnings of the keys that a script triggers again after it resolved them."""
    time.sleep(5)  # what the senders were told to deliver again last
    found = collections.Counter()
    for incident in incidents(environment):
        for alert in incident["alerts"]:
            found[alert["integration"], alert["dedup_key"]] += 1
    twice = {key: n for key, n in found.items() if n > 1 and not key[1].startswith(tuple(reopened))}
    if not found or twice:
        raise Problem(f"Deliveries led to {len(found)} alerts; more than one for {twice}.")
    print(f"Read back: {len(found)} dedup keys, each one alert on one incident.", flush=True)
