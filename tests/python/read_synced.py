"""What was synced from the in-memory source, read back by boto3 and pyarrow: for every folder below `raw/` the rows of its
tables as they compare with the source's own, as one JSON object. Arguments: endpoint, bucket, key, secret."""

import gzip
import io
import json
import sys

import boto3
import pyarrow.csv
import pyarrow.parquet

endpoint, bucket, key, secret = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
)


def rows(name, data):
    if name.endswith(".gz"):
        name, data = name[:-3], gzip.decompress(data)
    if name.endswith(".parquet"):
        return pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    if name.endswith(".csv"):
        return pyarrow.csv.read_csv(io.BytesIO(data)).to_pylist()
    return [json.loads(line) for line in data.splitlines()]


def plain(row):
    """The source's own columns, as text."""
    data = row.get("data")
    data = json.loads(data) if isinstance(data, str) else data
    assert row["_cq_source_name"] == "memdb"
    return [row["name"], row["id"] if "id" in row else data]


found = {}
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="raw/"):
    for entry in page.get("Contents", []):
        _, folder, table, name = entry["Key"].split("/")
        if table == "TEST_TABLE":
            continue
        data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found.setdefault(folder, {}).setdefault(table, []).extend(map(plain, rows(name, data)))
for tables in found.values():
    for table in tables.values():
        table.sort(key=str)
print(json.dumps(found))
