// The in-memory source of CloudQuery's JavaScript SDK.
import { newMemDBPlugin } from '@cloudquery/plugin-sdk-javascript/memdb/memdb';
import { createServeCommand } from '@cloudquery/plugin-sdk-javascript/plugin/serve';

createServeCommand(newMemDBPlugin()).parse();
