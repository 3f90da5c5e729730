"""Builds the functions and the command for the local stack, and lays them out under `.tocsin/build`.

A quick build for this machine by plain cargo, in the profile that `cargo test` uses too: `provided.al2023` is a program
named `bootstrap`, and MiniStack runs it as it is. `cargo lambda build` names a target even without a cross compiler, and
a profile of its own has a folder of its own: either would compile every dependency twice on a machine that also tests.
Release packages for AWS are built by `sam build`, which calls cargo-lambda.

With TOCSIN_BUILD=with-tests dependencies get the features that the tests want of them, as `cargo test --workspace` gives them. A few of those (uuid, hyper,
regex) stand below the whole AWS SDK: without it, who builds and tests compiles the SDK and most of our own crates twice. .ci/run sets it; whoever only runs
Tocsin is spared what the tests alone need.

It refuses to build releases, and to guess: a binary that the workspace does not have is an error.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time

import settings
import tools
from settings import Problem

PROFILE, FOLDER = "dev", "debug"


def build():
    """Builds what is out of date. Cargo's progress goes to the terminal."""
    tools.need("cargo", "it builds the functions", "Install the Rust toolchain (rustup).")
    tools.need("cc", "some dependencies are C", "On Debian: apt-get install gcc libc6-dev.")
    print("Building the functions and the command (the first time takes some minutes) ...", flush=True)
    began = time.monotonic()
    packages = [f"tocsin-{name}" for name in settings.FUNCTIONS] + ["tocsin-cli"]
    command = ["cargo", "build", "--locked", "--profile", PROFILE, "--bins"]
    if os.environ.get("TOCSIN_BUILD") == "with-tests":
        # There are no examples, but cargo takes the features of dev-dependencies into account where it is asked for some.
        command += ["--workspace", "--examples"]
    else:
        for package in packages:
            command += ["--package", package]
    if subprocess.run(command, cwd=settings.ROOT, stdin=subprocess.DEVNULL).returncode:
        raise Problem("The build failed; cargo says why above. Without network, the first build can not fetch crates.")
    lay_out(target_folder() / FOLDER)
    print(f"Built ({time.monotonic() - began:.0f} s).", flush=True)


def target_folder():
    command = ["cargo", "metadata", "--no-deps", "--format-version", "1"]
    done = subprocess.run(command, cwd=settings.ROOT, capture_output=True, text=True)
    if done.returncode:
        raise Problem(done.stderr.strip())
    return pathlib.Path(json.loads(done.stdout)["target_directory"])


def lay_out(built):
    """Links, not copies, where the disk allows: the binaries are large without optimisation."""
    for source, target in [
        *((built / f"tocsin-{name}", settings.BIN / name / "bootstrap") for name in settings.FUNCTIONS),
        (built / "tocsin", settings.BIN / "tocsin"),
    ]:
        if not source.exists():
            raise Problem(f"{source.name} was not built: is it a binary of the workspace?")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        try:
            os.link(source, target)
        except OSError:
            shutil.copy2(source, target)


if __name__ == "__main__":
    try:
        build()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
