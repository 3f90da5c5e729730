"""A local stack of one's own, for tests: on free ports, beside whatever `make up` runs, gone when the block ends.

Used by test.py and conformance.py. It deploys the binaries as they are, and builds nothing.
"""

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys

import settings
from settings import Problem

STACK = settings.ROOT / "infra" / "local" / "stack.py"


def free_port():
    """The first of three neighbours that nobody listens on."""
    for first in range(14680, 15680, 10):
        with contextlib.ExitStack() as probes:
            try:
                for port in range(first, first + 3):
                    probes.enter_context(socket.socket()).bind((settings.HOST, port))
            except OSError:
                continue
            return first
    raise Problem("No three free ports between 14680 and 15680.")


@contextlib.contextmanager
def stack(name):
    """Yields the environment for what runs against the stack: its addresses, token and keys, and how to restart it."""
    run = settings.HOME / f"run-{name}"
    settings.HOME.mkdir(exist_ok=True)
    with open(settings.HOME / f"own-{name}.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Problem(f"Another run uses the stack {name!r} just now: wait for it, or end it.")
        yield from _stack(name, run)


def _stack(name, run):
    calls = settings.HOME / f"calls-{name}.jsonl"
    calls.unlink(missing_ok=True)
    environment = os.environ | {
        settings.RUN_VARIABLE: str(run),
        settings.PORT_VARIABLE: str(free_port()),
        settings.CALLS_VARIABLE: str(calls),
    }
    started = subprocess.run([sys.executable, STACK, "restart"], env=environment, stdin=subprocess.DEVNULL)
    if started.returncode:
        raise Problem(f"The stack for {name} does not start.")
    try:
        state = json.loads((run / "state.json").read_text())
        yield environment | {name: value for name, value in state.items() if isinstance(value, str)} | {
            "TOCSIN_OUTPUTS": json.dumps(state["outputs"]),
            "TOCSIN_RESOURCES": json.dumps(state["resources"]),
            "TOCSIN_STACK_SCRIPT": str(STACK),
        }
    finally:
        subprocess.run([sys.executable, STACK, "stop"], env=environment, stdin=subprocess.DEVNULL)
