"""Reads names of archives, one a line, and prints what Python's tarfile and libarchive (bsdtar's library) read of each:
a line of JSON, as ../peer-listing.ts has it, for both. Bytes of names are characters U+0000 to U+00FF."""

import ctypes
import hashlib
import json
import locale
import math
import os
import sys
import tarfile

KINDS = {
    b"0": "file", b"\0": "file", b"7": "file", b"S": "file", b"5": "directory", b"2": "symlink", b"1": "hardlink",
    b"3": "character", b"4": "block", b"6": "fifo",
}  # fmt: skip


MOST_CONTENT = 1 << 25  # more is a hole without end


def characters(name):
    return os.fsencode(name).decode("latin-1")


def digest(file):
    sha256, size = hashlib.sha256(), 0
    while piece := file.read(1 << 16):
        sha256.update(piece)
        size += len(piece)
        if size > MOST_CONTENT:
            raise tarfile.ReadError("too much content")
    return sha256.hexdigest(), size


EMPTY = hashlib.sha256().hexdigest()


def python_entry(archive, info):
    sha256, size = digest(archive.extractfile(info)) if info.isreg() else (EMPTY, 0)
    device = info.ischr() or info.isblk()
    return {
        "type": KINDS[info.type], "path": characters(info.name), "link": characters(info.linkname),
        "mode": info.mode & 0o7777, "uid": info.uid, "gid": info.gid, "size": size,
        "mtime": [math.floor(info.mtime)],  # a float: its fraction is none
        "major": info.devmajor if device else 0, "minor": info.devminor if device else 0, "sha256": sha256,
    }  # fmt: skip


def list_python(path):
    """As TarFile.next() goes on, but what it takes silently for the end of the archive is an error here."""
    entries = []
    with open(path, "rb") as file:
        try:
            archive = tarfile.TarFile(fileobj=file, encoding="utf-8", errors="surrogateescape", errorlevel=2)
            archive.firstmember = None
            file.seek(0)
            archive.offset = 0
            while True:
                start = archive.offset
                try:
                    info = tarfile.TarInfo.fromtarfile(archive)
                except (tarfile.EOFHeaderError, tarfile.EmptyHeaderError):
                    return {"entries": entries, "error": ""}
                if info.type not in KINDS:
                    raise tarfile.ReadError(f"type {info.type!r}")
                if archive.offset <= start:
                    raise tarfile.ReadError("a negative size, with which it would go round for ever")
                entries.append(python_entry(archive, info))
                file.seek(archive.offset)
        except Exception as error:  # it throws much: ReadError, ValueError, OverflowError, …
            return {"entries": entries, "error": f"{type(error).__name__}: {error}"}


libarchive = ctypes.CDLL("libarchive.so.13")
pointer, text, integer = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int64
SIGNATURES = {
    "read_new": [pointer], "read_free": [ctypes.c_int, pointer], "read_support_format_tar": [ctypes.c_int, pointer],
    "read_open_memory": [ctypes.c_int, pointer, text, ctypes.c_size_t], "error_string": [text, pointer],
    "read_next_header": [ctypes.c_int, pointer, ctypes.POINTER(pointer)],
    "read_data_block": [
        ctypes.c_int, pointer, ctypes.POINTER(pointer), ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(integer),
    ],
    "entry_pathname": [text, pointer], "entry_hardlink": [text, pointer], "entry_symlink": [text, pointer],
    "entry_filetype": [ctypes.c_uint, pointer], "entry_perm": [ctypes.c_uint, pointer],
    "entry_uid": [integer, pointer], "entry_gid": [integer, pointer], "entry_size": [integer, pointer],
    "entry_mtime": [integer, pointer], "entry_mtime_nsec": [ctypes.c_long, pointer],
    "entry_rdevmajor": [ctypes.c_uint64, pointer], "entry_rdevminor": [ctypes.c_uint64, pointer],
    "entry_xattr_reset": [ctypes.c_int, pointer],
    "entry_xattr_next": [
        ctypes.c_int, pointer, ctypes.POINTER(text), ctypes.POINTER(pointer), ctypes.POINTER(ctypes.c_size_t),
    ],
}  # fmt: skip
for name, (result, *arguments) in SIGNATURES.items():
    function = getattr(libarchive, f"archive_{name}")
    function.restype, function.argtypes = result, arguments

