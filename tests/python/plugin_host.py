"""A CloudQuery host in raw gRPC, independent of the program's own code: what it calls, and what it is answered, as JSON.

Arguments: what to do, the plugin's address (as gRPC names it), a spec, and what that needs. Messages are put together by hand
from the numbers of the protocol; tables and records are written by pyarrow.
"""

import io
import json
import os
import random
import socket
import struct
import sys
import threading
import time

import grpc
import pyarrow as pa

PLUGIN = "/cloudquery.plugin.v3.Plugin/"
RUN = "11111111-2222-4333-8444-555555555555"
LIMIT = 240
SECRET = "kept-to-themselves-4711"


def varint(n):
    out = bytearray()
    while n > 0x7F:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes(out + bytes([n]))


def field(number, payload):
    return bytes([number << 3 | 2]) + varint(len(payload)) + payload


def strings(message):
    """The length-delimited fields of an answer, by number."""
    found, at = {}, 0
    while at < len(message):
        key, at = message[at], at + 1
        length = shift = 0
        while True:
            byte, at = message[at], at + 1
            length |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if key & 7 == 2:
            found[key >> 3] = message[at : at + length]
            at += length
        else:
            found[key >> 3] = length
    return found


class Host:
    def __init__(self, address):
        unlimited = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
        # Channels to one address share a connection unless they are told not to: every host here has its own.
        self.channel = grpc.insecure_channel(address, options=unlimited + [("grpc.use_local_subchannel_pool", 1)])
        grpc.channel_ready_future(self.channel).result(timeout=20)
        self.raw = dict(request_serializer=lambda b: b, response_deserializer=lambda b: b)

    def call(self, method, message=b"", service=PLUGIN):
        return self.channel.unary_unary(service + method, **self.raw)(message, timeout=LIMIT)

    def init(self, spec, invocation=RUN, offline=False):
        message = field(1, spec.encode()) + (b"\x10\x01" if offline else b"") + field(3, invocation.encode())
        return self.call("Init", message)

    def write(self, messages):
        return self.channel.stream_unary(PLUGIN + "Write", **self.raw)(iter(messages), timeout=LIMIT)

    def read(self, table):
        answers = self.channel.unary_stream(PLUGIN + "Read", **self.raw)(field(1, table), timeout=LIMIT)
        return [strings(answer)[1] for answer in answers]


def told(work):
    """OK, or the status and its text."""
    try:
        work()
        return ["OK", ""]
    except grpc.RpcError as error:
        return [error.code().name, error.details()]


def frames(path):
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at)
        yield data[at + 4 : at + 4 + length]
        at += 4 + length


def stream(schema, *batches, options=None):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, schema, options=options) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return sink.getvalue()


def migrate(schema):
    return field(1, field(1, stream(schema)))


def insert(batch, options=None):
    return field(2, field(1, stream(batch.schema, batch, options=options)))


def schema_of(name, fields=(("id", pa.int64()), ("text", pa.string()))):
    metadata = {"cq:table_name": name} if name is not None else {}
    return pa.schema([pa.field(*parts) for parts in fields], metadata=metadata)


def rows(schema, first, count):
    columns = [pa.array(range(first, first + count)), pa.array([f"row {n}" for n in range(first, first + count)])]
    return pa.record_batch(columns, schema=schema)


def numbered(table, count, each):
    """Messages of a table whose texts belong to their ids."""
    schema = schema_of(table)
    yield migrate(schema)
    for first in range(0, count, each):
        yield insert(rows(schema, first, min(each, count - first)))


