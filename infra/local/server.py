"""The local stack's one server process: MiniStack, with a front door for each HTTP API and a record of what left.

Run by stack.py inside the tools' virtual environment; never imported. It listens on loopback alone, on three ports: the
AWS API, and one for each HTTP API at the root of an address, because pages and senders expect no path prefix.

It refuses to change what passes: requests reach MiniStack's own HTTP API code as they came, and the record is written
beside a delivery, after MiniStack made it. One thing that MiniStack lacks is added, because without it the local stack
would lose what AWS retries (`retry_partial_failures`); all else is said in docs/local.md, "Differs from AWS".
"""

import asyncio
import inspect
import json
import os
import pathlib
import signal
import sys
import threading
import time

FRONT_PORTS = {int(port): name for name, port in (("api", sys.argv[1]), ("status", sys.argv[2]))}
AWS_PORT = int(sys.argv[3])
RUN, CALLS = pathlib.Path(sys.argv[4]), pathlib.Path(sys.argv[5])
HOST = "127.0.0.1"

from hypercorn.asyncio import serve  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from ministack.app import app as ministack  # noqa: E402
from ministack.core import iam_evaluator, lambda_runtime  # noqa: E402
from ministack.services import apigateway, lambda_svc, sns  # noqa: E402

_files_lock = threading.Lock()


def record(channel, destination, text, **more):
    """Appends one line to the outbox: a message that left, when, by which channel, to whom."""
    line = {"time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{int(time.time() * 1000) % 1000:03d}Z"}
    line |= {"channel": channel, "destination": destination, "text": text} | more
    with _files_lock, open(RUN / "outbox.jsonl", "a", encoding="utf-8") as outbox:
        outbox.write(json.dumps(line, ensure_ascii=False) + "\n")
    die_after_sending()(destination)


def watch_deliveries():
    """Records what MiniStack only logs: deliveries to e-mail and phones, of confirmed subscriptions and direct ones.

    A queue subscribed to every topic would show the same, but topics are made at run time, and what is published before
    the queue is subscribed would be missing.
    """
    expected = ["topic_arn", "msg_id", "message", "subject"]
    if list(inspect.signature(sns._fanout).parameters)[:4] != expected:
        sys.exit("this MiniStack delivers differently from the pinned version: see infra/local/server.py")
    fanout, sms_log_for = sns._fanout, sns._sms_log_for

    def recording_fanout(topic_arn, msg_id, message, subject, *rest, **named):
        fanout(topic_arn, msg_id, message, subject, *rest, **named)
        topic = sns._topic_by_arn_any_scope(topic_arn) or {"subscriptions": []}
        for subscription in topic["subscriptions"]:
            protocol = subscription.get("protocol", "")
            if subscription.get("confirmed") and protocol in ("email", "email-json", "sms"):
                name = topic_arn.rsplit(":", 1)[-1]
                channel = "stakeholder" if name.endswith("-stakeholders") else protocol.split("-")[0]
                more = {"subject": subject} if subject else {}
                record(channel, subscription.get("endpoint", ""), message, topic=name, protocol=protocol, **more)

    class RecordingLog(list):
        """The list of one number's messages, which tells of each message that is added."""

        def append(self, message):
            super().append(message)
            record("sms", message["PhoneNumber"], message["Message"])

    def recording_sms_log_for(phone_number):
        log = sms_log_for(phone_number)
        if not isinstance(log, RecordingLog):
            log = sns._sms_messages[phone_number] = RecordingLog(log)
        return log

    sns._fanout = recording_fanout
    sns._sms_log_for = recording_sms_log_for


def die_after_sending():
    """Kills the function that is sending (-9), after a message to the address in the file `kill` was accepted and before it hears of it.

    The one moment at which a page can leave without being recorded; a test writes the file, and can not meet that moment from outside.
    """
    order = RUN / "kill"
    try:
        destination = order.read_text()
    except OSError:
        return lambda _: None

    def dying(sent_to):
        if sent_to == destination:
            order.unlink()
            for workers in list(lambda_runtime._workers.values()):
                for worker in workers:
                    if worker.in_use and "Notify" in worker.func_name:
                        worker._proc.kill()

    return dying


def retry_partial_failures():
    """Makes a stream batch whose answer names failed items be delivered again.

    MiniStack takes such an answer for a success and goes on: the items would be lost. AWS delivers again from the first
    failed item; here the whole batch comes again, which a consumer must bear anyway.
    """
    execute = lambda_svc._execute_function
    if list(inspect.signature(execute).parameters)[:2] != ["func", "event"]:
        sys.exit("this MiniStack calls functions differently from the pinned version: see infra/local/server.py")

    def executing(func, event, *rest, **named):
        result = execute(func, event, *rest, **named)
        records = event.get("Records") if isinstance(event, dict) else None
        if not records or records[0].get("eventSource") != "aws:dynamodb" or result.get("error"):
            return result
        body = result.get("body")
        failures = body.get("batchItemFailures") if isinstance(body, dict) else None
        if failures:
            error = {"errorType": "PartialBatchFailure", "errorMessage": json.dumps(failures)}
            return dict(result, error=True, body=error)
        return result

    lambda_svc._execute_function = executing


