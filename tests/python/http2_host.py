"""A host that puts its HTTP/2 frames together by hand, in every form that the rules allow and in some that they don't.

Arguments: what to do, and the plugin's unix socket. A call is `answered`, or the connection is `ended` instead.
"""

import json
import socket
import struct
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, SETTINGS, CONTINUATION = 0, 1, 4, 9
END_STREAM, END_HEADERS, PADDED, PRIORITY = 1, 4, 8, 32
PATIENCE = 20


def frame(kind, flags, payload, stream=1):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def number(value, bits, first):
    """An integer with a prefix of so many bits (RFC 7541, 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes([first | value])
    out, value = [first | most], value - most
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + [value])


def header(name, value):
    """A literal that is not indexed (RFC 7541, 6.2.2)."""
    return b"\x00" + number(len(name), 7, 0) + name.encode() + number(len(value), 7, 0) + value.encode()


def block(method="GetName", authority="%2Ftmp%2Fplugin.sock", more=()):
    path = f"/cloudquery.plugin.v3.Plugin/{method}"
    headers = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", authority)]
    headers += [("content-type", "application/grpc"), ("te", "trailers"), *more]
    return b"".join(header(*pair) for pair in headers)


def message(stream=1):
    """An empty message, which is all that these calls take."""
    return frame(DATA, END_STREAM, bytes(5), stream)


def connect(path):
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    connection.connect(path)
    return connection


def outcome(path, frames, preface=PREFACE + frame(SETTINGS, 0, b"", 0)):
    connection = connect(path)
    received = b""
    try:
        connection.sendall(preface + frames)
        while chunk := connection.recv(65536):
            received += chunk
            if b"\x0a\x02s3" in received:
                return "answered"
    except TimeoutError:
        return "silent"
    except OSError:
        pass
    return "ended"


def split(block, size, flags=0, padding=b""):
    parts = [block[at : at + size] for at in range(0, len(block), size)]
    first = bytes([len(padding)]) + parts[0] + padding if flags & PADDED else parts[0]
    frames = [frame(HEADERS, flags, first)] + [frame(CONTINUATION, 0, part) for part in parts[1:-1]]
    return b"".join(frames + [frame(CONTINUATION, END_HEADERS, parts[-1])])


def headers(path):
    plain = block()
    priority = bytes([0, 0, 0, 0, 15])
    long = ("x-long", "v" * 3000)
    # One entry of the table of headers, named so often that it unfolds into far more than was sent.
    bomb = plain + b"\x40\x01x" + number(3000, 7, 0) + b"v" * 3000 + b"\xbe" * 40
    frames = {
        "plain": frame(HEADERS, END_HEADERS, plain),
        "another_path": frame(HEADERS, END_HEADERS, block(authority="/tmp/a socket")),
        "an_authority": frame(HEADERS, END_HEADERS, block(authority="localhost:7777")),
        "padded": frame(HEADERS, END_HEADERS | PADDED, b"\x09" + plain + bytes(9)),
        "with_priority": frame(HEADERS, END_HEADERS | PRIORITY, priority + plain),
        "padded_with_priority": frame(HEADERS, END_HEADERS | PADDED | PRIORITY, b"\x03" + priority + plain + bytes(3)),
        "split": split(plain, 10),
        "split_and_padded": split(plain, 10, PADDED, bytes(7)),
        "large": split(block(more=[long] * 4), 5000),
        "padding_too_long": frame(HEADERS, END_HEADERS | PADDED, b"\xff" + plain),
        "frame_too_long": frame(HEADERS, END_HEADERS, block(more=[long] * 8)),
        "block_too_long": split(block(more=[long] * 30), 16000),
        "list_too_long": frame(HEADERS, END_HEADERS, bomb),
        "continuations_without_end": frame(HEADERS, 0, plain) + frame(CONTINUATION, 0, b"") * 1000,
        "continuation_alone": frame(CONTINUATION, END_HEADERS, plain),
        "data_within": frame(HEADERS, 0, plain) + frame(DATA, 0, b""),
        "malformed": frame(HEADERS, END_HEADERS, b"\x80"),
        "cut_off": frame(HEADERS, END_HEADERS, plain[:-3]),
        "index_beyond": frame(HEADERS, END_HEADERS, plain + b"\xff\x7f"),
        "table_too_large": frame(HEADERS, END_HEADERS, number(1 << 20, 5, 0x20) + plain),
    }
    outcomes = {name: outcome(path, sent + message()) for name, sent in frames.items()}
    outcomes["no_preface"] = outcome(path, b"", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    outcomes["in_the_end"] = outcome(path, frames["plain"] + message())
    return outcomes


def stop_reading(path):
    """Asks for more than fits on the way, reads nothing of it, and stays."""
    connection = connect(path)
    calls = [frame(HEADERS, END_HEADERS, block("GetSpecSchema"), n) + message(n) for n in range(1, 120, 2)]
    connection.sendall(PREFACE + frame(SETTINGS, 0, b"", 0) + b"".join(calls))
    time.sleep(1)
    if outcome(path, frame(HEADERS, END_HEADERS, block()) + message()) == "answered":
        print("another host is answered", file=sys.stderr, flush=True)
    time.sleep(60)


answer = globals()[sys.argv[1]](sys.argv[2])
print(json.dumps(answer))
