"""`make test`: every test of the workspace, the end-to-end ones on a local stack of their own.

It installs and builds what they run on, starts that stack, and hands over to cargo. A test that needs the stack finds it
in the environment: the variables of local.env, TOCSIN_OUTPUTS and TOCSIN_RESOURCES (the template's outputs and physical
ids, as JSON objects), and TOCSIN_STACK_SCRIPT, which restarts it with changed parameters. It refuses to pass when nothing was tested.
"""

import shutil
import subprocess
import sys

import build
import own
import settings
import tools
from settings import Problem


def main(arguments):
    tools.install("run")
    build.build()
    python_tests()
    runs = [["cargo", "test", "--workspace", "--locked", *arguments]]
    if shutil.which("cargo-nextest"):  # which does not run the examples in the documentation
        runs = [
            ["cargo", "test", "--workspace", "--locked", "--doc"],
            ["cargo", "nextest", "run", "--workspace", "--locked", "--no-tests=fail", *arguments],
        ]
    with own.stack("test") as environment:
        for run in runs:
            if subprocess.run(run, cwd=settings.ROOT, env=environment, stdin=subprocess.DEVNULL).returncode:
                raise Problem(f"{' '.join(run)} failed.")
        command = [settings.VENV / "bin" / "python", "infra/local/permissions.py"]
        if subprocess.run(command, cwd=settings.ROOT, env=environment).returncode:
            raise Problem("The functions' permissions are not exactly what the tests used; see above.")


def python_tests():
    """The tests of this folder, with the tools that it uses."""
    command = [settings.VENV / "bin" / "python", "-m", "unittest", "discover", "-p", "test_*.py"]
    if subprocess.run(command, cwd=settings.ROOT / "infra" / "local", stdin=subprocess.DEVNULL).returncode:
        raise Problem("The tests of infra/local failed.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
