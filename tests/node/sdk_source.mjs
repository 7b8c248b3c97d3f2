// A source on CloudQuery"s JavaScript SDK, at an address: two tables of which one lies below the other, with a column of each
// kind that the SDK knows.

import { Bool, Field, Float64, Int64, List, TimestampNanosecond, Utf8 } from "@apache-arrow/esnext-esm";
import { newPlugin } from "@cloudquery/plugin-sdk-javascript/plugin/plugin";
import { createServeCommand } from "@cloudquery/plugin-sdk-javascript/plugin/serve";
import { sync } from "@cloudquery/plugin-sdk-javascript/scheduler";
import { createColumn } from "@cloudquery/plugin-sdk-javascript/schema/column";
import { parentColumnResolver, pathResolver } from "@cloudquery/plugin-sdk-javascript/schema/resolvers";
import { createTable, filterTables } from "@cloudquery/plugin-sdk-javascript/schema/table";
import { JSONType } from "@cloudquery/plugin-sdk-javascript/types/json";
import { UUIDType } from "@cloudquery/plugin-sdk-javascript/types/uuid";

const [address, count] = process.argv.slice(1);

const column = (name, type, more = {}) => createColumn({ name, type, resolver: pathResolver(name), ...more });

const below = createTable({
  name: "js_below",
  columns: [
    column("name", new Utf8(), { primaryKey: true }),
    createColumn({ name: "above", type: new Int64(), resolver: parentColumnResolver("id") }),
  ],
  resolver: async (client, parent, stream) => {
    const id = parent.getItem().id;
    if (id % 10n === 0n) stream.write({ name: `below ${id}` });
  },
});

const kinds = createTable({
  name: "js_kinds",
  columns: [
    column("id", new Int64(), { primaryKey: true, notNull: true }),
    column("text", new Utf8()),
    column("flag", new Bool()),
    column("ratio", new Float64()),
    column("key", new UUIDType()),
    column("doc", new JSONType()),
    column("at", new TimestampNanosecond()),
    column("list", new List(new Field("item", new Utf8()))),
  ],
  relations: [below],
  resolver: async (client, parent, stream) => {
    for (let n = 0; n < Number(count); n++) {
      stream.write({
        id: BigInt(n),
        text: n % 3 ? `"row", ${n}\nété` : null,
        flag: n % 2 === 0,
        ratio: n + 0.5,
        key: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
        doc: { n, "in a list": [n, null, "x"] },
        at: new Date(Date.UTC(2024, 0, 1, 0, 0, n)),
        list: [`a ${n}`, "b"],
      });
    }
  },
});

const client = {
  tables: async ({ tables, skipTables, skipDependentTables }) => filterTables([kinds], tables, skipTables, skipDependentTables),
  sync: async ({ stream, tables, skipTables, skipDependentTables, deterministicCQId }) =>
    sync({
      logger: plugin.getLogger(),
      client: { id: () => "js" },
      stream,
      tables: filterTables([kinds], tables, skipTables, skipDependentTables),
      deterministicCQId,
      concurrency: 10,
    }),
  close: async () => {},
};
const plugin = newPlugin("js", "v1.0.0", async () => client, { team: "test", kind: "source" });

createServeCommand(plugin).parse(["serve", "--network", "tcp", "--address", address]);
