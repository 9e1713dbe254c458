"""A server between the daemon and the simulator that hands requests on, and spoils answers when it is told to."""

import http.client
import random
import socket
import ssl
import struct
import threading
import time


class Exchange:
    """One request on its way, as a conduct sees it."""

    def __init__(self, proxy, connection, method, path, headers, body, number):
        self.proxy, self.connection, self.method, self.path = proxy, connection, method, path
        self.headers, self.body, self.number = headers, body, number
        self.chance = proxy.chance

    def forward(self):
        """Lets the simulator carry it out. Gives the head of the answer, as bytes, and its body."""
        upstream = http.client.HTTPConnection(*self.proxy.upstream, timeout=30)
        try:
            upstream.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers:
                upstream.putheader(name, value)
            upstream.endheaders(self.body or None)
            answer = upstream.getresponse()
            body = answer.read()
        finally:
            upstream.close()
        lines = [f"HTTP/1.1 {answer.status} {answer.reason}"]
        lines += [f"{name}: {value}" for name, value in answer.getheaders()
                  if name.lower() not in ("content-length", "connection", "transfer-encoding")]
        return lines, body

    def maybe_forward(self):
        """Lost on its way there or on its way back: nobody who waits for the answer can tell. A change is lost on its
        way there once in a while only: it counts as one against the brakes all the same."""
        if self.chance.random() < 0.5 and (self.method == "GET" or self.path not in self.proxy.lost):
            self.proxy.lost.add(self.path)
            return None
        return self.forward()

    def answer(self, lines, body, *more, length=True):
        head = list(lines) + ([f"Content-Length: {len(body)}"] if length else []) + list(more)
        return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body

    def send(self, data):
        self.connection.sendall(data)

    def send_for_ever(self, chunk):
        """Until the other side has had enough; a bound for one that never has."""
        for _ in range((4 << 30) // len(chunk)):
            self.send(chunk)

    def wait_for_end(self, seconds=30):
        """Until the other side hangs up."""
        self.connection.settimeout(seconds)
        while self.connection.recv(65536):
            pass

    def reset(self):
        reset(self.connection)


def reset(connection):
    """Closes with RST in place of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Conduct:
    """How the server behaves. `answer` is given an exchange, and says whether the connection is kept; `greet` a new
    connection, and gives what is spoken on, or None when it is over."""

    def __init__(self, name, answer=None, greet=None, speaks=("http", "https"), listens=True):
        self.name, self.answer, self.greet, self.speaks, self.listens = name, answer, greet, speaks, listens


class Proxy:
    def __init__(self, upstream, secure=None, token="", hosts=("127.0.0.1",), seed=1):
        """`secure` is the context of a server with TLS; `hosts` are the addresses, all with one port."""
        self.upstream, self.secure, self.token, self.hosts = upstream, secure, token, hosts
        self.chance = random.Random(seed)
        self.conduct, self.aim = Conduct("as it should be"), lambda exchange: False
        self.port, self.listeners, self.lost = 0, [], set()
        self.lock = threading.Lock()
        # What was asked here, what of it was spoilt, and where the token was where it must not be.
        self.asked, self.spoilt, self.leaks = 0, [], []
        self.listen()

    def listen(self):
        for host in self.hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            listener = socket.socket(family, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, self.port))
            self.port = listener.getsockname()[1]
            listener.listen(64)
            self.listeners.append(listener)
            threading.Thread(target=self._accept, args=[listener], daemon=True).start()

    def hang_up(self):
        """Nobody listens any more; connections that stand are let be."""
        for listener in self.listeners:
            # Ends the accept() of the thread, which close() alone would not.
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self.listeners = []

    def behave(self, conduct=None, aim=lambda exchange: True):
        """From now on like this; without a conduct as it should be."""
        with self.lock:
            self.conduct, self.aim = conduct or Conduct("as it should be"), aim
            self.spoilt = []
            if not conduct:
                self.lost = set()
        if conduct and not conduct.listens:
            self.hang_up()
        elif not self.listeners:
            self.listen()

    def _accept(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        connection.settimeout(120)
        try:
            with self.lock:
                greet = self.conduct.greet if self.aim(None) else None
            if greet:
                self._note(None)
                connection = greet(self, connection)
            elif self.secure:
                connection = self.secure.wrap_socket(connection, server_side=True)
            number = 0
            while connection and (exchange := self._read(connection, number + 1)):
                number += 1
                if not self._handle(exchange):
                    break
        except (OSError, http.client.HTTPException, ValueError):
            pass  # the other side has had enough, which is what is tried here
        finally:
            if connection:
                connection.close()

    def _handle(self, exchange):
        with self.lock:
            self.asked += 1
            answer = self.conduct.answer if self.aim(exchange) else None
        if answer:
            self._note(exchange)
            return answer(exchange)
        exchange.send(exchange.answer(*exchange.forward()))
        return True

    def _note(self, exchange):
        with self.lock:
            self.spoilt.append(f"{exchange.method} {exchange.path}" if exchange else "connection")

    def _read(self, connection, number):
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return None
            data += more
        head, body = data.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        method, path, _ = first.split(" ")
        headers = [tuple(line.split(": ", 1)) for line in lines]
        length = int(next((value for name, value in headers if name.lower() == "content-length"), 0))
        while len(body) < length:
            more = connection.recv(65536)
            if not more:
                return None  # half a request is none
            body += more
        return Exchange(self, connection, method, path, headers, body, number)

    def watch_for_token(self, data, where):
        if self.token.encode() in data:
            with self.lock:
                self.leaks.append(where)


class Trap:
    """A server that nobody has any business with: whatever is said to it is kept."""

    def __init__(self, secure=None):
        self.secure, self.heard = secure, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            connection, _ = self.listener.accept()
            try:
                connection.settimeout(5)
                if self.secure:
                    connection = self.secure.wrap_socket(connection, server_side=True)
                self.heard.append(connection.recv(65536).decode("latin-1"))
            except OSError as trouble:
                self.heard.append(f"a connection: {trouble}")
            finally:
                connection.close()


def trickle(exchange, data):
    """A byte a second, until the other side hangs up."""
    for byte in data:
        exchange.send(bytes([byte]))
        time.sleep(1)
