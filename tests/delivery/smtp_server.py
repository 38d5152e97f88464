"""A real SMTP server (aiosmtpd) for one test: smtp_server.py CERTIFICATE KEY; offers STARTTLS and takes mail only behind it;
prints its port, then the recipient and the subject of each mail; ends with its standard input."""
import email
import logging
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP


class Inbox:
    async def handle_DATA(self, server, session, envelope):
        subject = email.message_from_bytes(envelope.content)["Subject"]
        print(envelope.rcpt_tos[0], subject, flush=True)
        return "250 2.0.0 Ok: queued as REAL1"


class Secure(Controller):
    def factory(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(sys.argv[1], sys.argv[2])
        return SMTP(self.handler, tls_context=context, require_starttls=True)


logging.disable(logging.CRITICAL)
controller = Secure(Inbox(), hostname="127.0.0.1", port=0)
try:
    controller.start()
except Exception:
    pass
print(controller.server.sockets[0].getsockname()[1], flush=True)
sys.stdin.read()
