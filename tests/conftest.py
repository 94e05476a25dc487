"""Start from what a terminal gives a command, whatever started the tests: a shell's background jobs ignore Ctrl-C."""

import signal

signal.signal(signal.SIGINT, signal.default_int_handler)
