"""Why a target is not reached, as far as it was measured.

That is on the machine and the pictures of docs/benchmarks.md.
"""

from collections.abc import Mapping
from typing import Final

_SMALL = (
    "Photographs of 512 to 640 pixels are not made smaller for two of the three variants: there is nothing to gain "
    "but in the encoder"
)

# By the measure of a target.
REASONS: Final[Mapping[str, str]] = {
    "bytes at equal look, JPEG, for one of sharp's": (
        f"{_SMALL}, and two of the samples had been JPEGs with the table of the standard, whose steps another table "
        "does not meet. Of photographs of 2,048 pixels the worst is in the rows photo-* below. Trellis quantization "
        "saves a tenth more, and takes six times as long ([encoding](encoding.md), `vips`, 3 and 6)."
    ),
    "bytes at equal look, WebP, for one of sharp's": (
        "Both have libwebp at method 4, and from the same pixels make the same bytes. What is left is how sharp the "
        "resized pixels are, 3 % to either side. Method 5 would save 3 % in 8 % more time, and method 6 takes half as "
        "long again ([encoding](encoding.md))."
    ),
    "bytes at equal look, AVIF, for one of our own WebP": (
        "libaom has nothing between its speeds 8 and 9. At 1,600 pixels 9 needs 0.84 of WebP's bytes in 0.6 of its "
        "time, 8 needs 0.77 in 1.8 times of it (three photographs, encoders alone, at equal look); 8 without palettes, "
        "filters and angles lies between, at 0.76 and 1.2 where 8 has 0.72 (one of them). So large ones are written at "
        "9, and ones of 800 pixels and less at 8."
    ),
    "time at equal look, our own WebP's for one of AVIF": (
        "Where no variant is over 800 pixels, all are at speed 8, three to five times WebP's time, which is some 60 ms "
        "for all three. At 9 an AVIF of 320 pixels would have more bytes than a WebP, and nobody would want it. "
        "Photographs of 2,048 pixels meet it."
    ),
    "time at equal look, JPEG, against sharp's best": (
        f"{_SMALL}. With libvips, Huffman tables of its own take 6 of 13 ms of the largest variant's encoding "
        "([encoding](encoding.md), `vips`, 2 and 3), which sharp does not spend: it has a sixth more bytes. Of a "
        "photograph of 2.7 megapixels Pillow takes 34 ms for 1,600 pixels by Lanczos, where bicubic takes 26, and 16 "
        "for 800 from that; decoding takes 12, and encoding 6."
    ),
    "time at equal look, WebP, against sharp's best": (
        "libwebp's time is two thirds of all at 2,048 pixels and nine tenths at 512, in both programs and at the same "
        "method; what is left of the time would have to be halved, or not to be there at all."
    ),
    "time at equal look, JPEG, against the AWS tutorial's handler": (
        "It reads and shrinks a photograph three times, and that is dear only if it is large: of 24 megapixels ours is "
        "3.9 and 5.0 times as fast (the tables of rendering, below). Of 2.7 megapixels the handler takes 91 ms. To be "
        "2.3 times as fast leaves 40, of which decoding and encoding take 21, and Pillow's Lanczos 50 for what is "
        "left; with libvips 28 are left, and decoding and encoding the largest "
        "alone take 25. "
        f"{_SMALL}."
    ),
    "time at equal look, WebP, against the AWS tutorial's handler": (
        "libwebp's time is the same in both, at the same method, and more than two thirds of all; the rest is as for "
        "JPEG."
    ),
    "cold start on one processor, the real runtime": (
        "libvips and its binding are loaded in the sandbox's process, 40 ms after Pillow's, on a processor that takes "
        "1.4 times as long for a job as the one of the page before."
    ),
    "event to manifest, warm, 30 ms GET and 60 ms PUT, one core, JPEG": (
        "150 ms are S3's: one read, then the renditions, then the manifest. The rest is rendering, 74 ms with libvips "
        "on this processor."
    ),
}
