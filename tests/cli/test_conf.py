#!/usr/bin/env python3
"""The shipped settings hold together: `check` finds no error, every shipped rule has at least two tests, in one of which it
speaks, and all of them hold."""
import collections
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

CUIBANCTL, CONF, PLUGINS = sys.argv[1:]
SHARED = {"defaults", "ladders", "stops"}  # top-level words of rule files that are no rules


def run(folder, *words):
    done = subprocess.run([CUIBANCTL, "-c", os.path.join(folder, "cuiban.cfg"), *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout


def rules_of(folder):
    names = set()
    for file in os.listdir(folder):
        with open(os.path.join(folder, file), encoding="utf-8") as text:
            names |= set(re.findall(r"^(\w+):$", text.read(), re.MULTILINE))
    return names - SHARED


def tests_of(folder):
    """How many tests name each rule."""
    counts = collections.Counter()
    for name in os.listdir(folder):
        if name.endswith(".cfg"):
            with open(os.path.join(folder, name), encoding="utf-8") as text:
                for named in re.findall(r"^    rule\s*=\s*([^;]*);", text.read(), re.MULTILINE):
                    counts.update(re.findall(r"\w+", named))
    return counts


def main():
    with tempfile.TemporaryDirectory() as scratch:
        folder = os.path.join(scratch, "conf")
        shutil.copytree(CONF, folder)
        with open(os.path.join(folder, "cuiban.cfg"), "a", encoding="utf-8") as settings:
            settings.write(f'plugins = "{PLUGINS}";\n')
        run(folder, "check")
        tests = json.loads(run(folder, "--json", "test"))["tests"]
        rules = rules_of(os.path.join(folder, "rules.d"))
        counts = tests_of(os.path.join(folder, "tests.d"))
        spoken = {message["rule"] for test in tests for message in test["messages"]}
        assert rules and tests, (rules, tests)
        assert rules <= spoken, f"no test tells what these say: {sorted(rules - spoken)}"
        few = sorted(rule for rule in rules if counts[rule] < 2)
        assert not few, f"fewer than two tests: {few}"


if __name__ == "__main__":
    main()
