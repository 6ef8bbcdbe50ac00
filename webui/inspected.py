"""What is known of a job's model and its sliced files, as the job's page shows it."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.catalog import Catalog
from schemas.inspections import to_inspect
from schemas.model import Measured, Rough, Warned, rough, warnings
from schemas.naming import Role
from schemas.sidecar import Estimate, FileEntry, Sidecar


@dataclass(frozen=True, slots=True)
class Inspected:
    """A job's model as it was found: its figures, or why there are none, and what to know of it."""

    is_waiting: bool  # nobody has looked into it yet
    could_not: str
    danger: str
    measured: Measured | None
    warnings: tuple[Warned, ...]
    rough: Rough | None
    fits: tuple[str, ...]
    estimate: Estimate | None
    picture: str | None
    no_picture: str
    plates: tuple[FileEntry, ...]  # sliced files that have a picture


def inspected(doc: Sidecar, catalog: Catalog) -> Inspected:
    """What the sidecar tells, judged by the catalogue as it is now."""
    entry, method = doc.model_file, catalog.method(doc.request.print_method)
    is_known = entry is not None and doc.model.sha256 == entry.sha256
    measured = doc.model.measured if is_known else None
    printers = catalog.printers_for(method.name) if method is not None else catalog.printers
    told = warnings(measured, printers, doc.request.printer) if measured is not None else ()
    guess = rough(measured, method) if measured is not None and method is not None else None
    return Inspected(
        is_waiting=bool(to_inspect(doc)),
        could_not=doc.model.could_not if is_known else "",
        danger=next((each.danger for each in _present(doc) if each.danger), ""),
        measured=measured,
        warnings=tuple(told),
        rough=guess,
        fits=tuple(doc.model.fits) if is_known else (),
        estimate=doc.model.estimate if is_known else None,
        picture=entry.picture if entry is not None else None,
        no_picture=entry.no_picture if entry is not None else "",
        plates=tuple(e for e in _present(doc) if e.role is Role.SLICED and e.picture is not None),
    )


def _present(doc: Sidecar) -> Iterable[FileEntry]:
    return (entry for entry in doc.files if not entry.missing)


@dataclass(frozen=True, slots=True)
class Told:
    """The figures of a sliced file that count, as text."""

    weight_g: str | None
    time_h: str | None
    material: str | None
    slicer: str | None

    def __bool__(self) -> bool:
        return any((self.weight_g, self.time_h, self.material))


def told(entry: FileEntry) -> Told:
    """What a sliced file says: the first of each figure, worked out only for want of others."""
    first: dict[str, str] = {}
    for said in sorted(entry.says, key=lambda each: each.worked_out):
        first.setdefault(said.figure, said.value)
    return Told(*(first.get(name) for name in ("weight_g", "time_h", "material", "slicer")))


def words(figures: Told) -> str:
    """The same in one line."""
    weight = f"{figures.weight_g} g" if figures.weight_g else ""
    time = f"{figures.time_h} h" if figures.time_h else ""
    parts = (weight, time, figures.material, figures.slicer)
    return " · ".join(part for part in parts if part)
