"""The other sides of the channels in one process: a WeCom robot, a DingTalk robot and a mail server, each of whose answers is a fate
drawn at random: what their documents say they answer, and what relays, gateways and networks make of it.

A fate says whether people get the message (`accepts`); the daemon knows only the answer. Codes: developer.work.weixin.qq.com
document/path/90313, open.dingtalk.com custom-robots; replies of mail servers: RFC 5321 section 4.2."""
import collections
import dataclasses
import email
import email.policy
import json
import random
import re
import socket
import socketserver
import threading
import time
import urllib.parse

LINE = re.compile(r"\[([0-9A-Z]+-\d+)\] (\S+) (\S+)")
SILENCE_S = 1.5  # longer than an attempt
SLOW_S = 0.4
REASONS = {200: "OK", 302: "Found", 429: "Too Many Requests", 503: "Service Unavailable"}


@dataclasses.dataclass(frozen=True)
class Fate:
    name: str
    accepts: bool
    status: int = 200
    body: str = ""
    headers: tuple = ()
    how: str = "answer"  # or cut_before, cut, half (of the answer), silent, slow


def code(number, words="said no", accepts=False, **more):
    return Fate(f"errcode {number} {words}", accepts, body=json.dumps({"errcode": number, "errmsg": words}), **more)


OK = code(0, "ok", accepts=True)
FOREIGN = (  # a network, a relay or a gateway instead of the vendor
    Fate("errcode as a text", True, body='{"errcode":"0","errmsg":"ok"}'),
    Fate("slow", True, body=OK.body, how="slow"),
    Fate("no answer in time", True, body=OK.body, how="silent"),
    Fate("cut after the body", True, how="cut"),
    Fate("cut before the body", False, how="cut_before"),
    Fate("cut within the answer", True, body=OK.body, how="half"),
    Fate("200, a relay's ok", True, body="ok"),
    Fate("200, empty", True),
    Fate("200, a page", True, body="<html><body>welcome</body></html>"),
    Fate("200, another JSON", True, body='{"success":true,"id":17}'),
    Fate("200, broken JSON", True, body='{"errcode":'),
    Fate("200, a list", True, body="[0]"),
    Fate("500, passed on before it failed", True, 500, "oops"),
    Fate("500", False, 500),
    Fate("502, passed on", True, 502, "<html>bad gateway</html>"),
    Fate("504, passed on", True, 504),
    Fate("503 with Retry-After", False, 503, headers=(("Retry-After", "1"),)),
    Fate("503", False, 503),
    Fate("429 with Retry-After", False, 429, headers=(("Retry-After", "1"),)),
    Fate("429", False, 429),
    Fate("redirect", False, 302, headers=(("Location", "http://127.0.0.1:1/elsewhere"),)),
    Fate("400", False, 400),
    Fate("403", False, 403),
    Fate("404", False, 404, "<html>not found</html>"),
    Fate("408", False, 408),
)
WECOM = FOREIGN + tuple(code(number) for number in (
    -1, 6000, 40008, 40033, 40035, 40058, 44004, 45002, 45033, 93000, 93004, 93008, 40201, 99999)) + (
    code(45009, "api freq out of limit"), code(99998, "too many requests"))
DINGTALK = FOREIGN + tuple(code(number) for number in (
    -1, 40035, 43004, 88, 90030, 300001, 300005, 400013, 400101, 400102, 400105, 400106, 460101, 101002, 430101, 430104, 410100, 77777)) + (
    code(310000, "keywords not in content"), code(310000, "sign not match"), code(310000, "ip 10.0.0.1 not in whitelist"),
    code(130101, "send too fast, exceed 20 times per minute"),
    Fate("punished without errcode", False, body='{"status":1111,"wait":5,"source":"x5","punish":"deny","uuid":"u"}'))


@dataclasses.dataclass(frozen=True)
class MailFate:
    name: str
    accepts: bool
    at: str = ""      # the command whose answer it is; "." is the end of the mail, "220" the greeting
    reply: str = ""   # "": the connection breaks
    wait_s: float = 0.0


MAIL_OK = MailFate("250", True)
MAIL = tuple(MailFate(f"{at} {reply}", False, at, reply) for at, replies in {
    "220": ("421 4.3.2 busy", "554 5.3.2 no service"),
    "MAIL": ("451 4.3.0 later", "550 5.7.1 relay denied"),
    "RCPT": ("450 4.2.0 greylisted", "452 4.5.3 too many", "550 5.1.1 no such user", "553 5.1.3 bad address"),
    "DATA": ("451 4.3.0 later", "554 5.5.1 no"),
    ".": ("452 4.3.1 full", "451 4.7.1 later", "552 5.3.4 too big", "554 5.7.1 looks like spam"),
}.items() for reply in replies) + (
    MailFate("cut at the greeting", False, "220"), MailFate("cut at MAIL", False, "MAIL"), MailFate("cut at DATA", False, "DATA"),
    MailFate("cut after the mail, taken", True, "."), MailFate("cut after the mail, not taken", False, "."),
    MailFate("no answer to the mail in time", True, ".", "250 2.0.0 Ok", SILENCE_S),
    MailFate("slow", True, ".", "250 2.0.0 Ok", SLOW_S), MailFate("no reply code", True, ".", "thank you"))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler, vendors, channel):
        super().__init__(("127.0.0.1", 0), handler)
        self.vendors, self.channel = vendors, channel
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # a daemon that was killed breaks its connections


