"""Runs programs one after the other and measures each: bench.py PLAN.json RESULTS.json

The plan is made by `cargo xtask bench`. Nothing big is imported here: what a child is counted for begins with the memory of
the process that starts it.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import time

# Reads Parquet footers, in a process of its own.
COUNT = """
import pathlib, sys
from pyarrow import parquet
files = list(pathlib.Path(sys.argv[1]).rglob("*.parquet"))
print(sum(parquet.read_metadata(file).num_rows for file in files), sum(file.stat().st_size for file in files))
"""
VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
# ru_maxrss counts KiB, on macOS bytes.
RSS_UNIT = 1 if platform.system() == "Darwin" else 1024


def measured(command, log):
    """Runs a command to its end: wall and CPU seconds and peak memory of the process."""
    with open(log, "wb") as output:
        began = time.monotonic()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
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


def written(folder):
    """Rows and bytes of all Parquet files below a folder."""
    rows, size = subprocess.check_output([sys.executable, "-I", "-c", COUNT, folder], text=True).split()
    return int(rows), int(size)


def version(program):
    if program["name"] == "Lakeward":
        return subprocess.check_output([program["command"][0], "--version"], text=True).split()[-1]
    return subprocess.check_output([sys.executable, "-I", "-c", VERSION, program["name"].lower()], text=True).strip()


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
    return [
        ("CPU", f"{model}, {os.cpu_count()} cores"),
        ("memory", f"{memory / 2**30:.0f} GiB" if memory else "unknown"),
        ("system", platform.platform()),
        ("rustc", subprocess.check_output(["rustc", "--version"], text=True).strip()),
        ("Python", platform.python_version()),
    ]


def main():
    plan_path, results_path = sys.argv[1:]
    with open(plan_path) as file:
        plan = json.load(file)
    for file in plan["files"]:
        # The first program should not be the one that waits for the disk.
        with open(file["path"], "rb") as data:
            while data.read(1 << 24):
                pass
        for program in file["programs"]:
            program.update(version=version(program), runs=[])
        for run in range(plan["runs"]):
            for program in file["programs"]:
                shutil.rmtree(program["output"], ignore_errors=True)
                figures = measured(program["command"], results_path + ".log")
                rows, program["output_bytes"] = written(program["output"])
                if rows != file["rows"]:
                    sys.exit(f"{program['name']} wrote {rows} rows of {file['path']}, which has {file['rows']}")
                program["runs"].append(figures)
                shown = "{wall_s:.2f} s wall, {cpu_s:.2f} s CPU, {rss_mib:.0f} MiB".format(**figures)
                print(f"{file['format']} run {run + 1}: {program['name']} {shown}", flush=True)
        for program in file["programs"]:
            shutil.rmtree(program["output"], ignore_errors=True)
    with open(results_path, "w") as file:
        json.dump({"machine": machine(), "files": plan["files"]}, file)


main()
