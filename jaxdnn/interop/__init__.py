"""Parameters to and from other libraries."""
