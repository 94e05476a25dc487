"""Builds one image for each way that decoders have code of their own for."""

from PIL import Image

from support.imaging.boxes import colors
from support.imaging.images import animation, encoded, exif, quadrants, sideways_heic
from support.imaging.pngs import code_points, flat, gamma


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
        **{f"animated {name}": animation(name, frames, [100, 200]) for name in ("GIF", "WEBP", "AVIF", "PNG")},
        "PNG of linear light": flat(b"\x37" * 3, gamma(100_000)),
        "PNG of linear light in 16 bits": flat(b"\x37\0" * 3, gamma(100_000), bits=16),
        "PNG of another gamut": flat(b"\x37\x99\x10", code_points(12, 13)),
        "PNG with a transparent color of 16 bits": flat(b"\x37\0" * 3, (b"tRNS", b"\x37\0" * 3), bits=16),
        "avif in Display P3": colors(formats["AVIF"], 12, 13),
        "avif in PQ": colors(formats["AVIF"], 9, 16),
        "avif in HLG": colors(formats["AVIF"], 9, 18),
        "heic in PQ": colors(sideways_heic(), 9, 16),
        "several pictures in one": encoded(whole, "MPO", save_all=True, append_images=frames[1:]),
        "turned": encoded(whole, "JPEG", exif=exif(6)),
        "four inks": encoded(whole.convert("CMYK"), "JPEG"),
        "palette": encoded(whole.convert("P")),
        "16 bits": encoded(Image.new("I;16", (64, 48), 9000)),
        "floats": encoded(Image.new("F", (64, 48), 0.5), "TIFF"),
    }
