"""Clocks that are set while the daemon runs: of Redis, of the daemon's machine, of both; by a little and by an hour.
Nothing fires before its time, and nothing is skipped."""
import os
import signal
import struct
import sys
import time
import unittest

from harness import World, wait_for

SHIM = os.environ["CLOCK_SHIM_SO"]
HOUR_S = 3600
DUE_S = 5

RULES = f"""
slow:
{{
  summary = "slow";
  open    = {{ on = "case.opened"; }};
  key     = [ "case" ];
  owner   = "person";
  meet    = {{ on = "case.met"; }};
  due     = "{DUE_S}s";
  ladder  = ( {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }} );
}};
"""


class Clocks(unittest.TestCase):
    def setUp(self):
        self.world = None
        self.files = {who: f"{os.environ.get('TMPDIR', '/tmp')}/cuiban-clock-{os.getpid()}-{who}" for who in ("redis", "daemon")}
        for who in self.files:
            self.shift(0, who)
        self.preload = {"LD_PRELOAD": SHIM, "ASAN_OPTIONS": "verify_asan_link_order=0"}
        before = dict(os.environ)
        os.environ.update(self.preload, CLOCK_SHIM=self.files["redis"])
        try:
            self.world = World(rules=RULES)
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.daemon = self.world.daemon(**self.preload, CLOCK_SHIM=self.files["daemon"]).wait_owner()

    def tearDown(self):
        if self.world:
            self.world.close()
        for file in self.files.values():
            os.unlink(file)

    def shift(self, seconds, *whose):
        """Sets the clocks, as NTP or a person would."""
        for who in whose or self.files:
            with open(self.files[who], "r+b" if os.path.exists(self.files[who]) else "wb") as file:
                file.write(struct.pack("=q", int(seconds * 1000)))

    def open(self, case):
        self.world.add("case.opened", id=case, case=case, person="ann")
        begun = time.monotonic()
        wait_for("it is open", lambda: self.world.table("deadlines"))
        return begun

    def wait_log(self, words):
        wait_for(f"the daemon says {words!r}", lambda: words in self.daemon.log())

    def after(self, begun, seconds):
        time.sleep(max(0.0, begun + seconds - time.monotonic()))

    def fired(self, begun, limit_s=20):
        """Seconds from the opening to the one message."""
        wait_for("the message", self.world.robot.texts, limit_s)
        self.after(begun, 0)
        with self.world.robot.lock:
            return self.world.robot.messages[0][0] - begun

    def once(self):
        time.sleep(1.5)
        self.assertEqual(len(self.world.robot.texts()), 1, self.world.robot.texts())
        self.assertEqual(self.daemon.stop(), 0)

    def test_redis_stepped_an_hour_ahead_and_back(self):
        begun = self.open("a")
        self.shift(HOUR_S, "redis")
        self.wait_log("ahead of this machine's")
        self.after(begun, DUE_S + 1)
        self.assertEqual(self.world.robot.texts(), [], "fired while the clocks disagree")
        self.shift(0, "redis")
        self.wait_log("the clocks agree again")
        self.fired(begun)
        self.once()

    def test_the_daemons_clock_stepped_an_hour_ahead_and_back(self):
        begun = self.open("a")
        self.shift(HOUR_S, "daemon")
        self.wait_log("behind this machine's")
        self.assertEqual(self.world.robot.texts(), [])
        self.shift(0, "daemon")
        self.wait_log("the clocks agree again")
        self.assertGreaterEqual(self.fired(begun), DUE_S - 0.1)
        self.once()

    def test_both_stepped_back_and_right_again(self):
        begun = self.open("a")
        self.shift(-HOUR_S)
        self.wait_log("before the last commit")
        self.shift(0)
        self.wait_log("the clocks agree again")
        self.assertGreaterEqual(self.fired(begun), DUE_S - 0.1)
        self.once()

    def test_both_stepped_ahead_and_accepted(self):
        begun = self.open("a")
        self.shift(HOUR_S)
        self.wait_log("both clocks jumped by 3600 s")
        self.after(begun, DUE_S + 1)
        self.assertEqual(self.world.robot.texts(), [], "fired although nobody has accepted the jump")
        self.assertTrue(self.world.table("deadlines"))
        self.daemon.process.send_signal(signal.SIGHUP)
        self.fired(begun)
        self.once()

    def test_a_small_step_back(self):
        begun = self.open("a")
        self.shift(-3)
        self.assertGreaterEqual(self.fired(begun), DUE_S + 3 - 0.1)
        self.assertNotIn("held", self.daemon.log())
        self.once()

    def test_a_small_step_ahead(self):
        begun = self.open("a")
        self.shift(1.5)  # less than the lease lasts: it is not lost by the step
        took = self.fired(begun)
        self.assertGreaterEqual(took, DUE_S - 1.5 - 0.1)
        self.assertLess(took, DUE_S)
        self.once()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
