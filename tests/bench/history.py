#!/usr/bin/env python3
"""Writes a history of HR events, one JSON object a line, for the shipped rules and their sample company: what people owe is mostly
done in time, some of it late, a little never.     usage: history.py EVENTS > FILE.jsonl"""
import datetime
import heapq
import json
import random
import sys

ZONE = datetime.timezone(datetime.timedelta(hours=8))
BEGIN = datetime.datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
HOUR = datetime.timedelta(hours=1)
PEOPLE = ["zhang.wei", "liu.yang", "wang.fang", "feng.xue", "huang.bo", "wu.gang", "deng.kai", "zhao.min"]
RECRUITERS = ["chen.jing", "xu.dan"]
DEPARTMENTS = ["rd", "sales", "finance"]
SURNAMES, GIVEN, POSITIONS = "王李张刘陈杨赵黄", ["小明", "悦", "航", "云", "琳"], ["Java工程师", "架构师", "产品经理", "市场专员"]


def person(pick):
    return {"candidate": f"c-{pick.randrange(10**6)}", "candidate_name": pick.choice(SURNAMES) + pick.choice(GIVEN),
            "position": pick.choice(POSITIONS)}


def interview(pick, n):
    who = pick.sample(PEOPLE, pick.choice([1, 1, 2]))
    opening = {"interview": f"iv-{n}", "requisition": f"REQ-{n // 9}", "round": pick.randint(1, 3), "interviewers": who,
               "recruiter": pick.choice(RECRUITERS), "department": pick.choice(DEPARTMENTS), **person(pick)}
    return "interview.completed", opening, [("interview.feedback_submitted", {"interview": f"iv-{n}", "interviewer": w}, 20) for w in who]


def requisition(pick, n):
    opening = {"requisition": f"REQ-{n}", "hiring_manager": pick.choice(PEOPLE), "recruiter": pick.choice(RECRUITERS),
               "department": pick.choice(DEPARTMENTS), "position": pick.choice(POSITIONS), "headcount": pick.randint(1, 4)}
    return "requisition.submitted", opening, [("requisition.requirement_confirmed", {"requisition": f"REQ-{n}"}, 60)]


def shortlist(pick, n):
    opening = {"requisition": f"REQ-{n // 9}", "shortlist": f"SL-{n}", "hiring_manager": pick.choice(PEOPLE),
               "recruiter": pick.choice(RECRUITERS), "department": pick.choice(DEPARTMENTS), "position": pick.choice(POSITIONS),
               "resumes": pick.randint(2, 9)}
    return "shortlist.sent", opening, [("shortlist.screened", {"requisition": opening["requisition"], "shortlist": f"SL-{n}"}, 40)]


def final_round(pick, n):
    opening = {"requisition": f"REQ-{n // 9}", "hiring_manager": pick.choice(PEOPLE), "recruiter": pick.choice(RECRUITERS),
               "department": pick.choice(DEPARTMENTS), **person(pick)}
    return "interview.final_round_done", opening, [
        ("hiring.decided", {"requisition": opening["requisition"], "candidate": opening["candidate"]}, 60)]


def slot(pick, n):
    opening = {"interview": f"is-{n}", "requisition": f"REQ-{n // 9}", "interviewer": pick.choice(PEOPLE),
               "recruiter": pick.choice(RECRUITERS), **person(pick)}
    return "interview.slot_proposed", opening, [
        ("interview.slot_confirmed", {"interview": f"is-{n}", "interviewer": opening["interviewer"]}, 8)]


KINDS = [interview] * 4 + [requisition, shortlist, final_round, slot]


def answered(pick, opened, after, hours):
    """Nine of ten in good time, the others late, one of two hundred never."""
    if pick.random() < 0.005:
        return []
    share = pick.uniform(0.05, 0.8) if pick.random() < 0.9 else pick.uniform(1, 4)
    return [(opened + HOUR * hours * share, after)]


def main(n):
    pick, waiting, written, opened = random.Random(4), [], 0, 0
    step = datetime.timedelta(days=180) / (n / 2.7)
    now = BEGIN
    while written < n:
        while waiting and waiting[0][0] <= now and written < n:
            at, _, event = heapq.heappop(waiting)
            written += write(at, event, written)
        if written == n:
            break
        kind, opening, answers = pick.choice(KINDS)(pick, opened)
        opening["slot_time"] = (now + 72 * HOUR).isoformat(timespec="seconds") if "slot" in kind else None
        written += write(now, (kind, {k: v for k, v in opening.items() if v is not None}), written)
        given = [event for after, fields, hours in answers for event in answered(pick, now, (after, fields), hours)]
        if kind == "interview.completed" and len(given) == len(answers):  # then the recruiter owes a summary
            given += answered(pick, max(at for at, _ in given), ("interview.summary_sent", {"interview": opening["interview"]}), 8)
        for i, (at, event) in enumerate(given):
            heapq.heappush(waiting, (at, (opened, i), event))
        opened += 1
        now += step


def write(at, event, number):
    kind, fields = event
    print(json.dumps({"type": kind, "id": f"h-{number}", "time": at.isoformat(timespec="seconds"), **fields}, ensure_ascii=False))
    return 1


main(int(sys.argv[1]))
