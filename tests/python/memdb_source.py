"""The in-memory source of CloudQuery's Python SDK, at an address."""

import sys

from cloudquery.sdk import serve
from cloudquery.sdk.internal.memdb import MemDB

serve.PluginCommand(MemDB()).run(["serve", "--network", "tcp", "--address", sys.argv[1]])
