"""Maintenance at run time: nobody is paged meanwhile, an early end lets go what waits, the public page says so, and pauses are no pages."""

import json
import unittest

from support import STATUS_URL, Person, World, api, request, show, tocsin, unique, until


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


if __name__ == "__main__":
    unittest.main()
