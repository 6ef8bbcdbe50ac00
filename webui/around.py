"""What every page of staff's shows around its own matter; whether a part of it was asked for."""

from typing import Any

from flask import request

from webui.health import banners
from webui.place import web
from webui.security import staff_name
from webui.troubled import how_much

PART = "X-Fragment"  # this header asks for the inner part alone, to be shown in a dialog


def wants_part() -> bool:
    """Whether the page's own script asks, for a dialog."""
    return PART in request.headers


def around() -> dict[str, Any]:
    """The values that `layouts/staff.html` needs."""
    if wants_part():
        return {"layout": "layouts/fragment.html", "catalog": web().catalog(), "by": staff_name()}
    return {
        "layout": "layouts/staff.html",
        "catalog": web().catalog(),
        "banners": banners(),
        "by": staff_name(),
        "trouble_count": how_much(web().index, web().share, web().now()),
    }
