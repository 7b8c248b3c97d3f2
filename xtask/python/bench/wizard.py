"""Meets the wizard on a terminal, as a person does, and measures: wizard.py PLAN.json RESULTS.json

The plan is made by `cargo xtask bench`. Besides the terminal there is a stand-in for IAM Identity Center, in this process.
"""

import fcntl
import hashlib
import http.server
import json
import os
import platform
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine

SESSION = "bench"
START_URL = "https://d-9067bench0.awsapps.com/start"
ACCOUNTS = 1000
ROLES = ["IngestReadOnly", "LakewardIngest", "PowerUserAccess"]
# How long a screen is waited for, and how long nothing may come until one is taken for whole.
PATIENCE, QUIET = 120, 0.2
# Each is typed, moved in, and cleared again.
FILTERS = ["prod", "ingest", "1111", "power", "sandbox platform"]
DOWN, PAGE_UP, PAGE_DOWN, ESCAPE, ENTER, REDRAW = b"\x1b[B", b"\x1b[5~", b"\x1b[6~", b"\x1b", b"\r", b"\x0c"


class Portal(http.server.BaseHTTPRequestHandler):
    """Whoever asks is signed in and may use all accounts; who signs in anew is never approved."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path, _, query = self.path.partition("?")
        asked = dict(urllib.parse.parse_qsl(query))
        if path == "/assignment/accounts":
            first = int(asked.get("next_token", 0))
            page = [account(number) for number in range(first, min(first + 100, ACCOUNTS))]
            more = {"nextToken": str(first + 100)} if first + 100 < ACCOUNTS else {}
            self.answer(200, {"accountList": page, **more})
        elif path == "/assignment/roles":
            self.answer(200, {"roleList": [{"roleName": role, "accountId": asked["account_id"]} for role in ROLES]})
        else:
            self.answer(404, {})

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/client/register":
            self.answer(200, {"clientId": "client", "clientSecret": "secret", "clientSecretExpiresAt": int(time.time()) + 10**6})
        elif self.path == "/device_authorization":
            page = "https://d-9067bench0.awsapps.com/start/#/device"
            self.answer(200, {"deviceCode": "device", "userCode": "KQTM-VXRB", "verificationUri": page,
                              "verificationUriComplete": page + "?user_code=KQTM-VXRB", "expiresIn": 600, "interval": 5})
        else:
            self.answer(400, {"error": "authorization_pending"}, "AuthorizationPendingException")

    def answer(self, status, body, error=None):
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        if error:
            self.send_header("x-amzn-errortype", error)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


def account(number):
    """Names as those of a large organisation: what it is for, where, and for whom."""
    stage = ["prod", "test", "sandbox"][number % 3]
    use = ["ingest", "platform", "billing", "search", "mobile"][number % 5]
    name = f"acme-{stage}-{use}-{number:03}"
    return {"accountId": str(111_111_000_000 + number * 7919), "accountName": name, "emailAddress": f"{name}@acme.example"}


class Terminal:
    """The program on a terminal of its own."""

    def __init__(self, plan, portal, arguments, size, signed_in):
        self.home = tempfile.TemporaryDirectory(dir=plan["folder"])
        files(self.home.name, signed_in)
        environment = {
            "HOME": self.home.name, "PATH": os.environ["PATH"], "TERM": "xterm-256color", "LANG": "C.UTF-8",
            "AWS_ENDPOINT_URL_SSO": portal, "AWS_ENDPOINT_URL_SSO_OIDC": portal, "AWS_EC2_METADATA_DISABLED": "true",
            # No browser is opened.
            "SSH_CONNECTION": "1",
        }
        self.master, slave = pty.openpty()
        columns, rows = size
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.text = b""
        self.began = time.monotonic()
        self.process = subprocess.Popen([plan["lakeward"], *arguments], stdin=slave, stdout=slave, stderr=slave, cwd=self.home.name,
                                        env=environment, start_new_session=True)
        os.close(slave)

    def read(self, patience):
        """Whether anything came in this time."""
        if not select.select([self.master], [], [], patience)[0]:
            return False
        try:
            came = os.read(self.master, 1 << 16)
        except OSError:
            self.fail("it ended")
        # Where the cursor is: a terminal answers that by itself.
        for _ in range(came.count(b"\x1b[6n")):
            os.write(self.master, b"\x1b[1;1R")
        self.text += came
        return True

    def settled(self):
        """When the last of what comes has come; at once if that is so already."""
        began = last = time.monotonic()
        while self.read(QUIET):
            last = time.monotonic()
            if last - began > PATIENCE:
                self.fail("it never comes to rest")
        return last

    def first_screen(self):
        """Seconds from the start until the last word of the last line stood on the screen."""
        while b"help" not in self.text:
            if not self.read(PATIENCE):
                self.fail("no screen came")
        return time.monotonic() - self.began

    def key(self, key):
        """Seconds from a key to the end of all that it changes on the screen."""
        self.settled()
        began = time.monotonic()
        os.write(self.master, key)
        if not self.read(PATIENCE):
            self.fail(f"nothing came of the key {key}")
        return self.settled() - began

    def screen(self):
        """All words on the screen, drawn anew."""
        self.text = b""
        os.write(self.master, REDRAW)
        until = time.monotonic() + 2 * QUIET
        while (left := until - time.monotonic()) > 0:
            self.read(left)
        return words(self.text)

    def until(self, wanted):
        """Waits until words stand on the screen."""
        began = time.monotonic()
        while wanted not in self.screen():
            if time.monotonic() - began > PATIENCE:
                self.fail(f"it never showed {wanted!r}")

    def list_all_roles(self):
        """Looks through the list, down and up: roles are asked for near what is looked at, no faster than the portal likes."""
        began, page = time.monotonic(), PAGE_DOWN
        while f"{ACCOUNTS * len(ROLES):,} roles" not in (screen := self.screen()):
            if time.monotonic() - began > 3 * PATIENCE:
                self.fail("it never listed all roles")
            os.write(self.master, page)
            # The last account comes into view before the focus is near it: a page further it is.
            if account(ACCOUNTS - 1 if page == PAGE_DOWN else 0)["accountName"] in screen:
                page = PAGE_UP if page == PAGE_DOWN else PAGE_DOWN

    def cpu(self, seconds):
        """The part of one core that is used while nothing is typed, in percent."""
        self.settled()
        before, began = self.ticks(), time.monotonic()
        while (left := began + seconds - time.monotonic()) > 0:
            self.read(left)
        return (self.ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - began) * 100

    def ticks(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def end(self):
        """Ends it; its peak memory in MiB."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            peak = next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
        self.process.kill()
        self.process.wait()
        os.close(self.master)
        self.home.cleanup()
        return peak

    def fail(self, why):
        self.process.kill()
        sys.exit(f"{why}; the last that came was: {words(self.text)[-2000:]}")


