"""The demo's models are what they say: whole, closed, of the size meant."""

import io
import zipfile
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
import trimesh

from deploy import demo, demo_models
from deploy.demo_models import Solid

FORMATS = [
    pytest.param(demo_models.binary_stl, "stl", id="binary STL"),
    pytest.param(demo_models.text_stl, "stl", id="text STL"),
    pytest.param(demo_models.obj, "obj", id="OBJ"),
    pytest.param(demo_models.three_mf, "3mf", id="3MF"),
]


def read(content: bytes, file_type: str) -> trimesh.Trimesh:
    if file_type == "3mf":
        return read_three_mf(content)
    return trimesh.load_mesh(io.BytesIO(content), file_type=file_type)


def read_three_mf(content: bytes) -> trimesh.Trimesh:
    """By hand: trimesh needs more packages for it than the product does."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        relations = ElementTree.fromstring(archive.read("_rels/.rels"))
        model = ElementTree.fromstring(archive.read(relations[0].attrib["Target"].lstrip("/")))
    assert model.attrib["unit"] == "millimeter"
    core = {"": demo_models.CORE}
    points = [[float(v.attrib[a]) for a in "xyz"] for v in model.iterfind(".//vertex", core)]
    corners = ("v1", "v2", "v3")
    faces = [[int(t.attrib[c]) for c in corners] for t in model.iterfind(".//triangle", core)]
    return trimesh.Trimesh(points, faces)


@pytest.mark.parametrize(("write", "file_type"), FORMATS)
def test_a_block_is_read_back_closed_and_of_its_size(
    write: Callable[[Solid], bytes], file_type: str
) -> None:
    mesh = read(write(demo_models.box(40, 25, 12)), file_type)

    assert mesh.is_watertight
    assert mesh.extents.tolist() == pytest.approx([40, 25, 12], abs=1e-4)
    assert mesh.volume == pytest.approx(40 * 25 * 12, rel=1e-5)


def test_a_binary_stl_has_the_size_its_count_says() -> None:
    content = demo_models.binary_stl(demo_models.box(1, 1, 1))

    assert len(content) == 84 + 50 * int.from_bytes(content[80:84], "little")


@pytest.mark.parametrize("request_", demo._requests(), ids=lambda request: request.file_name)
def test_every_demo_model_is_a_printable_solid(request_: demo.Request) -> None:
    mesh = read(request_.model, request_.file_name.rpartition(".")[2].lower())

    assert mesh.is_watertight
    assert mesh.volume > 0
    assert 10 < max(mesh.extents) < 200


def test_demo_mails_go_to_addresses_that_take_none() -> None:
    for request in demo._requests():
        address = request.fields()["student_email"]
        assert address.isascii()
        assert address.endswith("@example.com")