def methods(host, spec):
    table = stream(schema_of("t"))
    versions = host.call("GetVersions", service="/cloudquery.discovery.v1.Discovery/")
    answers = {
        "versions": list(strings(versions)[1]),
        "name": strings(host.call("GetName"))[1].decode(),
        "version": strings(host.call("GetVersion"))[1].decode(),
        "schema": json.loads(strings(host.call("GetSpecSchema"))[1]),
        "write_before_init": told(lambda: host.write(numbered("t", 1, 1))),
        "read_before_init": told(lambda: host.read(table)),
        "bad_init": told(lambda: host.init('{"bucket": "x"}')),
        "secret_init": told(lambda: host.init(with_secrets(spec))),
        "offline_init": told(lambda: host.init(spec, offline=True)),
        "write_offline": told(lambda: host.write(numbered("t", 1, 1))),
        "no_invocation": told(lambda: host.init(spec.replace("{{UUID}}", "{{SYNC_ID}}-{{UUID}}"), invocation="")),
        "init": told(lambda: host.init(spec)),
        "get_tables": told(lambda: host.call("GetTables")),
        "sync": told(lambda: list(host.channel.unary_stream(PLUGIN + "Sync", **host.raw)(b"", timeout=LIMIT))),
        "transform": told(lambda: list(host.channel.stream_stream(PLUGIN + "Transform", **host.raw)(iter([b""]), timeout=LIMIT))),
        "transform_schema": told(lambda: host.call("TransformSchema", field(1, table))),
        "unknown": told(lambda: host.call("Explode")),
        "close": told(lambda: host.call("Close")),
        "write_after_close": told(lambda: host.write(numbered("t", 1, 1))),
    }
    for name, tested in (("good", spec), ("bad", '{"bucket": 1}'), ("unreachable", spec.replace("test", "else", 1))):
        answer = strings(host.call("TestConnection", field(1, tested.encode())))
        answers[f"test_{name}"] = [answer.get(1, 0)] + [answer.get(n, b"").decode() for n in (2, 3)]
    answers["test_secret"] = strings(host.call("TestConnection", field(1, with_secrets(spec).encode())))[3].decode()
    return answers


def with_secrets(spec):
    """The spec with a secret where none belongs."""
    secrets = {"secret_access_key": SECRET, "credentials": {"role_arn": [SECRET], "session_token": SECRET}}
    return json.dumps(json.loads(spec) | secrets)


