"""Starts and stops the local stack: `up` in the foreground, `start` and `stop` in the background.

Called by the Makefile. It needs nothing but the Python standard library, so that it can say what is missing before
anything is installed. It refuses to end a process that it did not start: it keeps the id of its one server, and checks
that the process behind the id is that server.
"""

import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request

import build
import settings
import tools
import watch
from settings import Problem


def server_environment(ports):
    """What the server and, through it, the functions see: nothing of the caller's own AWS settings."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return kept | settings.aws_environment(ports) | {
        "AUTH": "true",  # enforce the IAM policies of the template's roles
        "GATEWAY_PORT": str(ports.aws),
        "BIND_HOST": settings.HOST,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_ACCOUNT_ID": settings.ACCOUNT,
        "MINISTACK_REGION": settings.REGION,
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": os.environ.get("TOCSIN_SERVER_LOG", "INFO"),
        "S3_DATA_DIR": str(settings.RUN / "s3"),
        "STATE_DIR": str(settings.RUN / "state"),
        "TMPDIR": str(settings.RUN / "tmp"),  # the functions' unpacked code, removed with the rest
        "PYTHONUNBUFFERED": "1",
    }


def server_pid():
    """The id of the running server, or None. An id that was given to some other process since is not ours."""
    try:
        pid = int(settings.SERVER_PID.read_text())
    except (OSError, ValueError):
        return None
    return pid if "infra/local/server.py" in _command(pid) else None


def _command(pid):
    """The command line of a process; nothing if there is none, or if it has ended and only waits to be noticed."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)
    if pathlib.Path("/proc/self/cmdline").exists():
        with contextlib.suppress(OSError):
            return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        return ""
    return subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True).stdout


def check_ports(ports):
    for port in ports.all():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((settings.HOST, port))
            except OSError:
                raise Problem(
                    f"Port {port} is in use. Tocsin needs {ports.api}, {ports.status} and {ports.aws}:"
                    f" stop what listens there, or choose others with {settings.PORT_VARIABLE}=PORT make up."
                )


@contextlib.contextmanager
def alone():
    """Holds off a second start or stop of the same stack: each would end what the other has begun."""
    settings.HOME.mkdir(exist_ok=True)
    with open(settings.RUN.with_suffix(".lock"), "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(
                f"Another command is starting or stopping this stack just now. For a second stack beside it:"
                f" {settings.RUN_VARIABLE}=.tocsin/run-two {settings.PORT_VARIABLE}=5000 make start."
            )
        yield


def start(ports, parameters=()):
    """Starts the server, deploys the template and the example configuration, and leaves local.env."""
    if server_pid():
        print("A local stack is running: starting it anew (its data is gone).", flush=True)
        stop()
    check_ports(ports)
    shutil.rmtree(settings.RUN, ignore_errors=True)
    (settings.RUN / "tmp").mkdir(parents=True)
    settings.OUTBOX.touch()
    settings.FUNCTIONS_LOG.touch()
    began = time.monotonic()
    python = settings.VENV / "bin" / "python"
    with open(settings.SERVER_LOG, "ab") as log:
        server = subprocess.Popen(
            [python, "infra/local/server.py", *map(str, ports.all()), settings.RUN, settings.CALLS],
            cwd=settings.ROOT,
            env=server_environment(ports),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    settings.SERVER_PID.write_text(str(server.pid))
    try:
        await_server(server, ports)
        deployed = deploy(ports, parameters)
        apis = {"api": deployed["resources"]["Api"], "status": deployed["resources"]["StatusApi"]}
        settings.FRONTS.write_text(json.dumps(apis))
        details = configure(ports, deployed["outputs"])
        write_local_env(ports, deployed, details)
    except BaseException:
        stop(quiet=True)
        raise
    print(f"The local stack is up ({time.monotonic() - began:.1f} s).", flush=True)
    return details


def await_server(server, ports):
    health = f"{ports.aws_url}/_ministack/health"
    for _ in range(300):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            urllib.request.urlopen(health, timeout=2).read()
            return
        time.sleep(0.1)
    tail = "\n".join(settings.SERVER_LOG.read_text(errors="replace").splitlines()[-15:])
    raise Problem(f"The local server does not start. Its log ends with:\n{tail}")


def deploy(ports, parameters):
    print("Deploying template.yaml ...", flush=True)
    python = settings.VENV / "bin" / "python"
    command = [python, "infra/local/deploy.py", str(ports.api), *parameters]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True, env=server_environment(ports))
    if done.returncode:
        raise Problem(done.stderr.strip())
    return json.loads(done.stdout)


