"""A source plugin that does one thing wrong: FAULT, which is set in front of this text, says which. It writes its process id, and that
of a program that it has started, into the file pid."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent import futures

import grpc
import pyarrow as pa
from cloudquery.discovery_v1 import discovery_pb2, discovery_pb2_grpc
from cloudquery.plugin_v3 import arrow, plugin_pb2, plugin_pb2_grpc

COLUMNS = [("id", pa.int64()), ("text", pa.string())]


def table(name, columns=COLUMNS):
    above = {"cq:table_depends_on": "a"} if name == "b" else {}
    return pa.schema(columns, metadata={"cq:table_name": name, **above})


def migrate(name, columns=COLUMNS):
    table_bytes = arrow.schema_to_bytes(table(name, columns))
    return plugin_pb2.Sync.Response(migrate_table=plugin_pb2.Sync.MessageMigrateTable(table=table_bytes))


def rows(name, ids, columns=COLUMNS):
    values = {pa.int64(): list(ids), pa.string(): [f"row {id}" for id in ids], pa.float64(): [float(id) for id in ids]}
    batch = pa.record_batch([pa.array(values[type], type) for _, type in columns], schema=table(name, columns))
    return arrow.record_to_bytes(batch)


def insert(record):
    return plugin_pb2.Sync.Response(insert=plugin_pb2.Sync.MessageInsert(record=record))


def error(name, text):
    return plugin_pb2.Sync.Response(error=plugin_pb2.Sync.MessageError(table_name=name, error=text))


def flood(stream):
    line = b"x" * 1023 + b"\n"
    for _ in range(16 << 10):
        os.write(stream, line)


class Discovery(discovery_pb2_grpc.DiscoveryServicer):
    def GetVersions(self, request, context):
        return discovery_pb2.GetVersions.Response(versions=[1, 2] if FAULT == "another version" else [3])


class Source(plugin_pb2_grpc.PluginServicer):
    def GetName(self, request, context):
        return plugin_pb2.GetName.Response(name="broken")

    def GetVersion(self, request, context):
        return plugin_pb2.GetVersion.Response(version="v0")

    def Init(self, request, context):
        self.spec = request.spec.decode()
        if FAULT == "refuses its spec":
            context.abort(grpc.StatusCode.INTERNAL, f"failed to init: bad spec {self.spec}")
        if FAULT == "hangs in Init":
            time.sleep(60)
        return plugin_pb2.Init.Response()

    def GetTables(self, request, context):
        if FAULT == "lists garbage":
            return plugin_pb2.GetTables.Response(tables=[b"garbage"])
        if FAULT == "lists nothing":
            return plugin_pb2.GetTables.Response()
        names = [name for name in ("a", "b") if request.tables[0] in ("*", name)]
        return plugin_pb2.GetTables.Response(tables=[arrow.schema_to_bytes(table(name)) for name in names])

    def Sync(self, request, context):
        yield migrate("a")
        yield migrate("b")
        yield insert(rows("a", range(0, 3)))
        yield insert(rows("b", range(3, 5)))
        if FAULT == "is killed":
            time.sleep(0.3)
            print("these are its last words", file=sys.stderr, flush=True)
            os.kill(os.getpid(), signal.SIGKILL)
        if FAULT == "exits":
            os._exit(0)
        if FAULT == "hangs in Sync":
            time.sleep(60)
        if FAULT in ("floods its streams", "floods its streams and fails"):
            threads = [threading.Thread(target=flood, args=[stream]) for stream in (1, 2)]
            [thread.start() for thread in threads]
            [thread.join() for thread in threads]
        if FAULT == "floods its streams and fails":
            os._exit(7)
        if FAULT == "sends other columns":
            yield insert(rows("a", [5], COLUMNS + [("more", pa.int64())]))
        if FAULT == "sends another type":
            yield insert(rows("a", [5], [("id", pa.float64()), ("text", pa.string())]))
        if FAULT == "changes a table":
            yield migrate("a", COLUMNS[:1])
        if FAULT == "sends an unlisted table":
            yield migrate("c")
        if FAULT == "sends an unannounced table":
            yield insert(rows("c", [5]))
        if FAULT == "sends garbage":
            yield insert(b"garbage")
        if FAULT == "sends half a record":
            yield insert(rows("a", range(100))[:-300])
        if FAULT == "deletes":
            yield plugin_pb2.Sync.Response(delete_record=plugin_pb2.Sync.MessageDeleteRecord(table_name="a"))
        if FAULT == "fails":
            context.abort(grpc.StatusCode.INTERNAL, f"no more of it \x1b[31m with {self.spec}")
        if FAULT == "tells errors":
            yield error("b", f"access denied \x1b[31m with {self.spec}")
            yield error("b", "access denied, too")
        if FAULT == "tells errors of the table above":
            yield error("a", "access denied")
            yield error("", "no more credit")
        if FAULT == "tells what it was asked":
            asked = (request.tables, request.skip_tables, request.skip_dependent_tables, request.deterministic_cq_id)
            yield error("b", "asked for {} without {}, {}, {}".format(*asked))
        if FAULT == "logs an error":
            print('{"level": "error", "message": "rate limited"}', flush=True)
        if FAULT == "never ends":
            for id in range(1_000_000):
                yield insert(rows("a", [id]))
                time.sleep(0.01)

    def Close(self, request, context):
        if FAULT == "does not close":
            time.sleep(60)
        return plugin_pb2.Close.Response()


child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
with open("pid", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
if FAULT in ("is stubborn", "hangs in Sync"):
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
if FAULT == "exits at once":
    sys.exit("there is no license")
if FAULT == "never listens":
    time.sleep(60)
server = grpc.server(futures.ThreadPoolExecutor(max_workers=4))
discovery_pb2_grpc.add_DiscoveryServicer_to_server(Discovery(), server)
plugin_pb2_grpc.add_PluginServicer_to_server(Source(), server)
server.add_insecure_port("unix:" + sys.argv[sys.argv.index("--address") + 1])
server.start()
server.wait_for_termination()
