"""The rows of a cloud's machines as a CloudQuery source plugin sends them: records.py FOLDER TIMES

Writes the file N.frames for records of N rows (a sequence of [length, u32 little-endian][protobuf Write.Request], TIMES of which
are to be sent), and machines.ndjson with all rows, each TIMES. The same rows whenever it is called.
"""

import io
import json
import os
import random
import struct
import sys
import time
import uuid

import pyarrow as pa

ROWS = 20_000
SIZES = [1_000, 50]
REGIONS = ["eu-central-1", "eu-west-1", "us-east-1", "us-west-2", "ap-southeast-2"]
TYPES = ["m5.large", "m5.xlarge", "c6i.2xlarge", "r5.4xlarge", "t3.micro"]
EPOCH_2024 = 1_704_067_200_000_000


def field(name, kind, extension=None, nullable=True):
    metadata = {"ARROW:extension:name": extension, "ARROW:extension:metadata": ""} if extension else None
    return pa.field(name, kind, nullable, metadata)


SCHEMA = pa.schema(
    [
        field("_cq_id", pa.binary(16), "uuid", nullable=False),
        field("_cq_parent_id", pa.binary(16), "uuid"),
        field("account_id", pa.string()),
        field("region", pa.string()),
        field("arn", pa.string()),
        field("instance_id", pa.string()),
        field("instance_type", pa.string()),
        field("state", pa.string()),
        field("private_ip", pa.binary(), "inet"),
        field("mac_address", pa.binary(), "mac"),
        field("launch_time", pa.timestamp("us", "UTC")),
        field("ebs_optimized", pa.bool_()),
        field("cores", pa.int64()),
        field("threads", pa.int64()),
        field("cost", pa.float64()),
        field("security_groups", pa.list_(pa.string())),
        field("tags", pa.binary(), "json"),
        field("block_devices", pa.binary(), "json"),
    ],
    {"cq:table_name": "machines"},
)


def machine(chance):
    number, region = "%016x" % chance.getrandbits(64), chance.choice(REGIONS)
    account, name = "1000000000%02d" % chance.randrange(60), "i-" + number
    devices = [{"DeviceName": "/dev/xvda", "Ebs": {"DeleteOnTermination": True, "VolumeId": f"vol-{chance.getrandbits(64):016x}",
                                                   "Status": "attached"}}]
    tags = {"Name": "web-" + number[:6], "cost-center": str(chance.randrange(400)), "env": chance.choice(["prod", "test"]),
            "team:owner": f"team-{chance.randrange(12)}"}
    return {
        "_cq_id": chance.randbytes(16),
        "_cq_parent_id": None,
        "account_id": account,
        "region": region,
        "arn": f"arn:aws:ec2:{region}:{account}:instance/{name}",
        "instance_id": name,
        "instance_type": chance.choice(TYPES),
        "state": chance.choice(["running", "running", "stopped", "terminated"]),
        "private_ip": f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}/32".encode(),
        "mac_address": b"\x02" + chance.randbytes(5),
        "launch_time": EPOCH_2024 + chance.randrange(31_536_000_000_000),
        "ebs_optimized": chance.random() < 0.7,
        "cores": chance.choice([1, 2, 4, 8]),
        "threads": chance.choice([1, 2]),
        "cost": round(chance.uniform(1, 200), 4),
        "security_groups": [f"sg-{chance.getrandbits(32):08x}" for _ in range(chance.randrange(1, 4))],
        "tags": json.dumps(tags, separators=(",", ":")).encode(),
        "block_devices": json.dumps(devices, separators=(",", ":")).encode(),
    }


def line(row):
    """A row as its JSON object reads in S3."""
    row = dict(row)
    row["_cq_id"] = str(uuid.UUID(bytes=row["_cq_id"]))
    row["private_ip"] = row["private_ip"].decode()
    row["mac_address"] = ":".join("%02x" % byte for byte in row["mac_address"])
    row["tags"], row["block_devices"] = json.loads(row["tags"]), json.loads(row["block_devices"])
    seconds, micros = divmod(row["launch_time"], 1_000_000)
    row["launch_time"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{micros:06d}Z"
    return json.dumps(row, separators=(",", ":"))


def message(number, inner):
    """A message in another one's field, whose first field it is."""
    return bytes([number << 3 | 2]) + varint(len(inner)) + inner


def varint(value):
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def stream(batch=None):
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        if batch is not None:
            writer.write_batch(batch)
    return message(1, sink.getvalue())


def main():
    folder, times = sys.argv[1], int(sys.argv[2])
    chance = random.Random(1)
    rows = [machine(chance) for _ in range(ROWS)]
    whole = pa.RecordBatch.from_pylist(rows, SCHEMA)
    for size in SIZES:
        with open(os.path.join(folder, f"{size}.frames"), "wb") as output:
            frames = [message(1, stream())]
            frames += [message(2, stream(whole.slice(at, size))) for at in range(0, ROWS, size)]
            for frame in frames:
                output.write(struct.pack("<I", len(frame)) + frame)
    text = "".join(line(row) + "\n" for row in rows)
    with open(os.path.join(folder, "machines.ndjson"), "w") as output:
        for _ in range(times):
            output.write(text)


main()
