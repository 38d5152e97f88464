#!/usr/bin/env python3
"""Tells what a rehearsal did, read from the journal that the daemon kept in Redis.

    summary.py --redis SOCKET --stream NAME --inbox FOLDER --to PERSON --rule RULE --phase PHASE

Exit status 0 if a message of that phase and rule was delivered to that person, else 1."""
import argparse
import collections
import json
import subprocess
import sys

PHASES = {"asked": "请办", "reminder": "提醒", "overdue": "逾期", "escalation": "升级", "closed": "完成告知"}


def records(redis, stream):
    """Every record of the journal, oldest first. The keys of a stream without a hash tag carry its name as the tag."""
    base = f"cuiban:{stream}" if "{" in stream else "cuiban:{" + stream + "}"
    done = subprocess.run(["redis-cli", "-s", redis, "--raw", "XRANGE", base + ":journal", "-", "+"],
                          stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        if line.startswith("["):
            yield from json.loads(line)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for name in ("redis", "stream", "inbox", "to", "rule", "phase"):
        parser.add_argument("--" + name, required=True)
    options = parser.parse_args()
    queued, sent, seen = {}, collections.Counter(), collections.Counter()
    arrived = False
    for record in records(options.redis, options.stream):
        what = record.get("e")
        seen[what] += 1
        if what == "queued":
            queued[record["n"]] = record
        elif what == "delivered":
            message = queued.get(record["n"], {})
            sent[message.get("phase", "?"), record.get("via") or message.get("via", "?")] += 1
            arrived |= (message.get("to") == options.to and message.get("phase") == options.phase
                        and message.get("r") == options.rule)

    print("\n小结 / summary")
    print(f"  期限 deadlines   打开 opened {seen['opened']}，按时 met {seen['met']}，逾期完成 late {seen['met_late']}，"
          f"取消 cancelled {seen['cancelled']}")
    print(f"  事件 events      重复 repeated {seen['repeat']}，无对应 unmatched {seen['unmatched']}，坏 bad {seen['bad']}")
    for phase in sorted({key[0] for key in sent}, key=lambda name: [*PHASES, name].index(name)):
        row = "，".join(f"{via} {n}" for (key, via), n in sorted(sent.items()) if key == phase)
        print(f"  消息 {PHASES.get(phase, phase)} {phase:<11} {row}")
    print(f"  未送达 not delivered: dead {seen['dead']}，withdrawn {seen['withdrawn']}，expired {seen['expired']}")
    print(f"  收件箱 inbox     {options.inbox}")
    print(f"  预期的升级 {options.rule} -> {options.to}: " + ("已送达 / arrived" if arrived else "没有送达 / MISSING"))
    return 0 if arrived else 1


if __name__ == "__main__":
    sys.exit(main())
