"""Makes the pictures beside this file, and `expected.json`: what Pillow and NumPy see in them."""

import json
from pathlib import Path

import numpy
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent
PLACES = [(0, 0), (10, 20), (40, 30), (47, 5)]

y, x = numpy.mgrid[0:48, 0:64]
colors = Image.fromarray(numpy.stack([x * 4, y * 5, (x + y) * 2], -1).astype(numpy.uint8))
alpha = colors.convert("RGBA")
alpha.putalpha(Image.fromarray((y * 5).astype(numpy.uint8)))
turned = Image.Exif()
turned[0x112] = 6
turned_back = colors.transpose(Image.Transpose.ROTATE_90)
other = Image.new("RGB", colors.size, "red")
lossless = {"lossless": True}

colors.save(FOLDER / "colors.png")
colors.save(FOLDER / "colors.jpg", quality=95, subsampling=0)
colors.save(FOLDER / "progressive.jpg", quality=95, subsampling=0, progressive=True)
colors.save(FOLDER / "colors.webp", **lossless)
colors.quantize(32).save(FOLDER / "palette.png")
colors.quantize(32).save(FOLDER / "palette.gif")
colors.convert("L").save(FOLDER / "grey.png")
colors.convert("L").save(FOLDER / "grey.jpg", quality=95)
colors.convert("1").save(FOLDER / "twoColors.png")
colors.convert("LA").save(FOLDER / "greyAlpha.png")
Image.fromarray((x * 1000).astype(numpy.uint16)).save(FOLDER / "grey16.png")
alpha.save(FOLDER / "alpha.png")
alpha.save(FOLDER / "alpha.webp", **lossless)
colors.convert("CMYK").save(FOLDER / "cmyk.jpg", quality=95, subsampling=0)
turned_back.save(FOLDER / "turned.jpg", exif=turned, quality=95, subsampling=0)
for name, options in {"moving.gif": {}, "moving.webp": lossless, "moving.png": {}}.items():
    first = colors.quantize(32) if name.endswith("gif") else colors
    first.save(FOLDER / name, save_all=True, append_images=[other], **options)


def seen(file: Path) -> list[list[int]]:
    picture = ImageOps.exif_transpose(Image.open(file))
    if picture.mode in ("RGBA", "LA"):
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    if picture.mode.startswith("I"):
        grey = numpy.round(numpy.asarray(picture) / 257)
        pixels = numpy.stack([grey] * 3, -1)
    else:
        pixels = numpy.asarray(picture.convert("RGB"))
    return [[int(value) for value in pixels[place]] for place in PLACES]


def resized(width: int, height: int) -> list[int]:
    return numpy.asarray(colors.resize((width, height), Image.Resampling.BILINEAR)).flatten().tolist()


pictures = sorted(file for file in FOLDER.iterdir() if file.suffix in (".png", ".jpg", ".webp", ".gif"))
expected = {
    "places": PLACES,
    "pixels": {file.name: seen(file) for file in pictures},
    "grey": [int(numpy.asarray(colors.convert("L"))[place]) for place in PLACES],
    "smaller": resized(8, 6),
    "larger": resized(80, 60)[: 3 * 80],
}
(FOLDER / "expected.json").write_text(json.dumps(expected) + "\n")
