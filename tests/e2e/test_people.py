"""People: contact methods that nobody has verified, and how they become verified."""

import json
import unittest

from support import Person, World, api, outbox, show, tocsin, until, tearDownModule  # noqa: F401


def beside(number):
    """Messages to the last-resort topic about an incident."""
    return [m for m in outbox() if m.get("topic", "").endswith("last-resort") and f"#{number} " in m["text"]]


class Verification(unittest.TestCase):
    def test_an_unverified_phone_is_paged_with_the_last_resort_beside_it_until_its_owner_answers_for_it(self):
        one = Person("unverified")
        world = World([[one]], delay_s=600, verified=False)
        contact = f"{one.id}-sms"
        world.event(key="first", summary="Nobody knows whether this arrives")
        until("the page", one.pages)
        number = world.incident()["number"]
        until("the last resort", lambda: beside(number))
        fired = next(e for e in show(number)["timeline"] if e["type"] == "level_fired")
        self.assertIn(f"not verified: {contact}: nobody here has a verified way, so the last-resort contact is paged beside", fired["text"])
        self.assertEqual(fired["what"]["unverified"], [contact])
        findings = api("GET", "/v1/doctor")["findings"]
        self.assertTrue(any(f["level"] == "error" and contact in f["what"] for f in findings), findings)

        tocsin("contact", "verify", contact)
        code = until("the code", one.code)
        wrong = tocsin("contact", "verify", contact, "--code", "12345", check=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("does not work", wrong.stderr)
        tocsin("contact", "verify", contact)
        self.assertEqual(one.code(), code, "one code a minute")
        for _ in range(2):
            self.assertEqual(json.loads(tocsin("contact", "verify", contact, "--code", code, "--json").stdout)["state"], "verified")
        api("POST", f"/v1/incidents/{number}/resolve")
        until("its end", lambda: not world.incidents())
        world.event(key="second")
        until("the second page", lambda: len(one.pages()) == 2)
        number = world.incident()["number"]
        self.assertEqual(beside(number), [])
        self.assertIn("why", next(e for e in show(number)["timeline"] if e["type"] == "level_fired"))
        self.assertIn(f"{one.id} by {contact}", tocsin("show", str(number), "--why").stdout)

    def test_confirmed_mail_is_a_verified_way(self):
        one = Person("mailed", channels=("email",))
        world = World([[one]], delay_s=600)
        world.event()
        until("the mail", one.pages)
        number = world.incident()["number"]
        fired = next(e for e in show(number)["timeline"] if e["type"] == "level_fired")
        self.assertNotIn("not verified", fired["text"])
        self.assertEqual(beside(number), [])

    def test_targets_take_turns(self):
        one, two = Person("turn-one"), Person("turn-two")
        policy = {"levels": [{"delay_s": 600, "targets": [{"user": one.id}, {"user": two.id}], "round_robin": True}]}
        world = World([[one, two]], policy=policy)
        for key in ("a", "b", "c"):
            world.event(key=key, summary=f"turn {key}")
            until(f"the incident of {key}", lambda: any(i["title"] == f"turn {key}" for i in world.incidents()))
            until("its level", lambda: len(one.pages()) + len(two.pages()) >= 1)
        until("three pages", lambda: "turn c" in json.dumps(one.pages()))
        self.assertFalse(any("turn a" in m["text"] for m in two.pages()))


if __name__ == "__main__":
    unittest.main()
