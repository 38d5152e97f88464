"""Bad input: each goes where it belongs, with its reason, and the next event is served as if nothing had been."""
import subprocess
import sys
import unittest

from harness import CUIBAND, STREAM, World, wait_for

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
                                   ('plugin = "wecom"; key = "k"', 'plugin = "wecom"', "key"),
                                   ('plugin = "wecom"', 'plugin = "wecom"; colour = "red"', "colour")):
                world.put(good.replace(old, new), "cuiban.cfg")
                status, errors = self.run_daemon(world)
                self.assertEqual(status, 2, errors)
                self.assertIn(word, errors)

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
