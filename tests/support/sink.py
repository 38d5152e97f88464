#!/usr/bin/python3
"""A local inbox that plays the far side of every channel: the group robots of WeCom and DingTalk, and a mail server.

It answers as they do (HTTP 200 with an errcode, signatures, byte limits, 20 messages a minute), keeps each message that it
accepts in a folder, and breaks on demand. It listens on free ports of 127.0.0.1 only and sends nothing anywhere.

    sink.py --ports FILE [--inbox DIR] [--print] [--speed N] [--at TIME] [--tls DIR] [--faults FILE]

FILE becomes {"wecom": PORT, "dingtalk": PORT, "smtp": PORT, "control": PORT, "pid": PID} once all of them listen.

The control port understands:
    GET  /start?at=TIME[&speed=N]   the clock of the printed times begins now, at TIME
    GET  /messages                  what was accepted, as a JSON list
    GET  /state                     counts of requests, messages, refusals, faults left
    POST /faults                    a fault or a list of them; DELETE /faults forgets them
    POST /reset                     forgets messages, rates and faults
    POST /stop                      ends the sink

A fault is {"channel": "wecom"|"dingtalk"|"smtp"|"any", "kind": KIND, "count": K (1; -1 for ever), ...} with KIND
    delay_before  "seconds"          before the request's body is read (mail: before the answer to DATA)
    delay_after   "seconds"          after the message was accepted, before it is answered
    drop_before                      the connection ends before the body is read
    drop_after    "accept" (true)    the connection ends after the body was read, accepted or not, without an answer
    status        "status" (500)     an HTTP status with a page of HTML
    errcode       "code", "errmsg"   the vendor's error in HTTP 200
    body          "body"             HTTP 200 with these words
    smtp          "reply"            a reply to DATA, such as "451 4.7.1 later"
One request meets at most one fault of each moment: before the body, instead of the vendor's answer, after it.
"""
import argparse
import asyncio
import base64
import collections
import datetime
import email
import email.policy
import hashlib
import hmac
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import time
import urllib.parse

HEADER_BYTES_MAX = 64 * 1024
BODY_BYTES_MAX = 1024 * 1024
IDLE_S = 120
MINUTE_S = 60.0
RATE_MAX = 20                 # messages a minute and robot, of both vendors
WECOM_BLOCK_S = 60.0
DINGTALK_BLOCK_S = 600.0
SIGN_WINDOW_S = 3600.0
WECOM_MARKDOWN_BYTES = 4096
WECOM_TEXT_BYTES = 2048
DINGTALK_BODY_BYTES = 20000
KINDS = {"delay_before", "delay_after", "drop_before", "drop_after", "status", "errcode", "body", "smtp"}


class Drop(Exception):
    """The connection ends without an answer."""


class Clock:
    """Wall time that may run faster, from a given instant."""

    def __init__(self, speed, at):
        self.start(speed, at)

    def start(self, speed, at):
        self.speed = speed
        self.anchor = time.monotonic()
        self.origin = at if at is not None else time.time()

    def now(self):
        return self.origin + (time.monotonic() - self.anchor) * self.speed

    def text(self):
        local = datetime.datetime.fromtimestamp(self.now(), datetime.timezone(datetime.timedelta(hours=8)))
        return local.isoformat(timespec="seconds")


def parse_time(text):
    moment = datetime.datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=8)))
    return moment.timestamp()


class Rate:
    """20 in any minute; one more closes the robot for a while. In the time of the clock."""

    def __init__(self, clock, block_s):
        self.clock, self.block_s = clock, block_s
        self.sent = collections.defaultdict(collections.deque)
        self.closed = {}

    def take(self, robot):
        now = self.clock.now()
        if self.closed.get(robot, 0) > now:
            return False
        sent = self.sent[robot]
        while sent and sent[0] <= now - MINUTE_S:
            sent.popleft()
        if len(sent) >= RATE_MAX:
            self.closed[robot] = now + self.block_s
            return False
        sent.append(now)
        return True


class Faults:
    def __init__(self):
        self.waiting = []

    def add(self, faults):
        faults = faults if isinstance(faults, list) else [faults]
        for fault in faults:
            if not isinstance(fault, dict) or fault.get("kind") not in KINDS:
                raise ValueError(f"no such fault: {json.dumps(fault, ensure_ascii=False)}")
        self.waiting += [dict(fault, count=fault.get("count", 1)) for fault in faults]

    def take(self, channel, *kinds):
        for fault in self.waiting:
            if fault["kind"] in kinds and fault.get("channel", "any") in (channel, "any"):
                fault["count"] -= 1
                if fault["count"] == 0:
                    self.waiting.remove(fault)
                return fault
        return None


