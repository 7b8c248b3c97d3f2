"""What was synced, read back by boto3 and pyarrow: for every folder below `raw/` the rows of its tables, without the columns
that hosts and sources add, as one JSON object. Every format gives the same: JSON columns are parsed, and moments are texts.
Arguments: endpoint, bucket, key, secret, the source's name."""

import datetime
import gzip
import io
import json
import sys

import boto3
import pyarrow.csv
import pyarrow.parquet

endpoint, bucket, key, secret, source = sys.argv[1:]
s3 = boto3.client(
    "s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=secret
)
nulls = pyarrow.csv.ConvertOptions(null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False)
lines = pyarrow.csv.ParseOptions(newlines_in_values=True)


def rows(name, data):
    if name.endswith(".gz"):
        name, data = name[:-3], gzip.decompress(data)
    if name.endswith(".parquet"):
        return pyarrow.parquet.read_table(io.BytesIO(data)).to_pylist()
    if name.endswith(".csv"):
        return pyarrow.csv.read_csv(io.BytesIO(data), parse_options=lines, convert_options=nulls).to_pylist()
    return [json.loads(line) for line in data.splitlines()]


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, str) and value[:1] in ("{", "["):
        return json.loads(value)
    return value


def own(row):
    """The source's own columns."""
    assert row["_cq_source_name"] == source
    return {name: plain(value) for name, value in row.items() if not name.startswith("_cq_")}


found = {}
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="raw/"):
    for entry in page.get("Contents", []):
        _, folder, table, name = entry["Key"].split("/")
        if table == "TEST_TABLE":
            continue
        data = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
        found.setdefault(folder, {}).setdefault(table, []).extend(map(own, rows(name, data)))
for tables in found.values():
    for table in tables.values():
        table.sort(key=lambda row: (row.get("id", 0), row.get("name", "")))
print(json.dumps(found))
