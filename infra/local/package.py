"""`make package`: what `sam deploy` uploads, by `sam build` with the pinned tools.

The same as `sam build` with cargo-lambda on the PATH; for machines where neither is installed, and for CI.
"""

import os
import subprocess
import sys

import settings


def main():
    path = [settings.VENV / "bin", settings.LINT / "bin", os.environ["PATH"]]  # cargo-lambda asks its python3 for Zig
    environment = os.environ | {
        "PATH": os.pathsep.join(map(str, path)),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", settings.REGION),
    }
    command = [settings.LINT / "bin" / "sam", "build", *sys.argv[1:]]
    return subprocess.run(command, cwd=settings.ROOT, env=environment, stdin=subprocess.DEVNULL).returncode


if __name__ == "__main__":
    sys.exit(main())
