#!/usr/bin/env python3
"""Plays a week of HR events into the event stream of a rehearsal, each at its time on the daemon's own fast clock.

    play.py --redis SOCKET --stream NAME --week FILE.jsonl --ready FILE --end TIME [--daemon PID] [--inbox PORT]

FILE.jsonl holds one event a line: {"type", "id", "time", "fields": {...}, "note": "for people"}. --ready is the file
that the daemon's standard output goes to: its line "cuiband: ready at TIME speed N" is the anchor. Ends at --end on that
clock. --inbox is the control port of tests/support/sink.py, which then shows the daemon's time, too. Exit status 0, or 1 if the daemon ended before, or did not get ready within a minute."""
import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request

READY = re.compile(r"^cuiband: ready at (\S+) speed (\d+)", re.M)
READY_SECONDS_MAX = 60
WEEKDAYS = "一二三四五六日"


class Clock:
    """The daemon's clock: anchored at the moment its line was written, carried on N times as fast as ours."""

    def __init__(self, at, speed, age):
        self.at, self.speed, self.seen = at, speed, time.monotonic() - age

    def now(self):
        return self.at + datetime.timedelta(seconds=(time.monotonic() - self.seen) * self.speed)

    def wait(self, until, alive):
        while True:
            left = (until - self.now()).total_seconds() / self.speed
            if left <= 0:
                return True
            if not alive():
                return False
            time.sleep(min(left, 0.2))


def when(at):
    return at.strftime("%m-%d ") + "周" + WEEKDAYS[at.weekday()] + at.strftime(" %H:%M")


def value(field):
    """Lists are JSON arrays, booleans true/false: the contract of the event stream."""
    return field if isinstance(field, str) else json.dumps(field, ensure_ascii=False)


def read_week(path):
    events = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                event = json.loads(line)
                event["at"] = datetime.datetime.fromisoformat(event["time"])
                event["type"], event["id"], event["fields"].items()
            except (ValueError, KeyError, AttributeError) as error:
                sys.exit(f"{path}:{number}: not an event: {error!r}")
            events.append(event)
    return sorted(events, key=lambda event: event["at"])


def wait_ready(path, alive):
    limit = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < limit and alive():
        with open(path, encoding="utf-8", errors="replace") as output:
            found = READY.search(output.read())
        if found:
            age = max(0.0, time.time() - os.stat(path).st_mtime)  # 0.02 s here are 48 s there
            return Clock(datetime.datetime.fromisoformat(found[1]), int(found[2]), age)
        time.sleep(0.02)
    return None


def append(options, event):
    flat = ["type", event["type"], "id", event["id"], "time", event["time"]]
    for name, field in event["fields"].items():
        flat += [name, value(field)]
    done = subprocess.run(["redis-cli", "-s", options.redis, "-e", "XADD", options.stream, "*", *flat],
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        sys.exit(f"redis-cli: {done.stderr.strip()}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    for name in ("redis", "stream", "week", "ready", "end"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--daemon", type=int, help="process id: stop when it is gone")
    parser.add_argument("--inbox", type=int, help="control port of the inbox")
    options = parser.parse_args()

    def alive():
        return not options.daemon or os.path.exists(f"/proc/{options.daemon}/exe")

    events = read_week(options.week)
    clock = wait_ready(options.ready, alive)
    if not clock:
        print("play.py: the daemon did not get ready", file=sys.stderr)
        return 1
    if options.inbox:
        query = urllib.parse.urlencode({"at": clock.now().isoformat(), "speed": clock.speed})
        urllib.request.urlopen(f"http://127.0.0.1:{options.inbox}/start?{query}", timeout=5).close()
    print(f"\n守护进程就绪，时钟 {when(clock.at)}，快 {clock.speed} 倍 / ready, {clock.speed} times faster than real time\n",
          flush=True)
    for event in events:
        if not clock.wait(event["at"], alive):
            print("play.py: the daemon ended", file=sys.stderr)
            return 1
        print(f">> {when(event['at'])}  {event['type']}  {event.get('note', '')}", flush=True)
        append(options, event)
    return 0 if clock.wait(datetime.datetime.fromisoformat(options.end), alive) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
