"""What breaks, and what must come all the same. Real processes, real waits."""

import json
import pathlib
import time
import unittest

from support import OUTBOX, RESOURCES, Person, World, api, aws, invoke, item, outbox, show, types, until, tearDownModule  # noqa: F401


class Death(unittest.TestCase):
    def test_killed_after_the_provider_accepted_and_before_it_was_recorded(self):
        """The page leaves once more when the claim's lease ends, and not a third time; the next level still comes."""
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=50)
        (OUTBOX.parent / "kill").write_text(one.phone)
        world.event()
        until("the page", one.pages)
        number = world.incident()["number"]
        self.assertNotIn("paged", types(number), "it died before it could record")
        until("the same page once more", lambda: len(one.pages()) == 2, 75)
        until("its record", lambda: types(number).count("paged") == 1)
        until("the next level", two.pages, 60)
        self.assertEqual((len(one.pages()), len(two.pages())), (2, 1))
        api("POST", f"/v1/incidents/{number}/resolve")


class Layers(unittest.TestCase):
    """Each of the two ways to a page, with the other one switched off."""

    def stream(self, on):
        mappings = aws("lambda").list_event_source_mappings()["EventSourceMappings"]
        mine = [m for m in mappings if RESOURCES["IncidentFunction"] in m["FunctionArn"]]
        self.assertEqual(len(mine), 1)
        aws("lambda").update_event_source_mapping(UUID=mine[0]["UUID"], Enabled=on)

    def sweep(self, on):
        events = aws("events")
        rules = [r["Name"] for r in events.list_rules()["Rules"] if r.get("ScheduleExpression")]
        self.assertEqual(len(rules), 1, rules)
        (events.enable_rule if on else events.disable_rule)(Name=rules[0])

    def test_the_stream_alone_delivers(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=3)
        self.sweep(False)
        try:
            world.event()
            until("level 1", one.pages, 5)
            until("level 2", two.pages, 10)
        finally:
            self.sweep(True)

    def test_the_sweep_catches_up_while_the_stream_stands_still(self):
        one = Person("one")
        world = World([[one]], delay_s=600)
        self.stream(False)
        try:
            world.event(key="a")
            world.event(key="b")
            world.event("resolve", key="b")
            time.sleep(5)
            self.assertEqual(world.incidents(), [], "nobody has looked yet")
            until("the page, by the sweep", one.pages, 160)
            until("b is resolved, by the sweep", lambda: world.incidents("resolved"), 10)
        finally:
            self.stream(True)
        time.sleep(5)
        self.assertEqual((len(world.incidents()), len(one.pages())), (1, 1), "the stream's late records change nothing")

    def test_an_execution_that_is_aborted_is_replaced(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=5)
        world.event()
        until("the page", one.pages)
        incident = world.incident()
        name = f"{incident['id']}-g1-a1"
        machine = RESOURCES["Escalation"]
        arn = machine.replace(":stateMachine:", ":execution:") + ":" + name
        until("it waits", lambda: aws("stepfunctions").describe_execution(executionArn=arn)["status"] == "RUNNING")
        time.sleep(1)
        aws("stepfunctions").stop_execution(executionArn=arn, error="Test", cause="pulled the plug")
        until("level 2 all the same", two.pages, 90)
        self.assertEqual((len(one.pages()), len(two.pages())), (1, 1))


class Storm(unittest.TestCase):
    def test_two_hundred_alerts_page_a_person_as_often_as_the_cap_says(self):
        one = Person("one")
        # Above the pace at which they would be one flood: here each is an incident of its own.
        world = World([[one]], delay_s=3600, limits={"flood_after": 1000})
        for n in range(200):
            world.event(key=f"storm-{n}", summary=f"host {n} is down")
        until("an incident for each alert", lambda: len(world.incidents()) == 200, 90, 1)
        totals = {i["alerts_total"] for i in world.incidents()}
        self.assertEqual(totals, {1}, "each alert is found on an incident")
        time.sleep(10)
        self.assertLessEqual(len(one.pages()), 6)
        named = json.dumps([m["text"] for m in one.pages()])
        self.assertIn("incidents", named)
        for n in range(200):
            world.event("resolve", key=f"storm-{n}")
        until("all of them resolved", lambda: not world.incidents(), 60, 1)


class Bodies(unittest.TestCase):
    def test_an_event_of_512_kb_is_kept_whole(self):
        import random

        noise = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/", k=505_000))
        one = Person("one")
        world = World([[one]], delay_s=60)
        body = {"payload": {"summary": "large", "source": "e2e", "severity": "info", "custom_details": {"noise": noise}}}
        world.event("trigger", **body)
        number = world.incident()["number"]
        self.assertEqual(show(number)["alerts"][0]["details"]["noise"], noise)


if __name__ == "__main__":
    unittest.main()