class Robot(socketserver.StreamRequestHandler):
    """One connection with keep-alive."""

    def handle(self):
        while self.serve():
            pass

    def read_request(self):
        lines = []
        while (line := self.rfile.readline(8192)) not in (b"\r\n", b""):
            lines.append(line)
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        if any(line.lower().startswith(b"expect:") for line in lines):
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return bool(lines), length

    def serve(self):
        vendors = self.server.vendors
        there, length = self.read_request()
        if not there:
            return False
        content = json.loads(self.rfile.read(length))
        part = content[content["msgtype"]]
        message = LINE.search(part.get("content") or part.get("text")).groups()
        fate = vendors.fate(self.server.channel, message)
        if fate.how == "cut_before":
            return self.cut()
        if fate.how == "slow":
            time.sleep(SLOW_S)
        if fate.accepts:
            vendors.accept(message)
        if fate.how == "cut":
            return self.cut()
        if fate.how == "silent":
            time.sleep(SILENCE_S)
        self.answer(fate)
        return fate.how != "half" or self.cut()

    def answer(self, fate):
        body = fate.body.encode()
        head = [f"HTTP/1.1 {fate.status} {REASONS.get(fate.status, 'Said')}", "Content-Type: application/json",
                f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in fate.headers)]
        shown = body[:len(body) // 2] if fate.how == "half" else body
        self.wfile.write("\r\n".join(head).encode() + b"\r\n\r\n" + shown)

    def cut(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        return False


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        self.fate = self.server.vendors.mail_fate()
        if not self.say("220", "220 localhost ESMTP"):
            return
        while line := self.rfile.readline(2048):
            verb = line[:4].upper().decode("ascii", "replace")
            if verb == "DATA":
                if not self.say("DATA", "354 go on") or (self.fate.at == "DATA" and self.fate.reply):
                    continue
                if not self.take_mail():
                    return
            elif verb == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            elif not self.say(verb, "250 ok"):
                return

    def say(self, at, usual):
        """False: the connection is cut here."""
        if self.fate.at != at:
            self.wfile.write(usual.encode() + b"\r\n")
            return True
        time.sleep(self.fate.wait_s)
        if not self.fate.reply:
            self.connection.shutdown(socket.SHUT_RDWR)
            return False
        self.wfile.write(self.fate.reply.encode() + b"\r\n")
        return True

    def take_mail(self):
        lines = []
        while (line := self.rfile.readline(2048)) not in (b".\r\n", b""):
            lines.append(line)
        if line == b"":
            return False
        mail = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
        message = LINE.search(mail.get_body(("plain",)).get_content()).groups()
        if self.fate.accepts:
            self.server.vendors.accept(message)
        going_on = self.say(".", "250 2.0.0 Ok: queued as 1")
        fate = self.server.vendors.mail_fate()  # the connection may carry another one
        self.fate = MAIL_OK if fate.at == "220" else fate
        return going_on


class Vendors:
    """`kindness`: how many of all answers are the usual one."""

    def __init__(self, seed, kindness=0.5):
        self.seed, self.kindness, self.lock = seed, kindness, threading.Lock()
        self.tries = collections.Counter()
        self.drawn = collections.Counter()
        self.accepted = []  # (when, number, case, person)
        self.servers = {name: Server(handler, self, name) for name, handler in (("wecom", Robot), ("dingtalk", Robot), ("mail", Mail))}

    def address(self, channel):
        return f"127.0.0.1:{self.servers[channel].server_address[1]}"

    def draw(self, channel, what, usual, fates):
        with self.lock:
            self.tries[channel, what] += 1
            rng = random.Random(f"{self.seed}/{channel}/{what}/{self.tries[channel, what]}")
            fate = usual if rng.random() < self.kindness else rng.choice(fates)
            self.drawn[channel, fate.name] += 1
        return fate

    def fate(self, channel, message):
        return self.draw(channel, message[1], OK, WECOM if channel == "wecom" else DINGTALK)

    def mail_fate(self):
        return self.draw("mail", "", MAIL_OK, MAIL)

    def accept(self, message):
        with self.lock:
            self.accepted.append((time.monotonic(), *message))

    def close(self):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()
