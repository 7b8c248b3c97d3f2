"""A CloudQuery source plugin whose rows are those of a recording: source.py ADDRESS FRAMES TIMES

What a host writes and what a source sends are the same messages. The frames are sent TIMES, in one answer to Sync, until the process is
ended.
"""

import os
import sys
from concurrent import futures

import grpc

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from host import UNLIMITED, field, frames

VERSIONS = b"\x0a\x01\x03"


def handlers(path, times):
    """The services and their calls, whose answers are whole messages already."""
    # The first frame announces the table: the message in its first field is what GetTables answers for one table.
    first, at = next(frames(path, 1)), 1
    while first[at] & 0x80:
        at += 1
    table = first[at + 1:]
    answers = {
        "GetName": field(1, "bench"),
        "GetVersion": field(1, "v1.0.0"),
        "Init": b"",
        "GetTables": table,
        "Close": b"",
    }
    plain = {name: grpc.unary_unary_rpc_method_handler(lambda request, context, answer=answer: answer)
             for name, answer in answers.items()}
    plain["Sync"] = grpc.unary_stream_rpc_method_handler(lambda request, context: frames(path, times))
    versions = grpc.unary_unary_rpc_method_handler(lambda request, context: VERSIONS)
    return [
        grpc.method_handlers_generic_handler("cloudquery.plugin.v3.Plugin", plain),
        grpc.method_handlers_generic_handler("cloudquery.discovery.v1.Discovery", {"GetVersions": versions}),
    ]


def main():
    address, path, times = sys.argv[1:]
    server = grpc.server(futures.ThreadPoolExecutor(4), options=UNLIMITED)
    server.add_generic_rpc_handlers(handlers(path, int(times)))
    server.add_insecure_port(address)
    server.start()
    server.wait_for_termination()


main()
