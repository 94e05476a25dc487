"""Configure libvips: allowed decoders, one thread, no cache."""

import pyvips

# Beside them no decoder can be called, whatever an image pretends to be; each is asked for by its name besides.
_DECODERS = ("Jpeg", "Png", "Webp")

# What libvips itself calls safe only for files that one trusts.
pyvips.block_untrusted_set(state=True)
pyvips.operation_block_set("VipsForeignLoad", True)  # noqa: FBT003 - pyvips takes it no other way
for _decoder in _DECODERS:
    pyvips.operation_block_set(f"VipsForeignLoad{_decoder}Source", False)  # noqa: FBT003 - the same

# No image is ever asked for twice, and one job has one vCPU.
pyvips.cache_set_max(0)
pyvips.cache_set_max_mem(0)
pyvips.cache_set_max_files(0)
pyvips.concurrency_set(1)

__all__ = ["pyvips"]
