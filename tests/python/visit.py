"""What a browser does with a URL: prints the status and the page it ends on; with `stay`, where it is sent to instead."""

import sys
import urllib.error
import urllib.request


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


stays = "stay" in sys.argv[2:]
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), *([Stay] if stays else []))
try:
    answer = opener.open(sys.argv[1], timeout=20)
except urllib.error.HTTPError as error:
    answer = error
print(answer.headers["location"] if stays else f"{answer.status} {answer.read().decode()}")