class Inbox:
    """What was accepted: one line of JSON each, one readable file each, and printed if asked for."""

    def __init__(self, folder, clock, shows):
        self.clock, self.shows = clock, shows
        self.messages = []
        self.folder = pathlib.Path(folder) if folder else None
        if self.folder:
            self.folder.mkdir(parents=True, exist_ok=True)

    def put(self, message):
        message = {"n": len(self.messages) + 1, "time": self.clock.text(), "arrived_ms": int(time.time() * 1000), **message}
        self.messages.append(message)
        page = readable(message)
        if self.folder:
            with open(self.folder / "messages.jsonl", "a", encoding="utf-8") as lines:
                lines.write(json.dumps(message, ensure_ascii=False) + "\n")
            name = f"{message['n']:05d}-{message['channel']}.txt"
            (self.folder / name).write_text(page, encoding="utf-8")
        if self.shows:
            print(page, flush=True)


def readable(message):
    names = {"wecom": "企业微信群", "dingtalk": "钉钉群", "email": "邮件"}
    time_text = message["time"].replace("T", " ")[:16]
    weekday = "一二三四五六日"[datetime.date.fromisoformat(time_text[:10]).weekday()]
    where = f"机器人 …{message['robot']}" if "robot" in message else "、".join(message["to"])
    lines = [f"━━ {time_text} 周{weekday}  {names[message['channel']]}  {where}"]
    if message.get("mentions"):
        lines.append("提醒 " + "、".join("@" + who for who in message["mentions"]))
    if message.get("not_mentioned"):
        lines.append("未能提醒 " + "、".join(message["not_mentioned"]))
    if message.get("title"):
        lines.append(("主题 " if message["channel"] == "email" else "标题 ") + message["title"])
    lines += ["   " + line for line in message["text"].rstrip("\n").split("\n")]
    if message.get("button"):
        lines.append(f"   [{message['button']['title']}] {message['button']['url']}")
    return "\n".join(lines) + "\n"


class Robot:
    """What WeCom and DingTalk have in common. `judge` returns (code, errmsg, message or None)."""

    channel = ""

    def __init__(self, sink):
        self.sink = sink

    def answer(self, code, errmsg):
        return {"errcode": code, "errmsg": errmsg}

    async def handle(self, request):
        sink, faults = self.sink, self.sink.faults
        sink.counts["requests", self.channel] += 1
        before = faults.take(self.channel, "delay_before", "drop_before")
        if before and before["kind"] == "drop_before":
            raise Drop
        if before:
            await asyncio.sleep(before.get("seconds", 1))
        body = await request.read_body()
        early = faults.take(self.channel, "status", "errcode", "body")
        if early:
            return self.broken(early)
        after = faults.take(self.channel, "drop_after", "delay_after")
        if after and after["kind"] == "drop_after" and not after.get("accept", True):
            raise Drop
        code, errmsg, message = self.judge(request, body)
        sink.counts["accepted" if code == 0 else f"errcode {code}", self.channel] += 1
        if message:
            sink.inbox.put({"channel": self.channel, **message, "bytes": len(body)})
        if after and after["kind"] == "drop_after":
            raise Drop
        if after:
            await asyncio.sleep(after.get("seconds", 1))
        return 200, self.answer(code, errmsg)

    def broken(self, fault):
        if fault["kind"] == "status":
            return fault.get("status", 500), "<html><body>error</body></html>"
        if fault["kind"] == "body":
            return 200, fault.get("body", "")
        return 200, self.answer(fault.get("code", -1), fault.get("errmsg", "system busy"))


def load_object(body):
    try:
        data = json.loads(body.decode("utf-8"))
    except (UnicodeDecodeError, ValueError):
        return None
    return data if isinstance(data, dict) else None


