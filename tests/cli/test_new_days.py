#!/usr/bin/env python3
"""`new test` for every shipped rule on other days than today: two tests each, in which the ladder shows and what is done in
time is done in time, and which hold when they are played.

    test_new_days.py CUIBANCTL CONF PLUGINS CLOCK_SHIM                     days on which samples once missed month, quarter or year
    test_new_days.py CUIBANCTL CONF PLUGINS CLOCK_SHIM 2026-01-01 731      each of so many days (two seconds a day)
"""
import datetime
import os
import re
import struct
import sys
import tempfile
import time

from new_site import Site

CUIBANCTL, CONF, PLUGINS, SHIM = sys.argv[1:5]
# Two weeks without a month's first or last working day; ends of a year and of February; before long holidays.
DAYS = ["2026-12-08", "2026-12-31", "2027-02-01", "2028-02-29", "2026-09-27"]


def days():
    if len(sys.argv) == 5:
        return DAYS
    first = datetime.date.fromisoformat(sys.argv[5])
    return [str(first + datetime.timedelta(days=i)) for i in range(int(sys.argv[6]))]


def set_clock(file, day):
    """Noon of that day, whatever the machine's clock and zone say."""
    noon = datetime.datetime.fromisoformat(day + "T12:00:00+00:00").timestamp()
    with open(file, "wb") as shim:
        shim.write(struct.pack("<q", int((noon - time.time()) * 1000)))


def expectations(text, rule, name):
    test = re.search(rf"^  {rule}_{name}:$.*?^    expect  = \[(.*?)\];$", text, re.M | re.S)
    assert test, f"{rule}: no test {name}:\n{text}"
    return re.findall(r'"(.+?)"', test.group(1))


def check_day(site, rules):
    for rule, text in site.begin_tests(rules).items():
        assert "  # " not in text, text
        assert expectations(text, rule, "slips"), f"{rule}: nobody hears anything:\n{text}"
        late = [line for line in expectations(text, rule, "in_time") if re.search(r" (overdue|chase|escalation) ", line)]
        assert not late, f"{rule}: late although done in time:\n{text}"
    results = site.ask("test")["tests"]
    assert len(results) == 2 * len(rules) and all(test["passed"] for test in results), results
    for rule in rules:
        os.remove(site.path("tests.d", f"{rule}.cfg"))


def main():
    with tempfile.TemporaryDirectory(prefix="cuiban-days-") as folder:
        clock = os.path.join(folder, "clock")
        site = Site(folder, CUIBANCTL, CONF, PLUGINS, {"LD_PRELOAD": SHIM, "CLOCK_SHIM": clock})
        for day in days():
            set_clock(clock, day)
            try:
                check_day(site, site.rules())
            except AssertionError as error:
                raise AssertionError(f"on {day}: {error}") from None
            print("ok", day, flush=True)


main()
