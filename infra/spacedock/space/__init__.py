"""The Space as code: front matter, Dockerfile and manifest become one frozen `Space`."""

from spacedock.space.dockerfile import Base, Dockerfile, Instruction
from spacedock.space.front_matter import FrontMatter
from spacedock.space.manifest import Manifest
from spacedock.space.model import Space, read_space

__all__ = ["Base", "Dockerfile", "FrontMatter", "Instruction", "Manifest", "Space", "read_space"]
