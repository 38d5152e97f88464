"""Whoever follows the ten minutes of conf/README.md to the letter has a rule that works, and whoever follows its change of a rule
gets the new due and with the undo the old one: its files, its commands, in its order, against a real Redis and a daemon that takes
the rules while it runs."""
import datetime
import json
import os
import re
import signal
import subprocess
import unittest

from harness import wait_for
from shipped import CONF, Site

TEN_MINUTES, CHANGE = "## 十分钟", "## 改一条规则"
STEP = re.compile(r"^```\n(?P<text>.*?)^```|^    (?P<command>cuibanctl [^\n#]*)|`(?P<file>(?:rules|events)\.d/\w+\.cfg)`"
                  r"|`(?P<inline>cuibanctl (?:check|event send)[^`]*)`|(?P<reload>^\*\*\d\. 生效)", re.S | re.M)
AS_SHIPPED = 'quiet = "21:00-08:30"; ceiling = [ "role:ceo" ];\n'  # the shipped tests count on them
LINE = re.compile(r"^    (?P<line>(?:cuibanctl|cp|rm|sudo) [^\n#]*)|^```\n(?P<due>.*?)^```", re.S | re.M)
DUE = re.compile(r"^  due       = .*\n", re.M)  # of interview_feedback, in one line as shipped


def section(heading):
    with open(os.path.join(CONF, "README.md"), encoding="utf-8") as file:
        page = file.read()
    return page[page.index(heading):].split("\n## ", 1)[0]


def last_saturday():
    """At noon, an hour ago at least: from there 24h and 8wh never lead to the same instant, whatever day it is today."""
    now = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8)))
    noon = (now - datetime.timedelta(days=(now.weekday() - 5) % 7)).replace(hour=12, minute=0, second=0, microsecond=0)
    return noon if noon < now - datetime.timedelta(hours=1) else noon - datetime.timedelta(days=7)


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
        for step in STEP.finditer(section(TEN_MINUTES)):
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

    def test_a_rule_that_is_still_needed_cannot_be_deleted(self):
        with Site() as site:
            site.put("""own: { summary = "自己的"; open = { on = "candidate.contacted"; }; key = [ "offer" ]; owner = "role:hr_director";
 meet = { on = "candidate.contacted"; key = [ "offer" ]; where = [ "id == done" ]; }; due = "5wd";
 ladder = ( { at = "due"; to = [ "owner" ]; } ); };""", "rules.d", "own.cfg")
            site.daemon().wait_owner()
            site.add("candidate.contacted", offer="o-1", id="e-1")
            site.settle()
            os.remove(site.path("rules.d", "own.cfg"))
            self.assertEqual(site.ctl("--lang", "zh", "plan")[0], 1)
            site.daemons[0].process.send_signal(signal.SIGHUP)
            wait_for("the reload was refused", lambda: "reload 被拒绝" in site.ctl("--lang", "zh", "status")[1])
            self.assertIn("cannot vanish\n", site.ctl("--lang", "zh", "status")[1], "the whole sentence")

    # -- the change of a rule --

    def put_due(self, site, text):
        """The guide's lines for `due`, in the copy that it has made."""
        rules = site.get("new", "recruiting.cfg")
        at = rules.index("\ninterview_feedback:")
        self.assertTrue(DUE.search(rules, at))
        site.put(rules[:at] + DUE.sub(lambda _: text, rules[at:], count=1), "new", "recruiting.cfg")

    def line(self, site, number, line):
        """One command of the page, on the deadline that it calls 编号: what it said."""
        if line.startswith("sudo systemctl reload"):
            self.reload(site)
            return ""
        if not line.startswith("cuibanctl"):
            subprocess.run(line.split(), cwd=site.folder, check=True)
            return ""
        status, said = site.ctl("--lang", "zh", *line.replace("编号", number).split()[1:])
        self.assertEqual(status, 1 if line.strip() == "cuibanctl test" else 0, f"{line}\n{said}")
        return said

    def test_the_change_of_a_rule(self):
        with Site() as site:
            site.put(site.get("cuiban.cfg") + AS_SHIPPED, "cuiban.cfg")
            site.daemon().wait_owner()
            site.add("interview.completed", id="e-1", interview="iv-1", candidate="c-1", requisition="REQ-1",
                     interviewers="zhang.wei", recruiter="chen.jing", department="rd", time=last_saturday().isoformat())
            site.settle()
            number = json.loads(site.ctl("--json", "list", "rule=interview_feedback")[1])[0]["id"]
            due = [self.due(site, number)]
            said = {}
            for step in LINE.finditer(section(CHANGE)):
                if step["due"]:
                    self.put_due(site, step["due"])
                    continue
                said.setdefault(" ".join(step["line"].split()[:2]), []).append(self.line(site, number, step["line"]))
                if step["line"].startswith("sudo"):
                    due.append(self.due(site, number))
            self.assertEqual(len(due), 3, "reloaded and taken back")
            self.assertNotEqual(due[0], due[1])
            self.assertEqual(due[0], due[2], "the undo brings the old due back")
            self.tells_the_truth(section(CHANGE), said)

    def due(self, site, number):
        return json.loads(site.ctl("--json", "show", number)[1])["due"]

    def tells_the_truth(self, page, said):
        for plan in said["cuibanctl plan"]:
            self.assertIn("到期改变 1 个", plan)
        self.assertIn("改动 1 条", said["cuibanctl backtest"][0])
        self.assertIn("错误 0 处", said["cuibanctl check"][0])
        failed = re.findall(r"^FAIL recruiting/(\w+)$", said["cuibanctl test"][0], re.M)  # behind the sum
        self.assertEqual(failed, re.findall(r"`(interview_feedback_\w+)`", page), "the tests that the page names")
        changed, undone = said["cuibanctl explain"]
        self.assertRegex(changed, r"= 8wh，(?s:.*)规则已修改  到期 .* -> ")
        self.assertRegex(undone, r"= 24h@open，(?s:.*)规则已修改  到期 .* -> ")
        self.assertNotRegex(changed + undone, "recomputed|the rule has changed|met_late")


if __name__ == "__main__":
    unittest.main()
