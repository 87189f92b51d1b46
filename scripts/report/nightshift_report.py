#!/usr/bin/env python3
"""Reports a job to Nightshift: its start, life, progress, checkpoints and end. Never slows, stops or changes the job.

One file, standard library only, Python 3.9 and later; Linux, and in a reduced way macOS. As a command:

  nightshift_report.py exec --job ID [--grace 10s] [--linger 2s] [--may-retry] [--max-runtime 24h]
                       [--progress-file FILE] [--tail 4k] [--on-ended continue|stop] -- COMMAND...
  nightshift_report.py start | beat | progress [FRACTION] [--step N] [--of N] [--note TEXT]
  nightshift_report.py checkpoint URI [--step N] | end completed|failed|cancelled [--exit-code N] [--error TEXT]
  nightshift_report.py sync [--wait 10m] | status

and everywhere --job, --source, --url, --outbox, --strict, or NIGHTSHIFT_JOB, _SOURCE, _URL, _OUTBOX. As a library:

  import nightshift_report as ns
  ns.progress(step=100, of=1000)                    # below `exec`, or inside `with ns.job("train-1"):`
  ns.checkpoint("gs://bucket/run/ckpt-100/", step=100)

`python3 -m nightshift_report` does the same with 5 MB less, where Python may keep what it compiled (__pycache__): of a
script it never does. Every report carries the whole state of an execution so far. It is on disk, in the outbox, before it is sent, and stays
there until the server has settled it. Whoever sends is a thread of its own: nothing waits for the network.
"""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import sys
import threading
import time
import zlib
from functools import lru_cache

TYPE_CHECKING = False  # As typing.TYPE_CHECKING, without the memory that importing typing takes.
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any, NoReturn, Optional

    Json = dict[str, Any]
    Batch = list[tuple["Execution", Json]]
    Answer = tuple[int, Mapping[str, str], bytes]

END_BYTES = 4096
MOST_EVENTS, MOST_EXECUTIONS, MOST_OUTBOX_BYTES = 1000, 10_000, 64 * 1024**2
MOST_REJECTED, MOST_REJECTED_BYTES = 100, 1024**2
MOST_REPORTS, MOST_JOBS, MOST_BODY_BYTES, MOST_ANSWER_BYTES = 500, 100, 240 * 1024, 4 * 1024**2
MOST_NOTE, MOST_ERROR_BYTES = 500, 2000

# Seconds.
TICK, PROGRESS_FILE_EVERY, DURABLE_EVERY = 1.0, 2.0, 30.0
PROGRESS_EVERY, OTHERS_EVERY, FIRST_HEARTBEAT = 5.0, 60.0, 60.0
REQUEST_LIMIT, TOKEN_LIMIT, VERB_LIMIT, PREEMPTED_LIMIT = 20.0, 15.0, 3.0, 3.0
FIRST_BACK_OFF, REFUSED_BACK_OFF, LONGEST_BACK_OFF, LONGEST_RETRY_AFTER = 1.0, 30.0, 300.0, 3600.0
STALE, HOUR = 60.0, 3600.0

# ---------------------------------------------------------------------------------------------------------------------
# What a person is told

_told: dict[str, float] = {}


def tell(text: str, *, once: str = "") -> None:
    """Writes one line on stderr; with `once`, at most one of that name an hour."""
    now = time.monotonic()
    if once and now - _told.get(once, -HOUR) < HOUR:
        return
    _told[once] = now
    try:
        os.write(2, f"nightshift: {on_one_line(text)}\n".encode())
    except OSError:
        pass  # Nobody reads it: no reason to hold up the job.


def on_one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def reason_of(error: BaseException) -> str:
    """The shortest word for an error: ECONNREFUSED, ENOSPC, ..."""
    code = errno.errorcode.get(getattr(error, "errno", None) or 0)
    return code or on_one_line(str(error))[:200] or type(error).__name__


# ---------------------------------------------------------------------------------------------------------------------
# Time, ids and processes


def read_text(path: str) -> str:
    """A small file of the kernel; empty where there is none, as on macOS."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return ""


def pid_namespace() -> Optional[str]:
    try:
        return os.readlink("/proc/self/ns/pid")
    except OSError:
        return None


BOOT_ID = read_text("/proc/sys/kernel/random/boot_id") or f"process:{os.urandom(4).hex()}"
PID_NAMESPACE = pid_namespace()


def stamp() -> Json:
    """This instant: by the wall clock, and in milliseconds since the boot, sleep included, which nobody can set."""
    uptime = read_text("/proc/uptime").split()
    boot_ms = round(float(uptime[0]) * 1000) if uptime else round(time.monotonic() * 1000)
    return {"at": iso(time.time() * 1000), "bootMs": boot_ms, "bootId": BOOT_ID}


def iso(ms: float) -> str:
    seconds, rest = divmod(int(ms), 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"


def ms_of(text: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def dice() -> float:
    """At random in [0, 1), without what importing `random` takes."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def new_ulid() -> str:
    number = int(time.time() * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> shift & 31] for shift in range(125, -1, -5))


def start_of(pid: int) -> Optional[str]:
    """When a process started (field 22 of its stat), so that a pid used again is not taken for it; `None` once dead."""
    fields = read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return None if len(fields) < 20 or fields[0] in "ZX" else fields[19]


def process_of(pid: int) -> Json:
    return {"pid": pid, "start": start_of(pid)}


def is_alive(process: Optional[Json], holder: Json) -> Optional[bool]:
    """Whether a process that `holder` names lives; `None` where that cannot be known: other boot, namespace or system."""
    is_here = holder.get("bootId") == BOOT_ID and holder.get("pidns") == PID_NAMESPACE is not None
    if not process or not process.get("start") or not is_here or not start_of(os.getpid()):
        return None
    return bool(start_of(process["pid"]) == process["start"])


# ---------------------------------------------------------------------------------------------------------------------
# Files: one line of JSON with its checksum, replaced as a whole


class Unreadable(Exception):
    """A file is there and cannot be understood: never the same as absent."""


LINE = re.compile(rb'\{"v":1,"crc":"([0-9a-f]{8})","d":(\{.*\})\}\s*', re.DOTALL)


def to_json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def pack(value: Json) -> bytes:
    body = to_json(value)
    return b'{"v":1,"crc":"%08x","d":%s}\n' % (zlib.crc32(body), body)


def read_line(path: str) -> Json:
    """Empty where the file is absent or blank. Raises Unreadable, having told so."""
    try:
        with open(path, "rb") as file:
            line = file.read()
        match = LINE.fullmatch(line)
        if line.strip() and not match:
            raise ValueError("not a line of ours")
        if match and int(match[1], 16) != zlib.crc32(match[2]):
            raise ValueError("its checksum is wrong")
        value: Json = json.loads(match[2]) if match else {}
        return value
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        tell(f"cannot read {path}: {reason_of(error)}; ignored", once=path)
        raise Unreadable(path) from error


def read_whole(path: str, **kinds: type) -> Json:
    """As read_line; where there is something, it also has these keys, of these kinds."""
    value = read_line(path)
    missing = [key for key, kind in kinds.items() if not isinstance(value.get(key), kind)]
    if value and missing:
        tell(f"cannot read {path}: no {missing[0]}; ignored", once=path)
        raise Unreadable(path)
    return value


def write_line(path: str, value: Json, *, durable: bool = False) -> None:
    """Replaces a file as a whole; with `durable` it also outlives a loss of power. Raises OSError."""
    temporary = os.path.join(os.path.dirname(path), f".tmp-{os.urandom(4).hex()}")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        write_all(fd, pack(value), durable=durable)
        os.replace(temporary, path)
    except OSError:
        remove(temporary)
        raise
    if durable:
        sync_folder(os.path.dirname(path))


def write_all(fd: int, data: bytes, *, durable: bool) -> None:
    """Writes to a file just opened, and closes it."""
    try:
        while data:
            data = data[os.write(fd, data) :]
        if durable:
            os.fsync(fd)
    finally:
        os.close(fd)


def sync_folder(path: str) -> None:
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def remove_folder(path: str) -> None:
    """Removes a folder of files, as far as possible."""
    try:
        for name in os.listdir(path):
            remove(os.path.join(path, name))
        os.rmdir(path)
    except OSError:
        pass


def names_in(path: str) -> list[str]:
    """The names in a folder in order, without those that are still being written; none where it cannot be listed."""
    try:
        return sorted(name for name in os.listdir(path) if not name.startswith("."))
    except OSError:
        return []


class Lock:
    """A file that only one process can make; free again once it is removed, its maker is dead, or it is old."""

    def __init__(self, path: str) -> None:
        self.path = path

    def take(self, wait: float = 0.0) -> bool:
        until = time.monotonic() + wait
        while True:
            try:
                fd = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                write_all(
                    fd, pack({**process_of(os.getpid()), "bootId": BOOT_ID, "pidns": PID_NAMESPACE}), durable=False
                )
                return True
            except FileExistsError:
                if self.is_stale():
                    self.free()
                elif time.monotonic() >= until:
                    return False
                else:
                    time.sleep(0.02)
            except OSError:
                return False

    def is_stale(self) -> bool:
        try:
            holder = read_line(self.path)
            return time.time() - os.stat(self.path).st_mtime > STALE or is_alive(holder, holder) is False
        except (OSError, Unreadable):
            return False

    def free(self) -> None:
        remove(self.path)


# ---------------------------------------------------------------------------------------------------------------------
# The outbox: a folder per execution


