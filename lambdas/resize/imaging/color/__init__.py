"""Color spaces: code points, ICC profiles, tone mapping."""
