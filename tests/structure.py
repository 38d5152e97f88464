#!/usr/bin/env python3
"""The house rules that a machine can check: which way the arrows point, where each library may be named, what is banned,
how long functions and files may be. Prints every breach as file:line and ends with 1 if there is one."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RANK = {"core": 0, "config": 1, "store": 2, "delivery": 2, "web": 2, "rehearsal": 2, "cli": 3, "root": 3}
LIBRARIES = {  # header prefix -> rooms that may name it
    "uv.h": {"store", "delivery", "web", "cli", "root"},
    "hiredis/": {"store"},
    "curl/": {"delivery"},
    "dlfcn.h": {"delivery"},
    "libconfig.h": {"config"},
    "microhttpd.h": {"web"},
    "openssl/": {"delivery"},
    "libical/": {"cli"},
    "jansson.h": {"cli", "plugins"},
    "cmark.h": {"plugins"},
}
CORE_HEADERS = re.compile(r"^(assert|ctype|errno|inttypes|limits|stdarg|stdbool|stddef|stdint|stdio|stdlib|string|strings|"
                          r"uthash)\.h$")
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|alloca|localtime|gmtime|gets)\s*\(")
CLOCKS = re.compile(r"\b(time|gettimeofday|clock_gettime|fopen|open|socket|getenv|printf)\s*\(")
PRINTS = re.compile(r"(?<![a-z_])(v?printf|puts)\s*\(|(fputs|fwrite|fprintf)\(.*\bstdout\b")
PRINTERS = {"daemon/cli/cli.c", "daemon/cli/table.c", "daemon/cli/cuibanctl.c"}  # disarm what comes from outside, or print none
FUNCTION_LINES_MAX, TABLE_LINES_MAX = 70, 120  # a test's function may hold its table of cases
FILE_LINES_MAX, HEADER_LINES_MAX = 800, 260

breaches = []


def breach(path, line, what):
    breaches.append(f"{path}:{line}: {what}")


def room_of(path):
    parts = path.split("/")
    if parts[0] == "plugins":
        return "plugins"
    if parts[0] != "daemon":
        return None
    return parts[1] if len(parts) > 2 else "root"


def check_includes(path, room, text, known):
    for number, line in enumerate(text, 1):
        match = re.match(r'#include\s+(["<])([^">]+)[">]', line)
        if not match:
            continue
        quoted, name = match.group(1) == '"', match.group(2)
        for prefix, rooms in LIBRARIES.items():
            if name.startswith(prefix) and room not in rooms:
                breach(path, number, f"<{name}> may only be named in {', '.join(sorted(rooms))}")
        if room == "core" and not quoted and not CORE_HEADERS.match(name):
            breach(path, number, f"core includes <{name}>: it stands on the C library's pure part alone")
        target = name.split("/")[0] if quoted and "/" in name else None
        if room == "plugins" and (quoted and target in RANK):
            breach(path, number, f"a plugin sees <cuiban/channel.h> alone, not {name}")
        if room in RANK and target in RANK and target != room and RANK[target] >= RANK[room]:
            breach(path, number, f"{room} includes {name}: arrows point down, rooms on one floor do not know each other")


def check_functions(path, text):
    start = None
    for number, line in enumerate(text, 1):
        if line.startswith("{"):
            start = number
        elif line.startswith("}") and start:
            limit = TABLE_LINES_MAX if path.startswith("tests/") else FUNCTION_LINES_MAX
            if number - start - 1 > limit:
                breach(path, start, f"a function of {number - start - 1} lines (at most {limit})")
            start = None


def check_file(path, known):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read().split("\n")
    room = room_of(path)
    limit = HEADER_LINES_MAX if path.endswith(".h") else FILE_LINES_MAX
    if len(text) > limit:
        breach(path, 1, f"{len(text)} lines (at most {limit})")
    check_functions(path, text)
    if room is None:
        return
    check_includes(path, room, text, known)
    for number, line in enumerate(text, 1):
        code = re.sub(r"/\*.*?\*/|//.*|/\*.*|^ \*.*", "", line)
        if BANNED.search(code):
            breach(path, number, f"banned: {BANNED.search(code).group(1)}")
        if room == "core" and CLOCKS.search(code):
            breach(path, number, f"core calls {CLOCKS.search(code).group(1)}: no I/O, no clock, no log")
        if room == "cli" and path not in PRINTERS and PRINTS.search(code):
            breach(path, number, "cuibanctl prints by cli_print, cli_say and tables: values come from events, terminals obey them")
        if re.search(r"\b(TODO|FIXME|XXX)\b", line):
            breach(path, number, "an unfinished thing belongs into the issues")


def check_top_level(files):
    allowed = {"CMakeLists.txt", "daemon", "plugins", "conf", "systemd", "tests", "README.md", "LICENSE",
               "CMakePresets.json", "CONTRIBUTING.md", "CHANGELOG.md"}
    for path in files:
        top = path.split("/")[0]
        if not top.startswith(".") and top not in allowed:
            breach(path, 1, "this stands at the top level, where only the design card's names may stand")


def main():
    files = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True,
                           check=True).stdout.split("\n")
    files = [f for f in files if f and os.path.isfile(os.path.join(ROOT, f))]
    check_top_level(files)
    for path in files:
        if path.endswith((".c", ".h")):
            check_file(path, files)
    for line in breaches:
        print(line)
    print(f"structure: {len(breaches)} breaches")
    return 1 if breaches else 0


sys.exit(main())
