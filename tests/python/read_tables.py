"""Reads Parquet files with PyArrow and with DuckDB, and runs the SQL that a run's summary offers.

Gets {"tables": {NAME: PATH}, "sql": SQL} and prints {"tables": {NAME: {"pyarrow": …, "duckdb": …}}, "sql": ROWS}, where each
reader gives the count of rows, the columns' types and the first row.
"""

import json
import sys

import duckdb
import pyarrow.parquet


def by_pyarrow(path):
    table = pyarrow.parquet.read_table(path)
    first = table.slice(0, 1).to_pylist()[0]
    return {"rows": table.num_rows, "types": {field.name: str(field.type) for field in table.schema}, "first": first}


def by_duckdb(path):
    relation = duckdb.read_parquet(path)
    types = dict(zip(relation.columns, map(str, relation.types)))
    first = dict(zip(relation.columns, relation.limit(1).fetchall()[0]))
    return {"rows": relation.aggregate("count(*)").fetchall()[0][0], "types": types, "first": first}


asked = json.loads(sys.argv[1])
tables = {name: {"pyarrow": by_pyarrow(path), "duckdb": by_duckdb(path)} for name, path in asked["tables"].items()}
print(json.dumps({"tables": tables, "sql": len(duckdb.sql(asked["sql"]).fetchall())}, default=str))
