"""docs/scale.md, docs/cost.md and their pictures."""
