"""What a start refuses, what it waits for, and what a reload makes of the same files. No Redis is needed: that it is away is one
of the things that may pass."""
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import BUILD, CUIBAND, CUIBANCTL, PLUGINS, wait_for  # noqa: E402

CONF = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "conf")
UNIT = os.path.join(BUILD, "systemd", "cuiban.service")
PLAIN = {key: value for key, value in os.environ.items() if not key.startswith("LC_") and key not in ("LANG", "NOTIFY_SOCKET")}
# (what is written instead of what, in which file), and what is said of it
BAD = (
    ("cuiban.cfg", r'^redis .*$', 'redis = "redis.example.com:6379";', "redis: must begin with unix: or redis://"),
    ("cuiban.cfg", r'^redis .*$', 'redis = "/run/redis/redis-server.sock";', "redis: must begin with unix: or redis://"),
    ("cuiban.cfg", r'^streams .*$', 'streams = [ "cuiban:x" ];', "those are this program's own keys"),
    ("cuiban.cfg", r'^web .*$', 'web = { listen = "127.0.0.1:notaport"; };', 'web.listen: "127.0.0.1:notaport" is not an address'),
    ("cuiban.cfg", r'plugin = "log"; path = "[^"]*hr.jsonl"', 'plugin = "logg"', 'channel hr: there is no plugin "logg"'),
    ("rules.d/common.cfg", "hrbp of department", "hrpb off department", 'defaults.requester: "hrpb off department"'),
)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Files:
    """The files that are shipped, with everything that leads out of the folder led back into it."""

    def __init__(self, port):
        self.object = tempfile.TemporaryDirectory(prefix="cuiban-test-")
        self.folder = self.object.name
        shutil.copytree(CONF, os.path.join(self.folder, "conf"))
        self.settings = os.path.join(self.folder, "conf", "cuiban.cfg")
        self.change("cuiban.cfg", r"^redis .*$", f'redis = "unix:{self.folder}/redis.sock"; plugins = "{PLUGINS}";')
        self.change("cuiban.cfg", "/var/log/cuiban", self.folder)
        self.listen(port)
        self.daemons = []

    def change(self, name, pattern, text):
        """Returns what was there, for put()."""
        path = os.path.join(self.folder, "conf", name)
        with open(path, encoding="utf-8") as file:
            before = file.read()
        after = re.sub(pattern, lambda _: text, before, flags=re.M)
        assert after != before, pattern
        self.put(name, after)
        return before

    def put(self, name, text):
        with open(os.path.join(self.folder, "conf", name), "w", encoding="utf-8") as file:
            file.write(text)

    def listen(self, port):
        self.change("cuiban.cfg", r"^web .*$", f'web = {{ listen = "127.0.0.1:{port}"; }};')

    def run(self, program, *arguments, **environment):
        return subprocess.run([program, "-c", self.settings, *arguments], capture_output=True, text=True, timeout=60, check=False,
                              env={**PLAIN, **environment})

    def start(self):
        daemon = Daemon(self)
        self.daemons.append(daemon)
        return daemon

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        for daemon in self.daemons:
            daemon.kill()
        self.object.cleanup()


class Daemon:
    def __init__(self, files):
        self.log_path = os.path.join(files.folder, f"daemon-{len(files.daemons)}.log")
        self.notices = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notices.bind(self.log_path + ".notify")
        self.notices.settimeout(60)
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([CUIBAND, "-c", files.settings], stdout=log, stderr=log,
                                            env={**PLAIN, "NOTIFY_SOCKET": self.log_path + ".notify"})

    def wait_ready(self):
        while self.notices.recv(4096) != b"READY=1":
            pass
        return self

    def log(self):
        with open(self.log_path, encoding="utf-8") as file:
            return file.read()

    def wait_log(self, text, times=1):
        wait_for(text + "\n" + self.log(), lambda: self.log().count(text) >= times or self.process.poll() is not None, 60)
        assert self.log().count(text) >= times, self.log()

    def ignores(self, number):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as file:
            return int(re.search(r"^SigIgn:\s*([0-9a-f]+)$", file.read(), re.M).group(1), 16) >> (number - 1) & 1

    def reload(self):
        """How it ended: True if the files were taken."""
        self.process.send_signal(signal.SIGHUP)
        self.wait_ready()
        assert self.process.poll() is None, self.log()
        return [line for line in self.log().splitlines() if "reloaded: " in line or "reload refused" in line][-1].find("refused") < 0

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.notices.close()

    def stop(self):
        self.process.terminate()
        return self.process.wait(60)


def ask(port, what="status"):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/{what}", timeout=10) as answer:
        return json.load(answer)


