"""Foresight on the real stack: `who`, `plan` and `simulate` name whom the engine pages, with what people did at run time."""

import datetime
import json
import tempfile
import unittest

from support import Person, World, api, tocsin, until, tearDownModule  # noqa: F401
from test_schedules import now, schedule, text


def hours(n):
    return text(now() + datetime.timedelta(hours=n))


def machine(*arguments):
    return json.loads(tocsin("--json", *arguments, check=False).stdout)


def on_call(answer, rota):
    return [s["on_call"][0] for s in answer["schedules"] if s["schedule"] == rota][0]


class Overrides(unittest.TestCase):
    def test_everybody_names_the_person_whom_an_override_puts_on_call(self):
        ada, bob = Person("ada"), Person("bob")
        rota = f"foreseen-{ada.id}"
        World.apply({"users": [ada.document(), bob.document()], "schedules": [schedule(rota, ada)]})
        world = World([[]], policy={"levels": [{"delay_s": 300, "targets": [{"schedule": rota}]}]})
        # Behind the version, and a second before the override: that is the grain of schedules.
        before = datetime.datetime.now(datetime.timezone.utc)
        until("the next second", lambda: now() > before)
        same = lambda: (on_call(machine("oncall"), rota), on_call(machine("who"), rota))
        paged = lambda *more: [e["what"]["page"]["user"] for e in machine("simulate", "--service", world.service, "--for", "1m", *more)["entries"] if e["what"]["type"] == "paged"]
        self.assertEqual([who["user"] for who in same()], [ada.id, ada.id])
        self.assertEqual(set(paged()), {ada.id})

        # It says that it began an hour ago: nobody was paged by it then.
        made = api("POST", f"/v1/schedules/{rota}/overrides", {"start": hours(-1), "end": hours(3), "with": bob.id})
        told, foretold = same()
        self.assertEqual((told["user"], told["reason"]), (bob.id, foretold["reason"]))
        self.assertEqual(foretold["user"], bob.id)
        self.assertEqual(on_call(machine("who", "--at", before.isoformat()), rota)["user"], ada.id)
        self.assertEqual(on_call(machine("who", "--at", hours(4)), rota)["user"], ada.id)
        self.assertEqual(set(paged()), {bob.id})
        version = str(api("GET", "/v1/configuration")["version"])
        self.assertEqual(set(paged("--version", version)), {bob.id})

        # Ada's turns become Bob's: until the override ends nobody is paged otherwise.
        document = api("GET", "/v1/configuration")["configuration"]
        [edited] = [s for s in document["schedules"] if s["id"] == rota]
        edited["layers"][0]["members"] = [bob.id]
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            json.dump(document, file)
            file.flush()
            begins = lambda plan: [c["spans"][0]["start"] for p in plan["pages"] if world.service in p["services"] for c in p["changes"]]
            plan = machine("plan", file.name)
            self.assertEqual((begins(plan), plan["laid_over"]["overrides"][rota]), ([made["end"]], [made["id"]]))
            api("DELETE", f"/v1/schedules/{rota}/overrides/{made['id']}")
            plan = machine("plan", file.name)
            self.assertEqual(begins(plan), [plan["from"]])
        # Taken back: as if it had never been, but for the time in which it counted.
        self.assertEqual([who["user"] for who in same()], [ada.id, ada.id])
        self.assertEqual(set(paged()), {ada.id})

    def test_a_window_that_somebody_started_is_played_until_it_is_ended(self):
        ada = Person("ada")
        world = World([[ada]], delay_s=300)
        first = lambda: next((e["at"] for e in machine("simulate", "--service", world.service, "--for", "3h")["entries"] if e["what"]["type"] == "paged"), None)
        seconds = lambda at: datetime.datetime.fromisoformat(at).timestamp() - now().timestamp()
        self.assertLess(seconds(first()), 60)
        window = api("POST", "/v1/maintenance", {"services": [world.service], "reason": "deploy", "duration_s": 3600})
        self.assertEqual(first()[:19], window["end"][:19])
        self.assertIn(window["id"], machine("simulate", "--service", world.service)["laid_over"]["maintenance"])
        api("DELETE", f"/v1/maintenance/{window['id']}")
        self.assertLess(seconds(first()), 60)


if __name__ == "__main__":
    unittest.main()
