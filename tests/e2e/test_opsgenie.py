"""Opsgenie's API through the deployed HTTP API: recorded requests of real clients byte for byte, addresses as clients write them, and who may see what."""

import http.client
import json
import os
import time
import unittest
import urllib.parse

from support import ROOT, URL, Person, World, api, request, show, until, tearDownModule  # noqa: F401

KEY = os.environ["CONF_OG_API_KEY"]
CAPTURES = ROOT / "tests" / "fixtures" / "captures"
# What the requests decide alone.
FIXED = ("alias", "message", "description", "status", "priority", "details", "entity", "source", "actions")


def call(method, path, body=None, key=KEY):
    return request(method, URL + path, body, {"Authorization": f"GenieKey {key}"})


def send(method, address, headers, body):
    """As it was recorded: nothing is encoded again."""
    where = urllib.parse.urlsplit(URL)
    connection = http.client.HTTPConnection(where.netloc, timeout=30)
    connection.request(method, address, body=body, headers=headers)
    answer = connection.getresponse()
    try:
        return answer.status, dict(answer.getheaders()), json.loads(answer.read())
    finally:
        connection.close()


class Replay(unittest.TestCase):
    def replay(self, capture):
        """Every recorded request that reached a server, with the ids that this stack gave in the addresses and its key in the header."""
        names, count = {}, 0
        for file in sorted((CAPTURES / capture).glob("*.json")):
            recorded = json.loads(file.read_text())
            if recorded["injected"] == "reply" or not recorded["path"].startswith(("/v2/alerts", "/v2/heartbeats")):
                continue
            path = recorded["path"]
            for theirs, ours in names.items():
                if path.endswith("/" + theirs):
                    path = path[: -len(theirs)] + ours
            dropped = ("host", "content-length", "accept-encoding", "connection")
            headers = {name: value for name, value in recorded["headers"] if name.lower() not in dropped}
            if "0000-0000" not in headers.get("Authorization", ""):
                headers["Authorization"] = f"GenieKey {KEY}"
            address = path + ("?" + recorded["query"] if recorded["query"] else "")
            with self.subTest(file.name):
                status, head, answer = send(recorded["method"], address, headers, recorded["body"].encode())
                self.assertEqual(status, recorded["status"], answer)
                wanted = recorded["resp_json"]
                self.assertLessEqual(wanted.keys(), answer.keys())
                self.assertEqual(answer["requestId"], {k.lower(): v for k, v in head.items()}["x-request-id"])
                self.assertEqual(wanted.get("result"), answer.get("result"))
                names[wanted["requestId"]] = answer["requestId"]
                theirs, ours = wanted.get("data"), answer.get("data")
                if isinstance(theirs, dict):
                    names.update((theirs[field], ours[field]) for field in ("id", "tinyId", "alertId") if theirs.get(field))
                    if "message" in theirs:
                        self.assertEqual({f: theirs[f] for f in FIXED}, {f: ours[f] for f in FIXED})
                        self.assertEqual(set(theirs["tags"]), set(ours["tags"]))
                        self.assertEqual(theirs["count"], ours["count"])
                    else:
                        self.assertEqual((theirs["isSuccess"], theirs["action"], theirs["alias"]), (ours["isSuccess"], ours["action"], ours["alias"]))
            count += 1
        return count

    def test_the_python_client(self):
        self.assertEqual(self.replay("opsgenie-sdk-python"), 31)

    def test_alertmanager(self):
        self.assertGreaterEqual(self.replay("alertmanager-0.25"), 6)


