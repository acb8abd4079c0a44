"""Row-level tables in files, read and written in parts, so that a job never holds a table twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

BATCH = 1 << 12  # rows decoded at once; more of them would stand in memory beside the table


def read_parquet(path: Path | str, columns: Iterable[str] | None = None) -> pd.DataFrame:
    """A Parquet file as `pandas.read_parquet` gives it: the same values, types and order of columns.

    Numbers with a decimal point go straight into the table's own memory, part by part: pandas' reader holds them twice.

    columns   those wanted, in the order of the file; a name that the file lacks is passed over
    returns   rows x columns; floats float64 (missing as NaN), the others as pandas reads them
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        wanted = None if columns is None else set(columns)
        names = [name for name in file.schema_arrow.names if wanted is None or name in wanted]
        floats = [name for name in names if pa.types.is_float64(file.schema_arrow.field(name).type)]
        others = [name for name in names if name not in set(floats)]
        if not floats or not file.metadata.num_rows:
            return pd.read_parquet(path, columns=names)
        values = np.empty((len(floats), file.metadata.num_rows))
        start = 0
        for batch in file.iter_batches(BATCH, columns=floats):
            for i, name in enumerate(floats):
                values[i, start : start + batch.num_rows] = batch.column(name).to_numpy(zero_copy_only=False)
            start += batch.num_rows
    frame = pd.DataFrame(values.T, columns=floats, copy=False)
    if others:
        frame = pd.concat([pd.read_parquet(path, columns=others), frame], axis=1)[names]
    pa.default_memory_pool().release_unused()  # what decoding took, and would keep beside the table
    return frame


def write_parts(parts: Iterable[pd.DataFrame], path: Path | str) -> None:
    """Frames of the same columns and types as one file, one under the other; one at a time is held.

    raises   ValueError when a part has other columns or types than the first
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    try:
        for part in parts:
            table = pa.Table.from_pandas(part, preserve_index=False)
            writer = writer or pq.ParquetWriter(path, table.schema, compression="zstd")
            writer.write_table(table)
    finally:
        if writer:
            writer.close()


def columns_of(path: Path | str) -> list[str]:
    """The names of a Parquet file's columns; its rows are not read."""
    import pyarrow.parquet as pq

    return list(pq.read_schema(path).names)
