"""The differences between two files of one format by value, as a JSON array of [row, column, original, ours].

Arguments: the format, the original's file, ours; for CSV the delimiter and whether there is a header. Numbers are compared as
numbers, lists, structs and JSON columns as JSON, anything else as text. In CSV a null and an empty text differ where the file
tells them apart. Parquet is compared by type and value.
"""

import decimal
import json
import sys

import pyarrow.csv
import pyarrow.parquet

kind, original, ours, delimiter, header = sys.argv[1:]
differences = []


def number(text):
    try:
        value = decimal.Decimal(text)
        return value if value.is_finite() else None
    except (TypeError, decimal.InvalidOperation):
        return None


def parsed(text):
    try:
        return json.loads(text)
    except (TypeError, ValueError):
        return None


def same_field(old, new):
    if old == new:
        return True
    # A decimal in exponent form is a difference; a float may be spelled as it likes.
    if old is None or new is None or ("e-" in old and "." in new and "e" not in new):
        return False
    a, b = number(old), number(new)
    if a is not None and b is not None:
        return a == b and a.is_signed() == b.is_signed()
    return old[:1] in ("{", "[") and parsed(old) is not None and parsed(old) == parsed(new)


def csv_columns(path):
    names = None if header == "true" else []
    read = pyarrow.csv.ReadOptions(autogenerate_column_names=names is not None, block_size=1 << 26)
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with open(path, encoding="utf-8") as file:
        width = len(pyarrow.csv.read_csv(path, read, parse).column_names)
    options = {f"f{index}": pyarrow.string() for index in range(width)}
    if names is None:
        options = {name: pyarrow.string() for name in pyarrow.csv.read_csv(path, read, parse).column_names}
    convert = pyarrow.csv.ConvertOptions(
        column_types=options, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    return pyarrow.csv.read_csv(path, read, parse, convert)


if kind == "csv":
    old, new = csv_columns(original), csv_columns(ours)
    assert old.column_names == new.column_names and old.num_rows == new.num_rows
    for row in range(old.num_rows):
        for column in range(old.num_columns):
            a, b = old.column(column)[row].as_py(), new.column(column)[row].as_py()
            if not same_field(a, b):
                differences.append([row, column, a, b])
elif kind == "json":
    with open(original, encoding="utf-8") as a, open(ours, encoding="utf-8") as b:
        old, new = ([json.loads(line) for line in file.read().split("\n")[:-1]] for file in (a, b))
    assert len(old) == len(new)
    for row, (a, b) in enumerate(zip(old, new)):
        assert list(a) == list(b), "other keys, or in another order"
        differences.extend([row, name, a[name], b[name]] for name in a if a[name] != b[name])
else:
    old, new = pyarrow.parquet.read_table(original), pyarrow.parquet.read_table(ours)
    assert old.column_names == new.column_names and old.num_rows == new.num_rows
    for key, value in old.schema.metadata.items():
        assert new.schema.metadata[key] == value, key
    for name in old.column_names:
        a, b = old.schema.field(name), new.schema.field(name)
        if a.nullable != b.nullable or not a.type.equals(b.type):
            differences.append([None, name, str(a.type), str(b.type)])
        a, b = old.column(name).combine_chunks(), new.column(name).combine_chunks()
        a = a.cast(b.type, safe=False)
        for row in range(len(a)):
            if not a[row : row + 1].equals(b[row : row + 1]):
                differences.append([row, name, str(a[row]), str(b[row])])
print(json.dumps(differences))
