"""kill -9 again and again while work is sent back, several events meet together and rules follow one another: each opening
happens exactly once, as a model in a few lines says. usage: test_following.py [SEED]"""
import collections
import datetime
import random
import sys
import time
import unittest

from harness import BASE, World, wait_for

CASES = 300
RATERS = ("ann", "boss", "carl")
PARTS = ("kit.desk", "kit.card", "kit.key")
SEED = int(sys.argv[1]) if len(sys.argv) > 1 else random.randrange(1 << 30)
ROUNDS_MAX = 400

RULES = """
defaults: { due = "1y"; early = "0s"; ladder = ( { at = "due"; to = [ "owner" ]; via = [ "robot" ]; } ); };
panel:
{
  open   = { on = "panel.asked"; };
  key    = [ "case" ];
  owner  = "each of raters";
  meet   = { on = "panel.answered"; owner = "rater"; };
  cancel = { on = "panel.dropped"; owner = "rater"; };
  reopen = { on = "panel.returned"; owner = "rater"; due = "2y"; };
};
summary: { open = { after = "panel"; }; key = [ "case" ]; owner = "person"; meet = { on = "summary.sent"; }; };
archive: { open = { after = "summary"; }; key = [ "case" ]; owner = "person"; meet = { on = "archive.done"; }; };
kit:     { open = { on = "kit.asked"; }; key = [ "case" ]; owner = "person"; early = "1d"; meet = { all = [ "kit.desk", "kit.card", "kit.key" ]; }; };
"""


class Model:
    """One case: what is open, and how often each rule has opened."""

    def __init__(self):
        self.open, self.closed, self.opened = set(), set(), collections.Counter()
        self.any_met, self.parts, self.told = False, set(), []

    def begin(self, what):
        if what not in self.open:
            self.open.add(what)
            self.opened[what[0]] += 1

    def end(self, what, met, follower):
        if what not in self.open:
            return
        self.open.remove(what)
        self.closed.add(what)
        self.any_met = met or self.any_met if what[0] == "panel" else met
        if not any(name == what[0] for name, _ in self.open):
            if self.any_met:
                self.begin((follower, "ann"))
            self.any_met = False

    def happen(self, type_, rater):
        self.told.append(f"{type_} {rater}")
        panel = ("panel", rater)
        if type_ == "panel.asked":
            for one in RATERS:
                self.begin(("panel", one))
        elif type_ in ("panel.answered", "panel.dropped"):
            self.end(panel, type_ == "panel.answered", "summary")
        elif type_ == "panel.returned" and panel in self.closed and panel not in self.open:
            self.begin(panel)
        elif type_ == "summary.sent":
            self.end(("summary", "ann"), True, "archive")
        elif type_ == "kit.asked":
            self.begin(("kit", "ann"))
        elif type_ in PARTS:
            self.parts.add(type_)
        if len(self.parts) == len(PARTS):
            self.open.discard(("kit", "ann"))


def story(rng):
    """Types and raters of one case, in order."""
    kit = [(part, "") for part in PARTS] + [(rng.choice(PARTS), "")]
    rng.shuffle(kit)
    kit.insert(rng.randrange(3), ("kit.asked", ""))
    panel = [("panel.asked", "")]
    for _ in range(rng.randrange(3, 14)):
        type_ = rng.choice(("panel.answered", "panel.answered", "panel.dropped", "panel.returned", "summary.sent"))
        panel.append((type_, rng.choice(RATERS)))
    return kit[:rng.randrange(1, 6)] + panel


def interleave(rng, stories):
    order = [case for case, events in stories.items() for _ in events]
    rng.shuffle(order)
    left = {case: iter(events) for case, events in stories.items()}
    return [(case, *next(left[case])) for case in order]


class Following(unittest.TestCase):
    def test_exactly_once(self):
        rng = random.Random(SEED)
        stories = {f"c{i}": story(rng) for i in range(CASES)}
        models = {case: Model() for case in stories}
        at = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) - datetime.timedelta(hours=6)
        print(f"seed {SEED}", flush=True)
        with World(rules=RULES) as world:
            redis = world.redis.client
            for case, type_, rater in interleave(rng, stories):
                at += datetime.timedelta(seconds=1)
                last = world.add(type_, case=case, rater=rater or "-", person="ann", time=at.isoformat(),
                                 raters='["ann","boss","carl"]')
                models[case].happen(type_, rater)
            kills = self.serve(world, rng, last)
            daemon = world.daemon().wait_owner()
            world.nothing_more()
            self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
            self.assertEqual(world.dead(), [])
            self.compare(world, models)
            opened = sum((model.opened for model in models.values()), collections.Counter())
            print(dict(opened), f"{kills} kills", flush=True)
            self.assertGreater(min(opened.values()), CASES // 10, "the stories tell too little")

    def serve(self, world, rng, last):
        kills = 0
        for _ in range(ROUNDS_MAX):
            if world.head().get("cursor") == last:
                break
            before = world.head().get("cursor")
            daemon = world.daemon()
            wait_for("it goes on", lambda: world.head().get("cursor") != before, poll_s=0.0005)
            time.sleep(rng.uniform(0.0, 0.012))
            daemon.kill()
            kills += world.head().get("cursor") != last
        self.assertEqual(world.head().get("cursor"), last)
        self.assertGreater(kills, 0, "no kill came in the middle: nothing was tried")
        return kills

    def compare(self, world, models):
        opened = collections.Counter(record["k"] for record in world.journal() if record["e"] == "opened")
        expected = {f"{rule}|{case}": n for case, model in models.items() for rule, n in model.opened.items()}
        wrong = {k: (opened[k], expected.get(k, 0), models[k.split("|")[1]].told) for k in {*opened, *expected}
                 if opened[k] != expected.get(k, 0)}
        self.assertFalse(wrong, f"opened, expected, the story: {list(wrong.items())[:6]}")
        open_now = sorted((d["rule"], d["fields"]["case"], d["owner"]) for d in world.table("deadlines").values())
        self.assertEqual(open_now, sorted((rule, case, owner) for case, model in models.items() for rule, owner in model.open))
        for deadline in world.table("deadlines").values():
            if deadline["rule"] == "kit":
                came = {type_ for type_ in deadline.get("came", [])}
                self.assertEqual(came, models[deadline["fields"]["case"]].parts)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
