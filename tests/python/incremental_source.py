"""A source on CloudQuery's Python SDK with one incremental table and one that is always read whole. Its spec says how many rows the
incremental one has by now."""

import json
import os
import sys

import pyarrow as pa
from cloudquery.sdk import plugin, schema, serve
from cloudquery.sdk.scheduler import Scheduler, TableResolver
from cloudquery.sdk.schema import Column, Table
from cloudquery.sdk.stateclient.stateclient import StateClientBuilder


class Items(TableResolver):
    def __init__(self, state, count):
        columns = [Column("id", pa.int64(), primary_key=True, incremental_key=True), Column("text", pa.string())]
        super().__init__(Table("items", columns, is_incremental=True))
        self.state, self.count = state, count

    def resolve(self, client, parent_resource):
        for id in range(int(self.state.get_key("items") or 0), self.count):
            yield {"id": id, "text": f"row {id}"}
        self.state.set_key("items", str(self.count))


class Kinds(TableResolver):
    def __init__(self):
        super().__init__(Table("kinds", [Column("id", pa.int64()), Column("text", pa.string())]))

    def resolve(self, client, parent_resource):
        yield {"id": 1, "text": "row 1"}


class Client:
    def id(self):
        return "one"


class Source(plugin.Plugin):
    def __init__(self):
        super().__init__("increments", "v1.2.3", plugin.plugin.Options(team="tests", kind="source"))

    def set_logger(self, logger):
        self.logger = logger

    def init(self, spec, no_connection=False):
        self.spec = json.loads(spec)
        self.scheduler = Scheduler(concurrency=2, logger=self.logger)

    def get_tables(self, options):
        tables = [Items(None, 0).table, Kinds().table]
        return schema.filter_dfs(tables, options.tables, options.skip_tables)

    def sync(self, options):
        state = StateClientBuilder.build(backend_options=options.backend_options)
        self.scheduler.set_post_sync_hook(state.flush)
        resolvers = {"items": Items(state, self.spec["count"]), "kinds": Kinds()}
        asked = self.get_tables(options)
        return self.scheduler.sync(Client(), [resolvers[table.name] for table in asked])

    def close(self):
        pass


with open("pid", "w") as file:
    file.write(str(os.getpid()))
# The SDK takes the address as gRPC writes it.
unix = sys.argv[sys.argv.index("--network") + 1] == "unix"
words = [f"unix:{word}" if unix and word.startswith("/") else word for word in sys.argv[1:]]
serve.PluginCommand(Source()).run(words)