class Folder:
    """What the outbox holds of one execution. One process writes it; anybody may read it and send what it holds."""

    last_event_ms = 0  # Of this process.

    def __init__(self, outbox: str, execution: str) -> None:
        self.outbox = outbox
        self.execution = execution
        self.path = os.path.join(outbox, execution)

    def file(self, name: str) -> str:
        return os.path.join(self.path, name)

    def make(self, opened: Json) -> None:
        """Makes it, with room reserved for the end; on disk when it returns. Raises OSError, leaving nothing."""
        os.mkdir(self.path, 0o700)
        try:
            self.write_end(b"")
            write_line(self.file("open.json"), opened, durable=True)
            sync_folder(self.outbox)
        except OSError:
            self.delete()
            raise

    def write_end(self, line: bytes) -> None:
        """Writes in place: the room is there also on a disk that has become full."""
        fd = os.open(self.file("end.json"), os.O_WRONLY | os.O_CREAT, 0o600)
        write_all(fd, line.ljust(END_BYTES), durable=True)
        sync_folder(self.path)

    def leave_event(self, kind: str, told: Json) -> None:
        """Leaves word for the writer of this folder. Raises OSError."""
        events = self.file("events")
        os.makedirs(events, 0o700, exist_ok=True)
        if len(os.listdir(events)) >= MOST_EVENTS:
            raise OSError(f"{MOST_EVENTS} events wait already")
        event = {"kind": kind, **stamp(), **told}
        # The names are the order, and the kernel tells the time since the boot in steps of 10 ms.
        Folder.last_event_ms = max(event["bootMs"], Folder.last_event_ms + 1)
        name = f"{Folder.last_event_ms:015d}-{os.urandom(4).hex()}.json"
        write_line(os.path.join(events, name), event, durable=kind in ("checkpoint", "end"))

    def events(self) -> Iterator[tuple[str, Json]]:
        """Path and content of each event that can be read, in their order."""
        for name in names_in(self.file("events")):
            path = self.file(f"events/{name}")
            try:
                event = read_line(path)
            except Unreadable:
                continue
            kind = event.get("kind")
            if kind in ("progress", "checkpoint", "end") and not isinstance(event.get(kind), dict):
                tell(f"cannot read {path}: it has no {kind}; ignored", once=path)
            elif event:
                yield path, event

    def is_renewed_within(self, seconds: float) -> bool:
        """Whether its newest report was written less than so long ago; one of later than now was not."""
        try:
            return 0 <= time.time() - os.stat(self.file("now.json")).st_mtime < seconds
        except OSError:
            return False

    def bytes(self) -> int:
        paths = [
            self.file(name)
            for name in (*names_in(self.path), *(f"events/{e}" for e in names_in(self.file("events"))))
        ]
        return sum(os.stat(path).st_size for path in paths if os.path.isfile(path))

    def delete(self) -> None:
        """Removes it all, in an order in which what an interruption leaves is never taken for an orphan."""
        remove(self.file("open.json"))
        remove(self.file("now.json"))
        remove_folder(self.file("events"))
        remove(self.file("end.json"))
        remove_folder(self.path)

    def is_done(self) -> bool:
        """Whether nothing is left to deliver, and nobody goes on: what an interrupted start or `delete` left, once it is old."""
        try:
            end, sent = read_whole(self.file("end.json"), **REPORTED), read_whole(self.file("sent"), seq=int)
            is_old = time.time() - os.stat(self.path).st_mtime > STALE
        except (OSError, Unreadable):
            return False
        if end:
            return bool(end["seq"] <= sent.get("seq", 0))
        return is_old and not os.path.exists(self.file("open.json"))


def outbox_path(given: Optional[str]) -> str:
    state = os.environ.get("XDG_STATE_HOME", "")
    home = os.path.join(state, "nightshift/outbox") if os.path.isabs(state) else f"/tmp/nightshift-{os.getuid()}"
    return os.path.abspath(given or os.environ.get("NIGHTSHIFT_OUTBOX") or home)


def usable_outbox(path: str) -> Optional[str]:
    """`path`, made where it is missing; `None`, told why, where it cannot be used."""
    try:
        os.makedirs(path, 0o700, exist_ok=True)
        # In /tmp anybody may have put a folder or a link of that name, to read our reports or have us write elsewhere.
        if path.startswith("/tmp/nightshift-") and (os.path.islink(path) or os.stat(path).st_uid != os.getuid()):
            raise OSError("it belongs to somebody else")
        if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            raise OSError(errno.EACCES, "not writable")
        return path
    except OSError as error:
        tell(f"no outbox: {path}: {reason_of(error)}; reports are kept in memory only")
        return None


def folders_of(outbox: str) -> list[Folder]:
    """Oldest first."""
    return [Folder(outbox, name) for name in names_in(outbox) if ULID.fullmatch(name)]


def why_full(outbox: str) -> str:
    """Why another execution has no room; empty when it has. Asked before a job starts, so it is quick."""
    if len(folders_of(outbox)) >= MOST_EXECUTIONS:
        return f"{MOST_EXECUTIONS} executions wait already"
    try:
        size = read_line(os.path.join(outbox, "size.json")).get("bytes", 0)
    except Unreadable:
        size = 0
    return f"{MOST_OUTBOX_BYTES} bytes wait already" if size >= MOST_OUTBOX_BYTES else ""


def make_room(outbox: str) -> None:
    """Measures the outbox for who comes next; where it is full, executions go of which all is delivered. Raises OSError."""
    sizes = {folder.execution: folder.bytes() for folder in folders_of(outbox)}
    for execution in readable_in(outbox):
        if len(sizes) < MOST_EXECUTIONS and sum(sizes.values()) < MOST_OUTBOX_BYTES:
            break
        if execution.folder and execution.is_settled() and not execution.has_writer():
            execution.folder.delete()
            sizes.pop(execution.folder.execution)
    size = {"bytes": sum(sizes.values()), "executions": len(sizes), "at": stamp()["at"]}
    write_line(os.path.join(outbox, "size.json"), size)


def keep_rejected(outbox: str, refused: Json) -> None:
    """Keeps a report that the server refused, with its words; the newest of them, within bounds. Raises OSError."""
    folder = os.path.join(outbox, "rejected")
    os.makedirs(folder, 0o700, exist_ok=True)
    name = f"{refused['report']['execution']}-{refused['report']['seq']}.json"
    write_line(os.path.join(folder, name), refused, durable=True)
    sizes = {path: os.stat(path).st_size for path in (os.path.join(folder, name) for name in names_in(folder))}
    for path in list(sizes)[:-1]:
        if len(sizes) <= MOST_REJECTED and sum(sizes.values()) <= MOST_REJECTED_BYTES:
            break
        remove(path)
        del sizes[path]


# ---------------------------------------------------------------------------------------------------------------------
# One execution, as its writer knows it

OPENED = {
    "execution": str,
    "job": str,
    "source": str,
    "url": str,
    "host": str,
    "startedAt": str,
    "startedBootMs": int,
}
REPORTED = {"job": str, "execution": str, "seq": int, "at": str, "state": str}
FACTS = ("progress", "checkpoint", "stopping", "migrations", "end")
REPORT_KEYS = (
    "job execution seq at bootMs bootId startedAt state host pid attempt program "
    "progress checkpoint stopping migrations clockStepMs end"
).split()


