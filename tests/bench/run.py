#!/usr/bin/env python3
"""Speed and memory of the daemon, each beside a bare limit measured in the same run. Prints a table; asserts nothing.
usage: run.py BUILD [events|storm|bytes|trickle|reload|span|check|pack|backtest ...]      BUILD: a folder built with the dev or release preset and tests"""
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

BUILD = os.path.abspath(sys.argv[1])
os.environ["CUIBAN_BUILD"] = BUILD
HERE = os.path.dirname(os.path.abspath(__file__))
CTL = os.path.join(BUILD, "daemon", "cli", "cuibanctl")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "system"))
from harness import BASE, STREAM, World, wait_for  # noqa: E402
import rule_files  # noqa: E402

RULE = """
quick:
{{
  summary = "quick";
  open    = {{ on = "case.opened"; }};
  key     = [ "case" ];
  owner   = "person";
  meet    = {{ on = "case.met"; }};
  due     = "{due}";
  ladder  = ( {{ at = "due"; to = [ "owner" ]; via = [ "robot" ]; }} );
}};
"""
TEMPLATE = "overdue {{summary}}\n[{{number}}] due={{due_ms}} {{case}}\n"
FIELDS = {"position": "Java工程师", "candidate": "c-1029", "candidate_name": "王小明", "requisition": "REQ-311", "round": "2",
          "recruiter": "chen.jing", "department": "d", "source": "ats"}


class Bench(World):
    def __init__(self, due, concurrency=64):
        self.sink = subprocess.Popen([os.path.join(BUILD, "tests", "bench", "bench_sink")], stdout=subprocess.PIPE, text=True)
        self.url = f"http://127.0.0.1:{int(self.sink.stdout.readline())}"
        super().__init__(rules=RULE.format(due=due), redis_options=("--appendfsync", "everysec"))
        settings = open(self.path("cuiban.cfg")).read().replace(self.robot.url, self.url)
        settings = settings.replace("concurrency = 16", f"concurrency = {concurrency}").replace('log = "debug"', 'log = "warning"')
        settings = settings.replace('lease = "2s"', 'lease = "30s"').replace('attempt = "1s"', 'attempt = "10s"')
        self.put(settings, "cuiban.cfg")
        self.put(TEMPLATE, "templates", "en", "overdue.md")

    def get_text(self, *parts):
        return super().get(*parts)

    def get(self, path):
        return json.load(urllib.request.urlopen(self.url + path))

    def feed(self, events):
        pipe = self.redis.client.pipeline(transaction=False)
        for i, fields in enumerate(events):
            pipe.xadd(STREAM, fields)
            if i % 2000 == 1999:
                pipe.execute()
        pipe.execute()

    def close(self):
        super().close()
        self.sink.kill()
        self.sink.wait()

    def cursor_is_last(self):
        return self.head().get("cursor") == self.redis.client.xrevrange(STREAM, count=1)[0][0]


def opened(i, **more):
    return {"type": "case.opened", "id": f"o{i}", "case": f"c{i}", "person": "ann", **FIELDS, **more}


def bare(*arguments):
    return float(subprocess.run([os.path.join(BUILD, "tests", "bench", "bench_bare"), *map(str, arguments)],
                                capture_output=True, text=True, check=True).stdout)


def row(what, value, unit, limit=None, limit_name=""):
    ratio = f"{limit / max(value, 1):8.1f}x below {limit:,.0f} {limit_name}" if limit else ""
    print(f"{what:38} {value:12,.0f} {unit:16} {ratio}", flush=True)


def events(n=100_000):
    with Bench("24h") as bench:
        bench.feed(e for i in range(n) for e in (opened(i), {"type": "case.met", "id": f"m{i}", "case": f"c{i}"}))
        limit = bare("read", bench.redis.path, STREAM, 256)
        began = time.monotonic()
        daemon = bench.daemon().wait_owner()
        started = time.monotonic() - began
        wait_for("all is read", bench.cursor_is_last, 300, 0.01)
        row("open + close, events", 2 * n / (time.monotonic() - began), "events/s", limit, "events/s read by XREAD alone")
        print(f"{'':38} (start-up {started:.2f} s is in it)")
        daemon.stop()


