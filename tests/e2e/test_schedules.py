"""Schedules at run time: overrides, calendars as another implementation reads them, handoff notices."""

import datetime
import pathlib
import tempfile
import unittest

import icalendar

from support import SECRETS, URL, Person, World, api, invoke, request, show, tocsin, until, tearDownModule  # noqa: F401

UTC = datetime.timezone.utc


def now():
    return datetime.datetime.now(UTC).replace(microsecond=0)


def text(at):
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def schedule(name, person, start=None, **more):
    layer = {"rotation": "daily", "start": text(start or now() - datetime.timedelta(days=3)), "members": [person.id]}
    return {"id": name, "team": "e2e", "name": name.title(), "time_zone": "Europe/Berlin", "layers": [layer]} | more


class Schedules(unittest.TestCase):
    def test_an_override_made_while_an_incident_escalates_counts_at_the_next_level(self):
        ada, bob, carol = Person("ada"), Person("bob"), Person("carol")
        first, second = f"first-{ada.id}", f"second-{ada.id}"
        World.apply({"users": [p.document() for p in (ada, bob, carol)], "schedules": [schedule(first, ada), schedule(second, carol)]})
        # Two schedules in one level: both are read as they are now.
        level = {"delay_s": 6, "targets": [{"schedule": first}, {"schedule": second}]}
        world = World([[]], policy={"levels": [level, level]})
        world.event()
        until("the first pages", lambda: ada.pages() and carol.pages())
        end = text(now() + datetime.timedelta(hours=1))
        made = tocsin("override", "add", first, "--with", bob.id, "--instead-of", ada.id, "--end", end, "--note", "e2e").stdout
        self.assertIn(f"{bob.id} instead of {ada.id}", made)
        until("a page to bob", bob.pages)
        self.assertEqual(len(ada.pages()), 1)
        number = world.incident()["number"]
        self.assertTrue(any("instead of" in e["text"] and "e2e" in e["text"] for e in show(number)["timeline"]))
        api("POST", f"/v1/incidents/{number}/resolve")
        # The next configuration does not take it back.
        World.apply({})
        on_call = api("GET", f"/v1/schedules/{first}/shifts")["shifts"][0]
        self.assertEqual(on_call["user"], bob.id)

    def test_a_calendar_is_read_and_comes_back_in(self):
        ada, bob = Person("ada"), Person("bob")
        name, other = f"cal-{ada.id}", f"imp-{ada.id}"
        empty = {"id": other, "team": "e2e", "time_zone": "Europe/Berlin"}
        World.apply({"users": [ada.document(), bob.document()], "schedules": [schedule(name, ada), empty]})
        made = api("POST", f"/v1/schedules/{name}/feeds", {"name": "e2e, \r\nBEGIN:VEVENT"})
        SECRETS.add(made["path"].removeprefix("/calendar/").removesuffix(".ics"))
        status, headers, body = request("GET", URL + made["path"])
        self.assertEqual((status, headers["Content-Type"]), (200, "text/calendar; charset=utf-8"))
        calendar = icalendar.Calendar.from_ical(body)
        events = [e for e in calendar.walk("VEVENT")]
        self.assertGreater(len(events), 150)
        self.assertEqual(len({str(e["UID"]) for e in events}), len(events))
        running = [e for e in events if e["DTSTART"].dt <= now() < e["DTEND"].dt]
        self.assertEqual([str(e["SUMMARY"]) for e in running], [f"{ada.id.title()} on call ({name.title()})"])
        self.assertEqual(request("GET", URL + made["path"], headers={"If-None-Match": headers["ETag"]})[0], 304)
        # What the feed shows can be imported elsewhere, twice without a change.
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "rota.ics"
            file.write_text(body, newline="")
            command = ("shifts", "import", other, str(file), "--map", f"{ada.id}={ada.id}", "--days", "5")
            self.assertIn("0 as they were", tocsin(*command).stdout)
            self.assertIn("0 shifts added, 0 taken back", tocsin(*command).stdout)
        shifts = api("GET", f"/v1/schedules/{other}/shifts")["shifts"]
        self.assertEqual({s["user"] for s in shifts}, {ada.id})
        api("DELETE", f"/v1/schedules/{name}/feeds/{made['id']}")
        self.assertEqual(request("GET", URL + made["path"])[0], 404)

    def test_whoever_begins_is_told_once(self):
        ada = Person("ada")
        name = f"rota-{ada.id}"
        starts = now() + datetime.timedelta(seconds=2)
        World.apply({"users": [ada.document()], "schedules": [schedule(name, ada, starts, handoff_notice=True)]})

        def told():
            invoke("sweep", {})
            return ada.pages()

        notice = until("the notice", told, every=0.5)
        self.assertIn(f"you are on call for {name.title()} from", notice[0]["text"])
        invoke("sweep", {})
        self.assertEqual(len(ada.pages()), 1)


if __name__ == "__main__":
    unittest.main()
