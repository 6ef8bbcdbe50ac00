"""A job's details as staff correct them: who, what was asked for, what the print takes."""

from decimal import Decimal

from schemas.catalog import Catalog
from schemas.errors import BadInput
from schemas.events import EventType
from schemas.pricing import round_time_h
from schemas.quotes import STAFF, sliced_source
from schemas.sidecar import FileEntry, Sidecar
from webui import asked
from webui.hands import Decision, Hand, Rules


def take_figures(doc: Sidecar, given: asked.Figures, file: FileEntry | None = None) -> list[str]:
    """Write down the figures of the quote; the names of those that changed.

    What the file to print says, or what was known before, keeps its source: a person has only
    agreed to it. Anything else counts as typed by staff.
    """
    time_h = round_time_h(given.time_h) if given.time_h is not None else None
    typed = {"weight": given.weight_g, "time": time_h, "material": given.material or None}
    changed = []
    for name, value in typed.items():
        attribute = _ATTRIBUTES[name]
        if value is None:
            continue
        source = getattr(doc.print, f"{name}_source")
        if getattr(doc.print, attribute) != value:
            changed.append(attribute)
            source = None
        if file is not None and _says(file, attribute, value):
            source = sliced_source(file.name)
        setattr(doc.print, attribute, value)
        setattr(doc.print, f"{name}_source", source or STAFF)
    return changed


def _says(file: FileEntry, figure: str, value: Decimal | str) -> bool:
    """Whether a sliced file says this, be it at whatever key."""
    told = [said.value for said in file.says if said.figure == figure]
    return any(
        Decimal(each) == value if isinstance(value, Decimal) else each == value for each in told
    )


_ATTRIBUTES = {"weight": "weight_g", "time": "time_h", "material": "material"}


_STUDENT = {
    "student_name": "name",
    "student_email": "email",
    "discipline": "discipline",
    "class_number": "class_number",
}


def edit_by_catalog(doc: Sidecar, given: asked.Edit, hand: Hand, rules: Rules) -> Decision:
    """Details are corrected; what was asked for is chosen from what the lab offers.

    Raises: BadInput for a choice that is not on offer.
    """
    _refuse_unknown(doc, given, rules.catalog)
    return edit(doc, given, hand)


def edit(doc: Sidecar, given: asked.Edit, hand: Hand) -> Decision:
    """Details are corrected; what is not given stays."""
    before = _details(doc)
    for name, value in given.model_dump(include=set(_STUDENT), exclude_none=True).items():
        setattr(doc.student, _STUDENT[name], value)
    for name, value in given.model_dump(include=set(_WISHES), exclude_none=True).items():
        setattr(doc.request, name, value)
    take_figures(doc, given)
    after = _details(doc)
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
    if doc.student.name and doc.student.email:
        doc.details_missing = False
    if changed:
        data = {"changed": changed}
        doc.record(EventType.DETAILS_EDITED, by=hand.by, via=hand.via, at=hand.at, data=data)
    return Decision()


_WISHES = ("print_method", "color", "printer")


def _refuse_unknown(doc: Sidecar, given: asked.Edit, catalog: Catalog) -> None:
    """What is chosen anew has to be on offer for its method; what was there before may stay."""
    name = doc.request.print_method if given.print_method is None else given.print_method
    method = catalog.method(name)
    methods = [method] if method is not None else catalog.methods
    offers = {
        "print_method": [method.name for method in catalog.methods],
        "color": [color for method in methods for color in method.colors],
        "printer": [p.name for method in methods for p in catalog.printers_for(method.name)],
    }
    for field, offered in offers.items():
        value = getattr(given, field)
        if value is None or value == getattr(doc.request, field) or value in offered:
            continue
        what = field.replace("_", " ")
        where = f" for {method.name}" if method is not None and field != "print_method" else ""
        raise BadInput(
            f"there is no {what} {value!r}{where}", field=field, possible=", ".join(offered)
        )


def _details(doc: Sidecar) -> dict[str, str | None]:
    """What can be edited, as the log shows it."""
    figures = {name: getattr(doc.print, name) for name in _ATTRIBUTES.values()}
    return {
        **{name: getattr(doc.student, attribute) for name, attribute in _STUDENT.items()},
        **{name: getattr(doc.request, name) for name in _WISHES},
        **{name: str(value) if value is not None else None for name, value in figures.items()},
    }
