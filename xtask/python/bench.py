"""Runs programs one after the other against an S3 server and measures each: bench.py PLAN.json RESULTS.json

The plan is made by `cargo xtask bench`. Nothing big is imported here: what a child is counted for begins with the memory of
the process that starts it.
"""

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BUCKET = "bench"
WRITER = ("AKIDBENCHEXAMPLE", "wJalrXUtnFEMIbenchEXAMPLEKEY")
VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
# What SeaweedFS listens on.
PORTS = ["s3.port", "s3.port.grpc", "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
         "filer.port.grpc", "admin.port", "admin.port.grpc"]
# Counts the rows of all objects, and their bytes, and removes them; in a process of its own.
COUNT = """
import gzip, sys
import boto3, pyarrow.fs, pyarrow.parquet
endpoint, bucket, format, compression = sys.argv[1:]
s3 = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1")
files = pyarrow.fs.S3FileSystem(endpoint_override=endpoint.split("://")[1], scheme="http", region="us-east-1")
rows = size = 0
for entry in s3.Bucket(bucket).objects.all():
    if entry.key.endswith("/"):
        continue
    size += entry.size
    if format == "parquet":
        rows += pyarrow.parquet.read_metadata(files.open_input_file(f"{bucket}/{entry.key}")).num_rows
    else:
        body = entry.get()["Body"]
        text = gzip.GzipFile(fileobj=body) if compression == "gzip" else body
        rows += sum(chunk.count(b"\\n") for chunk in iter(lambda: text.read(1 << 20), b"")) - (format == "csv")
    entry.delete()
print(rows, size)
"""
# ru_maxrss counts KiB, on macOS bytes.
RSS_UNIT = 1 if platform.system() == "Darwin" else 1024


class SeaweedFs:
    """An S3 server with the bucket BUCKET, which goes away with all it stored."""

    def __init__(self, folder):
        os.makedirs(os.path.join(folder, "data"))
        credentials = [{"accessKey": WRITER[0], "secretKey": WRITER[1]}]
        config = {"identities": [{"name": "bench", "credentials": credentials, "actions": ["Admin", "Read", "Write", "List"]}]}
        with open(os.path.join(folder, "s3.json"), "w") as file:
            json.dump(config, file)
        sockets = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
        ports = {name: held.getsockname()[1] for name, held in zip(PORTS, sockets)}
        for held in sockets:
            held.close()
        command = [os.path.join(os.path.dirname(sys.executable), "weed"), "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1",
                   "-webdav=false", "-admin.ui=false", "-s3.port.iceberg=0", "-s3.port.lance=0", f"-bucket={BUCKET}",
                   f"-dir={folder}/data", f"-s3.config={folder}/s3.json"]
        command += [f"-{name}={port}" for name, port in ports.items()]
        self.log = os.path.join(folder, "log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        self.wait_for(f"http://127.0.0.1:{ports['filer.port']}/buckets/{BUCKET}/?limit=1")

    def wait_for(self, url):
        for _ in range(600):
            try:
                with urllib.request.urlopen(url, timeout=10):
                    return
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                time.sleep(0.1)
        self.stop()
        with open(self.log, errors="replace") as log:
            sys.exit(f"SeaweedFS did not come up:\n{log.read()[-4000:]}")

    def stop(self):
        self.process.kill()
        self.process.wait()


def measured(command, log):
    """Runs a command to its end: wall and CPU seconds, its children's too, and the largest peak memory of one process."""
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": WRITER[0], "AWS_SECRET_ACCESS_KEY": WRITER[1], "AWS_REGION": "us-east-1"}
    with open(log, "wb") as output:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        with open(log, errors="replace") as output:
            sys.exit(f"{output.read()}\n{' '.join(command)} ended with {child.returncode}")
    return {
        "wall_s": wall,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "rss_mib": usage.ru_maxrss * RSS_UNIT / 2**20,
    }


def written(server, work):
    """Rows and bytes of all objects, which are removed."""
    command = [sys.executable, "-I", "-c", COUNT, server.endpoint, BUCKET, work["output"], work["compression"]]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": WRITER[0], "AWS_SECRET_ACCESS_KEY": WRITER[1]}
    rows, size = subprocess.check_output(command, text=True, env=environment).split()
    return int(rows), int(size)


def version(program):
    if program["name"] == "Lakeward":
        return subprocess.check_output([program["command"][0], "--version"], text=True).split()[-1]
    of = lambda package: subprocess.check_output([sys.executable, "-I", "-c", VERSION, package], text=True).strip()
    return " + ".join(of(package) for package in program["packages"])


def machine():
    """Pairs that say what was measured on."""
    model, memory = platform.processor() or platform.machine(), None
    if platform.system() == "Linux":
        with open("/proc/cpuinfo") as lines:
            model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), model)
        with open("/proc/meminfo") as lines:
            memory = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemTotal"))
    elif hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    weed = [os.path.join(os.path.dirname(sys.executable), "weed"), "version"]
    return [
        ("CPU", f"{model}, {os.cpu_count()} cores"),
        ("memory", f"{memory / 2**30:.0f} GiB" if memory else "unknown"),
        ("system", platform.platform()),
        ("rustc", subprocess.check_output(["rustc", "--version"], text=True).strip()),
        ("Python", platform.python_version()),
        ("SeaweedFS", subprocess.check_output(weed, text=True, stderr=subprocess.DEVNULL).split("\n")[0].removeprefix("version ")),
    ]


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
        json.dump({"machine": machine(), "works": plan["works"]}, file)


def run(server, work, runs, log):
    # The first program should not be the one that waits for the disk.
    with open(work["path"], "rb") as data:
        while data.read(1 << 24):
            pass
    for program in work["programs"]:
        program["command"] = [server.endpoint if word == "ENDPOINT" else word for word in program["command"]]
        program.update(version=version(program), runs=[])
        # A config can't be given its endpoint by an argument.
        if "config" in program:
            with open(program["config"]["path"], "w") as file:
                file.write(program["config"]["text"].replace("ENDPOINT", server.endpoint))
    for number in range(runs):
        for program in work["programs"]:
            figures = measured(program["command"], log)
            rows, program["output_bytes"] = written(server, work)
            if rows != work["rows"]:
                sys.exit(f"{program['name']} wrote {rows} rows of {work['path']}, which has {work['rows']}")
            program["runs"].append(figures)
            shown = "{wall_s:.2f} s wall, {cpu_s:.2f} s CPU, {rss_mib:.0f} MiB".format(**figures)
            print(f"{work['input']} to {work['output']} run {number + 1}: {program['name']} {shown}", flush=True)


main()
