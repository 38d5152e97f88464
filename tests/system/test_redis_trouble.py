"""Trouble between the daemon and Redis: late bytes of an old connection, a flushed script cache, a restart under the daemon,
lost data, settings of Redis that lose data."""
import signal
import sys
import time
import unittest

from audit import audit
from harness import BASE, STREAM, World, wait_for
from proxy import Proxy


def opened_and_closed(world, n, prefix):
    now = time.monotonic()
    for i in range(n):
        world.add("case.opened", id=f"{prefix}o{i}", case=f"{prefix}{i}", person="ann")
    for i in range(n):
        world.add("case.met", id=f"{prefix}m{i}", case=f"{prefix}{i}")
    return {f"{prefix}{i}": now for i in range(n)}


class LateBytes(unittest.TestCase):
    def test_an_old_connections_commit_arrives_late(self):
        with World() as world:
            proxy = Proxy(world.redis.path)
            world.write(world.get("rules.d", "rules.cfg"), "", f"redis://127.0.0.1:{proxy.port}")
            daemon = world.daemon().wait_owner()
            opened = {}
            for round_ in range(5):
                proxy.hold(b"EVALSHA")  # the next commit (or renewal) is held; its client sees the connection break
                opened.update(opened_and_closed(world, 3, f"r{round_}-"))
                wait_for("a command was held", lambda: proxy.held, 20)
                wait_for("the daemon has gone on", world.drained, 30)
                before = (world.head(), world.table("closed"))
                for answer in proxy.deliver():
                    self.assertNotIn(b":", answer[:1], f"Redis took the late commit: {answer!r}")
                self.assertEqual(before, (world.head(), world.table("closed")), "late bytes changed the state")
            print(audit(world, opened), flush=True)
            self.assertEqual(daemon.stop(), 0)
            proxy.close()


class Flush(unittest.TestCase):
    def test_script_flush_in_mid_stream(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            opened = {}
            for round_ in range(20):
                opened.update(opened_and_closed(world, 5, f"f{round_}-"))
                world.redis.client.script_flush()
            wait_for("everything has ended", world.drained, 30)
            print(audit(world, opened), flush=True)
            self.assertEqual(daemon.stop(), 0)


class WrongType(unittest.TestCase):
    def test_what_breaks_each_load_is_tried_less_and_less(self):
        with World() as world:
            world.redis.client.set(STREAM, "not a stream")
            daemon = world.daemon()
            wait_for("the load fails", lambda: "WRONGTYPE" in daemon.log())
            began = time.monotonic()
            wait_for("it has failed again and again", lambda: daemon.log().count("WRONGTYPE") > 7, 60)
            self.assertGreater(time.monotonic() - began, 3, "ten times a second")
            world.redis.client.delete(STREAM)
            daemon.wait_owner()
            self.assertEqual(daemon.stop(), 0)


class Restart(unittest.TestCase):
    def test_redis_restarts_under_the_daemon(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            opened = {}
            for round_, how in enumerate((signal.SIGTERM, signal.SIGKILL, signal.SIGKILL)):
                opened.update(opened_and_closed(world, 20, f"s{round_}-"))
                world.redis.restart(how)
                wait_for("everything has ended", world.drained, 40)
            print(audit(world, opened), flush=True)
            self.assertEqual(daemon.stop(), 0)

    def test_redis_is_not_there_yet(self):
        with World() as world:
            world.redis.stop()
            daemon = world.daemon()
            time.sleep(1)
            self.assertFalse(daemon.ended(), daemon.log())
            world.redis.start()
            daemon.wait_owner()
            self.assertEqual(daemon.stop(), 0)


class LostData(unittest.TestCase):
    def stops_with(self, world, words):
        daemon = world.daemon()
        wait_for(f"the daemon says {words!r}", lambda: words in daemon.log(), 20)
        daemon.stop()
        return daemon.log()

    def test_head_missing_beside_deadlines(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            world.add("case.opened", case="x", person="ann")
            wait_for("it is open", lambda: world.table("deadlines"))
            daemon.stop()
            world.redis.client.delete(BASE + ":head")
            self.stops_with(world, "stopped for good")

    def test_evicting_policy_is_refused(self):
        with World(redis_options=("--maxmemory-policy", "allkeys-lru")) as world:
            log = self.stops_with(world, "stopped for good")
            self.assertIn("maxmemory-policy", log)

    def test_missing_aof_is_warned_of(self):
        with World(redis_options=("--appendonly", "no")) as world:
            daemon = world.daemon().wait_owner()
            wait_for("the warning", lambda: "appendonly" in daemon.log())
            daemon.stop()

    def test_trimmed_before_it_was_read(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            world.add("case.opened", case="a", person="ann")
            wait_for("it is open", lambda: world.table("deadlines"))
            daemon.stop()
            for i in range(10):
                world.add("case.opened", case=f"lost{i}", person="ann")
            world.redis.client.xtrim("hr:events", maxlen=3, approximate=False)
            daemon = world.daemon().wait_owner()
            wait_for("the rest is open", lambda: len(world.table("deadlines")) == 4)
            wait_for("the gap is said", lambda: "7" in daemon.log() and "trim" in daemon.log().lower())
            daemon.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