EOF, OK, WARN = 1, 0, -20
FILE_TYPES = {
    0o100000: "file", 0o040000: "directory", 0o120000: "symlink", 0o020000: "character", 0o060000: "block",
    0o010000: "fifo",
}  # fmt: skip


class LibarchiveError(Exception):
    pass


def libarchive_check(archive, status):
    if status < WARN:
        raise LibarchiveError((libarchive.archive_error_string(archive) or b"").decode("latin-1"))
    return status


def libarchive_content(archive, size):
    sha256, end = hashlib.sha256(), 0
    buffer, length, offset = pointer(), ctypes.c_size_t(), integer()
    while libarchive_check(archive, libarchive.archive_read_data_block(archive, buffer, length, offset)) != EOF:
        if offset.value + length.value > MOST_CONTENT:
            raise LibarchiveError("too much content")
        sha256.update(bytes(max(0, offset.value - end)))
        sha256.update(ctypes.string_at(buffer, length.value))
        end = offset.value + length.value
    if size > MOST_CONTENT:
        raise LibarchiveError("too much content")
    sha256.update(bytes(max(0, size - end)))
    return sha256.hexdigest(), max(size, end)


def libarchive_xattrs(entry):
    xattrs = {}
    name, value, length = text(), pointer(), ctypes.c_size_t()
    libarchive.archive_entry_xattr_reset(entry)
    while libarchive.archive_entry_xattr_next(entry, name, value, length) == OK:
        xattrs[name.value.decode("latin-1")] = ctypes.string_at(value, length.value).hex() if length.value else ""
    return xattrs


def libarchive_entry(archive, entry):
    get = lambda field: getattr(libarchive, f"archive_entry_{field}")(entry)
    link = get("hardlink")
    kind = "hardlink" if link is not None else FILE_TYPES.get(get("filetype"))
    if kind is None or get("pathname") is None:
        raise LibarchiveError("a name that the locale hasn't, or an unknown type")
    sha256, size = libarchive_content(archive, get("size")) if kind == "file" else (EMPTY, 0)
    device = kind in ("character", "block")
    return {
        "type": kind, "path": get("pathname").decode("latin-1"),
        "link": (link or get("symlink") or b"").decode("latin-1"), "mode": get("perm") & 0o7777,
        "uid": get("uid"), "gid": get("gid"), "size": size, "mtime": [get("mtime"), get("mtime_nsec")],
        "major": get("rdevmajor") if device else 0, "minor": get("rdevminor") if device else 0, "sha256": sha256,
        "xattrs": libarchive_xattrs(entry),
    }  # fmt: skip


def list_libarchive(path):
    entries = []
    with open(path, "rb") as file:
        content = file.read()
    archive = libarchive.archive_read_new()
    try:
        libarchive_check(archive, libarchive.archive_read_support_format_tar(archive))
        libarchive_check(archive, libarchive.archive_read_open_memory(archive, content, len(content)))
        entry = pointer()
        while libarchive_check(archive, libarchive.archive_read_next_header(archive, entry)) != EOF:
            entries.append(libarchive_entry(archive, entry))
        return {"entries": entries, "error": ""}
    except LibarchiveError as error:
        return {"entries": entries, "error": str(error)}
    finally:
        libarchive.archive_read_free(archive)


locale.setlocale(locale.LC_ALL, "C.UTF-8")
for line in sys.stdin:
    path = line.rstrip("\n")
    print(json.dumps({"python": list_python(path), "libarchive": list_libarchive(path)}), flush=True)
