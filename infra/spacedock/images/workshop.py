"""Builds what no registry has, doubles and stand-ins, each once for the content that it is made of."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from docker.errors import ImageNotFound
from filelock import FileLock

from spacedock.engine import IMAGE_LABEL, STAND_IN_LABEL, Engine
from spacedock.images import rootfs
from spacedock.images.trust import BuildSecret, Trust
from spacedock.progress import Progress, Say
from spacedock.runs import cache_folder

CONTEXTS = Path(__file__).parent
DOUBLES = CONTEXTS.parent / "doubles"

_OURS = "hf-spacedock/"  # before the names of images that are made here


class Workshop:
    """Makes images that are never pushed and never bear an official name."""

    def __init__(self, engine: Engine, progress: Progress) -> None:
        self._engine = engine
        self._progress = progress

    def python(self, stands_in_for: str) -> str:
        """The tag of the Python base, a root file system of Debian packages."""
        with self._context("python") as context:
            (context / "ca.crt").write_text(self._trust.certificates)
            (context / "pip.conf").write_text(self._trust.public.pip_conf)
            tag = _tag(context, Path(rootfs.__file__).read_text(), repr(self._trust.public))

            def make(say: Say) -> None:
                archive = context / "rootfs.tar"
                rootfs.build(context, archive, self._trust, say)
                labels = {IMAGE_LABEL: tag, STAND_IN_LABEL: stands_in_for}
                rootfs.import_image(self._engine.client, archive, tag, labels)

            self._unless_there(tag, f"building a stand-in for {stands_in_for}", make)
        return tag

    def build(self, key: str, base: str, *, title: str, labels: Mapping[str, str]) -> str:
        """The tag of the image that the folder `key` describes, on the Python image `base`."""
        with self._context(key) as context:
            tag = _tag(context, str(self._engine.client.images.get(base).id))
            lent = self._trust.build_secrets if base.startswith(_OURS) else {}
            _mount(context / "Dockerfile", lent)

            def make(say: Say) -> None:
                self._engine.build(
                    context,
                    tag=tag,
                    say=say,
                    args={"PYTHON_IMAGE": base},
                    secrets={name: secret.text for name, secret in lent.items()},
                    labels=labels,
                )

            self._unless_there(tag, title, make)
        return tag

    @cached_property
    def _trust(self) -> Trust:
        return Trust.of_this_host()

    @contextmanager
    def _context(self, key: str) -> Iterator[Path]:
        """The folder `key`, with the double of that name in it, where others than its owner may read."""
        with tempfile.TemporaryDirectory(prefix="spacedock-") as scratch:
            Path(scratch).chmod(0o755)
            context = Path(scratch) / key
            shutil.copytree(CONTEXTS / key, context)
            double = DOUBLES / f"{key}.py"
            if double.is_file():
                shutil.copy(double, context)
            yield context

    def _unless_there(self, tag: str, title: str, make: Callable[[Say], None]) -> None:
        """Make the image, once, however many runs want it."""
        if self._has(tag):
            return
        with FileLock(cache_folder("images") / f"{tag.replace('/', '-').replace(':', '-')}.lock"):
            if not self._has(tag):
                with self._progress(title) as say:
                    make(say)

    def _has(self, tag: str) -> bool:
        try:
            self._engine.client.images.get(tag)
        except ImageNotFound:
            return False
        return True


def _mount(dockerfile: Path, secrets: Mapping[str, BuildSecret]) -> None:
    """Have each step of a build see the secrets where its programs look for them."""
    mounts = "".join(
        f"--mount=type=secret,id={name},target={secret.path},mode=0444,required=true "
        for name, secret in secrets.items()
    )
    text = dockerfile.read_text()
    dockerfile.write_text(re.sub(r"^RUN ", f"RUN {mounts}", text, flags=re.MULTILINE))


def _tag(context: Path, *more: str) -> str:
    """`hf-spacedock/<folder>:<digest of its files and of what else makes the image>`."""
    digest = hashlib.sha256()
    for path in sorted(path for path in context.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(context)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    for text in more:
        digest.update(f"{text}\0".encode())
    return f"{_OURS}{context.name}:{digest.hexdigest()[:12]}"
