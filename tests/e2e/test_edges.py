"""The edges of HTTP, one table through the deployed HTTP API: each family of routes and each oddity of a request, the status and the form of the answer.

Of every answer: never a 5xx, never a redirect, and a JSON body (but for HEAD, and pages for people). What was accepted is on an alert in the end.
"""

import gzip
import http.client
import json
import os
import re
import unittest
import urllib.parse

from support import FIXTURES, Person, STATUS_URL, TOKEN, World, show, unique, until, URL, tearDownModule  # noqa: F401

KIB = 1024
# The largest body of any family: what the platform hands to a function.
MOST = 6 * KIB * KIB
# Unpacks to 240 MB.
BOMB = gzip.compress(gzip.compress(b" " * (40 * MOST)))
OPSGENIE = {"Authorization": f"GenieKey {os.environ['CONF_OG_API_KEY']}"}
PEOPLE = {"Authorization": f"Bearer {TOKEN}"}


def send(method, path, headers=None, body=None, base=URL):
    """As given: no header is added but the length, nothing is encoded again, no redirect is followed. (status, headers, body as JSON or text)."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(base).netloc, timeout=30)
    try:
        connection.request(method, path, body=body, headers=headers or {})
        answer = connection.getresponse()
        text, head = answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    finally:
        connection.close()
    try:
        return answer.status, head, json.loads(text)
    except ValueError:
        return answer.status, head, text.decode("utf-8", "replace")


def events(answer):
    """PagerDuty's form, and that of webhooks: `status` and `message`; `errors` where something is wrong."""
    return isinstance(answer.get("status"), str) and isinstance(answer.get("message"), str)


def opsgenie(answer):
    return isinstance(answer.get("requestId"), str) and isinstance(answer.get("took"), (int, float)) and bool({"result", "message", "data"} & answer.keys())


def problem(answer):
    return isinstance(answer.get("type"), str) and isinstance(answer.get("title"), str) and isinstance(answer.get("status"), int)


def anything(answer):
    return isinstance(answer, (dict, list))


class Family:
    """Addresses that take one kind of body. `most`: bytes of the largest one. `unknown`: the same address with a key that nobody has."""

    def __init__(self, name, path, body, accepted, most=MOST, headers=None, form=events, any_text=False, unknown=(None, 0)):
        self.name, self.path, self.body, self.accepted, self.most, self.headers, self.form = name, path, body, accepted, most, headers or {}, form
        self.any_text, self.unknown = any_text, unknown


def repeated(body):
    """The same with its first member twice, the first time with another value."""
    text = json.dumps(body)
    if not text.startswith("{"):
        return None
    name = next(iter(body))
    return ("{" + json.dumps(name) + ': "the first of two", ' + text[1:]).encode()


def deep(body):
    """The same with something that is nested 5,000 times."""
    text = json.dumps(body)
    return (text[:-1] + ', "nested": ' + '{"a":' * 5000 + "1" + "}" * 5000 + "}").encode() if text.startswith("{") else None


def padded(data, size):
    return data + b" " * (size - len(data))


