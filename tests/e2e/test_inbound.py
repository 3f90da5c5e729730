"""What AWS itself delivers: topics and rules that invoke the function, and addresses with a key that SNS and mail services post to."""

import base64
import hashlib
import hmac
import json
import unittest

from support import OUTPUTS, ROOT, URL, Person, World, api, aws, request, show, unique, until, tearDownModule  # noqa: F401

ARN = OUTPUTS["InboundFunctionArn"]
FIXTURES = ROOT / "functions" / "inbound" / "tests" / "fixtures"


class Inbound(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sns, cls.events = aws("sns"), aws("events")
        cls.name = unique("alarms")
        cls.topic = cls.sns.create_topic(Name=cls.name)["TopicArn"]
        cls.source = f"e2e.{cls.name}"
        cls.person = Person("inbound")
        cls.world = World([[cls.person]])
        cls.key = cls.world.webhook_key
        # The same document with sources: an edit of the configuration. No key, no restart.
        World._configuration["services"][-1]["integrations"][0]["sources"] = [cls.topic, cls.source]
        World.apply({})
        cls.sns.subscribe(TopicArn=cls.topic, Protocol="lambda", Endpoint=ARN)

    def alerts(self):
        return {show(i["number"])["alerts"][0]["dedup_key"] for i in self.world.incidents()}

    def seen(self, key):
        until(f"an incident for {key}", lambda: key in self.alerts(), 30, 0.5)

    def put(self, source, kind, detail, resources=()):
        entry = {"Source": source, "DetailType": kind, "Detail": json.dumps(detail), "Resources": list(resources)}
        self.assertEqual(self.events.put_events(Entries=[entry])["FailedEntryCount"], 0)

    def post(self, name, body, **headers):
        headers = {n.replace("_", "-"): v for n, v in headers.items()}
        status, _, answer = request("POST", f"{URL}/v1/integrations/{name}/{self.key}", raw=body, headers=headers)
        return status, answer

    def test_a_message_of_a_topic_opens_an_incident_and_pages(self):
        before = len(self.person.pages())
        self.sns.publish(TopicArn=self.topic, Subject="Queue is long", Message="The queue has 4,000 messages")
        self.seen(f"{self.topic}/Queue is long")
        until("a page", lambda: len(self.person.pages()) > before, 30)

    def test_an_event_of_the_templates_rule(self):
        detail = {"eventArn": f"arn:aws:health:{self.name}", "statusCode": "open", "eventTypeCode": "AWS_EC2_DOWN", "eventTypeCategory": "issue"}
        self.put(self.source, "AWS Health Event", detail, ["i-1"])
        self.seen(f"{self.source}/AWS Health Event/i-1")

    def test_an_event_of_a_rule_of_the_team(self):
        rule = unique("rule")
        self.events.put_rule(Name=rule, EventPattern=json.dumps({"source": [self.source], "detail-type": ["Import"]}))
        self.events.put_targets(Rule=rule, Targets=[{"Id": "tocsin", "Arn": ARN}])
        self.put(self.source, "Import", {"status": "failed", "message": "The nightly import failed"}, ["db1"])
        self.seen(f"{self.source}/Import/db1")

    def test_mail_that_ses_took_in_goes_by_the_key_of_its_recipient(self):
        raw = "From: Nagios <nagios@mon.example.com>\r\nSubject: PROBLEM: disk of db1\r\nMessage-ID: <1@mon>\r\n\r\nfull\r\n"
        message = {
            "notificationType": "Received", "mail": {"commonHeaders": {}}, "content": base64.b64encode(raw.encode()).decode(),
            "receipt": {"recipients": [f"tocsin+{self.key.lower()}@in.example.com"], "action": {"type": "SNS", "encoding": "BASE64"}},
        }
        self.sns.publish(TopicArn=self.topic, Message=json.dumps(message))
        self.seen("email/nagios@mon.example.com/disk of db1")

    def test_a_form_of_a_mail_service(self):
        content_type, _, form = (FIXTURES / "webhook" / "mailgun.form").read_text().partition("\n")
        status, answer = self.post("email", form.replace("\n", "\r\n").encode(), Content_Type=content_type)
        self.assertEqual((status, answer["processed"]), (200, 1), answer)
        self.seen("email/nagios@mon.example.com/disk full on db1")
        form = b'--b\r\nContent-Disposition: form-data; name="dedup_key"\r\n\r\nform-key\r\n--b\r\nContent-Disposition: form-data; name="summary"\r\n\r\nx\r\n--b--\r\n'
        self.assertEqual(self.post("form", form, Content_Type="multipart/form-data; boundary=b")[0], 200)
        self.seen("form-key")

    def test_only_what_sns_signed_is_taken_as_its_own(self):
        signed = json.loads((FIXTURES / "sns" / "alarm_v2.json").read_text())
        forged = signed | {"SigningCertURL": "https://sns.us-east-1.amazonaws.com.example.com/SimpleNotificationService-a.pem"}
        self.assertEqual(self.post("aws", json.dumps(forged).encode())[0], 403)
        # There is no such certificate, or no way to it: SNS would deliver again.
        self.assertEqual(self.post("sns", json.dumps(signed).encode())[0], 503)
        self.assertEqual(self.post("sns", signed["Message"].encode())[0], 200, "a raw message has no signature")
        self.seen(json.loads(signed["Message"])["AlarmArn"])
        # An address with a doubled slash is on no route of inbound's: who answers there can not check the signature, and takes no such message.
        before = self.alerts()
        for name in ("/aws", "/sns", "/cloudwatch", "/eventbridge", "/email", "/form", "aws/"):
            for body in (signed, forged, signed | {"Type": None}):
                self.assertIn(self.post(name, json.dumps(body).encode())[0], (403, 404) if "/" == name[0] or body is not signed else (503,), name)
        self.assertEqual(self.post("/sns", signed["Message"].encode())[0], 200)
        self.assertEqual(self.alerts(), before)

    def test_githubs_secret_is_the_key(self):
        body = json.dumps({"workflow_run": {"status": "completed", "conclusion": "failure", "name": "CI", "head_branch": "main", "workflow_id": 7},
                           "repository": {"full_name": self.name}}).encode()
        self.assertEqual(self.post("github", body, X_Hub_Signature_256="sha256=" + "0" * 64)[0], 403)
        right = hmac.new(self.key.encode(), body, hashlib.sha256).hexdigest()
        self.assertEqual(self.post("github", body, X_Hub_Signature_256=f"sha256={right}")[0], 200)
        self.seen(f"github/{self.name}/7/main")

    def test_the_configuration_says_what_is_wrong_with_a_source(self):
        document = json.loads(json.dumps(api("GET", "/v1/configuration")["configuration"]))
        document["services"][0]["integrations"][0]["sources"] = ["a*b*c"]
        answer = api("PUT", "/v1/configuration", {"configuration": document}, expect=None)
        self.assertIn("more than one *", json.dumps(answer))


if __name__ == "__main__":
    unittest.main()
