"""What AWS itself delivers: topics and rules that invoke the function, and addresses with a key that SNS posts to."""

import base64
import json
import unittest

from support import FIXTURES, OUTPUTS, URL, Person, World, aws, item, request, show, tocsin, unique, until

ARN = OUTPUTS["InboundFunctionArn"]


class Delivered(unittest.TestCase):
    """A topic and a rule of the account, as a team makes them: no key anywhere, `sources` say whose it is."""

    @classmethod
    def setUpClass(cls):
        name = unique("alarms")
        cls.sns, cls.events = aws("sns"), aws("events")
        cls.topic = cls.sns.create_topic(Name=name)["TopicArn"]
        cls.source = f"e2e.{name}"
        cls.person = Person("inbound")
        cls.world = World([[cls.person]], service={"grouping": {"by": "none"}})
        # The same document with sources: as an edit of the configuration is.
        integration = World._configuration["services"][-1]["integrations"][0]
        integration["sources"] = [cls.topic, cls.source]
        World.apply({})

    def summaries(self):
        return {show(i["number"])["alerts"][0]["summary"]: i["number"] for i in self.world.incidents()}

    def test_a_topic_that_invokes_the_function_pages(self):
        self.sns.subscribe(TopicArn=self.topic, Protocol="lambda", Endpoint=ARN)
        alarm = json.loads((FIXTURES / "cloudwatch" / "sns_single_metric.json").read_text())
        before = len(self.person.pages())
        self.sns.publish(TopicArn=self.topic, Subject="Queue is long", Message="The queue has 4,000 messages")
        text = "Queue is long: The queue has 4,000 messages"
        until("the incident", lambda: text in self.summaries(), 30)
        until("a page", lambda: len(self.person.pages()) > before, 30)
        self.assertTrue(alarm)

    def test_an_event_of_a_rule_pages(self):
        rule = unique("rule")
        self.events.put_rule(Name=rule, EventPattern=json.dumps({"source": [self.source]}))
        self.events.put_targets(Rule=rule, Targets=[{"Id": "tocsin", "Arn": ARN}])
        detail = {"status": "failed", "message": "The nightly import failed"}
        put = self.events.put_events(Entries=[{"Source": self.source, "DetailType": "Import", "Detail": json.dumps(detail)}])
        self.assertEqual(put["FailedEntryCount"], 0)
        until("the incident", lambda: "Import: The nightly import failed" in self.summaries(), 30)


if __name__ == "__main__":
    unittest.main()
