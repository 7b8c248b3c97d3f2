// A source on CloudQuery's JavaScript SDK, as a program that takes a plugin's arguments: one table lies below another, and one can't be
// read.

import { Int64, Utf8 } from "@apache-arrow/esnext-esm";
import { newPlugin } from "@cloudquery/plugin-sdk-javascript/plugin/plugin";
import { createServeCommand } from "@cloudquery/plugin-sdk-javascript/plugin/serve";
import { sync } from "@cloudquery/plugin-sdk-javascript/scheduler";
import { createColumn } from "@cloudquery/plugin-sdk-javascript/schema/column";
import { parentColumnResolver, pathResolver } from "@cloudquery/plugin-sdk-javascript/schema/resolvers";
import { createTable, filterTables } from "@cloudquery/plugin-sdk-javascript/schema/table";
import { JSONType } from "@cloudquery/plugin-sdk-javascript/types/json";
import { UUIDType } from "@cloudquery/plugin-sdk-javascript/types/uuid";

const column = (name, type) => createColumn({ name, type, resolver: pathResolver(name) });

const parts = createTable({
  name: "parts",
  columns: [
    column("name", new Utf8()),
    createColumn({ name: "thing", type: new Int64(), resolver: parentColumnResolver("id") }),
  ],
  resolver: async (client, parent, stream) => ["a", "b"].forEach((name) => stream.write({ name })),
});

const things = createTable({
  name: "things",
  columns: [column("id", new Int64()), column("doc", new JSONType()), column("key", new UUIDType())],
  relations: [parts],
  resolver: async (client, parent, stream) => {
    stream.write({ id: 1n, doc: { a: [1, null] }, key: "00000000-0000-4000-8000-000000000001" });
    stream.write({ id: 2n });
  },
});

const failing = createTable({
  name: "failing",
  columns: [column("id", new Int64())],
  resolver: async () => {
    throw new Error("access denied");
  },
});

const chosen = ({ tables, skipTables, skipDependentTables }) =>
  filterTables([things, failing], tables, skipTables, skipDependentTables);

const client = {
  tables: async (options) => chosen(options),
  sync: async (options) =>
    sync({
      logger: plugin.getLogger(),
      client: { id: () => "js" },
      stream: options.stream,
      tables: chosen(options),
      deterministicCQId: options.deterministicCQId,
      concurrency: 10,
    }),
  close: async () => {},
};
const plugin = newPlugin("js", "v1.0.0", async () => client, { team: "tests", kind: "source" });

createServeCommand(plugin).parse(process.argv.slice(1));
