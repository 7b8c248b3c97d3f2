"""A container's credentials on a free port of 127.0.0.1, which is printed: new keys at each request, good for so many milliseconds.
The id of a pair of keys says until when it is good. It ends with its standard input."""

import datetime
import http.server
import json
import sys
import threading

LIFE = datetime.timedelta(milliseconds=int(sys.argv[1]))


class Keys(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        expires = datetime.datetime.now(datetime.timezone.utc) + LIFE
        keys = {
            "AccessKeyId": f"ASIA{int(expires.timestamp() * 1000)}",
            "SecretAccessKey": "the-secret-of-short-lived-keys",
            "Token": "the-token-of-short-lived-keys",
            "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        body = json.dumps(keys).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Keys)
threading.Thread(target=server.serve_forever, daemon=True).start()
print("listening on", server.server_port, flush=True)
sys.stdin.read()
