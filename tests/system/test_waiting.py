"""A daemon whose messages wait costs nothing and hears everything, whatever they wait for and whatever ends them meanwhile:
under 5 % of a processor, an answer from its web side within a second, gone two seconds after SIGTERM."""
import contextlib
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest

from harness import World, wait_for

SHIM = os.environ["CLOCK_SHIM_SO"]
CPU_MAX, WEB_S_MAX, STOP_S_MAX = 0.05, 1.0, 2.0
WEB = 'web = { listen = "127.0.0.1:0"; };'
RULE = """
wait:
{{
  summary = "wait";
  open    = {{ on = "case.opened"; }};
  key     = [ "case" ];
  owner   = "person";
  meet    = {{ on = "case.met"; }};
  cancel  = {{ on = "case.cancelled"; key = [ "case" ]; }};
  pause   = {{ on = "case.held"; }};
  resume  = {{ on = "case.freed"; }};
  gap     = "{gap}";
  due     = "{due}s";
  ladder  = ( {{ at = "due-{before}s"; to = [ "owner" ]; via = [ "robot" ]; }}, {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }},
              {{ at = "due+{before}s"; to = [ "owner" ]; via = [ "robot" ]; }} );
}};
"""
# What is shipped: a grace of two seconds lies between the end of a message's life and its end in the books.
SHIPPED = {"settings": WEB, "grace": "2s"}
WECOM = 'rate = "18/min";'
REFUSED = {"errcode": 45009, "errmsg": "api freq out of limit"}  # WeCom: its robot's limit


def rule(due, before, gap="none"):
    return RULE.format(due=due, before=before, gap=gap)


class ClockWorld(World):
    """Its Redis and its daemons have clocks that can be set."""

    def __init__(self, **options):
        self.clocks = tempfile.TemporaryDirectory(prefix="cuiban-clock-")
        self.preload = {"LD_PRELOAD": SHIM, "ASAN_OPTIONS": "verify_asan_link_order=0"}
        for who in ("redis", "daemon"):
            self.shift(0, who)
        super().__init__(redis_environment={**self.preload, "CLOCK_SHIM": self.clock("redis")}, **options)

    def clock(self, who):
        return os.path.join(self.clocks.name, who)

    def shift(self, seconds, *whose):
        for who in whose:
            with open(self.clock(who), "r+b" if os.path.exists(self.clock(who)) else "wb") as file:
                file.write(struct.pack("=q", int(seconds * 1000)))

    def clock_daemon(self):
        return self.daemon(**self.preload, CLOCK_SHIM=self.clock("daemon")).wait_owner()

    def close(self):
        super().close()
        self.clocks.cleanup()


class Meter:
    """Watches one daemon while others work: what it costs, and whether it hears."""

    def __init__(self, daemon):
        self.daemon, self.trouble, self.done = daemon, [], threading.Event()
        self.since, self.cpu = time.monotonic(), daemon.cpu_s()
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()

    def ask(self):
        while not self.done.wait(0.5):
            began = time.monotonic()
            try:
                self.daemon.ask("/healthz", WEB_S_MAX)
            except OSError as error:
                self.trouble.append(f"no answer from the web side after {time.monotonic() - began:.1f} s: {error}")
                return

    def end(self):
        """What was wrong, in words."""
        self.done.set()
        self.thread.join()
        took = time.monotonic() - self.since
        share = (self.daemon.cpu_s() - self.cpu) / took
        if share > CPU_MAX:
            self.trouble.append(f"{share:.0%} of a processor over {took:.1f} s")
        return self.trouble


@contextlib.contextmanager
def watched(test, *daemons):
    """Whatever is done inside costs the daemons nothing to speak of, and they go on answering."""
    meters = [Meter(daemon) for daemon in daemons]
    try:
        yield
    finally:
        trouble = [line for meter in meters for line in meter.end()]
    test.assertEqual(trouble, [], daemons[0].log()[-2000:])


def stops(test, daemon):
    began = time.monotonic()
    daemon.process.terminate()
    try:
        status = daemon.process.wait(STOP_S_MAX + 1)
    except Exception:
        test.fail(f"SIGTERM does not end it:\n{daemon.log()[-2000:]}")
    test.assertEqual(status, 0, daemon.log()[-2000:])
    test.assertLess(time.monotonic() - began, STOP_S_MAX)


def ends(world, what):
    """How many notifications the journal says have ended like this."""
    return sum(record["e"] == what for record in world.journal())


class Expiring(unittest.TestCase):
    """Messages that expire before their channel is free."""

    def play(self, world, cases, pause_s=0.0):
        daemon = world.daemon().wait_owner()
        with watched(self, daemon):
            for i in range(cases):
                world.add("case.opened", id=f"e{i}", case=f"c{i}", person="ann")
                time.sleep(pause_s)
            self.all_end(world)
        stops(self, daemon)

    def all_end(self, world):
        """What has expired is in the books as ended, soon."""
        wait_for("messages expire", lambda: ends(world, "withdrawn") > 2, 40)
        wait_for("they have all ended", lambda: not self.expired(world, 5))

    def expired(self, world, ago_s):
        return [note for note in world.table("outbox").values() if note["expires"] < (time.time() - ago_s) * 1000]

    def test_the_limit_of_a_robot(self):
        with World(rules=rule(9, 5), robot_limits=WECOM, **SHIPPED) as world:
            self.play(world, 8)

    def test_the_limit_of_a_robot_in_a_burst(self):
        with World(rules=rule(10, 5), robot_limits=WECOM, **SHIPPED) as world:
            self.play(world, 20)

    def test_a_server_that_refuses_connections(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:  # bound, but gone before the daemon tries it
            port = taken.getsockname()[1]
        with World(rules=rule(8, 6), **SHIPPED) as world:
            settings = world.get("cuiban.cfg").replace(world.robot.url, f"http://127.0.0.1:{port}")
            world.put(settings.replace('base = "200ms"; cap = "1s"', 'base = "5s"; cap = "1m"'), "cuiban.cfg")
            self.play(world, 12, 0.5)

    def test_while_firing_is_held_for_a_clock(self):
        with ClockWorld(rules=rule(9, 5), robot_limits=WECOM, **SHIPPED) as world:
            daemon = world.clock_daemon()
            with watched(self, daemon):
                for i in range(8):
                    world.add("case.opened", id=f"e{i}", case=f"c{i}", person="ann")
                wait_for("most of them wait", lambda: world.table("outbox"))
                world.shift(3600, "daemon")
                wait_for("firing is held", lambda: "firing is held" in daemon.log())
                wait_for("they expire", lambda: len(self.expired(world, 3)) > 2)  # nothing ends while it is held
                world.shift(0, "daemon")
                self.all_end(world)
            stops(self, daemon)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
