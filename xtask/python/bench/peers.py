"""Turns one file into another format in S3: peers.py PROGRAM INPUT-FORMAT INPUT FORMAT COMPRESSION ENDPOINT BUCKET KEY

The credentials are in the environment. DuckDB has no S3 of its own without the internet, so it writes a local file, which s5cmd
then copies; s5cmd alone copies the input as it is.
"""

import os
import subprocess
import sys
import tempfile

program, source, path, format, compression, endpoint, bucket, key = sys.argv[1:]


def s5cmd(local):
    command = [os.path.join(os.path.dirname(sys.executable), "s5cmd")]
    # The script's own first line names the folder in which it was installed, not the one it was moved to.
    if open(command[0], "rb").read(2) == b"#!":
        command = [sys.executable, *command]
    subprocess.run([*command, "--endpoint-url", endpoint, "cp", local, f"s3://{bucket}/{key}"], check=True)


def duckdb():
    import duckdb

    readers = {"csv": "read_csv(?)", "ndjson": "read_json(?, format = 'newline_delimited')", "parquet": "read_parquet(?)"}
    options = "" if compression == "none" else f", COMPRESSION {compression}"
    with tempfile.TemporaryDirectory() as folder:
        local = os.path.join(folder, "events")
        quoted = local.replace("'", "''")
        duckdb.execute(f"COPY (SELECT * FROM {readers[source]}) TO '{quoted}' (FORMAT {format}{options})", [path])
        s5cmd(local)


def polars():
    import polars

    # Polars leaves timestamps of NDJSON as text; nothing asks it to do otherwise without naming the columns.
    scans = {
        "csv": lambda: polars.scan_csv(path, try_parse_dates=True),
        "ndjson": lambda: polars.scan_ndjson(path),
        "parquet": lambda: polars.scan_parquet(path),
    }
    rows = scans[source]()
    sinks = {"parquet": rows.sink_parquet, "csv": rows.sink_csv, "json": rows.sink_ndjson}
    options = {
        "aws_endpoint_url": endpoint,
        "aws_region": "us-east-1",
        "aws_allow_http": "true",
        "aws_access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
        "aws_secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
    }
    codec = {"none": "uncompressed"}.get(compression, compression)
    more = {} if format == "parquet" else {"check_extension": False}
    sinks[format](f"s3://{bucket}/{key}", compression=codec, storage_options=options, engine="streaming", **more)


def pyarrow():
    import pyarrow
    import pyarrow.csv
    import pyarrow.fs
    import pyarrow.json
    import pyarrow.parquet

    scheme, _, address = endpoint.partition("://")
    s3 = pyarrow.fs.S3FileSystem(endpoint_override=address, scheme=scheme, region="us-east-1")
    if source == "csv":
        reader = pyarrow.csv.open_csv(path)
    elif source == "ndjson":
        reader = pyarrow.json.open_json(path)
    else:
        reader = pyarrow.parquet.ParquetFile(path)
    schema = reader.schema_arrow if source == "parquet" else reader.schema
    batches = reader.iter_batches() if source == "parquet" else reader
    codec = None if compression == "none" or format == "parquet" else compression
    with s3.open_output_stream(f"{bucket}/{key}", compression=codec) as output:
        if format == "parquet":
            writer = pyarrow.parquet.ParquetWriter(output, schema, compression=compression)
        else:
            writer = pyarrow.csv.CSVWriter(output, schema)
        # A row group is made of rows by the hundred thousand, not of what a block of text happens to hold.
        waiting, count = [], 0
        with writer:
            for batch in batches:
                waiting.append(batch)
                count += batch.num_rows
                if count >= 500_000:
                    writer.write_table(pyarrow.Table.from_batches(waiting))
                    waiting, count = [], 0
            writer.write_table(pyarrow.Table.from_batches(waiting, schema))


{"duckdb": duckdb, "polars": polars, "pyarrow": pyarrow, "s5cmd": lambda: s5cmd(path)}[program]()
