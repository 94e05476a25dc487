"""How many bytes each program needs for one look, and how long it takes."""
