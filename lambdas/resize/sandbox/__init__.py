"""Child processes that render: the only ones that load a decoder."""
