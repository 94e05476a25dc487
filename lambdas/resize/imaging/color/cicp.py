"""Coding-independent code points (ITU-T H.273)."""

from dataclasses import dataclass

from resize.imaging.color.icc import CURVES, PRIMARIES, profile_of
from resize.imaging.color.tone_map import PEAK, is_hdr, profile_of_hdr

_UNSPECIFIED = 2
_BT709 = 1
_SRGB = 13


@dataclass(frozen=True, slots=True)
class Cicp:
    """Color primaries and transfer characteristics: rows of H.273's tables 2 and 3.

    Matrix and range are for the decoder, which gives red, green and blue. `peak` is the brightest of an HDR picture, in
    cd/m2.
    """

    primaries: int
    transfer: int
    peak: float = PEAK

    def profile(self) -> bytes | None:
        """Write the ICC profile of these colors.

        None where they are sRGB's or none that H.273 knows. What is unspecified is as in sRGB (ISO/IEC 23000-22,
        7.3.6.4, which browsers apply here too).
        """
        code = _BT709 if self.primaries == _UNSPECIFIED else self.primaries
        transfer = _SRGB if self.transfer == _UNSPECIFIED else self.transfer
        primaries, curve = PRIMARIES.get(code), CURVES.get(transfer)
        if primaries is None or (code, transfer) == (_BT709, _SRGB):
            return None
        if is_hdr(transfer):
            return profile_of_hdr(primaries, transfer, self.peak)
        return profile_of(primaries, curve) if curve else None