def words(sent):
    """What was sent to a terminal, without what steers it."""
    text = re.sub(rb"\x1b\[[0-9;:]*m", b"", sent)
    return " ".join(re.sub(rb"\x1b\[[0-9;?]*[A-Za-z]", b" ", text).decode(errors="replace").split())


def files(home, signed_in):
    """The AWS files of somebody with a session and some profiles."""
    cache = os.path.join(home, ".aws", "sso", "cache")
    os.makedirs(cache)
    with open(os.path.join(home, ".aws", "config"), "w") as file:
        file.write(f"[sso-session {SESSION}]\nsso_start_url = {START_URL}\nsso_region = us-east-1\n"
                   "sso_registration_scopes = sso:account:access\n")
        for number in range(20):
            file.write(f"\n[profile lake-{number}]\nsso_session = {SESSION}\nsso_account_id = {account(number)['accountId']}\n"
                       f"sso_role_name = {ROLES[number % 3]}\nregion = us-east-1\n")
    if signed_in:
        token = {"startUrl": START_URL, "region": "us-east-1", "accessToken": "token", "expiresAt": "2099-01-01T00:00:00Z"}
        path = os.path.join(cache, hashlib.sha1(SESSION.encode()).hexdigest() + ".json")
        with open(path, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            json.dump(token, file)


def measured(plan, portal):
    first, idle, frames, memory = [], [], [], []
    for number in range(10 * plan["runs"]):
        terminal = Terminal(plan, portal, ["init"], (80, 24), True)
        first.append(terminal.first_screen() * 1000)
        if number == 0:
            terminal.until("Why 1 is suggested")
            idle.append(terminal.cpu(plan["idle_s"]))
        memory.append(terminal.end())
    print(f"{len(first)} starts: {max(first):.0f} ms at most; CPU of a screen {idle[0]:.2f} %", flush=True)

    terminal = Terminal(plan, portal, ["init"], (80, 24), False)
    terminal.until("Why 1 is suggested")
    os.write(terminal.master, ENTER)
    terminal.until("KQTM-VXRB")
    waiting = terminal.cpu(plan["idle_s"])
    memory.append(terminal.end())
    print(f"CPU while a sign-in is waited for {waiting:.2f} %", flush=True)

    terminal = Terminal(plan, portal, ["init"], (120, 40), True)
    terminal.until("Why 1 is suggested")
    os.write(terminal.master, ENTER)
    terminal.list_all_roles()
    for _ in range(plan["runs"]):
        for text in FILTERS:
            frames += [terminal.key(key.encode()) * 1000 for key in text]
            frames += [terminal.key(key) * 1000 for key in (DOWN, PAGE_DOWN, ESCAPE)]
    memory.append(terminal.end())
    print(f"{len(frames)} keys: {max(frames):.1f} ms at most", flush=True)
    return [
        {"name": "from the start to the whole first screen, ms", "digits": 0, "aim": "≤ 150", "values": first},
        {"name": "from a key in the filter to the whole frame, ms", "digits": 1, "aim": "< 16", "values": frames},
        {"name": "CPU of a screen on which nothing happens, %", "digits": 2, "aim": "< 1", "values": idle},
        {"name": "CPU while a sign-in is waited for, %", "digits": 2, "aim": "< 1", "values": [waiting]},
        {"name": "peak resident memory of a session, MiB", "digits": 0, "aim": "< 60", "values": memory},
    ]


def main():
    plan_path, results_path = sys.argv[1:]
    with open(plan_path) as file:
        plan = json.load(file)
    if platform.system() != "Linux":
        sys.exit("the CPU and the memory of a program that runs are read from Linux's /proc")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Portal)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    figures = measured(plan, f"http://127.0.0.1:{server.server_port}")
    with open(results_path, "w") as file:
        json.dump({"machine": machine.pairs(), "figures": figures}, file)


main()
