"""Tests of the local stack's own tools: what they say when something is wrong, and what they read.

Run by test.py in the tools' environment. They start no server; `make demo` and the end-to-end tests see a running one.
"""

import json
import pathlib
import socket
import tempfile
import unittest

import deploy
import settings
import stack
import tools
import watch


class Ports(unittest.TestCase):
    def test_a_port_in_use_is_named_with_what_to_do(self):
        with socket.socket() as taken:
            taken.bind((settings.HOST, 0))
            taken.listen()
            port = taken.getsockname()[1]
            with self.assertRaisesRegex(settings.Problem, f"Port {port} is in use.*TOCSIN_PORT=PORT make up"):
                stack.check_ports(settings.Ports(port - 1))

    def test_nonsense_is_named(self):
        for text in ("http", "", "80", "70000"):
            with self.assertRaisesRegex(settings.Problem, "TOCSIN_PORT"):
                settings.Ports(text)

    def test_three_neighbours_on_loopback(self):
        ports = settings.Ports("5000")
        self.assertEqual(ports.all(), (5000, 5001, 5002))
        self.assertEqual(ports.api_url, "http://127.0.0.1:5000")


class Environment(unittest.TestCase):
    def test_the_server_sees_none_of_the_callers_aws_settings(self):
        before = dict(stack.os.environ)
        stack.os.environ.update(AWS_PROFILE="prod", AWS_SESSION_TOKEN="x", AWS_ACCESS_KEY_ID="real")
        try:
            environment = stack.server_environment(settings.Ports("5000"))
        finally:
            stack.os.environ.clear()
            stack.os.environ.update(before)
        self.assertNotIn("AWS_PROFILE", environment)
        self.assertNotIn("AWS_SESSION_TOKEN", environment)
        self.assertEqual(environment["AWS_ACCESS_KEY_ID"], "test")
        self.assertEqual(environment["AWS_ENDPOINT_URL"], "http://127.0.0.1:5002")
        self.assertEqual((environment["AUTH"], environment["BIND_HOST"]), ("true", "127.0.0.1"))

    def test_a_process_that_is_not_our_server_is_not_ended(self):
        with tempfile.TemporaryDirectory() as folder:
            before, settings.SERVER_PID = settings.SERVER_PID, pathlib.Path(folder) / "pid"
            try:
                settings.SERVER_PID.write_text(str(stack.os.getpid()))
                self.assertIsNone(stack.server_pid())
            finally:
                settings.SERVER_PID = before


class Template(unittest.TestCase):
    def test_short_forms_are_written_out(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "t.yaml"
            path.write_text("a: !Ref B\nb: !GetAtt C.D.E\nc: !If [X, !Sub '${Y}', 1]\nd: &x {k: 1}\ne: *x\n")
            self.assertEqual(
                deploy.read_template(path),
                {
                    "a": {"Ref": "B"},
                    "b": {"Fn::GetAtt": ["C", "D.E"]},
                    "c": {"Fn::If": ["X", {"Fn::Sub": "${Y}"}, 1]},
                    "d": {"k": 1},
                    "e": {"k": 1},
                },
            )

    def test_only_loopback_is_deployed_to(self):
        ports = settings.Ports("5000")

        class Elsewhere:
            aws_url = "https://dynamodb.us-east-1.amazonaws.com"

        deploy.Deployment(ports)
        with self.assertRaisesRegex(settings.Problem, "loopback only"):
            deploy.Deployment(Elsewhere())


class Watch(unittest.TestCase):
    def test_reads_whole_lines_once(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "outbox"
            tail = watch.Tail(path)
            self.assertEqual(tail.new(), [])
            path.write_text('{"a":1}\n{"a":')
            self.assertEqual(tail.new(), [{"a": 1}])
            path.write_text('{"a":1}\n{"a":2}\n')
            self.assertEqual(tail.new(), [{"a": 2}])
            self.assertEqual(tail.new(), [])

    def test_an_event_is_one_line(self):
        page = {"repeat": 0, "level": 1, "user": "usr_bob", "contact": "phone", "channel": "sms"}
        event = {
            "detail-type": "incident.paged",
            "detail": {"number": 7, "what": {"type": "paged", "page": page, "provider_id": "x", "bundled_with": 0}},
        }
        self.assertEqual(watch.describe_event(event), "paged                  #7    level 2: usr_bob by sms")

    def test_what_is_not_known_is_shown_as_it_is(self):
        self.assertEqual(watch.describe_event({"detail-type": "incident.merged", "detail": {}}), "incident.merged")

    def test_a_message_shows_its_first_line(self):
        message = {"channel": "sms", "destination": "+15550100123", "text": "Tocsin: one\ntwo"}
        self.assertEqual(watch.describe_message(message), "  -> sms to +15550100123: Tocsin: one")


class Tools(unittest.TestCase):
    def test_every_tool_is_pinned(self):
        for pin in (*tools.RUN, *tools.CARGO_LAMBDA, *tools.CONFORMANCE, *tools.LINT):
            self.assertRegex(pin, r"==|<")
        self.assertRegex(tools.ASL_VALIDATOR, r"@\d")

    def test_a_missing_program_is_named_with_what_to_do(self):
        with self.assertRaisesRegex(settings.Problem, "nonesuch is missing .*apt-get"):
            tools.need("nonesuch", "why", "On Debian: apt-get install it.")


class StateMachine(unittest.TestCase):
    def test_the_source_is_json_that_the_template_substitutes(self):
        text = (settings.ROOT / "infra" / "escalation.asl.json").read_text()
        json.loads(text)
        machine = deploy.read_template()["Resources"]["Escalation"]["Properties"]
        for name in machine["DefinitionSubstitutions"]:
            self.assertIn("${%s}" % name, text)


if __name__ == "__main__":
    unittest.main()
