#!/usr/bin/env python3
"""What a problem says in English, it says in Chinese: every text that daemon/config, daemon/cli and the plugin host report,
and every sentence that the parsers of the core and the shipped plugins give as the reason, stands in
daemon/config/chinese_*.c, with the same arguments; and nothing stands there that nobody says. Prints what is wrong and ends
with 1."""
import glob
import os
import re
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# function: which argument is a format; which is a plain text
FORMATS = {"reader_error": 2, "reader_warning": 2, "reader_hint": 1, "problem_error": 3, "problem_warning": 3, "problem_hint": 1,
           "scan_error": 2, "complain": 2}
TEXTS = {"reader_unknown": 2, "check_name": 2, "bad_day": 3, "bad_date": 3, "problem_text": 1, "complaint_say": 1}
# Where sentences are given by hand: `why = "..."`, `hint[] = "..."`, `return "..."`, fail(..., "..."), wrong(..., "...").
REASONS = ["core/span_parse.c", "core/recurrence.c", "core/condition.c", "core/path.c", "core/quiet.c", "core/template.c",
           "core/template_parse.c", "core/address.c", "core/stream_name.c", "config/calendars.c", "config/rule_ladder.c", "config/rule_value.c",
           "config/values.c", "cli/event_read.c"]
REASON = re.compile(r'(?:\bwhy\s*=(?!=)|\bhint\[\]\s*=|\breturn\b(?=\s*(?:\w+\([^;"]*\)\s*\?\s*)?")|\bfail\s*\(|\bwrong\s*\()([^;]*);', re.S)
FOREIGN = {"syntax error", "No such file or directory", "Permission denied", "Is a directory", "Not a directory",
           "File too large"}  # libconfig's and the C library's
UNTRANSLATED = {"%s"}
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
TOKENS = re.compile(r'"(?:[^"\\]|\\.)*"|\bPRI[diux]64\b|\'(?:[^\'\\]|\\.)*\'|[^"\']', re.S)
CONVERSION = re.compile(r"%(?:(\d+)\$)?[-+ #0]*(\*|\d+)?(?:\.(\*|\d+))?(hh|h|ll|l|z|j)?([a-zA-Z%])")


def source(path):
    with open(os.path.join(ROOT, path), encoding="utf-8") as file:
        text = file.read()
    return re.sub(r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|/\*.*?\*/|//[^\n]*""", lambda m: m.group(1) or " ", text, flags=re.S)


def arguments(text, start):
    """The arguments of a call whose opening bracket ends at `start`, as they are written."""
    found, depth = [""], 0
    for token in TOKENS.finditer(text, start):
        token = token.group()
        if token == "," and depth == 0:
            found.append("")
            continue
        depth += (token in "([{") - (token in ")]}") if len(token) == 1 else 0
        if depth < 0:
            return found
        found[-1] += token
    return found


def literals(code):
    """The string literals of an expression, those side by side joined."""
    found, joined = [], False
    for token in TOKENS.finditer(code):
        token = token.group()
        text = token[1:-1] if token[0] == '"' else "ld" if token.startswith("PRI") else None
        if text is not None:
            found = found[:-1] + [found[-1] + text] if joined else found + [text]
            joined = True
        elif token.strip():
            joined = False
    return found


def said(path, text):
    """(text, whether it is a format) of what the file reports."""
    for call in re.finditer(r"\b(\w+)\s*\(", text):
        index = FORMATS.get(call.group(1), TEXTS.get(call.group(1)))
        if index is None:
            continue
        given = arguments(text, call.end())
        if len(given) > index and not given[index].lstrip().startswith("problem_text("):
            for literal in literals(given[index]):
                yield literal, call.group(1) in FORMATS
    if path in REASONS:
        for statement in REASON.finditer(text):
            for literal in literals(statement.group(1)):
                if re.search(r"[a-z]{2} |[a-z]{2}.*%", literal):
                    yield literal, False
    if path.startswith("../plugins"):  # why options are refused
        for literal in literals(text):
            if re.match(r"options? \w", literal):
                yield literal, False


def conversions(text):
    found, position = {}, 0
    for number, width, precision, length, kind in CONVERSION.findall(text):
        if kind == "%":
            continue
        position += 1 + (width == "*") + (precision == "*")
        found[int(number or position)] = (precision == "*", (length or "") + kind)
    return found


def table():
    entries = []
    for path in sorted(glob.glob(os.path.join(ROOT, "daemon/config/chinese_*.c"))):
        for entry in re.finditer(r"\{((?:\s*(?:\"(?:[^\"\\]|\\.)*\"|PRI[diux]64|,))+)\s*\}", source(path)):
            pair = arguments(entry.group(1) + ")", 0)
            entries.append(tuple("".join(literals(part)) for part in pair))
    return entries


def main():
    wrong, formats, texts, everything = [], {}, {}, set()
    paths = [path for part in ("daemon/c[ol]*/*.c", "daemon/delivery/plugin_*.c", "daemon/main.c", "daemon/service.c", "plugins/*/*.c")
             for path in glob.glob(os.path.join(ROOT, part))]
    for path in sorted(paths):
        path = os.path.relpath(path, os.path.join(ROOT, "daemon"))
        if path.startswith("config/chinese"):
            continue
        text = source("daemon/" + path)
        everything.update(literals(text))
        for literal, is_format in said(path, text):
            (formats if is_format else texts).setdefault(literal, path)
    entries = table()
    known = dict(entries)
    for text, path in sorted({**texts, **formats}.items(), key=lambda item: item[1]):
        if text not in known and text not in UNTRANSLATED:
            wrong.append(f"daemon/{path}: no Chinese for \"{text}\"")
    for english, chinese in entries:
        if english in formats and conversions(english) != conversions(chinese):
            wrong.append(f"the arguments differ: \"{english}\" and \"{chinese}\"")
        if english not in everything and english not in FOREIGN:
            wrong.append(f"nobody says \"{english}\"")
    if len(known) != len(entries):
        wrong.append("a text stands twice: " + ", ".join(sorted({e for e, _ in entries if [x for x, _ in entries].count(e) > 1})))
    if len(formats) < 150 or len(texts) < 80:
        wrong.append(f"only {len(formats)} formats and {len(texts)} texts were found: this test no longer reads the sources")
    print("\n".join(wrong) or f"{len(formats)} formats and {len(texts)} texts")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
