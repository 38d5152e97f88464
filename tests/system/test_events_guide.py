"""What conf/EVENTS.md tells the HRIS's developers is true: its commands and programs run against a real Redis and a daemon with
the shipped rules, and cuibanctl answers what the page shows. CUIBAN_WRITE_EXPECT=1 writes those answers anew."""
import datetime
import os
import re
import struct
import subprocess
import sys
import tempfile
import unittest

import redis

from harness import BASE, STREAM, wait_for
from shipped import CONF, Site

GUIDE = os.path.join(CONF, "EVENTS.md")
SOCKET = "/run/redis/redis-server.sock"
AT = datetime.datetime.fromisoformat("2026-11-17T15:12:00+08:00")  # behind all times of the page's events
BLOCK = re.compile(r"^```(redis|sh|python|console)\n(.*?)^```\n", re.S | re.M)
NUMBER = re.compile(r"^[0-9A-Z]{4,}(?=  )", re.M)  # of a deadline
LEFT = re.compile(r"还有 \d+ 小时 \d+ 分钟")  # until its due


class Page(Site):
    def here(self, text):
        return text.replace(SOCKET, self.redis.path)

    def run_redis(self, text):
        for line in text.splitlines():
            done = subprocess.run(["redis-cli", "-s", self.redis.path], input=line + "\n", capture_output=True, text=True,
                                  check=True)
            assert done.stdout.strip() in ("OK", "1"), (line, done.stdout, done.stderr)

    def run_sh(self, text):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", self.here(text)], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and re.fullmatch(r"\d+-\d+|0", done.stdout.strip()), (text, done.stdout, done.stderr)

    def run_python(self, text):
        done = subprocess.run([sys.executable, "-c", self.here(text)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, (text, done.stdout, done.stderr)

    def answer(self, text):
        """What stands in a console block, with what the command says now."""
        self.settle()
        shown = text.splitlines()[0]
        return shown + "\n" + self.ctl(*shown.removeprefix("$ cuibanctl ").split())[1]


def masked(text):
    return LEFT.sub("还有 ...", NUMBER.sub("....", text))


class EventsGuide(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        """All programs that this one starts live at the time of the page."""
        before = dict(os.environ)
        shift = tempfile.NamedTemporaryFile()
        self.addCleanup(shift.close)
        self.addCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        shift.write(struct.pack("=q", int((AT.timestamp() - datetime.datetime.now().timestamp()) * 1000)))
        shift.flush()
        os.environ.update(LD_PRELOAD=os.environ["CLOCK_SHIM_SO"], CLOCK_SHIM=shift.name,
                          ASAN_OPTIONS="verify_asan_link_order=0")

    def refuse(self, client, *command):
        with self.assertRaises(redis.exceptions.NoPermissionError, msg=command):
            client.execute_command(*command)

    def check_rights(self, site):
        hris = redis.Redis(unix_socket_path=site.redis.path, username="hris", password="secret")
        for command in (("XREAD", "STREAMS", STREAM, "0"), ("XDEL", STREAM, "1-1"), ("XTRIM", STREAM, "MAXLEN", "0"),
                        ("XADD", BASE + ":commands", "*", "type", "cuiban.done"), ("DEL", STREAM),
                        ("HGETALL", BASE + ":deadlines")):
            self.refuse(hris, *command)

    def check_outcome(self, site):
        records = site.journal()
        met = sorted(r["owner"] for r in records if r["e"] == "met")
        self.assertEqual(met, ["liu.yang", "zhang.wei"])
        opened = sorted(r["r"] for r in records if r["e"] == "opened")
        self.assertEqual(opened, ["feedback_summary", "interview_feedback", "interview_feedback"])
        self.assertEqual([deadline["rule"] for deadline in site.table("deadlines").values()], ["feedback_summary"])
        self.assertEqual(site.redis.client.xlen(STREAM), 4)  # trimming left what is younger than a week
        self.assertEqual(site.dead(), [])

    def check_bad(self, site):
        site.redis.client.xadd(STREAM, {"type": "cuiban.done", "id": "x"})
        site.redis.client.xadd(STREAM, {f"f{i}": "x" for i in range(65)})
        site.settle()
        self.assertEqual(len(wait_for("two dead letters", lambda: len(site.dead()) == 2 and site.dead())), 2)

    def test_the_page(self):
        with open(GUIDE, encoding="utf-8") as file:
            page = file.read()
        answers = []
        with Page() as site:
            site.daemon().wait_owner()
            for kind, text in BLOCK.findall(page):
                if kind == "console":
                    answers.append((text, site.answer(text)))
                else:
                    {"redis": site.run_redis, "sh": site.run_sh, "python": site.run_python}[kind](text)
            site.settle()
            self.check_rights(site)
            self.check_outcome(site)
            self.check_bad(site)
        self.assertEqual(len(answers), 3)
        if os.environ.get("CUIBAN_WRITE_EXPECT"):
            self.write(page, answers)
        else:
            for shown, said in answers:
                self.assertEqual(masked(shown), masked(said))

    def write(self, page, answers):
        said = iter(answers)
        page = BLOCK.sub(lambda match: f"```console\n{next(said)[1]}```\n" if match.group(1) == "console" else match.group(0), page)
        with open(GUIDE, "w", encoding="utf-8") as file:
            file.write(page)


if __name__ == "__main__":
    unittest.main()
