"""A browser of one page: follows the URL to where it leads, and prints what stands there."""

import sys
import urllib.request

print(urllib.request.urlopen(sys.argv[1], timeout=20).read().decode())
