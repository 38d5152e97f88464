"""kill -9 and stops at random moments, a second daemon at times, and channels that answer in every way that vendors, relays and networks
do: whatever people got twice is uncertain in the journal, and nothing is given up without a reason.
usage: test_fates.py [ROUNDS] [SEED]"""
import random
import sys
import time
import unittest

from audit import audit
from harness import World, wait_for
from test_kill import Hris
from vendors import DINGTALK, MAIL, WECOM, Vendors

ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 25
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
CHANNELS = ("robot", "ding", "mail")
RULE = """
{channel}:
{{
  summary = "{channel}";
  open    = {{ on = "case.opened"; where = [ "by == {channel}" ]; }};
  key     = [ "case" ];
  owner   = "person";
  meet    = {{ on = "case.met"; where = [ "by == {channel}" ]; }};
  cancel  = {{ on = "case.cancelled"; key = [ "case" ]; where = [ "by == {channel}" ]; }};
  due     = "2s";
  gap     = "none";
  ladder  = ( {{ at = "due-1s"; to = [ "owner" ]; via = [ "{channel}" ]; }}, {{ at = "due"; to = [ "owner" ]; via = [ "{channel}" ]; }},
              {{ at = "due+1s"; to = [ "head" ]; via = [ "{channel}" ]; }} );
}};
"""


def channel_of(case):
    return CHANNELS[int(case[1:]) % len(CHANNELS)]


class FatefulHris(Hris):
    def event(self, type_, case, **fields):
        super().event(type_, case, by=channel_of(case), **fields)


class FatefulWorld(World):
    def __init__(self, seed):
        super().__init__(rules="".join(RULE.format(channel=channel) for channel in CHANNELS))
        self.vendors = Vendors(seed)
        robot, ding, mail = (self.vendors.address(name) for name in ("wecom", "dingtalk", "mail"))
        before, after = self.get("cuiban.cfg").split("channels = {")
        self.put(before + f"""channels = {{
  robot = {{ plugin = "wecom"; key = "k"; url = "http://{robot}"; rate = "100000/s"; concurrency = 8; fallback = "mail"; }};
  ding  = {{ plugin = "dingtalk"; token = "t"; url = "http://{ding}"; rate = "100000/s"; concurrency = 8; }};
  mail  = {{ plugin = "email"; server = "smtp://{mail}"; from = "hr@example.com"; tls = "none"; rate = "100000/s"; concurrency = 8; }};
}};
""" + after.split("\n", 1)[1], "cuiban.cfg")
        self.put("""
people = ( { id = "ann"; department = "d"; wecom = "Ann"; dingtalk = "13800000000"; email = "ann@example.com"; },
           { id = "boss"; department = "d"; wecom = "Boss"; dingtalk = "13800000001"; email = "boss@example.com"; } );
departments = ( { id = "d"; head = "boss"; } );
roles = {};
""", "directory.d", "people.cfg")

    def close(self):
        super().close()
        self.vendors.close()


class Fates(unittest.TestCase):
    def test_nothing_is_doubled_in_silence(self):
        rng = random.Random(SEED)
        print(f"seed {SEED}, {ROUNDS} rounds", flush=True)
        with FatefulWorld(SEED + 2) as world:
            hris = FatefulHris(world, random.Random(SEED + 1))
            hris.start()
            daemon = world.daemon()
            for _ in range(ROUNDS):
                daemon.wait_owner()
                time.sleep(rng.uniform(0.0, 3.0))
                standby = world.daemon() if rng.random() < 0.3 else None
                if standby:
                    wait_for("it stands by, or owns already", lambda: any(words in standby.log() for words in ("standing by", "ready at")))
                if rng.random() < 0.2:
                    self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
                daemon.kill()
                daemon = standby or world.daemon()
            daemon.wait_owner()
            hris.finish()
            wait_for("everything has ended", world.drained, 120)
            self.assertEqual(daemon.stop(), 0, daemon.log()[-2000:])
            print(audit(world, hris.opened, world.vendors.accepted, rule_of=channel_of), flush=True)
            print(f"{len(world.vendors.drawn)} fates of {len(WECOM) + len(DINGTALK) + len(MAIL) + 3}", flush=True)
            self.assertGreaterEqual(len(world.vendors.drawn), 25)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
