"""A child of `sandbox`: draws a model, or takes a picture as it is, and makes thumbnails of it.

    python -m daemon.sandboxed … drawing SUFFIX PATH      a model
    python -m daemon.sandboxed … drawing KIND             a picture, on the standard input

The answer is one WebP a size, each after its length in 4 bytes, little-endian. VTK draws off
screen; without OSMesa it would crash rather than say so, which is one reason for the child. Wand
finishes; it is given bytes of a known form and never a name, which ImageMagick might take for more.
"""

import ctypes.util
import io
import os
import struct
import sys
from typing import Any

from daemon.sandboxed import Refused

SIZES = (96, 200, 400)  # pixels, the side of a square
KINDS = ("png", "jpg", "qoi")
_DRAWN = 800  # pixels, before it is made smaller
_MOST_PIXELS = 4096 * 4096
_MARGIN = 0.04  # of the side, left free around the model
_COLOR = (0.44, 0.60, 0.77)  # steel, seen well on white and on black
_EDGES = (0.13, 0.22, 0.33)
_EDGE_DEGREES = 35.0  # a sharper fold than that is drawn as an edge
_MOST_EDGED = 200_000  # triangles; beyond it edges would be all there is to see
_FROM = (-35.0, 25.0)  # the camera: degrees around the model, degrees above it


def main(arguments: list[str]) -> None:
    """Write the thumbnails to the standard output. Raises: Refused."""
    if arguments[0] in KINDS:
        picture = _png(sys.stdin.buffer.read(), arguments[0])
    else:
        suffix, path = arguments
        picture = draw(path, suffix)
    for webp in finish(picture):
        sys.stdout.buffer.write(struct.pack("<I", len(webp)) + webp)


def unpack(answer: bytes) -> dict[int, bytes]:
    """What `main` has written, by size. Raises: ValueError when it is not that."""
    found: dict[int, bytes] = {}
    for size in SIZES:
        (length,) = struct.unpack_from("<I", answer)
        found[size], answer = answer[4 : 4 + length], answer[4 + length :]
        if len(found[size]) != length or not found[size].startswith(b"RIFF"):
            raise ValueError("no pictures")
    return found


def missing_libraries() -> list[str]:
    """What pictures need and this computer lacks, in words; empty when they can be made."""
    missing = []
    if sys.platform == "linux" and ctypes.util.find_library("OSMesa") is None:
        missing.append("OSMesa (Debian: libosmesa6)")
    try:
        import wand.api  # noqa: F401, PLC0415 -- fails where ImageMagick is not there
    except ImportError:
        missing.append("ImageMagick's MagickWand (Debian: libmagickwand-6.q16-6)")
    return missing


# Drawing


def draw(path: str, suffix: str) -> bytes:
    """A PNG of the model, seen from above and the front, on nothing. Raises: Refused."""
    if sys.platform == "linux":
        os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = "vtkOSOpenGLRenderWindow"
    from daemon.meshes import read  # noqa: PLC0415 -- VTK takes half a second to load

    mesh = read(path, suffix)
    if not mesh.GetNumberOfPolys():
        raise Refused("it holds no surface that could be drawn")
    return _shot(mesh)


def _shot(mesh: Any) -> bytes:
    import vtkmodules.vtkRenderingOpenGL2  # noqa: F401, PLC0415 -- it registers what draws
    from vtkmodules.vtkIOImage import vtkPNGWriter  # noqa: PLC0415
    from vtkmodules.vtkRenderingCore import (  # noqa: PLC0415
        vtkLightKit,
        vtkRenderer,
        vtkRenderWindow,
        vtkWindowToImageFilter,
    )

    scene = vtkRenderer()
    scene.SetBackgroundAlpha(0)
    scene.AddActor(_surface(mesh))
    if mesh.GetNumberOfPolys() < _MOST_EDGED:
        scene.AddActor(_edges(mesh))
    lights = vtkLightKit()
    lights.SetKeyLightIntensity(1.1)
    lights.SetKeyToFillRatio(4)
    lights.AddLightsToRenderer(scene)
    window = vtkRenderWindow()
    window.SetOffScreenRendering(1)
    window.SetMultiSamples(8)
    window.SetAlphaBitPlanes(1)
    window.SetSize(_DRAWN, _DRAWN)
    window.AddRenderer(scene)
    _aim(scene, mesh)
    window.Render()
    grab = vtkWindowToImageFilter()
    grab.SetInput(window)
    grab.SetInputBufferTypeToRGBA()
    grab.ReadFrontBufferOff()
    writer = vtkPNGWriter()
    writer.WriteToMemoryOn()
    writer.SetInputConnection(grab.GetOutputPort())
    writer.Write()
    return bytes(memoryview(writer.GetResult()))


