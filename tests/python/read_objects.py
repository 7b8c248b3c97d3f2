"""Reads objects back with readers that know nothing of Lakeward, and compares every value with the rows that went in.

Gets {"source": NDJSON file, "folder": where objects are or go, "s3": {"endpoint", "bucket", "key", "secret"} or null, "tables":
{NAME: FORMAT}} and prints {"compared": {NAME: {READER: COUNT OF ROWS}}, "differences": [TEXT]}. The objects of a table lie under
raw/NAME/.
"""

import csv
import datetime
import decimal
import gzip
import io
import json
import pathlib
import sys

import duckdb
import polars
import pyarrow
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet

asked = json.loads(sys.argv[1])
folder = pathlib.Path(asked["folder"])
differences = []


def download():
    import boto3

    s3 = asked["s3"]
    keys = {"aws_access_key_id": s3["key"], "aws_secret_access_key": s3["secret"]}
    client = boto3.client("s3", endpoint_url=s3["endpoint"], region_name="us-east-1", **keys)
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=s3["bucket"], Prefix="raw/"):
        for entry in page.get("Contents", []):
            path = folder / entry["Key"]
            path.parent.mkdir(parents=True, exist_ok=True)
            client.download_file(s3["bucket"], entry["Key"], str(path))


def moment(value):
    """An instant as RFC 3339 with the fewest digits."""
    if value.tzinfo is not None:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    text = value.isoformat()
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "Z"


def plain(value):
    """A value without what tells its reader's types apart."""
    if isinstance(value, datetime.datetime):
        return moment(value)
    if isinstance(value, (datetime.date, decimal.Decimal)):
        return str(value)
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, polars.Series):
        return plain(value.to_list())
    return value


def of_text(name, text):
    """A CSV field as the value that its column holds."""
    if text is None or text == "" and name != "name":
        return None
    if name == "id":
        return int(text)
    if name == "ratio":
        return float(text)
    if name == "flag":
        return {"true": True, "false": False}[text]
    if name in ("tags", "place"):
        return json.loads(text)
    return text


def of_row(row):
    return {name: of_text(name, text) for name, text in row.items()}


def opened(path):
    """The text of a file, unpacked by Python's own gzip or by Arrow's zstd."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes()).decode()
    if path.suffix == ".zst":
        return pyarrow.input_stream(str(path), compression="zstd").read().decode()
    return path.read_text()


def duck(query, path):
    relation = duckdb.sql(query.replace("FILE", "'" + str(path).replace("'", "''") + "'"))
    return [dict(zip(relation.columns, row)) for row in relation.fetchall()]


def arrow_csv(path):
    convert = pyarrow.csv.ConvertOptions(
        column_types={name: pyarrow.string() for name in NAMES}, strings_can_be_null=True, null_values=[""],
        quoted_strings_can_be_null=False,
    )
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True)
    return pyarrow.csv.read_csv(str(path), convert_options=convert, parse_options=parse).to_pylist()


def arrow_json(path):
    # Left alone, PyArrow takes a day for a moment.
    texts = pyarrow.schema([("day", pyarrow.string()), ("moment", pyarrow.string())])
    options = pyarrow.json.ParseOptions(explicit_schema=texts)
    return pyarrow.json.read_json(pyarrow.input_stream(str(path)), parse_options=options).to_pylist()


READERS = {
    "parquet": {
        "pyarrow": lambda path: pyarrow.parquet.read_table(path).to_pylist(),
        "duckdb": lambda path: duck("SELECT * REPLACE (moment AT TIME ZONE 'UTC' AS moment) FROM read_parquet(FILE)", path),
        "polars": lambda path: polars.read_parquet(path).to_dicts(),
    },
    "csv": {
        "pyarrow": lambda path: map(of_row, arrow_csv(path)),
        "duckdb": lambda path: map(of_row, duck("SELECT * FROM read_csv(FILE, all_varchar = true, header = true)", path)),
        "polars": lambda path: map(of_row, polars.read_csv(path, infer_schema=False).to_dicts()),
        "python": lambda path: map(of_row, csv.DictReader(io.StringIO(opened(path), newline=""))),
    },
    "json": {
        "pyarrow": arrow_json,
        "duckdb": lambda path: duck("SELECT * REPLACE (moment AT TIME ZONE 'UTC' AS moment) FROM read_json(FILE, format = 'newline_delimited', columns = COLUMNS)".replace("COLUMNS", TYPES), path),
        "polars": lambda path: polars.read_ndjson(path).to_dicts(),
        "python": lambda path: map(json.loads, opened(path).splitlines()),
    },
}
TYPES = (
    "{id: 'BIGINT', name: 'VARCHAR', ratio: 'DOUBLE', flag: 'BOOLEAN', day: 'DATE', moment: 'TIMESTAMPTZ', amount: 'DECIMAL(12,2)',"
    " tags: 'BIGINT[]', place: 'STRUCT(label VARCHAR, lat DOUBLE)'}"
)
# Only PyArrow tells a null and an empty text of CSV apart, by the quotes.
TELLS_EMPTY_FROM_NULL = {("csv", "pyarrow")}


def comparable(row, format, reader):
    row = plain(row)
    if row["amount"] is not None:
        row["amount"] = decimal.Decimal(row["amount"])
    if format == "csv" and (format, reader) not in TELLS_EMPTY_FROM_NULL:
        row = {**row, "name": row["name"] or None}
    return row


duckdb.sql("SET TimeZone = 'UTC'")
expected = {row["id"]: row for row in map(json.loads, open(asked["source"], encoding="utf-8"))}
NAMES = list(next(iter(expected.values())))
if asked["s3"]:
    download()
compared = {}
for table, format in asked["tables"].items():
    compared[table] = {}
    for reader, read in READERS[format].items():
        seen = {}
        for path in sorted((folder / "raw" / table).rglob("*.*")):
            for row in read(path):
                row = comparable(row, format, reader)
                if row["id"] in seen:
                    differences.append(f"{table} by {reader}: id {row['id']} is there twice")
                seen[row["id"]] = row
        for id, row in expected.items():
            wanted = comparable(row, format, reader)
            if seen.get(id) != wanted and len(differences) < 20:
                differences.append(f"{table} by {reader}: {seen.get(id)} instead of {wanted}")
        compared[table][reader] = len(seen)
print(json.dumps({"compared": compared, "differences": differences}))
