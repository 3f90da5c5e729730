"""The command on the real stack: everyday work, the first token, the configuration, what `doctor` finds, and what `redrive` puts right."""

import contextlib
import json
import pathlib
import tempfile
import unittest

from support import (
    OUTPUTS, RESOURCES, ROOT, SECRETS, URL,
    Person, World, api, aws, deployer, outbox, request, show, tearDownModule, tocsin, types, unique, until,  # noqa: F401
)


def answer(done):
    return json.loads(done.stdout)


def version():
    return api("GET", "/v1/configuration")["version"]


class FirstToken(unittest.TestCase):
    def test_a_second_first_token_is_refused_and_another_one_works(self):
        done = deployer("init", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertIn("has an API token already", done.stderr)
        self.assertIn("--another", done.stderr)
        token = answer(deployer("init", "--another", "--name", unique("e2e"), "--json"))["token"]
        SECRETS.add(token)
        self.assertEqual(len(token), 32)
        tocsin("incidents", TOCSIN_API_TOKEN=token)
        wrong = tocsin("incidents", check=False, TOCSIN_API_TOKEN=token[:-1] + ("A" if token[-1] != "A" else "B"))
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("TOCSIN_API_TOKEN", wrong.stderr)


class Configuration(unittest.TestCase):
    def write(self, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = pathlib.Path(folder.name) / "team.yaml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    def test_a_file_with_mistakes_changes_nothing_and_names_line_and_field(self):
        good = (ROOT / "infra" / "local" / "example.yaml").read_text(encoding="utf-8")
        bad = good.replace("members: [ada, grace]", "members: [ada, grcae]").replace('to: "+15555550103"', 'to: "0555"')
        lines = bad.splitlines()
        before = version()
        done = tocsin("apply", self.write(bad), check=False)
        self.assertEqual(done.returncode, 1)
        for word, field in (("grcae", "schedules"), ('"0555"', "contact_methods")):
            line = next(n for n, text in enumerate(lines, 1) if word in text)
            told = [text for text in done.stderr.splitlines() if f"team.yaml:{line}:" in text]
            self.assertTrue(told and field in told[0], done.stderr)
        self.assertIn("nothing was changed", done.stderr)
        self.assertEqual(version(), before)

    def test_what_the_api_holds_can_be_applied_as_a_file(self):
        present = api("GET", "/v1/configuration")["configuration"]
        name = unique("applied")
        service = {"id": name, "name": name, "team": "web", "policy": "web-standard", "integrations": [{"id": f"{name}-pd", "kind": "pagerduty"}]}
        more = self.write(json.dumps(present | {"services": present["services"] + [service]}, indent=1))
        before = version()
        applied = answer(tocsin("apply", more, "--json"))
        SECRETS.update(k["key"] for k in applied["created_keys"])
        self.assertEqual((applied["version"], [k["integration"] for k in applied["created_keys"]]), (before + 1, [f"{name}-pd"]))
        again = answer(tocsin("apply", more, "--json"))
        self.assertEqual((again["version"], again["changed"], again["created_keys"]), (before + 1, False, []))
        stale = tocsin("apply", self.write(json.dumps(present)), "--expect", str(before), check=False)
        self.assertEqual(stale.returncode, 1)
        self.assertIn("somebody else applied a configuration meanwhile", stale.stderr)
        tocsin("apply", self.write(json.dumps(present)))

    def test_a_further_key_works_beside_the_first(self):
        world = World([[Person("one")]], delay_s=600)
        integration = next(s for s in api("GET", "/v1/configuration")["configuration"]["services"] if s["id"] == world.service)["integrations"][0]["id"]
        second = answer(tocsin("key", integration, "--json"))["key"]
        SECRETS.add(second)
        self.assertNotEqual(second, world.routing_key)
        for key in (world.routing_key, second):
            tocsin("send", "--key", key, "--dedup-key", key[:4], "--severity", "info")
        until("an incident by each key", lambda: len(world.incidents()) == 2)
        third = tocsin("key", integration, check=False)
        self.assertEqual(third.returncode, 1)
        self.assertIn("two keys", third.stderr)
        self.assertEqual(tocsin("key", integration, "--revoke", "A" * 32, check=False).returncode, 1)
        tocsin("key", integration, "--revoke", world.routing_key)
        self.assertIn("only one", tocsin("key", integration, "--revoke", second, check=False).stderr)
        self.assertIn("tocsin apply", tocsin("send", "--key", "A" * 32, check=False).stderr)

    def test_who_has_a_new_address_gets_no_mail_at_the_old_one(self):
        one = Person("one", channels=("email",))
        world = World([[one]], delay_s=600)
        topic = OUTPUTS["UserTopicPrefix"] + f"{one.id}-mail"

        def addresses():
            return {s["Endpoint"] for s in aws("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]}

        self.assertEqual(addresses(), {one.mail})
        person = next(u for u in World._configuration["users"] if u["id"] == one.id)
        person["contact_methods"][0]["to"] = one.mail = f"new-{one.mail}"
        World.apply({})
        self.assertEqual(addresses(), {one.mail})
        world.event()
        until("the mail", one.pages)


class Responding(unittest.TestCase):
    def test_an_incident_from_the_first_event_to_its_end(self):
        one, two, three = Person("one"), Person("two"), Person("three")
        world = World([[one], [two]], delay_s=600)
        other = World([[three]], delay_s=600)
        sent = answer(tocsin("send", "--key", world.routing_key, "--summary", "The \x1b[31mdisk\x1b[0m is full", "--json"))
        until("the page", one.pages)
        number = str(world.incident()["number"])
        listed = tocsin("incidents", "--team", "e2e", "--limit", "1000").stdout
        row = next(line for line in listed.splitlines() if f"#{number} " in line)
        self.assertIn("disk", row)
        self.assertNotIn("\x1b", listed, "a title can not reach the terminal")
        until("its page is on record", lambda: "paged" in types(number))
        shown = tocsin("show", number).stdout
        for word in ("disk", one.id, "named by the level", world.service):
            self.assertIn(word, shown)
        self.assertNotIn(one.phone, shown)

        tocsin("note", number, "looking", "into it")
        self.assertIn("looking into it", tocsin("show", f"#{number}").stdout)
        tocsin("escalate", number)
        until("the page to two", two.pages)
        tocsin("priority", number, "P1")
        self.assertEqual(show(number)["priority"], "P1")
        tocsin("reassign", number, "--user", three.id)
        until("the page to three", three.pages)
        self.assertIn("acknowledged", tocsin("ack", number).stdout)
        tocsin("ack", number)
        self.assertEqual(types(number).count("acknowledged"), 1)
        tocsin("snooze", number, "2h")
        self.assertIn("Something happens by itself in 2 h", tocsin("show", number).stdout)

        other.event()
        until("its page", lambda: len(three.pages()) == 2)
        second = str(other.incident()["number"])
        both = tocsin("resolve", number, second, "999999999", check=False)
        self.assertEqual(both.returncode, 1, "one of the three is not there")
        self.assertIn("999999999", both.stderr)
        self.assertEqual([show(n)["status"] for n in (number, second)], ["resolved", "resolved"])
        late = tocsin("ack", number, check=False)
        self.assertEqual(late.returncode, 1)
        self.assertIn("tocsin show", late.stderr)
        self.assertIn("tocsin incidents --all", tocsin("show", "999999999", check=False).stderr)
        self.assertIn(f"#{number} ", tocsin("incidents", "--all", "--team", "e2e", "--limit", "1000").stdout)
        tocsin("send", "--key", world.routing_key, "--resolve", "--dedup-key", sent["dedup_key"])
        self.assertEqual((len(one.pages()), len(two.pages()), len(three.pages())), (1, 1, 2))

    def test_who_is_on_call_and_why(self):
        told = tocsin("oncall").stdout
        row = next(line for line in told.splitlines() if line.startswith("web-weekly"))
        self.assertTrue("Ada" in row or "Grace" in row, told)
        self.assertRegex(row, r"(until|weekly|turn)", "with a reason")


@contextlib.contextmanager
def without_subscriptions(topic):
    """A topic that nobody hears."""
    sns = aws("sns")
    before = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    for subscription in before:
        sns.unsubscribe(SubscriptionArn=subscription["SubscriptionArn"])
    try:
        yield
    finally:
        for subscription in before:
            sns.subscribe(TopicArn=topic, Protocol=subscription["Protocol"], Endpoint=subscription["Endpoint"])


class Doctor(unittest.TestCase):
    def findings(self, **environment):
        done = deployer("doctor", "--json", check=False, **environment)
        told = answer(done)
        self.assertEqual(done.returncode, 0 if told["healthy"] else 1)
        for finding in told["findings"]:
            self.assertTrue(finding["level"] == "ok" or finding["next_step"], finding)
        return told["findings"]

    def only(self, what, **environment):
        found = [f for f in self.findings(**environment) if what in f["what"]]
        self.assertEqual(len(found), 1, found)
        return found[0]

    def test_what_is_as_it_should_be(self):
        findings = self.findings()
        # What other tests flooded was refused, and is told for a day.
        self.assertEqual([f for f in findings if f["level"] == "error" and " was refused in " not in f["what"]], [])
        fine = [f["what"] for f in findings if f["level"] == "ok"]
        for what in ("last resort: 1 confirmed", "operations: 1 confirmed", "ada-mail", "functions at a time"):
            self.assertTrue(any(what in f for f in fine), (what, fine))

    def test_what_it_can_not_look_at_is_said(self):
        """MiniStack has no SMS sandbox and no spend limit: docs/local.md."""
        for call in ("GetSMSSandboxAccountStatus", "GetSMSAttributes"):
            finding = self.only(call)
            self.assertEqual(finding["level"], "warning")
            self.assertIn("not looked at", finding["what"])

    def test_a_last_resort_and_alarms_that_nobody_hears(self):
        for topic, name in (("LastResortTopic", "last resort"), ("OperationsTopic", "operations")):
            with self.subTest(name), without_subscriptions(RESOURCES[topic]):
                finding = self.only(f"{name}: nobody is subscribed")
                self.assertEqual(finding["level"], "error")
                self.assertIn("deploy with", finding["next_step"])

    def test_an_unsubscribed_address(self):
        one = Person("one", channels=("email",))
        World([[one]], delay_s=600)
        topic = OUTPUTS["UserTopicPrefix"] + f"{one.id}-mail"
        self.assertEqual(self.only(f"{one.id}-mail")["level"], "ok")
        with without_subscriptions(topic):
            finding = self.only(f"{one.id}-mail")
            self.assertEqual((finding["level"], "missing" in finding["what"]), ("error", True))
            # Without a token it looks from outside.
            self.assertEqual(self.only(f"e-mail {one.id}-mail", TOCSIN_API_TOKEN="")["level"], "error")
            World.apply({})
            self.assertEqual(self.only(f"{one.id}-mail")["level"], "ok", "applying again is the next step that it names")

    def test_another_stack(self):
        finding = self.only("there is no topic nobody-last-resort", TOCSIN_STACK="nobody")
        self.assertEqual(finding["level"], "error")


class Queue:
    """A failure queue of the stack."""

    def __init__(self, name):
        self.url = OUTPUTS[f"{name}FailuresUrl"]
        self.sqs = aws("sqs")

    def count(self):
        """Waiting ones and hidden ones."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        return sum(int(n) for n in self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"].values())

    def put(self, body, **attributes):
        told = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.sqs.send_message(QueueUrl=self.url, MessageBody=json.dumps(body), MessageAttributes=told)

    def empty(self):
        self.sqs.purge_queue(QueueUrl=self.url)


@contextlib.contextmanager
def bad_deployment(function, lacking="TOCSIN_TABLE"):
    """`live` is a version that can not start, because a setting is missing."""
    client, name = aws("lambda"), RESOURCES[f"{function}Function"]
    good = client.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]

    def configure(kept):
        client.update_function_configuration(FunctionName=name, Environment={"Variables": kept})

    configure({k: v for k, v in variables.items() if k != lacking})
    client.update_alias(FunctionName=name, Name="live", FunctionVersion=client.publish_version(FunctionName=name)["Version"])
    try:
        yield
    finally:
        configure(variables)
        client.update_alias(FunctionName=name, Name="live", FunctionVersion=good)


@contextlib.contextmanager
def broken(function):
    """A stream's function that can not run, and a stream that gives up within a second instead of an hour."""
    client, name = aws("lambda"), RESOURCES[f"{function}Function"]
    mapping = next(m for m in client.list_event_source_mappings()["EventSourceMappings"] if name in m["FunctionArn"])["UUID"]
    with bad_deployment(function):
        client.update_event_source_mapping(UUID=mapping, MaximumRecordAgeInSeconds=1)
        try:
            yield
        finally:
            client.update_event_source_mapping(UUID=mapping, MaximumRecordAgeInSeconds=3600)


@contextlib.contextmanager
def listening():
    """Yields what lists the events that the bus has carried since."""
    events, sqs, name, bus = aws("events"), aws("sqs"), unique("listen"), OUTPUTS["BusName"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    rule = events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps({"source": ["tocsin"]}))["RuleArn"]
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Condition": {"ArnEquals": {"aws:SourceArn": rule}}}]}
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "listen", "Arn": arn}])
    heard = []

    def listen():
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=600).get("Messages", []):
            heard.extend(json.loads(m["Body"]) for m in messages)
        return heard

    try:
        yield listen
    finally:
        events.remove_targets(Rule=name, EventBusName=bus, Ids=["listen"])
        events.delete_rule(Name=name, EventBusName=bus)
        sqs.delete_queue(QueueUrl=url)


