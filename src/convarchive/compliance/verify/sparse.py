"""A number for each of many keys, in a few bytes each."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_PAGE = 12  # bits: 4,096 numbers


class Sparse:
    """Numbers by key; 0 where nothing was set.

    Keys are mostly dense, so pages of an array hold them; one that somebody has made absurdly large
    costs one page.

    Args:
        typecode: Of the numbers, as `array.array` has it.
    """

    def __init__(self, typecode: str) -> None:
        self._typecode = typecode
        self._pages: dict[int, array[int]] = {}

    def __getitem__(self, key: int) -> int:
        page = self._pages.get(key >> _PAGE)
        return 0 if page is None else page[key & ((1 << _PAGE) - 1)]

    def __setitem__(self, key: int, number: int) -> None:
        page = self._pages.get(key >> _PAGE)
        if page is None:
            page = self._pages[key >> _PAGE] = array(self._typecode, [0]) * (1 << _PAGE)
        page[key & ((1 << _PAGE) - 1)] = number

    def items(self) -> Iterator[tuple[int, int]]:
        """Keys in order with their numbers, but for those that are 0."""
        for number in sorted(self._pages):
            for at, value in enumerate(self._pages[number]):
                if value:
                    yield (number << _PAGE) + at, value
