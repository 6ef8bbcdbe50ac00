"""Binary G-code (`.bgcode`), by the specification of libbgcode: a chain of blocks, each with its
size, so that the few that speak of the print are read and the G-code itself is passed over."""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"GCDE"
_MOST_BLOCK = 8 << 20  # bytes of one block that are read or unpacked
_MOST_BLOCKS = 200
_CRC32 = 1
_NONE, _DEFLATE = 0, 1


class Kind(IntEnum):
    """The types of blocks."""

    FILE = 0
    GCODE = 1
    SLICER = 2
    PRINTER = 3
    PRINT = 4
    THUMBNAIL = 5


@dataclass(frozen=True, slots=True)
class Block:
    """A block as it was written: `parameters` are 2 bytes, 6 for a thumbnail."""

    kind: int
    parameters: bytes
    data: bytes


def blocks(path: Path) -> Iterator[Block]:
    """The blocks before the G-code, as far as they are sound; none of what is no binary G-code.

    Raises: OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(10)
        if len(head) < 10 or head[:4] != _MAGIC:
            return
        (checksum,) = struct.unpack_from("<H", head, 8)
        for _ in range(_MOST_BLOCKS):
            block = _next(file, has_crc=checksum == _CRC32)
            if block is None or block.kind == Kind.GCODE:
                return
            yield block


def _next(file: BinaryIO, *, has_crc: bool) -> Block | None:
    """The next block; None at the end, or where the chain is broken."""
    header = file.read(8)
    if len(header) < 8:
        return None
    kind, compression, size = struct.unpack("<HHI", header)
    stored = size
    if compression != _NONE:
        packed = file.read(4)
        if len(packed) < 4:
            return None
        header += packed
        (stored,) = struct.unpack("<I", packed)
    if kind == Kind.GCODE:
        return Block(kind, b"", b"")
    parameters = file.read(6 if kind == Kind.THUMBNAIL else 2)
    if max(size, stored) > _MOST_BLOCK:
        return None
    data = file.read(stored)
    crc = file.read(4) if has_crc else b""
    if len(data) < stored or (has_crc and crc != _crc(header, parameters, data)):
        return None
    return Block(kind, parameters, _unpacked(data, compression, size))


def _crc(*parts: bytes) -> bytes:
    return struct.pack("<I", zlib.crc32(b"".join(parts)))


def _unpacked(data: bytes, compression: int, size: int) -> bytes:
    """The data; nothing where it cannot be unpacked, as with heatshrink, used for G-code alone."""
    if compression == _NONE:
        return data
    if compression != _DEFLATE:
        return b""
    try:
        return zlib.decompressobj().decompress(data, size)
    except zlib.error:
        return b""
