"""User instructions of a function: to its start, to its first answer, and for each further one; and the memory that it takes. Machine noise does not change them.

    python3 infra/perf/instructions.py target/release/tocsin-ingest           # all figures of ingest
    python3 infra/perf/instructions.py --tls target/release/tocsin-ingest     # with a TLS connection to the table, as in AWS
    python3 infra/perf/instructions.py --start target/release/tocsin-notify   # any function, until it asks for work
    python3 infra/perf/instructions.py --keep FOLDER ...                      # leaves what callgrind wrote, for callgrind_annotate

Runs the binary under valgrind against a small Runtime API, with an answering stand-in for DynamoDB: no conditions, no state; every repetition is counted. So this
measures the function's own work and says nothing about DynamoDB. Memory is the peak of a run without valgrind. Needs valgrind, and openssl for --tls.
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time

ROOTS = pathlib.Path(__file__).resolve().parents[2] / "shared" / "aws" / "src" / "amazon_roots.pem"
KEY = "A" * 32
MANY = 50
EVENT = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "srv01/disk",
    "payload": {"summary": "disk is full on srv01", "source": "srv01", "severity": "critical", "custom_details": {"free": "1%", "mount": "/data"}},
}
# What counting a repetition answers: the guard as it is now.
GUARD = {
    "v": {"N": "1"},
    "team": {"S": "web"},
    "alert": {"S": "alr_01KE6PJ4C0VXWK2PBMXHP99E5X"},
    "open": {"BOOL": True},
    "count": {"N": "2"},
    "last_at": {"S": "2026-01-05T09:00:00.000000000Z"},
    "rank": {"N": "1"},
}
# What template.yaml gives the functions.
SETTINGS = {
    "TOCSIN_TABLE": "tocsin",
    "TOCSIN_LOG": "info",
    "TOCSIN_STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:tocsin",
    "TOCSIN_TOPIC_PREFIX": "arn:aws:sns:us-east-1:123456789012:tocsin-user-",
    "TOCSIN_LAST_RESORT_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:tocsin-last-resort",
    "TOCSIN_STAKEHOLDER_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:tocsin-stakeholders",
    "TOCSIN_PUBLIC_URL": "https://x.execute-api.us-east-1.amazonaws.com",
    "TOCSIN_STATUS_URL": "https://y.execute-api.us-east-1.amazonaws.com",
    "TOCSIN_BUS": "tocsin",
    "TOCSIN_STACK": "tocsin",
}


def request(n):
    """An HTTP API event (payload 2.0)."""
    headers = {"content-type": "application/json", "host": "x.execute-api.us-east-1.amazonaws.com", "user-agent": "python-requests/2.32", "x-forwarded-for": "192.0.2.1"}
    http_part = {"method": "POST", "path": "/v2/enqueue", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"}
    context = {"accountId": "1", "apiId": "x", "domainName": "x", "domainPrefix": "x", "http": http_part, "requestId": f"r{n}", "routeKey": "ANY /v2/enqueue",
               "stage": "$default", "time": "05/Jan/2026:09:00:00 +0000", "timeEpoch": 1767603600000}
    return {"version": "2.0", "routeKey": "ANY /v2/enqueue", "rawPath": "/v2/enqueue", "rawQueryString": "", "headers": headers, "requestContext": context,
            "body": json.dumps(EVENT), "isBase64Encoded": False}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Head and body of an answer in one piece.
    wbufsize = -1

    def log_message(self, *_):
        pass

    def reply(self, body, headers=()):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


class Runtime(Handler):
    """Lambda's Runtime API: so many events, then silence."""

    wanted, served, answered, done = 0, 0, [], threading.Event()

    def do_GET(self):
        if Runtime.served == Runtime.wanted:
            Runtime.done.set()
            time.sleep(600)
        Runtime.served += 1
        deadline = str(int(time.time() * 1000) + 600_000)
        arn = "arn:aws:lambda:us-east-1:1:function:x"
        head = [("Lambda-Runtime-Aws-Request-Id", f"id-{Runtime.served}"), ("Lambda-Runtime-Deadline-Ms", deadline), ("Lambda-Runtime-Invoked-Function-Arn", arn)]
        self.reply(json.dumps(request(Runtime.served)).encode(), head)

    def do_POST(self):
        Runtime.answered.append(self.body())
        self.reply(b"{}")


class Table(Handler):
    calls = []

    def do_POST(self):
        action, body = self.headers.get("X-Amz-Target", "").rpartition(".")[2], json.loads(self.body())
        Table.calls.append(action)
        self.reply(json.dumps(self.answer(action, body)).encode(), [("Content-Type", "application/x-amz-json-1.0")])

    def answer(self, action, body):
        if action == "GetItem" and body["Key"]["pk"]["S"].startswith("KEY#"):
            document = {"integration": "shop-pd", "service": "shop", "team": "web", "kind": "pagerduty"}
            return {"Item": body["Key"] | {"v": {"N": "1"}, "team": {"S": "web"}, "doc": {"S": json.dumps(document)}}}
        if action == "UpdateItem":
            return {"Attributes": body["Key"] | GUARD}
        return {}


