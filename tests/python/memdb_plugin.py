"""The in-memory source of CloudQuery's Python SDK, as a program that takes a plugin's arguments."""

import os
import sys

from cloudquery.sdk import serve
from cloudquery.sdk.internal.memdb import MemDB

with open("pid", "w") as file:
    file.write(str(os.getpid()))
serve.PluginCommand(MemDB()).run(sys.argv[1:])
