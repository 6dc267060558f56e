"""Kinds of columns: how each is learned, encoded, decoded, and told."""
