"""A sliced file joins its job: its figures fill the quote in, or show that another price is due.

What staff have typed stays. Once the student knows a price nothing is changed by itself: what the
file says is kept beside it as an offer, and staff decide.
"""

from decimal import Decimal
from pathlib import Path

from daemon.consequences import Policy
from daemon.slices.read import read_slice
from daemon.slices.said import Figure, Said, Slice
from schemas.pricing import price_usd, round_time_h
from schemas.quotes import STAFF, is_price_told, sliced_source
from schemas.sidecar import Offer, Says, Sidecar


def take_in(doc: Sidecar, file: Path, policy: Policy) -> None:
    """Take note of what a sliced file says. Raises: OSError when it cannot be read."""
    found = read_slice(file, policy.densities.get(doc.request.print_method))
    entry = doc.file(file.name)
    if entry is not None:
        entry.says = [_kept(said) for said in found.said]
    if is_price_told(doc):
        doc.print.offer = _offer(doc, found, file.name, policy)
    else:
        _fill_in(doc, found, file.name)


def _kept(said: Said) -> Says:
    """As the sidecar keeps it: a print time as it counts, by the half hour."""
    value = said.value
    if said.figure is Figure.TIME_H and isinstance(value, Decimal):
        value = round_time_h(value)
    return Says(figure=said.figure, value=str(value), key=said.key, worked_out=said.worked_out)


def _fill_in(doc: Sidecar, found: Slice, name: str) -> None:
    figures, source = doc.print, sliced_source(name)
    if found.weight_g is not None and figures.weight_source != STAFF:
        figures.weight_g, figures.weight_source = found.weight_g, source
    if found.time_h is not None and figures.time_source != STAFF:
        figures.time_h, figures.time_source = _rounded(found.time_h), source
    if found.material is not None and figures.material_source != STAFF:
        figures.material, figures.material_source = found.material, source


def _offer(doc: Sidecar, found: Slice, name: str, policy: Policy) -> Offer | None:
    """What the file says, where it comes to another price than the one that was told."""
    rate = policy.rates.get(doc.request.print_method)
    if found.weight_g is None or rate is None:
        return doc.print.offer
    price = price_usd(found.weight_g, per_gram=rate[0], minimum=rate[1])
    if price == doc.print.price_usd:
        return None
    return Offer(
        file=name,
        weight_g=found.weight_g,
        time_h=_rounded(found.time_h),
        material=found.material,
        price_usd=price,
    )


def _rounded(time_h: Decimal | None) -> Decimal | None:
    return round_time_h(time_h) if time_h is not None else None
