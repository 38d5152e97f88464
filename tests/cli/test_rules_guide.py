#!/usr/bin/env python3
"""The table of processes in conf/README.md says what the rules say. CUIBAN_WRITE_EXPECT=1 writes it anew."""
import glob
import json
import os
import re
import subprocess
import sys

CUIBANCTL, CONF = sys.argv[1:]
GUIDE = os.path.join(CONF, "README.md")
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"
WORDS = {"defaults", "ladders", "stops"}
NUMBER = re.compile(r"(?:^# |；)([A-Z]\d{1,2})\b")  # what the line is about, not what it mentions


def rules():
    """File, number and name of every rule, in the order of the files; the number stands in the comment above."""
    for path in sorted(glob.glob(os.path.join(CONF, "rules.d", "*.cfg"))):
        comment = ""
        with open(path, encoding="utf-8") as file:
            for line in file:
                name = re.match(r"(\w+):\s*$", line)
                if name and name.group(1) not in WORDS:
                    yield os.path.basename(path), " ".join(dict.fromkeys(NUMBER.findall(comment.split("\n")[0]))), name.group(1)
                comment = comment + line if line.startswith("#") else ""


def texts(words, key):
    """What stands behind a key, without quotes: a span, a path, or the `span` and `at` of groups."""
    found = []
    for word in words:
        if word["key"] == key:
            inner = re.findall(r'\b(?:span|at) = "([^"]*)"', word["value"])
            found += inner or re.findall(r'"([^"]*)"', word["value"])
    return "，".join(f"`{text}`" for text in found)


def row(file, number, name):
    shown = json.loads(subprocess.run([CUIBANCTL, "-c", os.path.join(CONF, "cuiban.cfg"), "--json", "check", "--show", name],
                                      capture_output=True, text=True, check=True).stdout)
    due = texts(shown["words"], "due") or texts(shown["words"], "series")
    return (f"| {number} | {shown['summary']} | `{name}` | `{file}` | {texts(shown['words'], 'owner')} | {due} | "
            f"{texts(shown['words'], 'ladder')} |\n")


def table():
    return "| 编号 | 流程 | 规则 | 文件 | 谁欠 | 到期 | 台阶 |\n|---|---|---|---|---|---|---|\n" + "".join(row(*rule) for rule in rules())


def main():
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    match = re.search(re.escape(BEGIN) + "(.*?)" + re.escape(END), text, re.S)
    wanted = table()
    if os.environ.get("CUIBAN_WRITE_EXPECT"):
        with open(GUIDE, "w", encoding="utf-8") as file:
            file.write(text[:match.start(1)] + wanted + text[match.end(1):])
        return 0
    for line in wanted.splitlines():
        if line not in match.group(1).splitlines():
            print(f"{GUIDE} lacks: {line}")
    if match.group(1) != wanted:
        print("CUIBAN_WRITE_EXPECT=1 ctest -R cli_rules_guide writes the table anew")
    return 0 if match.group(1) == wanted and wanted.count("\n") > 3 else 1


sys.exit(main())