class Execution:
    """The newest report of an execution: in memory and, where there is a folder, on disk before anybody sends it."""

    def __init__(self, opened: Json, folder: Optional[Folder]) -> None:
        self.opened = opened
        self.folder = folder
        self.newest: Json = {}
        self.acknowledged = 0
        self.state = "running"
        self.facts: Json = {}
        self.told_end: Json = {}  # What the job itself said of its end.
        self.written_at = self.durable_at = time.monotonic()
        self.lock = threading.RLock()

    @staticmethod
    def begin(settings: Settings, program: Optional[str], *, has_writer: bool, name: str = "") -> Execution:
        """A new one, kept in memory only where it cannot be kept on disk, or has a `name` that another process gave it."""
        now = stamp()
        tries = os.environ.get("CLOUD_RUN_TASK_ATTEMPT", "")
        opened: Json = {
            "execution": name or new_ulid(),
            "job": settings.job,
            "source": settings.source,
            "url": settings.url,
            "jobToken": settings.job_token,
            "host": os.uname().nodename,
            "attempt": int(tries) + 1 if tries.isdigit() else 1,
            "bootId": BOOT_ID,
            "pidns": PID_NAMESPACE,
            "writer": process_of(os.getpid()) if has_writer else None,
            "child": None,
            "program": program,
            "startedAt": now["at"],
            "startedBootMs": now["bootMs"],
            "mayRetry": settings.may_retry,
        }
        folder = None
        if settings.outbox and not settings.problems and not name:
            folder = Folder(settings.outbox, opened["execution"])
            try:
                full = why_full(folder.outbox)
                if full:
                    raise OSError(full)
                folder.make(opened)
            except OSError as error:
                tell(f"no outbox: {folder.outbox}: {reason_of(error)}; reports are kept in memory only")
                folder = None
        return Execution(opened, folder)

    @staticmethod
    def load(folder: Folder) -> Optional[Execution]:
        """What a folder holds; `None` where nothing has begun. Raises Unreadable, having told so."""
        opened = read_whole(folder.file("open.json"), **OPENED)
        if not opened and read_line(folder.file("end.json")):
            tell(f"cannot read {folder.file('open.json')}: it is missing; ignored", once=folder.path)
            raise Unreadable(folder.path)
        execution = Execution(opened, folder)
        execution.reload()
        return execution if opened else None

    def reload(self) -> None:
        """Raises Unreadable where the end cannot be read."""
        if self.folder:
            end = read_whole(self.folder.file("end.json"), **REPORTED)
            sent = read_whole(self.folder.file("sent"), seq=int)
            try:
                self.newest = end or read_whole(self.folder.file("now.json"), **REPORTED)
            except Unreadable:
                self.newest = {}  # What is known from the start has to do.
            self.state = self.newest.get("state", "running")
            self.facts = {key: self.newest.get(key) for key in FACTS}
            self.acknowledged = sent.get("seq", 0)

    def is_over(self) -> bool:
        return self.state == "gone" or bool(self.facts.get("end"))

    def is_settled(self) -> bool:
        return bool(self.acknowledged >= self.newest.get("seq", 0))

    def has_writer(self) -> bool:
        return is_alive(self.opened.get("writer"), self.opened) is True

    def set_child(self, pid: int) -> None:
        self.opened = {**self.opened, "child": process_of(pid)}
        self.on_disk(lambda folder: write_line(folder.file("open.json"), self.opened))

    def report(self, *, durable: bool = False, **facts: object) -> None:
        """Makes the next report of what is known and what is new, unless it has ended. A `None` changes nothing."""
        with self.lock:
            if not self.is_over():
                self.facts.update({key: value for key, value in facts.items() if value is not None})
                self.write(durable)

    def add_progress(self, progress: Json) -> None:
        with self.lock:
            self.report(progress={**(self.facts.get("progress") or {}), **progress})

    def end(self, end: Json) -> None:
        """The end, or a better word on it."""
        with self.lock:
            self.facts["end"] = end
            self.write(durable=True)

    def tell_gone(self) -> None:
        """Nobody is left who knows how it ended."""
        with self.lock:
            self.state = "gone"
            self.write(durable=True)

    def write(self, durable: bool) -> None:
        self.newest = self.next_report()
        self.written_at = time.monotonic()
        durable = durable or self.written_at - self.durable_at >= DURABLE_EVERY
        if self.facts.get("end"):
            self.on_disk(lambda folder: folder.write_end(self.end_line()))
        else:
            self.on_disk(lambda folder: write_line(folder.file("now.json"), self.newest, durable=durable))
        self.durable_at = self.written_at if durable else self.durable_at

    def next_report(self) -> Json:
        now, opened, end = stamp(), self.opened, self.facts.get("end")
        known: Json = {"state": self.state, "startedAt": opened["startedAt"], **self.facts}
        if now["bootId"] == opened.get("bootId"):
            # Both times of a report are told by one clock, whatever was done to it since the start.
            started = ms_of(now["at"]) - (now["bootMs"] - opened["startedBootMs"])
            step = round(started - ms_of(opened["startedAt"]))
            known.update(startedAt=iso(started), clockStepMs=step if abs(step) > 2000 else None)
        known.update({key: opened.get(key) for key in ("job", "execution", "host", "attempt", "program")}, **now)
        known.update(
            seq=max(self.newest.get("seq", 0), self.acknowledged) + 1, pid=(opened.get("child") or {}).get("pid")
        )
        if end:
            known["state"] = end["state"]
        return {key: known.get(key) for key in REPORT_KEYS if known.get(key) is not None or key == "end"}

    def end_line(self) -> bytes:
        """The line of end.json: in the room reserved for it, the beginning of the error gives way, then the note."""
        while len(line := pack(self.newest)) > END_BYTES:
            end, progress = self.newest["end"], self.newest.get("progress") or {}
            if end["error"]:
                self.newest = {**self.newest, "end": {**end, "error": end["error"][64:]}}
            elif progress.get("note"):
                self.newest = {**self.newest, "progress": {**progress, "note": progress["note"][:-64]}}
            else:
                raise OSError(errno.EFBIG, "the end is too long")
        return line

    def on_disk(self, write: Callable[[Folder], None]) -> None:
        """Writes, where there is a folder; a disk that fails is told of, and no trouble of the job."""
        if self.folder:
            try:
                write(self.folder)
            except OSError as error:
                path = self.folder.path
                tell(f"cannot write into {path}: {reason_of(error)}; reports are kept in memory only", once=path)

    def fold(self) -> set[str]:
        """Takes what others left into the next report; returns of which kinds it was."""
        with self.lock:
            kinds, paths = self.take_in()
            if paths:
                self.report(durable="checkpoint" in kinds)
            for path in paths:
                remove(path)
            return kinds

    def take_in(self) -> tuple[set[str], list[str]]:
        """Takes in what others left: its kinds, and the files that may go once it is in a report.

        A word on the end stays until there is an end: whoever holds this execution may be killed before.
        """
        kinds, paths = set(), []
        for path, event in self.folder.events() if self.folder else ():
            kind = event.get("kind")
            if kind == "end":
                self.told_end = event["end"]
                continue
            if kind == "progress":
                self.facts["progress"] = {**(self.facts.get("progress") or {}), **event["progress"]}
            elif kind == "checkpoint":
                self.facts["checkpoint"] = event["checkpoint"]
            elif kind == "migration":
                self.facts["migrations"] = (self.facts.get("migrations") or 0) + 1
            kinds.add(str(kind))
            paths.append(path)
        return kinds, paths

    def settle(self, report: Json) -> None:
        """Notes that the server has settled a report; the execution goes once that was its last."""
        with self.lock:
            self.acknowledged = max(self.acknowledged, report.get("seq", 0))
            sent = {"seq": self.acknowledged, "at": stamp()["at"]}
            if self.folder and os.path.isdir(self.folder.path):
                self.on_disk(lambda folder: write_line(folder.file("sent"), sent))
            if self.folder and self.is_over() and self.is_settled():
                self.folder.delete()
                self.folder = None


def readable_in(outbox: str) -> Iterator[Execution]:
    """The executions of an outbox that can be read, oldest first."""
    for folder in folders_of(outbox):
        try:
            execution = Execution.load(folder)
        except Unreadable:
            continue
        if execution:
            yield execution


def end_of(state: str, code: Optional[int], **more: object) -> Json:
    """An end with all of its keys, in their order."""
    return {"state": state, "exitCode": code, "signal": None, "cause": "exit", "error": None, "final": True, **more}


# ---------------------------------------------------------------------------------------------------------------------
# Sending


class Undelivered(Exception):
    """A request came to nothing: what it carried is kept. `refused`: somebody has to put something right first."""

    def __init__(self, reason: str, *, refused: bool = False, wait: float = 0.0) -> None:
        super().__init__(reason)
        self.refused = refused
        self.wait = wait


class Url:
    """An http or https address, taken apart. Raises ValueError."""

    FORM = re.compile(r"((https?)://(\[[0-9a-fA-F:.]+\]|[^\s/?#@:\[\]]+)(?::(\d{1,5}))?)(/[^\s#]*|\?[^\s#]*)?")

    def __init__(self, text: str) -> None:
        match = self.FORM.fullmatch(text)
        if not match or not 0 < int(match[4] or 80) < 65536:
            raise ValueError(text)
        self.origin, scheme, host, port, path = match.groups()
        self.is_secure = scheme == "https"
        self.host = host.strip("[]").lower()
        self.port = int(port or (443 if self.is_secure else 80))
        self.path = path if path and path.startswith("/") else f"/{path or ''}"
        self.is_local = not self.is_secure and bool(re.fullmatch(r"localhost|127(\.\d+){3}|::1", self.host))
        name = re.split("[/?]", self.path)[1]
        # For whom Google's front end wants a token to be.
        self.audience = f"{self.origin}/{name}" if name and host.endswith(".cloudfunctions.net") else self.origin


@lru_cache(maxsize=None)
def tls() -> ssl.SSLContext:
    import ssl

    return ssl.create_default_context()


def request(url: Url, headers: Mapping[str, str], body: Optional[bytes], seconds: float) -> Answer:
    """One request, over after `seconds` however slowly the server answers. Raises Undelivered."""
    import http.client
    import socket

    connection: http.client.HTTPConnection
    if url.is_secure:
        connection = http.client.HTTPSConnection(url.host, url.port, timeout=seconds, context=tls())
    else:
        connection = http.client.HTTPConnection(url.host, url.port, timeout=seconds)
    late = threading.Event()

    def cut() -> None:
        late.set()
        try:
            socket.socket.shutdown(connection.sock, socket.SHUT_RDWR)
        except (OSError, TypeError):
            pass

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        connection.request("POST" if body else "GET", url.path, body, dict(headers))
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.headers.items()}
        answered = response.read(MOST_ANSWER_BYTES)
        if late.is_set():
            raise TimeoutError
        return response.status, named, answered
    except Exception as error:  # Whatever a broken network or server makes of it.
        is_late = late.is_set() or isinstance(error, (TimeoutError, socket.timeout))
        raise Undelivered(f"no answer in {seconds:.0f} s" if is_late else reason_of(error)) from None
    finally:
        timer.cancel()
        connection.close()


def object_in(body: bytes) -> Json:
    """An answer as an object; an empty one where it is none."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def time_in(headers: Mapping[str, str], name: str) -> float:
    """A header (in small letters) as seconds since 1970; 0 where there is none."""
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(headers.get(name, "")).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def retry_after(headers: Mapping[str, str]) -> float:
    """Seconds; a date counts from the answer's own, so that our clock does not matter."""
    text = headers.get("retry-after", "").strip()
    until = time_in(headers, "retry-after")
    seconds = float(text) if text.isdigit() else until - (time_in(headers, "date") or time.time()) if until else 0.0
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def metadata(path: str, seconds: float) -> Answer:
    """What Google's metadata server says. Raises Undelivered."""
    host = os.environ.get("GCE_METADATA_HOST") or "metadata.google.internal"
    try:
        url = Url(f"http://{host}/computeMetadata/v1/instance/{path}")
    except ValueError:
        raise Undelivered(f"cannot use GCE_METADATA_HOST {host}") from None
    return request(url, {"Metadata-Flavor": "Google"}, None, seconds)


class Tokens:
    """The ID token for one URL: in memory, and renewed by its age on the boot clock, so that a wrong clock is no matter."""

    def __init__(self, url: Url) -> None:
        self.url = url
        self.token = ""
        self.good_until_ms = 0.0

    def get(self, seconds: float) -> str:
        """Empty where none is needed. Raises Undelivered."""
        given = os.environ.get("NIGHTSHIFT_TOKEN")
        if given or self.url.is_local:
            return given or ""
        if not self.token or stamp()["bootMs"] > self.good_until_ms:
            self.fetch(min(seconds, TOKEN_LIMIT))
        return self.token

    def fetch(self, seconds: float) -> None:
        from base64 import urlsafe_b64decode
        from urllib.parse import quote

        audience = quote(self.url.audience, safe="")
        try:
            path = f"service-accounts/default/identity?audience={audience}&format=full"
            status, headers, body = metadata(path, seconds)
        except Undelivered as error:
            raise Undelivered(f"no token: {error}") from None
        self.token = body.decode("ascii", "replace").strip() if status == 200 else ""
        if not self.token:
            raise Undelivered(f"no token: {status}")
        try:
            claims = json.loads(urlsafe_b64decode(self.token.split(".")[1] + "=="))
            life = claims["exp"] - (time_in(headers, "date") or claims["iat"])
        except (ValueError, LookupError, TypeError):
            life = 0.0
        self.good_until_ms = stamp()["bootMs"] + (life - 300) * 1000

    def drop(self) -> bool:
        """Whether another one can be had."""
        had, self.token = self.token, ""
        return bool(had)


