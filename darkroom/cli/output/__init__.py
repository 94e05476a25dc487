"""Results as text and HTML; no AWS calls."""
