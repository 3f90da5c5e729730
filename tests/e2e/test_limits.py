"""A key that brings too much, one table of all protocols through the deployed HTTP API: each says "later" as its own senders survive it, loses nothing that it took, and
punishes no other key."""

import json
import unittest

from support import FIXTURES, SECRETS, URL, Person, World, invoke, request, unique, until, tearDownModule  # noqa: F401

# The lowest that a configuration may say: from the third on they join one incident, beyond twenty a minute they are refused.
LIMITS = {"flood_after": 2, "refuse_after": 20}
# Enough to find the limit even where a minute ends on the way.
MOST = 3 * LIMITS["refuse_after"]


def fixture(name):
    return json.loads((FIXTURES / f"{name}.json").read_text())


def grown(name, **members):
    """A fixture with other members at its top."""
    return fixture(name) | members


def hook(name, path=""):
    return lambda key: f"/v1/integrations/{name}/{key}{path}"


def alertmanager(n):
    return [{"status": "firing", "labels": {"alertname": f"Node{n}"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": f"{n:016x}"}]


def sns(n):
    """A message of a topic as it comes to whom it invokes."""
    return {"Records": [{"Sns": {"TopicArn": Limits.topic, "Subject": f"node{n} is down", "Message": "text", "MessageId": f"{n}"}}]}


class Protocol:
    """`body`: the n-th alert. `accepted` and `later`: the statuses for taken, and for "too many"."""

    def __init__(self, name, path, body, accepted=200, later=503, kind="generic", raw=None, **headers):
        self.name, self.path, self.body, self.accepted, self.later, self.kind, self.raw, self.headers = name, path, body, accepted, later, kind, raw, headers

    def send(self, key, n):
        """(status, Retry-After, answer)"""
        headers = {name.replace("_", "-"): value.format(key=key) for name, value in self.headers.items()}
        sent = self.body(n, key) if self.raw else json.dumps(self.body(n, key)).encode()
        status, head, answer = request("POST", URL + self.path(key), raw=sent, headers=headers)
        return status, head.get("Retry-After"), answer


def pagerduty(n, key):
    payload = {"summary": f"node {n} is down", "source": "e2e", "severity": "critical"}
    return {"routing_key": key, "event_action": "trigger", "dedup_key": f"node {n}", "payload": payload}


def webhook(name, body, path="", kind="generic", **more):
    return Protocol(name + path, hook(name, path), lambda n, _: body(n), kind=kind, **more)


PROTOCOLS = [
    Protocol("PagerDuty v2", lambda _: "/v2/enqueue", pagerduty, 202, 429, "pagerduty"),
    Protocol(
        "PagerDuty v1", lambda _: "/generic/2010-04-15/create_event.json",
        lambda n, key: {"service_key": key, "event_type": "trigger", "incident_key": f"node {n}", "description": "down"}, 200, 403, "pagerduty",
    ),
    Protocol("Opsgenie", lambda _: "/v2/alerts", lambda n, _: {"message": f"node {n} is down", "alias": f"node {n}"}, 202, 429, "opsgenie", Authorization="GenieKey {key}"),
    webhook("alertmanager", lambda n: {"version": "4", "status": "firing", "alerts": alertmanager(n)}, kind="alertmanager"),
    webhook("prometheus", lambda n: [{"labels": {"alertname": f"Node{n}"}, "endsAt": "2100-01-01T00:00:00Z"}], "/api/v2/alerts", "alertmanager"),
    webhook("grafana", lambda n: {"version": "1", "status": "firing", "alerts": alertmanager(n)}),
    webhook("generic", lambda n: {"dedup_key": f"node {n}", "summary": "down"}),
    webhook("datadog", lambda n: grown("datadog/recommended", alert_cycle_key=f"{n}")),
    webhook("newrelic", lambda n: grown("newrelic/activated", id=f"{n}")),
    webhook("sentry", lambda n: {"action": "created", "data": {"issue": fixture("sentry/issue_created")["data"]["issue"] | {"id": f"{n}"}}}),
    webhook("zabbix", lambda n: grown("zabbix/problem", event_id=f"{n}")),
    webhook("nagios", lambda n: grown("nagios/service_problem", HOSTNAME=f"node{n}")),
    webhook("uptime-kuma", lambda n: {"monitor": {"id": n, "name": "web"}, "heartbeat": {"status": 0, "msg": "down"}, "msg": "down"}),
    webhook("healthchecks", lambda n: grown("healthchecks/down", code=f"{n}")),
    webhook("github", lambda n: grown("github/workflow_failure", repository={"full_name": f"e2e/node{n}"})),
    # Those of the function that AWS and mail services deliver to.
    webhook("aws", lambda n: {"AlarmName": f"node{n}", "AlarmArn": f"arn:aws:cloudwatch:r:1:alarm:node{n}", "NewStateValue": "ALARM"}),
    webhook("eventbridge", lambda n: {"source": "e2e", "detail-type": "Import", "resources": [f"node{n}"], "detail": {"status": "failed"}}),
    webhook("email", lambda n: {"FromFull": {"Email": "e2e@example.com"}, "Subject": f"node{n} is down", "MessageID": f"{n}", "TextBody": "x", "Headers": []}),
    webhook(
        "form", lambda n: f'--b\r\nContent-Disposition: form-data; name="dedup_key"\r\n\r\nnode {n}\r\n--b--\r\n'.encode(), raw=True,
        Content_Type="multipart/form-data; boundary=b",
    ),
]


class Limits(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.topic = f"arn:aws:sns:us-east-1:000000000000:{unique('limits')}"
        cls.world = World([[Person("one")]], delay_s=600, limits=LIMITS)
        service = next(s for s in World._configuration["services"] if s["id"] == cls.world.service)
        for n, protocol in enumerate(PROTOCOLS):
            for who in ("loud", "quiet"):
                service["integrations"].append({"id": f"{cls.world.service}-{who}-{n}", "kind": protocol.kind} | LIMITS)
        service["integrations"].append({"id": f"{cls.world.service}-topic", "kind": "generic", "sources": [cls.topic]} | LIMITS)
        cls.keys = World.apply({})
        SECRETS.update(cls.keys.values())

    def taken(self, send):
        """Sends new alerts until one is refused: (how many were taken, the answer of the refusal)."""
        for n in range(MOST):
            answer = send(n)
            if answer is not None:
                self.assertGreaterEqual(n, LIMITS["refuse_after"], answer)
                return n, answer
        self.fail(f"{MOST} new alerts were taken, and none was refused")

    def test_each_protocol_says_later_in_its_own_words_and_what_it_took_is_on_an_alert(self):
        total = 0
        for at, protocol in enumerate(PROTOCOLS):
            loud, quiet = (self.keys[f"{self.world.service}-{who}-{at}"] for who in ("loud", "quiet"))

            def send(n, protocol=protocol, loud=loud):
                status, retry_after, answer = protocol.send(loud, n)
                return None if status == protocol.accepted else (status, retry_after, answer)

            with self.subTest(protocol.name):
                count, (status, retry_after, answer) = self.taken(send)
                self.assertEqual(status, protocol.later, answer)
                self.assertIn(int(retry_after), range(1, 61))
                self.assertIn("again in a minute", answer["message"])
                self.assertEqual(protocol.send(quiet, 0)[0], protocol.accepted, "another key does not notice")
                self.assertEqual(protocol.send(loud, 0)[0], protocol.accepted, "what repeats an alert is not counted")
                total += count + 1

        def invoked(n):
            try:
                invoke("inbound", sns(n))
            except AssertionError as error:
                return str(error)

        with self.subTest("a topic that invokes"):
            count, error = self.taken(invoked)
            self.assertIn("not taken (503)", error, "SNS delivers it again, and the failure queue keeps it at last")
            total += count
        self.assertGreater(total, len(PROTOCOLS) * LIMITS["refuse_after"])

        def counted():
            return sum(i["alerts_total"] for i in self.world.incidents()) == total

        until(f"each of {total} accepted alerts on an incident", counted, 60, 1)

    def test_what_opens_no_alert_is_never_too_much(self):
        """Change events page nobody, and a heartbeat that is told to come later would look like one that is missing."""
        key, beat = self.world.routing_key, unique("beat")
        change = {"payload": {"summary": "release", "source": "e2e"}, "routing_key": key}
        ping = World.apply({"heartbeats": [{"id": beat, "name": beat, "service": self.world.service, "interval_s": 3600}]})[beat]
        for _ in range(LIMITS["refuse_after"] + 5):
            self.assertEqual(request("POST", URL + "/v2/change/enqueue", change)[0], 202)
            self.assertEqual(request("GET", f"{URL}/v1/integrations/heartbeat/{ping}")[0], 200)


if __name__ == "__main__":
    unittest.main()
