"""Where the local stack keeps things, and which ports it listens on.

Used by every module of this folder. It reads the environment and decides nothing else: it starts, builds and deletes
nothing, and it knows no address but loopback.
"""

import os
import pathlib
import platform

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = ROOT / ".tocsin"
TOOLS = HOME / "tools"
VENV = TOOLS / "venv"
LINT = TOOLS / "lint"
NODE = TOOLS / "node"
BIN = HOME / "build"  # one folder for each function with its `bootstrap`, and `tocsin`
RUN_VARIABLE = "TOCSIN_RUN"  # tests run stacks of their own beside the one of `make up`
RUN = pathlib.Path(os.environ.get(RUN_VARIABLE) or HOME / "run").absolute()  # what is only true while a stack runs

LOCAL_ENV = RUN / "local.env" if os.environ.get(RUN_VARIABLE) else HOME / "local.env"
OUTBOX = RUN / "outbox.jsonl"
# Which permissions were used; a test run keeps it over restarts of its stack.
CALLS_VARIABLE = "TOCSIN_CALLS"
CALLS = pathlib.Path(os.environ.get(CALLS_VARIABLE) or RUN / "calls.jsonl")
FRONTS = RUN / "fronts.json"
SERVER_LOG = RUN / "server.log"
FUNCTIONS_LOG = RUN / "functions.log"
SERVER_PID = RUN / "server.pid"
STATE = RUN / "state.json"

HOST = "127.0.0.1"
PORT_VARIABLE = "TOCSIN_PORT"
DEFAULT_PORT = 4680

STACK = "tocsin"
REGION = "us-east-1"
ACCOUNT = "000000000000"
FUNCTIONS = ("ingest", "inbound", "opsgenie", "incident", "notify", "api", "publish", "status", "sweep")


class Ports:
    """Three neighbours: `api` for senders and people, `status` for readers, `aws` for the AWS API itself."""

    def __init__(self, first=None):
        text = first if first is not None else os.environ.get(PORT_VARIABLE, DEFAULT_PORT)
        try:
            self.api = int(text)
        except ValueError:
            raise Problem(f"{PORT_VARIABLE}={text} is not a number.")
        if not 1024 <= self.api <= 65533:
            raise Problem(f"{PORT_VARIABLE}={text}: choose a port between 1024 and 65533.")
        self.status = self.api + 1
        self.aws = self.api + 2

    def all(self):
        return (self.api, self.status, self.aws)

    @property
    def api_url(self):
        return f"http://{HOST}:{self.api}"

    @property
    def status_url(self):
        return f"http://{HOST}:{self.status}"

    @property
    def aws_url(self):
        return f"http://{HOST}:{self.aws}"


class Problem(Exception):
    """Something that the person at the keyboard can put right; its text says how."""


def architecture():
    """The template's name of this machine's processor: the local stack runs binaries as they are."""
    machine = platform.machine()
    names = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
    if machine not in names:
        raise Problem(f"The local stack runs on x86_64 and arm64, not on {machine}.")
    return names[machine]


def aws_environment(ports):
    """The environment that makes an AWS client talk to the local stack, and to nothing else."""
    return {
        "AWS_ENDPOINT_URL": ports.aws_url,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