def tocsin(ports, outputs, *arguments, token=None):
    """Runs the command `tocsin` as a deployer would, against the local stack; answers what its --json prints."""
    environment = server_environment(ports) | {
        "TOCSIN_URL": ports.api_url,
        "TOCSIN_TABLE": outputs["TableName"],
        "TOCSIN_STACK": settings.STACK,
    }
    if token:
        environment["TOCSIN_API_TOKEN"] = token
    command = [settings.BIN / "tocsin", *arguments, "--json"]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True, env=environment)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise Problem(f"tocsin {' '.join(arguments)} failed:\n{said}\nThe functions' log is {settings.FUNCTIONS_LOG}.")
    try:
        return json.loads(done.stdout)
    except ValueError:
        raise Problem(f"tocsin {' '.join(arguments)} --json does not answer in JSON: {done.stdout[:200]!r}")


def configure(ports, outputs):
    """The first token, and the example configuration with its integration keys."""
    example = pathlib.Path("infra/local/example.yaml")
    if not (settings.BIN / "tocsin").exists() or not (settings.ROOT / example).exists():
        print("No command or no example configuration yet: the stack is up without them.", flush=True)
        return {}
    token = tocsin(ports, outputs, "init")["token"]
    applied = tocsin(ports, outputs, "apply", str(example), token=token)
    verify(ports, outputs, applied["contacts"], token)
    keys = {}
    for created in applied["created_keys"]:
        keys.setdefault(created["kind"], created["key"])
    return {"token": token, "keys": keys}


def verify(ports, outputs, contacts, token):
    """The people of the example answer for their phones and mailboxes, as they would: a code comes, and is typed in."""
    waiting = [c["contact"] for c in contacts if c["state"] != "confirmed"]
    for contact in waiting:
        tocsin(ports, outputs, "contact", "verify", contact, token=token)
    for contact in (c["contact"] for c in contacts if c["state"] == "unverified"):
        tocsin(ports, outputs, "contact", "verify", contact, "--code", code_for(contact), token=token)


def code_for(contact):
    """The digits of the latest code that was sent to a contact method."""
    asked = f"is the code for your contact method {contact}."
    for _ in range(100):
        texts = [json.loads(line)["text"] for line in settings.OUTBOX.read_text(encoding="utf-8").splitlines()]
        codes = [text.split()[1] for text in texts if asked in text]
        if codes:
            return codes[-1]
        time.sleep(0.1)
    raise Problem(f"No code came for {contact}; see {settings.FUNCTIONS_LOG}.")


