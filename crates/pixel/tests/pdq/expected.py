#!/usr/bin/env python3
"""Writes expected.tsv: what the Python package pdqhash, a binding of the reference, says of drawn pictures.

    pip install pdqhash==0.2.8 pillow numpy && ./expected.py > expected.tsv

Each picture is drawn by the integer formula of `draw`, which `main.rs` has too. Alpha is laid on white and inks are
turned into light by Pillow.
"""
import numpy
import pdqhash
from PIL import Image

LAYOUTS = ["grey", "grey-alpha", "rgb", "rgba", "cmyk", "rgb-16"]


def mix(n):
    """Scatters a number of 32 bits."""
    n = n.astype(numpy.uint32)
    n = (n ^ (n >> 16)) * numpy.uint32(0x7FEB352D)
    n = (n ^ (n >> 15)) * numpy.uint32(0x846CA68B)
    return n ^ (n >> 16)


def draw(seed, width, height, channels):
    """Samples of 0 to 255, as (height, width, channels)."""
    y, x, c = numpy.mgrid[0:height, 0:width, 0:channels].astype(numpy.uint32)
    block = 1 + seed % 97
    place = mix(x // block + numpy.uint32(65599) * (y // block) + numpy.uint32(seed * 7919))
    noise = mix(x + numpy.uint32(65599) * y + numpy.uint32(16777213) * c + numpy.uint32(seed))
    if seed % 4 == 0:
        value = mix(place + c)
    elif seed % 4 == 1:
        value = x * (seed % 13 + 1) + y * (seed % 7 + 1) + x * y // (seed % 29 + 1) + c * 40
    elif seed % 4 == 2:
        value = x * 120 // width + y * 120 // height + noise % 16
    else:
        value = numpy.where(place % 8 == 0, mix(place + c), 255)
    return (value & 255).astype(numpy.uint8)


def rgb_of(layout, seed, width, height):
    """The picture as red, green and blue of eight bits."""
    if layout == "grey":
        image = Image.fromarray(draw(seed, width, height, 1)[:, :, 0], "L").convert("RGB")
    elif layout == "grey-alpha":
        samples = draw(seed, width, height, 2)
        image = Image.new("L", (width, height), 255)
        image.paste(Image.fromarray(samples[:, :, 0]), mask=Image.fromarray(samples[:, :, 1]))
        image = image.convert("RGB")
    elif layout == "rgba":
        samples = draw(seed, width, height, 4)
        image = Image.new("RGB", (width, height), (255, 255, 255))
        image.paste(Image.fromarray(samples[:, :, :3]), mask=Image.fromarray(samples[:, :, 3]))
    elif layout == "cmyk":
        image = Image.fromarray(draw(seed, width, height, 4), "CMYK").convert("RGB")
    elif layout == "rgb-16":
        high, low = draw(seed, width, height, 3), draw(seed + 1, width, height, 3)
        wide = high.astype(numpy.float64) * 256 + low
        return numpy.floor(wide / 257 + 0.5).astype(numpy.uint8)
    else:
        return draw(seed, width, height, 3)
    return numpy.asarray(image)


def hexadecimal(bits):
    return f"{int(''.join(map(str, bits)), 2):064x}"


def main():
    sides = [5, 6, 7, 9, 16, 31, 48, 63, 64, 65, 100, 127, 128, 129, 130, 200, 255, 256, 257, 300, 333, 384, 385]
    sizes = [(1, 1), (4, 100), (100, 4), (4, 4), (3, 9), (5, 5), (64, 64), (700, 500), (500, 700), (1500, 6), (6, 1500)]
    sizes += [(1030, 40), (40, 1030)]
    print("# layout\tseed\twidth\theight\tquality\tcode; `turned`: the codes in the order of compute_dihedral")
    seed = 0
    for index in range(300):
        width, height = sizes[index] if index < len(sizes) else (sides[index * 7 % 23], sides[index * index % 23])
        layout = "rgb" if index < len(sizes) else LAYOUTS[index % 6]
        for turn in range(4 if index < len(sizes) else 1):
            seed += 1
            rgb = numpy.ascontiguousarray(rgb_of(layout, seed, width, height))
            bits, quality = pdqhash.compute(rgb)
            print(layout, seed, width, height, quality, hexadecimal(bits), sep="\t")
            # The source turns a picture of 64 by 64 on another way than it codes it: nothing to compare.
            if seed % 6 == 0 and (width, height) != (64, 64):
                codes, quality = pdqhash.compute_dihedral(rgb)
                print("turned", seed, width, height, quality, *map(hexadecimal, codes), layout, sep="\t")


main()