class Channel:
    """The way to one URL: sends, settles what was answered, and knows since when and why it fails."""

    def __init__(self, url: str, outbox: Optional[str]) -> None:
        self.url = Url(url)
        self.text = url
        self.outbox = outbox
        self.tokens = Tokens(self.url)
        self.heartbeat = FIRST_HEARTBEAT
        self.failures = 0
        self.failing_since: Optional[float] = None
        self.not_before = 0.0
        self.has_succeeded = False
        self.rejected = 0
        self.called_off: dict[str, str] = {}  # Why, by job and by execution.

    def send(self, batch: Batch, seconds: float, *, patient: bool = True) -> Optional[Undelivered]:
        """`None` once all of it is settled. A network that fails is told of, after a minute if `patient`."""
        until = time.monotonic() + seconds
        try:
            for part in parts_of(batch):
                self.deliver(part, until)
        except Undelivered as error:
            self.failed(error, patient)
            return error
        except Exception as fault:  # Whatever an answer that nobody foresaw makes of it.
            unread = Undelivered(f"cannot read the answer: {fault!r}")
            self.failed(unread, patient)
            return unread
        if self.failures or not self.has_succeeded:
            self.note(failingSince=None, failures=0, lastOkAt=stamp()["at"])
        self.failures, self.failing_since, self.not_before, self.has_succeeded = 0, None, 0.0, True
        return None

    def deliver(self, batch: Batch, until: float) -> None:
        status, headers, body = self.post(batch, until)
        if status == 401 and self.tokens.drop():
            status, headers, body = self.post(batch, until)
        if status in (400, 413) and len(batch) > 1:
            half = len(batch) // 2
            self.deliver(batch[:half], until)
            self.deliver(batch[half:], until)
        elif status in (400, 413):
            text = body.decode("utf-8", "replace")[:500]
            self.reject(*batch[0], status, problems_of(object_in(body)) or [text or str(status)])
        elif status == 200:
            self.settle(batch, object_in(body))
        else:
            is_refused = status < 500 and status not in (408, 425, 429)
            raise Undelivered(str(status), refused=is_refused, wait=retry_after(headers))

    def post(self, batch: Batch, until: float) -> Answer:
        def left() -> float:
            return max(0.01, min(until - time.monotonic(), REQUEST_LIMIT))

        opened = batch[0][0].opened
        token = self.tokens.get(left())
        now = stamp()
        boot = {"id": now["bootId"], "ms": now["bootMs"]}
        reports = [report for _, report in batch]
        body = {"v": 1, "source": opened["source"], "sentAt": now["at"], "boot": boot, "reports": reports}
        headers = {"Content-Type": "application/json", "User-Agent": "nightshift-report/1"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if opened.get("jobToken"):
            headers["Nightshift-Job-Token"] = opened["jobToken"]
        return request(self.url, headers, to_json(body), left())

    def settle(self, batch: Batch, answer: Json) -> None:
        """Takes in an answer, report by report. Raises Undelivered where some are to be sent again."""
        results, seconds, stop = (answer.get(key) for key in ("results", "heartbeatSeconds", "stop"))
        if not isinstance(results, list):
            raise Undelivered("an answer that cannot be read")
        if isinstance(seconds, (int, float)) and 1 <= seconds <= 3600:
            self.heartbeat = float(seconds)
        for job in stop if isinstance(stop, list) else []:
            self.called_off.setdefault(str(job), f"a stop of {job} was requested")
        told = {tuple(map(one.get, ("job", "execution", "seq"))): one for one in results if isinstance(one, dict)}
        left = 0
        for execution, report in batch:
            one = told.get((report["job"], report["execution"], report.get("seq")), {})
            result = one.get("result")
            if result in ("ended", "older") and not report["end"]:
                self.called_off.setdefault(report["execution"], f"the record of {report['job']} has ended")
            if result == "rejected":
                self.reject(execution, report, 200, problems_of(one) or ["no reason given"])
            elif result in ("applied", "duplicate", "older", "contradicts", "ended"):
                execution.settle(report)
            else:
                left += 1
        if left:
            raise Undelivered("asked to send it later")

    def reject(self, execution: Execution, report: Json, status: int, problems: list[str]) -> None:
        self.rejected += 1
        tell(f"rejected: job {report['job']}, execution {report['execution']}: {'; '.join(problems)}")
        refused = {"report": report, "source": execution.opened["source"], "url": self.text}
        try:
            if self.outbox:
                now = stamp()["at"]
                keep_rejected(self.outbox, {**refused, "problems": problems, "status": status, "at": now})
        except OSError as error:
            tell(f"cannot write into {self.outbox}/rejected: {reason_of(error)}", once="rejected")
        execution.settle(report)

    def failed(self, error: Undelivered, patient: bool) -> None:
        now = time.monotonic()
        since = self.failing_since = now if self.failing_since is None else self.failing_since
        bound = min(LONGEST_BACK_OFF, FIRST_BACK_OFF * 2 ** min(self.failures, 20))
        pause = REFUSED_BACK_OFF + dice() * max(0.0, bound - REFUSED_BACK_OFF) if error.refused else dice() * bound
        self.failures += 1
        self.not_before = now + max(pause, error.wait)
        if error.refused or not patient or now - since >= 60:
            where = f"in {self.outbox}" if self.outbox else "in memory only"
            tell(f"cannot deliver to {self.url.origin}: {error}; reports wait {where}", once=self.text)
        since_ms = (time.time() - (now - since)) * 1000
        self.note(failingSince=iso(since_ms), failures=self.failures, lastError=str(error), lastErrorAt=stamp()["at"])

    def note(self, **now: object) -> None:
        """Keeps how the channel stands, for `status`."""
        if self.outbox:
            path = os.path.join(self.outbox, "channel.json")
            blank = dict.fromkeys(("failingSince", "failures", "lastError", "lastErrorAt", "lastOkAt"))
            try:
                write_line(path, {**blank, **read_line(path), "url": self.text, **now})
            except (OSError, Unreadable):
                pass


def parts_of(batch: Batch) -> Iterator[Batch]:
    """Requests of one source and one job token each, within the limits of the server."""
    groups: dict[object, Batch] = {}
    for one in batch:
        groups.setdefault((one[0].opened["source"], one[0].opened.get("jobToken")), []).append(one)
    for group in groups.values():
        part: Batch = []
        jobs: set[str] = set()
        room = MOST_BODY_BYTES
        for execution, report in group:
            length = len(to_json(report)) + 1
            jobs.add(report["job"])
            if part and (len(part) == MOST_REPORTS or len(jobs) > MOST_JOBS or length > room):
                yield part
                part, jobs, room = [], {report["job"]}, MOST_BODY_BYTES
            part.append((execution, report))
            room -= length
        yield part


def problems_of(told: Json) -> list[str]:
    """The problems of an answer in words, whether they are texts or objects."""
    problems = told.get("problems")
    words = [
        ": ".join(str(one[key]) for key in ("path", "message") if one.get(key)) if isinstance(one, dict) else str(one)
        for one in (problems if isinstance(problems, list) else [])
    ]
    return [on_one_line(word)[:500] for word in words]


def deliver(channel: Channel, execution: Execution, seconds: float, *, again: bool) -> bool:
    """Sends the newest report at once and, with `again`, until it is settled; returns after `seconds`, whatever hangs."""
    until = time.monotonic() + seconds
    is_over, is_settled = threading.Event(), threading.Event()

    def keep_trying() -> None:
        pause = 0.1
        while error := channel.send([(execution, execution.newest)], until - time.monotonic(), patient=again):
            pause = max(pause, error.wait)
            if error.refused or not again or time.monotonic() + pause >= until:
                return is_over.set()
            time.sleep(pause)
            pause *= 2
        is_settled.set()
        is_over.set()

    threading.Thread(target=keep_trying, daemon=True).start()
    is_over.wait(max(0.0, seconds))
    return is_settled.is_set()


class Sender(threading.Thread):
    """Sends what an execution has to say for as long as it lives, and what others left in the outbox."""

    def __init__(self, execution: Execution, channel: Channel, called_off: Callable[[], None]) -> None:
        super().__init__(name="nightshift-sender", daemon=True)
        self.execution = execution
        self.called_off = called_off
        self.channel = channel
        self.others = Others(channel.outbox, execution.opened["execution"], channel) if channel.outbox else None
        self.others_at = float("inf")
        self.sent_at = float("-inf")
        self.is_urgent, self.has_news, self.is_closed = True, False, False
        self.changed = threading.Condition()

    def wake(self, *, urgent: bool = False, close: bool = False) -> None:
        """There is something new: sent at once if `urgent`, else with the next progress."""
        with self.changed:
            self.has_news = True
            self.is_urgent = self.is_urgent or urgent
            self.is_closed = self.is_closed or close
            self.changed.notify()

    def run(self) -> None:
        while True:
            with self.changed:
                now = time.monotonic()
                pause = 0.0 if self.is_urgent else PROGRESS_EVERY if self.has_news else self.channel.heartbeat
                own_at = max(self.sent_at + pause, self.channel.not_before)
                others_at = max(self.others_at, self.channel.not_before)
                if self.is_closed:
                    return
                if now < min(own_at, others_at):
                    self.changed.wait(min(own_at, others_at) - now)
                    continue
                is_beat = not (self.is_urgent or self.has_news)
                if own_at <= now:
                    self.is_urgent = self.has_news = False
            try:
                if own_at <= now:
                    self.send(is_beat)
                elif self.others:
                    self.others_at = now + OTHERS_EVERY
                    self.others.look_after()
            except Exception as error:  # A fault of ours must not end the reporting, and much less the job.
                tell(f"an error of the reporter: {error!r}", once=repr(error))

    def send(self, is_beat: bool) -> None:
        if is_beat:
            self.execution.report()
        report = self.execution.newest
        now = self.sent_at = time.monotonic()
        if report["end"]:
            return  # It is not the last word yet, and is sent by who says it.
        since = self.channel.failing_since
        error = self.channel.send([(self.execution, report)], REQUEST_LIMIT)
        if self.channel.called_off:
            self.called_off()
        if error:
            self.wake(urgent=True)
        elif since is not None or self.others_at == float("inf"):
            # All machines notice the end of an outage at once, and each has something that waits.
            self.others_at = now + dice() * min(60.0, (now - (since or now)) / 10)


class Others:
    """The executions of others in an outbox: what they left is sent, and one that lost its writer is looked after."""

    def __init__(self, outbox: str, own: Optional[str] = None, channel: Optional[Channel] = None) -> None:
        self.outbox = outbox
        self.own = own
        self.channels = {channel.text: channel} if channel else {}
        self.left = 0

    def look_after(self, *, must: bool = False) -> None:
        """Sends all that waits, once; unless it `must`, only where no other process is at it. Counts what is left."""
        self.left = 0
        lock = Lock(os.path.join(self.outbox, "drain.lock"))
        is_ours = lock.take()
        try:
            if is_ours or must:
                self.drain(patient=not must)
                make_room(self.outbox)
        except OSError as error:
            tell(f"cannot write into {self.outbox}: {reason_of(error)}", once=self.outbox)
        finally:
            if is_ours:
                lock.free()

    def drain(self, patient: bool) -> None:
        batches: dict[str, Batch] = {}
        for folder in folders_of(self.outbox):
            if folder.execution == self.own:
                continue
            if folder.is_done():
                folder.delete()
                continue
            try:
                execution = self.tend(folder, patient)
            except Unreadable:
                self.left += 1
                continue
            except Exception as fault:  # One folder that nobody foresaw must not keep the others waiting.
                tell(f"cannot read {folder.path}: {fault!r}; ignored", once=folder.path)
                self.left += 1
                continue
            if execution and execution.is_over() and execution.is_settled():
                folder.delete()
            elif execution and not execution.is_settled() and (execution.is_over() or not execution.has_writer()):
                batch = batches.setdefault(execution.opened["url"], [])
                batch.append((execution, execution.newest))
                if len(batch) == MOST_REPORTS:
                    self.send(batches.pop(execution.opened["url"]), patient)
        for batch in batches.values():
            self.send(batch, patient)

    def send(self, batch: Batch, patient: bool) -> None:
        url = batch[0][0].opened["url"]
        try:
            channel = self.channels[url] = self.channels.get(url) or Channel(url, self.outbox)
            if time.monotonic() >= channel.not_before:
                channel.send(batch, REQUEST_LIMIT * len(batch), patient=patient)
        except ValueError:
            tell(f"cannot use the URL {json.dumps(url)}", once=url)
        self.left += sum(not execution.is_settled() for execution, _ in batch)

    def tend(self, folder: Folder, patient: bool) -> Optional[Execution]:
        """What a folder holds. One whose writer is dead gets a beat while its child lives, and is told `gone` after it.

        Many that run beside each other look after the same ones: to the `patient`, one beat in an interval is enough. What
        shells left, and none of them took up, is taken up. Raises Unreadable.
        """
        execution = Execution.load(folder)
        if not execution or execution.is_over():
            return execution
        opened = execution.opened
        is_of_shells = not opened.get("writer")
        lives = is_alive(opened.get("child"), opened)
        is_orphan = is_alive(opened.get("writer"), opened) is False and lives is not None
        lock = Lock(folder.file("lock"))
        if lives and patient and folder.is_renewed_within(OTHERS_EVERY) and not any(folder.events()):
            return execution
        if not is_orphan and not (is_of_shells and any(folder.events())) or not lock.take():
            return execution
        try:
            execution.reload()
            if execution.is_over():
                return execution
            _, paths = execution.take_in()
            if execution.told_end and not lives:
                execution.end({**end_of("failed", None), **execution.told_end})
            elif lives or is_of_shells:
                execution.report()
            else:
                execution.tell_gone()
            for path in paths:
                remove(path)
            return execution
        finally:
            lock.free()


# ---------------------------------------------------------------------------------------------------------------------
# What a job tells of itself while it runs

PROGRESS_NAMES = {
    "fraction": ("fraction", "progress"),
    "step": ("step", "current_step", "global_step"),
    "of": ("of", "total", "total_steps", "max_steps"),
    "note": ("note", "message"),
}


def usable(key: str, value: Any) -> object:
    """The value as a report may carry it under `key`, also of a number of numpy or torch; else `None`."""
    if key == "note":
        return value[:MOST_NOTE] if isinstance(value, str) else None
    if value is None or isinstance(value, (bool, str)):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    if not 0 <= number <= (1 if key == "fraction" else 1e15):
        return None
    return int(number) if number.is_integer() else number


def progress_in(content: Mapping[str, object]) -> Json:
    """The progress in what a trainer writes; what is not there, or not of its kind, is left out."""
    found = {
        key: next((value for value in (usable(key, content.get(name)) for name in names) if value is not None), None)
        for key, names in PROGRESS_NAMES.items()
    }
    return {key: value for key, value in found.items() if value is not None}


class Keeper:
    """Keeps the reports of a living execution up to date, each time that it is looked after."""

    def __init__(self, execution: Execution, sender: Optional[Sender], progress_file: Optional[str] = None) -> None:
        self.execution = execution
        self.sender = sender
        self.file = progress_file
        self.file_at = time.monotonic() + PROGRESS_FILE_EVERY
        self.file_seen: object = None
        self.news: Json = {}

    def look_after(self) -> None:
        now = time.monotonic()
        kinds = self.execution.fold()
        if self.file and now >= self.file_at:
            self.file_at = now + PROGRESS_FILE_EVERY
            self.read_file(self.file)
        if self.news:
            news, self.news = self.news, {}
            self.execution.add_progress(news)
            kinds.add("progress")
        if kinds and self.sender:
            self.sender.wake(urgent="checkpoint" in kinds)
        heartbeat = self.sender.channel.heartbeat if self.sender else DURABLE_EVERY
        if now - self.execution.written_at >= min(DURABLE_EVERY, heartbeat):
            self.execution.report()

    def look_last(self) -> None:
        """Takes in what is new for the word on the end."""
        self.execution.take_in()
        if self.file:
            self.read_file(self.file)
        if self.news:
            self.execution.facts["progress"] = {**(self.execution.facts.get("progress") or {}), **self.news}

    def read_file(self, path: str) -> None:
        try:
            found = os.stat(path)
            version = (found.st_mtime_ns, found.st_size, found.st_ino)
            if version != self.file_seen:
                with open(path, "rb") as file:
                    content = json.loads(file.read())
                self.file_seen = version  # Only now: one that is being written is looked at again.
                self.news.update(progress_in(content) if isinstance(content, dict) else {})
        except (OSError, ValueError):
            pass


# ---------------------------------------------------------------------------------------------------------------------
# exec: a command, and what becomes of it

TERMINATION_LOG = "/dev/termination-log"  # Kubernetes keeps what stands here beside the container's end.
ASKING = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP)


