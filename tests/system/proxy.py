"""A TCP proxy in front of Redis that can hold back what a client sent and deliver it later, after the client has given that
connection up: the bytes of an old connection arrive late."""
import socket
import threading
import time


class Proxy:
    def __init__(self, redis_path):
        self.redis_path = redis_path
        self.lock = threading.Lock()
        self.hold_next = None   # a substring: the first chunk that contains it is held
        self.held = []          # (upstream socket, bytes)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.running = True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while self.running:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            upstream = socket.socket(socket.AF_UNIX)
            try:
                upstream.connect(self.redis_path)
            except OSError:
                client.close()
                continue
            threading.Thread(target=self.up, args=(client, upstream), daemon=True).start()
            threading.Thread(target=self.down, args=(client, upstream), daemon=True).start()

    def up(self, client, upstream):
        while True:
            try:
                data = client.recv(65536)
            except OSError:
                data = b""
            if not data:
                break
            with self.lock:
                if self.hold_next and self.hold_next in data:
                    self.held.append((upstream, data))
                    self.hold_next = None
                    client.shutdown(socket.SHUT_RDWR)  # the client must connect anew; its bytes are still on their way
                    return
            try:
                upstream.sendall(data)
            except OSError:
                break
        if not any(held is upstream for held, _ in self.held):
            upstream.close()

    def down(self, client, upstream):
        while True:
            try:
                data = upstream.recv(65536)
                if not data:
                    break
                client.sendall(data)
            except OSError:
                break
        try:
            client.close()
        except OSError:
            pass

    def hold(self, pattern):
        with self.lock:
            self.hold_next = pattern

    def deliver(self):
        """Sends what was held; returns what Redis answered to each."""
        answers = []
        for upstream, data in self.held:
            upstream.settimeout(2)
            try:
                upstream.sendall(data)
                time.sleep(0.1)
                answers.append(upstream.recv(65536))
            except OSError:
                answers.append(b"")
        self.held = []
        return answers

    def close(self):
        self.running = False
        self.listener.close()