class Senders(unittest.TestCase):
    """Whatever takes a POST of a sender."""

    @classmethod
    def setUpClass(cls):
        cls.world = World([[Person("one")]], delay_s=600)
        key, hook = cls.world.routing_key, f"/v1/integrations/{{}}/{cls.world.webhook_key}"
        cls.nobody = "N" * 32

        def fixture(name):
            return json.loads((FIXTURES / f"{name}.json").read_text())

        def webhook(name, body, path="", **more):
            nobody = f"/v1/integrations/{name}/{cls.nobody}{path}"
            return Family(f"{name}{path}", hook.format(name) + path, body, 200, unknown=(nobody, 404), **more)

        v2 = {"payload": {"summary": "edge v2", "source": "e2e", "severity": "info"}, "routing_key": key, "event_action": "trigger", "dedup_key": "edge-v2"}
        v1 = {"description": "edge v1", "service_key": key, "event_type": "trigger", "incident_key": "edge-v1"}
        change = {"payload": {"summary": "edge change", "source": "e2e"}, "routing_key": key}
        cls.alias = unique("edge")
        create = {"description": "d", "message": "edge opsgenie", "alias": cls.alias}
        held = [{"labels": {"alertname": "EdgeHeld"}, "annotations": {"summary": "edge held"}, "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2100-01-01T00:00:00Z"}]
        small = 512 * KIB
        # What is not JSON is the alert itself: a script may send a line of text.
        text = {"most": small, "any_text": True}
        cls.families = [
            Family("PagerDuty v2", "/v2/enqueue", v2, 202, small),
            Family("PagerDuty v1", "/generic/2010-04-15/create_event.json", v1, 200, small),
            Family("PagerDuty change", "/v2/change/enqueue", change, 202, small),
            Family("Opsgenie create", "/v2/alerts", create, 202, small, OPSGENIE, opsgenie),
            Family("Opsgenie note", f"/v2/alerts/{cls.alias}/notes?identifierType=alias", {"user": "u", "note": "edge"}, 202, small, OPSGENIE, opsgenie),
            webhook("alertmanager", fixture("alertmanager/firing")),
            webhook("prometheus", held, "/api/v2/alerts"),
            webhook("grafana", fixture("grafana/unified")),
            webhook("generic", {"summary": "edge generic", "id": "edge-generic"}, **text),
            webhook("datadog", fixture("datadog/recommended"), **text),
            webhook("newrelic", fixture("newrelic/activated"), **text),
            webhook("sentry", fixture("sentry/issue_created"), **text),
            webhook("zabbix", fixture("zabbix/problem"), **text),
            webhook("nagios", fixture("nagios/service_problem"), **text),
            webhook("uptime-kuma", fixture("uptime-kuma/down"), **text),
            webhook("healthchecks", fixture("healthchecks/down"), **text),
            webhook("github", fixture("github/workflow_failure"), **text),
            webhook("aws", fixture("aws/guardduty"), most=small),
        ]

    def check(self, family, edge, wanted, method="POST", path=None, headers=None, body=None):
        """Sends; `wanted`: the statuses that may come."""
        with self.subTest(family=family.name, edge=edge):
            status, head, answer = send(method, path or family.path, family.headers | (headers or {}), body)
            self.assertIn(status, wanted, answer)
            self.assertNotIn("location", head)
            self.assertRegex(head["content-type"], r"^application/(problem\+)?json")
            if method != "HEAD":
                self.assertIsInstance(answer, dict)
                self.assertTrue(family.form(answer), answer)

    def slashed(self, family):
        path, mark, query = family.path.partition("?")
        return path + "/" + mark + query

    def test_what_is_plausible_is_accepted(self):
        plain = {"Content-Type": "application/json"}
        packed = {"Content-Encoding": "gzip"}
        for family in self.families:
            body, good = json.dumps(family.body).encode(), {family.accepted}
            for edge, path, headers, sent in (
                ("as it should be", None, plain, body),
                ("a charset", None, {"Content-Type": "application/json; charset=utf-8"}, body),
                ("headers that nobody asked for", None, plain | {"Accept": "text/html", "Expect": "", "Origin": "https://example.com", "X-Odd": "1"}, body),
                ("a trailing slash", self.slashed(family), plain, body),
                ("two slashes before it", "/" + family.path, plain, body),
                ("two slashes in it", re.sub("^/(v2|generic|v1/integrations)/", r"/\1//", family.path), plain, body),
                ("no content type", None, {}, body),
                ("text", None, {"Content-Type": "text/plain"}, body),
                ("a form that is JSON", None, {"Content-Type": "application/x-www-form-urlencoded"}, body),
                ("a form with the JSON in it", None, {"Content-Type": "application/x-www-form-urlencoded"}, urllib.parse.urlencode({"payload": json.dumps(family.body)}).encode()),
                ("no content type at all", None, {"Content-Type": "nonsense"}, body),
                ("a byte order mark", None, plain, b"\xef\xbb\xbf" + body),
                ("gzip", None, packed, gzip.compress(body)),
                ("gzip that does not say so", None, {}, gzip.compress(body)),
                ("not gzip, but says so", None, plain | packed, body),
                ("a member twice", None, plain, repeated(family.body)),
                ("something nested deeply", None, plain, deep(family.body)),
                ("as large as it may be", None, plain, padded(body, min(family.most, KIB * KIB))),
            ):
                if sent is not None:
                    self.check(family, edge, good, path=path, headers=headers, body=sent)

    def test_what_can_not_be_taken_is_refused_in_the_senders_own_words(self):
        plain = {"Content-Type": "application/json"}
        packed = {"Content-Encoding": "gzip"}
        for family in self.families:
            body = json.dumps(family.body).encode()
            too_large = {413}
            readable = {family.accepted, 400} if family.any_text else {400}
            if family.name == "Opsgenie note":
                readable = {400, 422}
            cases = [
                ("empty", readable, plain, b""),
                ("half of it", readable, plain, body[: len(body) // 2]),
                ("no text", readable, {}, b"\x00\xff\xfe\x00"),
                ("nested without an end", readable, plain, b"[" * 100_000),
                ("half an archive", {400}, packed, gzip.compress(body)[:-12]),
                ("packed by another", {415}, {"Content-Encoding": "zstd"}, bytes([0x28, 0xB5, 0x2F, 0xFD, 0])),
                ("a bomb", too_large, packed, gzip.compress(padded(body, family.most + 1))),
                ("a bomb in a bomb", too_large, packed, BOMB),
            ]
            if family.most < MOST:
                cases.append(("too large", too_large, plain, padded(body, family.most + 1)))
            for edge, wanted, headers, sent in cases:
                self.check(family, edge, wanted, headers=headers, body=sent)

    def test_methods(self):
        for family in self.families:
            body = json.dumps(family.body).encode()
            read = {"Opsgenie create": {200}, "Opsgenie note": {200}, "prometheus/api/v2/alerts": {200}}.get(family.name, {405})
            self.check(family, "OPTIONS", {405} if family.name == "Opsgenie note" else {200}, "OPTIONS")
            self.check(family, "HEAD", read, "HEAD")
            for path in (family.path, self.slashed(family)):
                if family.name != "prometheus/api/v2/alerts":
                    self.check(family, f"GET {path}", read, "GET", path)
            if family.name != "Opsgenie note":
                self.check(family, "DELETE", {405}, "DELETE")
                self.check(family, "PATCH", {405}, "PATCH", body=body)
                self.check(family, "PUT", {family.accepted}, "PUT", body=body)
        status, _, answer = send("GET", f"/v1/integrations/prometheus/{self.world.webhook_key}/api/v2/alerts")
        self.assertEqual((status, answer), (200, []), "Prometheus' own tools read a list")

    def test_keys_that_nobody_has(self):
        for family in self.families:
            body = json.dumps(family.body).replace(self.world.routing_key, self.nobody).encode()
            if family.form is opsgenie:
                for headers in ({"Authorization": "GenieKey " + self.nobody}, {"Authorization": ""}, {"Authorization": "Basic ???"}):
                    self.check(family, f"{headers}", {401}, headers=headers, body=body)
            else:
                path, status = family.unknown if family.unknown[0] else (None, 400)
                self.check(family, "a key that nobody has", {status}, path=path, body=body)

    def test_addresses_that_nobody_has(self):
        key = self.world.webhook_key
        for path, form in (
            ("/v2", anything), ("/v2/", anything), ("/v2/nothing", events), ("/v2/enqueue/more", events), ("/v2/enqueu", events), ("/generic/x", events),
            ("/generic/2010-04-15", events), ("/v1/integrations", anything), ("/v1/integrations/", anything), ("/v1/integrations/nothing/" + key, events),
            ("/v1/integrations/alertmanager", events), (f"/v1/integrations/alertmanager/{key}/more", events), (f"/v1/integrations/generic/{key}%00", events),
            (f"/v1/integrations/generic/{key}%2Fmore", events), ("/v2/alerts/x/nothing", opsgenie), ("/v2/alertsx", anything), ("/v2/heartbeatsx", anything),
            ("/%2e%2e/v2/nothing", anything), ("/v2/%ff%fe", anything),
        ):
            family = Family(path, path, {}, 404, form=form, headers=OPSGENIE)
            for method, path, wanted in (("POST", path, {404}), ("POST", path + "/", {404}), ("GET", path + "?x=1", {404, 405})):
                self.check(family, f"{method} {path}", wanted, method, path, body=b"{}" if method == "POST" else None)

    def test_zz_what_was_accepted_is_on_an_alert(self):
        """Runs last: the tables above sent the same alert again and again, so each family has one."""
        wanted = {"edge-v2", "edge-v1", "edge-generic"}

        def found():
            incidents = [show(i["number"]) for i in self.world.incidents()]
            return [a for i in incidents for a in i["alerts"]]

        for family in self.families:
            if family.form is not opsgenie:
                status, _, answer = send("POST", family.path, {"Content-Type": "application/json"}, json.dumps(family.body).encode())
                self.assertEqual(status, family.accepted, answer)
        # Each but the change and those of Opsgenie's own service is one alert at least.
        alerts = until("every alert on an incident", lambda: (a := found()) and len(a) >= len(self.families) - 3 and a, 60, 1)
        self.assertLessEqual(wanted, {a["dedup_key"] for a in alerts})
        status, _, answer = send("GET", f"/v2/alerts/{self.alias}?identifierType=alias", OPSGENIE)
        self.assertEqual((status, answer["data"]["message"]), (200, "edge opsgenie"))


class Heartbeats(unittest.TestCase):
    def test_a_ping_counts_however_it_comes(self):
        """Jobs ping by whatever they have: any method but DELETE, any body, with or without a slash."""
        world = World([[Person("one")]], delay_s=600)
        beat = unique("beat")
        key = World.apply({"heartbeats": [{"id": beat, "name": f"Job {beat}", "service": world.service, "interval_s": 3600}]})[beat]
        plain, theirs = f"/v1/integrations/heartbeat/{key}", f"/v2/heartbeats/{urllib.parse.quote(os.environ['CONF_OG_HEARTBEAT'])}/ping"
        rows = [(plain + slash, m, {}, 200) for m in ("GET", "HEAD", "POST", "PUT") for slash in ("", "/", "?x=1")]
        rows += [(theirs + slash, m, OPSGENIE, 202) for m in ("GET", "HEAD", "POST", "PUT", "PATCH") for slash in ("", "/", "?x=1")]
        rows += [(plain, m, {}, 405) for m in ("DELETE", "PATCH")] + [(theirs, "DELETE", OPSGENIE, 405), (theirs, "POST", {}, 401)]
        rows += [("/v1/integrations/heartbeat/" + "N" * 32, "GET", {}, 404), ("/v1/integrations/heartbeat", "GET", {}, 404), ("/v1/integrations/heartbeat/", "GET", {}, 404)]
        rows += [(path, "PUT", OPSGENIE, 405) for path in ("/v2/heartbeats", "/v2/heartbeats/")]
        rows += [(path, m, OPSGENIE, 200) for path in ("/v2/heartbeats", "/v2/heartbeats/", "/v2/heartbeats?x=1") for m in ("GET", "HEAD")]
        for path, method, headers, wanted in rows:
            for body in (None, b"", b"{}", b"\x00\xff", b"x" * 100_000) if method in ("POST", "PUT") else (None,):
                with self.subTest(path=path, method=method, body=body and body[:10]):
                    status, head, answer = send(method, path, headers, body)
                    self.assertEqual(status, wanted, answer)
                    self.assertTrue(head["content-type"].startswith("application/json"), head)
                    if method != "HEAD":
                        self.assertTrue(opsgenie(answer) if path.startswith("/v2") else anything(answer), answer)

    def test_one_is_made_with_a_slash_or_without(self):
        for slash in ("", "/", "//", "/?x=1"):
            name, plain = unique("made"), {"Content-Type": "application/json"}
            body = json.dumps({"name": name, "interval": 1, "intervalUnit": "days", "enabled": True}).encode()
            for path in ("/v2/heartbeats" + slash, "/v2//heartbeats" + slash):
                status, _, answer = send("POST", path, OPSGENIE | plain, body)
                self.assertEqual((status, opsgenie(answer)), (201, True), answer)
            self.assertEqual(send("GET", f"/v2/heartbeats/{name}", OPSGENIE)[0], 200)
            self.assertEqual(send("POST", f"/v2/heartbeats{slash}", plain, body)[0], 401)
            self.assertEqual(send("DELETE", f"/v2//heartbeats/{name}/", OPSGENIE)[0], 200)


class People(unittest.TestCase):
    """The API of people and their commands: errors are problem+json."""

    def test_edges(self):
        plain = PEOPLE | {"Content-Type": "application/json"}
        body = json.dumps({"at": "2026-01-01T00:00:00Z"}).encode()
        large = b'{"configuration": "' + b"x" * (5 * KIB * KIB) + b'"}'
        for edge, method, path, headers, sent, wanted in (
            ("as it should be", "GET", "/v1/incidents", PEOPLE, None, {200}),
            ("HEAD", "HEAD", "/v1/incidents", PEOPLE, None, {200}),
            ("a trailing slash", "GET", "/v1/incidents/", PEOPLE, None, {404}),
            ("an unknown address", "GET", "/v1/nothing", PEOPLE, None, {404}),
            ("the root", "GET", "/", PEOPLE, None, {404}),
            ("a method that it does not take", "DELETE", "/v1/incidents", PEOPLE, None, {405}),
            ("OPTIONS", "OPTIONS", "/v1/incidents", {}, None, {405}),
            ("no token", "GET", "/v1/incidents", {}, None, {401}),
            ("a token of another kind", "GET", "/v1/incidents", OPSGENIE, None, {401}),
            ("a wrong token", "GET", "/v1/incidents", {"Authorization": "Bearer nobody"}, None, {401}),
            ("an unknown parameter's value", "GET", "/v1/incidents?limit=many", PEOPLE, None, {400, 422}),
            ("a mark in the path", "GET", "/v1/incidents/%3F", PEOPLE, None, {400, 404}),
            ("no text in the path", "GET", "/v1/incidents/%ff", PEOPLE, None, {400, 404}),
            ("a null in the path", "GET", "/v1/incidents/%00", PEOPLE, None, {400, 404}),
            ("not JSON", "PUT", "/v1/configuration", plain, b"{", {400, 422}),
            ("empty", "PUT", "/v1/configuration", plain, b"", {400, 422}),
            ("no content type", "PUT", "/v1/configuration", PEOPLE, body, {400, 415, 422}),
            ("another content type", "PUT", "/v1/configuration", PEOPLE | {"Content-Type": "text/plain"}, body, {400, 415, 422}),
            ("nested without an end", "PUT", "/v1/configuration", plain, b"[" * 100_000, {400, 422}),
            ("a member twice", "PUT", "/v1/configuration", plain, b'{"configuration": {}, "configuration": {}}', {400, 422}),
            ("gzip, which it does not take", "PUT", "/v1/configuration", PEOPLE | {"Content-Encoding": "gzip"}, gzip.compress(body), {400, 415, 422}),
            ("too large", "PUT", "/v1/configuration", plain, large, {413}),
        ):
            with self.subTest(edge):
                status, head, answer = send(method, path, headers, sent)
                self.assertIn(status, wanted, answer)
                self.assertNotIn("location", head)
                if method != "HEAD":
                    self.assertEqual(status < 300 or problem(answer), True, answer)
                    self.assertRegex(head["content-type"], r"^application/(problem\+)?json")


class Readers(unittest.TestCase):
    """The status page: JSON under /api/, pages elsewhere; nothing there takes a body from strangers."""

    def test_edges(self):
        document = "/api/v2/summary.json"
        for edge, method, path, body, wanted in (
            ("a document", "GET", document, None, {200}),
            ("HEAD of it", "HEAD", document, None, {200}),
            ("a trailing slash", "GET", document + "/", None, {200}),
            ("a query", "GET", document + "?x=%ff", None, {200}),
            ("OPTIONS", "OPTIONS", document, None, {200, 204}),
            ("POST", "POST", document, b"{}", {405}),
            ("an unknown document", "GET", "/api/v2/nothing.json", None, {404}),
            ("a page", "GET", "/", None, {200}),
            ("HEAD of it", "HEAD", "/", None, {200}),
            ("a page with a slash", "GET", "/subscribe/", None, {200}),
            ("an unknown page", "GET", "/nothing", None, {404}),
            ("no text in the path", "GET", "/%ff", None, {400, 404}),
            ("a stranger's form", "POST", "/subscribe/email", b"email=a@example.com", {403}),
            ("a large form", "POST", "/subscribe/email", b"email=" + b"a" * 100_000, {403, 413}),
        ):
            with self.subTest(f"{edge}: {method} {path}"):
                status, head, answer = send(method, path, {}, body, STATUS_URL)
                self.assertIn(status, wanted, answer)
                self.assertNotIn("location", head)
                if path.startswith("/api/") and method not in ("HEAD", "OPTIONS"):
                    self.assertIsInstance(answer, dict)
                    self.assertTrue(head["content-type"].startswith("application/json"), head)
                    self.assertEqual(head["access-control-allow-origin"], "*")


if __name__ == "__main__":
    unittest.main()
