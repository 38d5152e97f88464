"""cuibanctl check on 100 files with 1,000 rules: the shipped ones again and again, each time for events of their own, in a
company of 1,000 people and 60 departments."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

CONF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf")
FILES, RULES, PEOPLE, DEPARTMENTS, RUNS = 100, 1000, 1000, 60, 5
RULE = re.compile(r"^(\w+)(:\n\{\n.*?^\};\n)", re.M | re.S)
EVENT = re.compile(r'"([a-z_]+\.[a-z_]+)"')


def read(*path):
    with open(os.path.join(CONF, *path), encoding="utf-8") as file:
        return file.read()


def write(text, *path):
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)


def write_rules(folder):
    files = sorted(name for name in os.listdir(os.path.join(CONF, "rules.d")) if name != "common.cfg")
    shipped = [rule for name in files for rule in RULE.findall(read("rules.d", name))]
    turns = -(-RULES // len(shipped))
    names = "|".join(name for name, _ in shipped)
    own = re.compile(rf'"({names}|[a-z_]+\.[a-z_]+)"')  # what a copy calls by a name of its own: rules and events
    rules = [f"{name}_{turn}" + own.sub(rf'"\1_{turn}"', text) for turn in range(turns) for name, text in shipped][:RULES]
    for i in range(FILES):
        write("\n".join(rules[i::FILES]), folder, "rules.d", f"{i:02}.cfg")
    shutil.copy(os.path.join(CONF, "rules.d", "common.cfg"), os.path.join(folder, "rules.d"))
    for name in os.listdir(os.path.join(CONF, "events.d")):
        text = read("events.d", name)
        body = text[text.index("{") + 1:text.rindex("}")]
        named = re.compile(r"^(\s*)(\w+)(\s*=\s*\{)", re.M)
        copies = [named.sub(rf"\1\2_{turn}\3", EVENT.sub(rf'"\1_{turn}"', body)) for turn in range(turns)]
        write("events:\n{\n" + body + "".join(copies) + "};\n", folder, "events.d", name)


def write_people(folder):
    people = [f'  {{ id = "p{i}"; name = "员工{i}"; department = "d{i % DEPARTMENTS}"; manager = "p{max(1, i // 10)}"; '
              f'email = "p{i}@example.com"; }}' for i in range(1, PEOPLE + 1)]
    departments = [f'  {{ id = "d{i}"; name = "部门{i}"; parent = "company"; head = "p{i + 1}"; hrbp = "p{i + 100}"; kind = "business"; }}'
                   for i in range(DEPARTMENTS)]
    text = read("directory.d", "people.cfg")
    for start, more in (("people =\n(\n", people), ("departments =\n(\n", departments)):
        assert start in text
        text = text.replace(start, start + ",\n".join(more) + ",\n")
    write(text, folder, "directory.d", "people.cfg")


def check(build):
    program = os.path.join(build, "daemon", "cli", "cuibanctl")
    with tempfile.TemporaryDirectory(prefix="cuiban-bench-") as folder:
        for name in ("rules.d", "events.d", "directory.d"):
            os.mkdir(os.path.join(folder, name))
        for name in ("calendars.d", "templates"):
            shutil.copytree(os.path.join(CONF, name), os.path.join(folder, name))
        plugins = f'plugins = "{os.path.join(build, "plugins")}";\n'
        write(read("cuiban.cfg").replace("/var/log/cuiban", folder) + plugins, folder, "cuiban.cfg")
        write_rules(folder)
        write_people(folder)
        best = None
        for _ in range(RUNS):
            began = time.monotonic()
            done = subprocess.run([program, "--lang", "en", "-c", os.path.join(folder, "cuiban.cfg"), "check"],
                                  capture_output=True, text=True)
            took = time.monotonic() - began
            best = took if best is None else min(best, took)
        if done.returncode != 0 or f"; {RULES} rules" not in done.stdout:
            sys.exit(f"check did not accept what was generated:\n{done.stdout[-3000:]}{done.stderr}")
        return best, done.stdout
