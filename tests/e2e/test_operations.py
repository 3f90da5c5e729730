"""Every operation of docs/openapi.json answers 2xx on the running stack. A new one that is missing here fails."""

import datetime
import json
import unittest

from support import ROOT, SECRETS, Person, World, api, show, until, tearDownModule  # noqa: F401


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


class Operations(unittest.TestCase):
    def setUp(self):
        self.seen = set()

    def call(self, method, template, body=None, **parts):
        """Asks, expects 2xx, and remembers that it was asked."""
        path, _, query = template.partition("?")
        answer = api(method, template.format(**parts), body)
        self.seen.add((method.lower(), path))
        return answer

    def test_each_is_seen_to_succeed(self):
        ada, bob, carol = Person("ada"), Person("bob"), Person("carol")
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        later = lambda hours: text(now + datetime.timedelta(hours=hours))
        rota = f"ops-{ada.id}"
        layer = {"rotation": "daily", "start": later(-24), "members": [ada.id]}
        schedule = {"id": rota, "team": "e2e", "time_zone": "UTC", "layers": [layer]}
        # Nobody who is asked later is paged by the level: their phones are verified here, by the operations themselves.
        world = World([[ada]], delay_s=600, verified=False)
        World.apply({"users": [bob.document(), carol.document()], "schedules": [schedule]})
        self.configuration(world)
        self.contacts(ada)
        self.incidents(world, ada, bob, carol)
        self.call("GET", "/v1/trace?of=first")
        self.call("GET", f"/v1/audit?from={later(-1)}&until={later(1)}")
        self.maintenance(world, later)
        self.call("GET", "/v1/me")
        self.call("PUT", "/v1/users/{user}/reach", {"locale": "en-GB"}, user=ada.id)
        self.call("GET", "/v1/users/{user}/reach", user=ada.id)
        self.schedules(rota, schedule, ada, bob, later)
        documented = json.loads((ROOT / "docs" / "openapi.json").read_text())["paths"]
        every = {(method, path) for path, item in documented.items() for method in item}
        self.assertEqual(every - self.seen, set(), "not seen to succeed: ask it here")
        self.assertEqual(self.seen - every, set(), "not in docs/openapi.json")

    def configuration(self, world):
        current = self.call("GET", "/v1/configuration")
        self.call("PUT", "/v1/configuration", {"configuration": current["configuration"], "expected_version": current["version"]})
        part = self.call("GET", "/v1/teams/{team}/configuration", team="e2e")
        self.call("PUT", "/v1/teams/{team}/configuration", {"configuration": part["configuration"], "expected_version": part["version"]}, team="e2e")
        self.call("GET", "/v1/configuration/versions?limit=2")
        self.call("GET", "/v1/configuration/versions/{version}", version=current["version"])
        self.call("POST", "/v1/configuration/versions/{version}/rollback", {}, version=current["version"])
        self.call("GET", "/v1/doctor")
        self.call("GET", "/v1/heartbeats")
        integration = world.service.replace("service", "pd")
        key = self.call("POST", "/v1/integrations/{integration}/keys", integration=integration)["key"]
        SECRETS.add(key)
        self.call("POST", "/v1/integrations/{integration}/keys/revoke", {"key": key}, integration=integration)

    def maintenance(self, world, later):
        made = self.call("POST", "/v1/maintenance", {"services": [world.service], "reason": "seen", "start": later(1), "end": later(2)})
        self.call("GET", "/v1/maintenance")
        self.call("GET", "/v1/maintenance/{window}", window=made["id"])
        self.call("DELETE", "/v1/maintenance/{window}", window=made["id"])

    def contacts(self, person):
        contact = f"{person.id}-sms"
        self.call("POST", "/v1/contacts/{contact}/verification", contact=contact)
        code = until("the code", person.code)
        self.call("POST", "/v1/contacts/{contact}/verification/confirm", {"code": code}, contact=contact)

    def incidents(self, world, ada, bob, carol):
        world.event(key="first")
        world.event(key="second")
        first, second = sorted(i["number"] for i in until("two incidents", lambda: len(world.incidents()) == 2 and world.incidents()))
        do = lambda what, body=None: self.call("POST", "/v1/incidents/{incident}/" + what, body, incident=first)
        self.call("GET", "/v1/incidents?team=e2e")
        self.call("GET", "/v1/incidents/{incident}", incident=first)
        for what in ("acknowledge", "unacknowledge"):
            do(what)
        do("notes", {"text": "seen"})
        do("priority", {"priority": "P1"})
        do("urgency", {"urgency": "high"})
        do("title", {"title": "The first of two"})
        do("fields", {"fields": {"region": "eu", "customers": 3}})
        do("bridge", {"bridge": "https://meet.example.com/war-room"})
        self.call("POST", "/v1/incidents/bulk", {"incidents": [str(first), str(second)], "command": {"note": {"text": "both are looked at"}}})
        do("snooze", {"duration_s": 600})
        do("reassign", {"to": [{"user": ada.id}]})
        do("responders", {"to": [{"user": bob.id}, {"user": carol.id}]})
        # They are asked by their pages, a moment later.
        until("both are asked", lambda: bob.pages() and carol.pages())
        do("responders/accept", {"user": bob.id})
        do("responders/decline", {"user": carol.id})
        do("unacknowledge")
        do("escalate")
        do("merge", {"sources": [str(second)]})
        alerts = until("both alerts", lambda: len(show(first)["alerts"]) == 2 and show(first)["alerts"])
        do("split", {"alerts": [alerts[-1]["id"]]})
        do("resolve")
        # Its alerts are closed one by one first.
        reopened = lambda: api("POST", f"/v1/incidents/{first}/reopen", expect=None)["status"] == "triggered"
        until("it can be opened again", reopened, every=0.5)
        do("reopen")
        for incident in world.incidents():
            api("POST", f"/v1/incidents/{incident['number']}/resolve")

    def schedules(self, rota, schedule, ada, bob, later):
        at = lambda method, what, body=None, **parts: self.call(method, "/v1/schedules/{schedule}/" + what, body, schedule=rota, **parts)
        self.call("GET", "/v1/oncall")
        self.call("GET", "/v1/schedules")
        self.call("POST", "/v1/schedules/preview", {"schedule": schedule})
        at("GET", "shifts")
        at("GET", "hours")
        made = at("POST", "overrides", {"start": later(1), "end": later(2), "with": bob.id})
        at("GET", "overrides")
        self.call("GET", "/v1/overrides")
        self.call("GET", "/v1/turns")
        at("DELETE", "overrides/{override}", override=made["id"])
        at("PUT", "imports/{source}", {"shifts": [{"uid": "1", "start": later(3), "end": later(4), "user": bob.id}]}, source="e2e")
        for n, answer in enumerate(("accept", "decline", "withdraw")):
            span = {"start": later(5 + n), "end": later(6 + n)}
            swap = at("POST", "swaps", {"from": ada.id, "to": bob.id, "give": span})
            at("POST", "swaps/{swap}/" + answer, swap=swap["id"])
        at("GET", "swaps")
        at("GET", "changes")
        feeds = [("schedule", rota, "/v1/schedules/{schedule}/feeds"), ("user", ada.id, "/v1/users/{user}/feeds")]
        for kind, name, path in feeds:
            feed = self.call("POST", path, {"name": "e2e"}, **{kind: name})
            SECRETS.add(feed["path"].removeprefix("/calendar/").removesuffix(".ics"))
            self.call("GET", path, **{kind: name})
            self.call("DELETE", path + "/{feed}", feed=feed["id"], **{kind: name})


if __name__ == "__main__":
    unittest.main()