def serve(handler, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, f"127.0.0.1:{server.server_address[1]}"


def certificates(folder):
    """A server's context, and what its clients trust: Amazon's roots, and the one that signed it."""
    key = ["-newkey", "rsa:2048", "-noenc", "-days", "2"]
    for command in (
        ["req", "-x509", *key, "-subj", "/CN=root", "-keyout", "root.key", "-out", "root.pem", "-addext", "basicConstraints=critical,CA:true"],
        ["req", "-x509", *key, "-subj", "/CN=127.0.0.1", "-keyout", "leaf.key", "-out", "leaf.pem", "-CA", "root.pem", "-CAkey", "root.key",
         "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:false"],
    ):
        subprocess.run(["openssl", *command], cwd=folder, check=True, capture_output=True)
    trusted = pathlib.Path(folder, "trusted.pem")
    trusted.write_text(ROOTS.read_text() + pathlib.Path(folder, "root.pem").read_text())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(f"{folder}/leaf.pem", f"{folder}/leaf.key")
    return context, trusted


def run(bootstrap, events, arguments, counted=True):
    """Until `events` were answered and the next one is asked for: instructions, or bytes of memory at its peak."""
    Runtime.wanted, Runtime.served, Runtime.answered, Runtime.done, Table.calls = events, 0, [], threading.Event(), []
    with tempfile.TemporaryDirectory() as folder:
        context, trusted = certificates(folder) if arguments.tls else (None, None)
        (runtime, address), (table, endpoint) = serve(Runtime), serve(Table, context)
        environment = SETTINGS | {
            "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": address, "AWS_ENDPOINT_URL": f"{'https' if context else 'http'}://{endpoint}",
            "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x" * 400,
            "AWS_LAMBDA_FUNCTION_NAME": "x", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "x", "AWS_LAMBDA_LOG_STREAM_NAME": "x",
        }
        # With an endpoint of its own a function trusts the system's roots: here they are those that it trusts in AWS.
        if not arguments.system_roots:
            environment["SSL_CERT_FILE"] = str(trusted or ROOTS)
        kept = pathlib.Path(arguments.keep or folder).absolute() / f"callgrind.{bootstrap.name}.{events}"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={kept}"] if counted else []
        process = subprocess.Popen([*command, str(bootstrap)], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            if not Runtime.done.wait(300):
                sys.exit(f"{bootstrap} did not answer {events} events.")
            peak = 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", pathlib.Path(f"/proc/{process.pid}/status").read_text()).group(1))
        finally:
            process.send_signal(signal.SIGTERM)
            said = process.communicate(timeout=60)[1]
            runtime.shutdown()
            table.shutdown()
    bad = [a for a in Runtime.answered if b"202" not in a]
    if bad:
        sys.exit(f"not a 202: {bad[0][:500]}")
    return int(re.search(r"Collected\s*:\s*(\d+)", said).group(1)) if counted else peak


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("bootstrap", type=lambda p: pathlib.Path(p).absolute())
    parser.add_argument("--tls", action="store_true", help="the table's stand-in speaks TLS")
    parser.add_argument("--system-roots", action="store_true", help="trusts what this machine trusts, as it would without our five roots")
    parser.add_argument("--start", action="store_true", help="only until it asks for work")
    parser.add_argument("--keep", help="folder for what callgrind writes")
    arguments = parser.parse_args()
    bootstrap = arguments.bootstrap

    start = run(bootstrap, 0, arguments)
    print(f"{bootstrap.name}{', TLS to the table' if arguments.tls else ''}: {bootstrap.stat().st_size / 1e6:.2f} MB")
    print(f"until it asks for work, connection open: {start / 1e6:6.2f} M instructions; calls of the table: {', '.join(Table.calls) or 'none'}")
    if arguments.start:
        print(f"peak memory then:                        {run(bootstrap, 0, arguments, counted=False) / 1e6:6.2f} MB")
        return
    first = run(bootstrap, 1, arguments)
    print(f"until its first answer:                  {first / 1e6:6.2f} M; calls of the table: {', '.join(Table.calls)}")
    many = run(bootstrap, 1 + MANY, arguments)
    print(f"each further one (a duplicate, of {MANY}):    {(many - first) / MANY / 1e3:6.0f} k")
    print(f"peak memory after {1 + MANY}:                    {run(bootstrap, 1 + MANY, arguments, counted=False) / 1e6:6.2f} MB")


if __name__ == "__main__":
    main()
