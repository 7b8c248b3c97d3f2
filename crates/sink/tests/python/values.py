"""Whether objects hold what they were written from.

Arguments: a folder with `N.truth` (Arrow IPC streams) and `N.object` for each case, the format, and its option: the delimiter of
CSV, the version of Parquet. Prints a JSON array of [case, row, column, type, expected, written], at most 20 of them.
"""

import base64
import csv
import decimal
import json
import pathlib
import re
import struct
import sys
import uuid

import pyarrow
import pyarrow.ipc
import pyarrow.parquet
import pyarrow.types as types

folder, kind, option = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
decimal.getcontext().prec = 200
csv.field_size_limit(1 << 30)
PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
wrong = []


def days(text):
    year, month, day = re.fullmatch(r"([+-]\d{4,}|\d{4})-(\d\d)-(\d\d)", text).groups()
    year, month, day = int(year), int(month), int(day)
    assert 1 <= month <= 12 and 1 <= day <= 31
    before = year - 1
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    months = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return before * 365 + before // 4 - before // 100 + before // 400 + sum(months[: month - 1]) + day - 719163


def time_of_day(text, unit):
    hours, minutes, seconds, fraction = re.fullmatch(r"(\d\d):(\d\d):(\d\d)(?:\.(\d*[1-9]))?", text).groups()
    whole = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    part = decimal.Decimal("0." + (fraction or "0")) * PER_SECOND[unit]
    assert part == int(part)
    return whole * PER_SECOND[unit] + int(part)


def same_float(number, scalar):
    expected = scalar.as_py()
    size = {16: "e", 32: "f", 64: "d"}[scalar.type.bit_width]
    return struct.pack(size, number) == struct.pack(size, expected)


