"""A daemon whose messages wait costs nothing and hears everything, whatever they wait for and whatever ends them meanwhile:
under 5 % of a processor, an answer from its web side within a second, gone two seconds after SIGTERM."""
import contextlib
import datetime
import os
import signal
import socket
import struct
import sys
import tempfile
import threading
import time
import unittest

from harness import STREAM, World, wait_for

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


def closed_port():
    """One that refuses connections."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


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
        with World(rules=rule(8, 6), **SHIPPED) as world:
            settings = world.get("cuiban.cfg").replace(world.robot.url, f"http://127.0.0.1:{closed_port()}")
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


def quiet_now():
    """Quiet hours around this minute, in the zone of the settings."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    return f"{now - datetime.timedelta(hours=2):%H:%M}-{now + datetime.timedelta(hours=3):%H:%M}"


def silent(_text):
    return None, None


def slow(_text):
    time.sleep(0.7)
    return 200, {"errcode": 0, "errmsg": "ok"}


def refused(_text):
    return 200, REFUSED


USED_UP = 'rate = "1/h"; concurrency = 4;'
# What messages wait for: how the world is made, and what the robot says. The first case takes the one permit of USED_UP.
STATES = {
    "limit": ({"robot_limits": USED_UP}, None),
    "concurrency": ({"robot_limits": 'rate = "100000/s"; concurrency = 1;'}, slow),
    "back-off": ({}, refused),
    "quiet": ({"robot_options": f'quiet = "{quiet_now()}";'}, None),
    "gap": ({"rules": rule(6, 4, "1h")}, None),
    "held": ({"robot_limits": USED_UP}, None),
    "uncertain": ({"robot_options": 'uncertain = "hold";'}, silent),
    "dead channel": ({}, None),
    "no Redis": ({"robot_limits": USED_UP}, None),
    "frozen Redis": ({"robot_limits": USED_UP}, None),
    "standing by": ({"robot_limits": USED_UP}, None),
    "other settings": ({"robot_limits": USED_UP}, None),
    "paused": ({}, refused),
}
CASES = [f"c{i}" for i in range(10)]


class Waiting:
    """One state, and everything that can end what waits, one after the other, while the daemon is watched."""

    def __init__(self, name):
        options, answer = STATES[name]
        self.name, self.answer = name, answer
        self.world = ClockWorld(**{"rules": rule(6, 4), "settings": WEB, "grace": "1s", **options})

    def begin(self):
        world = self.world
        if self.answer:
            world.robot.answer = self.answer
        if self.name == "dead channel":
            world.put(world.get("cuiban.cfg").replace(world.robot.url, f"http://127.0.0.1:{closed_port()}"), "cuiban.cfg")
        daemon = world.clock_daemon()
        for case in CASES:
            world.add("case.opened", id=case, case=case, person="ann")
        wait_for(f"{self.name}: messages wait", self.waits)
        if self.name == "standing by":
            self.owner, daemon = daemon, world.daemon(**world.preload, CLOCK_SHIM=world.clock("daemon"))
            wait_for("it stands by", lambda: "standing by" in daemon.log())
        return daemon

    def waits(self):
        if self.name == "gap":
            return any(d["state"] == "overdue" for d in self.world.table("deadlines").values())
        return len(self.world.table("outbox")) >= 5

    def tell(self, type_, case):
        self.world.add(type_, id=f"{type_}-{case}", case=case)

    def read(self):
        last = self.world.redis.client.xrevrange(STREAM, count=1)[0][0]
        wait_for(f"{self.name}: all is read", lambda: self.world.head().get("cursor") == last)

    def close_some(self):
        self.tell("case.met", "c1")
        self.tell("case.cancelled", "c2")
        self.tell("case.held", "c3")
        self.tell("case.held", "c4")
        self.tell("case.freed", "c4")
        if self.name == "paused":
            for case in CASES[5:]:
                self.tell("case.held", case)
        self.read()

    def reload(self, daemon, words):
        before = daemon.log().count(words)
        daemon.process.send_signal(signal.SIGHUP)
        wait_for(f"{self.name}: {words}", lambda: daemon.log().count(words) > before)

    def reload_all(self, daemon):
        self.reload(daemon, "reloaded: ")
        rules = self.world.get("rules.d", "rules.cfg")
        self.world.put(rules + "what is this", "rules.d", "rules.cfg")
        self.reload(daemon, "reload refused")
        self.world.put(rules, "rules.d", "rules.cfg")
        self.reload(daemon, "reloaded: ")
        if self.name == "other settings":
            self.world.put(self.world.get("cuiban.cfg").replace("1/h", "2/h"), "cuiban.cfg")
            self.reload(daemon, "connections are opened anew")
            wait_for("it owns the stream again", lambda: daemon.log().count("this daemon owns it now") > 1)

    def set_clocks(self, daemon):
        self.world.shift(1, "redis", "daemon")
        self.world.shift(3600, "daemon")
        wait_for(f"{self.name}: firing is held", lambda: "firing is held" in daemon.log())
        if self.name != "held":
            self.world.shift(1, "daemon")
            wait_for(f"{self.name}: the clocks agree", lambda: "the clocks agree again" in daemon.log())

    def expire(self):
        """Reminders live until due; what is said at due is said to somebody again later."""
        time.sleep(6)

    def end_all(self, daemon):
        if "Redis" in self.name:
            if self.name == "no Redis":
                self.world.redis.stop(signal.SIGKILL)
            else:
                self.world.redis.process.send_signal(signal.SIGSTOP)
            self.expire()
            return
        self.close_some()
        self.expire()
        if self.name != "standing by":
            self.set_clocks(daemon)
        self.reload_all(daemon)

    def play(self, test):
        try:
            daemon = self.begin()
            with watched(test, daemon):
                self.end_all(daemon)
            stops(test, daemon)
        finally:
            if self.name == "frozen Redis":
                self.world.redis.process.send_signal(signal.SIGCONT)
            self.world.close()


class States(unittest.TestCase):
    def test_every_state_and_every_end(self):
        """All at once: each mostly waits."""
        trouble = {}

        def play(name):
            try:
                Waiting(name).play(self)
            except Exception as error:
                trouble[name] = f"{error}"

        threads = [threading.Thread(target=play, args=(name,)) for name in STATES]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(trouble, {}, "\n".join(f"{name}: {error}" for name, error in trouble.items()))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
