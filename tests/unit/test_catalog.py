"""The catalogue's messages name the line and the key."""

import pytest

from schemas import catalog
from schemas.errors import BadCatalog


def test_the_default_catalogue_is_what_the_lab_offers() -> None:
    found = catalog.parse(catalog.DEFAULT)
    assert [method.name for method in found.methods] == ["Filament", "Resin"]
    assert [str(method.price_per_gram) for method in found.methods] == ["0.10", "0.20"]
    assert [len(method.colors) for method in found.methods] == [23, 4]
    assert [printer.name for printer in found.printers_for("Resin")] == ["Formlabs Form 3"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("price_per_gram = 0.20", "price_per_gram = -1", ["line 37", "methods.2.price_per_gram"]),
        ('name = "Prusa XL"', 'nam = "Prusa XL"', ["printers.2", "name"]),
        ("disciplines = [", "disciplines = ", ["line 3"]),
        ('method = "Resin"', 'method = "Wax"', ["Formlabs Form 3", "Wax", "Filament, Resin"]),
        ('name = "Resin"', 'name = "Filament"', ["same name"]),
    ],
    ids=["negative price", "misspelt key", "broken TOML", "unknown method", "twice"],
)
def test_a_wrong_catalogue_says_where(old: str, new: str, words: list[str]) -> None:
    with pytest.raises(BadCatalog) as caught:
        catalog.parse(catalog.DEFAULT.replace(old, new))
    assert all(word in str(caught.value) for word in words), caught.value
