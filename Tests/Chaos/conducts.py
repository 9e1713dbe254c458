"""What can be wrong with a server, or with the way to it."""

import gzip
import ssl
import time

from proxy import Conduct, reset

MEGABYTE = 1 << 20


def cut(x):
    """The end comes early, at a byte that chance picks."""
    data = x.answer(*x.forward())
    x.send(data[:x.chance.randrange(len(data))])


def cut_without_length(x):
    """Nothing says where the end should be: the answer ends where the connection does."""
    lines, body = x.forward()
    x.send(x.answer(lines, body[:x.chance.randrange(max(1, len(body) - 1))], "Connection: close", length=False))
    if hasattr(x.connection, "unwrap"):
        x.connection.unwrap()  # an end that TLS vouches for


def trickle(x):
    for byte in x.answer(*x.forward()):
        x.send(bytes([byte]))
        time.sleep(1)


def silence(x):
    x.maybe_forward()
    x.wait_for_end()


def wrong_length(x):
    lines, body = x.forward()
    right = len(body)
    lengths = x.chance.choice([
        [right + 10], [max(0, right - 10)], [-1], [right, right + 5], [right + 5, right], ["abc"], [f"{right} {right}"],
        ["99999999999999999999999"], ["0x10"], [0], ["+5"], [""]])
    x.send(x.answer(lines, body, *(f"Content-Length: {length}" for length in lengths), length=False))
    return x.chance.random() < 0.5


def wrong_chunks(x):
    lines, body = x.forward()
    size = f"{len(body):x}".encode()
    chunked = x.chance.choice([
        b"zz\r\n" + body, b"ffffffffffffffffff\r\n" + body, b"-1\r\n" + body, size + b"\r\n" + body[:-5] + b"\r\n0\r\n\r\n",
        size + b"\r\n" + body, b"5\r\n" + body[:5] + b"\r\n0\r\n\r\n", size + b";" + b"x" * 200_000 + b"\r\n" + body])
    x.send(x.answer(lines, chunked, "Transfer-Encoding: chunked", length=False))


def reset_after_bytes(x):
    data = x.answer(*x.forward())
    x.send(data[:x.chance.randrange(len(data))])
    x.reset()


def reset_without_answer(x):
    x.maybe_forward()
    x.reset()


def end_without_answer(x):
    x.maybe_forward()


def kept_and_closed(x):
    """Good answers, and an end that was not announced."""
    x.send(x.answer(*x.forward()))


def second_request_unanswered(x):
    """On a connection that was kept the next request is read, perhaps carried out, and not answered."""
    if x.number == 1 and x.method == "GET":
        x.send(x.answer(*x.forward()))
        return True
    x.maybe_forward()
    if x.chance.random() < 0.5:
        x.reset()


def answered_twice(x):
    """An answer that nobody asked for waits on the connection for the next request."""
    data = x.answer(*x.forward())
    x.send(data)
    time.sleep(0.003)  # so that it does not come with the first, where it would be overlooked
    x.send(data)
    return True


def packed_bomb(x):
    """Some MB that unpack to some GB, though nobody said that packed answers are wanted."""
    x.maybe_forward()
    bomb = gzip.compress(bytes(64 * MEGABYTE), 9)
    x.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    for _ in range(100):
        x.send(bomb)


def endless_body(x):
    x.maybe_forward()
    x.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n")
    x.send_for_ever(b'{"success":true,"result":[' + b" " * MEGABYTE)


def huge_length(x):
    x.maybe_forward()
    x.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10737418240\r\n\r\n")
    x.send_for_ever(b" " * MEGABYTE)


def endless_headers(x):
    x.maybe_forward()
    x.send(b"HTTP/1.1 200 OK\r\n")
    x.send_for_ever(b"X-More: and more\r\n" * 1000)


def endless_header(x):
    x.maybe_forward()
    x.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    x.send_for_ever(b"x" * 65536)


def full_answer(x):
    """As long as it may be, and nothing but brackets, empty objects or one text."""
    x.maybe_forward()
    filling = x.chance.choice([b"[" * (8 * MEGABYTE - 100), b"[" + b"{}," * (2 * MEGABYTE) + b"{}]",
                               b'["' + b"x" * (7 * MEGABYTE) + b'"]', b"[" + b"1," * (3 * MEGABYTE) + b"1]"])
    body = b'{"success":true,"result":' + filling + b"}"
    x.send(x.answer(["HTTP/1.1 200 OK", "Content-Type: application/json"], body))


def old_version(x):
    lines, body = x.forward()
    lines[0] = lines[0].replace("HTTP/1.1", "HTTP/1.0")
    x.send(x.answer(lines, body, length=x.chance.random() < 0.5))


def no_http(x):
    lines, body = x.forward()
    start = x.chance.choice([
        b"", b"ICY 200 OK\r\n\r\n", b"HTTP/1.1 99 Low\r\n\r\n", b"HTTP/1.1 1000 High\r\n\r\n", b"HTTP/1.1  \r\n\r\n",
        b"HTTP/9.9 200 OK\r\n\r\n", b"HTTP/1.1 000 Nothing\r\n\r\n", b"220 mail.example ESMTP\r\n", b"\0" * 100,
        b"HTTP/2 200\r\n\r\n", b"\r\n\r\n\r\n"])
    x.send(start + body)


