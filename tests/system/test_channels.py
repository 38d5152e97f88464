"""The daemon's messages through every shipped plugin: mail over STARTTLS to a real SMTP server, WeCom and DingTalk robots that
check keys, signatures and limits, a file; and what happens when they refuse, stall or break off."""
import json
import os
import subprocess
import sys
import unittest
import urllib.request

from harness import World, wait_for

SINK = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support", "sink.py")
RULES = """
%s:
{
  summary = "面试反馈";
  about   = "{{candidate_name}}";
  link    = "https://hr.example.com/i/{{case}}";
  open    = { on = "%s.opened"; };
  key     = [ "case" ];
  owner   = "person";
  meet    = { on = "%s.met"; };
  due     = "1s";
  ladder  = ( { at = "due"; to = [ "owner" ]; via = [ "%s" ]; } );
};
"""
CHANNELS = ("mail", "hr", "rd", "file")


class Sink:
    def __init__(self, world):
        ports = world.path("ports")
        self.process = subprocess.Popen(
            ["/usr/bin/python3", SINK, "--ports", ports, "--inbox", world.path("inbox", "x")[:-2], "--tls", world.path("tls", "x")[:-2],
             "--wecom-key", "wecom-key-1", "--dingtalk-token", "ding-token-1", "--dingtalk-secret", "SECding"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for("the sink listens", lambda: os.path.exists(ports) and os.path.getsize(ports) > 10)
        with open(ports, encoding="utf-8") as file:
            self.ports = json.load(file)

    def ask(self, path, data=None, method=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['control']}{path}", method=method,
                                         data=None if data is None else json.dumps(data).encode())
        with urllib.request.urlopen(request) as answer:
            return json.loads(answer.read() or b"null")

    def messages(self):
        return self.ask("/messages")

    def close(self):
        self.process.terminate()
        self.process.wait()


class ChannelWorld(World):
    def __init__(self):
        super().__init__()
        self.sink = Sink(self)
        p = self.sink.ports
        self.put(f"""
redis = "unix:{self.redis.path}"; streams = [ "hr:events" ]; start = "begin"; plugins = "{os.environ['CUIBAN_BUILD']}/plugins";
rules = "rules.d"; calendars = "calendars.d"; directory = "directory.d"; templates = "templates";
zone = "Asia/Shanghai"; calendar = "always"; language = "en"; log = "debug"; channel = "mail";
grace = "0s"; lease = "3s"; attempt = "1s"; retry = {{ base = "200ms"; cap = "500ms"; }};
channels =
{{
  mail = {{ plugin = "email"; server = "smtp://127.0.0.1:{p['smtp']}"; from = "人事部 <hr@example.com>"; tls = "required";
           ca_file = "{self.path('tls', 'cert.pem')}"; }};
  hr   = {{ plugin = "wecom"; url = "http://127.0.0.1:{p['wecom']}"; key = "wecom-key-1"; rate = "100/s"; fallback = "mail"; }};
  rd   = {{ plugin = "dingtalk"; url = "http://127.0.0.1:{p['dingtalk']}"; token = "ding-token-1"; secret = "SECding"; rate = "100/s"; }};
  file = {{ plugin = "log"; path = "{self.path('out.jsonl')}"; }};
  lost = {{ plugin = "wecom"; url = "http://127.0.0.1:{p['wecom']}"; key = "no-such-key"; rate = "100/s"; fallback = "mail"; }};
}};
""", "cuiban.cfg")
        self.put("".join(RULES % (c, c, c, c) for c in (*CHANNELS, "lost")), "rules.d", "rules.cfg")
        self.put("""
people = ( { id = "ann"; name = "张伟"; department = "d"; email = "ann@example.com"; wecom = "ZhangWei"; dingtalk = "13800000000"; },
           { id = "bob"; department = "d"; email = "bounce@example.com"; wecom = "Bob"; dingtalk = "13800000001"; } );
departments = ( { id = "d"; head = "ann"; } );
roles = {};
""", "directory.d", "people.cfg")
        self.put("逾期 {{summary}}\n{{about}} [{{number}}]\n[去办理]({{{link}}})\n", "templates", "en", "overdue.md")

    def slip(self, channel, case, person="ann", **more):
        self.add(f"{channel}.opened", id=f"{channel}-{case}", case=case, person=person, candidate_name="王小明", **more)

    def verbs(self, channel):
        return [r["e"] for r in self.journal() if r.get("r") == channel and "n" in r]

    def close(self):
        self.sink.close()
        super().close()


class Channels(unittest.TestCase):
    def test_each_channel_delivers(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            for channel in CHANNELS:
                world.slip(channel, "c1")
            wait_for("three messages and a line", lambda: len(world.sink.messages()) == 3 and os.path.exists(world.path("out.jsonl")))
            text = json.dumps(world.sink.messages(), ensure_ascii=False)
            for wanted in ("ann@example.com", "王", "https://hr.example.com/i/c1", "13800000000"):
                self.assertIn(wanted, text)
            with open(world.path("out.jsonl"), encoding="utf-8") as file:
                self.assertIn("面试反馈", json.loads(file.readline())["title"])
            for secret in ("wecom-key-1", "ding-token-1", "SECding"):
                self.assertNotIn(secret, daemon.log())
            self.assertEqual(daemon.stop(), 0)

    def test_hostile_values_stay_text(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            for channel in CHANNELS:
                world.add(f"{channel}.opened", case="x", person="ann",
                          candidate_name="<@all> [click](http://evil.example) \r\nBcc: evil@example.com <@ZhangWei> @13900000000")
            wait_for("they arrive", lambda: len(world.sink.messages()) == 3)
            for message in world.sink.messages():
                text = json.dumps(message, ensure_ascii=False)
                self.assertNotIn("](http://evil", text)
                self.assertNotIn("<@all>", text)
                self.assertNotIn("\\nBcc:", text)
                self.assertNotIn('"13900000000"', text)
            self.assertEqual(daemon.stop(), 0)

    def test_refusals_end_as_they_should(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            world.slip("mail", "bounced", "bob")  # 550: a dead letter
            world.slip("lost", "moved")           # 93000: this robot is gone, the fallback takes over
            wait_for("the dead letter", lambda: any("550" in d.get("why", "") for d in world.dead()))
            wait_for("the fallback's mail", lambda: any("moved" in json.dumps(m, ensure_ascii=False) for m in world.sink.messages()))
            self.assertIn("fallback", world.verbs("lost"))
            self.assertEqual(daemon.stop(), 0)

    def test_transient_trouble_is_tried_again(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            world.sink.ask("/faults", [{"channel": "wecom", "kind": "status", "status": 503, "count": 2},
                                       {"channel": "dingtalk", "kind": "errcode", "code": -1, "errmsg": "busy", "count": 1},
                                       {"channel": "smtp", "kind": "smtp", "reply": "451 4.7.1 later", "count": 1}])
            world.slip("hr", "c")
            wait_for("the robot got it in the end", lambda: "delivered" in world.verbs("hr"))
            self.assertGreaterEqual(world.verbs("hr").count("retry"), 2)
            world.slip("rd", "c")
            world.slip("mail", "c")
            wait_for("both were tried again", lambda: "retry" in world.verbs("rd") and "retry" in world.verbs("mail"))
            self.assertEqual(daemon.stop(), 0)

    def test_no_answer_is_uncertain(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            world.sink.ask("/faults", [{"channel": "wecom", "kind": "drop_after", "accept": True, "count": 1}])
            world.slip("hr", "c")
            wait_for("it was sent again, and that is on record", lambda: "delivered" in world.verbs("hr"))
            self.assertIn("uncertain", world.verbs("hr"))
            self.assertEqual(len([m for m in world.sink.messages() if "c" in json.dumps(m)]), 2)
            self.assertEqual(daemon.stop(), 0)

    def test_an_answer_that_is_not_the_vendors_is_uncertain(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            for channel, fault in (("hr", {"channel": "wecom", "kind": "body", "body": "ok", "count": -1}),
                                   ("rd", {"channel": "dingtalk", "kind": "status", "status": 502, "count": -1})):
                world.sink.ask("/faults", [fault])
                world.slip(channel, "c")
                wait_for("it is given up", lambda: "dead" in world.verbs(channel))
                self.assertEqual([v for v in world.verbs(channel) if v in ("uncertain", "retry", "delivered")], ["uncertain"] * 3)
                self.assertEqual(world.sink.ask("/state")["counts"][fault["channel"] + " requests"], 3)
                world.sink.ask("/faults", method="DELETE")
            why = [r["why"] for r in world.journal() if r.get("e") == "uncertain"]
            self.assertIn("HTTP status 200 without the vendor's errcode: it may have been delivered", why)
            self.assertEqual(daemon.stop(), 0)

    def test_a_stalled_channel_holds_up_nobody(self):
        with ChannelWorld() as world:
            daemon = world.daemon().wait_owner()
            world.sink.ask("/faults", [{"channel": "wecom", "kind": "delay_before", "seconds": 30, "count": -1}])
            for i in range(10):
                world.slip("hr", f"stalled{i}")
            world.slip("file", "c")
            world.slip("mail", "c")
            wait_for("the others arrive meanwhile", lambda: "delivered" in world.verbs("file") and "delivered" in world.verbs("mail"), 5)
            self.assertNotIn("delivered", world.verbs("hr"))
            world.sink.ask("/faults", method="DELETE")
            daemon.stop()


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2, warnings="ignore")
