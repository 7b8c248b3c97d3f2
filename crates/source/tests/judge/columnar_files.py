"""Writes Parquet and Arrow files as pyarrow, Polars and DuckDB do, into the folder that is the first argument."""

import os
import sys
from datetime import date, datetime, timezone
from decimal import Decimal

import duckdb
import polars
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq

folder = sys.argv[1]


def path(name):
    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
    return os.path.join(folder, name)


rows = 10_000
made = pa.table(
    {
        "id": pa.array(range(rows), pa.int64()),
        "word": pa.array([None if i % 7 == 0 else f"word {i % 13} été" for i in range(rows)], pa.string()),
        "kind": pa.array([f"k{i % 3}" for i in range(rows)]).dictionary_encode(),
        "half": pa.array([i / 2 for i in range(rows)], pa.float64()),
        "day": pa.array([date(2024, 1, 1 + i % 28) for i in range(rows)], pa.date32()),
        "at": pa.array([datetime(2024, 1, 1, 0, 0, i % 60, tzinfo=timezone.utc) for i in range(rows)], pa.timestamp("us", "UTC")),
        "price": pa.array([Decimal(i) / 100 for i in range(rows)], pa.decimal128(12, 2)),
        "raw": pa.array([bytes([i % 256, 0]) for i in range(rows)], pa.binary()),
        "yes": pa.array([None if i % 5 == 0 else i % 2 == 0 for i in range(rows)], pa.bool_()),
        "list": pa.array([[i, None] if i % 3 else None for i in range(rows)], pa.list_(pa.int32())),
        "inner": pa.array([{"a": i, "b": [str(i)]} for i in range(rows)], pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))])),
    }
)

for codec in ["none", "snappy", "gzip", "zstd", "lz4"]:
    pq.write_table(made, path(f"parquet/{codec}.parquet"), compression=codec, row_group_size=999)
for version in ["1.0", "2.0"]:
    pq.write_table(made, path(f"parquet/pages-{version}.parquet"), data_page_version=version, use_dictionary=False)
for codec in ["uncompressed", "lz4", "zstd"]:
    feather.write_feather(made, path(f"arrow/feather-{codec}.feather"), compression=codec, chunksize=999)
for codec in [None, "lz4", "zstd"]:
    options = pa.ipc.IpcWriteOptions(compression=codec)
    with pa.ipc.new_stream(path(f"arrow/stream-{codec}.arrows"), made.schema, options=options) as writer:
        writer.write_table(made, max_chunksize=999)
frame = polars.from_arrow(made)
frame.write_parquet(path("others/polars.parquet"))
frame.write_ipc(path("others/polars.arrow"), compression="zstd")
frame.write_ipc_stream(path("others/polars.arrows"))
duckdb.sql("SELECT * FROM made").write_parquet(path("others/duckdb.parquet"), compression="zstd")

# A stream whose dictionary grows, and one whose dictionary is replaced.
growing = [pa.array(["a", "b"]).dictionary_encode(), pa.DictionaryArray.from_arrays([0, 2], ["a", "b", "c"])]
schema = pa.schema([("k", growing[0].type)])
options = pa.ipc.IpcWriteOptions(emit_dictionary_deltas=True)
for name, arrays in [("delta", growing), ("replaced", [growing[0], pa.DictionaryArray.from_arrays([0, 1], ["x", "y"])])]:
    with pa.ipc.new_stream(path(f"dictionary/{name}.arrows"), schema, options=options) as writer:
        for array in arrays:
            writer.write_batch(pa.record_batch([array], schema))
with pa.ipc.new_file(path("dictionary/delta.arrow"), schema, options=options) as writer:
    for array in growing:
        writer.write_batch(pa.record_batch([array], schema))

small = made.select(["id", "word"]).slice(0, 100)
pq.write_table(small, path("bad/brotli.parquet"), compression="brotli")
pq.write_table(pa.table({"a": pa.nulls(0)}).select([]), path("bad/no-columns.parquet"))
pq.write_table(pa.table({f"c{i}": [i, None] for i in range(2000)}), path("wide/wide.parquet"))
try:
    import pyarrow.parquet.encryption as encryption
except ImportError:
    encryption = None


class Vault(encryption.KmsClient if encryption else object):
    """Keeps keys by not hiding them."""

    def __init__(self, config):
        encryption.KmsClient.__init__(self)

    def wrap_key(self, key, master):
        return key.hex().encode()

    def unwrap_key(self, wrapped, master):
        return bytes.fromhex(wrapped.decode())


if encryption:
    factory = encryption.CryptoFactory(Vault)
    for name, plaintext in [("encrypted", False), ("encrypted-columns", True)]:
        config = encryption.EncryptionConfiguration("footer", column_keys={"column": ["word"]}, plaintext_footer=plaintext)
        properties = factory.file_encryption_properties(encryption.KmsConnectionConfig(), config)
        with pq.ParquetWriter(path(f"bad/{name}.parquet"), small.schema, encryption_properties=properties) as writer:
            writer.write_table(small)