class Wecom(Robot):
    channel = "wecom"

    def __init__(self, sink, keys):
        super().__init__(sink)
        self.keys = keys
        self.rate = Rate(sink.clock, WECOM_BLOCK_S)

    def answer(self, code, errmsg):
        if code != 0:
            errmsg += f", hint: [1700000000_1_{code}], from ip: 127.0.0.1, more info at " \
                      f"https://open.work.weixin.qq.com/devtool/query?e={code}"
        return {"errcode": code, "errmsg": errmsg}

    def judge(self, request, body):
        key = request.query.get("key", "")
        if request.path != "/cgi-bin/webhook/send" or not key or (self.keys and key not in self.keys):
            return 93000, "invalid webhook url", None
        if b"\\u" in body.replace(b"\\\\", b""):
            return 40033, "request must not contain \\uxxxx characters", None
        data = load_object(body)
        kind = data.get("msgtype") if data else None
        if data is None:
            return 40058, "invalid Request Parameter", None
        if kind not in ("text", "markdown"):
            return 40008, "invalid message type", None
        part = data.get(kind)
        content = part.get("content") if isinstance(part, dict) else None
        if not isinstance(content, str) or not content:
            return 44004, f"{kind}.content is empty", None
        size = len(content.encode())
        if kind == "markdown" and size > WECOM_MARKDOWN_BYTES:
            return 40058, f"markdown.content exceed max length {WECOM_MARKDOWN_BYTES}. invalid Request Parameter", None
        if kind == "text" and size > WECOM_TEXT_BYTES:
            return 45002, "content size out of limit", None
        if not self.rate.take(key):
            return 45009, "api freq out of limit", None
        return 0, "ok", {"robot": key[-4:], "type": kind, "mentions": wecom_mentions(part, content), "title": "",
                         "text": content}


def wecom_mentions(part, content):
    inline = [piece.split(">", 1)[0] for piece in content.split("<@")[1:] if ">" in piece]
    listed = [who for who in part.get("mentioned_list") or [] if isinstance(who, str)]
    mobiles = [who for who in part.get("mentioned_mobile_list") or [] if isinstance(who, str)]
    return list(dict.fromkeys(inline + listed + mobiles))


class Dingtalk(Robot):
    channel = "dingtalk"

    def __init__(self, sink, tokens, secret, keyword):
        super().__init__(sink)
        self.tokens, self.secret, self.keyword = tokens, secret, keyword
        self.rate = Rate(sink.clock, DINGTALK_BLOCK_S)

    def sign_problem(self, query):
        if not self.secret:
            return None
        stamp, sign = query.get("timestamp", ""), query.get("sign", "")
        if not stamp.isdigit():
            return "sign not match: timestamp is missing"
        digest = hmac.new(self.secret.encode(), f"{stamp}\n{self.secret}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(base64.b64encode(digest).decode(), sign):
            return "sign not match"
        # A sender whose clock runs faster may sign by its own time or by the real one.
        clock = self.sink.clock
        virtual = abs(clock.now() - int(stamp) / 1000) <= SIGN_WINDOW_S * max(1.0, clock.speed)
        if not virtual and abs(time.time() - int(stamp) / 1000) > SIGN_WINDOW_S:
            return "invalid timestamp"
        return None

    def judge(self, request, body):
        token = request.query.get("access_token", "")
        if request.path != "/robot/send" or not token:
            return 40035, "missing parameter access_token", None
        if self.tokens and token not in self.tokens:
            return 300005, "token is not exist", None
        if not request.headers.get("content-type", "").startswith("application/json"):
            return 43004, "invalid contenttype", None
        if len(body) > DINGTALK_BODY_BYTES:
            return 460101, "message too long, exceed 20000 bytes", None
        problem = self.sign_problem(request.query)
        if problem:
            return 310000, problem, None
        data = load_object(body)
        shape = dingtalk_shape(data)
        if not shape:
            return (40035, "invalid parameter", None) if data is None else (400105, "unsupported msgtype", None)
        if not shape["text"] or (shape["type"] != "text" and not shape["title"]):
            return 40035, "missing parameter text or title", None
        if self.keyword and self.keyword not in shape["title"] + shape["text"]:
            return 310000, "keywords not in content", None
        if not self.rate.take(token):
            return 130101, "send too fast, exceed 20 times per minute", None
        return 0, "ok", {"robot": token[-4:], **shape, **dingtalk_mentions(data, shape)}


def dingtalk_shape(data):
    kind = (data or {}).get("msgtype")
    part = (data or {}).get(kind) if kind in ("text", "markdown", "actionCard") else None
    if not isinstance(part, dict):
        return None
    shape = {"type": kind, "title": str(part.get("title", "")), "text": str(part.get("content" if kind == "text" else "text", ""))}
    if part.get("singleURL"):
        shape["button"] = {"title": str(part.get("singleTitle", "")), "url": str(part["singleURL"])}
    return shape


def dingtalk_mentions(data, shape):
    """Only who is in `at` and literally in the text is called; cards call nobody."""
    at = data.get("at")
    if not isinstance(at, dict):
        return {"mentions": []}
    wanted = [str(who) for who in (at.get("atMobiles") or []) + (at.get("atUserIds") or [])]
    called = [who for who in wanted if shape["type"] != "actionCard" and "@" + who in shape["text"]]
    if at.get("isAtAll") is True:
        called.append("all")
    result = {"mentions": called}
    if set(wanted) - set(called):
        result["not_mentioned"] = [who for who in wanted if who not in called]
    return result


class Request:
    def __init__(self, reader, method, target, headers):
        self.reader, self.method, self.headers = reader, method, headers
        url = urllib.parse.urlsplit(target)
        self.path = url.path
        self.query = dict(urllib.parse.parse_qsl(url.query, keep_blank_values=True))
        self.body = None

    async def read_body(self):
        if self.body is None:
            n = int(self.headers.get("content-length") or 0)
            if not 0 <= n <= BODY_BYTES_MAX:
                raise Drop
            self.body = await self.reader.readexactly(n)
        return self.body


async def read_request(reader):
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), IDLE_S)
    lines = head.decode("latin-1").split("\r\n")
    method, target, _ = lines[0].split(" ", 2)
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return Request(reader, method, target, headers)


