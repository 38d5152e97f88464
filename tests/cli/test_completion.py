#!/usr/bin/env python3
"""Completion as a user sees it: bash and zsh on a terminal of their own, a line typed with TABs, and the words that the
command was called with."""
import os
import pty
import re
import select
import subprocess
import sys
import time

CUIBANCTL, CONF = sys.argv[1:]
LIMIT_S = 20
TAB = "\t"
# What the shell calls: asks the real one for completions, and shows the words of any other call.
STAND_IN = """cuibanctl() { if [ "$1" = complete ]; then command cuibanctl "$@"; else printf '<%s>' "$@"; echo '|en''d|'; fi; }"""
SHELLS = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], f"source {CONF}/completion/cuibanctl.bash"),
    "zsh": (["zsh", "-f", "-i"], f"fpath=({CONF}/completion $fpath); autoload -Uz compinit; compinit -D -u"),
}
LINES = [  # what is typed behind "cuibanctl"; the words that come of it
    ("ev" + TAB + "li" + TAB, "<event><list>"),
    ("cal" + TAB + "cov" + TAB, "<calendar><coverage>"),
    ("expl" + TAB + "interview_f" + TAB, "<explain><interview_feedback>"),
    ("explain interview_feedback int" + TAB + "iv-1", "<explain><interview_feedback><interview=iv-1>"),
    ("event list interview.feedback_s" + TAB, "<event><list><interview.feedback_submitted>"),
    ("event send --type interview.feedback_s" + TAB + "interviewer" + TAB + "x",
     "<event><send><--type><interview.feedback_submitted><interviewer=x>"),
    ("list rule=interview_f" + TAB, "<list><rule=interview_feedback>"),
    ("list sta" + TAB + "ove" + TAB, "<list><state=overdue>"),
    ("ack Q7KM --to zhang" + TAB, "<ack><Q7KM><--to><zhang.wei>"),
    ("--la" + TAB + "z" + TAB + "sta" + TAB, "<--lang><zh><status>"),
    ("due --cal" + TAB + "off" + TAB + "5wd", "<due><--calendar><office><5wd>"),
    ("send mai" + TAB + "zhang" + TAB, "<send><mail><zhang.wei>"),
    ("check cuib" + TAB, "<check><cuiban.cfg>"),
    ("-c cuib" + TAB + "list sta" + TAB + "pau" + TAB, "<-c><cuiban.cfg><list><state=paused>"),
    ("nonsense zz" + TAB, "<nonsense><zz>"),
]


class Terminal:
    def __init__(self, command):
        master, slave = pty.openpty()
        environment = {"PATH": os.path.dirname(CUIBANCTL) + ":/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8",
                       "HOME": "/nonexistent", "CUIBAN_CONFIG": os.path.join(CONF, "cuiban.cfg")}
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, cwd=CONF, env=environment,
                                        start_new_session=True)
        os.close(slave)
        self.fd = master

    def type(self, text):
        os.write(self.fd, text.encode())

    def read_until(self, pattern):
        seen, end = "", time.monotonic() + LIMIT_S
        while not re.search(pattern, seen):
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"not within {LIMIT_S} s: {pattern}; the terminal shows {seen!r}")
            seen += os.read(self.fd, 65536).decode(errors="replace")
        return seen

    def close(self):
        self.process.kill()
        self.process.wait()
        os.close(self.fd)


def try_shell(name):
    command, setup = SHELLS[name]
    terminal, wrong = Terminal(command), 0
    try:
        terminal.type(f"{setup}; {STAND_IN}; PS1='rea''dy> '\n")
        terminal.read_until("ready> ")
        for typed, wanted in LINES:
            terminal.type(f"cuibanctl {typed}\n")
            shown = terminal.read_until(r"(?s)\|end\|.*ready> ")
            got = re.findall(r"(?:<[^<>\s]*>)+", shown)
            if wanted not in got:
                wrong += 1
                print(f"{name}: {typed!r}: wanted {wanted}, got {got}\n  {shown!r}")
    finally:
        terminal.close()
    return wrong


def main():
    wrong = sum(try_shell(name) for name in SHELLS)
    print(f"{len(LINES) * len(SHELLS)} lines, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
