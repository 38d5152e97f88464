#!/usr/bin/env python3
"""cuiban-rules(5) and the parser name the same keys, conf/README.md shows no other, and every error of tests/config/bad has its
cure in the page.
usage: test_manual.py SOURCE_ROOT"""
import glob
import os
import re
import sys

ROOT = sys.argv[1]
CONFIG = os.path.join(ROOT, "daemon", "config")
KEYS = {  # heading in ALL KEYS: file, its table of keys, and those that are refused or stand for a better hint only
    "Of a rule": ("rule_read.c", "keys", ["unserved", "words"]),
    "Of open": ("rule_select.c", "open_keys", ["open_unserved"]),
    "Of a selector": ("rule_select.c", "selector_keys", ["selector_unserved"]),
    "Of a case of due": ("rule_read.c", "case_keys", []),
    "Of a step": ("rule_ladder.c", "keys", []),
    "Of an event type": ("catalogue.c", "keys", []),
}
MISPLACED = {"for_each", "among"}  # read at the rule only to say that they stand inside of open
problems = []


def read(*parts):
    with open(os.path.join(ROOT, *parts), encoding="utf-8") as file:
        return file.read()


def table(file, name):
    """The strings of `static const char *const NAME[] = {...};`, which stands in the file once."""
    found = re.findall(r"static const char \*const " + name + r"\[\] = \{(.*?)\};", read("daemon", "config", file), re.S)
    return set(re.findall(r'"([^"]+)"', found[0])) if found else set()


def plain(text):
    """A line of roff as it is read."""
    for roff, char in (("\\(dq", '"'), ("\\(ga", "`"), ("\\-", "-"), ("\\&", ""), ("\\e", "\\"), ("\\(aq", "'")):
        text = text.replace(roff, char)
    return text


def section(manual, name):
    match = re.search(r"^\.SH " + re.escape(name) + r"\n(.*?)(?=^\.SH |\Z)", manual, re.S | re.M)
    assert match, f"the page has no section {name}"
    return match.group(1)


def compare(what, manual, parser):
    for key in sorted(parser - manual):
        problems.append(f"{what}: the parser takes `{key}`, ALL KEYS does not name it")
    for key in sorted(manual - parser):
        problems.append(f"{what}: ALL KEYS names `{key}`, the parser does not take it")


def check_keys(manual):
    every = section(manual, "ALL KEYS")
    elsewhere = manual.replace(every, "")
    parts = re.split(r"^\.SS (.*)\n", every, flags=re.M)
    rows = dict(zip(parts[1::2], ([line.split("\t")[0] for line in part.splitlines() if "\t" in line] for part in parts[2::2])))
    assert set(rows) == set(KEYS), set(rows) ^ set(KEYS)
    for heading, (file, name, refused) in KEYS.items():
        parser = table(file, name)
        assert parser, (file, name)
        for other in refused:
            parser -= table(file, other)
        named = {plain(key).rstrip("*") for key in rows[heading]}
        compare(heading, named, parser - (MISPLACED if heading == "Of a rule" else set()))
        for key in sorted(named):
            if not re.search(r"^\.(?:B|BR|RB) .*\b" + key + r"\b", elsewhere, re.M):
                problems.append(f"{heading}: `{key}` stands in ALL KEYS alone; no section explains it")
    starred = {plain(key)[:-1] for key in rows["Of a rule"] if key.endswith("*")}
    compare("defaults", starred | {"via"}, table("rule_read.c", "default_keys"))


def check_refused(manual):
    refused = set().union(*(table(file, name) for file, _, names in KEYS.values() for name in names if name.endswith("unserved")))
    text = section(manual, "NOT IN THIS VERSION")
    for key in sorted(refused):
        if not re.search(r"\b" + key + r"\b", text):
            problems.append(f"`{key}` is refused, and NOT IN THIS VERSION does not say so")


def check_words(manual):
    for heading, words in (("EVENT CATALOGUE", table("catalogue.c", "kinds")),
                           ("TOP-LEVEL WORDS", table("rules.c", "reserved") - {"digests", "events"})):
        for word in sorted(words):
            if not re.search(r"\b" + word + r"\b", section(manual, heading)):
                problems.append(f"{heading} does not name `{word}`")


def check_guide():
    """The samples of conf/README.md use keys that the parser takes. Events of the catalogue have names of their own."""
    known = {"defaults", "ladders", "stops", "events"}
    for file, name, refused in KEYS.values():
        known |= table(file, name) - set().union(*(table(file, other) for other in refused))
    samples = re.findall(r"^```\n(.*?)^```$", read("conf", "README.md"), re.S | re.M)
    assert samples, "conf/README.md shows no sample"
    for sample in samples:
        bare = re.sub(r'"[^"\n]*"|#[^\n]*', "", sample)
        for name, event in re.findall(r"\b(\w+)\s*=\s*(\{\s*type\b)?", bare):
            if name not in known and not event:
                problems.append(f"conf/README.md shows the key `{name}`, which the parser does not take")


def patterns(manual):
    """What the tags of ERRORS say, as regular expressions; what stands in italics is anything."""
    tags = re.findall(r"^\.T[PQ]\n(.*)", section(manual, "ERRORS"), re.M)
    for tag in tags:
        yield "".join(".+" if part.startswith("\\fI") else re.escape(plain(part)) for part in re.split(r"(\\fI.*?\\fR)", tag))


def check_errors(manual):
    known = [re.compile(pattern) for pattern in patterns(manual)]
    used = set()
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "config", "bad", "*.expect"))):
        name = os.path.basename(path)
        if name.endswith(".zh.expect") or not name.startswith(("rules-", "events-", "templates-")):
            continue
        for line in read(path).splitlines():
            match = re.match(r"\S+: error: (?:[\w.\-]+(?:\[\d+\][\w.]*)*: )?(.*)", line)
            if not match:
                continue
            what = match.group(1)
            hits = [pattern for pattern in known if pattern.fullmatch(what)]
            used.update(hits)
            if not hits:
                problems.append(f"{name}: ERRORS has no entry for: {what}")
    for pattern in known:
        if pattern not in used:
            problems.append(f"no error of tests/config/bad is like the entry of ERRORS: {pattern.pattern}")
    assert len(known) > 20


def main():
    manual = read("conf", "man", "cuiban-rules.5")
    check_keys(manual)
    check_refused(manual)
    check_words(manual)
    check_errors(manual)
    check_guide()
    print("\n".join(problems))
    print(f"{len(problems)} differences between the guides and the parser")
    return 1 if problems else 0


sys.exit(main())
