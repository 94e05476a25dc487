"""What tests in a browser agree on."""

from typing import Final

# Milliseconds, and never waited for unless something is wrong: a busy machine takes many times what an idle one does.
DEADLINE: Final = 120_000
