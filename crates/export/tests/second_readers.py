"""What other programs read in exports: each file of the folder, one line a row, every value as digits or `null`.

Takes nothing; reads a.jsonl, a.csv and a.parquet with json, csv and DuckDB, and writes what DuckDB makes of the tables
again: b.csv, b.parquet.
"""

import base64
import csv
import json

import duckdb

COLUMNS = (
    "rules host volume path size modified_ns changed_ns inode format width height frames "
    "digest payload blake3 first_rows pdq pdq_quality"
).split()


def shown(value):
    if value is None:
        return "null"
    return (value if isinstance(value, bytes) else str(value).encode()).hex() or '""'


def show(reader, rows):
    for row in rows:
        print(reader, *(shown(row[column]) for column in COLUMNS))


def from_json():
    with open("a.jsonl", encoding="utf-8") as lines:
        lines = [json.loads(line) for line in lines.read().rstrip("\n").split("\n")]
    assert lines[0]["type"] == "export" and lines[0]["schema"] == 1, lines[0]
    assert lines[-1] == {"type": "end", "pictures": len(lines) - 2}, lines[-1]
    for row in lines[1:-1]:
        assert row["type"] == "picture" and len(row["path"]) == 1
        path = row["path"]
        yield row | {"path": path["text"] if "text" in path else base64.b64decode(path["bytes"], validate=True)}


def from_csv():
    """The module csv does not tell empty text from null."""
    with open("a.csv", newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines, strict=True):
            path = row["path"] or base64.b64decode(row["path_base64"], validate=True)
            yield {column: value or None for column, value in row.items()} | {"path": path}


def from_duckdb(query):
    result = duckdb.sql(query)
    for row in result.fetchall():
        yield dict(zip(result.columns, row))


def main():
    show("json", from_json())
    show("csv", from_csv())
    # A cast of text to a blob reads escapes; encode() does not.
    show("duckdb-parquet", from_duckdb(
        "SELECT * REPLACE (coalesce(encode(path), path_bytes) AS path) FROM 'a.parquet'"
    ))
    types = "{'size': 'UBIGINT', 'inode': 'UBIGINT'}"
    read_csv = f"read_csv('a.csv', allow_quoted_nulls = false, types = {types})"
    show("duckdb-csv", from_duckdb(
        f"SELECT * REPLACE (coalesce(encode(path), from_base64(path_base64)) AS path) FROM {read_csv}"
    ))
    read_json = "(FROM read_json('a.jsonl', format = 'nd', union_by_name = true) WHERE type = 'picture')"
    show("duckdb-json", from_duckdb(
        f"SELECT * REPLACE (coalesce(encode(path.text), from_base64(path.bytes)) AS path) FROM {read_json}"
    ))
    joined = f"FROM {read_csv} c JOIN {read_json} j USING (digest) JOIN 'a.parquet' p USING (digest)"
    print("joined", duckdb.sql(f"SELECT count(*) {joined}").fetchall()[0][0])
    duckdb.execute(f"COPY (FROM {read_csv}) TO 'b.csv'")
    duckdb.execute("COPY (FROM 'a.parquet') TO 'b.parquet' (FORMAT parquet, KV_METADATA {'pixtwin.schema': '1'})")


main()
