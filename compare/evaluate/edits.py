"""The edits: what is done to a picture, and how the result is written.

`STANDARD` are the forty of the project's notes on near duplicates, whose values also stand in tests of others; `OFF_GRID`
are values between those for which pixtwin keeps views, so that a view never fits exactly. Every edit takes an RGB
picture of Pillow and its number, and gives one; what is drawn by chance is seeded with the number.
"""

import dataclasses
import functools
import io
from collections.abc import Callable

import numpy
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

WHITE, BLACK = (255, 255, 255), (0, 0, 0)
TURN = Image.Transpose


@dataclasses.dataclass(frozen=True)
class Edit:
    """One edit; `kind` is the family whose recall the targets speak of, `saved` how the file is written."""

    name: str
    kind: str
    change: Callable
    saved: tuple = ("png", None)

    @property
    def is_coding(self):
        """Does it no more than scale or encode again? Only such pairs may be labelled RE-ENCODED."""
        return self.kind in ("none", "resize", "encode")

    @property
    def extension(self):
        return self.saved[0]

    def encoded(self, picture, number):
        """-> the bytes of the file"""
        kind, quality = self.saved
        options = {"png": {"compress_level": 1}, "jpg": {"quality": quality}, "webp": {"quality": quality}}[kind]
        out = io.BytesIO()
        self.change(picture, number).save(out, {"png": "PNG", "jpg": "JPEG", "webp": "WEBP"}[kind], **options)
        return out.getvalue()


def same(picture, _):
    return picture


def scaled(factor):
    def change(picture, _):
        return resized(picture, int(picture.width * factor), int(picture.height * factor))

    return change


def resized(picture, width, height):
    return picture.resize((max(8, width), max(8, height)), Image.Resampling.BILINEAR)