class Signals:
    """Signals as something to wait for, each with whether the kernel sent it: then all of the terminal's group has it."""

    def __init__(self, *, has_terminal: bool) -> None:
        # With a terminal SIGTSTP is Ctrl-Z; without one it announces that the platform moves the machine.
        others = (signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD, *(() if has_terminal else (signal.SIGTSTP,)))
        self.watched = {*ASKING, *others}
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # Ignored, as some are started, no end could be waited for.
        self.before = signal.pthread_sigmask(signal.SIG_BLOCK, self.watched)

    def wait(self, seconds: float) -> Optional[tuple[int, bool]]:
        if hasattr(signal, "sigtimedwait"):
            info = signal.sigtimedwait(self.watched, max(seconds, 0.0))
            return (info.si_signo, info.si_code > 0) if info else None
        # macOS can only look, and does not tell who sent it: a terminal that has us in its foreground, we take it.
        until = time.monotonic() + seconds
        while not (pending := signal.sigpending() & self.watched):
            if time.monotonic() >= until:
                return None
            time.sleep(0.02)
        return signal.sigwait(pending), is_in_foreground()


def controlling_terminal() -> Optional[int]:
    """Its open file; `None` where there is none."""
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return None


def is_in_foreground() -> bool:
    terminal = controlling_terminal()
    if terminal is None:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


class Tail(threading.Thread):
    """Copies what the child writes on stderr to ours, and keeps the end of it."""

    def __init__(self, size: int) -> None:
        super().__init__(name="nightshift-tail", daemon=True)
        self.size = size
        self.source, self.sink = os.pipe()
        self.kept = b""
        self.is_cut = False

    def run(self) -> None:
        try:
            while chunk := os.read(self.source, 65536):
                self.is_cut = self.is_cut or len(self.kept) + len(chunk) > self.size
                self.kept = (self.kept + chunk[-self.size :])[-self.size :]
                view = memoryview(chunk)
                while view:
                    try:
                        view = view[os.write(2, view) :]
                    except BlockingIOError:
                        time.sleep(0.005)
        except OSError:
            pass  # Nobody reads ours any more: so shall the child find it.
        os.close(self.source)

    def words(self) -> str:
        """The last words, in whole lines where there are any: half a token does not look like one."""
        text = self.kept.decode("utf-8", "replace")
        whole = text.split("\n", 1)[1] if self.is_cut and "\n" in text else text
        return redacted(whole).strip().encode()[-MOST_ERROR_BYTES:].decode("utf-8", "ignore")


