"""Compares both engines with Chromium on a folder of image files: `make test-corpus FOLDER=…`."""
