"""User instructions of a function: to its start, to its first answer, and for each further one. Machine noise does not change them.

    python3 infra/perf/instructions.py .aws-sam/build/IngestFunction/bootstrap

Runs the binary under valgrind against a small Runtime API, with an answering stand-in for DynamoDB: no conditions, no state; every repetition is counted. So this
measures the function's own work, without TLS, and says nothing about DynamoDB. Needs valgrind.
"""

import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

KEY = "A" * 32
EVENT = {
    "routing_key": KEY,
    "event_action": "trigger",
    "dedup_key": "srv01/disk",
    "payload": {"summary": "disk is full on srv01", "source": "srv01", "severity": "critical", "custom_details": {"free": "1%", "mount": "/data"}},
}


def request(n):
    """An HTTP API event (payload 2.0)."""
    headers = {"content-type": "application/json", "host": "x.execute-api.us-east-1.amazonaws.com", "user-agent": "python-requests/2.32", "x-forwarded-for": "192.0.2.1"}
    http_part = {"method": "POST", "path": "/v2/enqueue", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "x"}
    context = {"accountId": "1", "apiId": "x", "domainName": "x", "domainPrefix": "x", "http": http_part, "requestId": f"r{n}", "routeKey": "ANY /v2/{proxy+}",
               "stage": "$default", "time": "05/Jan/2026:09:00:00 +0000", "timeEpoch": 1767603600000}
    return {"version": "2.0", "routeKey": "ANY /v2/{proxy+}", "rawPath": "/v2/enqueue", "rawQueryString": "", "headers": headers, "requestContext": context,
            "pathParameters": {"proxy": "enqueue"}, "body": json.dumps(EVENT), "isBase64Encoded": False}


class Stand(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wanted, served, answered, done = 0, 0, [], threading.Event()

    def log_message(self, *_):
        pass

    def reply(self, body, headers=()):
        self.send_response(200)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        if Stand.served == Stand.wanted:
            Stand.done.set()
            time.sleep(600)
        Stand.served += 1
        deadline = str(int(time.time() * 1000) + 600_000)
        arn = "arn:aws:lambda:us-east-1:1:function:x"
        head = [("Lambda-Runtime-Aws-Request-Id", f"id-{Stand.served}"), ("Lambda-Runtime-Deadline-Ms", deadline), ("Lambda-Runtime-Invoked-Function-Arn", arn)]
        self.reply(json.dumps(request(Stand.served)).encode(), head)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/runtime/" in self.path:
            Stand.answered.append(body)
            return self.reply(b"{}")
        action = self.headers.get("X-Amz-Target", "").rpartition(".")[2]
        self.reply(json.dumps(self.dynamo(action, json.loads(body))).encode(), [("Content-Type", "application/x-amz-json-1.0")])

    def dynamo(self, action, body):
        if action == "GetItem" and body["Key"]["pk"]["S"].startswith("KEY#"):
            document = {"integration": "shop-pd", "service": "shop", "team": "web", "kind": "pagerduty"}
            return {"Item": body["Key"] | {"v": {"N": "1"}, "team": {"S": "web"}, "doc": {"S": json.dumps(document)}}}
        return {}


def run(bootstrap, events):
    """Instructions until `events` were answered and the next one is asked for."""
    Stand.wanted, Stand.served, Stand.answered, Stand.done = events, 0, [], threading.Event()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Stand)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{server.server_address[1]}"
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"], "AWS_LAMBDA_RUNTIME_API": address, "AWS_ENDPOINT_URL": f"http://{address}", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "x",
            "AWS_SECRET_ACCESS_KEY": "x", "AWS_LAMBDA_FUNCTION_NAME": "x", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_LOG_GROUP_NAME": "x", "AWS_LAMBDA_LOG_STREAM_NAME": "x", "TOCSIN_TABLE": "x", "TOCSIN_LOG": "warn",
        }
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", str(bootstrap)]
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if not Stand.done.wait(300):
            process.kill()
            sys.exit(f"{bootstrap} did not answer {events} events: {process.communicate()[1][-2000:]}")
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[1]
    server.shutdown()
    bad = [a for a in Stand.answered if b"202" not in a]
    if bad:
        sys.exit(f"not a 202: {bad[0][:500]}")
    return int(re.search(r"Collected\s*:\s*(\d+)", said).group(1))


def main():
    bootstrap = pathlib.Path(sys.argv[1])
    start, first, many = run(bootstrap, 0), run(bootstrap, 1), run(bootstrap, 51)
    print(f"{bootstrap}: {bootstrap.stat().st_size / 1e6:.2f} MB")
    print(f"until it asks for work:        {start / 1e6:8.2f} M instructions")
    print(f"until its first answer:        {first / 1e6:8.2f} M")
    print(f"each further one (warm, of 50): {(many - first) / 50 / 1e3:7.0f} k")


if __name__ == "__main__":
    main()
