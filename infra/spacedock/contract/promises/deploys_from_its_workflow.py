"""The workflow beside a Space can bring it to the Hub."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from spacedock import platform
from spacedock.contract.promise import Level, Problem, Promise, Seen
from spacedock.evidence.base import Evidence
from spacedock.evidence.files import Deploys
from spacedock.space import Space
from spacedock.space.workflows import Deploy, Way, deploys

_REFUSED = (
    "Git refuses the push: `! [rejected] main -> main (fetch first)`; the Space goes on with what it had."
)
_SHALLOW = (
    "Git refuses the push: `! [remote rejected] main -> main (shallow update not allowed)`; the Space goes "
    "on with what it had."
)


class DeploysFromItsWorkflow(Promise):
    """Reads the workflows of GitHub: what hub-sync creates, and what `git push` is given to push."""

    title = "its workflow can bring it to the Hub"
    reason = "A workflow that deploys is run when all else is done, and what it lacks shows only then."
    consequence = (
        "The Space is created with another SDK, which does not build the Dockerfile: it ends as NO_APP_FILE "
        "until a README.md with `sdk: docker` is there."
    )
    remedy = f"add `space_sdk: {platform.SDK.value}`"
    source = (
        "spaces-github-actions; action.yml of huggingface/hub-sync; lerobot.js pull request 18; incidents "
        "wrong-sdk-created, deploy-non-fast-forward"
    )
    since = "0.3"
    level = Level.SHOULD
    evidence: ClassVar = (Deploys,)

    def nothing_to_check(self, space: Space) -> str:
        """Without such a workflow it is brought there in a way that is not written down here."""
        found = deploys(space.root, space.manifest.space.id)
        return "" if found else "no workflow beside it brings it to the Hub"

    def wants(self, _space: Space) -> tuple[Evidence[Any], ...]:
        """It reads files only."""
        return (Deploys(),)

    def judge(self, space: Space, seen: Seen) -> Iterator[Problem]:
        """Yield a problem for each step that cannot do what it is there for."""
        for step in seen(Deploys()):
            if step.way is Way.SYNC and step.sdk != platform.SDK.value:
                sdk = f"`space_sdk: {step.sdk}`" if step.sdk else _UNSET
                yield self.problem(f"{step.place}: hub-sync creates a Space with {sdk}")
            elif step.way is Way.PUSH and step.shallow:
                yield self._shallow(step)

    def _shallow(self, step: Deploy) -> Problem:
        """Say what comes of a push from a checkout without history: not once is it what was pushed before."""
        forced = "`git push --force`" if step.forced else "`git push` without `--force`"
        remedy = "give the step with actions/checkout `fetch-depth: 0`"
        if not step.forced:
            remedy += (
                ", and push with `--force` once nobody commits to the Space's own repository; or use "
                f"huggingface/hub-sync with `space_sdk: {platform.SDK.value}`"
            )
        return self.problem(
            f"{step.place}: {forced} to the Hub, after a checkout without `fetch-depth: 0`",
            consequence=_SHALLOW if step.forced else _REFUSED,
            remedy=remedy,
        )


_UNSET = f"`space_sdk` unset, which means {platform.HUB_SYNC_SDK.value}"
