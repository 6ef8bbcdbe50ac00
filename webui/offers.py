"""A sliced file says another weight than the price was told for: staff ask again, or leave it."""

from schemas.arrivals import REQUOTED
from schemas.errors import NotPossible
from schemas.events import EventType
from schemas.quotes import sliced_source
from schemas.sidecar import Offer, Sidecar
from schemas.status import Status
from webui import asked
from webui.hands import Decision, Hand, Rules
from webui.mail_decisions import renew

_ASKED_IN = frozenset({Status.PENDING, Status.READY_TO_PRINT})


def requote(doc: Sidecar, given: asked.Nothing, hand: Hand, rules: Rules) -> Decision:
    """The student is asked to confirm what the sliced file says; a job in line goes back."""
    offer = _offer(doc)
    if doc.status not in _ASKED_IN:
        raise NotPossible(
            f"job {doc.job} is in {doc.status}, where its price is settled", possible="keep-price"
        )
    _take(doc, offer)
    if doc.status is Status.READY_TO_PRINT:
        doc.confirmation.confirmed_at = None
        return Decision(Status.PENDING, {REQUOTED: True})
    doc.print.price_usd = offer.price_usd
    return renew(doc, given, hand, rules)


def keep_price(doc: Sidecar, given: asked.Nothing, hand: Hand) -> Decision:
    """The price that was told stays, whatever the sliced file says."""
    offer = _offer(doc)
    doc.print.offer = None
    data = {"price kept": str(doc.print.price_usd), "instead of": str(offer.price_usd)}
    doc.record(EventType.DETAILS_EDITED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


def _take(doc: Sidecar, offer: Offer) -> None:
    """The offer's figures become those of the job; the price follows from them."""
    figures, source = doc.print, sliced_source(offer.file)
    figures.weight_g, figures.weight_source = offer.weight_g, source
    if offer.time_h is not None:
        figures.time_h, figures.time_source = offer.time_h, source
    if offer.material is not None:
        figures.material, figures.material_source = offer.material, source
    figures.offer = None


def _offer(doc: Sidecar) -> Offer:
    if doc.print.offer is None:
        raise NotPossible(
            f"job {doc.job} has no other price: its files say what was told, or nothing",
            possible="edit the details and enter the weight",
        )
    return doc.print.offer
