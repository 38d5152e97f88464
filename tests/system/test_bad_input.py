"""Bad input: each goes where it belongs, with its reason, and the next event is served as if nothing had been."""
import json
import re
import subprocess
import sys
import unittest

from harness import CUIBAND, CUIBANCTL, STREAM, World, wait_for

NUL, BAD_UTF8 = b"a\x00b", b"\xff\xfe"


class BadEvents(unittest.TestCase):
    def test_each_is_kept_with_its_reason(self):
        bad = [
            ({"case": "x"}, "type"),
            ({"type": "case.opened", **{f"f{i}": "v" for i in range(64)}}, "64"),
            ({"type": "case.opened", "case": "x", "text": "v" * 17 * 1024}, "16"),
            ({"type": "case.opened", "case": BAD_UTF8}, "UTF-8"),
            ({"type": "case.opened", "case": NUL}, "NUL"),
            ({"type": "case.opened", "case": "x", "time": "yesterday"}, "time"),
            ({"type": "Case Opened", "case": "x"}, "type"),
            ({"type": "cuiban.done", "deadline": "X"}, "cuiban."),
            ({"type": "case.opened", "person": "ann"}, "case"),
            ({"event": "{not json"}, "JSON"),
        ]
        with World() as world:
            daemon = world.daemon().wait_owner()
            for i, (fields, reason) in enumerate(bad):
                world.redis.client.xadd(STREAM, fields)
                world.add("case.opened", case=f"good{i}", person="ann")
                wait_for(f"the event after {fields} is served", lambda: len(world.table("deadlines")) == i + 1)
                dead = world.dead()
                self.assertEqual(len(dead), i + 1, f"{fields} is not among the dead letters")
                self.assertIn(reason, dead[-1]["why"], fields)
            self.assertEqual(daemon.stop(), 0)

    def test_future_unknown_owner_and_repeat(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            world.add("case.opened", id="1", case="future", person="ann", time="2099-01-01T00:00:00Z")
            world.add("case.opened", id="2", case="unknown", person="nobody")
            world.add("case.opened", id="3", case="again", person="ann", time="2026-01-05T10:00:00+08:00")
            world.add("case.met", id="4", case="again", time="2026-01-05T10:00:01+08:00")
            world.add("case.opened", id="5", case="again", person="ann", time="2026-01-05T10:00:00+08:00")
            wait_for("all are read", lambda: len([r for r in world.journal() if r["e"] == "repeat"]) == 1)
            verbs = [record["e"] for record in world.journal()]
            self.assertIn("future", verbs)
            self.assertIn("owner_unknown", verbs)
            self.assertEqual({d["fields"]["case"] for d in world.table("deadlines").values()} - {"future", "unknown"}, set())
            self.assertEqual(daemon.stop(), 0)


# What a terminal obeys and nobody sees; U+200D, which joins emoji, may pass.
HIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
                    "\U000e0000-\U000e007f]")
HOSTILE = "\u202egnp.exe\u2066\u2069\u200b\u200f\u061c\ufeff\x1b[31m\x9b2J\U000e0041"
TERMINAL_RULES = """
quick:
{
  summary = "quick";
  about   = "{{name}}";
  open    = { on = "case.opened"; };
  key     = [ "case" ];
  owner   = "person";
  meet    = { on = "case.met"; };
  due     = "1y";
  ladder  = ( { at = "due-1y+1s"; to = [ "owner" ]; via = [ "robot" ]; } );
};
"""


