"""PNG for the tests, read by this second implementation of what our programs write: eight bits, RGB or RGBA."""
import zlib

import numpy as np


def paeth(a, b, c):
    pa, pb, pc = abs(b - c), abs(a - c), abs(a + b - 2 * c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def unfilter(kind, row, above, bpp):
    """A row's bytes, given the bytes above (PNG specification, 9)."""
    if kind in (0, 2):
        return row + above if kind == 2 else row
    if kind == 1:
        return row.reshape(-1, bpp).cumsum(0, np.uint8).ravel()
    row, above = [0] * bpp + row.tolist(), [0] * bpp + above.tolist()
    for i in range(bpp, len(row)):
        a, b, c = row[i - bpp], above[i], above[i - bpp]
        row[i] = (row[i] + ((a + b) // 2 if kind == 3 else paeth(a, b, c))) & 255
    return np.array(row[bpp:], np.uint8)


def decode(data):
    """(height, width, 3) of integers; every chunk's checksum is looked at."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", "no PNG"
    at, chunks = 8, []
    while at < len(data):
        size = int.from_bytes(data[at:at + 4], "big")
        body = data[at + 4:at + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(data[at + 8 + size:at + 12 + size], "big"), "checksum"
        chunks.append((body[:4], body[4:]))
        at += 12 + size
    assert chunks[-1][0] == b"IEND", "no end"
    head = chunks[0][1]
    width, height = (int.from_bytes(head[i:i + 4], "big") for i in (0, 4))
    bpp = {2: 3, 6: 4}[head[9]]
    assert head[8] == 8 and head[12] == 0, "eight bits, not interlaced"
    raw = np.frombuffer(zlib.decompress(b"".join(body for name, body in chunks if name == b"IDAT")), np.uint8)
    raw = raw.reshape(height, 1 + width * bpp)
    rows = [np.zeros(width * bpp, np.uint8)]
    for row in raw:
        rows.append(unfilter(row[0], row[1:], rows[-1], bpp))
    return np.array(rows[1:]).reshape(height, width, bpp)[..., :3].astype(int)
