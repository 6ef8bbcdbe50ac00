"""Windows: a limit of memory for this process, by a Job Object (winnt.h), which ends with it.

Written from Microsoft's documentation of `SetInformationJobObject`; it cannot be tried elsewhere.
"""

import ctypes
import sys

_EXTENDED_LIMIT_INFORMATION = 9
_PROCESS_MEMORY = 0x00000100
_KILL_ON_JOB_CLOSE = 0x00002000
_DIE_ON_UNHANDLED_EXCEPTION = 0x00000400


class _Basic(ctypes.Structure):
    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _Extended(ctypes.Structure):
    _fields_ = (
        ("BasicLimitInformation", _Basic),
        ("IoInfo", ctypes.c_uint64 * 6),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


def limit_memory(memory_mb: int) -> None:
    """Put this process into a job of its own. Raises: OSError when Windows refuses."""
    if sys.platform != "win32":
        raise OSError("there are Job Objects on Windows only")
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)
    kernel.CreateJobObjectW.restype = ctypes.c_void_p
    kernel.GetCurrentProcess.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel.CreateJobObjectW(None, None))
    limits = _Extended()
    limits.BasicLimitInformation.LimitFlags = (
        _PROCESS_MEMORY | _KILL_ON_JOB_CLOSE | _DIE_ON_UNHANDLED_EXCEPTION
    )
    limits.ProcessMemoryLimit = memory_mb << 20
    size = ctypes.sizeof(limits)
    is_set = kernel.SetInformationJobObject(
        job, _EXTENDED_LIMIT_INFORMATION, ctypes.byref(limits), size
    )
    me = ctypes.c_void_p(kernel.GetCurrentProcess())
    if not (job and is_set and kernel.AssignProcessToJobObject(job, me)):
        raise ctypes.WinError(ctypes.get_last_error())