def encode_response(status, content):
    is_text = isinstance(content, str)
    body = content.encode() if is_text else json.dumps(content, ensure_ascii=False).encode()
    kind = "text/html; charset=utf-8" if is_text else "application/json; charset=utf-8"
    return (f"HTTP/1.1 {status} {'OK' if status == 200 else 'Error'}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def http_protocol(handle):
    """One connection with keep-alive; `handle` turns a request into (status, JSON or text)."""

    async def serve(reader, writer):
        try:
            while True:
                request = await read_request(reader)
                if request.headers.get("expect", "").lower() == "100-continue":
                    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                status, content = await handle(request)
                await request.read_body()
                writer.write(encode_response(status, content))
                await writer.drain()
                if request.headers.get("connection", "").lower() == "close":
                    return
        except (Drop, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, asyncio.TimeoutError, OSError):
            return
        finally:
            writer.close()

    return serve


class Control:
    def __init__(self, sink):
        self.sink = sink

    async def handle(self, request):
        body = await request.read_body()
        verb = getattr(self, f"{request.method.lower()}_{request.path.strip('/')}", None)
        if not verb:
            return 404, {"error": "no such path"}
        try:
            return 200, verb(request, body)
        except ValueError as error:
            return 400, {"error": str(error)}

    def get_start(self, request, _body):
        at = request.query.get("at")
        self.sink.clock.start(float(request.query.get("speed", self.sink.clock.speed)), parse_time(at) if at else None)
        return {"time": self.sink.clock.text()}

    def get_messages(self, _request, _body):
        return self.sink.inbox.messages

    def get_state(self, _request, _body):
        counts = {f"{channel} {what}": n for (what, channel), n in sorted(self.sink.counts.items())}
        return {"time": self.sink.clock.text(), "messages": len(self.sink.inbox.messages), "counts": counts,
                "faults": self.sink.faults.waiting}

    def post_faults(self, _request, body):
        self.sink.faults.add(json.loads(body))
        return {"faults": len(self.sink.faults.waiting)}

    def delete_faults(self, _request, _body):
        self.sink.faults.waiting.clear()
        return {}

    def post_reset(self, _request, _body):
        self.sink.inbox.messages.clear()
        self.sink.counts.clear()
        self.sink.faults.waiting.clear()
        for robot in (self.sink.wecom, self.sink.dingtalk):
            robot.rate.sent.clear()
            robot.rate.closed.clear()
        return {}

    def post_stop(self, _request, _body):
        self.sink.stopped.set()
        return {}


class MailHandler:
    """For aiosmtpd: refuses the recipients that tests use for it, keeps the rest."""

    def __init__(self, sink):
        self.sink = sink

    async def handle_RCPT(self, _server, _session, envelope, address, _options):
        local = address.lower()
        if local.startswith("bounce"):
            self.sink.counts["refused", "smtp"] += 1
            return "550 5.1.1 no such user here"
        if local.startswith("busy"):
            self.sink.counts["deferred", "smtp"] += 1
            return "451 4.7.1 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server, _session, envelope):
        sink, faults = self.sink, self.sink.faults
        sink.counts["requests", "smtp"] += 1
        before = faults.take("smtp", "delay_before", "drop_before", "smtp")
        if before and before["kind"] == "smtp":
            return before.get("reply", "451 4.7.1 try again later")
        if before and before["kind"] == "drop_before":
            server.transport.abort()
            return "421 4.3.0 gone"
        if before:
            await asyncio.sleep(before.get("seconds", 1))
        after = faults.take("smtp", "drop_after", "delay_after")
        if not after or after.get("accept", True):
            sink.counts["accepted", "smtp"] += 1
            sink.inbox.put(read_mail(envelope))
        if after and after["kind"] == "drop_after":
            server.transport.abort()
            return "421 4.3.0 gone"
        if after:
            await asyncio.sleep(after.get("seconds", 1))
        return f"250 2.0.0 Ok: queued as {len(sink.inbox.messages):08X}"


def read_mail(envelope):
    raw = envelope.original_content
    mail = email.message_from_bytes(raw, policy=email.policy.default)
    parts = {part.get_content_type(): part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"}
    wanted = ("From", "To", "Date", "In-Reply-To", "References", "Auto-Submitted", "X-Auto-Response-Suppress", "Reply-To")
    return {"channel": "email", "from": envelope.mail_from, "to": list(envelope.rcpt_tos), "title": str(mail["Subject"] or ""),
            "text": parts.get("text/plain", ""), "html": parts.get("text/html", ""), "message_id": str(mail["Message-ID"] or ""),
            "headers": {name: str(mail[name]) for name in wanted if mail[name]}, "bytes": len(raw),
            "bare_line_ends": raw.replace(b"\r\n", b"").count(b"\n") + raw.replace(b"\r\n", b"").count(b"\r")}


def make_certificate(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "key.pem", folder / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


class Sink:
    def __init__(self, options):
        self.options = options
        self.clock = Clock(options.speed, options.at)
        self.faults = Faults()
        if options.faults:
            self.faults.add(json.loads(pathlib.Path(options.faults).read_text(encoding="utf-8")))
        self.inbox = Inbox(options.inbox, self.clock, options.print)
        self.counts = collections.Counter()
        self.wecom = Wecom(self, set(options.wecom_key))
        self.dingtalk = Dingtalk(self, set(options.dingtalk_token), options.dingtalk_secret, options.dingtalk_keyword)
        self.stopped = asyncio.Event()

    async def listen(self):
        handlers = {"wecom": self.wecom, "dingtalk": self.dingtalk, "control": Control(self)}
        servers = {name: await asyncio.start_server(http_protocol(handler.handle), "127.0.0.1", 0, limit=HEADER_BYTES_MAX)
                   for name, handler in handlers.items()}
        servers["smtp"] = await self.listen_for_mail()
        return servers

    async def listen_for_mail(self):
        from aiosmtpd.smtp import SMTP  # Debian: python3-aiosmtpd
        tls = make_certificate(self.options.tls) if self.options.tls else None

        def protocol():
            return SMTP(MailHandler(self), hostname="localhost", tls_context=tls, require_starttls=False,
                        data_size_limit=10 * BODY_BYTES_MAX)

        return await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)

    async def run(self):
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stopped.set)
        servers = await self.listen()
        ports = {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}
        write_whole(self.options.ports, json.dumps({**ports, "pid": os.getpid()}) + "\n")
        await self.stopped.wait()
        await asyncio.sleep(0.05)  # the answer to POST /stop
        for server in servers.values():
            server.close()


def write_whole(path, text):
    """Appears as a whole or not at all: others wait for this file."""
    if not path:
        print(text, end="", flush=True)
        return
    target = pathlib.Path(path)
    part = target.with_name(target.name + ".part")
    part.write_text(text, encoding="utf-8")
    part.replace(target)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports", metavar="FILE", help="where to write the ports; else they are printed")
    parser.add_argument("--inbox", metavar="DIR", help="keep the messages there")
    parser.add_argument("--print", action="store_true", help="print each message")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="the clock runs N times faster")
    parser.add_argument("--at", type=parse_time, metavar="TIME", help="and begins at TIME (RFC 3339)")
    parser.add_argument("--tls", metavar="DIR", help="offer STARTTLS; DIR/cert.pem is what to trust")
    parser.add_argument("--faults", metavar="FILE", help="faults from the start, as for POST /faults")
    parser.add_argument("--wecom-key", action="append", default=[], metavar="KEY", help="the only keys that exist")
    parser.add_argument("--dingtalk-token", action="append", default=[], metavar="TOKEN", help="the only tokens that exist")
    parser.add_argument("--dingtalk-secret", metavar="SECRET", help="ask for signatures")
    parser.add_argument("--dingtalk-keyword", metavar="WORD", help="ask for this word")
    return parser.parse_args()


async def main():
    await Sink(parse_arguments()).run()


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        sys.exit(f"sink.py: {error}")
