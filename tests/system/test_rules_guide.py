"""Whoever follows the ten minutes of conf/README.md to the letter has a rule that works: its files, its commands, in its order,
against a real Redis and a daemon that takes the rule while it runs."""
import os
import re
import signal
import unittest

from harness import wait_for
from shipped import CONF, Site

HEADING = "## 十分钟"
STEP = re.compile(r"^```\n(?P<text>.*?)^```|^    (?P<command>cuibanctl [^\n#]*)|`(?P<file>(?:rules|events)\.d/\w+\.cfg)`"
                  r"|`(?P<inline>cuibanctl (?:check|event send)[^`]*)`|(?P<reload>^\*\*\d\. 生效)", re.S | re.M)


def section():
    with open(os.path.join(CONF, "README.md"), encoding="utf-8") as file:
        page = file.read()
    return page[page.index(HEADING):].split("\n## ", 1)[0]


class RulesGuide(unittest.TestCase):
    def reload(self, site):
        before = site.head()["rules"]
        site.daemons[0].process.send_signal(signal.SIGHUP)
        wait_for("the daemon took the new rule", lambda: site.head()["rules"] != before)

    def command(self, site, line):
        words = line.split()[1:]
        status, said = site.ctl("--lang", "zh", *words)
        self.assertEqual(status, 0, f"{line}\n{said}")
        site.settle()
        return words, said

    def follow(self, site):
        """(words of the command, what it said), in the order of the page."""
        file, said = None, []
        for step in STEP.finditer(section()):
            if step["file"]:
                file = step["file"]
            elif step["text"]:
                site.put(step["text"], *file.split("/"))
            elif step["reload"]:
                self.reload(site)
            else:
                said.append(self.command(site, step["command"] or step["inline"]))
        return said

    def test_the_ten_minutes(self):
        with Site() as site:
            site.daemon().wait_owner()
            site.add("candidate.contacted", offer="o-1", id="e-1")  # the HRIS is at work, as in the practice site
            site.settle()
            said = self.follow(site)
            verbs = [" ".join(words[:2]) if words[0] in ("event", "new") else words[0] for words, _ in said]
            for verb in ("new rule", "check", "what-if", "new test", "test", "plan", "status", "event send", "list", "explain"):
                self.assertIn(verb, verbs)
            texts = {verb: text for verb, (_, text) in zip(verbs, said)}
            self.assertIn("-> escalation ma.chao", texts["what-if"])
            self.assertIn("唐薇", texts["list"])
            self.assertIn("通过 2", texts["test"])
            self.assertIn("按时完成", site.ctl("--lang", "zh", "explain", "badge_issued", "badge=B-1")[1])


if __name__ == "__main__":
    unittest.main()