class Redrive(unittest.TestCase):
    def setUp(self):
        for name in ("Incident", "Publish", "Stakeholder", "Sweep"):
            Queue(name).empty()

    def redrive(self, code=0):
        done = deployer("redrive", "--json", check=False)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return answer(done)

    def test_nothing_failed(self):
        told = self.redrive()
        self.assertEqual((told["messages"], told["failed"], told["deleted"]), ([], [], 0))

    def test_alerts_that_incident_gave_up_become_incidents(self):
        """One level without delay: the sweep itself pages by phone and mail, and then the last resort."""
        one = Person("one", channels=("sms", "email"))
        world, queue = World([[one]], delay_s=0), Queue("Incident")
        with broken("Incident"):
            world.event()
            until("the stream to give up", queue.count)
        self.assertEqual((world.incidents(), one.pages()), ([], []))
        looked = answer(deployer("redrive", "--dry-run", "--json"))
        self.assertEqual({m["queue"] for m in looked["messages"]}, {"IncidentFailures"})
        told = self.redrive()
        self.assertGreaterEqual(told["evaluated"]["alerts"], 1)
        self.assertEqual((told["failed"], told["deleted"], queue.count()), ([], len(told["messages"]), 0))
        until("both pages", lambda: {m["channel"] for m in one.pages()} == {"sms", "email"})
        number = world.incident()["number"]

        def last():
            return [m for m in outbox() if m.get("topic", "").endswith("last-resort") and f"#{number} " in m["text"]]

        until("the last resort", last)
        self.redrive()
        self.assertEqual((len(world.incidents()), len(one.pages()), len(last())), (1, 2, 1), "a second time changes nothing")
        api("POST", f"/v1/incidents/{number}/resolve")

    def test_entries_that_publish_gave_up_reach_the_bus(self):
        one = Person("one")
        world, queue = World([[one]], delay_s=600), Queue("Publish")
        with listening() as heard:
            with broken("Publish"):
                world.event()
                until("the page does not wait for it", one.pages)
                number = world.incident()["number"]
                until("its record", lambda: "paged" in types(number))
                until("the stream to give up", queue.count)
                last = len(types(number))
                # The record of the page may have come a moment after the batch that was given up.
                count = queue.count()
                until("the last one too", lambda: queue.count() > count or json.dumps(self.told()).count('"PublishFailures"'), 5)

            def mine():
                return {e["detail"]["id"] for e in heard() if e["detail"]["number"] == number}

            told = self.redrive()
            self.assertGreaterEqual(told["published"], 1)
            self.assertEqual((told["failed"], queue.count()), ([], 0))
            identity = show(number)["id"]
            until("every entry", lambda: mine() >= {f"{identity}/{n}" for n in range(1, last + 1)})

    def told(self):
        return answer(deployer("redrive", "--dry-run", "--json"))

    def test_events_that_did_not_reach_the_stakeholders_are_delivered(self):
        """MiniStack's rules have no failure queue: the message is the real event, put there by hand with EventBridge's attributes."""
        one, queue = Person("one"), Queue("Stakeholder")
        world, reader = World([[one]], delay_s=600), f"{unique('reader')}@example.com"
        with listening() as heard:
            world.event()
            number = world.incident()["number"]
            event = until("the event", lambda: [e for e in heard() if e["detail"]["number"] == number and e["detail"].get("stakeholder_text")])[0]
        sns = aws("sns")
        subscription = sns.subscribe(TopicArn=OUTPUTS["StakeholderTopicArn"], Protocol="email", Endpoint=reader, ReturnSubscriptionArn=True)["SubscriptionArn"]
        try:
            queue.put(event, ERROR_CODE="THROTTLING", ERROR_MESSAGE="Rate exceeded", RULE_ARN="arn:rule", TARGET_ARN=OUTPUTS["StakeholderTopicArn"])
            told = self.redrive()
            self.assertEqual((told["delivered"], told["failed"], queue.count()), (1, [], 0))
            message = until("the reader's mail", lambda: [m for m in outbox() if m["destination"] == reader])[0]
            self.assertEqual(message["text"].strip('"'), event["detail"]["stakeholder_text"])
        finally:
            sns.unsubscribe(SubscriptionArn=subscription)

    def test_a_message_that_makes_no_sense_stays_while_the_others_go(self):
        good, bad = Queue("Sweep"), Queue("Stakeholder")
        bad.put({"source": "somebody else", "detail": {}})
        good.put({"requestContext": {"functionArn": "arn:aws:lambda:us-east-1:000000000000:function:sweep", "condition": "EventAgeExceeded"}})
        told = self.redrive(code=1)
        self.assertEqual((told["deleted"], good.count(), bad.count()), (1, 0, 1))
        self.assertEqual(told["failed"], ["StakeholderFailures: a message is not an event of Tocsin"])
        self.assertEqual(len(self.told()["messages"]), 1, "it can be seen again at once")
        bad.empty()

    def test_while_the_sweep_can_not_run_its_messages_stay(self):
        """MiniStack does not know an alias's failure queue: the message is put there by hand, in Lambda's form."""
        queue, name = Queue("Sweep"), RESOURCES["SweepFunction"]
        with bad_deployment("Sweep", lacking="TOCSIN_STATE_MACHINE_ARN"):
            queue.put({"requestContext": {"functionArn": f"arn:aws:lambda:us-east-1:000000000000:function:{name}:live", "condition": "RetriesExhausted"}})
            told = self.redrive(code=1)
            self.assertEqual((told["deleted"], queue.count()), (0, 1))
            self.assertIn("sweep function", told["failed"][0])
        self.assertEqual((self.redrive()["failed"], queue.count()), ([], 0))

    def test_an_api_token_alone_can_not_redrive(self):
        self.assertIn("credentials", tocsin("redrive", check=False, AWS_REGION="us-east-1", AWS_EC2_METADATA_DISABLED="true").stderr)
        status, _, _ = request("POST", f"{URL}/v1/redrive", {})
        self.assertIn(status, (401, 404, 405))
        api("POST", "/v1/redrive", {}, expect=404)


if __name__ == "__main__":
    unittest.main()
