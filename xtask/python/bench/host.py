"""A CloudQuery host that writes a recording to a destination plugin: host.py ADDRESS SPEC FRAMES TIMES

The frames are sent TIMES, in one call of Write. The status is 1 when the plugin refuses one.
"""

import struct
import sys

import grpc

PLUGIN = "/cloudquery.plugin.v3.Plugin/"
UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]


def frames(path, times):
    with open(path, "rb") as file:
        data = file.read()
    for _ in range(times):
        at = 0
        while at < len(data):
            (length,) = struct.unpack_from("<I", data, at)
            yield data[at + 4:at + 4 + length]
            at += 4 + length


def field(number, text):
    """A short text as a field of a protobuf message."""
    length, prefix = len(text), bytearray([number << 3 | 2])
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([*prefix, length]) + text.encode()


def main():
    address, spec, path, times = sys.argv[1:]
    raw = {"request_serializer": bytes, "response_deserializer": bytes}
    with grpc.insecure_channel(address, UNLIMITED) as channel:
        grpc.channel_ready_future(channel).result(timeout=20)
        try:
            channel.unary_unary(PLUGIN + "Init", **raw)(field(1, spec), timeout=60)
            channel.stream_unary(PLUGIN + "Write", **raw)(frames(path, int(times)), timeout=600)
            channel.unary_unary(PLUGIN + "Close", **raw)(b"", timeout=60)
        except grpc.RpcError as error:
            sys.exit(f"{error.code().name}: {error.details()}")


if __name__ == "__main__":
    main()
