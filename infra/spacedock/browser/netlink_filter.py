"""Starts a program for which this machine's network never changes: `netlink_filter.py PROGRAM ARGUMENT...`.

Chromium gives up every request that is under way when an address appears on the machine or disappears, and
with each container one does: ERR_NETWORK_CHANGED (issues.chromium.org/issues/41465264). It hears of them from
the kernel's netlink, and where it may not open such a socket it takes the network for steady. So the kernel
is told to refuse; Chromium has no switch for it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys

_AF_NETLINK = 16
_SOCKET = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}  # linux/audit.h; the call's number
_NO_NEW_PRIVS, _SET_SECCOMP, _FILTER = 38, 22, 2  # linux/prctl.h, linux/seccomp.h
_LOAD, _UNLESS, _RETURN = 0x20, 0x15, 0x06  # linux/bpf_common.h: of a word, jump where it is equal, end
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # offsets in seccomp_data
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_char_p))


def refuse_netlink() -> None:
    """Refuse netlink sockets to this process and all that it starts, where the kernel can."""
    if sys.platform != "linux" or platform.machine() not in _SOCKET:
        return
    architecture, number = _SOCKET[platform.machine()]
    steps = (
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_UNLESS, 0, 5, architecture),
        (_LOAD, 0, 0, _NUMBER),
        (_UNLESS, 0, 3, number),
        (_LOAD, 0, 0, _FIRST_ARGUMENT),
        (_UNLESS, 0, 1, _AF_NETLINK),
        (_RETURN, 0, 0, _REFUSE),
        (_RETURN, 0, 0, _ALLOW),
    )
    code = b"".join(struct.pack("HBBI", *step) for step in steps)
    kernel = ctypes.CDLL(None)
    kernel.prctl(_NO_NEW_PRIVS, 1, 0, 0, 0)
    kernel.prctl(_SET_SECCOMP, _FILTER, ctypes.byref(_Program(len(steps), code)), 0, 0)


if __name__ == "__main__":
    refuse_netlink()
    os.execv(sys.argv[1], sys.argv[1:])  # noqa: S606 - it becomes the program
