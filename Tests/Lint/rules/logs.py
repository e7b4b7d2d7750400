"""Every log line has the name of its event, which users filter on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from log_calls import EVENTS, events, log_calls
from rule import rule
from tree import shown, text, tracked


@rule("A log call names an event")
def log_events() -> Iterator[str]:
    for call in log_calls():
        if not call.names_event:
            yield f"{call.place}: log.notice(.theEvent, \"message\"), with a case of LoggedEvent"


@rule("Every event is documented where it is declared, and occurs in the sources")
def used_events() -> Iterator[str]:
    declared = re.findall(r"^    case (\w+)", text(EVENTS), re.MULTILINE)
    for case in declared:
        if case not in events():
            yield f"{case}: give it a comment that says when it occurs, and a name"
    others = "\n".join(text(path) for path in tracked("Sources/*.swift") if path != EVENTS)
    for case in declared:
        if not re.search(rf"\.{case}\b", others):
            yield f"{shown(EVENTS)}: no line has the event {case}"
