"""The public status page of the real stack: it follows incidents, tells nothing internal, and subscribes nobody who did not ask twice."""

import re
import unittest
import urllib.parse

from support import OUTPUTS, STATUS_URL, TABLE, Person, World, api, aws, outbox, request, unique, until, tearDownModule  # noqa: F401

TOPIC = OUTPUTS["StakeholderTopicArn"]
FORMS = ("/subscribe/email", "/subscribe/sms", "/subscribe/sms/confirm", "/unsubscribe/sms", "/unsubscribe/sms/confirm")


def page(path="/", method="GET", **headers):
    return request(method, STATUS_URL + path, headers=headers)


def post(path, origin=STATUS_URL, **fields):
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Origin": origin} if origin else {})
    return request("POST", STATUS_URL + path, headers=headers, raw=urllib.parse.urlencode(fields).encode())


def summary():
    return page("/api/v2/summary.json")[2]


def subscriptions():
    """(protocol, endpoint) of each stakeholder, and the ARN that it is unsubscribed by."""
    listed = aws("sns").list_subscriptions_by_topic(TopicArn=TOPIC)["Subscriptions"]
    return {(s["Protocol"], s["Endpoint"]): s["SubscriptionArn"] for s in listed}


def waiting():
    """Keys of what waits in the table for a confirmation."""
    table = aws("dynamodb").get_paginator("scan")
    items = [i for part in table.paginate(TableName=TABLE, ConsistentRead=True) for i in part["Items"]]
    return {i["pk"]["S"] for i in items if i["pk"]["S"].startswith("S#")}


