#!/usr/bin/env python3
"""The table of event types in conf/EVENTS.md says what the catalogue says. CUIBAN_WRITE_EXPECT=1 writes it anew."""
import json
import os
import re
import subprocess
import sys

CUIBANCTL, CONF = sys.argv[1:]
GUIDE = os.path.join(CONF, "EVENTS.md")
BEGIN, END = "<!-- table -->\n", "<!-- end of table -->\n"


def field_text(field):
    kind = "" if field["kind"] == "text" else ":" + field["kind"]
    return f"`{field['name']}{kind}`" + ("*" if field["required"] else "")


def table():
    entries = json.loads(subprocess.run([CUIBANCTL, "-c", os.path.join(CONF, "cuiban.cfg"), "--json", "event", "list"],
                                        capture_output=True, text=True, check=True).stdout)
    rows = [f"| `{entry['type']}` | {entry['summary']} | {' '.join(map(field_text, entry['fields']))} |\n" for entry in entries]
    return "| 事件 type | 说明 | 字段 fields |\n|---|---|---|\n" + "".join(rows)


def main():
    with open(GUIDE, encoding="utf-8") as file:
        text = file.read()
    match = re.search(re.escape(BEGIN) + "(.*?)" + re.escape(END), text, re.S)
    wanted = table()
    if os.environ.get("CUIBAN_WRITE_EXPECT"):
        with open(GUIDE, "w", encoding="utf-8") as file:
            file.write(text[:match.start(1)] + wanted + text[match.end(1):])
        return 0
    missing = [line for line in wanted.splitlines() if line not in match.group(1).splitlines()]
    stale = [line for line in match.group(1).splitlines() if line not in wanted.splitlines()]
    for line in missing:
        print(f"{GUIDE} lacks: {line}")
    for line in stale:
        print(f"{GUIDE} has what the catalogue does not: {line}")
    print(f"{len(wanted.splitlines()) - 2} event types" + ("" if not missing and not stale else
                                                            "; CUIBAN_WRITE_EXPECT=1 ctest -R cli_events_guide writes them anew"))
    return 0 if match.group(1) == wanted and wanted.count("\n") > 3 else 1


sys.exit(main())
