"""Spoilt files for a running daemon, one after the other: whatever they hold, it takes or refuses them as check does, says so,
and goes on serving; with the files mended it is as before.

usage: test_spoilt.py MUTATE CONF [--count N] [--seed N] [--first N]"""
import argparse
import os
import queue
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import CUIBAND, PLUGINS, STREAM, BASE, Redis, wait_for  # noqa: E402

END = re.compile(r"reload refused, (\d+) errors|reloaded: rules ")
LIMIT_S = 60  # a machine may be busy; what hangs, hangs longer


class Spoilt:
    def __init__(self, program, conf, redis, seed, first):
        self.process = subprocess.Popen([program, "--from", conf, "--plugins", PLUGINS, "--redis", redis.path, "--serve",
                                         "--seed", str(seed), "--first", str(first)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.folder = self.process.stdout.readline().split()[1]

    def ask(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError("check itself has died: see above")
        return answer.rstrip("\n").split("\t")

    def close(self):
        self.process.stdin.close()
        return self.process.wait(LIMIT_S)


class Daemon:
    def __init__(self, settings):
        self.process = subprocess.Popen([CUIBAND, "-c", settings], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                        errors="replace")
        self.lines, self.last = queue.Queue(), []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stderr:
            self.lines.put(line)
        self.lines.put(None)

    def wait_line(self, pattern):
        """The match, and everything that was logged before it."""
        said, end = [], time.monotonic() + LIMIT_S
        while True:
            try:
                line = self.lines.get(timeout=max(0.01, end - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"not within {LIMIT_S} s: {pattern.pattern}\n" + "".join(said[-20:])) from None
            if line is None:
                raise AssertionError(f"the daemon has ended: {self.process.wait()}\n" + "".join((self.last + said)[-60:]))
            said.append(line)
            found = pattern.search(line)
            if found:
                self.last = said
                return found, "".join(said)

    def reload(self):
        self.process.send_signal(signal.SIGHUP)
        return self.wait_line(END)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class Campaign:
    def __init__(self, arguments, redis):
        self.redis, self.files = redis, Spoilt(arguments.spoil, arguments.conf, redis, arguments.seed, arguments.first)
        self.daemon = Daemon(os.path.join(self.files.folder, "cuiban.cfg"))
        self.opened, self.taken, self.refused = 0, 0, 0
        self.daemon.wait_line(re.compile("owns it now"))

    def open_one(self):
        """Something that reminders are owed for: the daemon reads, decides and commits."""
        self.opened += 1
        before = self.redis.client.hget(BASE + ":head", "seq")
        self.redis.client.xadd(STREAM, {"type": "training.finished", "id": f"m{self.opened}", "training": f"t{self.opened}",
                                        "department": "rd"})
        wait_for("an event is read and committed", lambda: self.redis.client.hget(BASE + ":head", "seq") != before, LIMIT_S)

    def mend(self):
        self.files.ask("mend")
        found, said = self.daemon.reload()
        assert not found.group(1), "with the files as they are shipped the reload is refused:\n" + said
        self.open_one()

    def one(self):
        number, file, what, errors, first = self.files.ask("next")
        if file.startswith("tests.d/"):
            return
        found, said = self.daemon.reload()
        here = f"number {number}, {file}, {what}\ncheck: {errors} errors, {first}\nreload: {said}"
        if int(errors) > 0:
            self.refused += 1
            assert found.group(1), "check refuses what a reload takes: " + here
        elif found.group(1):
            self.refused += 1
            assert "cannot vanish" in said, "check takes what a reload refuses: " + here
        else:
            self.taken += 1

    def close(self):
        self.daemon.kill()
        self.files.close()


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("spoil")
    parser.add_argument("conf")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--first", type=int, default=0)
    return parser.parse_args()


def main():
    arguments = parse()
    print(f"--seed {arguments.seed} --first {arguments.first} --count {arguments.count}", flush=True)
    with tempfile.TemporaryDirectory(prefix="cuiban-test-") as folder:
        redis = Redis(folder)
        campaign = None
        try:
            campaign = Campaign(arguments, redis)
            campaign.open_one()
            for number in range(arguments.count):
                campaign.one()
                if number % 100 == 99:
                    campaign.mend()
                    print(f"{number + 1}: {campaign.taken} taken, {campaign.refused} refused", flush=True)
            campaign.mend()
            campaign.daemon.process.terminate()
            status = campaign.daemon.process.wait(LIMIT_S)
            assert status == 0, f"it ends with {status}"
            assert campaign.files.process.poll() is None
            assert campaign.files.close() == 0, "check itself was wrong: see above"
            print(f"{arguments.count} spoilt files: {campaign.taken} taken, {campaign.refused} refused")
        finally:
            if campaign:
                campaign.close()
            redis.stop()


if __name__ == "__main__":
    main()
