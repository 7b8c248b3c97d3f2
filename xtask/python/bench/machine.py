"""What is measured on."""

import os
import platform
import subprocess


def pairs():
    """Names and values."""
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
