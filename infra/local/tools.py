"""Installs the pinned tools of the local stack into `.tocsin/tools`, from the package registries, and nowhere else.

Called by stack.py, the Makefile and .ci/run. Quick when everything is there: each set leaves a stamp with its pins. It
refuses to touch the system: what only the system can give (Python, Node, cargo, a C compiler) it names.
"""

import shutil
import subprocess
import sys
import time

import settings
from settings import Problem

RUN = ("ministack==1.5.33", "aws-sam-translator==1.115.0")
CARGO_LAMBDA = ("cargo-lambda==1.9.2", "ziglang==0.17.1")
LINT = ("aws-sam-cli==1.170.0", "cfn-lint==1.58.0", "parliament==1.6.4", "setuptools<81")
CONFORMANCE = ("pagerduty==7.2.0", "pdpyras==5.4.1", "pygerduty==0.38.3", "opsgenie-sdk==2.1.5")
# Reads the API's own document and asks everything that it allows, and much that it does not.
OPENAPI = ("schemathesis==4.32.5",)
# What calendar programs would read: an implementation that is not ours.
CALENDAR = ("icalendar==7.3.0",)
ASL_VALIDATOR = "asl-validator@4.0.0"

NETWORK = "Is there a network? The tools come from PyPI and npm; the clients' own proxy and index settings are used."


def need(program, why, how):
    if not shutil.which(program):
        raise Problem(f"{program} is missing ({why}). {how}")


def install(*names):
    """Installs the named sets: `run` (to run the stack), `release` (cross builds), `lint`, `conformance`, `openapi` and
    `calendar` (tests)."""
    if sys.version_info < (3, 11):
        raise Problem(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}.")
    sets = {
        "run": lambda: _venv("venv", RUN),
        "release": lambda: _venv("venv", RUN + CARGO_LAMBDA),
        "lint": lambda: (_venv("lint", LINT), _npm("node", ASL_VALIDATOR)),
        "conformance": lambda: _venv("conformance", CONFORMANCE),
        "openapi": lambda: _venv("openapi", OPENAPI),
        "calendar": lambda: _venv("venv", CALENDAR),
    }
    for name in names:
        if name not in sets:
            raise Problem(f"no such set of tools: {name} (known: {', '.join(sets)})")
        sets[name]()


def _venv(name, pins):
    folder = settings.TOOLS / name
    if _stamped(folder, pins):
        return
    print(f"Installing {', '.join(pins)} ...", flush=True)
    began = time.monotonic()
    python = folder / "bin" / "python"
    if not python.exists():
        _run([sys.executable, "-m", "venv", folder], "On Debian: apt-get install python3-venv.")
    quiet = ["--quiet", "--disable-pip-version-check"]
    _run([python, "-m", "pip", "install", *quiet, *pins], NETWORK)
    _stamp(folder, pins, began)


def _npm(name, package):
    folder = settings.TOOLS / name
    if _stamped(folder, [package]):
        return
    need("npm", "for the state machine's validator", "Install Node 20, which brings npm.")
    print(f"Installing {package} ...", flush=True)
    began = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "package.json").write_text('{"private": true}\n')
    _run(["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder, package], NETWORK)
    _stamp(folder, [package], began)


def _run(command, hint):
    done = subprocess.run(command, cwd=settings.ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        said = "\n".join((done.stderr or done.stdout).strip().splitlines()[-8:])
        raise Problem(f"{' '.join(map(str, command))}\nfailed:\n{said}\n{hint}")


def _stamped(folder, pins):
    try:
        stamped = set((folder / ".tocsin-pins").read_text().split("\n"))
    except OSError:
        return False
    return set(pins) <= stamped


def _stamp(folder, pins, began):
    stamp = folder / ".tocsin-pins"
    before = set(stamp.read_text().split("\n")) if stamp.exists() else set()
    stamp.write_text("\n".join(sorted(before | set(pins))))
    print(f"  done ({time.monotonic() - began:.0f} s)", flush=True)


if __name__ == "__main__":
    try:
        install(*sys.argv[1:])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
