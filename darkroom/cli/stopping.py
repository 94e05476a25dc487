"""Ends what runs until Ctrl-C, as that is its ordinary end."""

import signal
import threading


def stop_signal() -> threading.Event:
    """From here on Ctrl-C and SIGTERM are not errors but what ends the wait, once and without haste."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stopped.set())
    return stopped
