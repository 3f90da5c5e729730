"""Bad input through the deployed HTTP API: the contract's answer, never a 5xx, and nothing lost that was valid."""

import json
import unittest

from support import FIXTURES, Person, World, api, request, show, until, URL, tearDownModule  # noqa: F401


class BadInput(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.person = Person("one")
        cls.world = World([[cls.person]], delay_s=600)

    def enqueue(self, body, raw=None, headers=None, path="/v2/enqueue"):
        status, head, answer = request("POST", URL + path, body, headers, raw)
        self.assertLess(status, 500, answer)
        self.assertIsInstance(answer, dict, "every answer has a JSON body")
        return status, answer

    def event(self, **payload):
        body = {"routing_key": self.world.routing_key, "event_action": "trigger", "dedup_key": payload.pop("dedup_key", "bad-input")}
        return body | {"payload": {"summary": "s", "source": "e2e", "severity": "info"} | payload}

    def test_what_can_not_be_understood_is_refused_with_the_field(self):
        good = self.event()
        for what, body, raw, word in (
            ("malformed JSON", None, b'{"routing_key": ', "JSON"),
            ("no JSON at all", None, b"\x00\xff\xfe", "JSON"),
            ("empty", None, b"", "JSON"),
            ("an array", [], None, "object"),
            ("no routing key", {k: v for k, v in good.items() if k != "routing_key"}, None, "routing_key"),
            ("a short routing key", good | {"routing_key": "short"}, None, "routing_key"),
            ("an unknown routing key", good | {"routing_key": "A" * 32}, None, "routing_key"),
            ("no action", {k: v for k, v in good.items() if k != "event_action"}, None, "event_action"),
            ("an unknown action", good | {"event_action": "explode"}, None, "event_action"),
            ("a wrong severity", self.event(severity="catastrophic"), None, "severity"),
            ("no summary", self.event(summary=""), None, "summary"),
            ("a resolve without key", good | {"event_action": "resolve", "dedup_key": ""}, None, "dedup_key"),
            ("deep nesting", None, b'{"a":' * 5000 + b"1" + b"}" * 5000, "routing_key"),
        ):
            with self.subTest(what):
                status, answer = self.enqueue(body, raw)
                self.assertEqual(status, 400, answer)
                self.assertIn(word, json.dumps(answer))

    def test_too_large_is_413(self):
        status, _ = self.enqueue(self.event(custom_details={"x": "x" * 600_000}))
        self.assertEqual(status, 413)

    def test_what_is_plausible_is_accepted(self):
        for what, body, headers, path in (
            ("a long summary", self.event(summary="s" * 2000, dedup_key="long"), None, "/v2/enqueue"),
            ("control characters", self.event(summary="a\x00b\r\nc\u202e", dedup_key="control"), None, "/v2/enqueue"),
            ("hostile markup", self.event(summary="<img src=x onerror=alert(1)>", dedup_key="markup"), None, "/v2/enqueue"),
            ("a trailing slash", self.event(dedup_key="slash"), None, "/v2/enqueue/"),
            ("another content type", self.event(dedup_key="type"), {"Content-Type": "text/plain"}, "/v2/enqueue"),
            ("a form's content type", self.event(dedup_key="form"), {"Content-Type": "application/x-www-form-urlencoded"}, "/v2/enqueue"),
            ("nulls", self.event(component=None, group=None, timestamp=None, dedup_key="nulls"), None, "/v2/enqueue"),
            ("an odd timestamp", self.event(timestamp="2026-01-02T03:04:05.678+0000", dedup_key="time"), None, "/v2/enqueue"),
        ):
            with self.subTest(what):
                status, answer = self.enqueue(body, None, headers, path)
                self.assertEqual(status, 202, answer)
        keys = {"long", "control", "markup", "slash", "type", "form", "nulls", "time"}

        def seen():
            return {show(i["number"])["alerts"][0]["dedup_key"] for i in self.world.incidents()}

        until("every one of them on an incident", lambda: keys <= seen(), 30, 1)

    def test_other_formats_under_the_same_key(self):
        key, hook = self.world.routing_key, f"/v1/integrations/{{}}/{self.world.webhook_key}"
        v1 = {"service_key": key, "event_type": "trigger", "incident_key": "v1-key", "description": "v1 is down", "details": {"a": 1}}
        status, _, answer = request("POST", URL + "/generic/2010-04-15/create_event.json", v1)
        self.assertEqual((status, answer["status"], answer["incident_key"]), (200, "success", "v1-key"))
        alert = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "grafana-key"}
        grafana = {"version": "1", "orgId": 1, "state": "alerting", "status": "firing", "title": "t", "receiver": "r", "groupKey": "g", "alerts": [alert]}
        for path, body in ((hook.format("grafana"), grafana), (hook.format("generic"), {"id": "generic-key", "title": "a script failed", "status": "failed"})):
            status, _, answer = request("POST", URL + path, body)
            self.assertEqual((status, answer.get("processed")), (200, 1), answer)

        def seen():
            return {show(i["number"])["alerts"][0]["dedup_key"] for i in self.world.incidents()}

        until("each of them on an incident", lambda: {"v1-key", "generic-key"} <= seen() and any("grafana-key" in k for k in seen()), 30, 1)

    def test_a_declared_mapping(self):
        """An integration of its own form: what the rules say, forms, repetitions, and bodies that no rule is for."""
        service = {"id": "scanned", "name": "Scanned", "team": "e2e", "policy": self.world.service.replace("service", "policy")}
        rules = [
            {"when": {"type": "scan"}, "each": "findings", "action": "{state}", "actions": {"open": "trigger", "fixed": "resolve"},
             "key": "{^host}/{id}", "summary": "{name} on {^host}", "severity": "{level}", "severities": {"high": "critical"}},
            {"when": {"job": "*"}, "key": "job/{job}", "summary": "{job} failed"},
        ]
        bad = service | {"integrations": [{"id": "scanner", "kind": "generic", "mapping": [{"summary": "{{name}}", "each": "{findings}"}]}]}
        whole = api("GET", "/v1/configuration")["configuration"]
        answer = api("PUT", "/v1/configuration", {"configuration": whole | {"services": whole["services"] + [bad]}}, expect=422)
        told = {e["field"].rsplit(".", 1)[1] for e in answer["errors"]}
        self.assertEqual(told, {"summary", "each"}, answer)
        keys = World.apply({"services": [service | {"integrations": [{"id": "scanner", "kind": "generic", "mapping": rules}]}]})
        url = f"{URL}/v1/integrations/generic/{keys['scanner']}"

        def scan(state):
            findings = [{"id": 1, "name": "Old TLS", "state": state, "level": "high"}, {"id": 2, "name": "Open port", "state": "open"}]
            return request("POST", url, {"type": "scan", "host": "db1", "findings": findings})

        for _ in range(2):
            status, _, answer = scan("open")
            self.assertEqual((status, answer["processed"]), (200, 2), answer)
        status, _, answer = request("POST", url, None, {"Content-Type": "application/x-www-form-urlencoded"}, b"job=nightly&result=1")
        self.assertEqual(status, 200, answer)
        status, _, answer = request("POST", url, {"id": "odd", "title": "a form that no rule is for"})
        self.assertEqual(status, 200, answer)

        def open_ones():
            found = [show(i["number"]) for i in api("GET", "/v1/incidents?status=open&limit=100&team=e2e")["incidents"] if i["service"] == "scanned"]
            return {i["alerts"][0]["dedup_key"]: i for i in found}

        until("an incident for each", lambda: {"db1/1", "db1/2", "job/nightly", "odd"} <= set(open_ones()), 30, 1)
        first = open_ones()["db1/1"]
        self.assertEqual((first["title"], first["urgency"]), ("Old TLS on db1", "high"))
        scan("fixed")
        until("the end of one", lambda: "db1/1" not in open_ones() and "db1/2" in open_ones(), 30, 1)

    def test_other_methods_and_addresses(self):
        for method in ("GET", "DELETE"):
            self.assertEqual(request(method, URL + "/v2/enqueue")[0], 405)
        for path in ("/v2/nothing", "/v1/integrations/alertmanager/" + "A" * 32, "/v1/integrations/nothing/x"):
            status, _, answer = request("POST", URL + path, {})
            self.assertEqual((status, type(answer)), (404, dict), path)

    def test_a_batch_keeps_what_is_good_in_it(self):
        alert = {"status": "firing", "labels": {"alertname": "A"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z", "fingerprint": "f1"}
        batch = {"version": "4", "status": "firing", "receiver": "r", "groupKey": "g", "alerts": [alert, "nonsense", alert | {"fingerprint": "f2"}]}
        status, answer = self.enqueue(batch, path=f"/v1/integrations/alertmanager/{self.world.webhook_key}")
        self.assertEqual((status, answer["processed"], len(answer["refused"])), (200, 2, 1), answer)


if __name__ == "__main__":
    unittest.main()
