#!/usr/bin/env python3
"""Breaks the code in one small place at a time and asks the tests. Works on a copy of the tree, never on the tree itself."""
import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

SHORT = ["-LE", "campaign|release"]
ROOMS = {  # the room's sources, the tests that should notice, and the campaigns for what they do not notice
    "core": (["daemon/core"], "^core_|^sim$", None),
    "engine": (["daemon/core/engine"], "^core_engine|^sim$|^rehearsal", None),
    "store": (["daemon/store"], "^store_", "system_(redis_trouble|reload|two_daemons|kill|clock)"),
    "delivery": (["daemon/delivery"], "^delivery_", "system_(channels|kill|reload|waiting|crash)"),
    "plugins": (["plugins"], "^plugin_", "system_channels"),
    "config": (["daemon/config"], "^config_", None),
}
BUILD_LIMIT_S, TEST_LIMIT_S, CAMPAIGN_LIMIT_S = 300, 180, 900

# What a break may be: a pattern in the code, and what stands there instead.
SWAPS = [
    (r"(?<![<>=!\-])<(?![<=])(?=[^<>]*[;{)&|?])", "<="), (r"<=", "<"), (r"(?<![<>=!\-])>(?![>=])", ">="), (r">=", ">"),
    (r"==", "!="), (r"!=", "=="), (r"&&", "||"), (r"\|\|", "&&"), (r"(?<=\()!(?=[a-z(])", ""),
    (r"(?<=[a-z0-9_)\]]) \+ (?=[a-z0-9_(])", " - "), (r"(?<=[a-z0-9_)\]]) - (?=[a-z0-9_(])", " + "),
    (r"\+=", "-="), (r"(?<=[a-z0-9_\])])\+\+(?=[;)])", "--"), (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"),
    (r"\btrue\b", "false"), (r"\bfalse\b", "true"), (r"\bcontinue;", "break;"), (r"\bbreak;", "continue;"),
]
STATEMENT = re.compile(r"^\s+[a-z_][\w>\-.\[\]*]*(\(.*\)| [-+|&]?= .*|\+\+|--);$")   # may be left out
CONDITION = re.compile(r"^(\s+(?:\} else )?if \()(.*)(\) ?\{?)$")                     # may be as if always, or never
TYPE = re.compile(r"^\s+(?:const |struct |enum |static |u?int\d*_t|size_t|char|bool|instant|int|double)\b.*;$")
SKIP = re.compile(r"\bassert\(|\bstatic_assert\(|_log\(|snprintf\(|\bfree\(|_finish\(|_destroy\(|sizeof|^\s*#|^\s*case ")


def mask(text):
    """The text with comments, literals and preprocessor lines blanked out, length for length."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|^[ \t]*#(?:\\\n|[^\n])*', blank, text,
                  flags=re.S | re.M)


def breaks_of(path, text):
    """Every (line number, line as it is, line as it would be) of a file."""
    code, lines, inside = mask(text).split("\n"), text.split("\n"), False
    for number, (line, bare) in enumerate(zip(lines, code)):
        inside = True if bare.startswith("{") else False if bare.startswith("}") else inside
        if not inside or SKIP.search(line):
            continue
        for pattern, instead in SWAPS:
            for found in re.finditer(pattern, bare):
                yield number, line, line[:found.start()] + instead + line[found.end():]
        if STATEMENT.match(line) and not TYPE.match(line):
            yield number, line, re.match(r"\s*", line).group() + ";"
        condition = CONDITION.match(line)
        if condition and condition.group(2).count("(") == condition.group(2).count(")"):
            before, asked, behind = condition.groups()
            yield number, line, f"{before}true || ({asked}){behind}"
            yield number, line, f"{before}false && ({asked}){behind}"



def sources(tree, folders, only):
    found = []
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(tree, folder)):
            if folder == "daemon/core" and "engine" in inner:
                inner.remove("engine")
            found += [os.path.join(where, name) for name in names if name.endswith(".c")]
    return sorted(path for path in found if not only or path.endswith(only))


class Workshop:
    """A copy of the tree with a build of its own."""

    def __init__(self, folder):
        self.tree = os.path.join(folder, "tree")
        files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], capture_output=True, text=True,
                               check=True).stdout.split("\0")
        for name in files:
            if name and os.path.isfile(name):
                os.makedirs(os.path.dirname(os.path.join(self.tree, name)), exist_ok=True)
                shutil.copy2(name, os.path.join(self.tree, name))
        self.run(["cmake", "--preset", "dev", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-g0 -w", "-DCUIBAN_WERROR=OFF"], 60)
        assert self.build() == "", "the tree does not build"

    def run(self, words, limit_s):
        """The output if it failed or hung, else nothing."""
        process = subprocess.Popen(words, cwd=self.tree, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
        try:
            output, _ = process.communicate(timeout=limit_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return "it took too long"
        return "" if process.returncode == 0 else output or "failed"

    def build(self):
        return self.run(["cmake", "--build", "--preset", "dev"], BUILD_LIMIT_S)

    def test(self, choice, limit_s):
        """The first test that noticed; "" if none did."""
        output = self.run(["ctest", "--preset", "dev", "--stop-on-failure", "--timeout", "60", *choice], limit_s)
        noticed = re.search(r"Test +#\d+: (\S+) .*(?:\*\*\*|Failed|Timeout)", output)
        return noticed.group(1) if noticed else output and "the suite hung"


def ask(workshop, room):
    """(what became of a break, who noticed)."""
    folders, near, campaigns = ROOMS[room]
    output = workshop.build()
    if output:
        return "no code", ""
    steps = [(["-R", near, *SHORT], TEST_LIMIT_S), (["-E", near, *SHORT], TEST_LIMIT_S)]
    steps += [(["-R", campaigns, "-L", "campaign"], CAMPAIGN_LIMIT_S)] if campaigns else []
    for choice, limit_s in steps:
        noticed = workshop.test(choice, limit_s)
        if noticed:
            return "caught", noticed
    return "survived", ""


def kept_reasons():
    """(file, line as it is, line as it would be) -> why it may stay: tests/mutate.kept, four lines each, a blank between."""
    with open("tests/mutate.kept", encoding="utf-8") as file:
        blocks = [block.split("\n") for block in file.read().split("\n\n")]
    return {tuple(line.strip() for line in block[:3]): block[3].strip() for block in blocks
            if len(block) >= 4 and not block[0].startswith("#")}


def campaign(workshop, room, options, seed, kept):
    chance = random.Random(f"{room} {seed}")
    paths = sources(workshop.tree, ROOMS[room][0], options.only)
    places = []
    for path in paths:
        with open(path, encoding="utf-8") as file:
            places += [(path, *place) for place in breaks_of(path, file.read())]
    places = chance.sample(places, min(options.count * 2, len(places)))
    caught, survivors = 0, []
    noticed = "" if options.list else workshop.test(["-R", ROOMS[room][1], *SHORT], TEST_LIMIT_S)
    assert not noticed, f"{noticed} fails without a break"
    for path, number, line, broken in places:
        if caught + len(survivors) == options.count:
            break
        name = os.path.relpath(path, workshop.tree)
        what = (name, line.strip(), broken.strip())
        if options.list:
            print(f"{name}:{number + 1}\n    {line.strip()}\n    {broken.strip()}")
            caught += 1
            continue
        with open(path, encoding="utf-8") as file:
            text = file.read()
        lines = text.split("\n")
        lines[number] = broken
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(lines))
        begun = time.monotonic()
        fate, noticed = ask(workshop, room)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        if fate == "survived" and what in kept:
            fate, noticed = "kept", kept[what]
        print(f"{fate:8} {name}:{number + 1} {noticed} ({time.monotonic() - begun:.0f} s)\n    {line.strip()}\n    {broken.strip()}",
              flush=True)
        caught += fate in ("caught", "kept")
        if fate == "survived":
            survivors.append((name, number + 1, line.strip(), broken.strip()))
    return caught, survivors


def main():
    parser = argparse.ArgumentParser(prog="tests/mutate")
    parser.add_argument("room", nargs="?", choices=ROOMS)
    parser.add_argument("--seed", type=int, default=random.randrange(1000000))
    parser.add_argument("--count", type=int, default=70)
    parser.add_argument("--only", metavar="FILE", help="in this source alone")
    parser.add_argument("--list", action="store_true", help="only print what would be tried")
    options = parser.parse_args()
    print(f"seed {options.seed}")
    kept, results = kept_reasons(), {}
    with tempfile.TemporaryDirectory(prefix="cuiban-mutate-") as folder:
        workshop = Workshop(folder)
        for room in [options.room] if options.room else ROOMS:
            results[room] = campaign(workshop, room, options, options.seed, kept)
    if options.list:
        return 0
    print()
    for room, (caught, survivors) in results.items():
        total = caught + len(survivors)
        print(f"{room}: {caught} of {total} noticed" + (f" ({100 * caught / total:.0f} %)" if total else ""))
        for name, number, line, broken in survivors:
            print(f"  survived: {name}:{number}\n    {line}\n    {broken}")
    return 1 if any(survivors for _, survivors in results.values()) else 0


sys.exit(main())
