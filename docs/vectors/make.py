#!/usr/bin/env python3
"""Draws the test vectors of the pixel digest and computes their digests, without using pixtwin.

    pip install pillow numpy blake3
    python make.py            # writes files/ and digests.tsv beside this script

Every digest comes from the samples that were drawn, except where the note says `decoded by Pillow`: JPEG has no
drawn samples to come back to, so there it is what Pillow decodes (it must be built with libjpeg-turbo).
The digest itself is the function `digest`, an independent implementation of ../pixel-digest.md.
"""

import io
import pathlib
import struct
import zlib
from math import gcd

import numpy as np
from blake3 import blake3
from PIL import Image, PngImagePlugin, features

HERE = pathlib.Path(__file__).parent
FILES = HERE / "files"
ROWS = []


# --- the digest -------------------------------------------------------------------------------------------------

def four_samples(picture):
    """Height x width x 4 samples of 16 bits, and whether they are inks."""
    samples = picture.astype(np.int64) * (257 if picture.dtype == np.uint8 else 1)
    if samples.ndim == 2:
        samples = samples[..., None]
    count = samples.shape[2]
    alpha = samples[..., -1:] if count in (2, 4) else np.full_like(samples[..., :1], 65535)
    colour = samples[..., :1].repeat(3, axis=2) if count < 3 else samples[..., :3]
    return np.concatenate([colour, alpha], axis=2)


