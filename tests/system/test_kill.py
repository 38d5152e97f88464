"""kill -9 at random moments, again and again, while cases open, are met, fall due and are told: nothing is lost, nothing is
done twice, nobody hears about a case that was closed. usage: test_kill.py [ROUNDS] [SEED]"""
import random
import sys
import threading
import time
import unittest

from audit import audit
from harness import UNHURRIED, World, wait_for

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 50
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)


class Hris(threading.Thread):
    """Opens cases all the time; meets some in time, some late, cancels some; in the end meets what is left. `haste`: of the open
    cases, how many are closed with each opening."""

    def __init__(self, world, rng, haste=0.03):
        super().__init__(daemon=True)
        self.world, self.rng, self.haste, self.running = world, rng, haste, True
        self.opened, self.met, self.cancelled = {}, {}, {}
        self.ids = 0

    def event(self, type_, case, **fields):
        self.ids += 1
        event_id = f"e{self.ids}"
        self.world.add(type_, id=event_id, case=case, **fields)
        if self.rng.random() < 0.2:  # the relay retries with the same id
            self.world.add(type_, id=event_id, case=case, **fields)

    def close_case(self, case):
        kind = self.rng.choice([self.met, self.met, self.cancelled])
        kind[case] = time.monotonic()
        self.event("case.met" if kind is self.met else "case.cancelled", case)

    def left(self):
        return [case for case in self.opened if case not in self.met and case not in self.cancelled]

    def run(self):
        while self.running:
            case = f"c{len(self.opened)}"
            self.opened[case] = time.monotonic()
            self.event("case.opened", case, person="ann")
            for open_case in self.left():
                if self.rng.random() < self.haste:
                    self.close_case(open_case)
            time.sleep(self.rng.uniform(0.01, 0.06))

    def finish(self):
        self.running = False
        self.join()
        for case in self.left():
            self.close_case(case)


class Kill(unittest.TestCase):
    def test_kill_at_random_moments(self):
        rng = random.Random(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        with World(rules=UNHURRIED, grace=None) as world:
            hris = Hris(world, random.Random(SEED + 1), haste=0.006)
            hris.start()
            for _ in range(ROUNDS):
                daemon = world.daemon()
                daemon.wait_owner()
                time.sleep(rng.uniform(0.0, 0.6))
                daemon.kill()
            hris.finish()
            daemon = world.daemon().wait_owner()
            wait_for("everything has ended", world.drained, 60)
            self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
            print(audit(world, hris.opened), flush=True)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
