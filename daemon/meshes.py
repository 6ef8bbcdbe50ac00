"""A model's surface as VTK has it, for the child that draws. STL and OBJ are read by VTK itself,
which takes a tenth of the time; 3MF, with its units and components, by trimesh."""

from typing import Any

import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray, vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkStaticCleanPolyData, vtkTriangleFilter
from vtkmodules.vtkIOGeometry import vtkOBJReader, vtkSTLReader

_FLAT = 0.02  # of the height: how far above the lowest point a surface still lies on the ground


def read(path: str, suffix: str) -> Any:
    """The surface as vtkPolyData of triangles, equal points merged, standing as it would be seen.

    What cannot be read comes back without triangles.
    """
    mesh = _from_vtk(path, suffix) if suffix != ".3mf" else None
    if mesh is None or not mesh.GetNumberOfPolys():  # a corner that is no number spoils all of it
        mesh = _from_trimesh(path, suffix)
    return _lay_down(mesh) if suffix == ".obj" else mesh


def _from_vtk(path: str, suffix: str) -> Any:
    reader: Any = vtkSTLReader() if suffix == ".stl" else vtkOBJReader()
    reader.SetFileName(path)
    if suffix == ".stl":
        reader.MergingOff()  # done faster below
    triangles = vtkTriangleFilter()
    triangles.SetInputConnection(reader.GetOutputPort())
    clean = vtkStaticCleanPolyData()
    clean.SetInputConnection(triangles.GetOutputPort())
    clean.Update()
    return clean.GetOutput()


def _from_trimesh(path: str, suffix: str) -> Any:
    from daemon.scenes import load  # noqa: PLC0415 -- not needed for most

    mesh = load(path, suffix).to_mesh()
    return _polydata(mesh.vertices, mesh.faces)


def _polydata(vertices: Any, faces: Any) -> Any:
    points = vtkPoints()
    points.SetData(numpy_to_vtk(np.ascontiguousarray(vertices, dtype=np.float32), deep=True))
    starts = np.arange(0, 3 * len(faces) + 1, 3, dtype=np.int64)
    corners = np.ascontiguousarray(faces, dtype=np.int64).ravel()
    cells = vtkCellArray()
    cells.SetData(
        numpy_to_vtkIdTypeArray(starts, deep=True), numpy_to_vtkIdTypeArray(corners, deep=True)
    )
    mesh = vtkPolyData()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    return mesh


def _lay_down(mesh: Any) -> Any:
    """An OBJ, turned about x where y is plainly its up: no format says, and programs disagree.

    It is taken to stand on y when far more of its surface lies flat at the bottom of y than of z.
    """
    if not mesh.GetNumberOfPolys():
        return mesh
    vertices = vtk_to_numpy(mesh.GetPoints().GetData()).astype(float)
    faces = vtk_to_numpy(mesh.GetPolys().GetConnectivityArray()).reshape(-1, 3)
    if _flat_area(vertices, faces, 1) > 2 * _flat_area(vertices, faces, 2):
        return _polydata(vertices[:, [0, 2, 1]] * (1, -1, 1), faces)
    return mesh


def _flat_area(vertices: Any, faces: Any, axis: int) -> float:
    """How much of the surface lies on the ground if this axis is up, in the unit squared."""
    along = vertices[:, axis]
    ground = along.min() + _FLAT * (np.ptp(along) or 1.0)
    low = faces[(along[faces] <= ground).all(axis=1)]
    a, b, c = (vertices[low[:, corner]] for corner in range(3))
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