def same(value, scalar):
    """Whether a JSON value is the scalar."""
    if isinstance(scalar, (pyarrow.DictionaryScalar, pyarrow.RunEndEncodedScalar, pyarrow.UnionScalar)):
        inner = scalar.value if scalar.is_valid else None
        return value is None if inner is None else same(value, inner)
    if not scalar.is_valid:
        return value is None
    t = scalar.type
    if types.is_boolean(t):
        return value is scalar.as_py()
    if types.is_integer(t):
        return type(value) is int and value == scalar.as_py()
    if types.is_floating(t):
        names = {"NaN": float("nan"), "+Inf": float("inf"), "-Inf": float("-inf")}
        expected = scalar.as_py()
        if expected != expected:
            return value == "NaN"
        if isinstance(value, str):
            return names.get(value) == expected
        return same_float(value, scalar)
    if types.is_string(t) or types.is_large_string(t) or types.is_string_view(t):
        return value == scalar.as_py()
    if types.is_binary(t) or types.is_large_binary(t) or types.is_binary_view(t) or types.is_fixed_size_binary(t):
        return base64.b64decode(value, validate=True) == scalar.as_py()
    if types.is_decimal(t):
        return re.fullmatch(r"-?\d+(\.\d*[1-9])?", value) is not None and decimal.Decimal(value) == scalar.as_py()
    if types.is_date(t):
        return days(value) == (scalar.value if types.is_date32(t) else scalar.value // 86_400_000)
    if types.is_time(t):
        return time_of_day(value, t.unit) == scalar.value
    if types.is_timestamp(t):
        date, time = value.split("T")
        if time.endswith("Z") != (t.tz is not None):
            return False
        return days(date) * 86400 * PER_SECOND[t.unit] + time_of_day(time.rstrip("Z"), t.unit) == scalar.value
    if types.is_duration(t):
        return value == f"{scalar.value}{t.unit}"
    if types.is_interval(t):
        expected = scalar.as_py()
        return value == {"months": expected[0], "days": expected[1], "nanoseconds": expected[2]}
    if types.is_map(t):
        entries = list(scalar.values)
        return len(value) == len(entries) and all(
            list(v) == ["key", "value"] and same(v["key"], e[0]) and same(v["value"], e[1])
            for v, e in zip(value, entries)
        )
    if types.is_struct(t):
        names = [t.field(index).name for index in range(t.num_fields)]
        return list(value) == sorted(names, key=str.encode) and all(
            same(value[name], scalar[index]) for index, name in enumerate(names)
        )
    items = list(scalar.values)
    return len(value) == len(items) and all(same(v, item) for v, item in zip(value, items))


def extension(field):
    return ((field.metadata or {}).get(b"ARROW:extension:name") or b"").decode()


def extension_text(name, raw):
    if name == "uuid":
        return str(uuid.UUID(bytes=raw))
    return ":".join(f"{byte:02x}" for byte in raw) if name == "mac" else raw.decode()


def inner(scalar):
    while isinstance(scalar, (pyarrow.DictionaryScalar, pyarrow.RunEndEncodedScalar)):
        if not scalar.is_valid or scalar.value is None:
            return None
        scalar = scalar.value
    return scalar if scalar.is_valid else None


def same_text(text, scalar):
    """Whether a field of CSV is the scalar."""
    if isinstance(scalar, pyarrow.UnionScalar):
        if scalar.value is None or not scalar.value.is_valid:
            return text in ("", "null")
        return same(json.loads(text), scalar)
    scalar = inner(scalar)
    if scalar is None:
        return text == ""
    t = scalar.type
    if types.is_boolean(t) or types.is_integer(t):
        return same(json.loads(text), scalar)
    if types.is_floating(t):
        return same(text if text in ("NaN", "+Inf", "-Inf") else float(text), scalar)
    if types.is_nested(t) or types.is_interval(t):
        return same(json.loads(text), scalar)
    return same(text, scalar)


def landed(scalar):
    """A value as Parquet holds it: what stays comparable whatever its type is there."""
    scalar = inner(scalar)
    if scalar is None:
        return None
    t = scalar.type
    if types.is_floating(t):
        return struct.pack("d", scalar.as_py()) if scalar.as_py() == scalar.as_py() else "NaN"
    if types.is_large_binary(t):
        return base64.b64encode(scalar.as_py()).decode()
    if types.is_decimal(t):
        return format(scalar.as_py(), "f") if t.scale < 0 else scalar.as_py()
    if types.is_date(t):
        return scalar.value if types.is_date32(t) else scalar.value // 86_400_000
    if types.is_time(t) or types.is_timestamp(t):
        nanoseconds = scalar.value * 10**9 // PER_SECOND[t.unit]
        if t.unit == "ns" and option != "2.6":
            nanoseconds = int(decimal.Decimal(nanoseconds) / 1000) * 1000
        return [nanoseconds, getattr(t, "tz", None)]
    if types.is_duration(t):
        return f"{scalar.value}{t.unit}"
    if types.is_interval(t):
        value = scalar.as_py()
        return f'{{"months":{value[0]},"days":{value[1]},"nanoseconds":{value[2]}}}'
    if types.is_map(t):
        return [[landed(entry[0]), landed(entry[1])] for entry in scalar.values]
    if types.is_struct(t):
        return [[t.field(index).name, landed(scalar[index])] for index in range(t.num_fields)]
    if types.is_nested(t):
        return [landed(item) for item in scalar.values]
    return scalar.as_py()


def parquet_type(field):
    """The types that a version has not are not in its files."""
    text = str(field.type)
    old = ["[ns"] if option != "2.6" else []
    return not any(word in text for word in old + (["uint32"] if option == "1.0" else []))


cases = sorted(folder.glob("*.truth"), key=lambda path: int(path.stem))
assert cases
for path in cases:
    with pyarrow.ipc.open_stream(path) as stream:
        truth = stream.read_all().combine_chunks()
    object_path = path.with_suffix(".object")
    fields = list(truth.schema)
    if kind == "csv":
        with open(object_path, encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file, delimiter=option, strict=True))
        assert rows[0] == truth.schema.names, rows[0]
        rows = rows[1:]
    elif kind == "json":
        with open(object_path, encoding="utf-8", newline="") as file:
            rows = [json.loads(line) for line in file.read().split("\n")[:-1]]
        for row in rows:
            assert list(row) == sorted(truth.schema.names, key=str.encode)
        rows = [[row[name] for name in truth.schema.names] for row in rows]
    else:
        table = pyarrow.parquet.read_table(object_path)
        assert table.column_names == truth.column_names
        assert all(parquet_type(field) for field in table.schema), table.schema
        rows = list(zip(*(list(column) for column in table.columns)))
    assert len(rows) == truth.num_rows, (path, len(rows), truth.num_rows)
    for index, field in enumerate(fields):
        for row, scalar in enumerate(truth.column(index)):
            value, name = rows[row][index], extension(field)
            if not scalar.is_valid or not name:
                if kind == "parquet":
                    good = landed(value) == landed(scalar)
                else:
                    good = (same_text if kind == "csv" else same)(value, scalar)
            elif name == "json" and kind == "json":
                good = value == json.loads(scalar.as_py())
            else:
                written = value.as_py() if kind == "parquet" else value
                good = written == extension_text(name, scalar.as_py())
            if not good:
                try:
                    expected = repr(scalar.as_py())
                except Exception as error:
                    expected = f"{getattr(scalar, 'value', error)}"
                wrong.append([int(path.stem), row, field.name, str(field.type), expected, repr(value)])
print(json.dumps(wrong[:20]))
