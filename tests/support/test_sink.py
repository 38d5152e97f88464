#!/usr/bin/python3
"""The sink behaves as the services do: answers, limits, mentions, faults, mail."""
import json
import os
import pathlib
import smtplib
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.error
import urllib.request
from email.message import EmailMessage

SINK = pathlib.Path(__file__).with_name("sink.py")
LIMIT_S = 20


class SinkTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)
        self.start("--tls", str(self.path / "tls"), "--speed", "600", "--at", "2026-11-18T11:10:00", "--wecom-key", "key00001",
                   "--dingtalk-token", "token001", "--dingtalk-secret",
                   "SEC000000000000000000000000000000000000000000000000000000000000000001")

    def start(self, *options):
        ports = self.path / "ports.json"
        self.process = subprocess.Popen([sys.executable, SINK, "--ports", ports, "--inbox", self.path / "inbox", *options])
        end = time.monotonic() + LIMIT_S
        while not ports.exists():
            self.assertIsNone(self.process.poll(), "the sink ended")
            self.assertLess(time.monotonic(), end, "the sink does not listen")
            time.sleep(0.02)
        self.ports = json.loads(ports.read_text())

    def tearDown(self):
        self.process.terminate()
        self.assertEqual(self.process.wait(LIMIT_S), 0)
        self.folder.cleanup()

    def post(self, channel, path, data):
        body = data if isinstance(data, bytes) else json.dumps(data, ensure_ascii=False).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports[channel]}{path}", body,
                                         {"Content-Type": "application/json; charset=utf-8"})
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return json.loads(answer.read() or b"null")

    def wecom(self, data, key="key00001"):
        return self.post("wecom", f"/cgi-bin/webhook/send?key={key}", data)["errcode"]

    def dingtalk(self, data, query=None):
        return self.post("dingtalk", f"/robot/send?access_token=token001{query or ''}", data)

    def inbox(self):
        lines = (self.path / "inbox" / "messages.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def test_wecom(self):
        text = {"msgtype": "text", "text": {"content": "你好", "mentioned_list": ["a"]}}
        markdown = {"msgtype": "markdown", "markdown": {"content": "<@b> 催"}}
        cases = [
            (text, "key00001", 0), (markdown, "key00001", 0), (text, "other", 93000), ({"msgtype": "x"}, "key00001", 40008),
            (b"{", "key00001", 40058), (json.dumps(text).encode(), "key00001", 40033),
            ({"msgtype": "text", "text": {"content": ""}}, "key00001", 44004),
            ({"msgtype": "markdown", "markdown": {"content": "催" * 1366}}, "key00001", 40058),
            ({"msgtype": "markdown", "markdown": {"content": "催" * 1365}}, "key00001", 0),
            ({"msgtype": "text", "text": {"content": "催" * 683}}, "key00001", 45002),
        ]
        for data, key, code in cases:
            with self.subTest(data=str(data)[:60], key=key):
                self.assertEqual(self.wecom(data, key), code)
        first, second = self.inbox()[:2]
        self.assertEqual((first["robot"], first["text"], first["mentions"]), ("0001", "你好", ["a"]))
        self.assertEqual(second["mentions"], ["b"])
        self.assertTrue((self.path / "inbox" / "00001-wecom.txt").exists())

    def test_rate(self):
        text = {"msgtype": "text", "text": {"content": "x"}}
        self.control("GET", "/start?speed=20")  # a minute is three seconds: time enough for 25 requests
        codes = [self.wecom(text) for _ in range(25)]
        self.assertEqual(codes[:20], [0] * 20)
        self.assertIn(45009, codes)
        end = time.monotonic() + LIMIT_S
        while self.wecom(text) != 0:
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def test_dingtalk_signature(self):
        stamp = "1577262236758"
        sign = "Sv6YbyX3k%2BJg%2FmccYJhHHJx7%2FkEPdDfrIBTuTRsXK%2BY%3D"
        data = {"msgtype": "markdown", "markdown": {"title": "t", "text": "@13800000000 x"},
                "at": {"atMobiles": ["13800000000", "13900000000"], "atUserIds": []}}
        self.assertIn("sign not match", self.dingtalk(data)["errmsg"])
        self.assertIn("sign not match", self.dingtalk(data, f"&timestamp={stamp}&sign=x")["errmsg"])
        self.assertIn("invalid timestamp", self.dingtalk(data, f"&timestamp={stamp}&sign={sign}")["errmsg"])
        self.control("GET", "/start?at=2019-12-25T16:23:56%2B08:00&speed=1")
        self.assertEqual(self.dingtalk(data, f"&timestamp={stamp}&sign={sign}")["errcode"], 0)
        message = self.inbox()[0]
        self.assertEqual((message["mentions"], message["not_mentioned"]), (["13800000000"], ["13900000000"]))
        long = {"msgtype": "text", "text": {"content": "x" * 20000}}
        self.assertEqual(self.dingtalk(long, f"&timestamp={stamp}&sign={sign}")["errcode"], 460101)

    def control(self, method, path, data=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['control']}{path}",
                                         json.dumps(data).encode() if data is not None else None, method=method)
        with urllib.request.urlopen(request, timeout=LIMIT_S) as answer:
            return json.loads(answer.read())

    def test_faults(self):
        text = {"msgtype": "text", "text": {"content": "x"}}
        self.control("POST", "/faults", [{"channel": "wecom", "kind": "errcode", "code": 45009, "count": 2},
                                         {"channel": "dingtalk", "kind": "status", "status": 500}])
        self.assertEqual([self.wecom(text) for _ in range(3)], [45009, 45009, 0])
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.dingtalk(text)
        self.assertEqual(caught.exception.code, 500)
        for fault, kept in (({"kind": "drop_before"}, 1), ({"kind": "drop_after"}, 2),
                            ({"kind": "drop_after", "accept": False}, 2)):
            self.control("POST", "/faults", {"channel": "wecom", **fault})
            with self.assertRaises(OSError):
                self.wecom(text)
            self.assertEqual(len(self.control("GET", "/messages")), kept)
        with self.assertRaises(urllib.error.HTTPError):
            self.control("POST", "/faults", {"kind": "nonsense"})

    def test_mail(self):
        mail = EmailMessage()
        mail["Subject"], mail["From"], mail["To"], mail["Message-ID"] = "你好", "hr@example.com", "a@example.com", "<1@x>"
        mail.set_content("正文\n.\n尾\n")
        context = ssl.create_default_context(cafile=self.path / "tls" / "cert.pem")
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=LIMIT_S) as client:
            client.starttls(context=context)
            client.send_message(mail)
            for recipient, code in (("bounce@example.com", 550), ("busy@example.com", 451)):
                with self.assertRaises(smtplib.SMTPRecipientsRefused) as caught:
                    client.sendmail("hr@example.com", recipient, "x")
                self.assertEqual(caught.exception.recipients[recipient][0], code)
            self.control("POST", "/faults", {"channel": "smtp", "kind": "smtp", "reply": "452 4.3.1 full"})
            with self.assertRaises(smtplib.SMTPDataError):
                client.send_message(mail)
        message = self.inbox()[0]
        self.assertEqual((message["title"], message["message_id"], message["bare_line_ends"]), ("你好", "<1@x>", 0))
        self.assertEqual(message["text"].replace("\r\n", "\n"), "正文\n.\n尾\n")


if __name__ == "__main__":
    os.environ.pop("http_proxy", None)
    unittest.main()
