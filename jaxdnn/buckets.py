"""Sizes that nearly as many examples share, and with them compiled programs."""


def padded_size(m: int) -> int:
    """The next size k 2^e with k from 8 to 16: at most an eighth larger.

    Example:
      >>> [padded_size(m) for m in (3, 16, 17, 1000, 1001, 60_000)]
      [3, 16, 18, 1024, 1024, 61440]
    """
    step = 1 << max(m.bit_length() - 4, 0)
    return -(-m // step) * step
