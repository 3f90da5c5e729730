"""Maintenance at run time: nobody is paged meanwhile, an early end lets go what waits, the public page says so, and pauses are no pages."""

import json
import unittest

from support import STATUS_URL, Person, World, api, request, show, tocsin, unique, until, tearDownModule  # noqa: F401


def summary():
    return request("GET", STATUS_URL + "/api/v2/summary.json")[2]


class Maintenance(unittest.TestCase):
    def test_an_early_end_pages_for_what_is_still_open(self):
        ada = Person("ada")
        world = World([[ada]], delay_s=600)
        started = tocsin("maintenance", "start", "--service", world.service, "--for", "1h", "a", "new", "disk", "--json")
        window = json.loads(started.stdout)["id"]
        self.assertIn(window, tocsin("maintenance", "list").stdout)
        world.event(key="gone")
        world.event(key="stays")
        traced = lambda key: " ".join(api("GET", f"/v1/trace?of={key}&integration={world.integration}")["sentences"])
        for key in ("gone", "stays"):
            until(f"{key} is kept", lambda: window in traced(key))
        world.event("resolve", key="gone")
        until("its resolve works", lambda: "resolved" in traced("gone"))
        self.assertEqual((world.incidents("open"), ada.pages()), ([], []))
        ended = tocsin("maintenance", "end", window)
        self.assertIn("ended early", ended.stdout)
        number = world.incident()["number"]
        until("Ada is paged", ada.pages)
        self.assertEqual([a["dedup_key"] for a in show(number)["alerts"]], ["stays"])
        self.assertEqual(world.incidents("resolved"), [], "what was over before is no incident")
        self.assertIn("ended early", tocsin("maintenance", "end", window).stdout, "ended again")
        api("POST", f"/v1/incidents/{number}/resolve")


    def test_the_public_page_says_so(self):
        world = World([[Person("one")]], delay_s=600)
        mine = unique("component")
        World._configuration["status_page"]["components"].append({"id": mine, "name": mine, "services": [world.service]})
        World.apply({})
        state = lambda: next((c["status"] for c in summary()["components"] if c["id"] == mine), None)
        planned = lambda kind: [m for m in request("GET", f"{STATUS_URL}/api/v2/scheduled-maintenances{kind}.json")[2]["scheduled_maintenances"] if mine in m["name"]]
        until("the component", lambda: state() == "operational")
        window = api("POST", "/v1/maintenance", {"services": [world.service], "reason": "canary-reason", "duration_s": 3600})["id"]
        until("it is under maintenance", lambda: state() == "under_maintenance")
        self.assertEqual([m["status"] for m in planned("/active")], ["in_progress"])
        self.assertNotIn("canary-reason", str(summary()) + request("GET", STATUS_URL + "/")[2])
        api("DELETE", f"/v1/maintenance/{window}")
        until("it is over", lambda: state() == "operational")
        self.assertEqual((planned("/active"), [m["status"] for m in planned("")]), ([], ["completed"]))
        # One of the configuration, that is to come.
        later = {"id": unique("window"), "reason": "canary-reason", "services": [world.service], "start": "2099-01-01T00:00Z", "end": "2099-01-01T01:00Z"}
        World.apply({"maintenance": [later]})
        until("it is announced", lambda: [m["scheduled_for"] for m in planned("/upcoming")] == ["2099-01-01T00:00:00.000Z"])

    def test_a_pause_is_shown_and_is_no_page(self):
        ada = Person("ada")
        world = World([[ada]], delay_s=600, service={"rules": [{"id": "flaps", "then": {"pause_s": 600}}]})
        world.event()
        incident = world.incident()
        self.assertGreater(incident["paused_until"], incident["opened_at"])
        self.assertIn("paused", tocsin("incidents").stdout)
        self.assertIn("Nobody is paged before", tocsin("show", str(incident["number"])).stdout)
        world.event("resolve")
        until("it is over", lambda: world.incidents("resolved"))
        self.assertNotIn("paused_until", show(incident["number"]))
        self.assertEqual(ada.pages(), [])


if __name__ == "__main__":
    unittest.main()
