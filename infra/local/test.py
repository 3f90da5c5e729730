"""`make test`: every test of the workspace, the end-to-end ones on a local stack of their own.

It installs and builds what they run on, hands over to cargo, then starts that stack for tests/e2e, and in the end looks
whether the functions' permissions are exactly those that were used. An end-to-end test finds its stack in the environment:
the variables of local.env, TOCSIN_OUTPUTS and TOCSIN_RESOURCES (the template's outputs and physical ids, as JSON objects),
and TOCSIN_STACK_SCRIPT, which restarts it with changed parameters. It refuses to pass when nothing was tested.
"""

import shutil
import subprocess
import sys

import build
import own
import settings
import tools
from settings import Problem

PYTHON = settings.VENV / "bin" / "python"
UNITTEST = [PYTHON, "-m", "unittest", "discover", "-p", "test_*.py"]


def main(arguments):
    if not any((settings.ROOT / "tests" / "e2e").glob("test_*.py")):
        raise Problem("tests/e2e has no tests.")
    tools.install("run", "calendar")
    build.build()
    run([*UNITTEST, "-s", "infra/local"])
    cargo(arguments)
    with own.stack("test") as environment:
        run([*UNITTEST, "-v", "-s", "tests/e2e"], environment)
        run([PYTHON, "infra/local/permissions.py"], environment)


def cargo(arguments):
    """The workspace's own tests; nextest does not run the examples in the documentation."""
    if not shutil.which("cargo-nextest"):
        return run(["cargo", "test", "--workspace", "--locked", *arguments])
    run(["cargo", "test", "--workspace", "--locked", "--doc"])
    run(["cargo", "nextest", "run", "--workspace", "--locked", "--no-tests=fail", *arguments])


def run(command, environment=None):
    done = subprocess.run(command, cwd=settings.ROOT, env=environment, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise Problem(f"{' '.join(map(str, command))} failed.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