def informed(x):
    """Provisional answers before the real one, which are to be passed over."""
    for line in (b"100 Continue", b"102 Processing", b"103 Early Hints\r\nLink: </x>", b"199 Whatever"):
        x.send(b"HTTP/1.1 " + line + b"\r\n\r\n")
    x.send(x.answer(*x.forward()))
    return True


def informed_for_ever(x):
    x.maybe_forward()
    x.send_for_ever(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


def switched(x):
    x.maybe_forward()
    x.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + b"\0\0\x12\4" * 50)


def redirect_to(ports):
    def redirect(x):
        """To where whoever follows would tell the token."""
        scheme, port = x.chance.choice(ports)
        status = x.chance.choice(["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
        place = f"{scheme}://{x.chance.choice(['127.0.0.1', 'localhost'])}:{port}{x.path}"
        x.maybe_forward()
        x.send(x.answer([f"HTTP/1.1 {status}"], b"", f"Location: {place}", f"Refresh: 0; url={place}",
                        f'Alt-Svc: http/1.1="127.0.0.1:{port}"; ma=3600', "Set-Cookie: a=b"))
        return True
    return redirect


def gateway_page(x):
    """Something in between speaks for itself."""
    status = x.chance.choice(["200 OK", "401 Unauthorized", "403 Forbidden", "404 Not Found", "407 Proxy Authentication",
                              "502 Bad Gateway", "204 No Content", "304 Not Modified", "205 Reset", "404 Gone"])
    x.maybe_forward()
    x.send(x.answer([f"HTTP/1.1 {status}", "WWW-Authenticate: Basic realm=x"], b"<html>sign in here</html>"))


# Before there is a request


def accepts_and_resets(proxy, connection):
    reset(connection)


def accepts_and_waits(proxy, connection):
    """The connection stands, and nothing ever comes."""
    while connection.recv(65536):
        pass


def alert(proxy, connection):
    connection.recv(65536)
    connection.sendall(bytes.fromhex("15 03 03 00 02 02 28"))


def greeting_cut(proxy, connection):
    """The handshake ends at a byte that chance picks."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    server = proxy.secure.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(connection.recv(65536))
    try:
        server.do_handshake()
    except ssl.SSLWantReadError:
        pass
    data = outgoing.read()
    connection.sendall(data[:proxy.chance.randrange(len(data))])
    if proxy.chance.random() < 0.5:
        reset(connection)


def plain_words(proxy, connection):
    proxy.watch_for_token(connection.recv(65536), "a server that answers TLS with plain text")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")


def believed_by_nobody(name, context):
    def greet(proxy, connection):
        try:
            secured = context.wrap_socket(connection, server_side=True)
            # A name is compared after the greeting: then the connection ends without a word, and without an alert.
            if told := secured.recv(65536):
                proxy.watch_for_token(told, f"a server whose certificate is {name}")
                with proxy.lock:
                    proxy.leaks.append(f"something was told to a server whose certificate is {name}")
        except (ssl.SSLError, ConnectionError):
            pass
        finally:
            connection.close()
    return greet


def all_conducts(authority, traps):
    bad = [
        Conduct(f"certificate is {name}", greet=believed_by_nobody(name, context), speaks=("https",))
        for name, context in authority.contexts.items() if name != "good"]
    return [
        Conduct("answers cut", cut), Conduct("answers cut, no length", cut_without_length),
        Conduct("one byte a second", trickle), Conduct("no answer", silence),
        Conduct("wrong Content-Length", wrong_length), Conduct("wrong chunks", wrong_chunks),
        Conduct("reset after k bytes", reset_after_bytes), Conduct("reset without answer", reset_without_answer),
        Conduct("end without answer", end_without_answer), Conduct("closed after each answer", kept_and_closed),
        Conduct("second request unanswered", second_request_unanswered), Conduct("answered twice", answered_twice),
        Conduct("packed bomb", packed_bomb), Conduct("endless body", endless_body),
        Conduct("10 GB announced", huge_length), Conduct("endless headers", endless_headers),
        Conduct("endless header", endless_header), Conduct("answer of 8 MB", full_answer),
        Conduct("HTTP/1.0", old_version), Conduct("no HTTP", no_http), Conduct("provisional answers", informed),
        Conduct("provisional for ever", informed_for_ever), Conduct("switching protocols", switched),
        Conduct("redirected", redirect_to(traps)), Conduct("a gateway's page", gateway_page),
        Conduct("connection refused", listens=False), Conduct("reset at once", greet=accepts_and_resets),
        Conduct("never a word", greet=accepts_and_waits),
        Conduct("TLS alert", greet=alert, speaks=("https",)),
        Conduct("TLS greeting cut", greet=greeting_cut, speaks=("https",)),
        Conduct("plain text for TLS", greet=plain_words, speaks=("https",)), *bad]