SECRETS = (
    (r"\x1b\[[0-9;?]*[ -/]*[@-~]", ""),
    (r"\r\n?", "\n"),
    (r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", ""),
    (r"(https?://[^\s?\"']+)\?[^\s\"']*", r"\1?***"),
    (r"(://)[^/\s:@]+:[^/\s@]+@", r"\1***@"),
    (r"(?i)(bearer\s+)[\w.~+/=-]{8,}", r"\1***"),
    (r"\b(ya29\.|nsj1\.|ghp_|gho_|github_pat_|glpat-|sk-|xox[abprs]-|AKIA|AIza|hf_|eyJ)[\w.~+/=-]{8,}", r"\1***"),
    (
        r"(?i)((?:api[_-]?key|token|secret|passw(?:or)?d|authorization|credentials?)[\"']?\s*[:=]\s*[\"']?)"
        r"(?!bearer)[^\s\"',;]{4,}",
        r"\1***",
    ),
)


def redacted(text: str) -> str:
    """`text` without what no report may carry: tokens, keys, logins, queries, and what would change a terminal."""
    for pattern, instead in SECRETS:
        text = re.sub(pattern, instead, text)
    return text


def oom_kills() -> int:
    """How many processes the kernel has killed for memory in our control group so far; 0 also where nobody counts."""
    groups = read_text("/proc/self/cgroup")
    for pattern, mount, name in (
        (r"^\d+:(?:[^:]*,)?memory(?:,[^:]*)?:(/.*)$", "/sys/fs/cgroup/memory", "memory.oom_control"),
        (r"^0::(/.*)$", "/sys/fs/cgroup", "memory.events"),
    ):
        group = re.search(pattern, groups, re.MULTILINE)
        for path in (f"{mount}{group[1].rstrip('/')}/{name}", f"{mount}/{name}") if group else ():
            kills = re.search(r"^oom_kill (\d+)$", read_text(path), re.MULTILINE)
            if kills:
                return int(kills[1])
    return 0


class Supervisor:
    """Runs the command and reports it. The command starts before the first byte is sent, and its end is ours."""

    def __init__(self, settings: Settings, flags: Json, command: list[str]) -> None:
        self.settings, self.flags, self.command = settings, flags, command
        terminal = controlling_terminal()
        self.has_terminal = terminal is not None
        if terminal is not None:
            os.close(terminal)
        self.signals = Signals(has_terminal=self.has_terminal)
        self.kills_before = oom_kills()
        self.execution = Execution.begin(settings, os.path.basename(command[0]), has_writer=True)
        self.channel = settings.channel()
        self.sender = Sender(self.execution, self.channel, self.interrupt) if self.channel else None
        self.keeper = Keeper(self.execution, self.sender, flags.get("progress-file"))
        self.tail = Tail(flags["tail"]) if flags.get("tail") and not os.isatty(2) else None
        self.pid = 0
        self.asked = 0  # The first signal that asked us to end.
        self.is_called_off = self.is_timed_out = self.is_preempted = False
        self.asking_preempted: Optional[threading.Thread] = None
        self.kill_at = self.leave_at = float("inf")
        self.stop_at = time.monotonic() + flags.get("max-runtime", float("inf"))

    def run(self) -> NoReturn:
        try:
            self.spawn()
        except OSError as error:
            self.not_started(error)
        self.guarded(self.begin)
        status = self.wait()
        self.guarded(lambda: self.conclude(status))
        leave(status)

    def begin(self) -> None:
        self.execution.set_child(self.pid)
        self.execution.report(durable=True)
        if self.sender:
            self.sender.start()

    def conclude(self, status: int) -> None:
        """The end is on disk first, then it is sent."""
        if self.tail:
            self.tail.join(0.2)
        self.guarded(self.keeper.look_last)
        end = self.end(status)
        self.execution.end(end)
        if self.asking_preempted and status:
            # The platform answers in a moment; by then the end is on disk, and gets a better word if need be.
            self.asking_preempted.join(min(PREEMPTED_LIMIT, max(0.0, self.leave_at - time.monotonic()) / 2))
            if self.end(status) != end:
                self.execution.end(self.end(status))
        self.tell_end()

    def spawn(self) -> None:
        """Raises OSError."""
        ours = ("NIGHTSHIFT_EXECUTION", "NIGHTSHIFT_OUTBOX")
        environment = {key: value for key, value in os.environ.items() if key not in ours}
        environment["NIGHTSHIFT_JOB"] = self.settings.job
        if self.channel:
            environment["NIGHTSHIFT_EXECUTION"] = self.execution.opened["execution"]
        if self.execution.folder:
            environment["NIGHTSHIFT_OUTBOX"] = self.execution.folder.outbox
        how: Json = {
            "setsigmask": self.signals.before,
            "setsigdef": (signal.SIGPIPE, signal.SIGXFSZ),  # Python ignores them; the command shall not.
            "file_actions": [(os.POSIX_SPAWN_DUP2, self.tail.sink, 2)] if self.tail else None,
        }
        if not self.has_terminal:
            how["setpgroup"] = 0
        try:
            self.pid = os.posix_spawnp(self.command[0], self.command, environment, **how)
        except OSError as error:
            if error.errno != errno.ENOEXEC:
                raise
            # A script without #!, which every shell runs.
            self.pid = os.posix_spawnp("/bin/sh", ["sh", *self.command], environment, **how)
        if self.tail:
            os.close(self.tail.sink)
            self.tail.start()

    def not_started(self, error: OSError) -> NoReturn:
        code = 127 if error.errno == errno.ENOENT else 126
        reason = {errno.ENOENT: "not found", errno.EACCES: "permission denied"}.get(
            error.errno or 0, reason_of(error)
        )
        text = f"cannot run {os.path.basename(self.command[0])}: {reason}"
        tell(text)
        self.execution.end(end_of("failed", code, error=text, final=not self.settings.may_retry))
        self.guarded(self.tell_end)
        leave_with(code)

    def wait(self) -> int:
        """Until the command has ended; its wait status. Whatever else ends below us is reaped, as PID 1 must."""
        tick_at = time.monotonic() + TICK
        while True:
            came = self.signals.wait(min(tick_at, self.stop_at, self.kill_at, self.leave_at) - time.monotonic())
            if came and came[0] != signal.SIGCHLD:
                self.guarded(lambda: self.take(*came))
            pid = -1
            while pid != 0:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == self.pid:
                    return status
            now = time.monotonic()
            if now >= self.leave_at:
                return signal.SIGKILL
            if now >= self.kill_at:
                self.kill_at = float("inf")
                self.forward(signal.SIGKILL)
            if now >= self.stop_at:
                self.stop_at = float("inf")
                self.is_timed_out = True
                self.stop()
            if now >= tick_at:
                tick_at = now + TICK
                self.guarded(self.keeper.look_after)
            self.obey()

    def interrupt(self) -> None:
        """Has `wait` look again."""
        os.kill(os.getpid(), signal.SIGCHLD)

    def guarded(self, action: Callable[[], object]) -> None:
        """A fault of ours must not end the job."""
        try:
            action()
        except Exception as error:
            tell(f"an error of the reporter: {error!r}", once=repr(error))

    def take(self, number: int, by_kernel: bool) -> None:
        """Hands a signal on, once: what the terminal sent has reached the command already."""
        if number == signal.SIGTSTP:
            # Kept from the command: should the SIGCONT be lost, it would never go on.
            self.execution.report(migrations=(self.execution.facts.get("migrations") or 0) + 1)
            return
        if not (by_kernel and self.has_terminal):
            self.forward(number)
        if number in ASKING:
            self.asked = self.asked or number
        if number == signal.SIGTERM and not self.execution.facts.get("stopping"):
            self.limit_stay()
            self.execution.report(durable=True, stopping=True)
            if self.sender:
                self.sender.wake(urgent=True)
            if self.channel and not (self.channel.url.is_local and not os.environ.get("GCE_METADATA_HOST")):
                self.asking_preempted = threading.Thread(target=self.ask_whether_preempted, daemon=True)
                self.asking_preempted.start()

    def forward(self, number: int) -> None:
        try:
            (os.kill if self.has_terminal else os.killpg)(self.pid, number)
        except OSError:
            pass  # It has ended just now.

    def stop(self) -> None:
        self.forward(signal.SIGTERM)
        self.limit_stay()

    def limit_stay(self) -> None:
        """The grace runs from now; its last second is for the word on the end."""
        now, grace = time.monotonic(), self.flags["grace"]
        self.kill_at = min(self.kill_at, now + max(grace / 2, grace - 1.0))
        self.leave_at = min(self.leave_at, now + grace)

    def obey(self) -> None:
        """Does, or only tells, what the server wants of us: that we stop."""
        called_off = self.channel.called_off if self.channel else {}
        why = called_off.get(self.execution.opened["execution"]) or called_off.get(self.settings.job)
        if why and not self.is_called_off:
            self.is_called_off = self.flags["on-ended"] == "stop"
            tell(f"{why}; {'stopping the command' if self.is_called_off else 'the command goes on'}", once=why)
            if self.is_called_off:
                self.stop()

    def ask_whether_preempted(self) -> None:
        try:
            status, _, body = metadata("preempted", PREEMPTED_LIMIT)
            self.is_preempted = status == 200 and body.strip().upper() == b"TRUE"
        except Undelivered:
            pass

    def end(self, status: int) -> Json:
        number = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        code = None if number else os.WEXITSTATUS(status)
        by_person = self.is_called_off or self.asked in (signal.SIGINT, signal.SIGQUIT)
        state = "completed" if code == 0 else "cancelled" if by_person else "failed"
        name = signal.Signals(number).name if number in set(signal.Signals) else f"SIG{number}"
        words = (self.tail.words() if self.tail else "") or (f"killed by {name}" if number else f"exit code {code}")
        told = self.execution.told_end
        if told.get("state") and not (told["state"] == "completed" and state != "completed"):
            # The job's own words explain an exit code, and never make a failed one good.
            state = told["state"]
        final = not (self.settings.may_retry and state == "failed")
        error = told.get("error") or (None if state == "completed" else words)
        more = {"signal": name if number else None, "cause": self.cause(number, code), "error": error}
        return end_of(state, code, **more, final=told.get("final", final))

    def cause(self, number: int, code: Optional[int]) -> str:
        if code == 0:
            return "exit"  # Whatever was asked of it, it ended in its own time.
        if self.is_timed_out:
            return "timed-out"
        if (number == signal.SIGKILL or code == 128 + signal.SIGKILL) and oom_kills() > self.kills_before:
            return "oom"
        if self.is_preempted:
            return "preempted"
        return "stopped" if self.asked or self.is_called_off else "signal" if number else "exit"

    def tell_end(self) -> None:
        """Sends the end, for as long as we may stay; where it cannot be, it goes where a platform keeps it."""
        if not self.channel or not self.sender:
            return
        self.sender.wake(close=True)
        stay = self.flags["linger"] if self.leave_at == float("inf") else self.leave_at - time.monotonic()
        if not deliver(self.channel, self.execution, stay, again=True):
            told = {"source": self.settings.source, "report": self.execution.newest}
            line = to_json({"nightshiftReport": told}) + b"\n"
            self.guarded(lambda: os.write(2, line))
            if os.path.isfile(TERMINATION_LOG) and not os.path.islink(TERMINATION_LOG):
                # Behind what the job itself left there: of a long message its end is kept.
                flags = os.O_WRONLY | os.O_APPEND
                self.guarded(lambda: write_all(os.open(TERMINATION_LOG, flags), line, durable=False))


def leave(status: int) -> NoReturn:
    """Ends as the command ended: by its exit code or its signal; as PID 1, which survives that, by 128 + n."""
    if not os.WIFSIGNALED(status):
        leave_with(os.WEXITSTATUS(status))
    number = os.WTERMSIG(status)
    if os.getpid() != 1:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
    leave_with(128 + number)


def leave_with(code: int) -> NoReturn:
    """Ends at once: a thread that hangs in the network holds nothing up."""
    try:
        sys.stdout.flush()
    finally:
        os._exit(code)


# ---------------------------------------------------------------------------------------------------------------------
# The library


def quietly(action: Callable[..., None]) -> Callable[..., None]:
    """A failure of ours is told once, and never raised into who called us."""

    def call(*words: object, **named: object) -> None:
        try:
            action(*words, **named)
        except Exception as error:
            tell(f"cannot report {action.__name__}: {error!r}", once=f"{action.__name__} {error!r}")

    call.__name__, call.__doc__ = action.__name__, action.__doc__
    return call


class job:
    """Reports what happens inside `with job("id"):` as an execution of that job; this process is then its reporter.

    Inside `exec` of the same job it only adds to what that reports. An exception makes it failed, and goes on its way.
    """

    def __init__(
        self,
        id: str,
        *,
        source: Optional[str] = None,
        url: Optional[str] = None,
        outbox: Optional[str] = None,
        may_retry: bool = False,
        linger: float = 2.0,
    ) -> None:
        self.flags: Json = {"job": id, "source": source, "url": url, "outbox": outbox, "may-retry": may_retry}
        self.linger = linger
        self.mailbox: Optional[Folder] = None  # Of whoever reports us.
        self.keeper: Optional[Keeper] = None  # Where we do it ourselves.
        self.news: Json = {}
        self.is_over = threading.Event()
        self.thread: Optional[threading.Thread] = None
        self.lock = threading.RLock()

    @quietly
    def progress(
        self,
        fraction: Optional[float] = None,
        *,
        step: Optional[float] = None,
        of: Optional[float] = None,
        note: Optional[str] = None,
    ) -> None:
        """How far it is. Takes microseconds: others write it each second, and send it."""
        news = progress_in({"fraction": fraction, "step": step, "of": of, "note": note})
        with self.lock:
            self.news.update(news)
            if not self.thread:
                self.thread = threading.Thread(target=self._keep, name="nightshift-keeper", daemon=True)
                self.thread.start()

    @quietly
    def checkpoint(self, uri: str, *, step: Optional[float] = None) -> None:
        """A checkpoint that is whole, so that the job could go on from it. On disk when this returns."""
        told = {"uri": str(uri), **progress_in({"step": step})}
        self._flush()  # What it was made after.
        if self.mailbox:
            self.mailbox.leave_event("checkpoint", {"checkpoint": told})
        elif self.keeper:
            self.keeper.execution.report(durable=True, checkpoint=told)
            if self.keeper.sender:
                self.keeper.sender.wake(urgent=True)

    def __enter__(self) -> job:
        self._begin()
        _jobs.append(self)
        return self

    def __exit__(self, kind: object, error: Optional[BaseException], trace: object) -> None:
        if self in _jobs:
            _jobs.remove(self)
        self._end(error)

    @quietly
    def _begin(self) -> None:
        self.is_over.clear()
        if os.environ.get("NIGHTSHIFT_JOB") == self.flags["job"]:
            self.mailbox = _surrounding()
        if self.mailbox:
            return
        settings = Settings(self.flags)
        execution = Execution.begin(settings, os.path.basename(sys.argv[0]) or None, has_writer=True)
        execution.set_child(os.getpid())
        execution.report(durable=True)
        channel = settings.channel()
        sender = Sender(execution, channel, self._called_off) if channel else None
        self.keeper = Keeper(execution, sender)
        self.progress()
        if sender:
            sender.start()

    def _called_off(self) -> None:
        for why in self.keeper.sender.channel.called_off.values() if self.keeper and self.keeper.sender else ():
            tell(f"{why}; the job goes on", once=why)

    def _keep(self) -> None:
        while not self.is_over.is_set():
            self._flush()
            self.is_over.wait(TICK)

    @quietly
    def _flush(self) -> None:
        with self.lock:
            news, self.news = self.news, {}
        if self.keeper:
            self.keeper.news.update(news)
            self.keeper.look_after()
        elif self.mailbox and news:
            self.mailbox.leave_event("progress", {"progress": news})

    @quietly
    def _end(self, error: Optional[BaseException]) -> None:
        self.is_over.set()
        end = _end_of_error(error)
        if self.mailbox:
            self._flush()
            told = {key: end[key] for key in ("state", "exitCode", "error") if end[key] is not None}
            self.mailbox.leave_event("end", {"end": told})
        elif self.keeper:
            execution, sender = self.keeper.execution, self.keeper.sender
            self.keeper.news.update(self.news)
            self.keeper.look_last()
            execution.end({**end, "final": not (self.flags["may-retry"] and end["state"] == "failed")})
            if sender:
                sender.wake(close=True)
                deliver(sender.channel, execution, self.linger, again=True)


def _end_of_error(error: Optional[BaseException]) -> Json:
    if isinstance(error, KeyboardInterrupt):
        return end_of("cancelled", None, cause="stopped", error="KeyboardInterrupt")
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        return end_of("failed", code, error=f"exit code {code}") if code else end_of("completed", 0)
    if error is not None:
        return end_of("failed", 1, error=redacted(f"{type(error).__name__}: {error}")[:MOST_ERROR_BYTES])
    return end_of("completed", 0)


_jobs: list[job] = []
_outer: list[job] = []


def _surrounding() -> Optional[Folder]:
    """The mailbox of the `exec` that we run in, if we do."""
    outbox, execution = os.environ.get("NIGHTSHIFT_OUTBOX", ""), os.environ.get("NIGHTSHIFT_EXECUTION", "")
    return Folder(outbox, execution) if outbox and ULID.fullmatch(execution) else None


def _current() -> job:
    """The job that a call without one means: the innermost `with`, else that of the `exec` around us."""
    if _jobs:
        return _jobs[-1]
    if not _outer:
        import atexit

        outer = job(os.environ.get("NIGHTSHIFT_JOB", ""))
        outer.mailbox = _surrounding()
        if not outer.mailbox:
            tell("nothing is reported: run it with `exec`, or inside `with nightshift_report.job(ID):`")
        _outer.append(outer)
        atexit.register(outer._flush)
    return _outer[0]


def _after_fork() -> None:
    """In a forked child: the parent keeps its executions, and what the child has to say goes into their mailboxes."""
    for one in (*_jobs, *_outer):
        one.mailbox = one.keeper.execution.folder if one.keeper else one.mailbox
        one.keeper, one.thread, one.news, one.lock = None, None, {}, threading.RLock()


os.register_at_fork(after_in_child=_after_fork)


@quietly
def progress(
    fraction: Optional[float] = None,
    *,
    step: Optional[float] = None,
    of: Optional[float] = None,
    note: Optional[str] = None,
) -> None:
    """How far the job is. Takes microseconds: others write it each second, and send it. Never raises."""
    _current().progress(fraction, step=step, of=of, note=note)


@quietly
def checkpoint(uri: str, *, step: Optional[float] = None) -> None:
    """A checkpoint that is whole, so that the job could go on from it. On disk when this returns. Never raises."""
    _current().checkpoint(uri, step=step)


# ---------------------------------------------------------------------------------------------------------------------
# The command line


class Misuse(Exception):
    """The command line cannot be understood, and nothing was done."""


class Settings:
    """Whom to tell what, by flags and environment. What is wrong with them is no reason not to run the job."""

    def __init__(self, flags: Json) -> None:
        def given(name: str) -> str:
            return flags.get(name) or os.environ.get(f"NIGHTSHIFT_{name.upper()}") or ""

        if flags.get("job") is None and os.environ.get("NIGHTSHIFT_JOB") is None:
            raise Misuse("no job; name it with --job or NIGHTSHIFT_JOB")
        self.job = (os.environ.get("NIGHTSHIFT_JOB", "") if flags.get("job") is None else str(flags["job"])).strip()
        self.source = given("source") or "jobs"
        self.url = given("url")
        self.job_token = os.environ.get("NIGHTSHIFT_JOB_TOKEN", "").strip() or None
        self.may_retry = bool(flags.get("may-retry"))
        self.problems: list[str] = []  # Each is told.
        try:
            Url(self.url)
        except ValueError:
            what = f"cannot use the URL {json.dumps(self.url)}" if self.url else "no URL (--url or NIGHTSHIFT_URL)"
            self.problems.append(f"not reporting: {what}")
        if not self.job:
            self.problems.append("not reporting: no job id")
        for problem in self.problems:
            tell(problem)
        place = outbox_path(flags.get("outbox"))
        # What is not reported leaves no trace; what was begun before may still be told of.
        self.outbox = usable_outbox(place) if not self.problems or os.path.isdir(place) else None

    def channel(self) -> Optional[Channel]:
        return None if self.problems else Channel(self.url, self.outbox)

    def is_complete(self) -> bool:
        """Whether all that reports need is there, a token too; told where it is not."""
        channel = self.channel()
        try:
            if channel:
                channel.tokens.get(TOKEN_LIMIT)
            return bool(channel and self.outbox)
        except Undelivered as error:
            tell(f"not reporting: {error}")
            return False


def duration(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", text)
    if not match:
        raise ValueError(f'a duration such as 10s or 5m, not "{text}"')
    return float(match[1]) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}[match[2]]


def size(text: str) -> int:
    match = re.fullmatch(r"(\d+)([kKmM]?)", text)
    if not match:
        raise ValueError(f'a size such as 4k, not "{text}"')
    return int(match[1]) * {"": 1, "k": 1024, "m": 1024**2}[match[2].lower()]


def whole(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,15}", text):
        raise ValueError(f'a whole number, not "{text}"')
    return int(text)


def reaction(text: str) -> str:
    if text not in ("continue", "stop"):
        raise ValueError(f'continue or stop, not "{text}"')
    return text


COMMON: Json = {"job": str, "source": str, "url": str, "outbox": str, "strict": None}
OPEN: Json = {**COMMON, "execution": str}
WATCHING: Json = {"grace": duration, "linger": duration, "max-runtime": duration, "progress-file": str, "tail": size}
FLAGS: dict[str, Json] = {
    "exec": {**COMMON, **WATCHING, "may-retry": None, "on-ended": reaction},
    "start": COMMON,
    "beat": OPEN,
    "progress": {**OPEN, "step": whole, "of": whole, "note": str},
    "checkpoint": {**OPEN, "step": whole},
    "end": {**OPEN, "exit-code": whole, "error": str, "may-retry": None},
    "sync": {**COMMON, "wait": duration},
    "status": COMMON,
}


def parse(verb: str, words: Sequence[str]) -> tuple[Json, list[str]]:
    """The flags of a verb by name, and its other words; of exec, the command. Raises Misuse."""
    flags: Json = {"strict": False, "grace": 10.0, "linger": 2.0, "on-ended": "continue"}
    rest: list[str] = []
    left = list(words)
    while left and (left[0] != "--" or verb != "exec"):
        word = left.pop(0)
        name, has_value, value = word[2:].partition("=")
        if not word.startswith("--"):
            rest.append(word)
        elif name not in FLAGS[verb]:
            raise Misuse(f"unknown option {word}")
        elif not (read := FLAGS[verb][name]):
            flags[name] = True
        elif not has_value and not left:
            raise Misuse(f"--{name} needs a value")
        else:
            try:
                flags[name] = read(value if has_value else left.pop(0))
            except ValueError as error:
                raise Misuse(f"--{name}: {error}") from None
    most = 1 if verb in ("progress", "checkpoint", "end") else 0
    if len(rest) > most:
        hint = "; write the command after --" if verb == "exec" else ""
        raise Misuse(f'"{rest[most]}" is one word too many{hint}')
    if verb == "exec" and len(left) < 2:
        raise Misuse("no command; write it after --")
    return flags, left[1:] if verb == "exec" else rest


def told_by(verb: str, flags: Json, word: str) -> Json:
    """What a verb has to say, as an event carries it. Raises Misuse."""
    if verb == "progress":
        if word and not re.fullmatch(r"0?\.\d+|[01](\.0*)?|0\.", word):
            raise Misuse(f'a fraction from 0 to 1, not "{word}"')
        told = progress_in({**flags, "fraction": float(word) if word else None})
        if not told:
            raise Misuse("say how far it is: a fraction, --step or --note")
        return {"progress": told}
    if verb == "checkpoint":
        if not word:
            raise Misuse("name the URI of the checkpoint")
        return {"checkpoint": {"uri": word, **progress_in({"step": flags.get("step")})}}
    if verb == "end":
        if word not in ("completed", "failed", "cancelled"):
            raise Misuse(f'completed, failed or cancelled, not "{word}"')
        end: Json = {
            "state": word,
            "exitCode": flags.get("exit-code"),
            "error": flags.get("error", "")[:2000] or None,
        }
        end["final"] = False if flags.get("may-retry") and word == "failed" else None
        return {"end": {key: value for key, value in end.items() if value is not None}}
    return {}


def newest_open(outbox: str, job: str) -> str:
    """The newest execution of the job that has not ended; empty where there is none."""
    found = [
        execution for execution in readable_in(outbox) if execution.opened["job"] == job and not execution.is_over()
    ]
    return str(found[-1].opened["execution"]) if found else ""


def run_start(flags: Json) -> int:
    """Begins an execution whose process nobody watches, and prints its id."""
    settings = Settings(flags)
    execution = Execution.begin(settings, None, has_writer=False)
    print(execution.opened["execution"], flush=True)
    execution.report(durable=True)
    channel = settings.channel()
    is_safe = channel is not None and deliver(channel, execution, VERB_LIMIT, again=False) or execution.folder
    return 1 if flags["strict"] and not is_safe else 0


def run_word(verb: str, flags: Json, words: Sequence[str]) -> int:
    """beat, progress, checkpoint and end: a word on an execution that is open."""
    told = told_by(verb, flags, words[0] if words else "")
    settings = Settings(flags)
    named = flags.get("execution") or os.environ.get("NIGHTSHIFT_EXECUTION")
    name = named or (newest_open(settings.outbox, settings.job) if settings.outbox else "")
    if not name:
        tell(f"no open execution of {settings.job} in {outbox_path(flags.get('outbox'))}; report start begins one")
        return 1 if flags["strict"] else 0
    try:
        folder = Folder(settings.outbox, name) if settings.outbox and ULID.fullmatch(name) else None
        execution = Execution.load(folder) if folder else None
    except Unreadable:
        return 1 if flags["strict"] else 0
    is_safe = leave_word(execution, verb, told) if execution else send_bare(settings, name, verb, told)
    return 1 if flags["strict"] and not is_safe else 0


def leave_word(execution: Execution, verb: str, told: Json) -> bool:
    """Leaves it to the writer of the folder; where there is none, writes and sends the next report. Whether it is safe."""
    folder, opened = execution.folder, execution.opened
    assert folder
    lock = Lock(folder.file("lock"))
    try:
        folder.leave_event(verb, told)
        # A writer looks into its folder each second; one of another container is not known to be dead.
        writer = opened.get("writer")
        if (writer and is_alive(writer, opened) is not False) or not lock.take(wait=1.0):
            return True
    except OSError as error:
        tell(f"cannot write into {folder.path}: {reason_of(error)}")
        return False
    try:
        execution.reload()
        is_news = bool(execution.fold())
        if execution.told_end and not execution.is_over():
            is_news = True
            execution.end({**end_of("failed", None), **execution.told_end})
    except Unreadable:
        return True
    finally:
        lock.free()
    try:
        if is_news:  # Else another one has taken it up, and sends it.
            deliver(Channel(opened["url"], folder.outbox), execution, VERB_LIMIT, again=False)
    except ValueError:
        tell(f"cannot use the URL {json.dumps(opened['url'])}")
    return True


def send_bare(settings: Settings, name: str, verb: str, told: Json) -> bool:
    """Sends a word on an execution of which there is no folder here; whether it was delivered."""
    channel = settings.channel()
    execution = Execution.begin(settings, None, has_writer=False, name=name)
    execution.facts.update({"end": {**end_of("failed", None), **told["end"]}} if verb == "end" else told)
    report = execution.next_report()
    # Its start is as the server has it, and so is its number: who keeps it counts.
    execution.newest = {key: value for key, value in report.items() if key not in ("startedAt", "seq")}
    return channel is not None and deliver(channel, execution, VERB_LIMIT, again=False)


def run_sync(flags: Json) -> int:
    """Sends all that waits. 0: nothing is left; 1: something is; 2: the server refused something for good."""
    path = outbox_path(flags.get("outbox"))
    outbox = usable_outbox(path) if os.path.isdir(path) else None
    if not outbox:
        return 1 if os.path.exists(path) else 0
    others = Others(outbox)
    until = time.monotonic() + flags.get("wait", 0.0)
    while True:
        others.look_after(must=True)
        first = min((channel.not_before for channel in others.channels.values()), default=0.0)
        pause = max(1.0, first - time.monotonic())
        if not others.left or time.monotonic() + pause > until:
            break
        time.sleep(pause)
    return 1 if others.left else 2 if any(channel.rejected for channel in others.channels.values()) else 0


def run_status(flags: Json) -> int:
    """What waits, since when, and why."""
    path = outbox_path(flags.get("outbox"))
    waiting = [execution for execution in readable_in(path) if not execution.is_settled()]
    try:
        channel = read_line(os.path.join(path, "channel.json"))
    except Unreadable:
        channel = {}
    failing = (
        f", failing since {channel['failingSince']}: {channel['lastError']}" if channel.get("failingSince") else ""
    )
    count = f"{len(waiting)} report{' waits' if len(waiting) == 1 else 's wait'}"
    print(f"{count} in {path}{failing}" if waiting else f"nothing waits in {path}")
    for execution in waiting:
        newest = execution.newest
        known = f"{newest['execution']} {newest['job']} {newest['state']} seq {newest['seq']}"
        print(f"{known}, acknowledged {execution.acknowledged}, at {newest['at']}")
    rejected = len(names_in(os.path.join(path, "rejected")))
    if rejected:
        print(f"{rejected} rejected in {path}/rejected")
    return 0


def run_exec(flags: Json, command: list[str]) -> int:
    settings = Settings(flags)
    if flags["strict"] and not settings.is_complete():
        return 125
    Supervisor(settings, flags, command).run()


def hold_standard_files() -> None:
    """Takes the numbers of standard files that are closed, so that no file of ours gets one; the command finds it closed."""
    while (fd := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(fd)


def main(words: Sequence[str]) -> int:
    verb, *rest = words or ["help"]
    if verb in ("help", "--help", "-h") or "--help" in rest[: rest.index("--") if "--" in rest else None]:
        print(__doc__)
        return 0
    hold_standard_files()
    try:
        if verb not in FLAGS:
            raise Misuse("no such command; report help lists them")
        flags, rest = parse(verb, rest)
        if verb == "exec":
            return run_exec(flags, rest)
        if verb == "start":
            return run_start(flags)
        if verb in ("sync", "status"):
            return run_sync(flags) if verb == "sync" else run_status(flags)
        return run_word(verb, flags, rest)
    except Misuse as error:
        tell(f"report {verb}: {error}")
        return 125
    except KeyboardInterrupt:
        leave(signal.SIGINT)


if __name__ == "__main__":
    leave_with(main(sys.argv[1:]))
