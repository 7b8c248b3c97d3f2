"""Runs a program at a terminal. Takes its words, and what is waited for (a regular expression) before something is typed:
either a text, or what a regular expression finds on the page whose URL was waited for; a signal may be sent then. Prints all that the terminal showed, how the
program ended, and whether the terminal shows what is typed afterwards."""

import json
import os
import pty
import re
import select
import signal
import sys
import termios
import time
import urllib.request

asked = json.loads(sys.argv[1])
child, terminal = pty.fork()
if child == 0:
    os.execvp(asked["words"][0], asked["words"])

shown, seen, ends = "", 0, time.monotonic() + 60


def read():
    """Whether there is more to come."""
    global shown
    if not select.select([terminal], [], [], max(0, ends - time.monotonic()))[0]:
        sys.exit(f"nothing more came after {shown!r}")
    try:
        more = os.read(terminal, 4096)
    except OSError:
        return False
    shown += more.decode(errors="replace")
    return bool(more)


for step in asked["steps"]:
    while not (found := re.compile(step["wait"]).search(shown, seen)):
        if not read():
            sys.exit(f"it ended before {step['wait']!r}: {shown!r}")
    seen = found.end()
    if "page" in step:
        page = urllib.request.urlopen(found.group(1), timeout=20).read().decode()
        os.write(terminal, re.search(step["page"], page).group(1).encode() + b"\n")
    else:
        # A prompt is printed before the terminal stops to show what is typed, which may drop what was typed before.
        hides = time.monotonic() + 5
        while termios.tcgetattr(terminal)[3] & termios.ECHO and time.monotonic() < hides:
            time.sleep(0.01)
        os.write(terminal, step["type"].encode())
    if "signal" in step:
        os.kill(child, getattr(signal, step["signal"]))
while read():
    pass
_, status = os.waitpid(child, 0)
echoes = None
try:
    echoes = bool(termios.tcgetattr(terminal)[3] & termios.ECHO)
except termios.error:
    pass
print(json.dumps({"shown": shown, "status": os.waitstatus_to_exitcode(status), "echoes": echoes}))
