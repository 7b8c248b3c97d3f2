"""moto's STS on a free port of 127.0.0.1, which is printed; it ends with its standard input."""

import sys

from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print("listening on", server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
