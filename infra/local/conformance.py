"""`make conformance`: real senders against a local stack, by the scripts that stand beside this repository.

They are not part of it: without `../shared/conformance` there is nothing to run, and this says so and passes. Each script
gets a stack of its own, so that what one leaves behind does not serve the other.
"""

import subprocess
import sys

import own
import read_back
import settings
import tools
from settings import Problem

SCRIPTS = settings.ROOT.parent / "shared" / "conformance"
RUNS = {
    "test_opsgenie_python.py": {},
    "test_alertmanager.py": {},
    "test_pagerduty_python.py": {},
}
# Asks everything that the API's own document allows, with a valid token.
OPENAPI = "test_openapi.py"
# Beginnings of the keys that a script triggers again after it has closed them.
REOPENED = {"test_opsgenie_python.py": ("db 1/",)}


def main():
    if not SCRIPTS.is_dir():
        print("No conformance scripts beside this repository: nothing to run.")
        return
    tools.need("prometheus-alertmanager", "a real sender", "On Debian: apt-get install prometheus-alertmanager.")
    tools.need("prometheus", "a real sender", "On Debian: apt-get install prometheus.")
    tools.need("openssl", "one client insists on TLS", "On Debian: apt-get install openssl.")
    tools.install("run", "conformance", "openapi")
    python = settings.TOOLS / "conformance" / "bin" / "python"
    failed = []
    for script, switches in RUNS.items():
        with own.stack("conformance") as environment:
            print(f"- {script}", flush=True)
            command = [python, SCRIPTS / script, "--base-url", environment["TOCSIN_URL"]]
            if subprocess.run(command, env=environment | switches, cwd=settings.RUN.parent).returncode:
                failed.append(script)
            read_back.check(environment, REOPENED.get(script, ()))
    with own.stack("conformance") as environment:
        print(f"- {OPENAPI}", flush=True)
        command = [settings.TOOLS / "openapi" / "bin" / "python", SCRIPTS / OPENAPI, "--base-url", environment["TOCSIN_URL"]]
        token = {"CONF_API_AUTH": f"Bearer {environment['TOCSIN_API_TOKEN']}"}
        if subprocess.run(command, env=environment | token, cwd=settings.RUN.parent).returncode:
            failed.append(OPENAPI)
    if failed:
        raise Problem(f"Failed: {', '.join(failed)}")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