def storm(n=40_000):
    with Bench("at:due_at") as bench:
        limit = bare("post", bench.url + "/cgi-bin/webhook/send?key=k", 20_000, 64)
        daemon = bench.daemon().wait_owner()
        due = time.time() + max(8, n / 4000)
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
        bench.feed(opened(i, due_at=stamp) for i in range(n))
        wait_for("all are open", bench.cursor_is_last, 120, 0.05)
        bench.get("/reset")
        assert time.time() < due, "the openings took longer than the time until due"
        wait_for("all have arrived", lambda: bench.get("/stats")["count"] >= n, 300, 0.2)
        stats = bench.get("/stats")
        row("slip storm, notifications", n / stats["seconds"], "notifications/s", limit, "requests/s of libcurl alone")
        daemon.stop()


def resident(process):
    with open(f"/proc/{process.pid}/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))


def bytes_(n=100_000):
    with Bench("24h") as bench:
        daemon = bench.daemon().wait_owner()
        bench.feed(opened(i) for i in range(1000))
        wait_for("warm", bench.cursor_is_last, 60)
        redis_before, daemon_before = bench.redis.client.info("memory")["used_memory"], resident(daemon.process)
        bench.feed(opened(i) for i in range(1000, 1000 + n))
        wait_for("all are open", bench.cursor_is_last, 120, 0.05)
        keys = {name: bench.redis.client.memory_usage(f"{BASE}:{name}", samples=0) or 0
                for name in ("deadlines", "seen", "journal", "closed")}
        row("bytes per open deadline, daemon", (resident(daemon.process) - daemon_before) / n, "bytes")
        row("bytes per open deadline, Redis hash", keys["deadlines"] / (n + 1000), "bytes")
        row("  besides: event ids for 7 days", keys["seen"] / (n + 1000), "bytes")
        row("  besides: journal for 90 days", keys["journal"] / (n + 1000), "bytes")
        row("  Redis in all, the stream itself too", (bench.redis.client.info("memory")["used_memory"] - redis_before) / n, "bytes")
        daemon.stop()


def trickle(n=1000):
    with Bench("at:due_at") as bench:
        daemon = bench.daemon().wait_owner()
        begin = time.time() + 3
        dues = [begin + i * 0.01 for i in range(n)]

        def stamp(t):
            return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(t)) + f".{int(t * 1000) % 1000:03d}Z"

        bench.feed(opened(i, due_at=stamp(t), due_ms=str(int(t * 1000))) for i, t in enumerate(dues))
        wait_for("all have arrived", lambda: bench.get("/stats")["count"] >= n, 60, 0.5)
        stats = bench.get("/stats")
        row("trickle (one each 10 ms), lateness p50", stats["p50_us"] / 1000, "ms")
        row("trickle (one each 10 ms), lateness p99", stats["p99_us"] / 1000, "ms")
        row("trickle (one each 10 ms), lateness max", stats["max_us"] / 1000, "ms")
        daemon.stop()


class Prober(threading.Thread):
    """Asks the web port for its health again and again: how long does the slowest answer take?"""

    def __init__(self, url):
        super().__init__(daemon=True)
        self.url, self.worst, self.ends = url, 0.0, False

    def run(self):
        while not self.ends:
            began = time.monotonic()
            urllib.request.urlopen(self.url + "healthz").read()
            self.worst = max(self.worst, time.monotonic() - began)
            time.sleep(0.002)

    def stop(self):
        self.ends = True
        self.join()
        return self.worst * 1000


def others(n, due):
    """Rules that nothing happens to, as a large company has them."""
    return "".join(RULE.format(due=due).replace("quick:", f"other{i}:").replace("case.", f"other{i}.") for i in range(n))


