"""Every check of the template, the state machine and the policies: cfn-lint, `sam validate --lint`, asl-validator,
parliament, and the rules of ours beside this file. `make lint` and .ci/run call it.

It installs nothing (tools.py does) and changes nothing. Each finding that is accepted stands in ACCEPTED with its reason.
"""

import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tocsin" / "tools"
LINT = TOOLS / "lint" / "bin"

# parliament's findings that are meant: (statement, issue) -> why.
ACCEPTED = {
    ("Streams", "RESOURCE_MISMATCH"): "parliament knows only '*' for ListStreams; SAM's own policy names the table",
    ("PageByPhone", "RESOURCE_EFFECTIVELY_STAR"): "a phone number has no ARN; every topic is excluded",
    ("ConfirmByPhone", "RESOURCE_EFFECTIVELY_STAR"): "a phone number has no ARN; every topic is excluded",
}


def run(name, *command, cwd=ROOT):
    print(f"- {name}", flush=True)
    environment = os.environ | {"AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"}
    environment["PATH"] = f"{LINT}:{environment['PATH']}"
    done = subprocess.run(
        [str(c) for c in command], cwd=cwd, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        print(done.stdout + done.stderr)
    return done.returncode == 0


def state_machine():
    """The definition as Step Functions gets it, with plausible values for what the template substitutes."""
    text = (ROOT / "infra" / "escalation.asl.json").read_text()
    text = text.replace("${Partition}", "aws")
    text = text.replace("${NotifyFunctionArn}", "arn:aws:lambda:us-east-1:123456789012:function:notify:live")
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "escalation.json"
        path.write_text(text)
        validator = TOOLS / "node" / "node_modules" / ".bin" / "asl-validator"
        return run("asl-validator infra/escalation.asl.json", validator, "--json-path", path)


def policies():
    """parliament, statement by statement; run as a second process of this file in the tools' environment."""
    return run("parliament on every statement of every role", LINT / "python", __file__, "--parliament")


def parliament():
    import parliament as analyzer
    import template

    bad, used = 0, set()
    for role, statement in template.role_statements(template.processed()):
        analyzed = analyzer.analyze_policy_string(template.plain_policy(statement))
        for finding in analyzed.findings:
            if (statement["Sid"], finding.issue) in ACCEPTED:
                used.add((statement["Sid"], finding.issue))
                continue
            finding = analyzer.enhance_finding(finding)
            if finding.severity in ("MUTE", "INFO"):
                continue
            bad += 1
            print(f"{role} {statement['Sid']}: {finding.issue} {finding.title} {finding.detail}")
    unused = set(ACCEPTED) - used
    print(f"{bad} findings; accepted ones that are not found any more: {sorted(unused)}")
    return bad == 0 and not unused


def main():
    if "--parliament" in sys.argv:
        return parliament()
    checks = [
        run("cfn-lint template.yaml", LINT / "cfn-lint", "template.yaml"),
        run("sam validate --lint", LINT / "sam", "validate", "--lint", "--template", "template.yaml"),
        state_machine(),
        policies(),
        run("rules of ours", LINT / "python", "-m", "unittest", "test_template", "test_supply", cwd=ROOT / "infra" / "policy"),
    ]
    print("The template passes." if all(checks) else "The template does not pass.")
    return all(checks)


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
