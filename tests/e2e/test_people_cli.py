"""What people do with the command under tokens of their own: how they are reached, a team's part of the configuration, swaps, and what an open incident says of what is gone."""

import datetime
import json
import pathlib
import tempfile
import unittest
import zoneinfo

from support import (
    SECRETS, Person, World, api, deployer, invoke, link, outbox, request, show, tearDownModule, tocsin, types, unique, until,  # noqa: F401
)


def token(*arguments):
    """What `tocsin` needs to be somebody else, made by whoever deployed."""
    made = json.loads(deployer("init", "--name", unique("token"), *arguments, "--json").stdout)["token"]
    SECRETS.add(made)
    return {"TOCSIN_API_TOKEN": made}


def answer(done):
    return json.loads(done.stdout)


class Folder(unittest.TestCase):
    """Writes files, and lets the next test read the configuration anew: the command has changed it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.addCleanup(setattr, World, "_configuration", None)

    def write(self, text):
        path = self.folder / "configuration.yaml"
        path.write_text(text if isinstance(text, str) else json.dumps(text, indent=1), encoding="utf-8")
        return str(path)


class Me(Folder):
    def test_somebody_says_how_they_are_reached_and_is_paged_so(self):
        ada, bob = Person("ada"), Person("bob")
        world = World([[ada]], delay_s=600, verified=False)
        World.apply({"users": [bob.document()]})
        me = lambda *words, **more: tocsin("me", *words, **token_of_ada, **more)
        token_of_ada, phone = token("--user", ada.id, "--team", "e2e"), f"{ada.id}-sms"

        told = me().stdout
        for line in ("responder of team e2e", f"{ada.id.title()} ({ada.id})", "high urgency: all of them at once", f"tocsin me verify {phone}"):
            self.assertIn(line, told)
        me("verify", phone)
        code = until("the code", ada.code)
        self.assertIn("does not work", me("verify", phone, "--code", "12345", check=False).stderr)
        self.assertIn("is verified", me("verify", phone, "--code", code).stdout)

        self.assertIn("is added", me("add", "email", ada.mail).stdout)
        mail = f"{ada.id}-email"
        self.assertIn("is that already", me("add", "email", ada.mail).stdout, "asked twice it is one")
        me("rules", "high", phone, f"{mail}=3s")
        me("zone", "Europe/London")
        here = datetime.datetime.now(zoneinfo.ZoneInfo("Europe/London"))
        me("quiet", "-".join((here + datetime.timedelta(hours=h)).strftime("%H:%M") for h in (-2, 2)))
        me("locale", "en-GB")
        shown = answer(me("--json"))
        states = {way["id"]: way["state"] for way in shown["contact_methods"]}
        self.assertEqual(states, {phone: "verified", mail: "verified"})
        self.assertEqual(shown["rules"]["high"], [{"via": phone, "after_s": 0}, {"via": mail, "after_s": 3}])
        self.assertEqual((shown["time_zone"], shown["locale"], len(shown["quiet_hours"])), ("Europe/London", "en-GB", 1))

        world.event(severity="critical")
        until("the text message, then the mail", lambda: [m["channel"] for m in ada.pages()] == ["sms", "email"])
        world.event(key="low", severity="info")
        until("the second incident", lambda: len(world.incidents()) == 2)

        self.assertIn(f"{mail} is gone", me("remove", mail).stdout)
        last = me("remove", phone, check=False)
        self.assertEqual((last.returncode, "is the last way" in last.stderr), (1, True), last.stderr)
        self.assertEqual([way["id"] for way in answer(me("--json"))["contact_methods"]], [phone])
        for words in (("--user", bob.id), ("--user", bob.id, "add", "sms", ada.phone)):
            self.assertEqual(me(*words, check=False).returncode, 1, "nobody sends another's pages elsewhere")
        self.assertEqual(len(ada.pages()), 2, "low urgency waits in quiet hours")
        self.assertEqual(tocsin("me", check=False).returncode, 1, "the deployer's token is no person's")

        [mine] = [t["id"] for t in answer(deployer("tokens", "--json"))["tokens"] if t["user"] == ada.id]
        self.assertIn("opens nothing any more", deployer("tokens", "--revoke", mine).stdout)
        self.assertEqual(me(check=False).returncode, 1)


class Team(Folder):
    def test_an_admin_of_a_team_changes_its_part_and_nothing_else(self):
        ada, bob, team = Person("ada"), Person("bob"), unique("team")
        others = World([[bob]], delay_s=600)
        World.apply({"teams": [{"id": team, "name": "Ours", "members": []}]})
        World([[ada]], delay_s=600, policy={"team": team}, service={"team": team})
        admin, observer = token("--user", ada.id, "--team", team, "--role", "admin"), token("--team", team, "--role", "observer")

        exported = tocsin("export", "--team", team, **admin).stdout
        for word, there in ((team, True), (ada.id, True), (ada.phone, False), (bob.id, False), (others.service, False)):
            self.assertEqual(word in exported, there, word)
        self.assertEqual(tocsin("plan", self.write(exported), "--team", team, **admin).returncode, 0, "an export changes nothing")

        part = api("GET", f"/v1/teams/{team}/configuration")["configuration"]
        made = unique("made")
        service = {"id": made, "name": "Made", "team": team, "policy": part["policies"][0]["id"], "integrations": [{"id": f"{made}-pd", "kind": "pagerduty"}]}
        wanted, plan = self.write(part | {"services": part["services"] + [service]}), str(self.folder / "plan.json")
        planned = tocsin("plan", wanted, "--team", team, "--out", plan, check=False, **admin)
        self.assertEqual((planned.returncode, made in planned.stdout), (2, True), planned.stdout + planned.stderr)
        refused = tocsin("apply", wanted, "--team", team, check=False, **observer)
        self.assertEqual((refused.returncode, made in json.dumps(api("GET", "/v1/configuration"))), (1, False), "an observer only looks")
        key = answer(tocsin("apply", wanted, "--team", team, "--plan", plan, "--json", **admin))["created_keys"][0]
        SECRETS.add(key["key"])
        self.assertEqual(key["integration"], f"{made}-pd")
        self.assertIn("Nothing is different", tocsin("apply", wanted, "--team", team, **admin).stdout)
        tocsin("send", "--key", key["key"], "--severity", "info")
        mine = lambda: [i for i in answer(tocsin("incidents", "--json", **admin))["incidents"] if i["service"] == made]
        number = str(until("its incident", mine)[0]["number"])
        self.assertIn("acknowledged", tocsin("ack", number, **admin).stdout)
        self.assertEqual(show(number)["acknowledged_by"], ada.id, "in her own name")

        # What others have is not there for them, and the whole is not theirs.
        whole = api("GET", "/v1/configuration")["configuration"]
        hidden = json.loads(json.dumps(part))
        hidden["services"][0]["policy"] = next(s["policy"] for s in whole["services"] if s["id"] == others.service)
        version = api("GET", "/v1/configuration")["version"]
        for words in (
            ("export", "--team", "e2e"), ("export",), ("apply", self.write(whole)), ("apply", self.write(hidden), "--team", team),
            ("apply", self.write(part | {"users": [bob.document()]}), "--team", team), ("rollback", "1"),
        ):
            with self.subTest(words):
                self.assertEqual(tocsin(*words, check=False, **admin).returncode, 1)
        self.assertEqual(api("GET", "/v1/configuration")["version"], version, "nothing was changed")
        others.event()
        theirs = str(others.incident()["number"])
        self.assertIn("no incident", tocsin("show", theirs, check=False, **admin).stderr)


class Swap(Folder):
    def test_the_other_side_is_told_accepts_and_is_paged(self):
        ada, bob = Person("ada"), Person("bob")
        text = lambda minutes: (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
        rota = f"rota-{ada.id}"
        layer = {"rotation": "daily", "start": text(-2880), "members": [ada.id]}
        World.apply({"users": [bob.document(), ada.document()], "schedules": [{"id": rota, "team": "e2e", "name": "Rota", "time_zone": "UTC", "layers": [layer]}]})
        ada.verify()
        bob.verify()
        world = World([[]], policy={"levels": [{"delay_s": 600, "targets": [{"schedule": rota}]}]})
        of_ada, of_bob = (token("--user", p.id, "--team", "e2e") for p in (ada, bob))

        def told(person):
            invoke("sweep", {})
            return person.pages()

        # What has begun can not be given away.
        give = f"{text(0.2)}/{text(60)}"
        swap = answer(tocsin("swap", "offer", rota, "--to", bob.id, "--give", give, "--note", "a dentist", "--json", **of_ada))["id"]
        offer = until("the offer", lambda: told(bob), every=0.5)[0]["text"]
        self.assertIn("asks you to take Rota", offer)
        words = f"swap accept {rota} {swap}"
        self.assertIn(f"tocsin {words}", offer)
        self.assertEqual(tocsin(*words.split(), check=False, **of_ada).returncode, 1, "nobody accepts for the other side")
        self.assertIn(ada.id, tocsin("shifts", "show", rota, "--from", text(1), "--until", text(2)).stdout)
        for _ in range(2):
            self.assertIn("accepted", tocsin(*words.split(), **of_bob).stdout)
        self.assertIn("accepted: ", until("the answer", lambda: told(ada), every=0.5)[0]["text"])
        self.assertIn(bob.id, tocsin("shifts", "show", rota, "--from", text(1), "--until", text(2)).stdout)
        on_call = lambda: next(line for line in tocsin("oncall").stdout.splitlines() if line.startswith(rota))
        until("bob to be on call", lambda: bob.id.title() in on_call(), every=0.5)
        world.event()
        until("the page to bob", lambda: len(bob.pages()) == 2)
        self.assertEqual((len(told(ada)), len(told(bob))), (1, 2), "each is told once, and only who is on call is paged")


class Gone(Folder):
    def test_what_was_deleted_under_an_open_incident_is_named_and_paging_goes_on(self):
        one, two = Person("one"), Person("two")
        world = World([[one], [two]], delay_s=6, policy={"name": "Ours first"})
        policy = World._configuration["policies"][-1]["id"]
        world.event()
        page = until("the page to one", one.pages)[0]
        number = world.incident()["number"]
        self.assertEqual(show(number).get("gone", []), [])

        # The service lives on under another id, its policy and one of its people do not.
        whole = api("GET", "/v1/configuration")
        document, renamed = whole["configuration"], unique("renamed")
        for kind, identity in (("users", one.id), ("policies", policy)):
            document[kind] = [item for item in document[kind] if item["id"] != identity]
        service = next(s for s in document["services"] if s["id"] == world.service)
        service |= {"id": renamed, "policy": document["policies"][0]["id"]}
        tocsin("apply", self.write(document))

        gone = show(number)["gone"]
        wanted = {("service", world.service): service["name"], ("policy", policy): "Ours first", ("user", one.id): one.id.title()}
        self.assertEqual({(g["kind"], g["id"]): g["name"] for g in gone}, wanted)
        self.assertEqual({g["since_version"] for g in gone}, {whole["version"]})
        told = tocsin("show", str(number)).stdout
        for (kind, identity), name in wanted.items():
            self.assertIn(f'{kind} {identity} ("{name}") was deleted from the configuration since version {whole["version"]}', told)
        until("the page to two", two.pages)
        status, _, html = request("GET", link(page))
        self.assertEqual(status, 200)
        # Once by its name, beside what else is not to be found any more.
        self.assertIn(f"<dd>{service['name']}</dd>", html)
        self.assertIn(f"<dt>Deleted since</dt><dd>service {service['name']}, policy Ours first, user {one.id.title()}</dd>", html)
        self.assertIn("Acknowledged", request("POST", link(page), raw=b"")[2])
        self.assertEqual(show(number)["status"], "acknowledged")
        self.assertIn("resolved", tocsin("resolve", str(number)).stdout)
        self.assertIn(policy, tocsin("show", str(number)).stdout)


if __name__ == "__main__":
    unittest.main()