class Components(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World([[Person("one")]], delay_s=600)
        cls.id = unique("component")
        shown = {"id": cls.id, "name": f"Shop <{cls.id}>", "services": [cls.world.service]}
        World._configuration["status_page"]["components"].append(shown)
        World.apply({})

    def component(self):
        return next((c for c in summary()["components"] if c["id"] == self.id), {})

    def mine(self):
        return [i for i in summary()["incidents"] if self.id in i["name"]]

    def test_components_follow_an_incident_and_say_nothing_internal(self):
        until("the component", lambda: self.component().get("status") == "operational")
        title = "<script>alert('internal')</script> canary-title"
        self.world.event(summary=title, severity="critical")
        number = self.world.incident()["number"]
        until("it is down", lambda: self.component()["status"] == "major_outage")
        self.assertEqual([i["status"] for i in self.mine()], ["investigating"])
        status, headers, html = page()
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertIn("Major outage", html)
        self.assertIn(f"Shop &#60;{self.id}&#62;", html.replace("&lt;", "&#60;").replace("&gt;", "&#62;"))

        api("POST", f"/v1/incidents/{number}/acknowledge")
        api("POST", f"/v1/incidents/{number}/notes", {"text": "canary-note"})
        until("somebody works on it", lambda: [i["status"] for i in self.mine()] == ["identified"])
        until("the page says so too", lambda: "Somebody from our team is working on it" in page()[2])
        documents = ["summary", "status", "components", "incidents/unresolved", "scheduled-maintenances"]
        everything = "".join(str(page(path)[2]) for path in ("/", "/status", *(f"/api/v2/{d}.json" for d in documents)))
        for internal in ("canary", "<script", "alert(", self.world.service, self.world.people[0].id):
            self.assertNotIn(internal, everything)

        api("POST", f"/v1/incidents/{number}/resolve")
        until("it works again", lambda: self.component()["status"] == "operational")
        self.assertEqual(self.mine(), [])

    def test_any_site_may_read_the_documents_and_nobody_may_frame_the_page(self):
        _, headers, _ = page("/api/v2/summary.json", Origin="https://elsewhere.example")
        self.assertEqual(headers["Access-Control-Allow-Origin"], "*")
        _, headers, _ = page()
        self.assertIsNone(headers["Access-Control-Allow-Origin"])
        self.assertIn("frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.assertIn("max-age=", headers["Cache-Control"])
        self.assertEqual(page(**{"If-None-Match": headers["ETag"]})[0], 304)
        self.assertIsNone(headers["Set-Cookie"])


class Subscriptions(unittest.TestCase):
    def setUp(self):
        reader = Person("reader")
        self.phone, self.mail = reader.phone, reader.mail

    def tearDown(self):
        for (_, endpoint), arn in subscriptions().items():
            if endpoint in (self.phone, self.mail):
                aws("sns").unsubscribe(SubscriptionArn=arn)

    def code(self):
        text = until("the code", lambda: [m["text"] for m in outbox() if m["destination"] == self.phone])[-1]
        return re.search(r"\b(\d{6})\b", text).group(1)

    def test_looking_changes_nothing(self):
        subscribed, before = subscriptions(), waiting()
        query = urllib.parse.urlencode({"email": self.mail, "phone": self.phone, "code": "123456"})
        for path in ("/", "/status", "/subscribe", "/unsubscribe", *FORMS):
            for method in ("GET", "HEAD"):
                status, _, _ = page(f"{path}?{query}", method)
                self.assertEqual(status, 405 if path in FORMS else 200, (method, path))
        self.assertEqual((subscriptions(), waiting()), (subscribed, before))
        self.assertEqual([m for m in outbox() if m["destination"] in (self.phone, self.mail)], [])

    def test_only_the_sites_own_forms_are_taken(self):
        for origin in (None, "null", "https://evil.example", STATUS_URL + ".evil.example"):
            for path in FORMS:
                self.assertEqual(post(path, origin, email=self.mail, phone=self.phone, code="1")[0], 403, (origin, path))
        self.assertNotIn(("email", self.mail), subscriptions())
        self.assertEqual([m for m in outbox() if m["destination"] == self.phone], [])

    def test_by_mail_the_provider_asks(self):
        self.assertEqual(post("/subscribe/email", email="nobody")[0], 422)
        status, headers, html = post("/subscribe/email", email=self.mail)
        self.assertEqual((status, headers["Cache-Control"]), (200, "no-store"))
        self.assertIn("Look into your mailbox", html)
        self.assertIn(("email", self.mail), subscriptions())
        again = post("/subscribe/email", email=self.mail)
        self.assertEqual((again[0], again[2]), (200, html), "known and unknown look the same")

    def test_by_phone_with_a_code_and_out_again(self):
        self.assertIn("Enter the code", post("/subscribe/sms", phone=self.phone)[2])
        code = self.code()
        self.assertTrue(waiting(), "what test_looking_changes_nothing would see")
        wrong = f"{(int(code) + 1) % 1_000_000:06d}"
        self.assertEqual(post("/subscribe/sms/confirm", phone=self.phone, code=wrong)[0], 422)
        self.assertEqual(post("/unsubscribe/sms/confirm", phone=self.phone, code=code)[0], 422, "a code is for one wish")
        self.assertNotIn(("sms", self.phone), subscriptions())
        self.assertIn("You are subscribed", post("/subscribe/sms/confirm", phone=self.phone, code=code)[2])
        self.assertIn(("sms", self.phone), subscriptions())
        post("/subscribe/sms", phone=self.phone)
        self.assertEqual(len([m for m in outbox() if m["destination"] == self.phone]), 1, "one code a minute")

    def test_whoever_is_subscribed_is_told_and_can_end_it(self):
        aws("sns").subscribe(TopicArn=TOPIC, Protocol="sms", Endpoint=self.phone)
        world = World([[Person("one")]], delay_s=600)
        world.event(summary="canary-title")
        number = world.incident()["number"]
        text = until("the news", lambda: [m["text"] for m in outbox() if m["destination"] == self.phone])[0]
        self.assertIn(f"(Incident {number})", text)
        self.assertNotIn("canary", text)
        self.assertIn("Enter the code", post("/unsubscribe/sms", phone=self.phone)[2])
        until("the code too", lambda: len([m for m in outbox() if m["destination"] == self.phone]) >= 2)
        self.assertIn("You are unsubscribed", post("/unsubscribe/sms/confirm", phone=self.phone, code=self.code())[2])
        self.assertNotIn(("sms", self.phone), subscriptions())
        api("POST", f"/v1/incidents/{number}/resolve")


if __name__ == "__main__":
    unittest.main()
