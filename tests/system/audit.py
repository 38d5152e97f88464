"""The promises of the design, checked from outside: what the HRIS wrote, what Redis holds, what the robot was sent.

Independent of the daemon's code: cases are followed by their names alone."""
import collections
import re

from harness import BASE

LINE = re.compile(r"^\*\*(\w+) quick\*\*\n(?:<@\w+>\n)?\[([0-9A-Z]+)-(\d+)\] (\S+) (\S+)", re.M)


def sent_messages(world):
    """(when, phase, number, case, person) of every request that the robot has received."""
    out = []
    with world.robot.lock:
        messages = list(world.robot.messages)
    for when, _, text in messages:
        match = LINE.search(text)
        assert match, f"a message that no template makes: {text!r}"
        phase, deadline, n, case, person = match.groups()
        out.append((when, phase, f"{deadline}-{n}", case, person))
    return out


def robot_copies(world):
    """(when, number, case, person) of every request that the robot has received."""
    return [(when, number, case, person) for when, _, number, case, person in sent_messages(world)]


def commit_numbers(world):
    return [int(entry["seq"]) for _, entry in world.redis.client.xrange(BASE + ":journal")]


def audit_events(journal, opened, rule_of):
    """Exactly once: every opening opened one deadline, every met or cancelled case closed once. Returns when, by number of commit."""
    openings = collections.Counter(record["k"] for record in journal if record["e"] == "opened")
    assert set(openings) == {f"{rule_of(case)}|{case}" for case in opened}, "an opening was lost or invented"
    assert max(openings.values(), default=1) == 1, "an event was applied twice"
    closings = [record for record in journal if record["e"] in ("met", "met_late", "cancelled")]
    assert len(closings) == len(opened) == len({record["d"] for record in closings}), "a deadline closed twice or never"
    return {record["d"]: record["seq"] for record in closings}


def audit_ends(journal):
    """Every notification ended, once; and nothing was given up without an attempt that is known to have failed."""
    queued = {record["n"] for record in journal if record["e"] == "queued"}
    ended = collections.Counter(record["n"] for record in journal if record["e"] in ("delivered", "withdrawn", "dead")
                                and "n" in record)
    assert queued == set(ended), f"notifications without an end: {sorted(queued ^ set(ended))[:5]}"
    assert max(ended.values(), default=1) == 1, "a notification ended twice"
    failed = {record["n"] for record in journal if record["e"] in ("retry", "refused", "misconfigured")}
    silent = collections.Counter(record["n"] for record in journal if record["e"] == "uncertain" and "the daemon" not in record["why"])
    for record in journal:
        if record["e"] == "dead":
            life = [other for other in journal if other.get("n") == record["n"]]
            assert record["n"] in failed or silent[record["n"]] >= 3, f"given up without need: {life}"


def audit_copies(journal, sent, closed_at):
    """Nothing was sent that was not claimed before, and a second copy needs an attempt that is uncertain on record; nothing leaves
    for a case whose closing was committed before the claim."""
    copies = collections.Counter(number for _, number, _, _ in sent)
    count = {verb: collections.Counter(record["n"] for record in journal if record["e"] == verb)
             for verb in ("claimed", "uncertain", "delivered")}
    for number, n in copies.items():
        assert count["claimed"][number] >= n, f"{number} was sent {n} times under {count['claimed'][number]} claims"
        known = count["delivered"][number] + count["uncertain"][number]
        assert n <= known, f"{number}: {n} copies, and {known} attempts that may have arrived"
    invented = set(count["delivered"]) - set(copies)
    assert not invented, f"a delivery that nobody received: {[r for r in journal if r.get('n') in sorted(invented)[:1]]}"
    for record in journal:
        if record["e"] == "claimed":
            assert record["seq"] <= closed_at.get(record["d"], record["seq"]), f"claimed after the closing: {record}"


def audit(world, opened, sent=None, rule_of=lambda case: "quick"):
    """`opened`: the cases; `sent`: what people got, as robot_copies. Returns numbers for the report."""
    journal = world.journal()
    sent = robot_copies(world) if sent is None else sent
    commits = commit_numbers(world)
    assert commits == sorted(set(commits)), "a commit number came twice, or out of order"
    closed_at = audit_events(journal, opened, rule_of)
    audit_ends(journal)
    audit_copies(journal, sent, closed_at)
    by_verb = collections.Counter(record["e"] for record in journal)
    return {"deadlines": len(opened), "commits": len(commits), "messages": len(sent), **{verb: by_verb[verb] for verb in (
        "delivered", "uncertain", "retry", "backoff", "refused", "misconfigured", "fallback", "withdrawn", "superseded", "dead")}}
