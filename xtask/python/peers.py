"""Turns one file into Parquet with zstd: peers.py duckdb|polars csv|ndjson INPUT FOLDER"""

import os
import sys

program, format, path, folder = sys.argv[1:]
os.makedirs(folder)
output = os.path.join(folder, "events.parquet")

if program == "duckdb":
    import duckdb

    reader = "read_csv(?)" if format == "csv" else "read_json(?, format = 'newline_delimited')"
    copy = f"COPY (SELECT * FROM {reader}) TO '{output.replace(chr(39), chr(39) * 2)}' (FORMAT parquet, COMPRESSION zstd)"
    duckdb.execute(copy, [path])
elif program == "polars":
    import polars

    # Polars leaves timestamps of NDJSON as text; nothing asks it to do otherwise without naming the columns.
    rows = polars.scan_csv(path, try_parse_dates=True) if format == "csv" else polars.scan_ndjson(path)
    rows.sink_parquet(output, compression="zstd", engine="streaming")
else:
    sys.exit(f"no such program: {program}")
