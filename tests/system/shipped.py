"""A copy of the shipped settings, rules, people and events in a folder of its own; every channel a file."""
import os
import shutil
import subprocess

from harness import CUIBANCTL, PLUGINS, STREAM, World, wait_for

CONF = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "conf")
CHANNELS = ("mail", "hr", "rd")


class Site(World):
    def write(self, rules, settings, redis_url):
        for folder in ("rules.d", "tests.d", "calendars.d", "directory.d", "events.d", "templates"):
            shutil.copytree(os.path.join(CONF, folder), self.path(folder))
        channels = "".join(f'{name} = {{ plugin = "log"; path = "{self.path(name + ".jsonl")}"; }}; ' for name in CHANNELS)
        self.put(f"""
redis = "{redis_url}"; streams = [ "{STREAM}" ]; start = "begin"; plugins = "{PLUGINS}";
rules = "rules.d"; calendars = "calendars.d"; directory = "directory.d"; events = "events.d"; templates = "templates";
zone = "Asia/Shanghai"; calendar = "office"; channel = "mail"; catch_all = "role:hr_director";
channels = {{ {channels} }};
{settings}
""", "cuiban.cfg")

    def ctl(self, *words):
        """cuibanctl as an operator calls it, in the folder: exit status and everything that it said."""
        done = subprocess.run([CUIBANCTL, *words], capture_output=True, text=True, check=False, cwd=self.folder,
                              env={**os.environ, "CUIBAN_CONFIG": self.path("cuiban.cfg")})
        return done.returncode, done.stdout + done.stderr

    def settle(self):
        """The daemon has read everything that was sent."""
        last = self.redis.client.xrevrange(STREAM, count=1)
        wait_for("the daemon has read the stream", lambda: not last or self.head().get("cursor") == last[0][0])
