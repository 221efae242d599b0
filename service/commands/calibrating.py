"""Fits the local analyser's confidence to what people said of this workspace's conversations."""

import click

from service.commands.terminal import json_option, pass_workspace, say, say_json
from service.workspace import Workspace


@click.command("calibrate")
@click.option("--dry-run", is_flag=True, help="Say what it would do, and change nothing.")
@json_option
@pass_workspace
def calibrate_command(workspace: Workspace, *, dry_run: bool, as_json: bool) -> None:
    """Fit sentiment's confidence to reviewed conversations: from 50 on, more finely from 200.

    Example: verbatim calibrate --dry-run
    """
    from service.analysis.local import calibration_of
    from service.calibration import BIAS_FROM

    reviewed = dict(workspace.database().analyses.set_by_people("sentiment"))
    conversations = workspace.database().conversations.get_many(list(reviewed))
    labels = [reviewed[conversation.key] for conversation in conversations]
    found = calibration_of(conversations, labels)
    path = workspace.settings.calibration_file
    applied = found is not None and not dry_run
    if found is not None and applied:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(found.to_json(), encoding="utf-8")
    if as_json:
        say_json({"reviewed": len(labels), "calibration": found, "applied": applied})
        return
    if found is None:
        say(
            f"{len(labels):,} conversations are reviewed: nothing to fit. It takes {BIAS_FROM}, "
            "and a fit that predicts held-back reviews better."
        )
        return
    say(
        f"{found.n:,} reviews ({found.kind}), judged on held-back ones:",
        f"  agreement {found.agreement_before:.0%} -> {found.agreement_after:.0%}",
        f"  calibration error {found.error_before:.3f} -> {found.error_after:.3f}",
    )
    if not dry_run:
        say(f"Version {found.version}: `verbatim analyse` measures again with it.")
