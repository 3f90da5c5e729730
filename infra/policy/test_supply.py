"""Where the code comes from (security.md 42): locked crates of the registry, no unsafe code of ours, and every crate under the workspace's lints."""

import pathlib
import re
import tomllib
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Supply(unittest.TestCase):
    def test_every_locked_package_is_ours_or_the_registrys(self):
        packages = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
        ours = {p["name"] for p in packages if "source" not in p}
        self.assertTrue(all(name.startswith("tocsin-") for name in ours), ours)
        for package in packages:
            if package["name"] not in ours:
                self.assertTrue(package["source"].startswith("registry+"), package)
                self.assertIn("checksum", package, package)

    def test_no_crate_of_ours_has_unsafe_code_or_lints_of_its_own(self):
        lints = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["lints"]
        self.assertEqual(lints["rust"]["unsafe_code"], "forbid")
        members = [p for folder in ("shared/*", "functions/*", "cli", "tests") for p in ROOT.glob(f"{folder}/Cargo.toml")]
        self.assertGreater(len(members), 10)
        for member in members:
            manifest = tomllib.loads(member.read_text())
            self.assertEqual(manifest["lints"], {"workspace": True}, member)
            self.assertFalse(manifest["package"]["publish"] is True, member)

    def test_what_ships_knows_nothing_of_what_stands_in_for_it_in_tests(self):
        # .ci/run builds with the features that tests want; this would show only in a release.
        manifests = [p for folder in ("shared/*", "functions/*", "cli") for p in ROOT.glob(f"{folder}/Cargo.toml")]
        for manifest in manifests:
            for name, wanted in tomllib.loads(manifest.read_text())["dependencies"].items():
                features = wanted.get("features", []) if isinstance(wanted, dict) else []
                self.assertFalse({"fakes", "test-support"} & set(features), f"{manifest}: {name}")
            sources = (p for p in (manifest.parent / "src").rglob("*.rs") if "fakes" not in p.parts and p.name != "testing.rs")
            for source in sources:
                shipped = source.read_text().split("#[cfg(test)]")[0]
                found = re.search(r"(tocsin_app|crate)::fakes|(tocsin_aws|crate)::testing|dynoxide", shipped)
                self.assertIsNone(found, source)


if __name__ == "__main__":
    unittest.main()
