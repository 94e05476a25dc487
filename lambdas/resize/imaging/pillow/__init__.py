"""Imaging with Pillow; the engine vips borrows decoders and colours from here, and nothing else imports it."""
