"""Color spaces: code points, ICC profiles, and from HDR to sRGB."""
