"""The physical limit of a drag: a process with nothing but inotify, a sidecar and one commit.

It hears a rename by the kernel itself, reads the sidecar, writes it aside, flushes it, renames it
over the old one, and commits job, files, event and mail in one transaction. Nothing is checked,
nothing is planned, nobody else is thought of. Run as `python -m tests.benchmarks.bare ROOT URL`.
"""

import ctypes
import os
import struct
import sys
from pathlib import Path

import orjson
import psycopg2

from schemas.status import FOLDERS

_IN_MOVED_TO = 0x80


def main(root: Path, dsn: str) -> None:
    """Serve until killed."""
    libc = ctypes.CDLL(None, use_errno=True)
    descriptor = libc.inotify_init1(0)
    folders = {
        libc.inotify_add_watch(descriptor, os.fsencode(root / folder), _IN_MOVED_TO): folder
        for folder in FOLDERS
    }
    connection = psycopg2.connect(dsn)
    written: set[tuple[int, str]] = set()  # our own renames are heard as well
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        data = os.read(descriptor, 65536)
        at = 0
        while at < len(data):
            watch, _, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16 : at + 16 + length].rstrip(b"\0").decode()
            at += 16 + length
            if (watch, name) in written:
                written.remove((watch, name))
            elif name.endswith(".metadata.json"):
                written.add((watch, name))
                _record(root, folders[watch], name, connection)


def _record(
    root: Path, folder: str, name: str, connection: "psycopg2.extensions.connection"
) -> None:
    path = root / folder / name
    try:
        doc = orjson.loads(path.read_bytes())
    except FileNotFoundError:
        return
    source, seq = doc["status"], len(doc["history"]) + 1
    doc["status"] = folder
    doc["history"].append({"seq": seq, "type": "StatusChanged", "from": source, "to": folder})
    aside = root / ".printsystem/incoming/bare.tmp"
    with aside.open("wb") as file:
        file.write(orjson.dumps(doc, option=orjson.OPT_INDENT_2))
        file.flush()
        os.fsync(file.fileno())
    aside.rename(path)
    found = path.stat()
    stem = name.removesuffix(".metadata.json")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE jobs SET status = %(to)s, since = now(), last_seq = %(seq)s
            WHERE number = %(job)s;
            DELETE FROM files WHERE job = %(job)s;
            INSERT INTO files (path, job, role, size, mtime_ns)
            VALUES (%(model)s, %(job)s, 'model', 1084, 0),
                   (%(sidecar)s, %(job)s, 'sidecar', %(size)s, 0);
            INSERT INTO events
            VALUES (%(job)s, %(seq)s, now(), 'StatusChanged', '', 'folder', '{}', '')
            ON CONFLICT DO NOTHING;
            INSERT INTO emails (job, seq, template, state, via, arrived_at)
            VALUES (%(job)s, %(seq)s, %(to)s, 'held', 'folder', now()) ON CONFLICT DO NOTHING;
            SELECT pg_notify('printsystem_changes', %(job)s::text)
            """,
            {
                "job": doc["job"],
                "seq": seq,
                "to": folder,
                "model": f"{folder}/{stem}.stl",
                "sidecar": f"{folder}/{name}",
                "size": found.st_size,
            },
        )
    connection.commit()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
