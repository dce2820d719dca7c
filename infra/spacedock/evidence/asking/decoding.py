"""Bodies that came compressed, taken apart without ever holding more than is wanted of them."""

from __future__ import annotations

import zlib

ACCEPTED = "gzip, deflate"  # what can be taken apart with a bound; the rest stays as it came
_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}
_LAYERS = 4  # at most; nobody means more


class Unpacking:
    """Takes a body apart as it comes. Raises zlib.error where it is not what it says."""

    def __init__(self, content_encoding: str) -> None:
        names = [name.strip().lower() for name in content_encoding.split(",")]
        known = [name for name in reversed(names) if name in _WINDOWS]
        self._layers = [_Layer(_WINDOWS[name]) for name in known[:_LAYERS]]
        self.cut = False  # whether there was more than was asked for

    def feed(self, data: bytes, most: int) -> bytes:
        """Return what `data` adds, `most` bytes of it at most."""
        for layer in self._layers:
            data = layer.feed(data, most + 1)
        self.cut = self.cut or len(data) > most
        return data[:most]

    @property
    def complete(self) -> bool:
        """Whether each layer has come to its end; nothing at all is complete."""
        return all(layer.complete for layer in self._layers)


class _Layer:
    def __init__(self, window: int) -> None:
        self._window = window
        self._inflate = zlib.decompressobj(window)
        self._began = False

    def feed(self, data: bytes, most: int) -> bytes:
        if not data or self._inflate.eof:
            return b""
        began, self._began = self._began, True
        try:
            return self._inflate.decompress(self._inflate.unconsumed_tail + data, most)
        except zlib.error:
            if began or self._window != zlib.MAX_WBITS:
                raise
            # Many a server's `deflate` has no header of zlib's.
            self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
            return self._inflate.decompress(data, most)

    @property
    def complete(self) -> bool:
        return self._inflate.eof or not self._began
