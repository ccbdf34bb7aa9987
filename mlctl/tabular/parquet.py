"""Tables as Parquet bytes: the same table gives the same bytes under one version of pyarrow."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def table_bytes(table: pa.Table) -> bytes:
    """The table as zstd Parquet, without metadata that would differ from run to run."""
    sink = pa.BufferOutputStream()
    plain = table.replace_schema_metadata(None).combine_chunks()
    pq.write_table(plain, sink, compression="zstd", compression_level=3, version="2.6", store_schema=True)
    return bytes(sink.getvalue().to_pybytes())


def table_from(source: bytes | Path) -> pa.Table:
    """The table that `table_bytes` wrote, or that a Parquet file holds."""
    if isinstance(source, Path):
        return pq.read_table(source, memory_map=False, partitioning=None)
    return pq.read_table(pa.BufferReader(source))
