"""`make demo`: one incident through a real Prometheus Alertmanager, told as it happens.

Level 1 is paged, nobody answers, level 2 is paged, `tocsin ack` stops it, the alert's end closes it. Each step is waited
for, and one that does not come ends the demo with an error: CI runs it too. It needs a running stack (`make start`) and
Debian's prometheus-alertmanager, and refuses to install either. It leaves no process behind.
"""

import contextlib
import datetime
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import settings
import watch
from settings import Problem

CONFIGURATION = """\
route: { receiver: tocsin, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }
receivers:
  - name: tocsin
    webhook_configs: [{ url: "%s", send_resolved: true }]
"""


class Story:
    """What happened to one incident, by the bus; every line is told as it comes."""

    def __init__(self, ports, title):
        self.ports, self.title, self.number = ports, title, None
        self.seen, self.outbox, self.entries = set(), watch.Tail(settings.OUTBOX), []
        watch.new_events(ports, self.seen)  # what was before is not ours
        self.outbox.new()

    def look(self):
        for event in sorted(watch.new_events(self.ports, self.seen), key=lambda e: e["detail"].get("seq", 0)):
            what = event["detail"].get("what", {})
            if what.get("type") == "triggered" and self.title in what.get("title", ""):
                self.number = event["detail"]["number"]
            if self.number is not None and event["detail"].get("number") == self.number:
                self.entries.append(what)
                print("   ", watch.describe_event(event), flush=True)
        for message in self.outbox.new():
            print("   ", watch.describe_message(message), flush=True)

    def count(self, kind, **fields):
        """How many entries of this kind; of pages, how many of a level."""
        return sum(
            what.get("type") == kind and all((what.get("page") or what).get(k) == v for k, v in fields.items())
            for what in self.entries
        )

    def wait(self, seconds, what, kind, **fields):
        end = time.monotonic() + seconds
        while not self.count(kind, **fields):
            if time.monotonic() > end:
                raise Problem(f"{what} did not come within {seconds} s. The functions' log is {settings.FUNCTIONS_LOG}.")
            time.sleep(0.2)
            self.look()


def say(text):
    print(f"\n{text}", flush=True)


@contextlib.contextmanager
def alertmanager(webhook):
    """A real Alertmanager on loopback, for as long as the block lasts."""
    program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
    if not program:
        raise Problem("prometheus-alertmanager is missing. On Debian: apt-get install prometheus-alertmanager.")
    with socket.socket() as probe:
        probe.bind((settings.HOST, 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="tocsin-demo-") as folder:
        file = os.path.join(folder, "alertmanager.yml")
        with open(file, "w", encoding="utf-8") as out:
            out.write(CONFIGURATION % webhook)
        log = open(os.path.join(folder, "log"), "wb")
        address = f"{settings.HOST}:{port}"
        options = [f"--web.listen-address={address}", "--cluster.listen-address=", f"--storage.path={folder}/data"]
        process = subprocess.Popen([program, f"--config.file={file}", *options], stdout=log, stderr=log)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://{address}/-/ready", timeout=1).read()
                    break
                time.sleep(0.1)
            else:
                raise Problem("Alertmanager does not start.")
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(10)
            log.close()


def post_alert(alertmanager_url, title, ends=None):
    now = datetime.datetime.now(datetime.UTC)
    alert = {
        "labels": {"alertname": "CheckoutSlow", "severity": "critical", "instance": "shop-1"},
        "annotations": {"summary": title},
        "startsAt": (now - datetime.timedelta(seconds=30)).isoformat(),
    }
    alert["endsAt"] = (now if ends else now + datetime.timedelta(hours=1)).isoformat()
    body = json.dumps([alert]).encode()
    request = urllib.request.Request(
        f"{alertmanager_url}/api/v2/alerts", body, {"Content-Type": "application/json"}, method="POST"
    )
    urllib.request.urlopen(request, timeout=5).read()


def main():
    try:
        state = json.loads(settings.STATE.read_text())
    except OSError:
        raise Problem("No local stack is running: `make start` first.")
    ports = settings.Ports(state["TOCSIN_URL"].rsplit(":", 1)[1])
    title = f"Checkout takes 8 s (demo {uuid.uuid4().hex[:6]})"
    story = Story(ports, title)
    with alertmanager(state["TOCSIN_URL"] + state["CONF_AM_WEBHOOK_PATH"]) as url:
        say(f"An alert fires in Prometheus Alertmanager: {title!r}")
        post_alert(url, title)
        story.wait(20, "The incident", "triggered")
        story.wait(20, "The page of level 1", "paged", level=0)
        say("Level 1 is paged. Nobody answers ...")
        story.wait(90, "The page of level 2", "paged", level=1)
        say(f"Level 2 is paged, and answers: tocsin ack {story.number}")
        environment = os.environ | {k: state[k] for k in ("TOCSIN_URL", "TOCSIN_API_TOKEN")}
        subprocess.run([settings.BIN / "tocsin", "ack", str(story.number)], env=environment, check=True)
        story.wait(20, "The acknowledgement", "acknowledged")
        story.look()
        pages = story.count("paged")
        say("Acknowledged: nobody else is paged. We wait 10 s to see it ...")
        end = time.monotonic() + 10
        while time.monotonic() < end:
            time.sleep(0.5)
            story.look()
        if story.count("paged") != pages:
            raise Problem("A page came after the acknowledgement.")
        say("The alert ends in Alertmanager.")
        post_alert(url, title, ends=True)
        story.wait(30, "The end of the incident", "resolved")
    say(f"Incident {story.number} is closed. {pages} pages were sent; each stands on its timeline and in the outbox.")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
    except subprocess.CalledProcessError as failed:
        print(f"\n{failed}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