class Terminals(unittest.TestCase):
    """Whatever an event brings, cuibanctl and the log show texts and obey none."""

    def ctl(self, world, *words):
        done = subprocess.run([CUIBANCTL, "-c", world.path("cuiban.cfg"), *words], capture_output=True, timeout=60)
        return (done.stdout + done.stderr).decode("utf-8", errors="strict")

    def check(self, text, *words):
        found = HIDDEN.search(text)
        if found:
            self.fail(f"{' '.join(words)}: U+{ord(found.group()):04X} in {text[max(0, found.start() - 60):found.end() + 20]!r}")

    def test_no_verb_shows_what_a_terminal_obeys(self):
        rules = TERMINAL_RULES.replace("due-1y+1s", "due-364d")
        with World(rules=rules) as world:
            case = "C" + HOSTILE
            world.robot.answer = lambda text: (200, {"errcode": 40035, "errmsg": "no " + HOSTILE})
            daemon = world.daemon().wait_owner()
            world.add("case.opened", case=case, person="ann", name="n" + HOSTILE, id="id" + HOSTILE)
            world.add("case.opened", case="C2" + HOSTILE, person="bob" + HOSTILE, name="n")
            world.add("case.opened", case="C3" + HOSTILE, person="ann", time="yesterday" + HOSTILE)
            world.add("case.met", case="nobody" + HOSTILE)
            wait_for("all are read", lambda: len(world.table("deadlines")) == 2 and len(world.dead()) >= 1)
            ids = list(world.table("deadlines"))
            world.put(json.dumps({"type": "case.opened", "case": case, "person": "x" + HOSTILE}), "event.json")
            verbs = [["list"], ["status"], ["dead", "list"], ["case", "case=" + case], ["plan"], ["backtest"], ["event", "list"],
                     ["event", "check", world.path("event.json")], ["event", "send", "--dry-run", "case.opened", "case=" + case],
                     ["what-if", "case.met", "case=" + case], ["explain", "--not", "quick", "case=" + case],
                     ["explain", "--not", "quick", "case=nobody" + HOSTILE], ["list", "--owner", HOSTILE],
                     ["explain", "--who", "ann", "--on", "today"], ["check"], ["ack", ids[0], "--by", HOSTILE]]
            verbs += [[verb, one] for verb in ("show", "explain") for one in ids]
            shown = 0
            for words in verbs:
                for options in (["--lang", "en"], ["--lang", "zh"], ["--json"]):
                    text = self.ctl(world, *options, *words)
                    self.check(text, *options, *words)
                    shown += "gnp.exe" in text
            self.assertGreater(shown, 20, "the hostile text was in what was checked")
            listed = json.loads(self.ctl(world, "--json", "show", ids[0]))
            self.assertIn(HOSTILE, json.dumps(listed, ensure_ascii=False).replace("\\u001b", "\x1b"), "programs read what was sent")
            self.assertEqual(daemon.stop(), 0)
            self.check(daemon.log(), "the log")

    def test_explain_marks_an_event_from_the_future(self):
        with World(rules=TERMINAL_RULES.replace("due-1y+1s", "due-1d")) as world:
            daemon = world.daemon().wait_owner()
            world.add("case.opened", id="1", case="future", person="ann", time="2099-01-01T00:00:00Z")
            world.add("case.opened", id="2", case="present", person="ann")
            wait_for("both are open", lambda: len(world.table("deadlines")) == 2)
            ids = {d["fields"]["case"]: id_ for id_, d in world.table("deadlines").items()}
            mark = "stamped in the future: counted as now"
            self.assertIn(mark, self.ctl(world, "--lang", "en", "explain", ids["future"]))
            self.assertIn("事件时间在将来", self.ctl(world, "--lang", "zh", "explain", ids["future"]))
            self.assertNotIn(mark, self.ctl(world, "--lang", "en", "explain", ids["present"]))
            world.add("case.met", id="3", case="present", time="2099-01-01T00:00:00Z")
            wait_for("it is met", lambda: len(world.table("deadlines")) == 1)
            text = self.ctl(world, "--lang", "en", "explain", ids["present"])
            self.assertIn("met", [line for line in text.split("\n") if mark in line][0])
            self.assertEqual(daemon.stop(), 0)


class BadSettings(unittest.TestCase):
    def run_daemon(self, world, *arguments):
        result = subprocess.run([CUIBAND, "-c", world.path("cuiban.cfg"), *arguments], capture_output=True, text=True, timeout=20)
        return result.returncode, result.stderr

    def test_all_errors_at_once(self):
        with World() as world:
            world.put('broken: { summry = "x"; };\nother: { open = { on = "a.b" };\n', "rules.d", "b.cfg")
            world.put('people = ( { id = "a"; emial = "x"; } );', "directory.d", "z.cfg")
            status, errors = self.run_daemon(world)
            self.assertEqual(status, 2)
            self.assertIn("b.cfg", errors)
            self.assertIn("z.cfg", errors)

    def test_bad_plugins_are_refused(self):
        with World() as world:
            good = world.get("cuiban.cfg")
            for old, new, word in (('plugin = "wecom"', 'plugin = "nothere"', "nothere"),
                                   ('plugin = "wecom"; key = "k"', 'plugin = "wecom"', "webhook"),
                                   ('plugin = "wecom"; key = "k"; url = "', 'plugin = "wecom"; key = "k"; url = "http://h/robot/send"; mention = "', "option url"),
                                   ('plugin = "wecom"', 'plugin = "wecom"; colour = "red"', "colour")):
                world.put(good.replace(old, new), "cuiban.cfg")
                status, errors = self.run_daemon(world)
                self.assertEqual(status, 2, errors)
                self.assertIn(word, errors)
                self.assertRegex(errors, r"cuiban\.cfg:\d+: ")

    def test_check_ends_with_success(self):
        with World() as world:
            status, errors = self.run_daemon(world, "--check")
            self.assertEqual(status, 0)
            self.assertNotIn("error", errors)


class Reload(unittest.TestCase):
    def test_a_bad_file_leaves_the_running_rules_alone(self):
        with World() as world:
            daemon = world.daemon().wait_owner()
            good = world.get("rules.d", "rules.cfg")
            world.put("quick: {", "rules.d", "rules.cfg")
            daemon.process.send_signal(1)
            wait_for("the refusal", lambda: "reload refused" in daemon.log())
            world.add("case.opened", case="a", person="ann")
            wait_for("it is open", lambda: world.table("deadlines"))
            world.put(good.replace('"quick"', '"quicker"'), "rules.d", "rules.cfg")
            daemon.process.send_signal(1)
            wait_for("the reload", lambda: "reloaded" in daemon.log())
            world.add("case.met", case="a")
            wait_for("the deadline of the older rule is met", lambda: not world.table("deadlines"))
            self.assertEqual(daemon.stop(), 0, daemon.log())


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
