#!/usr/bin/env python3
"""Six weeks of made-up HR events that end now, for practising with rules: one flat JSON object a line, oldest first.

    history.py [--now TIME] [--redis SOCKET --stream NAME]

With --redis they are appended to the stream, each under the id of its own time, as if the HRIS had been writing all
along. The same --now gives the same events. Most people are in time, some are late, and some things are still open."""
import argparse
import datetime
import json
import random
import subprocess
import sys

ZONE = datetime.timezone(datetime.timedelta(hours=8))
WEEKS = 6
MANAGERS = {"rd": ["zhang.wei", "wang.fang", "liu.yang"], "sales": ["feng.xue", "deng.kai"], "finance": ["peng.hui"]}
RECRUITERS = ["chen.jing", "xu.dan"]
NAMES = ["王小明", "李思", "周晓", "吴昊", "郑洁", "钱程", "孙悦", "何苗"]
POSITIONS = {"rd": "Java工程师", "sales": "客户经理", "finance": "会计"}


class Story:
    def __init__(self, now):
        self.now, self.events, self.random = now, [], random.Random(int(now.timestamp()) // 86400)

    def add(self, at, kind, **fields):
        """What would happen later than now has not happened yet."""
        if at <= self.now:
            self.events.append((at, {"type": kind, "id": f"practice-{len(self.events) + 1:04}", "time": at.isoformat(), **fields}))

    def hours(self, low, high):
        return datetime.timedelta(minutes=self.random.randint(low * 60, high * 60))


def interview(story, at, number):
    department = story.random.choice(list(MANAGERS))
    people = story.random.sample(MANAGERS[department], min(2, len(MANAGERS[department])))
    key = f"iv-{number:04}"
    story.add(at, "interview.completed", interview=key, candidate=f"c-{number:04}", candidate_name=story.random.choice(NAMES),
              requisition=f"REQ-{number % 20:03}", round=story.random.randint(1, 3), position=POSITIONS[department], interviewers=people,
              recruiter=story.random.choice(RECRUITERS), department=department)
    for person in people:  # the department of sales takes its time
        slow = story.random.random() < (0.5 if department == "sales" else 0.25)
        story.add(at + (story.hours(25, 70) if slow else story.hours(1, 23)), "interview.feedback_submitted", interview=key, interviewer=person)


def requisition(story, at, number):
    department = story.random.choice(list(MANAGERS))
    key = f"REQ-{number:03}"
    story.add(at, "requisition.submitted", requisition=key, hiring_manager=story.random.choice(MANAGERS[department]),
              recruiter=story.random.choice(RECRUITERS), department=department, position=POSITIONS[department],
              headcount=story.random.randint(1, 3), urgent=story.random.random() < 0.2)
    story.add(at + story.hours(10, 120), "requisition.requirement_confirmed", requisition=key)
    story.add(at + story.hours(4, 60), "requisition.urgent_evaluated", requisition=key)


def tell(now):
    story, number = Story(now), 0
    day = (now - datetime.timedelta(weeks=WEEKS)).replace(hour=0, minute=0, second=0, microsecond=0)
    while day <= now:
        for _ in range(6 if day.weekday() < 5 else 0):
            number += 1
            at = day + datetime.timedelta(hours=9, minutes=story.random.randint(0, 9 * 60))
            interview(story, at, number)
            if number % 3 == 0:
                requisition(story, at, number // 3)
        day += datetime.timedelta(days=1)
    return sorted(story.events, key=lambda pair: pair[0])


def value(field):
    return field if isinstance(field, str) else json.dumps(field, ensure_ascii=False)


def append(events, redis, stream):
    """One XADD an event, in the protocol of Redis itself (RESP)."""
    command = bytearray()
    for number, (at, event) in enumerate(events):
        words = ["XADD", stream, f"{int(at.timestamp() * 1000)}-{number}"]
        for name, field in event.items():
            words += [name, value(field)]
        command += b"*%d\r\n" % len(words)
        for word in words:
            data = word.encode()
            command += b"$%d\r\n%s\r\n" % (len(data), data)
    subprocess.run(["redis-cli", "-s", redis, "--pipe"], input=bytes(command), check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--now", type=datetime.datetime.fromisoformat)
    parser.add_argument("--redis")
    parser.add_argument("--stream")
    options = parser.parse_args()
    events = tell((options.now or datetime.datetime.now(ZONE)).astimezone(ZONE))
    if options.redis:
        append(events, options.redis, options.stream)
    else:
        for _, event in events:
            print(json.dumps(event, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