def hand_options_on():
    """Hands OPTIONS to its route where an HTTP API has no CORS settings, as AWS does; MiniStack answers 403 by itself."""
    handle = apigateway._handle_execute_in_scope
    if list(inspect.signature(handle).parameters)[:4] != ["api_id", "stage", "path", "method"]:
        sys.exit("this MiniStack answers HTTP APIs differently from the pinned version: see infra/local/server.py")

    class Options(str):
        """The method's name, which MiniStack does not recognise."""

        __hash__ = str.__hash__

        def __eq__(self, other):
            return other != "OPTIONS" and str.__eq__(self, other)

    async def handling(api_id, stage, path, method, *rest):
        settings = (apigateway._apis.get(api_id) or {}).get("corsConfiguration")
        return await handle(api_id, stage, path, Options(method) if method == "OPTIONS" and not settings else method, *rest)

    apigateway._handle_execute_in_scope = handling


def watch_output():
    """Writes what the functions print to one file, as it comes, each line behind the function's name.

    MiniStack keeps it for CloudWatch Logs, by invocation; a function that does not start is seen here alone.
    """
    pump = lambda_runtime.ProvidedWorker._pump_output
    if list(inspect.signature(pump).parameters) != ["self", "stream", "log_queue"]:
        sys.exit("this MiniStack reads functions differently from the pinned version: see infra/local/server.py")

    class Both:
        def __init__(self, name, queue):
            self.name, self.queue, self.get_nowait = name, queue, queue.get_nowait

        def put_nowait(self, line):
            self.queue.put_nowait(line)
            with _files_lock, open(RUN / "functions.log", "a", encoding="utf-8") as log:
                log.write(f"{self.name} {line}\n")

    def recording_pump(self, stream, log_queue):
        pump(self, stream, Both(self.func_name, log_queue))

    lambda_runtime.ProvidedWorker._pump_output = recording_pump


def watch_permissions():
    """Records each kind of call that a role's policies were asked about, and the answer: see permissions.py."""
    evaluate = iam_evaluator.evaluate
    if list(inspect.signature(evaluate).parameters)[:2] != ["ctx", "policies"]:
        sys.exit("this MiniStack evaluates policies differently from the pinned version: see infra/local/server.py")
    seen = set()

    def recording_evaluate(ctx, policies, *limits):
        result = evaluate(ctx, policies, *limits)
        call = (ctx.principal_arn, ctx.action, ctx.resource_arn, result.decision)
        if ":assumed-role/" in ctx.principal_arn and call not in seen:
            seen.add(call)
            with _files_lock, open(CALLS, "a", encoding="utf-8") as calls:
                calls.write(json.dumps(call) + "\n")
        return result

    iam_evaluator.evaluate = recording_evaluate


_fronts = {}


def front(port):
    """The id of the HTTP API behind a front port; None until the deployment has written it down."""
    name = FRONT_PORTS[port]
    if name not in _fronts:
        try:
            _fronts.update(json.loads((RUN / "fronts.json").read_text()))
        except (OSError, ValueError):
            return None
    return _fronts.get(name)


async def app(scope, receive, send):
    """Sends a front port's request to its HTTP API, and everything else to MiniStack as it is."""
    port = (scope.get("server") or (None, None))[1]
    if scope["type"] != "http" or port not in FRONT_PORTS:
        return await ministack(scope, receive, send)
    api = front(port)
    if api is None:
        await send({"type": "http.response.start", "status": 503, "headers": [(b"retry-after", b"1")]})
        return await send({"type": "http.response.body", "body": b"not deployed yet\n"})
    prefix = f"/_aws/execute-api/{api}"
    scope = dict(scope, path=prefix + scope["path"], raw_path=prefix.encode() + scope["raw_path"])
    await ministack(scope, receive, send)


async def main():
    watch_deliveries()
    retry_partial_failures()
    hand_options_on()
    watch_output()
    watch_permissions()
    config = Config()
    config.bind = [f"{HOST}:{port}" for port in (*FRONT_PORTS, AWS_PORT)]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "WARNING")
    config.graceful_timeout = 1
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, stop.set)
    await serve(app, config, shutdown_trigger=stop.wait)


asyncio.run(main())