def reload(n=100_000, rules=1000):
    with Bench("24h") as bench:
        settings = bench.get_text("cuiban.cfg").replace('log = "warning"', 'log = "info"')
        bench.put(settings + 'web = { listen = "127.0.0.1:0"; };\n', "cuiban.cfg")
        bench.put(RULE.format(due="24h") + others(rules, "24h"), "rules.d", "rules.cfg")
        daemon = bench.daemon().wait_owner()
        bench.feed(opened(i) for i in range(n))
        wait_for("all are open", bench.cursor_is_last, 300, 0.05)
        url = re.search(r"on (http://[0-9.:]+/)", daemon.log()).group(1)
        for i, (what, due) in enumerate((("nothing has changed", "24h"), ("every due moves", "20h"))):
            bench.put(RULE.format(due=due) + others(rules, due), "rules.d", "rules.cfg")
            before, peak, prober = resident(daemon.process), 0, Prober(url)
            prober.start()
            daemon.process.send_signal(signal.SIGHUP)
            while daemon.log().count("reloaded: ") <= i:
                peak = max(peak, resident(daemon.process))
                time.sleep(0.02)
            slowest = prober.stop()
            status = json.load(urllib.request.urlopen(url + "status"))["reload"]
            row(f"reload, {n:,} open, {rules:,} rules", status["took_ms"], f"ms, {what}")
            row("  the loop was held", status["held_ms"], "ms at most", 20, "ms aimed at")
            row("  of that in processor time", status["busy_ms"], "ms at most", 20, "ms aimed at")
            row("  slowest answer of the web port", slowest, "ms")
            row("  memory meanwhile", max(0, peak - before) / 1e6, "MB")
        daemon.stop()


def span():
    subprocess.run([os.path.join(BUILD, "tests", "bench", "bench_span")], check=True)


def check():
    seconds, _ = rule_files.check(BUILD)
    row(f"check of {rule_files.FILES} files, {rule_files.RULES} rules", seconds * 1000, "ms")


def shipped(folder):
    """The shipped settings in a folder, with the plugins of this build."""
    shutil.copytree(os.path.join(HERE, "..", "..", "conf"), folder, dirs_exist_ok=True)
    settings = os.path.join(folder, "cuiban.cfg")
    text = open(settings).read()
    open(settings, "w").write(f'plugins = "{BUILD}/plugins";\n' + text)
    return settings


def pack():
    """Every test of the shipped rules."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        out = subprocess.run([CTL, "-c", shipped(folder), "--json", "test"], capture_output=True, text=True, check=True)
        row(f"test of the pack, {json.loads(out.stdout)['passed']} tests", (time.monotonic() - began) * 1000, "ms")


def backtest(n=200_000):
    """A replay of the shipped rules against themselves with one due changed."""
    with tempfile.TemporaryDirectory() as folder:
        settings = shipped(folder)
        rules = shutil.copytree(os.path.join(folder, "rules.d"), os.path.join(folder, "new"))
        recruiting = open(os.path.join(rules, "recruiting.cfg")).read()
        changed = recruiting.replace('span = "24h"', 'span = "8wh"')
        assert changed != recruiting
        open(os.path.join(rules, "recruiting.cfg"), "w").write(changed)
        history = os.path.join(folder, "history.jsonl")
        with open(history, "w") as file:
            subprocess.run([sys.executable, os.path.join(HERE, "history.py"), str(n)], stdout=file, check=True)
        command = [CTL, "-c", settings, "--json", "backtest", "--events", history, "--rules"]
        for what, other in (("one rule changed", rules), ("no rule changed", os.path.join(folder, "rules.d"))):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            out = subprocess.run([*command, other], capture_output=True, text=True, check=True)
            seconds = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
            facts = json.loads(out.stdout)
            assert facts["left_out"] == 0, out.stderr
            row(f"backtest, {what}", facts["events"] / seconds, "events/s of CPU")


FIGURES = {"events": events, "storm": storm, "bytes": bytes_, "trickle": trickle, "reload": reload, "span": span, "check": check,
           "pack": pack, "backtest": backtest}
for name in sys.argv[2:] or FIGURES:
    FIGURES[name]()
