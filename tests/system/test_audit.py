"""The audit notices each breach that it is for: a good journal passes, and each way of spoiling it fails."""
import json
import unittest

from audit import audit

GOOD = [
    (1, [{"e": "opened", "d": "AB", "k": "quick|c0"}]),
    (2, [{"e": "queued", "d": "AB", "n": "AB-1", "to": "ann"}]),
    (3, [{"e": "claimed", "d": "AB", "n": "AB-1"}]),
    (4, [{"e": "uncertain", "d": "AB", "n": "AB-1", "why": "the daemon ended meanwhile"}]),
    (5, [{"e": "claimed", "d": "AB", "n": "AB-1"}]),
    (6, [{"e": "delivered", "d": "AB", "n": "AB-1"}]),
    (7, [{"e": "met", "d": "AB"}]),
]
SENT = [(0.0, "AB-1", "c0", "ann")] * 2
WAITS = [(8, [{"e": "queued", "d": "AB", "n": "AB-2", "to": "ann"}])]
GIVEN_UP = WAITS + [(9, [{"e": "dead", "d": "AB", "n": "AB-2", "why": "no reason"}])]


class FakeWorld:
    """As much of a world as the audit looks at."""

    def __init__(self, commits):
        self.commits, self.redis = commits, self
        self.client = self

    def xrange(self, _key):
        return [(f"{i}-0", {"seq": str(seq), "records": json.dumps(records)}) for i, (seq, records) in enumerate(self.commits)]

    def journal(self):
        return [{**record, "seq": seq} for seq, records in self.commits for record in records]


class Audit(unittest.TestCase):
    def test_a_good_journal_passes(self):
        self.assertEqual(audit(FakeWorld(GOOD), {"c0": 0}, SENT)["delivered"], 1)

    def test_each_breach_is_noticed(self):
        for what, commits, opened, sent in (
                ("a commit number came twice", GOOD + [(7, [])], ["c0"], SENT),
                ("a commit number came twice, or out of order", GOOD[:5] + [(9, [])] + GOOD[5:], ["c0"], SENT),
                ("an opening was lost", GOOD, ["c0", "c1"], SENT),
                ("an event was applied twice", [(0, GOOD[0][1])] + GOOD, ["c0"], SENT),
                ("a deadline closed twice or never", GOOD[:-1], ["c0"], SENT),
                ("notifications without an end", GOOD + WAITS, ["c0"], SENT),
                ("a notification ended twice", GOOD + [(8, GOOD[5][1])], ["c0"], SENT),
                ("given up without need", GOOD + GIVEN_UP, ["c0"], SENT),
                ("3 times under 2 claims", GOOD, ["c0"], SENT + SENT[:1]),
                ("2 copies, and 1 attempts", GOOD[:3] + GOOD[4:], ["c0"], SENT),
                ("a delivery that nobody received", GOOD, ["c0"], []),
                ("claimed after the closing", GOOD[:4] + [(5, GOOD[6][1]), (6, GOOD[4][1]), (7, GOOD[5][1])], ["c0"], SENT)):
            with self.subTest(what), self.assertRaisesRegex(AssertionError, what):
                audit(FakeWorld(commits), dict.fromkeys(opened, 0), sent)


if __name__ == "__main__":
    unittest.main(verbosity=2)
