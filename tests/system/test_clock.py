"""Clocks that are set while the daemon runs: of Redis, of the daemon's machine, of both; by a little and by an hour.
Nothing fires before its time, and nothing is skipped."""
import os
import signal
import struct
import subprocess
import sys
import time
import unittest

from harness import BASE, CUIBANCTL, World, wait_for

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
        self.world = World(rules=RULES, redis_environment={**self.preload, "CLOCK_SHIM": self.files["redis"]})
        self.daemon = self.start()
        self.daemon.wait_owner()

    def start(self):
        return self.world.daemon(**self.preload, CLOCK_SHIM=self.files["daemon"])

    def ctl(self, *words):
        done = subprocess.run([CUIBANCTL, "-c", self.world.path("cuiban.cfg"), *words], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "LC_ALL": "C.UTF-8"})
        return done.stdout + done.stderr

    def stamps(self):
        """How far the head and the journal are ahead of Redis' own clock, in seconds."""
        seconds, _ = self.world.redis.client.time()
        journal = self.world.redis.client.xrevrange(BASE + ":journal", count=1)
        return [int(self.world.head()["clock"]) / 1000 - seconds, int(journal[0][1]["now"]) / 1000 - seconds if journal else 0]

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
        self.world.nothing_more()
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

    def test_both_stepped_ahead_and_accepted_by_a_command(self):
        begun = self.open("a")
        self.shift(HOUR_S)
        self.wait_log("both clocks jumped by 3600 s")
        wait_for("status says what to do", lambda: "cuibanctl clock accept" in self.ctl("status"), 5, 0.3)
        self.assertIn("queued as command", self.ctl("clock", "accept"))
        self.wait_log("the clock of Redis was accepted")
        self.fired(begun)
        self.once()

    def test_the_daemons_clock_is_ahead_at_the_start(self):
        """Firing is held, but what is committed meanwhile is stamped by Redis: when the machine is right, all goes on."""
        self.assertEqual(self.daemon.stop(), 0)
        self.shift(2 * HOUR_S, "daemon")
        self.daemon = self.start()
        self.wait_log("behind this machine's")
        begun = self.open("a")
        for ahead in self.stamps():
            self.assertLess(abs(ahead), 60)
        self.after(begun, DUE_S + 1)
        self.assertEqual(self.world.robot.texts(), [])
        self.shift(0, "daemon")
        self.wait_log("the clocks agree again")
        self.fired(begun)
        self.once()

    def test_a_head_stamped_in_the_future(self):
        """Redis was two hours ahead, and so was the machine; now both are right, and only a person knows it."""
        self.assertEqual(self.daemon.stop(), 0)
        self.shift(2 * HOUR_S)
        self.daemon = self.start()
        self.open("a")
        wait_for("it is told", self.world.robot.texts)
        self.assertEqual(self.daemon.stop(), 0)
        self.shift(0)
        self.assertIn("! the last commit is stamped 1 h 59 min after Redis' clock", self.ctl("status"))
        self.daemon = self.start()
        self.wait_log("before the last commit")
        wait_for("status says what to do", lambda: "cuibanctl clock accept" in self.ctl("status"), 5, 0.3)
        self.ctl("clock", "accept")
        self.wait_log("the clock of Redis was accepted")
        self.open("b")
        wait_for("the second message", lambda: len(self.world.robot.texts()) == 2)
        wait_for("the head is right again", lambda: abs(self.stamps()[0]) < 60)
        self.assertIn("clock", [record["e"] for record in self.world.journal()])
        self.daemon.stop()
        self.daemon = self.start()  # and it stays right
        self.daemon.wait_owner()
        self.assertNotIn("held", self.daemon.log())

    def test_what_cannot_be_accepted(self):
        self.shift(HOUR_S, "redis")
        self.wait_log("ahead of this machine's")
        self.ctl("clock", "accept")
        self.wait_log("that cannot be accepted")
        self.assertNotIn("was accepted", self.daemon.log())

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
