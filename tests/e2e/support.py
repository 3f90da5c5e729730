"""What the end-to-end tests share: the running stack, its outbox, and words for what a test does to it.

The stack is found in the environment that `make test` sets (infra/local/test.py). Refuses to fake anything: requests go through the HTTP APIs, messages
are read from what the stack sent, state is read through the API or straight from the table.
"""

import itertools
import json
import os
import pathlib
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request
import uuid

import boto3

URL = os.environ["TOCSIN_URL"]
STATUS_URL = os.environ["TOCSIN_STATUS_URL"]
TOKEN = os.environ["TOCSIN_API_TOKEN"]
TABLE = os.environ["TOCSIN_TABLE"]
OUTBOX = pathlib.Path(os.environ["TOCSIN_OUTBOX"])
OUTPUTS = json.loads(os.environ["TOCSIN_OUTPUTS"])
RESOURCES = json.loads(os.environ["TOCSIN_RESOURCES"])
AWS_URL = os.environ["TOCSIN_LOCAL_AWS_URL"]
ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "functions" / "ingest" / "tests" / "fixtures"

# In every message that carries a code.
CODE = "is the code for your contact method"
# Tokens and keys of this run, as they were shown once: test_zz_logs.py looks for them where they must not be.
SECRETS = {TOKEN}


def aws(service):
    return boto3.client(
        service, endpoint_url=AWS_URL, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
    )


def request(method, url, body=None, headers=None, raw=None):
    """(status, headers, body as JSON where it is, else text)."""
    data = raw if raw is not None else (json.dumps(body).encode() if body is not None else None)
    call = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    try:
        with urllib.request.urlopen(call, timeout=30) as answer:
            status, head, text = answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as error:
        status, head, text = error.code, error.headers, error.read()
    try:
        return status, head, json.loads(text)
    except ValueError:
        return status, head, text.decode("utf-8", "replace")


def api(method, path, body=None, expect=200):
    status, _, answer = request(method, URL + path, body, {"Authorization": f"Bearer {TOKEN}"})
    if expect is not None and status != expect:
        raise AssertionError(f"{method} {path}: {status} {answer}")
    return answer


def until(what, look, seconds=20, every=0.1):
    """The first true answer of `look`; fails, naming what was waited for, when there is none in time."""
    end = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s for {what}; last seen: {found!r}")
        time.sleep(every)


def outbox():
    if not OUTBOX.exists():
        return []
    return [json.loads(line) for line in OUTBOX.read_text(encoding="utf-8").splitlines()]


_numbers = itertools.count(int(time.time()) % 1_000_000)


class Person:
    """Somebody with a phone and a mail address of their own, so that tests do not read each other's messages."""

    def __init__(self, name, channels=("sms",)):
        n = next(_numbers)
        self.id = f"{name}-{n}"
        self.phone = f"+1555{n:07d}"
        self.mail = f"{self.id}@example.com"
        self.channels = channels

    def document(self):
        ways = {"sms": {"id": f"{self.id}-sms", "kind": "sms", "to": self.phone}, "email": {"id": f"{self.id}-mail", "kind": "email", "to": self.mail}}
        methods = [ways[c] for c in self.channels]
        return {"id": self.id, "name": self.id.title(), "contact_methods": methods}

    def pages(self):
        return [m for m in outbox() if m["destination"] in (self.phone, self.mail) and CODE not in m["text"]]

    def code(self):
        """The code that came to the phone last; none where none did."""
        codes = [m["text"].split()[1] for m in outbox() if m["destination"] == self.phone and CODE in m["text"]]
        return codes[-1] if codes else None

    def verify(self):
        """Answers for the phone, as its owner would."""
        if "sms" in self.channels:
            api("POST", f"/v1/contacts/{self.id}-sms/verification")
            code = until(f"a code for {self.id}", self.code)
            api("POST", f"/v1/contacts/{self.id}-sms/verification/confirm", {"code": code})


