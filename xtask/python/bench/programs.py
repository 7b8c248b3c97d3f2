"""Runs programs one after the other against an S3 server and measures each: programs.py PLAN.json RESULTS.json

The plan is made by `cargo xtask bench`. A program that serves has a client, which is not measured: once it has ended, the program is
asked to end too. What a program reads from may be served beside it, which is not measured either. In a program's words, and in its
config, ENDPOINT is the server's URL and ADDRESS a free one on this machine. Nothing big is imported here: what a child is counted for
begins with the memory of the process that starts it.
"""

import contextlib
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import machine
import seaweedfs
from seaweedfs import WRITER, SeaweedFs, written

VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
# ru_maxrss counts KiB, on macOS bytes.
RSS_UNIT = 1 if platform.system() == "Darwin" else 1024


def measured(program, endpoint, log):
    """Runs a program to its end: wall and CPU seconds, its children's too, and the largest peak memory of one process."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": WRITER[0], "AWS_SECRET_ACCESS_KEY": WRITER[1], "AWS_REGION": "us-east-1"}
    with socket.create_server(("127.0.0.1", 0)) as held:
        address = "127.0.0.1:%d" % held.getsockname()[1]
    filled = lambda text: text.replace("ENDPOINT", endpoint).replace("ADDRESS", address)
    words = lambda command: [filled(word) for word in command]
    # A config can't be given them by an argument.
    if "config" in program:
        with open(program["config"]["path"], "w") as file:
            file.write(filled(program["config"]["text"]))
    streams = {"stdin": subprocess.DEVNULL, "env": environment}
    with open(log, "wb") as output, contextlib.ExitStack() as ended:
        streams.update(stdout=output, stderr=output)
        if "server" in program:
            ended.callback(stop, serving(words(program["server"]), address, streams))
        began = time.monotonic()
        child = subprocess.Popen(words(program["command"]), **streams)
        served = 0
        if "client" in program:
            served = subprocess.run(words(program["client"]), **streams).returncode
            child.send_signal(signal.SIGTERM)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode or served:
        with open(log, errors="replace") as output:
            sys.exit(f"{output.read()}\n{' '.join(program['command'])} ended with {child.returncode}, its client with {served}")
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "rss_mib": usage.ru_maxrss * RSS_UNIT / 2**20,
    }


def serving(command, address, streams):
    """A program that listens at the address by now."""
    child = subprocess.Popen(command, **streams)
    host, port = address.split(":")
    for _ in range(200):
        try:
            socket.create_connection((host, int(port))).close()
            return child
        except ConnectionError:
            time.sleep(0.05)
    stop(child)
    sys.exit(f"{' '.join(command)} does not listen at {address}")


def stop(child):
    child.kill()
    child.wait()


def version(program):
    if "packages" not in program:
        return subprocess.check_output([program["command"][0], "--version"], text=True).split()[-1]
    of = lambda package: subprocess.check_output([sys.executable, "-I", "-c", VERSION, package], text=True).strip()
    return " + ".join(of(package) for package in program["packages"])


def main():
    plan_path, results_path = sys.argv[1:]
    with open(plan_path) as file:
        plan = json.load(file)
    with tempfile.TemporaryDirectory(dir=plan["folder"]) as folder:
        server = SeaweedFs(folder)
        try:
            for work in plan["works"]:
                run(server, work, plan["runs"], results_path + ".log")
        finally:
            server.stop()
    with open(results_path, "w") as file:
        pairs = [*machine.pairs(), ("SeaweedFS", seaweedfs.version())]
        json.dump({"machine": pairs, "works": plan["works"]}, file)


def run(server, work, runs, log):
    # The first program should not be the one that waits for the disk.
    for path in work["reads"]:
        with open(path, "rb") as data:
            while data.read(1 << 24):
                pass
    for program in work["programs"]:
        program.update(version=version(program), runs=[])
    for number in range(runs):
        for program in work["programs"]:
            figures = measured(program, server.endpoint, log)
            rows, program["output_bytes"] = written(server, program["output"], program["compression"])
            if rows != work["rows"]:
                sys.exit(f"{work['title']}: {program['name']} wrote {rows} rows and not {work['rows']}")
            program["runs"].append(figures)
            shown = "{wall_s:.2f} s wall, {cpu_s:.2f} s CPU, {rss_mib:.0f} MiB".format(**figures)
            print(f"{work['title']}, run {number + 1}: {program['name']} {shown}", flush=True)


main()
