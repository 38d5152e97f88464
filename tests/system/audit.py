"""The promises of the design, checked from outside: what the HRIS wrote, what Redis holds, what the robot was sent.

Independent of the daemon's code: cases are followed by their names alone."""
import collections
import re

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


def audit(world, opened, met, cancelled):
    """`opened`: case -> monotonic time of the XADD; `met` and `cancelled` likewise. Returns numbers for the report."""
    journal = world.journal()
    by_verb = collections.Counter(record["e"] for record in journal)
    sequence = sorted({record["seq"] for record in journal})

    # Exactly once: every opening opened one deadline, every met or cancelled case closed once.
    openings = collections.Counter(record["k"] for record in journal if record["e"] == "opened")
    assert set(openings) == {f"quick|{case}" for case in opened}, "an opening was lost or invented"
    assert max(openings.values(), default=1) == 1, "an event was applied twice"
    closings = [record for record in journal if record["e"] in ("met", "met_late", "cancelled")]
    assert len(closings) == len(opened) == len({record["d"] for record in closings}), "a deadline closed twice or never"
    assert len(sequence) == len(set(sequence))

    # Every notification ended, and every step led to one for each recipient.
    queued = {record["n"]: record for record in journal if record["e"] == "queued"}
    ended = collections.Counter(record["n"] for record in journal if record["e"] in ("delivered", "withdrawn", "dead")
                                and "n" in record)
    assert set(queued) == set(ended), f"notifications without an end: {sorted(set(queued) ^ set(ended))[:5]}"
    assert max(ended.values(), default=1) == 1, "a notification ended twice"
    # Given up is only what an attempt without a known end may have delivered, once a later step has spoken to the same person.
    tried = {record["n"] for record in journal if record["e"] == "uncertain"}
    for record in (record for record in journal if record["e"] == "dead"):
        later = [other for other in queued.values() if other["d"] == record["d"] and other["to"] == queued[record["n"]]["to"]
                 and other["seq"] > queued[record["n"]]["seq"]]
        assert record["n"] in tried and later, f"given up without need: {record}"

    # Nothing was sent that was not claimed before; a second copy needs an uncertain attempt on record.
    messages = sent_messages(world)
    copies = collections.Counter(number for _, _, number, _, _ in messages)
    claims = collections.Counter(record["n"] for record in journal if record["e"] == "claimed")
    uncertain = collections.Counter(record["n"] for record in journal if record["e"] == "uncertain")
    retried = collections.Counter(record["n"] for record in journal if record["e"] == "retry")
    delivered = {record["n"] for record in journal if record["e"] == "delivered"}
    for number, n in copies.items():
        assert claims[number] >= n, f"{number} was sent {n} times under {claims[number]} claims"
        assert n <= 1 + uncertain[number] + retried[number], f"{number}: a duplicate without an uncertain attempt"
    assert delivered <= set(copies), "a delivery that nobody received"

    # Nothing leaves for a case whose closing was committed before the claim.
    closed_at = {record["d"]: record["seq"] for record in closings}
    for record in journal:
        if record["e"] == "claimed":
            assert record["seq"] <= closed_at.get(record["d"], record["seq"]), f"claimed after the closing: {record}"
    return {"deadlines": len(opened), "commits": len(sequence), "messages": len(messages),
            "uncertain": by_verb["uncertain"], "withdrawn": by_verb["withdrawn"], "superseded": by_verb["superseded"],
            "dead": by_verb["dead"]}
