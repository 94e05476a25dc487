"""Builds one image for each way that decoders have code of their own for."""

from PIL import Image

from builders.boxes import colours
from builders.images import animation, encoded, exif, quadrants, sideways_heic


def pictures() -> dict[str, bytes]:
    """An image of each format that is taken, and of the ways inside them that have code of their own."""
    whole = quadrants()
    frames = [whole, whole.rotate(180)]
    formats = {name: encoded(whole, name) for name in ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")}
    packings = ("tiff_lzw", "jpeg", "tiff_adobe_deflate", "packbits", "lzma", "zstd")
    return {
        **formats,
        "HEIC": sideways_heic(),
        **{name: encoded(whole, "TIFF", compression=name) for name in packings},
        **{f"animated {name}": animation(name, frames, [100, 200]) for name in ("GIF", "WEBP", "AVIF")},
        "avif in Display P3": colours(formats["AVIF"], 12, 13),
        "avif in PQ": colours(formats["AVIF"], 9, 16),
        "avif in HLG": colours(formats["AVIF"], 9, 18),
        "heic in PQ": colours(sideways_heic(), 9, 16),
        "several pictures in one": encoded(whole, "MPO", save_all=True, append_images=frames[1:]),
        "turned": encoded(whole, "JPEG", exif=exif(6)),
        "four inks": encoded(whole.convert("CMYK"), "JPEG"),
        "palette": encoded(whole.convert("P")),
        "16 bits": encoded(Image.new("I;16", (64, 48), 9000)),
        "floats": encoded(Image.new("F", (64, 48), 0.5), "TIFF"),
    }
