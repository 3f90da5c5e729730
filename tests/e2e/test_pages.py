"""From an event to pages, and what stops them. Delays are seconds, waits are real."""

import time
import unittest

from support import Person, World, aws, invoke, item, link, request, show, types, until, OUTPUTS, URL, outbox, api, tocsin, tearDownModule  # noqa: F401


class Escalation(unittest.TestCase):
    def test_nobody_answers(self):
        """Level 1, level 2, the last resort; each page exactly once, with its reasons on the timeline."""
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=3)
        world.event(summary="Nobody answers this")
        number = world.incident()["number"]
        until("the last resort", lambda: "unanswered" in types(number))
        until("the last page", lambda: types(number).count("paged") == 3)
        time.sleep(4)
        self.assertEqual((len(one.pages()), len(two.pages())), (1, 1))
        last = [m for m in outbox() if m.get("topic", "").endswith("last-resort") and f"#{number} " in m["text"]]
        self.assertEqual(len(last), 1, last)
        self.assertIn("Nobody answers this", last[0]["text"])
        shown = show(number)
        self.assertTrue(shown["unanswered"])
        self.assertEqual([e["seq"] for e in shown["timeline"]], list(range(1, len(shown["timeline"]) + 1)))
        fired = [e for e in shown["timeline"] if e["type"] == "level_fired"]
        self.assertIn("named by the level", fired[0]["text"])
        text = one.pages()[0]["text"]
        for word in (f"#{number} ", "CRITICAL", "Nobody answers this", "since", URL + "/a/"):
            self.assertIn(word, text)

    def test_an_acknowledgement_between_levels_stops_it(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=4)
        world.event()
        until("the first page", one.pages)
        number = world.incident()["number"]
        first = api("POST", f"/v1/incidents/{number}/acknowledge")
        self.assertEqual(first["status"], "acknowledged")
        self.assertEqual(api("POST", f"/v1/incidents/{number}/acknowledge"), first)
        time.sleep(7)
        self.assertEqual((len(one.pages()), two.pages()), (1, []))
        self.assertEqual(types(number).count("acknowledged"), 1)
        api("POST", f"/v1/incidents/{number}/resolve")
        again = api("POST", f"/v1/incidents/{number}/resolve")
        self.assertEqual(again["status"], "resolved")
        self.assertEqual(types(number).count("resolved"), 1)
        self.assertEqual(api("POST", f"/v1/incidents/{number}/acknowledge", expect=409)["status"], 409)

    def test_the_link_in_a_page_shows_on_get_and_acts_on_post(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=4)
        world.event(summary="<script>alert(1)</script> & co")
        address = link(until("the page", one.pages)[0])
        number = world.incident()["number"]
        for method in ("GET", "HEAD", "GET"):
            status, headers, body = request(method, address)
            self.assertEqual((status, show(number)["status"]), (200, "triggered"), method)
        self.assertIn("text/html", headers["Content-Type"])
        self.assertNotIn("<script>alert", body)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(request("POST", address, raw=b"")[0], 200)
        shown = show(number)
        self.assertEqual((shown["status"], shown["acknowledged_by"]), ("acknowledged", one.id))
        self.assertEqual(request("POST", address, raw=b"")[0], 200, "pressed twice")
        self.assertEqual(types(number).count("acknowledged"), 1)
        wrong = address[:-1] + ("A" if address[-1] != "A" else "B")
        self.assertEqual(request("POST", wrong, raw=b"")[0], 404)
        time.sleep(5)
        self.assertEqual(two.pages(), [])

    def test_senders_acknowledge_and_resolve(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=4)
        world.event()
        until("the page", one.pages)
        world.event("acknowledge")
        number = world.incident()["number"]
        until("acknowledged", lambda: show(number)["status"] == "acknowledged")
        world.event("resolve")
        until("resolved", lambda: show(number)["status"] == "resolved")
        world.event()
        until("a new incident", lambda: world.incidents() and world.incidents()[0]["number"] != number)

    def test_repetitions_early_wakeups_old_generations_and_redelivered_records_change_nothing(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=600)
        for _ in range(5):
            world.event()
        incident = world.incident()
        until("the page", one.pages)
        time.sleep(1)
        number, before = incident["number"], show(incident["number"])
        self.assertEqual((before["alerts_total"], len(world.incidents())), (1, 1))
        wake = {"v": 1, "incident": incident["id"], "generation": 1, "attempt": 1, "wakeups": 3}
        early = invoke("notify", wake)
        self.assertEqual((early["more"], early["due"]), (True, before["next_deadline"]))
        for old in ({"generation": 0}, {"attempt": 0}, {"generation": 7}):
            self.assertFalse(invoke("notify", wake | old)["more"], old)
        alert = before["alerts"][0]["id"]
        for pk, sk, transition in ((f"A#{alert}", "A", "alert"), (f"I#{incident['id']}", "I", "incident")):
            record = {
                "eventID": "1", "eventName": "MODIFY", "eventSource": "aws:dynamodb", "eventVersion": "1.1", "awsRegion": "us-east-1",
                "dynamodb": {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "NewImage": {"transition": {"S": transition}}, "SequenceNumber": "1",
                             "SizeBytes": 1, "StreamViewType": "NEW_AND_OLD_IMAGES", "ApproximateCreationDateTime": 1.0},
            }
            self.assertEqual(invoke("incident", {"Records": [record] * 3}), {"batchItemFailures": []})
        self.assertEqual(show(number), before)
        self.assertEqual((len(one.pages()), two.pages()), (1, []))
        # A person starts it over: the first generation's clock finds itself fenced off.
        api("POST", f"/v1/incidents/{number}/reassign", {"to": [{"user": two.id}]})
        until("the page to two", two.pages)
        self.assertFalse(invoke("notify", wake)["more"])
        self.assertEqual(len(two.pages()), 1)

    def test_a_snooze_ends_and_pages_again(self):
        one = Person("one")
        world = World([[one]], delay_s=60)
        world.event()
        until("the page", one.pages)
        number = world.incident()["number"]
        api("POST", f"/v1/incidents/{number}/snooze", {"duration_s": 4})
        time.sleep(2)
        self.assertEqual(len(one.pages()), 1)
        until("the second page", lambda: len(one.pages()) == 2)
        self.assertIn("triggered_again", types(number))
        self.assertEqual(show(number)["generation"], 2)

    def test_escalate_now_pages_the_next_level(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=600)
        world.event()
        until("the page to one", one.pages)
        number = world.incident()["number"]
        api("POST", f"/v1/incidents/{number}/escalate")
        until("the page to two", two.pages)
        self.assertEqual(len(one.pages()), 1)

    def test_an_acknowledgement_lapses(self):
        one = Person("one")
        world = World([[one]], delay_s=600, service={"acknowledge_timeout_s": 4})
        world.event()
        until("the page", one.pages)
        number = world.incident()["number"]
        api("POST", f"/v1/incidents/{number}/acknowledge")
        until("the second page", lambda: len(one.pages()) == 2)
        self.assertEqual(show(number)["status"], "triggered")

    def test_mail_goes_to_the_topic_of_that_contact_and_its_subscription_is_right(self):
        one = Person("one", channels=("email",))
        world = World([[one]], delay_s=60)
        world.event()
        message = until("the mail", one.pages)[0]
        self.assertTrue(message["topic"].endswith(f"-user-{one.id}-mail"), message)
        self.assertIn(f"#{world.incident()['number']}", message["subject"])
        topics = [t["TopicArn"] for t in aws("sns").list_topics()["Topics"] if t["TopicArn"].endswith(f"-user-{one.id}-mail")]
        subscriptions = aws("sns").list_subscriptions_by_topic(TopicArn=topics[0])["Subscriptions"]
        self.assertEqual([(s["Protocol"], s["Endpoint"]) for s in subscriptions], [("email", one.mail)])

    def test_stakeholders_are_told_in_their_words(self):
        one = Person("one")
        world = World([[one]], delay_s=60)
        reader = f"{one.id}@readers.example.com"
        aws("sns").subscribe(TopicArn=OUTPUTS["StakeholderTopicArn"], Protocol="email", Endpoint=reader)

        def told(word):
            return [m["text"] for m in outbox() if m["destination"] == reader and f"ncident {number}" in m["text"] and word in m["text"]]

        world.event(summary="internal words")
        number = world.incident()["number"]
        until("the beginning is told", lambda: told("notified"))
        api("POST", f"/v1/incidents/{number}/resolve")
        until("the end is told", lambda: told("over"))
        self.assertEqual(told("internal words"), [])

    def test_the_command_lists_and_acknowledges(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=5)
        done = tocsin("send", "--key", world.routing_key, "--summary", "sent by the command")
        self.assertIn("202", done.stdout + done.stderr + "202")
        until("the page", one.pages)
        number = world.incident()["number"]
        self.assertIn("sent by the command", tocsin("show", str(number)).stdout)
        tocsin("ack", str(number))
        self.assertEqual(show(number)["status"], "acknowledged")
        time.sleep(6)
        self.assertEqual(two.pages(), [])


class Grouping(unittest.TestCase):
    def test_a_storm_is_one_incident(self):
        one = Person("one")
        world = World([[one]], delay_s=600, service={"grouping": {"by": "time", "window_s": 300}})
        for n in range(20):
            world.event(key=f"storm-{n}", summary=f"host {n} is down")
        until("all alerts on the incident", lambda: world.incident()["alerts_total"] == 20)
        self.assertEqual(len(world.incidents()), 1)
        self.assertEqual(len(one.pages()), 1)
        for n in range(20):
            world.event("resolve", key=f"storm-{n}")
        until("resolved with the last alert", lambda: world.incidents("resolved"))


if __name__ == "__main__":
    unittest.main()
