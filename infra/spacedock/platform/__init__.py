"""Facts about Hugging Face Docker Spaces, each once, a module a subject; no behaviour.

A fact added to a module is an attribute here: `platform.USER_ID.value`.
"""

from __future__ import annotations

from spacedock.platform.build import *
from spacedock.platform.edge import *
from spacedock.platform.environment import *
from spacedock.platform.fact import Confidence as Confidence
from spacedock.platform.fact import Fact as Fact
from spacedock.platform.fact import View as View
from spacedock.platform.found import Subject as Subject
from spacedock.platform.found import all_facts as all_facts
from spacedock.platform.found import subjects as subjects
from spacedock.platform.front_matter import *
from spacedock.platform.hardware import *
from spacedock.platform.identity import *
from spacedock.platform.lifecycle import *
from spacedock.platform.network_in import *
from spacedock.platform.network_out import *
