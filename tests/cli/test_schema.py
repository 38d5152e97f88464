#!/usr/bin/env python3
"""`event schema` against `event check`: a real validator and the tool agree about every shipped event type, whole, with
each required field missing and with each field of the wrong kind; and about the odd ways in which a value can be written."""
import json
import os
import subprocess
import sys
import tempfile

import jsonschema

CUIBANCTL, SETTINGS = sys.argv[1:]
GOOD = {"text": "x-1", "int": 2, "bool": True, "date": "2026-12-31", "time": "2026-11-17T15:10:00+08:00",
        "person": "zhang.wei", "persons": ["zhang.wei"], "department": "rd"}
BAD = {"int": "two", "bool": "perhaps", "date": "31.12.2026", "time": "2026-11-17 15:10", "persons": "a, b"}
ENVELOPE = {"id": "e-1", "time": "2026-11-17T15:10:00+08:00"}
TYPE = "interview.completed"
BATCH = 30  # cuibanctl keeps a bounded number of problems
ODD = [  # what is different from a good event; whether it is accepted
    ({"round": "2"}, True), ({"round": 2.5}, False), ({"round": None}, True), ({"round": ""}, True), ({"round": "+2"}, True),
    ({"urgent": "是"}, True), ({"urgent": 1}, True), ({"urgent": "maybe"}, False), ({"urgent": False}, True),
    ({"interviewers": "zhang.wei"}, True), ({"interviewers": '["zhang.wei","liu.yang"]'}, True),
    ({"interviewers": "zhang.wei,liu.yang"}, False), ({"interviewers": [1]}, False), ({"interviewers": [""]}, False),
    ({"interviewers": ["p"] * 65}, False), ({"interviewers": {"id": "zhang.wei"}}, False), ({"interviewers": []}, True),
    ({"interview": ""}, False), ({"interview": None}, False), ({"interview": 17}, True), ({"interview": {}}, False),
    ({"recruiter": ""}, False), ({"department": None}, False),
    ({"time": "2026-11-17T15:10:00"}, False), ({"time": "2026-11-17T07:10:00.25Z"}, True), ({"time": None}, True),
    ({"id": None}, True), ({"type": "interview.complete"}, False), ({"type": "cuiban.done"}, False), ({"type": None}, False),
    ({"unheard_of": "x"}, True), ({"unheard_of": {"x": 1}}, False), ({f"f{i}": i for i in range(60)}, False),
]
STRICT = [({}, True), ({"unheard_of": "x"}, False), ({"id": None}, False), ({"id": ""}, False), ({"time": None}, False),
          ({"source": "/ats", "actor": "zhang.wei"}, True), ({"round": ""}, True)]


def ctl(*words):
    return subprocess.run([CUIBANCTL, "-c", SETTINGS, *words], capture_output=True, text=True, check=False)


def validator(*words):
    schema = json.loads(ctl("event", "schema", *words).stdout)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def shipped():
    """(event, accepted) for every type of the catalogue."""
    for entry in json.loads(ctl("--json", "event", "list").stdout):
        whole = {"type": entry["type"], **ENVELOPE, **{f["name"]: GOOD[f["kind"]] for f in entry["fields"]}}
        yield whole, True
        for field in entry["fields"]:
            lacking = {name: value for name, value in whole.items() if name != field["name"]}
            yield lacking, not field["required"]
            if field["kind"] in BAD:
                yield {**whole, field["name"]: BAD[field["kind"]]}, False


def checked(events):
    """Which of the events `event check` accepts."""
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        for event in events:
            file.write(json.dumps(event, ensure_ascii=False) + "\n")
        file.flush()
        problems = json.loads(ctl("--json", "event", "check", file.name).stdout)["problems"]
    refused = {problem["line"] for problem in problems if problem["severity"] == "error"}
    return [line not in refused for line in range(1, len(events) + 1)]


def good_event():
    entry, = json.loads(ctl("--json", "event", "list", TYPE).stdout)
    return {"type": TYPE, **ENVELOPE, **{field["name"]: GOOD[field["kind"]] for field in entry["fields"]}}


def compare(cases, schema, by_tool):
    wrong = 0
    for (event, accepted), tool in zip(cases, by_tool):
        by_schema = schema.is_valid(event)
        if by_schema != accepted or tool != accepted:
            wrong += 1
            print(f"wanted {accepted}, schema {by_schema}, event check {tool}: {json.dumps(event, ensure_ascii=False)}")
    return wrong


def main():
    base, schema = good_event(), validator()
    cases = list(shipped()) + [({**base, **change}, accepted) for change, accepted in ODD]
    wrong = 0
    for at in range(0, len(cases), BATCH):
        part = cases[at:at + BATCH]
        wrong += compare(part, schema, checked([event for event, _ in part]))
    strict = [({**base, **change}, accepted) for change, accepted in STRICT]
    wrong += compare(strict, validator("--strict"), [accepted for _, accepted in strict])
    wrong += compare([(base, True), ({**base, "type": "interview.cancelled"}, False)], validator(TYPE), [True, False])
    print(f"{len(cases)} events, {wrong} wrong")
    return 1 if wrong or len(cases) < 300 else 0


if __name__ == "__main__":
    os.environ["LC_ALL"] = "C.UTF-8"
    sys.exit(main())