class World:
    """A team, its people and services, put into the running stack beside those of the tests before."""

    _configuration = None

    def __init__(self, levels, delay_s=3, service=None, policy=None, verified=True, limits=None):
        """`levels`: for each level the people it pages. They have answered for their phones, unless `verified` is false."""
        n = next(_numbers)
        self.people = [p for level in levels for p in level]
        self.service = f"service-{n}"
        targets = [{"delay_s": delay_s, "targets": [{"user": p.id} for p in level]} for level in levels]
        policy = {"id": f"policy-{n}", "team": "e2e", "levels": targets} | (policy or {})
        document = {"id": self.service, "name": f"Service {n}", "team": "e2e", "policy": policy["id"]} | (service or {})
        document["integrations"] = [{"id": f"pd-{n}", "kind": "pagerduty"} | (limits or {}), {"id": f"am-{n}", "kind": "alertmanager"}]
        added = {"users": [p.document() for p in self.people], "policies": [policy], "services": [document]}
        keys = self.apply(added)
        for person in self.people if verified else []:
            person.verify()
        self.integration = f"pd-{n}"
        self.routing_key, self.webhook_key = keys[f"pd-{n}"], keys[f"am-{n}"]

    @classmethod
    def apply(cls, added):
        """Adds to the configuration; keys of new integrations by their ids."""
        if cls._configuration is None:
            current = api("GET", "/v1/configuration")["configuration"]
            if not any(team["id"] == "e2e" for team in current.setdefault("teams", [])):
                current["teams"].append({"id": "e2e", "name": "End to end", "members": []})
            cls._configuration = current
        for kind, items in added.items():
            cls._configuration.setdefault(kind, []).extend(items)
        applied = api("PUT", "/v1/configuration", {"configuration": cls._configuration})
        keys = {k["integration"]: k["key"] for k in applied["created_keys"]}
        SECRETS.update(keys.values())
        return keys

    def event(self, action="trigger", key=None, summary="It is down", severity="critical", **more):
        body = {"routing_key": self.routing_key, "event_action": action, "dedup_key": key or f"key-{self.service}"}
        if action == "trigger":
            body["payload"] = {"summary": summary, "source": "e2e", "severity": severity}
        status, _, answer = request("POST", URL + "/v2/enqueue", body | more)
        if status != 202:
            raise AssertionError(f"{status} {answer}")
        return answer

    def incidents(self, status="open"):
        found, after = [], ""
        while True:
            answer = api("GET", f"/v1/incidents?team=e2e&limit=100&status={status}{after}")
            found += [i for i in answer["incidents"] if i["service"] == self.service]
            if not answer["next"]:
                return found
            after = f"&after={answer['next']}"

    def incident(self, status="open"):
        return until(f"one {status} incident of {self.service}", lambda: self.incidents(status))[0]


def show(number):
    return api("GET", f"/v1/incidents/{number}")


def types(number):
    return [e["type"] for e in show(number)["timeline"]]


def link(message):
    """The acknowledge link of a message."""
    return next(word for word in message["text"].split() if "/a/" in word)


def item(pk, sk):
    found = aws("dynamodb").get_item(TableName=TABLE, Key={"pk": {"S": pk}, "sk": {"S": sk}}, ConsistentRead=True)
    return found.get("Item")


def invoke(function, payload):
    """Calls a function's live alias, as AWS would; the answer as JSON."""
    name = RESOURCES[f"{function.title()}Function"]
    answer = aws("lambda").invoke(FunctionName=f"{name}:live", Payload=json.dumps(payload))
    body = json.loads(answer["Payload"].read() or "null")
    if answer.get("FunctionError"):
        raise AssertionError(f"{function}: {body}")
    return body


def tocsin(*arguments, check=True, **environment):
    """Runs the command."""
    command = os.environ.get("TOCSIN_COMMAND", str(ROOT / ".tocsin" / "build" / "tocsin"))
    done = subprocess.run([command, *arguments], capture_output=True, text=True, timeout=60, env=os.environ | environment)
    if check and done.returncode:
        raise AssertionError(f"tocsin {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def tearDownModule():
    """What a module leaves open would page the last resort later on, which takes no more than its cap: the next one begins with nothing open."""
    tocsin("bulk", "resolve", "--open", "--yes")


def deployer(*arguments, check=True, **environment):
    """Runs the command with the deployer's credentials."""
    settings = dict(setting.split("=", 1) for setting in os.environ["TOCSIN_LOCAL_AWS"].split())
    return tocsin(*arguments, check=check, **settings | environment)


def unique(prefix):
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def main():
    """All tests of this folder, in order; fails where nothing ran."""
    suite = unittest.defaultTestLoader.discover(str(pathlib.Path(__file__).parent), pattern="test_*.py")
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    sys.exit(not result.wasSuccessful() or result.testsRun == 0)


if __name__ == "__main__":
    main()
