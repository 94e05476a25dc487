"""A page of how pictures are cut, for a person to look at."""
