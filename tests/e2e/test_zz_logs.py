"""Runs last: what must not be written down is written down nowhere. Looks for every secret and person of the whole run, and makes some of its own first."""

import json
import os
import pathlib
import re
import unittest
import urllib.parse
import zlib

from support import SECRETS, STATUS_URL, TABLE, TOKEN, URL, Person, World, api, aws, deployer, link, outbox, request, tocsin, unique, until

LOG = pathlib.Path(os.environ["TOCSIN_FUNCTIONS_LOG"])
FUNCTIONS = ("Ingest", "Incident", "Notify", "Api", "Publish", "Status", "Sweep")


def links():
    """Secrets of the links in messages."""
    return {m.group(1) for message in outbox() for m in re.finditer(r"/a/([A-Za-z0-9_-]+)", message["text"])}


def codes():
    """Six digits alone would be found by chance: with the phone that they were sent to."""
    return {(message["destination"], m.group(1)) for message in outbox() for m in [re.search(r"Tocsin: (\d{6}) is (?:your|the) code", message["text"])] if m}


def people():
    """Phone numbers and addresses of the configuration and of everybody who got a message."""
    users = api("GET", "/v1/configuration")["configuration"]["users"]
    return {w["to"] for u in users for w in u["contact_methods"]} | {m["destination"] for m in outbox()}


def unpacked(value):
    """Everything that an item says, packed documents included."""
    if isinstance(value, dict):
        return " ".join(f"{k} {unpacked(v)}" for k, v in value.items())
    if isinstance(value, list):
        return " ".join(map(unpacked, value))
    if isinstance(value, bytes):
        try:
            return zlib.decompressobj(-15).decompress(value).decode("utf-8", "replace")
        except zlib.error:
            return value.decode("utf-8", "replace")
    return str(value)


class Canaries(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """Traffic of each kind, and failures of each kind, with values that nobody else has."""
        one = Person("canary", channels=("sms", "email"))
        world = World([[one]], delay_s=600)
        world.event(summary=f"call {one.phone} or {one.mail}")
        page = until("the page", lambda: [m for m in one.pages() if "/a/" in m["text"]])[0]
        request("GET", link(page))
        request("POST", link(page), raw=b"")
        cls.unknown = unique("unknown").replace("-", "").upper().ljust(32, "X")[:32]
        for path, body in (
            ("/v2/enqueue", {"routing_key": cls.unknown, "event_action": "trigger"}),
            (f"/v1/integrations/alertmanager/{cls.unknown}", {"alerts": [one.phone]}),
            (f"/v1/integrations/alertmanager/{world.webhook_key}", {"alerts": one.mail}),
            (f"/a/{cls.unknown}", {}),
        ):
            request("POST", URL + path, body)
        request("POST", f"{URL}/v2/enqueue", raw=f'{{"routing_key": "{world.routing_key}", "phone": "{one.phone}"'.encode())
        request("GET", f"{URL}/v1/incidents", headers={"Authorization": f"Bearer {cls.unknown}"})
        tocsin("send", "--key", world.routing_key, "--summary", f"mail {one.mail}")
        deployer("redrive", check=False)
        cls.reader = Person("reader")
        for path in ("/subscribe/email", "/subscribe/sms", "/subscribe/sms/confirm"):
            fields = {"email": cls.reader.mail, "phone": cls.reader.phone, "code": "000000"}
            headers = {"Origin": STATUS_URL, "Content-Type": "application/x-www-form-urlencoded"}
            request("POST", STATUS_URL + path, headers=headers, raw=urllib.parse.urlencode(fields).encode())
        cls.secrets = {*SECRETS, TOKEN, cls.unknown, *links()}

    def test_the_log_names_nobody_and_has_no_secret(self):
        log = LOG.read_text(encoding="utf-8")
        said = {name for name in FUNCTIONS if re.search(rf"^\S*{name}Function\S* ", log, re.MULTILINE)}
        self.assertTrue(said >= {"Ingest", "Api", "Sweep"}, f"only {said} have said anything: is this the functions' log?")
        persons = {p for p in people() | {self.reader.phone, self.reader.mail} if p}
        self.assertGreater(len(persons), 5)
        self.assertTrue(links())
        for canary in self.secrets | persons | {p.lstrip("+") for p in persons}:
            found = [line for line in log.splitlines() if canary in line]
            self.assertEqual(found[:3], [], "in the functions' log")

    def test_the_table_has_hashes_only(self):
        items = [i for part in aws("dynamodb").get_paginator("scan").paginate(TableName=TABLE) for i in part["Items"]]
        said = [unpacked(item) for item in items]
        self.assertTrue(any("canary" in text for text in said), "packed documents were read")
        for secret in self.secrets:
            self.assertEqual([text[:200] for text in said if secret in text], [])
        for phone, code in codes():
            self.assertEqual([text[:200] for text in said if phone in text and re.search(rf"\b{code}\b", text)], [])
        self.assertEqual([i for i in items if "team" not in i], [], "every item says whose it is")

    def test_answers_to_strangers_repeat_no_secret(self):
        for method, url, headers in (
            ("POST", f"{URL}/v2/enqueue", {}),
            ("GET", f"{URL}/a/{self.unknown}", {}),
            ("GET", f"{URL}/v1/incidents", {"Authorization": f"Bearer {self.unknown}"}),
        ):
            _, head, body = request(method, url, {"routing_key": self.unknown} if method == "POST" else None, headers)
            self.assertNotIn(self.unknown, json.dumps(body) + str(head), url)


if __name__ == "__main__":
    unittest.main()