def write_local_env(ports, deployed, details):
    """`.tocsin/local.env`, to be sourced by a shell.

    The AWS settings of the local stack stand in one variable of our own, so that sourcing the file does not turn the
    user's other AWS commands to the local stack: `env $TOCSIN_LOCAL_AWS tocsin doctor`.
    """
    keys, outputs = details.get("keys", {}), deployed["outputs"]
    local_aws = " ".join(f"{name}={value}" for name, value in settings.aws_environment(ports).items())
    values = {
        "TOCSIN_URL": ports.api_url,
        "TOCSIN_STATUS_URL": ports.status_url,
        "STATUS_URL": ports.status_url,
        "TOCSIN_API_TOKEN": details.get("token", ""),
        "CONF_PD_ROUTING_KEY": keys.get("pagerduty", ""),
        "CONF_OG_API_KEY": keys.get("opsgenie", ""),
        "CONF_OG_HEARTBEAT": "nightly-backup" if "heartbeat" in keys else "",
        "CONF_READBACK_PATH": "/v2/alerts/{key}?identifierType=alias",
        "CONF_AM_WEBHOOK_PATH": f"/v1/integrations/alertmanager/{keys.get('alertmanager', '')}",
        "TOCSIN_OUTBOX": settings.OUTBOX,
        "TOCSIN_STACK": settings.STACK,
        "TOCSIN_TABLE": outputs["TableName"],
        "TOCSIN_STATE_MACHINE_ARN": outputs["StateMachineArn"],
        "TOCSIN_LOCAL_AWS_URL": ports.aws_url,
        "TOCSIN_LOCAL_AWS": local_aws,
        "TOCSIN_SERVER_LOG_FILE": settings.SERVER_LOG,
        "TOCSIN_FUNCTIONS_LOG": settings.FUNCTIONS_LOG,
    }
    settings.STATE.write_text(json.dumps({k: str(v) for k, v in values.items()} | deployed, indent=1))
    lines = [f"export {name}='{value}'" for name, value in values.items()]
    settings.LOCAL_ENV.write_text("\n".join(lines) + "\n")
    settings.LOCAL_ENV.chmod(0o600)


def stop(quiet=False):
    """Ends the server and the functions it runs: they are one process group, which `start` made for them."""
    pid = server_pid()
    if pid:
        os.kill(pid, signal.SIGTERM)
        for _ in range(50):
            if server_pid() is None:
                break
            time.sleep(0.1)
    for left in _left_over():
        with contextlib.suppress(ProcessLookupError):
            os.kill(left, signal.SIGKILL)
    settings.SERVER_PID.unlink(missing_ok=True)
    settings.LOCAL_ENV.unlink(missing_ok=True)
    if not quiet:
        print("The local stack is stopped." if pid else "No local stack is running.")


def _left_over():
    """What still runs of ours: a server that did not end, and functions, which run from a folder of ours."""
    pid = server_pid()
    functions = []
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        if str(settings.RUN / "tmp") in _command(int(folder.name)):
            functions.append(int(folder.name))
    return ([pid] if pid else []) + functions


def show(ports, details):
    keys = details.get("keys", {})
    key = keys.get("pagerduty", "<routing key>")
    body = json.dumps({
        "routing_key": key,
        "event_action": "trigger",
        "payload": {"summary": "Checkout is slow", "source": "shop-1", "severity": "critical"},
    })
    print(f"""
  API and links   {ports.api_url}
  Status page     {ports.status_url}
  Routing key     {key}
  Alertmanager    {ports.api_url}/v1/integrations/alertmanager/{keys.get("alertmanager", "<key>")}
  Shell settings  source {os.path.relpath(settings.LOCAL_ENV)}

Send an event:

  curl -s {ports.api_url}/v2/enqueue -H 'Content-Type: application/json' -d '{body}'
""", flush=True)


def main(arguments):
    command, ports = arguments[0], settings.Ports()
    if command == "stop":
        with alone():
            return stop()
    if command not in ("up", "start", "restart"):
        raise Problem("usage: stack.py up | start | restart | stop")
    if command != "restart":  # restart: with the binaries as they are
        if not server_pid():
            check_ports(ports)  # before minutes of building
        tools.install("run")
        build.build()
    with alone():
        details = start(ports, arguments[1:])
    show(ports, details)
    if command == "up":
        print("Ctrl-C stops everything. What happens:\n", flush=True)
        try:
            watch.follow(ports, lambda: server_pid() is not None)
            raise Problem(f"The local server ended by itself; see {settings.SERVER_LOG}.")
        finally:
            stop()


if __name__ == "__main__":
    # A terminal that closes, or a `kill`, stops the stack as Ctrl-C does.
    for sign in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(flush=True)
