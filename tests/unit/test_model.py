"""What follows from a model's figures: whether it fits, what to warn of, what it may weigh."""

from decimal import Decimal

import pytest

from schemas import catalog
from schemas.catalog import Method, Printer
from schemas.model import Concern, Measured, Size, fits, rough, show_mm, warnings

PRINTERS = [
    Printer(name="Small", method="Filament", volume_mm=(100, 100, 100)),
    Printer(name="Tall", method="Filament", volume_mm=(100, 100, 400)),
]
FILAMENT = Method(
    name="Filament",
    price_per_gram=Decimal("0.10"),
    minimum_charge=Decimal(3),
    density_g_cm3=1.25,
    infill=0.2,
    shell_mm=1.0,
    colors=["Red"],
)


def measured(size_mm: Size = (20, 20, 20), **more: object) -> Measured:
    ordinary = {
        "volume_cm3": 8.0,
        "surface_cm2": 24.0,
        "triangles": 12,
        "bodies": 1,
        "watertight": True,
    }
    return Measured.model_validate({"size_mm": size_mm, **ordinary, **more})


def concerns(found: Measured, chosen: str = "Small") -> list[Concern]:
    return [each.concern for each in warnings(found, PRINTERS, chosen)]


@pytest.mark.parametrize(
    ("size_mm", "volume_mm", "does"),
    [
        ((100, 100, 400), (100, 100, 400), True),
        ((400, 100, 100), (100, 100, 400), True),
        ((100.01, 100, 100), (100, 100, 100), False),
        ((90, 90, 401), (100, 100, 400), False),
        ((0, 0, 0), (1, 1, 1), True),
    ],
)
def test_a_box_fits_when_it_can_be_turned_to(size_mm: Size, volume_mm: Size, does: bool) -> None:
    assert fits(size_mm, volume_mm) is does


def test_an_ordinary_model_needs_no_warning() -> None:
    assert concerns(measured()) == []


def test_a_model_too_big_for_its_printer_says_which_one_takes_it() -> None:
    (warned,) = warnings(measured((90, 90, 300)), PRINTERS, "Small")
    assert warned.concern is Concern.TOO_BIG
    assert "Small" in warned.text
    assert "it fits: Tall" in warned.text


def test_a_model_too_big_for_all_says_so() -> None:
    (warned,) = warnings(measured((500, 500, 500)), PRINTERS, "Small")
    assert "none of ours" in warned.text
    (unasked,) = warnings(measured((500, 500, 500)), PRINTERS)
    assert "none of our printers" in unasked.text


def test_a_tiny_model_says_what_it_would_be_in_inches_and_metres() -> None:
    (warned,) = warnings(measured((1, 2, 0.5)), PRINTERS, "Small")
    assert warned.concern is Concern.TINY
    assert "25.4 × 50.8 × 12.7 mm" in warned.text
    assert "1000 × 2000 × 500 mm" in warned.text


@pytest.mark.parametrize(
    ("more", "concern"),
    [
        ({"watertight": False}, Concern.NOT_CLOSED),
        ({"inverted": True}, Concern.INVERTED),
        ({"plates": 3}, Concern.PLATES),
        ({"dropped": 2}, Concern.DROPPED),
        ({"size_mm": (20, 20, 0)}, Concern.FLAT),
    ],
)
def test_each_oddity_is_warned_of(more: dict[str, object], concern: Concern) -> None:
    assert concerns(measured(**more)) == [concern]  # type: ignore[arg-type]


def test_a_huge_model_is_hardly_in_millimetres() -> None:
    assert concerns(measured((20_000, 20, 20))) == [Concern.TOO_BIG, Concern.HUGE]


def test_a_rough_weight_is_walls_and_infill() -> None:
    # 8 cm3, walls 24 cm2 x 0.1 cm = 2.4 cm3, of the other 5.6 a fifth: 3.52 cm3 x 1.25 = 4.4 g
    found = rough(measured(), FILAMENT)
    assert found is not None
    assert found.weight_g == (Decimal("3.5"), Decimal("5.7"))
    assert found.price_usd == (Decimal("3.00"), Decimal("3.00"))


def test_thin_walls_weigh_no_more_than_the_whole() -> None:
    # a sheet of 100 cm3 with 2000 cm2: all of it is wall, 100 cm3 x 1.25 = 125 g
    found = rough(measured((1000, 1000, 1), volume_cm3=100.0, surface_cm2=2000.0), FILAMENT)
    assert found is not None
    assert found.weight_g == (Decimal(100), Decimal(162))
    assert found.price_usd == (Decimal("10.00"), Decimal("16.20"))


@pytest.mark.parametrize("more", [{"watertight": False}, {"size_mm": (1, 1, 1)}])
def test_nobody_guesses_the_weight_of_what_is_open_or_wrong_in_size(
    more: dict[str, object],
) -> None:
    assert rough(measured(**more), FILAMENT) is None  # type: ignore[arg-type]


def test_sizes_read_well() -> None:
    assert show_mm((20, 7.2000001, 1234.56)) == "20 × 7.2 × 1235 mm"


def test_the_default_catalogue_says_how_full_a_print_is() -> None:
    methods = {m.name: m for m in catalog.parse(catalog.DEFAULT).methods}
    assert methods["Filament"].infill == pytest.approx(0.15)
    assert methods["Resin"].infill == pytest.approx(1.0)
