"""What the daemon says of its own health: /healthz and /livez, a metric, systemd's status line and `cuibanctl status`, while
Redis is dead, frozen, a replica, out of memory, set up badly; while firing is held; while a channel refuses everything."""
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from harness import BASE, CUIBANCTL, World, wait_for

SHIM = os.environ["CLOCK_SHIM_SO"]
SICK_S, WELL_S = 8.5, 8  # 5 s of patience, a beat of the daemon and one of the test; on a busy machine a bit more


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Systemd:
    """The socket that sd_notify(3) writes to."""

    def __init__(self, world):
        self.path, self.lines = world.path("notify.sock"), []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)

    def status(self):
        while True:
            try:
                self.lines.append(self.socket.recv(65536).decode())
            except BlockingIOError:
                return next((line for line in reversed(self.lines) if line.startswith("STATUS=")), "")


class Health(unittest.TestCase):
    def setUp(self):
        self.shift_file = f"{os.environ.get('TMPDIR', '/tmp')}/cuiban-health-{os.getpid()}"
        self.shift(0)
        self.port = free_port()
        self.world = World(settings=f'web = {{ listen = "127.0.0.1:{self.port}"; }};')
        self.systemd = Systemd(self.world)
        self.daemon = self.world.daemon(LD_PRELOAD=SHIM, ASAN_OPTIONS="verify_asan_link_order=0", CLOCK_SHIM=self.shift_file,
                                        NOTIFY_SOCKET=self.systemd.path).wait_owner()
        self.becomes_well()

    def tearDown(self):
        self.world.close()
        os.unlink(self.shift_file)

    def shift(self, seconds):
        with open(self.shift_file, "r+b" if os.path.exists(self.shift_file) else "wb") as file:
            file.write(struct.pack("=q", int(seconds * 1000)))

    def ask(self, path, port=None, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port or self.port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def codes(self):
        status, text = self.ask("/healthz?format=json")
        verdict = json.loads(text)
        self.assertEqual(status == 200, verdict["healthy"], text)
        return {reason["code"] for reason in verdict["reasons"]}

    def becomes_sick(self, *codes, words="", within_s=SICK_S):
        """One of the reasons is given in time, in the same words everywhere."""
        begun = time.monotonic()
        found = wait_for(f"/healthz says {codes}", lambda: self.codes() & set(codes), within_s)
        took = time.monotonic() - begun
        status, text = self.ask("/healthz")
        self.assertEqual(status, 503)
        self.assertTrue(text.startswith("not healthy\n! "), text)
        self.assertIn(words, text)
        self.assertEqual(self.ask("/livez"), (200, "alive\n"))
        self.assertIn("cuiban_healthy 0\n", self.ask("/metrics")[1])
        self.assertIn(f'cuiban_health_reasons{{reason="{min(found)}",severity="error"}} 1\n', self.ask("/metrics")[1])
        wait_for("systemd is told", lambda: self.systemd.status().startswith("STATUS=NOT HEALTHY: "), 3)
        wait_for("the log has it", lambda: "health: NOT HEALTHY: " in self.daemon.log(), 3)
        return took

    def becomes_well(self, within_s=WELL_S):
        wait_for("/healthz says ok", lambda: self.ask("/healthz")[0] == 200, within_s)
        self.assertTrue(self.ask("/healthz")[1].startswith("ok\n"), self.ask("/healthz"))
        self.assertIn("cuiban_healthy 1\n", self.ask("/metrics")[1])
        wait_for("systemd is told", lambda: self.systemd.status().startswith("STATUS=healthy: owns 1 of 1 streams"), 3)

    def status(self, language="en"):
        return subprocess.run([CUIBANCTL, "-c", self.world.path("cuiban.cfg"), "status"], capture_output=True, text=True, timeout=20,
                              env={**os.environ, "LC_ALL": "zh_CN.UTF-8" if language == "zh" else "C.UTF-8", "LANGUAGE": ""}).stdout

    def status_says(self, english, chinese):
        wait_for(f"status says {english!r}", lambda: "! " + english in self.status(), 4, 0.3)
        self.assertIn("! " + chinese, self.status("zh"))

    def test_redis_is_dead(self):
        self.world.redis.stop(signal.SIGKILL)
        self.becomes_sick("unreachable", words="Redis at unix:")
        self.world.redis.start()
        self.becomes_well()

    def test_redis_is_frozen(self):
        self.world.redis.process.send_signal(signal.SIGSTOP)
        try:
            self.becomes_sick("unreachable")
        finally:
            self.world.redis.process.send_signal(signal.SIGCONT)
        self.becomes_well()

    def test_redis_is_a_replica(self):
        self.world.redis.client.replicaof("127.0.0.1", 1)
        self.becomes_sick("unrenewed", "uncommitted", "unserved", words="READONLY")
        self.assertIn("this Redis is a slave", self.status())
        self.world.redis.client.replicaof("NO", "ONE")
        self.becomes_well()

    def test_redis_is_out_of_memory(self):
        """Nothing happens meanwhile: it is noticed all the same."""
        self.world.redis.client.config_set("maxmemory", 1)
        self.becomes_sick("uncommitted", words="OOM")
        self.status_says("nothing can be committed", "无法提交")
        self.assertIn("Redis is out of memory", self.status())
        self.world.redis.client.config_set("maxmemory", 0)
        self.becomes_well()

    def test_firing_is_held(self):
        self.shift(3600)
        self.becomes_sick("held", words="behind this machine's")
        self.status_says("firing is held: Redis' clock is 3600 s behind", "已暂停触发：")
        self.shift(0)
        self.becomes_well()

    def test_the_lease_has_no_end(self):
        self.world.redis.client.set(BASE + ":lease", "somebody")
        self.becomes_sick("unowned", words="remove that key")
        self.world.redis.client.delete(BASE + ":lease")
        self.becomes_well()

    def test_the_stream_is_of_another_type(self):
        self.world.redis.client.set("hr:events", "not a stream")
        self.becomes_sick("unread", "unserved", words="WRONGTYPE")
        self.world.redis.client.delete("hr:events")
        self.becomes_well()

    def test_a_channel_is_misconfigured(self):
        self.world.robot.answer = lambda text: (200, {"errcode": 93000, "errmsg": "invalid webhook url"})
        self.world.add("case.opened", id="a", case="a", person="ann")
        self.becomes_sick("misconfigured", words="channel robot is misconfigured")
        self.status_says("channel misconfigured robot", "渠道配置有误 robot")
        self.world.robot.answer = lambda text: (200, {"errcode": 0, "errmsg": "ok"})
        self.world.add("case.opened", id="b", case="b", person="ann")  # a delivery shows that it is mended
        self.becomes_well()

    def test_standing_by_is_healthy(self):
        port = free_port()
        self.world.write(self.world.get("rules.d", "rules.cfg"), f'web = {{ listen = "127.0.0.1:{port}"; }};',
                         f"unix:{self.world.redis.path}")
        second = self.world.daemon()
        wait_for("it stands by", lambda: "standing by" in second.log())
        time.sleep(6)  # the patience has passed
        status, text = self.ask("/healthz", port)
        self.assertEqual(status, 200, text)
        self.assertRegex(text, r"^ok\n(.*\n)*hr:events is owned by .*; standing by\n")
        self.assertEqual(self.ask("/livez", port)[0], 200)

    def test_redis_is_set_up_badly_meanwhile(self):
        client = self.world.redis.client
        client.config_set("maxmemory-policy", "allkeys-lru")
        client.config_set("appendonly", "no")

        def warnings():
            return {one["code"] for one in json.loads(self.ask("/healthz", Accept="application/json")[1])["warnings"]}

        wait_for("both are noticed", lambda: warnings() == {"no_aof", "evicts"}, 60, 0.5)
        status, text = self.ask("/healthz")
        self.assertEqual(status, 200, text)  # it works; but somebody must know
        self.assertIn("appendonly no", text)
        self.assertIn("maxmemory-policy noeviction: allkeys-lru", text)
        self.assertIn('cuiban_health_reasons{reason="evicts",severity="warning"} 1\n', self.ask("/metrics")[1])
        self.assertIn("! maxmemory-policy is allkeys-lru", self.status())
        wait_for("systemd is told", lambda: "warning: " in self.systemd.status(), 3)
        self.assertFalse(self.daemon.ended(), self.daemon.log())
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "yes")
        wait_for("both are gone", lambda: warnings() == set(), 60, 0.5)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1] + sys.argv[1:], verbosity=2, warnings="ignore")
