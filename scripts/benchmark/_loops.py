"""The loops of a compiled program, read off its text."""

import re

_COMPUTATION = re.compile(
    r"^(?:ENTRY )?%(\S+) .*?\{\n(.*?)^\}", re.MULTILINE | re.DOTALL
)
_BODY = re.compile(r" while\(.*?body=%([\w.\-]+)")


def computations(program: str) -> dict[str, str]:
    """Name -> lines of each computation, what is fused among them.

    Example:
      >>> computations("%add (p: f32[]) -> f32[] {\\n  ROOT %p = f32[] ...\\n}\\n")
      {'add': '  ROOT %p = f32[] ...\\n'}
    """
    return dict(_COMPUTATION.findall(program))


def loop_bodies(program: str) -> set[str]:
    """The computations that are bodies of loops.

    Example:
      >>> loop_bodies("%w = s32[] while(%p), condition=%less, body=%step")
      {'step'}
    """
    return set(_BODY.findall(program))
