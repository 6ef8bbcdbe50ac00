"""Decisions as the desk asks for them, by name and with what was typed."""

from typing import Any

from schemas import catalog
from schemas.events import EventType, Via
from schemas.sidecar import Sidecar
from tests.unit.documents import NOW
from webui import asked
from webui.decisions import ACTIONS, Decision, Hand, Rules

ADA = Hand("Ada", Via.WEB, NOW)
JANE = Hand("Jane", Via.LINK, NOW)
RULES = Rules(catalog.parse(catalog.DEFAULT), 168, lambda: "fresh")


def decide(doc: Sidecar, name: str, **given: Any) -> Decision:
    action = ACTIONS[name]
    rules = (RULES,) if action.by_rules else ()
    return action.decide(doc, asked.read(action.asks, given), ADA, *rules)


def last(doc: Sidecar) -> tuple[EventType, dict[str, Any]]:
    return doc.history[-1].type, doc.history[-1].data