class Refused(unittest.TestCase):
    """check, --check, a start and a reload say the same of the same file; only the start ends."""

    def say_of(self, files, wanted):
        for program, arguments, status in ((CUIBANCTL, ("check",), 1), (CUIBAND, ("--check",), 2), (CUIBAND, (), 2)):
            done = files.run(program, *arguments)
            said = done.stdout + done.stderr
            self.assertEqual(done.returncode, status, said)
            self.assertIn(wanted, said)
            self.assertRegex(said, r"(cuiban|common)\.cfg:[1-9][0-9]*: error: ")
            self.assertNotIn("out of memory", said)

    def test_bad_files(self):
        port = free_port()
        with Files(port) as files:
            daemon = files.start().wait_ready()
            for name, pattern, text, wanted in BAD:
                with self.subTest(text=text):
                    good = files.change(name, pattern, text)
                    self.say_of(files, wanted)
                    self.assertFalse(daemon.reload())
                    self.assertIn(wanted, daemon.log())
                    self.assertIn(wanted, ask(port)["reload"]["failure"]["why"])
                    files.put(name, good)
            self.assertTrue(daemon.reload(), daemon.log())
            self.assertNotIn("failure", ask(port)["reload"])
            self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_in_chinese(self):
        with Files(0) as files:
            files.change("cuiban.cfg", r"^web .*$", 'web = { listen = "127.0.0.1:x"; };')
            said = files.run(CUIBAND, "--check", LANG="zh_CN.UTF-8").stderr
            self.assertIn("错误: web.listen：\"127.0.0.1:x\" 不是地址加端口", said)
            self.assertIn("cuiband：错误 1 处", said)

    def test_a_reload_that_comes_too_early(self):
        with Files(0) as files:
            daemon = files.start()
            wait_for("it has begun", lambda: daemon.ignores(signal.SIGPIPE), 60, 0.0005)
            for _ in range(50):  # while it reads its files
                daemon.process.send_signal(signal.SIGHUP)
            daemon.wait_ready()
            self.assertEqual(daemon.stop(), 0, daemon.log())


class Waits(unittest.TestCase):
    def test_a_busy_port(self):
        with socket.socket() as other, Files(0) as files:
            other.bind(("127.0.0.1", 0))
            other.listen()
            port = other.getsockname()[1]
            files.listen(port)
            self.assertEqual(files.run(CUIBAND, "--check").returncode, 0)
            daemon = files.start().wait_ready()
            daemon.wait_log("another program listens there")
            self.assertTrue(daemon.reload(), daemon.log())
            self.assertEqual(daemon.log().count("another program listens there"), 1, "it is said once")
            self.assertNotIn("out of memory", daemon.log())
            other.close()
            daemon.wait_log(f"on http://127.0.0.1:{port}/")
            self.assertEqual(ask(port)["reload"]["taken"], 1)
            self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_a_reload_moves_it(self):
        first, second = free_port(), free_port()
        with Files(first) as files:
            daemon = files.start().wait_ready()
            ask(first)
            files.listen(second)
            self.assertTrue(daemon.reload(), daemon.log())
            ask(second)
            self.assertRaises(OSError, ask, first)
            files.change("cuiban.cfg", r"^web .*$", f'web = {{ listen = "0.0.0.0:{second}"; }};')  # busy until the other has closed
            self.assertTrue(daemon.reload(), daemon.log())
            daemon.wait_log(f"on http://0.0.0.0:{second}/")
            files.change("cuiban.cfg", r"^web .*$", "")
            self.assertTrue(daemon.reload(), daemon.log())
            self.assertRaises(OSError, ask, second)
            self.assertEqual(daemon.stop(), 0, daemon.log())

    def test_redis_that_is_not_there(self):
        with Files(0) as files:
            files.change("cuiban.cfg", r"^redis .*$", f'redis = "redis://no-such-host.invalid"; plugins = "{PLUGINS}";')
            daemon = files.start().wait_ready()
            daemon.wait_log("connecting again")
            files.change("cuiban.cfg", r"^redis .*$", f'redis = "unix:{files.folder}/none"; plugins = "{PLUGINS}";')
            self.assertTrue(daemon.reload(), daemon.log())
            daemon.wait_log("Redis at unix:")
            self.assertEqual(daemon.stop(), 0, daemon.log())


class Unit(unittest.TestCase):
    """The shipped unit, with the built programs and another folder of settings in the place of the installed ones."""

    def settled(self, files):
        with open(UNIT, encoding="utf-8") as file:
            unit = file.read()
        return re.sub(r"(?<==)/\S*/cuiband(?= -c)", CUIBAND, re.sub(r"/\S*/cuiban/cuiban\.cfg", files.settings, unit))

    def commands(self, files, daemon):
        lines = re.findall(r"^ExecReload=(.*)$", self.settled(files), re.M)
        self.assertEqual(len(lines), 2)
        return [shlex.split(line.replace("$MAINPID", str(daemon.process.pid))) for line in lines]

    @staticmethod
    def reload(commands):
        """As systemd does it: one after the other, and the first that fails ends it."""
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=PLAIN)
            if done.returncode:
                return done
        return done

    def test_a_bad_file_fails_at_the_prompt(self):
        with Files(0) as files:
            daemon = files.start().wait_ready()
            commands = self.commands(files, daemon)
            good = files.change("rules.d/common.cfg", "hrbp of department", "hrpb off department")
            done = self.reload(commands)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, r'/rules\.d/common\.cfg:[0-9]+: error: defaults\.requester: "hrpb off department"')
            self.assertNotIn("reload", daemon.log(), "the daemon was not asked")
            files.put("rules.d/common.cfg", good)
            self.assertEqual(self.reload(commands).returncode, 0)
            daemon.wait_log("reloaded: ")
            self.assertEqual(daemon.stop(), 0, daemon.log())

    @unittest.skipUnless(shutil.which("systemd-analyze"), "no systemd-analyze here")
    def test_verify(self):
        with Files(0) as files:
            path = os.path.join(files.folder, "cuiban.service")
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.settled(files))
            done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=60,
                                  check=False)
            self.assertEqual([line for line in done.stderr.splitlines() if "cuiban.service:" in line], [])


if __name__ == "__main__":
    unittest.main()
