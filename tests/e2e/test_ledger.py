"""Where events end, looked up on the running stack by key and by request id; heartbeats; and that the ledger holds afterwards."""

import datetime
import http.client
import json
import os
import unittest
import urllib.parse

from support import SECRETS, URL, Person, World, api, request, show, tocsin, unique, until, tearDownModule  # noqa: F401

KEY = os.environ["CONF_OG_API_KEY"]


def said(of, **query):
    """What is known of a key or a request, in one text; the command says the same."""
    answer = api("GET", "/v1/trace?" + urllib.parse.urlencode({"of": of} | query))
    words = "\n".join(answer["sentences"])
    options = [word for name, value in query.items() for word in (f"--{name}", value)]
    return words, answer["alerts"], tocsin("trace", of, *options).stdout


class Trace(unittest.TestCase):
    def told(self, of, *words, **query):
        def look():
            api_says, _, command_says = said(of, **query)
            return all(w in api_says and w in command_says for w in words) and api_says

        return until(f"trace {of} says {words}", look, seconds=30, every=0.5)

    def test_each_end_by_key(self):
        ada = Person("ada")
        rules = [
            {"id": "noise", "when": {"field": "class", "is": "noise"}, "then": {"suppress": "known noise"}},
            {"id": "away", "when": {"field": "class", "is": "away"}, "then": {"drop": "nobody needs it"}},
        ]
        world = World([[ada]], delay_s=600, service={"rules": rules, "grouping": {"by": "time", "window_s": 3600}})
        of_it = {"integration": world.integration}
        keys = {name: unique(name) for name in ("opened", "joined", "noise", "away", "nothing")}
        world.event(key=keys["opened"])
        number = world.incident()["number"]
        self.told(keys["opened"], f"opened incident #{number}", **of_it)
        world.event(key=keys["joined"])
        self.told(keys["joined"], f"#{number}", "joined", **of_it)
        for _ in range(4):
            world.event(key=keys["opened"])
        # Counted, and nothing else: the first and four repetitions.
        self.assertEqual(until("five", lambda: [a["events"] for a in said(keys["opened"], **of_it)[1]] == [5]), True)
        payload = {"summary": "s", "source": "e2e", "severity": "error"}
        for name, why in (("noise", "known noise"), ("away", "nobody needs it")):
            world.event(key=keys[name], payload=payload | {"class": name})
            self.told(keys[name], name, why, **of_it)
        world.event("resolve", key=keys["nothing"])
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.told(keys["nothing"], "Nothing is known of it", "changes nothing", **of_it)
        self.told(keys["opened"], "open", at=now, **of_it)
        api("POST", f"/v1/incidents/{number}/resolve")

    def test_each_end_by_request(self):
        genie = {"Authorization": f"GenieKey {KEY}"}
        alias = unique("asked")

        def ask(path, body):
            status, _, answer = request("POST", URL + path, body, genie)
            self.assertEqual(status, 202, answer)
            return answer["requestId"]

        created = ask("/v2/alerts", {"message": "Traced", "alias": alias})
        again = ask("/v2/alerts", {"message": "Traced", "alias": alias})
        closed = ask(f"/v2/alerts/{alias}/close?identifierType=alias", {})
        nothing = ask(f"/v2/alerts/{unique('nobody')}/close?identifierType=alias", {})
        for id, words in ((created, ("Create", "carried out", "incident")), (again, ("Create", "carried out")), (closed, ("Close", "carried out"))):
            self.told(id, *words)
        self.told(nothing, "changed nothing: there was no such alert")

    def test_a_change_by_its_id_and_its_words(self):
        world = World([[Person("one")]], delay_s=600)
        words = unique("Deployed 1.2")
        body = {"routing_key": world.routing_key, "payload": {"summary": words, "source": "ci"}}
        status, _, answer = request("POST", URL + "/v2/change/enqueue", body)
        self.assertEqual(status, 202, answer)
        found = self.told(words, "change record", world.service)
        id = found.split("Change ", 1)[1].split(" ", 1)[0]
        self.told(id, words, "change record")


class Heartbeats(unittest.TestCase):
    def test_one_that_is_missing_opens_an_incident_and_a_ping_closes_it(self):
        ada = Person("ada")
        world = World([[ada]], delay_s=600)
        name = unique("job")
        key = World.apply({"heartbeats": [{"id": name, "name": name, "service": world.service, "interval_s": 1, "grace_s": 1}]})[name]
        SECRETS.add(key)
        where = f"{URL}/v1/integrations/heartbeat/{key}"
        standing = lambda: next(h for h in api("GET", "/v1/heartbeats")["heartbeats"] if h["id"] == name)
        self.assertEqual(standing()["state"], "waiting")
        for method in ("GET", "HEAD", "POST"):
            connection = http.client.HTTPConnection(urllib.parse.urlsplit(where).netloc, timeout=30)
            connection.request(method, urllib.parse.urlsplit(where).path)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
            self.assertEqual((answer.status, method == "HEAD" or json.loads(text)["heartbeat"] == name), (200, True), method)
        self.assertEqual(request("DELETE", where)[0], 405)
        self.assertEqual(request("GET", f"{URL}/v1/integrations/heartbeat/{'A' * 32}")[0], 404)
        # Nobody calls the sweep: it comes by itself, every minute.
        incident = until("its incident", lambda: world.incidents(), seconds=80, every=0.5)[0]
        due = datetime.datetime.fromisoformat(standing()["expected_by"])
        opened = datetime.datetime.fromisoformat(incident["opened_at"])
        self.assertLess((opened - due).total_seconds(), 65, "within a minute of its due time")
        self.assertGreaterEqual(opened, due)
        until("Ada is paged", ada.pages)
        self.assertEqual(standing()["state"], "missing")
        self.assertIn("MISSING", tocsin("heartbeats").stdout)
        # The job is slow from now on: it is not missing again before the test is over.
        next(h for h in World._configuration["heartbeats"] if h["id"] == name)["interval_s"] = 86_400
        World.apply({})
        self.assertEqual(request("GET", where)[0], 200)
        until("the ping closes it", lambda: show(incident["number"])["status"] == "resolved")
        self.assertEqual(standing()["state"], "alive")


class Whole(unittest.TestCase):
    """Runs behind the others of this file, by its name."""

    def test_nothing_is_unaccounted_for(self):
        def holds():
            done = tocsin("audit", "--json", check=False)
            found = json.loads(done.stdout)
            return found if found["waiting"] == 0 else None

        found = until("what waits is handled", holds, seconds=100, every=2)
        self.assertTrue(found["holds"], found["violations"])
        self.assertEqual(found["alerts"], found["opened"] + found["joined"] + found["kept"])
        self.assertEqual(found["lost"], 0)


if __name__ == "__main__":
    unittest.main()
