"""A model file as trimesh reads it, for the children that measure and draw."""

import io
from pathlib import Path
from typing import Any

import trimesh

from daemon.sandboxed import Refused


def load(path: str, suffix: str) -> trimesh.Scene:
    """The scene of a model that the guard has let pass. Raises: Refused.

    Materials are never loaded: they are other files, at whatever place the model names. Lines may
    end as they did on old Macs, which trimesh does not know.
    """
    data = Path(path).read_bytes()
    if b"\0" not in data[:400]:  # a text
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    more: dict[str, Any] = {"skip_materials": True} if suffix == ".obj" else {}
    try:
        scene = trimesh.load_scene(io.BytesIO(data), file_type=suffix[1:], **more)
    except MemoryError:
        raise
    except Exception as error:  # whatever a parser trips over: it is the file's fault
        raise Refused(f"it cannot be read ({type(error).__name__})") from error
    surfaces = [mesh for mesh in scene.geometry.values() if isinstance(mesh, trimesh.Trimesh)]
    if not any(len(mesh.faces) for mesh in surfaces):
        raise Refused("it holds no surface")
    return scene
