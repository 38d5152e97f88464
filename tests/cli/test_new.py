#!/usr/bin/env python3
"""`new rule` and `new test` on a copy of the shipped settings: a blank skeleton is refused by the names of its blanks, a
filled one passes `check` at once, and the tests that are begun for each shipped rule can be played and hold."""
import os
import sys
import tempfile

from new_site import Site

CUIBANCTL, CONF, PLUGINS = sys.argv[1:]
BLANKS = ["<event that opens it>", "<field of the case>", "<field of the person>", "<event that meets it>"]
FILLED = ["--on", "transfer.approved", "--meet", "induction.done"]


def blanks_are_named(site):
    file = site.path("rules.d", "new.cfg")
    assert "fill in what stands in < >" in site.run("new", "rule", "my_rule", "--to", file)
    told = site.run("check", status=1)
    for blank in BLANKS:
        assert blank in told, (blank, told)
    assert "4 errors" in told, told
    # An unfinished rule does not keep the next one from being begun, and is never written over.
    before = site.get("rules.d", "new.cfg")
    assert "other_rule:" in site.run("new", "rule", "other_rule")
    assert "nothing was written" in site.run("new", "rule", "other_rule", "--to", file, status=2)
    assert site.get("rules.d", "new.cfg") == before
    os.remove(file)


def filled_passes(site):
    for language in ("zh", "en"):
        file = site.path("rules.d", f"{language}.cfg")
        said = site.run("--lang", language, "new", "rule", f"rule_{language}", *FILLED, "--owner", "old_manager", "--to", file)
        assert "< >" not in said, said
        site.run("check")
        # What is commented out is right, too, but for the event, which nobody has.
        text = site.get("rules.d", f"{language}.cfg").replace("#:", "  ").replace("case.cancelled", "transfer.withdrawn")
        with open(file, "w", encoding="utf-8") as changed:
            changed.write(text)
        site.run("check")
        os.remove(file)
    each = site.run("new", "rule", "each", "--on", "interview.completed", "--meet", "interview.feedback_submitted")
    assert 'owner     = "each of interviewers";' in each and 'owner = "interviewer"; };' in each, each


def mistakes_are_told(site):
    assert "already: " in site.run("new", "rule", "interview_feedback", status=2)
    assert "no word of the language" in site.run("new", "rule", "stops", status=2)
    assert "cannot be the name" in site.run("new", "rule", "my rule", status=2)
    assert 'did you mean "transfer.approved"?' in site.run("new", "rule", "x", "--on", "transfer.aproved", status=2)
    assert "there is no rule" in site.run("new", "test", "nonsense", status=2)


def tests_can_be_played(site):
    rules = site.rules()
    assert len(rules) >= 40, len(rules)
    begun = site.begin_tests(rules)
    results = site.ask("test")["tests"]
    assert len(results) == 2 * len(rules) and all(test["passed"] for test in results), results
    remarks = [rule for rule in rules if "  # " in begun[rule]]
    assert not remarks, f"the ladder does not show, or nothing is done in time, in the tests of {remarks}"


def main():
    with tempfile.TemporaryDirectory(prefix="cuiban-new-") as folder:
        site = Site(folder, CUIBANCTL, CONF, PLUGINS)
        for test in (blanks_are_named, filled_passes, mistakes_are_told, tests_can_be_played):
            test(site)
            print("ok", test.__name__)


main()
