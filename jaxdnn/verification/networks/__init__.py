"""A network's hand-derived backward: `judging.verify`, `planting.selftest`."""