class Deployed(unittest.TestCase):
    def alias(self, name):
        return f"{name}-{time.time_ns()}"

    def data(self, alias):
        status, _, answer = call("GET", f"/v2/alerts/{urllib.parse.quote(alias, safe='')}?identifierType=alias")
        self.assertEqual(status, 200, answer)
        return answer["data"]

    def test_what_a_sender_asks_reaches_the_incident(self):
        alias = self.alias("asked")
        status, _, answer = call("POST", "/v2/alerts", {"message": "Disk full", "alias": alias, "priority": "P2"})
        self.assertEqual((status, answer["result"]), (202, "Request will be processed"))
        for verb, body in (("acknowledge", {"user": "ada", "note": "on it"}), ("notes", {"note": "x" * 20_000})):
            self.assertEqual(call("POST", f"/v2/alerts/{alias}/{verb}?identifierType=alias", body)[0], 202)
        self.assertTrue(self.data(alias)["acknowledged"])

        def mine():
            listed = api("GET", "/v1/incidents?limit=100")["incidents"]
            shown = [api("GET", f"/v1/incidents/{i['number']}") for i in listed if i["title"] == "Disk full"]
            return [i for i in shown if any(a["dedup_key"] == alias for a in i["alerts"]) and i["status"] == "acknowledged"]

        incident = until("the acknowledged incident", mine)[0]
        self.assertEqual(incident["priority"], "P2")
        self.assertEqual(call("POST", f"/v2/alerts/{alias}/close?identifierType=alias", {"user": "ada", "note": "fixed"})[0], 202)
        until("its resolve", lambda: api("GET", f"/v1/incidents/{incident['number']}")["status"] == "resolved")
        self.assertEqual(self.data(alias)["status"], "closed")

    def test_whom_a_paused_alert_names_is_asked_when_the_pause_ends(self):
        ada, dora = Person("ada"), Person("dora")
        # Dora's own level is ten minutes away: her page is the request's.
        service = {"rules": [{"id": "flaps", "then": {"pause_s": 6}}]}
        world = World([[ada], [dora]], delay_s=600, service=service, limits={"kind": "opsgenie"})
        body = {"message": "It flaps", "alias": self.alias("flaps"), "responders": [{"type": "user", "id": dora.id}]}
        self.assertEqual(call("POST", "/v2/alerts", body, key=world.routing_key)[0], 202)
        incident = world.incident()
        told = lambda kind: [e["what"] for e in show(incident["number"])["timeline"] if e["type"] == kind]
        self.assertEqual([w["held_until"] for w in told("responders_asked")], [incident["paused_until"]])
        until("Dora is asked", dora.pages)
        self.assertIn("asks for your help", dora.pages()[0]["text"])
        until("Ada is paged", ada.pages)
        self.assertEqual(len(told("responders_paged")), 1)
        self.assertEqual(call("POST", f"/v2/alerts/{body['alias']}/close?identifierType=alias", key=world.routing_key)[0], 202)
        until("it is over", lambda: world.incidents("resolved"))
        self.assertEqual(len(dora.pages()), 1)

    def test_addresses_as_senders_write_them(self):
        for path in ("/v2/alerts", "/v2/alerts/"):
            alias = self.alias("a/b c")
            status, head, answer = call("POST", path, {"message": "m", "alias": alias})
            self.assertEqual(status, 202, answer)
            self.assertEqual(head["X-Request-ID"], answer["requestId"])
            self.assertEqual(self.data(alias)["status"], "open")
            quoted = urllib.parse.quote(alias, safe="")
            self.assertEqual(call("POST", f"/v2/alerts/{quoted}/close/?identifierType=alias")[0], 202)
            self.assertEqual(self.data(alias)["status"], "closed")
        for method, path, wanted in (
            ("GET", "/v2/alerts?limit=1", 200),
            ("GET", "/v2/alerts/count", 200),
            ("GET", "/v2/heartbeats", 200),
            ("GET", "/v2/heartbeats/nightly-backup", 200),
            ("PUT", "/v2/heartbeats/nobody/ping/", 202),
            ("PATCH", "/v2/alerts", 405),
            ("GET", "/v2/alerts/unknown?identifierType=alias", 404),
        ):
            with self.subTest(f"{method} {path}"):
                status, _, answer = call(method, path)
                self.assertEqual(status, wanted, answer)
        for key in ("", "00000000-0000-0000-0000-000000000000"):
            self.assertEqual(call("GET", "/v2/alerts", key=key)[0], 401)
            self.assertEqual(call("POST", "/v2/alerts", {"message": "m"}, key=key)[0], 401)

    def test_a_heartbeat_made_by_its_sender_is_supervised(self):
        name = self.alias("job")
        body = {"name": name, "interval": 1, "intervalUnit": "minutes", "enabled": True, "alertMessage": f"{name} did not run"}
        for wanted in (201, 201):
            self.assertEqual(call("POST", "/v2/heartbeats", body)[0], wanted)
        listed = lambda: next(h for h in api("GET", "/v1/heartbeats")["heartbeats"] if h["name"] == name)
        self.assertEqual((listed()["configured"], listed()["state"]), (False, "waiting"))
        self.assertEqual(call("PATCH", f"/v2/heartbeats/{name}", {"description": "nightly"})[2]["data"]["description"], "nightly")
        self.assertEqual(call("PUT", f"/v2/heartbeats/{name}/ping")[0], 202)
        self.assertEqual(listed()["state"], "alive")
        mine = lambda status: [i for i in api("GET", f"/v1/incidents?limit=100&status={status}")["incidents"] if i["title"] == f"{name} did not run"]
        until("the sweep finds it missing", lambda: mine("open"), seconds=150, every=1)
        self.assertTrue(call("GET", f"/v2/heartbeats/{name}")[2]["data"]["expired"])
        self.assertEqual(call("POST", f"/v2/heartbeats/{name}/disable")[2]["data"]["enabled"], False)
        until("switched off, its alert is over", lambda: mine("resolved"))
        self.assertEqual(call("DELETE", f"/v2/heartbeats/{name}")[0], 200)
        self.assertEqual(call("GET", f"/v2/heartbeats/{name}")[0], 404)

    def test_a_list_follows_its_pages(self):
        tag = self.alias("page")
        for n in range(5):
            call("POST", "/v2/alerts", {"message": f"m{n}", "alias": f"{tag}-{n}", "tags": [tag]})
        query = urllib.parse.urlencode({"query": f'tag="{tag}"', "limit": 2})

        def read():
            found, address = [], f"{URL}/v2/alerts?{query}"
            while address:
                _, _, answer = request("GET", address, headers={"Authorization": f"GenieKey {KEY}"})
                found += [a["message"] for a in answer["data"]]
                following = answer["paging"].get("next")
                # The deployment's own address is not known to a local test: only what stands behind it counts.
                address = following and f"{URL}/v2/alerts?{urllib.parse.urlsplit(following).query}"
            return found

        # The index lags a moment.
        self.assertEqual(until("all five", lambda: (found := read()) and len(found) == 5 and found), ["m4", "m3", "m2", "m1", "m0"])


if __name__ == "__main__":
    unittest.main()
