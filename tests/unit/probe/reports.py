"""A report of the probe, as the platform would give it if it were as the facts have it."""

from __future__ import annotations

import copy
from typing import Any

AS_HELD: dict[str, Any] = {
    "probe": {"version": 1, "taken": "2026-12-01T10:00:00Z"},
    "user": {"uid": 1000, "gid": 1000, "groups": [1000], "passwd": False, "home": "/", "folder": "/probe"},
    "writable": {"/": "no", "/tmp": "yes", "/data": "absent"},
    "environment": {
        "names": [
            "ACCELERATOR", "CPU_CORES", "HOSTNAME", "MEMORY", "SPACE_AUTHOR_NAME", "SPACE_CREATOR_USER_ID",
            "SPACE_HOST", "SPACE_ID", "SPACE_REPO_NAME", "SPACE_TITLE",
        ],
        "ACCELERATOR": "none",
        "CPU_CORES": "2",
        "MEMORY": "16Gi",
    },
    "limits": {"cgroup": 2, "memory": 16 * 2**30, "swap": 0, "cpus": 2.0, "processes": "unlimited"},
    "machine": {"architecture": "x86_64", "kernel": "Linux 5.10", "processors": 48, "memory": 1},
    "reach": {
        "smtp.gmail.com:25": "timed out",
        "smtp.gmail.com:465": "timed out",
        "smtp.gmail.com:587": "timed out",
        "imap.gmail.com:993": "timed out",
        "huggingface.co:80": "connected",
        "huggingface.co:443": "connected",
        "portquiz.net:8080": "connected",
        "portquiz.net:5432": "connected",
        "portquiz.net:6333": "connected",
        "portquiz.net:6379": "refused",
        "portquiz.net:27017": "connected",
    },
    "ipv6": {"connect": "unreachable", "route": False},
    "headers": {
        "names": ["accept", "host", "x-forwarded-for", "x-forwarded-proto"],
        "host": "{owner}-{name}.hf.space",
        "x-forwarded-for": ["claimed", "public"],
        "x-forwarded-proto": "https",
    },
    "peer": "private",
    "first_process": "CMD",
    "mounts": {"/": "overlay rw,relatime", "/etc/hosts": "ext4 rw"},
    "grace": 10.0,
}  # fmt: skip


def report(**sections: Any) -> dict[str, Any]:
    """Return that report; a section given as a dict changes only what it names."""
    changed = copy.deepcopy(AS_HELD)
    for name, value in sections.items():
        both = isinstance(value, dict) and isinstance(changed[name], dict)
        changed[name] = {**changed[name], **value} if both else value
    return changed