def row_bytes(row, inks, ignore_hidden):
    row = row.copy()
    if ignore_hidden and not inks:
        row[row[:, 3] == 0] = 0
    wide = bool((row % 257 != 0).any())
    fourth = inks or bool((row[:, 3] != 65535).any())
    tag = (5 if inks else 2 if fourth else 1) if not wide else (6 if inks else 4 if fourth else 3)
    kept = row if fourth else row[:, :3]
    return bytes([tag]) + (kept.astype("<u2").tobytes() if wide else (kept // 257).astype("u1").tobytes())


def digest(frames, ignore_hidden=False, inks=False):
    """`frames` is a list of (samples, delay numerator, delay denominator)."""
    stream = b"pixtwin\x01" + bytes([ignore_hidden]) + struct.pack("<I", len(frames))
    for picture, numerator, denominator in frames:
        height, width = picture.shape[:2]
        common = gcd(numerator, denominator)
        stream += struct.pack("<4I", width, height, numerator // common, denominator // common)
        for row in four_samples(picture):
            stream += row_bytes(row, inks, ignore_hidden)
    return blake3(stream).hexdigest()


def vector(name, content, frames, note, inks=False):
    if isinstance(frames, np.ndarray):
        frames = [(frames, 0, 1)]
    (FILES / name).write_bytes(content)
    ROWS.append((digest(frames, False, inks), "exact", name, note))
    has_alpha = not inks and any(picture.ndim == 3 and picture.shape[2] in (2, 4) for picture, _, _ in frames)
    if has_alpha:
        ROWS.append((digest(frames, True, inks), "ignore-hidden", name, note))


# --- a PNG writer of its own: all depths, filters and interlacing ----------------------------------------------

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def packed(samples, depth):
    if depth == 16:
        return samples.astype(">u2").tobytes()
    if depth == 8:
        return samples.astype("u1").tobytes()
    bits = "".join(format(int(value), f"0{depth}b") for value in samples.reshape(-1))
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def filtered(lines, pixel_bytes, kind):
    out, above = b"", bytes(len(lines[0]))
    for number, line in enumerate(lines):
        chosen = number % 5 if kind == "all" else kind
        left = bytes(pixel_bytes) + line[:-pixel_bytes] if len(line) > pixel_bytes else bytes(len(line))
        corner = bytes(pixel_bytes) + above[:-pixel_bytes] if len(line) > pixel_bytes else bytes(len(line))
        left, corner = left[:len(line)], corner[:len(line)]

        def paeth(a, b, c):
            return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]

        guess = {0: lambda a, b, c: 0, 1: lambda a, b, c: a, 2: lambda a, b, c: b,
                 3: lambda a, b, c: (a + b) // 2, 4: paeth}[chosen]
        out += bytes([chosen]) + bytes((x - guess(a, b, c)) & 255 for x, a, b, c in zip(line, left, above, corner))
        above = line
    return out


def png(samples, depth, colour_type, extra=b"", adam7=False, filter_kind=0, level=9):
    samples = samples if samples.ndim == 3 else samples[..., None]
    height, width, count = samples.shape
    pixel_bytes = max(1, count * depth // 8)
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    raw = b""
    for x, y, dx, dy in passes if adam7 else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size:
            raw += filtered([packed(line, depth) for line in part], pixel_bytes, filter_kind)
    header = struct.pack(">2I5B", width, height, depth, colour_type, 0, 0, int(adam7))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, level))
            + chunk(b"IEND", b""))


def saved(image, kind, **how):
    buffer = io.BytesIO()
    image.save(buffer, kind, **how)
    return buffer.getvalue()


# --- the pictures -----------------------------------------------------------------------------------------------

RANDOM = np.random.default_rng(20260)


def noise(*shape, top=256):
    return RANDOM.integers(0, top, shape).astype(np.uint8 if top == 256 else np.uint16)


def same_raster_in_all_formats():
    picture = noise(7, 9, 3)
    image = Image.fromarray(picture)
    note = "one 9x7 RGB picture"
    opaque = np.dstack([picture, np.full((7, 9), 255, np.uint8)])
    vector("rgb.png", saved(image, "PNG"), picture, note)
    vector("rgb-opaque-rgba.png", png(opaque, 8, 6), picture, note + ", stored with opaque alpha")
    vector("rgb-opaque-rgba.tga", saved(Image.fromarray(opaque), "TGA"), picture, note + ", stored with opaque alpha")
    vector("rgb-level0.png", png(picture, 8, 2, level=0), picture, note + ", zlib level 0")
    vector("rgb-filters.png", png(picture, 8, 2, filter_kind="all"), picture, note + ", all five filters")
    vector("rgb-adam7.png", png(picture, 8, 2, adam7=True, filter_kind=4), picture, note + ", interlaced")
    wide = picture.astype(np.uint16) * 257
    vector("rgb-sixteen.png", png(wide, 16, 2), picture, note + ", each sample doubled to 16 bits")
    colours, indices = np.unique(picture.reshape(-1, 3), axis=0, return_inverse=True)
    vector("rgb-palette.png", png(indices.reshape(7, 9), 8, 3, chunk(b"PLTE", colours.tobytes())), picture,
           note + ", palette")
    paletted = Image.fromarray(indices.reshape(7, 9).astype(np.uint8), "P")
    paletted.putpalette(colours.tobytes())
    vector("rgb.gif", saved(paletted, "GIF", interlace=0), picture, note)
    vector("rgb-interlaced.gif", saved(paletted, "GIF", interlace=1), picture, note + ", interlaced")
    vector("rgb.webp", saved(image, "WEBP", lossless=True), picture, note)
    for packing in ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits"]:
        vector(f"rgb-{packing}.tif", saved(image, "TIFF", compression=packing), picture, note)
    vector("rgb-palette.tif", saved(paletted, "TIFF"), picture, note + ", palette")
    vector("rgb.bmp", saved(image, "BMP"), picture, note)
    vector("rgb-palette.bmp", saved(paletted, "BMP"), picture, note + ", palette")
    vector("rgb.tga", saved(image, "TGA"), picture, note)
    vector("rgb-rle.tga", saved(image, "TGA", compression="tga_rle"), picture, note + ", run lengths")
    vector("rgb.ppm", saved(image, "PPM"), picture, note)
    plain = b"P3\n# drawn by make.py\n9 7 255\n" + b" ".join(b"%d" % value for value in picture.reshape(-1)) + b"\n"
    vector("rgb-plain.ppm", plain, picture, note + ", as text")
    vector("rgb.qoi", saved(image, "QOI"), picture, note)
    metadata = PngImagePlugin.PngInfo()
    metadata.add_text("Comment", "not a pixel")
    exif = Image.Exif()
    exif[0x0112] = 6
    vector("rgb-metadata.png", saved(image, "PNG", pnginfo=metadata, exif=exif, icc_profile=b"x" * 140, dpi=(72, 72)),
           picture, note + ", with EXIF orientation 6, ICC profile, text, resolution")
    vector("rgb-gamma.png", png(picture, 8, 2, chunk(b"gAMA", struct.pack(">I", 45455))), picture, note + ", with gAMA")
    changed = picture.copy()
    changed[6, 8, 2] ^= 1
    vector("rgb-last-bit.png", png(changed, 8, 2), changed, "the last sample differs by one bit")
    vector("rgb-flipped.png", png(picture[:, ::-1], 8, 2), picture[:, ::-1], "mirrored")


def sizes_and_palettes():
    samples = noise(16)
    for height, width in [(8, 2), (4, 4), (2, 8), (1, 16)]:
        picture = samples.reshape(height, width)
        vector(f"sides-{width}x{height}.png", png(picture, 8, 0), picture, "the same 16 samples, other sides")
    indices = noise(4, 4) % 4
    for name, palette in [("a", noise(4, 3)), ("b", noise(4, 3))]:
        vector(f"palette-{name}.png", png(indices, 2, 3, chunk(b"PLTE", palette.tobytes())), palette[indices],
               "the same indices, another palette")
    vector("solid-white.png", png(np.full((5, 5), 1), 1, 0), np.full((5, 5), 255, np.uint8), "solid")
    vector("solid-black.png", png(np.zeros((5, 5)), 1, 0), np.zeros((5, 5), np.uint8), "solid")
    one = np.array([[[10, 202, 10]]], np.uint8)
    vector("one-pixel.png", png(one, 8, 2), one, "1x1")
    vector("one-pixel.bmp", saved(Image.fromarray(one), "BMP"), one, "1x1")
    wrap = np.array([[10, 202], [202, 10]], np.uint8)
    vector("wrap.png", png(wrap, 8, 0, filter_kind=1), wrap, "10 and 202: their difference wraps round")
    vector("wrap-swapped.png", png(wrap[::-1], 8, 0), wrap[::-1], "the same samples in other places")
    worked = np.array([[[255, 0, 0], [1, 2, 3]]], np.uint8)
    vector("worked-example.png", png(worked, 8, 2), worked, "the 2x1 picture of the worked example")


def depths():
    bits = noise(5, 6) % 2
    widened = (bits * 255).astype(np.uint8)
    for depth in (1, 2, 4, 8, 16):
        stored = bits.astype(np.int64) * (2**depth - 1)
        vector(f"equal-{depth}bit.png", png(stored, depth, 0), widened, "one picture at five depths")
        vector(f"equal-{depth}bit-adam7.png", png(stored, depth, 0, adam7=True), widened,
               "one picture at five depths, interlaced")
    vector("equal.pbm", saved(Image.fromarray(widened).convert("1"), "PPM"), widened, "one picture at five depths")
    vector("equal-1bit.bmp", saved(Image.fromarray(widened).convert("1"), "BMP"), widened, "one picture at five depths")
    vector("equal-1bit.tif", saved(Image.fromarray(widened).convert("1"), "TIFF"), widened,
           "one picture at five depths")
    vector("equal.pgm", saved(Image.fromarray(widened), "PPM"), widened, "one picture at five depths")
    for depth in (2, 4):
        steps = np.arange(2**depth).reshape(1, -1)
        vector(f"steps-{depth}bit.png", png(steps, depth, 0), (steps * 255 // (2**depth - 1)).astype(np.uint8),
               "every level of this depth")
    deep = noise(4, 5, top=65536)
    vector("grey-16bit.png", png(deep, 16, 0), deep, "16-bit grey")
    vector("grey-16bit.tif", saved(Image.fromarray(deep), "TIFF"), deep, "16-bit grey")
    vector("grey-16bit.pgm", b"P5 5 4 65535\n" + deep.astype(">u2").tobytes(), deep, "16-bit grey")
    vector("grey-top-bytes.png", png(deep >> 8, 8, 0), (deep >> 8).astype(np.uint8),
           "the upper bytes of grey-16bit: another picture")
    levels = noise(2, 3).astype(np.int64) % 101
    scaled = ((levels * 65535 + 50) // 100).astype(np.uint16)
    vector("maxval-100.pgm", b"P5 3 2 100\n" + levels.astype("u1").tobytes(), scaled, "levels 0 to 100")
    mixed = np.array([[7 * 257, 7 * 257], [7 * 257, 7 * 257 + 1]], np.uint16)
    vector("mixed-rows.png", png(mixed, 16, 0), mixed, "one row fits 8 bits, the other does not")


def alphas():
    picture = noise(5, 4, 4)
    picture[0, :, 3] = 255
    picture[1, :, 3] = 0
    recoloured = picture.copy()
    recoloured[1, :, :3] = noise(4, 3)
    dimmed = picture.copy()
    dimmed[3, 2, 3] ^= 1
    note = "RGBA with an opaque and a hidden row"
    vector("alpha.png", png(picture, 8, 6), picture, note)
    vector("alpha.webp", saved(Image.fromarray(picture), "WEBP", lossless=True, exact=True), picture, note)
    vector("alpha.tif", saved(Image.fromarray(picture), "TIFF"), picture, note)
    vector("alpha.tga", saved(Image.fromarray(picture), "TGA"), picture, note)
    vector("alpha.qoi", saved(Image.fromarray(picture), "QOI"), picture, note)
    vector("alpha-hidden.png", png(recoloured, 8, 6), recoloured, "the same but for the colour under alpha 0")
    vector("alpha-differs.png", png(dimmed, 8, 6), dimmed, "the same but for one alpha")
    grey = noise(3, 3, 2)
    grey[0, 0, 1] = 0
    vector("grey-alpha.png", png(grey, 8, 4), grey, "grey with alpha")
    vector("grey-alpha-rgba.png", png(grey[..., [0, 0, 0, 1]], 8, 6), grey, "grey with alpha, stored as RGBA")
    deep = noise(3, 3, 4, top=65536)
    deep[0, 0, 3] = 0
    vector("alpha-16bit.png", png(deep, 16, 6), deep, "16-bit RGBA")

    colours = noise(4, 3)
    indices = np.array([[0, 1, 2, 3], [3, 3, 0, 1]])
    looked_up = np.dstack([colours[indices], np.array([0, 128, 255, 255], np.uint8)[indices]])
    extra = chunk(b"PLTE", colours.tobytes()) + chunk(b"tRNS", bytes([0, 128]))
    vector("trns-palette.png", png(indices, 2, 3, extra), looked_up, "palette with tRNS")
    vector("trns-palette-rgba.png", png(looked_up, 8, 6), looked_up, "palette with tRNS, stored as RGBA")
    see_through = np.dstack([colours[indices], np.where(indices == 2, 0, 255).astype(np.uint8)])
    paletted = Image.fromarray(indices.astype(np.uint8), "P")
    paletted.putpalette(colours.tobytes())
    vector("transparent.gif", saved(paletted, "GIF", transparency=2, optimize=False), see_through,
           "GIF with a transparent index")
    vector("transparent-rgba.png", png(see_through, 8, 6), see_through, "GIF with a transparent index, as RGBA PNG")
    levels = np.array([[0, 1, 2], [3, 1, 0]])
    alpha = np.where(levels == 1, 0, 255)
    vector("trns-grey-2bit.png", png(levels, 2, 0, chunk(b"tRNS", struct.pack(">H", 1))),
           np.dstack([levels * 85, alpha]).astype(np.uint8), "2-bit grey with tRNS")
    rgb = noise(2, 3, 3)
    key = rgb[1, 2]
    vector("trns-rgb.png", png(rgb, 8, 2, chunk(b"tRNS", struct.pack(">3H", *key.tolist()))),
           np.dstack([rgb, np.where((rgb == key).all(-1), 0, 255)]).astype(np.uint8), "RGB with tRNS")


def animations_pages_icons():
    palette = noise(4, 3)
    indices = [noise(6, 5) % 4 for _ in range(3)]
    frames = [palette[one] for one in indices]
    delays = [100, 250, 1000]
    timed = [(frame, delay, 1000) for frame, delay in zip(frames, delays)]
    images = [Image.fromarray(frame) for frame in frames]
    how = dict(save_all=True, append_images=images[1:], duration=delays)
    paletted = [Image.fromarray(one.astype(np.uint8), "P") for one in indices]
    for one in paletted:
        one.putpalette(palette.tobytes())
    note = "three frames of 100, 250 and 1000 ms"
    vector("animation.png", saved(images[0], "PNG", **how), timed, note)
    vector("animation-loops-twice.png", saved(images[0], "PNG", loop=2, **how), timed, note + ", other loop count")
    vector("animation.webp", saved(images[0], "WEBP", lossless=True, **how), timed, note)
    vector("animation.gif", saved(paletted[0], "GIF", save_all=True, append_images=paletted[1:], duration=delays,
                                  optimize=False), timed, note)
    slower = [100, 250, 990]
    vector("animation-slower.gif", saved(paletted[0], "GIF", save_all=True, append_images=paletted[1:],
                                         duration=slower, optimize=False),
           [(frame, delay, 1000) for frame, delay in zip(frames, slower)], "another delay of the last frame")
    vector("animation-first-frame.gif", saved(paletted[0], "GIF", optimize=False), frames[0], "its first frame alone")
    vector("animation-first-frame.png", png(frames[0], 8, 2), frames[0], "its first frame alone")
    vector("pages.tif", saved(images[0], "TIFF", save_all=True, append_images=images[1:]),
           [(frame, 0, 1) for frame in frames], "the same three as pages, without delays")
    icon = noise(16, 16, 4)
    vector("icon-png-entry.ico", saved(Image.fromarray(icon), "ICO", sizes=[(16, 16)]), icon, "icon of one PNG entry")
    vector("icon.png", png(icon, 8, 6), icon, "icon of one PNG entry, as PNG")
    icon[..., 3] |= 1
    vector("icon-bmp-entry.ico", saved(Image.fromarray(icon), "ICO", sizes=[(16, 16)], bitmap_format="bmp"), icon,
           "icon of one 32-bit bitmap entry")


def inks_and_jpeg():
    inks = noise(4, 6, 4)
    vector("cmyk.tif", saved(Image.fromarray(inks, "CMYK"), "TIFF"), inks, "CMYK, 0 is no ink", inks=True)
    vector("cmyk-as-rgba.png", png(inks, 8, 6), inks, "the same numbers as RGBA: another picture")
    y, x = np.mgrid[0:21, 0:35]
    photo = np.stack([x * 7, y * 11, (x * y) % 256], axis=2).astype(np.uint8)
    image = Image.fromarray(photo)

    def jpeg(name, image, note, inks=False, **how):
        content = saved(image, "JPEG", **how)
        vector(name, content, np.array(Image.open(io.BytesIO(content))), note + "; decoded by Pillow", inks)
        return content

    content = jpeg("photo.jpg", image, "JPEG 4:2:0", quality=80, subsampling="4:2:0")
    jpeg("photo-optimised.jpg", image, "the same coefficients, other Huffman tables", quality=80, subsampling="4:2:0",
         optimize=True)
    jpeg("photo-progressive.jpg", image, "the same coefficients, progressive", quality=80, subsampling="4:2:0",
         progressive=True)
    jpeg("photo-restarts.jpg", image, "the same coefficients, restart markers", quality=80, subsampling="4:2:0",
         restart_marker_rows=1)
    exif = Image.Exif()
    exif[0x0112] = 6
    jpeg("photo-metadata.jpg", image, "the same with EXIF orientation 6, ICC profile, comment", quality=80,
         subsampling="4:2:0", exif=exif, icc_profile=b"x" * 140, comment="not a pixel")
    decoded = Image.open(io.BytesIO(content))
    vector("photo-saved.png", saved(decoded, "PNG"), np.array(decoded), "PNG that Pillow saved from photo.jpg")
    jpeg("photo-422.jpg", image, "JPEG 4:2:2", quality=80, subsampling="4:2:2")
    jpeg("photo-444.jpg", image, "JPEG 4:4:4", quality=80, subsampling="4:4:4")
    jpeg("photo-grey.jpg", image.convert("L"), "grey JPEG", quality=80)
    jpeg("photo-cmyk.jpg", Image.fromarray(np.dstack([photo, 255 - photo[..., 0]]), "CMYK"), "CMYK JPEG", inks=True,
         quality=80)


def main():
    if not features.check_feature("libjpeg_turbo"):
        raise SystemExit("this Pillow is not built with libjpeg-turbo")
    FILES.mkdir(exist_ok=True)
    for old in FILES.iterdir():
        old.unlink()
    same_raster_in_all_formats()
    sizes_and_palettes()
    depths()
    alphas()
    animations_pages_icons()
    inks_and_jpeg()
    table = "".join("\t".join(row) + "\n" for row in ROWS)
    (HERE / "digests.tsv").write_text("digest\talpha-rule\tfile\tnote\n" + table)
    print(len(ROWS), "digests of", sum(1 for _ in FILES.iterdir()), "files,",
          sum(path.stat().st_size for path in FILES.iterdir()), "bytes")


if __name__ == "__main__":
    main()
