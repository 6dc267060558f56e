"""Lines on the screen: a label, and what it labels."""


def say(label: str, text: str) -> None:
    """Print a line.

    Example:
      >>> say("rows", "150")
      rows            150
    """
    print(f"{label:14}  {text}", flush=True)


def silent(_label: str, _text: str) -> None:
    """Print nothing."""
