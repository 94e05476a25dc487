"""Compare both engines with Chromium: `make test-corpus FOLDER=…`."""