def bad(host, spec):
    host.init(spec)
    schema = schema_of("t")
    good = [migrate(schema), insert(rows(schema, 0, 5))]
    wide = schema_of("wide", [(f"c{n}", pa.int64()) for n in range(2000)])
    other = schema_of("t", [("id", pa.int64()), ("text", pa.int64())])
    more = schema_of("t", [("id", pa.int64()), ("text", pa.string()), ("x", pa.string())])
    nothing = schema_of("nothing", [])
    required = pa.schema([pa.field("id", pa.int64(), nullable=False)], metadata={"cq:table_name": "required"})
    nulls = pa.schema([pa.field("id", pa.int64())], metadata={"cq:table_name": "required"})
    record = stream(schema, rows(schema, 0, 5))
    utf8 = record.replace(b"cq:table_name", b"cq:table_nam\xff")
    huge = stream(schema)[:-8] + struct.pack("<Ii", 0xFFFFFFFF, 1 << 30)
    delete = field(3, field(2, b"source") + field(4, b"t"))
    cases = {
        "unknown_table": [insert(rows(schema, 0, 5))],
        "insert_before_migrate": [insert(rows(schema, 0, 5)), migrate(schema)],
        "another_type": [migrate(schema), insert(pa.record_batch([pa.array([1]), pa.array([1])], schema=other))],
        "more_columns": [migrate(schema), insert(pa.record_batch([[1], ["a"], ["b"]], schema=more))],
        "nulls_where_none_may_be": [migrate(required), insert(pa.record_batch([pa.array([None], pa.int64())], schema=nulls))],
        "no_name": [migrate(schema_of(None))],
        "bad_name": [migrate(schema_of("../up"))],
        "no_table": [field(1, field(1, b"nonsense"))],
        "empty_table": [field(1, b"")],
        "empty_record": good + [field(2, b"")],
        "truncated": good + [field(2, field(1, record[: len(record) // 2]))],
        "bad_utf8": good + [field(2, field(1, utf8))],
        "oversized_length": good + [field(2, field(1, huge))],
        "bits_flipped": good + [field(2, field(1, bytes(b ^ 0x55 if 300 < n < 340 else b for n, b in enumerate(record))))],
        "delete_stale": good + [delete],
        "delete_record": good + [field(4, field(1, b"t"))],
        "no_protobuf": good + [b"\xff\xff\xff"],
        "too_large": good + [field(2, field(1, bytes((200 << 20) + 1)))],
        "nothing": [],
        "unknown_kind": good + [field(9, b"")],
        "empty_batch": good + [insert(rows(schema, 0, 0))],
        "no_columns": [migrate(nothing), insert(pa.record_batch([], schema=nothing))],
        "many_columns": [migrate(wide), insert(pa.record_batch([pa.array([n]) for n in range(2000)], schema=wide))],
        "compressed": [migrate(schema_of("lz4")), insert(rows(schema_of("lz4"), 0, 5), pa.ipc.IpcWriteOptions(compression="zstd"))],
        "twice_migrated": good + [migrate(schema), insert(rows(schema, 5, 5))],
        "changed": good + [migrate(more), insert(pa.record_batch([[1], ["a"], ["b"]], schema=more))],
    }
    dictionary = schema_of("dictionary", [("d", pa.dictionary(pa.int8(), pa.string()))])
    values = pa.array(["x", "y", "x"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string()))
    cases["dictionary"] = [migrate(dictionary), insert(pa.record_batch([values], schema=dictionary))]
    return {name: told(lambda: host.write(messages)) for name, messages in cases.items()}


def fuzz(host, spec, paths, tries, seed):
    """Writes mutated recordings. What is answered, by status; nothing may take long."""
    chance, statuses, slowest = random.Random(int(seed)), {}, 0
    recorded = [list(frames(path)) for path in paths.split(os.pathsep)]
    host.init(spec)
    for _ in range(int(tries)):
        messages = [bytearray(message) for message in chance.choice(recorded)]
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(messages))
            message = messages[at]
            match chance.randrange(7):
                case 0:
                    message[chance.randrange(len(message))] ^= 1 << chance.randrange(8)
                case 1:
                    for _ in range(20):
                        message[chance.randrange(len(message))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
                case 2:
                    del message[chance.randrange(len(message)) :]
                case 3:
                    start = chance.randrange(len(message))
                    del message[start : start + chance.randint(1, 64)]
                case 4:
                    messages.insert(chance.randrange(len(messages)), bytearray(message))
                case 5:
                    start = chance.randrange(max(1, len(message) - 8))
                    message[start : start + 8] = struct.pack("<q", chance.choice([-1, 1 << 31, 1 << 62, 1 << 20]))
                case _:
                    message += chance.randbytes(chance.randint(1, 40))
            if not message:
                messages.pop(at)
            if not messages:
                break
        began = time.monotonic()
        status, _ = told(lambda: host.write(bytes(message) for message in messages))
        slowest = max(slowest, time.monotonic() - began)
        statuses[status] = statuses.get(status, 0) + 1
    return {"statuses": statuses, "slowest": slowest}


def slow(host, spec, table, count, each, pause):
    """Writes numbered rows with pauses, and tells how it was answered; the rows that were handed over are counted on the way."""
    host.init(spec)
    print("writing", file=sys.stderr, flush=True)

    def messages():
        for message in numbered(table, int(count), int(each)):
            yield message
            time.sleep(float(pause))

    return told(lambda: host.write(messages()))


def vanish(host, spec, table, count, each, within):
    """Writes numbered rows, waits until they are on their way, and is gone: between two records, or within one."""
    host.init(spec)

    def messages():
        yield from numbered(table, int(count), int(each))
        time.sleep(1)
        if within == "no":
            os._exit(0)
        threading.Timer(0.05, os._exit, [0]).start()
        schema = schema_of(table)
        yield insert(pa.record_batch([pa.array([-1]), pa.array(["x" * (150 << 20)])], schema=schema))

    host.write(messages())


def two_hosts(host, spec, address, other_spec):
    """Two hosts at one plugin, each with a spec of its own, that write at the same time."""
    other = Host(address)
    host.init(spec)
    other.init(other_spec)
    first = host.channel.stream_unary(PLUGIN + "Write", **host.raw).future(numbered("t", 100, 10), timeout=LIMIT)
    second = other.channel.stream_unary(PLUGIN + "Write", **other.raw).future(numbered("t", 50, 10), timeout=LIMIT)
    answers = [told(first.result), told(second.result)]
    # A third that speaks no HTTP/2 at all troubles nobody.
    kind, _, place = address.partition(":")
    stranger = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET)
    stranger.connect(place if kind == "unix" else (kind, int(place)))
    stranger.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\xff" * 500)
    answers.append(told(lambda: host.write(numbered("later", 10, 10))))
    return answers


def many_hosts(host, spec, address, most):
    """As many hosts as there may be, one more, and one that comes once some have left without a word."""
    others = [Host(address) for _ in range(int(most))]
    answers = [told(lambda: each.init(spec)) for each in [host, *others]]
    for other in others[:3]:
        other.channel.close()
    for _ in range(100):
        late = told(lambda: others[-1].init(spec))
        if late[0] == "OK":
            break
        time.sleep(0.05)
    return {"refused": [answer for answer in answers if answer[0] != "OK"], "late": late}


def drive(host, spec, path):
    host.init(spec)
    return told(lambda: host.write(frames(path)))


def write_numbered(host, spec, table, count, each):
    host.init(spec)
    return told(lambda: host.write(numbered(table, int(count), int(each))))


def write_large(host, spec, table, count, bytes_each):
    """Records of one row with a text that does not compress."""
    host.init(spec)
    schema, chance = schema_of(table), random.Random(5)

    def messages():
        yield migrate(schema)
        for n in range(int(count)):
            text = chance.randbytes(int(bytes_each) // 2).hex()
            yield insert(pa.record_batch([pa.array([n]), pa.array([text])], schema=schema))

    return told(lambda: host.write(messages()))


def typed(nested):
    """Rows of every kind that each format keeps, with nulls."""
    kinds = [
        ("id", pa.int64(), [1, 2, None], None),
        ("small", pa.int16(), [-5, None, 7], None),
        ("ratio", pa.float64(), [0.5, None, -1e300], None),
        ("flag", pa.bool_(), [True, None, False], None),
        ("text", pa.string(), ["a, \"b\"\n", None, "été"], None),
        ("at", pa.timestamp("us", "UTC"), [0, None, 1700000000123456], None),
        ("day", pa.date32(), [0, None, 20000], None),
        ("amount", pa.decimal128(12, 2), ["1.50", None, "-3.25"], None),
        ("raw", pa.binary(), [b"\x00\xff", None, b"x"], None),
        ("uuid", pa.binary(16), [bytes(range(16)), None, bytes(16)], "uuid"),
        ("json", pa.binary(), [b'{"a":[1,2]}', None, b"3"], "json"),
        ("net", pa.binary(), [b"10.0.0.0/8", None, b"::1/128"], "inet"),
        ("mac", pa.binary(), [bytes([1, 2, 3, 4, 5, 255]), None, bytes(6)], "mac"),
    ]
    if nested:
        kinds.append(("list", pa.list_(pa.int64()), [[1, 2], None, [3]], None))
    fields, columns = [], []
    for name, kind, values, extension in kinds:
        metadata = {"ARROW:extension:name": extension, "ARROW:extension:metadata": ""} if extension else None
        fields.append(pa.field(name, kind, metadata=metadata))
        if pa.types.is_decimal(kind):
            columns.append(pa.array(values, pa.string()).cast(kind))
        else:
            columns.append(pa.array(values, kind))
    schema = pa.schema(fields, metadata={"cq:table_name": "typed"})
    return pa.record_batch(columns, schema=schema)


def read_back(host, spec):
    """What was written and read back: rows there and back, the columns that differ, and the rows of a table that is not there."""
    host.init(spec)
    batch = typed('"csv"' not in spec)
    before = host.read(stream(batch.schema))
    written = told(lambda: host.write([migrate(batch.schema), insert(batch)]))
    read = [found for answer in host.read(stream(batch.schema)) for found in pa.ipc.open_stream(answer)]
    ours = pa.Table.from_batches(read)
    theirs = pa.Table.from_batches([batch])
    different = [field.name for field in batch.schema if ours[field.name].to_pylist() != theirs[field.name].to_pylist()]
    return {"before": len(before), "write": written, "rows": ours.num_rows, "different": different, "schema": ours.schema.equals(theirs.schema)}


def read_refused(host, spec):
    host.init(spec)
    return told(lambda: host.read(stream(schema_of("typed"))))


def main(task, address, spec, *more):
    if task in ("two_hosts", "many_hosts"):
        more = (address, *more)
    print(json.dumps(globals()[task](Host(address), spec, *more)))


main(*sys.argv[1:])
