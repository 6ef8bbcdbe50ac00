"""Prices and print times: exact decimals, never floats."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
HALF_HOUR = Decimal("0.5")


def price_usd(weight_g: Decimal, *, per_gram: Decimal, minimum: Decimal) -> Decimal:
    """A print's price in US dollars: weight times rate, half up to the cent, at least `minimum`."""
    exact = (weight_g * per_gram).quantize(CENT, rounding=ROUND_HALF_UP)
    return max(exact, minimum.quantize(CENT, rounding=ROUND_HALF_UP))


def round_time_h(time_h: Decimal) -> Decimal:
    """A print time in hours, always up to the next half hour: 3.01 gives 3.5, 3.5 stays."""
    halves = (time_h / HALF_HOUR).to_integral_value(rounding=ROUND_CEILING)
    return (halves * HALF_HOUR).quantize(Decimal("0.1"))
