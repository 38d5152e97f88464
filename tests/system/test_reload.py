"""Signals that come while a reload waits for an answer."""
import signal
import sys
import time
import unittest

from harness import World, wait_for


def slow(_text):
    time.sleep(0.8)
    return 200, {"errcode": 0, "errmsg": "ok"}


class Signals(unittest.TestCase):
    def reload_that_waits(self, world):
        world.robot.answer = slow
        daemon = world.daemon().wait_owner()
        world.add("case.opened", case="a", person="ann")
        wait_for("a message is on its way", lambda: world.robot.texts())
        daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.2)
        self.assertNotIn("reloaded", daemon.log())
        return daemon

    def test_a_second_reload_is_not_forgotten(self):
        with World() as world:
            daemon = self.reload_that_waits(world)
            daemon.process.send_signal(signal.SIGHUP)
            wait_for("both were done", lambda: daemon.log().count("reloaded: rules") == 2)
            self.assertEqual(daemon.stop(), 0)

    def test_a_stop_ends_the_reload(self):
        with World() as world:
            daemon = self.reload_that_waits(world)
            self.assertEqual(daemon.stop(), 0, daemon.log())
            self.assertNotIn("reloaded", daemon.log())
            self.assertEqual(len(world.robot.texts()), 1)
            self.assertIn('"delivered"', str(world.journal()).replace("'", '"'))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
