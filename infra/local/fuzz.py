"""`make fuzz`: each parser of ingest against random bodies, for a few seconds a target (TOCSIN_FUZZ_S; 8 by default), as many at once as there are processors.

What it found once is kept in cargo-fuzz's own folders, which git ignores; a finding is written down there and fails the run. It refuses to sanitize: there is no
unsafe code to find, and the parsers' promises are checked by the targets themselves.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import sys

import settings
import tools
from settings import Problem

FUZZ = settings.ROOT / "functions" / "ingest" / "fuzz"
VERSION = "0.13.2"


def main():
    seconds = os.environ.get("TOCSIN_FUZZ_S", "8")
    root = settings.TOOLS / "cargo"
    if not (root / "bin" / "cargo-fuzz").exists():
        tools.need("cargo", "it builds the fuzzer", "Install the Rust toolchain (rustup).")
        print("Installing cargo-fuzz ...", flush=True)
        command = ["cargo", "install", "--quiet", "--locked", "cargo-fuzz", "--version", VERSION, "--root", root]
        if subprocess.run(command, stdin=subprocess.DEVNULL).returncode:
            raise Problem(f"cargo-fuzz {VERSION} could not be installed. {tools.NETWORK}")
    # libFuzzer's coverage is an unstable flag of the compiler; this lets the stable one take it.
    environment = os.environ | {"PATH": f"{root / 'bin'}:{os.environ['PATH']}", "RUSTC_BOOTSTRAP": "1"}
    targets = sorted(path.stem for path in pathlib.Path(FUZZ / "fuzz_targets").glob("*.rs"))
    if not targets:
        raise Problem(f"{FUZZ} has no targets.")
    # All of them in one go: one after the other they would be compiled and linked on one processor.
    if subprocess.run(["cargo", "fuzz", "build", "-s", "none"], cwd=FUZZ.parent, env=environment, stdin=subprocess.DEVNULL).returncode:
        raise Problem("The fuzz targets could not be built; cargo says why above.")

    def found(target):
        command = ["cargo", "fuzz", "run", "-s", "none", target, "--", f"-max_total_time={seconds}", "-max_len=65536", "-verbosity=0", "-timeout=20"]
        done = subprocess.run(command, cwd=FUZZ.parent, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.stdout + done.stderr if done.returncode else None

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for target, told in zip(targets, pool.map(found, targets)):
            if told is not None:
                print(told, file=sys.stderr)
                raise Problem(f"The target {target} found something; its input is under functions/ingest/fuzz/artifacts/{target}.")
            print(f"{target}: nothing found in {seconds} s", flush=True)
    print(f"{len(targets)} passed, 0 failed")


if __name__ == "__main__":
    try:
        main()
    except Problem as problem:
        print(f"\n{problem}", file=sys.stderr)
        sys.exit(1)
