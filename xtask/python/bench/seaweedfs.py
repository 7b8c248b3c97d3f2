"""SeaweedFS, the S3 server of measurements."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

BUCKET = "bench"
WRITER = ("AKIDBENCHEXAMPLE", "wJalrXUtnFEMIbenchEXAMPLEKEY")
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
WEED = os.path.join(os.path.dirname(sys.executable), "weed")


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
        command = [WEED, "mini", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-webdav=false", "-admin.ui=false",
                   "-s3.port.iceberg=0", "-s3.port.lance=0", f"-bucket={BUCKET}", f"-dir={folder}/data",
                   f"-s3.config={folder}/s3.json"]
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


def written(server, format, compression):
    """Rows and bytes of all objects, which are removed."""
    command = [sys.executable, "-I", "-c", COUNT, server.endpoint, BUCKET, format, compression]
    environment = {**os.environ, "AWS_ACCESS_KEY_ID": WRITER[0], "AWS_SECRET_ACCESS_KEY": WRITER[1]}
    rows, size = subprocess.check_output(command, text=True, env=environment).split()
    return int(rows), int(size)


def version():
    text = subprocess.check_output([WEED, "version"], text=True, stderr=subprocess.DEVNULL)
    return text.split("\n")[0].removeprefix("version ")
