"""Reads all Parquet files below a folder: {TABLE: rows in order}, where the table is the file's folder and JSON is read."""

import json
import pathlib
import sys

import pyarrow.parquet as pq


def value(item):
    if isinstance(item, bytes):
        item = item.decode()
    if isinstance(item, str) and item[:1] in ("{", "["):
        return json.loads(item)
    return item


tables = {}
for path in sorted(pathlib.Path(sys.argv[1]).rglob("*.parquet")):
    found = pq.ParquetFile(path).read()
    names = [name for name in found.column_names if not name.startswith("_cq")]
    rows = [[value(row[name]) for name in names] for row in found.to_pylist()]
    tables.setdefault(path.parent.name, []).extend(rows)
print(json.dumps({name: sorted(rows, key=json.dumps) for name, rows in tables.items()}))
