"""Makes tests/data/png_cases.jsonl: a small PNG of every kind and the pixels that PIL's convert("RGB") gives, a line each.

    python3 tests/golden/make_png_cases.py > tests/data/png_cases.jsonl

Needs Pillow and numpy. The files are encoded here, since PIL writes only some kinds. Of grey with 16 bits PIL saturates at
255; there the upper 8 bits are expected, as PIL itself takes them of every other kind with 16 bits.
"""
import io
import json
import random
import struct
import zlib

import numpy
from PIL import Image

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def pack(row, bits):
    """Bytes of a row of samples."""
    whole = "".join(format(sample, f"0{bits}b") for sample in row)
    whole += "0" * (-len(whole) % 8)
    return bytes(int(whole[i : i + 8], 2) for i in range(0, len(whole), 8))


def rows_of(samples, bits, channels, x0, y0, dx, dy, rng):
    """The filtered rows of one pass. Filters none, sub and up are drawn."""
    height, width = len(samples), len(samples[0])
    step = max(1, bits * channels // 8)
    data, before = b"", None
    for y in range(y0, height, dy):
        row = [value for x in range(x0, width, dx) for value in samples[y][x]]
        if not row:
            continue
        packed = pack(row, bits)
        kind = rng.choice([0, 1, 2])
        beside = bytes(step) + packed[:-step] if kind == 1 else before if kind == 2 and before else bytes(len(packed))
        data += bytes([kind]) + bytes((a - b) & 255 for a, b in zip(packed, beside))
        before = packed
    return data


def make(colour, bits, width, height, interlaced=False, extra=(), entries=0, seed=1):
    rng = random.Random(seed)
    most = entries - 1 if colour == 3 else (1 << bits) - 1
    samples = [[[rng.randint(0, most) for _ in range(CHANNELS[colour])] for _ in range(width)] for _ in range(height)]
    passes = ADAM7 if interlaced else [(0, 0, 1, 1)]
    data = b"".join(rows_of(samples, bits, CHANNELS[colour], *p, rng) for p in passes)
    palette = bytes(rng.randint(0, 255) for _ in range(3 * entries))
    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, int(interlaced))
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    file += chunk(b"PLTE", palette) if palette else b""
    file += b"".join(chunk(kind, content) for kind, content in extra)
    return file + chunk(b"IDAT", zlib.compress(data, 9)) + chunk(b"IEND", b"")


def main():
    kinds = {}
    for colour, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for bits in depths:
            name = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}[colour]
            entries = min(1 << bits, 12) if colour == 3 else 0
            kinds[f"{name}, {bits} bits"] = make(colour, bits, 9, 5, entries=entries)
            kinds[f"{name}, {bits} bits, interlaced"] = make(colour, bits, 5, 9, interlaced=True, entries=entries)
    kinds["grey with a transparent level"] = make(0, 8, 9, 5, extra=[(b"tRNS", b"\0\x10")])
    kinds["RGB with a transparent colour"] = make(2, 8, 9, 5, extra=[(b"tRNS", b"\0\x10\0\x20\0\x30")])
    kinds["palette with alpha"] = make(3, 4, 9, 5, entries=12, extra=[(b"tRNS", bytes(range(0, 240, 20)))])
    kinds["gamma"] = make(2, 8, 9, 5, extra=[(b"gAMA", struct.pack(">I", 100000))])
    kinds["a single pixel"] = make(6, 16, 1, 1, interlaced=True)
    for name, file in kinds.items():
        image = Image.open(io.BytesIO(file))
        pixels = numpy.asarray(image.convert("RGB"))
        if image.mode.startswith("I"):
            pixels = numpy.repeat((numpy.asarray(image).astype(numpy.uint16) >> 8).astype(numpy.uint8)[..., None], 3, 2)
        row = {"name": name, "width": image.width, "height": image.height, "png": file.hex(), "rgb": pixels.tobytes().hex()}
        print(json.dumps(row))


main()