def _surface(mesh: Any) -> Any:
    from vtkmodules.vtkFiltersCore import vtkPolyDataNormals  # noqa: PLC0415
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper  # noqa: PLC0415

    normals = vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SetFeatureAngle(_EDGE_DEGREES)
    normals.ConsistencyOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(normals.GetOutputPort())
    mapper.ScalarVisibilityOff()
    actor = vtkActor()
    actor.SetMapper(mapper)
    look = actor.GetProperty()
    look.SetColor(*_COLOR)
    look.SetAmbient(0.18)
    look.SetDiffuse(0.82)
    look.SetSpecular(0.18)
    look.SetSpecularPower(28)
    return actor


def _edges(mesh: Any) -> Any:
    from vtkmodules.vtkFiltersCore import vtkFeatureEdges  # noqa: PLC0415
    from vtkmodules.vtkRenderingCore import vtkActor, vtkPolyDataMapper  # noqa: PLC0415

    edges = vtkFeatureEdges()
    edges.SetInputData(mesh)
    edges.SetFeatureAngle(_EDGE_DEGREES)
    edges.BoundaryEdgesOff()
    edges.NonManifoldEdgesOff()
    edges.ColoringOff()
    mapper = vtkPolyDataMapper()
    mapper.SetInputConnection(edges.GetOutputPort())
    mapper.ScalarVisibilityOff()
    mapper.SetResolveCoincidentTopologyToPolygonOffset()
    actor = vtkActor()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*_EDGES)
    actor.GetProperty().SetLineWidth(1.6)
    actor.GetProperty().LightingOff()
    return actor


def _aim(scene: Any, mesh: Any) -> None:
    """Look at the model without perspective, so that it fills the picture and no more."""
    import numpy as np  # noqa: PLC0415
    from vtkmodules.util.numpy_support import vtk_to_numpy  # noqa: PLC0415

    around, above = np.radians(_FROM)
    towards = np.array(
        [np.sin(around) * np.cos(above), -np.cos(around) * np.cos(above), np.sin(above)]
    )
    right = np.cross(-towards, (0, 0, 1.0))
    right /= np.linalg.norm(right)
    up = np.cross(right, -towards)
    points = vtk_to_numpy(mesh.GetPoints().GetData()).astype(float)
    middle = (points.max(0) + points.min(0)) / 2
    x, y = (points - middle) @ right, (points - middle) @ up
    middle = middle + (x.max() + x.min()) / 2 * right + (y.max() + y.min()) / 2 * up
    far = float(np.linalg.norm(points.max(0) - points.min(0))) or 1.0
    camera = scene.GetActiveCamera()
    camera.ParallelProjectionOn()
    camera.SetFocalPoint(*middle)
    camera.SetPosition(*(middle + towards * 2 * far))
    camera.SetViewUp(0, 0, 1)
    camera.SetParallelScale(max(np.ptp(x), np.ptp(y)) / 2 * (1 + 2 * _MARGIN) or 1.0)
    scene.ResetCameraClippingRange()


# Finishing


def _png(data: bytes, kind: str) -> bytes:
    """A picture of a slicer's as PNG; QOI is what ImageMagick does not know. Raises: Refused."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415

    try:
        with Image.open(io.BytesIO(data), formats=["PNG", "JPEG", "QOI"]) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise Refused(f"its {kind} picture is {image.width} × {image.height} pixels")
            plain = io.BytesIO()
            image.convert("RGBA").save(plain, "PNG", compress_level=1)
            return plain.getvalue()
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        OSError,
        ValueError,
        SyntaxError,
    ) as error:
        raise Refused(f"its {kind} picture cannot be read ({error})") from None


def finish(picture: bytes) -> list[bytes]:
    """A WebP of each size: what is to be seen, centred in a square on nothing. Raises: Refused."""
    missing = missing_libraries()
    if missing:
        raise Refused(f"{missing[-1]} is missing on this computer")
    from wand.color import Color  # noqa: PLC0415
    from wand.image import Image  # noqa: PLC0415

    with Image(blob=picture, format="png") as image:
        image.trim(color=Color("transparent"))
        side = round(max(image.width, image.height) * (1 + 2 * _MARGIN))
        image.background_color = Color("transparent")
        image.extent(side, side, gravity="center")
        found = []
        for size in SIZES:
            with image.clone() as small:
                small.resize(size, size, filter="lanczos")
                small.compression_quality = 85
                small.strip()
                found.append(small.make_blob("webp"))
        return found