def thumbnail(picture, _):
    return resized(picture, 64, 64 * picture.height // picture.width)


def square(picture, _):
    return resized(picture, 256, 256)


def gray(picture, _):
    return picture.convert("L").convert("RGB")


def enhanced(what, factor):
    return lambda picture, _: what(picture).enhance(factor)


def gamma(exponent):
    table = [min(255, int(255 * (value / 255) ** exponent + 0.5)) for value in range(256)] * 3
    return lambda picture, _: picture.point(table)


def filtered(what):
    return lambda picture, _: picture.filter(what)


def noise(picture, number):
    chance = numpy.random.default_rng([7, number])
    samples = numpy.asarray(picture, numpy.float32)
    noisy = samples + chance.standard_normal(samples.shape, numpy.float32) * 20
    return Image.fromarray(noisy.clip(0, 255).astype(numpy.uint8))


def vignette(picture, _):
    across = numpy.linspace(-1, 1, picture.width, dtype=numpy.float32)
    down = numpy.linspace(-1, 1, picture.height, dtype=numpy.float32)
    light = numpy.exp(-(across[None, :] ** 2 + down[:, None] ** 2))
    return Image.fromarray((numpy.asarray(picture, numpy.float32) * light[..., None]).astype(numpy.uint8))


def caption(lines, share):
    def change(picture, _):
        out, size = picture.copy(), max(10, int(share * picture.height))
        pen, font = ImageDraw.Draw(out), ImageFont.load_default(size)
        for line in range(lines):
            place = (picture.width / 20, picture.height - (line + 1) * int(1.2 * size))
            pen.text(place, "Sample caption text 2024", WHITE, font, stroke_width=2, stroke_fill=BLACK)
        return out

    return change


def watermark(picture, _):
    layer, size = Image.new("RGBA", picture.size, (255, 255, 255, 0)), max(1, int(0.12 * picture.height))
    pen, font = ImageDraw.Draw(layer), ImageFont.load_default(size)
    for top in range(0, picture.height, 3 * size):
        pen.text((picture.width / 8, top), "(c) WATERMARK", (255, 255, 255, 90), font)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def logo(picture, _):
    out, width = picture.copy(), picture.width
    size = int(0.2 * min(picture.size))
    pen = ImageDraw.Draw(out)
    pen.ellipse((width - size - 8, 8, width - 8, size + 8), (220, 30, 30))
    left = width - size
    pen.rectangle((left, size / 2, left + max(4, size / 2), size / 2 + 10), WHITE)
    return out


def bordered(share, colours):
    """A border of one of the colours, by the picture's number."""

    def change(picture, number):
        return ImageOps.expand(picture, int(max(picture.size) * share), colours[number % len(colours)])

    return change


def letterbox(picture, _):
    side = max(picture.size)
    return on_canvas(picture, (side, side), BLACK, ((side - picture.width) // 2, (side - picture.height) // 2))


def on_canvas(picture, size, colour, place):
    out = Image.new("RGB", size, colour)
    out.paste(picture, place)
    return out


def cropped(share):
    def change(picture, _):
        left, top = int(picture.width * share), int(picture.height * share)
        return picture.crop((left, top, picture.width - left, picture.height - top))

    return change


def cut_right(share):
    return lambda picture, _: picture.crop((0, 0, picture.width - int(picture.width * share), picture.height))


def cut_one_side(share):
    """Off the left, top, right or bottom, by the picture's number."""

    def change(picture, number):
        width, height = picture.size
        across, down = int(width * share), int(height * share)
        boxes = [(across, 0, width, height), (0, down, width, height)]
        boxes += [(0, 0, width - across, height), (0, 0, width, height - down)]
        return picture.crop(boxes[number % 4])

    return change


def rotated(degrees):
    return lambda picture, _: picture.rotate(degrees, Image.Resampling.BICUBIC)


def turned(how):
    return lambda picture, _: picture.transpose(how)


def screenshot(picture, _):
    width, height = int(1.25 * picture.width), int(1.3 * picture.height)
    out = on_canvas(picture, (width, height), (240,) * 3, ((width - picture.width) // 2, height // 12))
    ImageDraw.Draw(out).rectangle((0, 0, width - 1, height // 14 - 1), (40, 60, 110))
    return out


def encoded(name, quality, change=same, kind="encode"):
    return Edit(name, kind, change, ("webp" if "webp" in name else "jpg", quality))


STANDARD = [
    Edit("noop", "none", same),
    Edit("resize0.5", "resize", scaled(0.5)),
    Edit("resize0.25", "resize", scaled(0.25)),
    Edit("thumb64", "resize", thumbnail),
    Edit("square256", "resize", square),
    *(encoded(f"jpeg{quality}", quality) for quality in (90, 50, 20, 10)),
    encoded("webp50", 50),
    Edit("gray", "grey", gray),
    Edit("bright1.4", "brightness", enhanced(ImageEnhance.Brightness, 1.4)),
    Edit("contrast1.5", "brightness", enhanced(ImageEnhance.Contrast, 1.5)),
    Edit("satur2", "brightness", enhanced(ImageEnhance.Color, 2)),
    Edit("gamma0.6", "brightness", gamma(0.6)),
    Edit("gamma2", "brightness", gamma(2)),
    Edit("blur2", "blur", filtered(ImageFilter.GaussianBlur(2))),
    Edit("blur5", "blur", filtered(ImageFilter.GaussianBlur(5))),
    Edit("sharpen", "blur", filtered(ImageFilter.UnsharpMask(3, 200, 2))),
    Edit("noise20", "other", noise),
    Edit("vignette", "other", vignette),
    Edit("text1line5", "overlay", caption(1, 0.05)),
    Edit("text3line8", "overlay", caption(3, 0.08)),
    Edit("watermark", "other", watermark),
    Edit("logo20", "overlay", logo),
    Edit("border2w", "border", bordered(0.02, [WHITE])),
    Edit("border5k", "border", bordered(0.05, [BLACK])),
    Edit("border10w", "border", bordered(0.1, [WHITE])),
    Edit("letterbox", "border", letterbox),
    *(Edit(f"crop{percent}", "crop", cropped(percent / 100)) for percent in (1, 2, 5, 10)),
    Edit("cropside10", "crop", cut_right(0.1)),
    *(Edit(f"rot{degrees}", "rotation", rotated(degrees)) for degrees in (1, 2, 5)),
    Edit("hflip", "turn", turned(TURN.FLIP_LEFT_RIGHT)),
    Edit("rot90", "turn", turned(TURN.ROTATE_90)),
    Edit("screenshot", "border", screenshot),
]

OFF_GRID = [
    Edit("resize0.37", "resize", scaled(0.37)),
    Edit("resize1.6", "resize", scaled(1.6)),
    encoded("jpeg70", 70),
    encoded("jpeg30", 30),
    Edit("bright0.75", "brightness", enhanced(ImageEnhance.Brightness, 0.75)),
    Edit("bright1.2", "brightness", enhanced(ImageEnhance.Brightness, 1.2)),
    *(Edit(f"border{percent}", "border", bordered(percent / 100, [WHITE, BLACK])) for percent in (3, 7)),
    *(Edit(f"crop{percent}", "crop", cropped(percent / 100)) for percent in (1.5, 3, 4.5, 7, 9)),
    *(Edit(f"cutside{percent}", "crop", cut_one_side(percent / 100)) for percent in (3, 7, 8)),
    *(
        Edit(f"rot{sign}{degrees}", "rotation", rotated(float(f"{sign}{degrees}")))
        for degrees in (0.7, 1.5, 2.7, 3.3, 4.4)
        for sign in ("", "-")
    ),
    Edit("vflip", "turn", turned(TURN.FLIP_TOP_BOTTOM)),
    Edit("rot180", "turn", turned(TURN.ROTATE_180)),
    Edit("rot270", "turn", turned(TURN.ROTATE_270)),
    Edit("transpose", "turn", turned(TURN.TRANSPOSE)),
    Edit("transverse", "turn", turned(TURN.TRANSVERSE)),
    encoded("hflip-jpeg50", 50, turned(TURN.FLIP_LEFT_RIGHT), "turn"),
]

ALL = STANDARD + OFF_GRID


@functools.cache
def by_name():
    return {edit.name: edit for edit in ALL}
