"""What independent readers see in the files of a folder: rows, the sum of `n`, and how many of `s` are null."""

import gzip
import json
import pathlib
import sys

import duckdb
import polars
import pyarrow.compute
import pyarrow.csv
import pyarrow.json

folder = pathlib.Path(sys.argv[1])
seen = {}


def arrow(table):
    column = table.column("n")
    return [table.num_rows, pyarrow.compute.sum(column).as_py(), table.column("s").null_count]


def frame(table):
    return [table.height, table["n"].sum(), table["s"].null_count()]


query = "select count(*)::bigint, sum(n)::bigint, count(*) filter (where s is null)::bigint from {}('{}')"
csv_options = pyarrow.csv.ConvertOptions(strings_can_be_null=True, quoted_strings_can_be_null=False)
for suffix in ["", ".gz", ".zst"]:
    csv, lines = str(folder / f"t.csv{suffix}"), str(folder / f"t.json{suffix}")
    seen[f"pyarrow csv{suffix}"] = arrow(pyarrow.csv.read_csv(csv, convert_options=csv_options))
    seen[f"duckdb csv{suffix}"] = list(duckdb.connect().execute(query.format("read_csv", csv)).fetchone())
    seen[f"polars csv{suffix}"] = frame(polars.read_csv(csv))
    with pyarrow.input_stream(lines, compression="detect") as stream:
        seen[f"pyarrow json{suffix}"] = arrow(pyarrow.json.read_json(stream))
    seen[f"duckdb json{suffix}"] = list(duckdb.connect().execute(query.format("read_json", lines)).fetchone())
    seen[f"polars json{suffix}"] = frame(polars.read_ndjson(lines))

with gzip.open(folder / "t.csv.gz", "rt", newline="") as file:
    import csv

    rows = list(csv.DictReader(file))
    seen["python csv.gz"] = [len(rows), sum(int(row["n"]) for row in rows), sum(not row["s"] for row in rows)]
with gzip.open(folder / "t.json.gz", "rt", encoding="utf-8") as file:
    rows = [json.loads(line) for line in file]
    seen["python json.gz"] = [len(rows), sum(row["n"] for row in rows), sum(row["s"] is None for row in rows)]
print(json.dumps(seen))
