"""What devices say and hear, and the fleet and its rollouts as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypedDict

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from pitmark.wire.drift import DriftCourse
from pitmark.wire.line import Inspection
from pitmark.wire.message import Document, Message

KEY_PATTERN = r"^[A-Za-z0-9_-]{1,60}$"
Key = Annotated[str, Field(pattern=KEY_PATTERN)]
MOST_RECORDS = 64
VersionNumber = Annotated[int, Field(ge=0, le=2**31 - 1)]
Share = Annotated[float, Field(ge=0, le=1)]


class FromDevice(BaseModel):
    """What a device sends: a newer one may say more than this server knows of."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Register(Message):
    """A one-time code, to be exchanged for a key."""

    code: str = Field(min_length=1, max_length=100)


class DeviceKey(Message):
    """The key of a device, which is shown once; `device` is its id at this server."""

    project: str
    device: str
    key: str


class PartVerdict(FromDevice):
    """What came out of one part."""

    outcome: Literal["OK", "NG", "error"]
    score: float = 0.0
    label: str | None = None
    reason: str = ""


class PartRelease(FromDevice):
    """The release that judged a part."""

    project: str
    version: VersionNumber


class ReleaseOutcome(FromDevice):
    """What became of a release; `key` is the same whenever it is told again."""

    key: Key
    at: AwareDatetime
    outcome: Literal["activated", "kept", "refused", "rolled back"]
    version: VersionNumber | None = None
    sha256: str | None = Field(default=None, max_length=64)
    to: VersionNumber | None = None
    on_trial: bool = False
    reason: str = ""


class DeviceRecord(FromDevice):
    """One record of the outbox: a part with its verdict, or what became of a release."""

    key: Key
    sequence: int = 0
    priority: str = ""
    at: AwareDatetime | None = None
    name: str = ""
    verdict: PartVerdict | None = None
    error_code: int = 0
    release: PartRelease | None = None
    point: str = ""
    number: int = 0
    custom: int = 0
    classification: int = -1
    recipe: int = 0
    findings: list[Document] = []
    latency_ms: float | None = None
    total_ms: float | None = None
    tags: dict[str, str] = {}
    drift: Document | None = None
    other_verdict: str | None = None
    image_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    image_base64: str | None = None
    release_note: ReleaseOutcome | None = None


class Taken(Message):
    """A record that is kept; `new` is false where it was before."""

    key: str
    new: bool


class DeviceRecords(FromDevice):
    """Records of the outbox that travel together; each is looked at by itself."""

    records: list[Document] = Field(min_length=1, max_length=MOST_RECORDS)


class RecordAnswer(Message):
    """What became of one record: new, known by its key, or refused for good with the reason."""

    key: str
    outcome: Literal["new", "known", "refused"]
    message: str = ""


class RecordAnswers(Message):
    """What became of records, in the order in which they were sent."""

    records: list[RecordAnswer]


class DeviceReport(FromDevice):
    """What a device says of itself: the release that runs, and plain figures besides."""

    release: VersionNumber | None = None
    on_trial: bool = False
    drift: bool = False
    facts: Document = {}
    watches: list[DriftCourse] | None = Field(default=None, max_length=16)


class Desired(Message):
    """The release that a device should run; all None where nothing is offered."""

    version: int | None
    sha256: str | None
    size_bytes: int | None


class NewDevice(Message):
    """A device to be made known."""

    name: str = Field(min_length=1, max_length=64)


class DeviceCode(Message):
    """The one-time code of a device, which is shown once."""

    name: str
    code: str
    expires: datetime


class PartTotals(Message):
    """Parts by verdict."""

    ok: int
    ng: int
    error: int


class DeviceNote(Message):
    """What became of a release on a device."""

    at: datetime
    version: int | None
    outcome: str
    reason: str


class FleetDevice(Message):
    """A device of the fleet.

    `state` is active, silent, waiting or revoked; `desired` the version offered to it;
    `report` what it said last of itself.
    """

    name: str
    state: str
    release: int | None
    desired: int | None
    on_trial: bool
    wave: int | None
    created: datetime
    registered: datetime | None
    last_seen: datetime | None
    parts: PartTotals
    ng_rate: float | None
    ng_low: float
    ng_high: float
    sentence: str
    drift: bool
    note: DeviceNote | None
    report: Document | None


class DevicesAsked(TypedDict, total=False):
    """Which devices a list is to show: all that fulfill everything that is given.

    `name` is a part of the name; `behind` are those that run another release than the one
    offered to them, `drift` those whose watch has raised an alarm.
    """

    name: str
    state: Literal["active", "silent", "waiting", "revoked"]
    release: int
    behind: bool
    drift: bool


class FleetList(Message):
    """Some devices by name; `after` asks for the next ones, None where these are the last."""

    items: list[FleetDevice]
    after: str | None


class FleetDeviceDetails(Message):
    """One device, what became of releases on it, and its latest inspections."""

    device: FleetDevice
    notes: list[DeviceNote]
    latest: list[Inspection]


class FleetCounts(Message):
    """The fleet in counts; `releases` by version, "" where none is known."""

    states: dict[str, int]
    releases: dict[str, int]
    behind: int
    drift: int


class RulesOfRollout(Message):
    """What a wave must fulfill and what halts a rollout, see docs/devices.md."""

    min_hours: float = Field(default=1.0, ge=0, le=10_000)
    min_parts: int = Field(default=20, ge=0, le=10**9)
    enough: Share = 0.9
    ng_jump: Share = 0.1
    errors: Share = 0.02
    refused: int = Field(default=1, ge=0, le=10**6)


class StartRollout(Message):
    """A rollout to begin: shares of all devices, and devices that come first by name."""

    version: int = Field(ge=1, le=2**31 - 1)
    waves: list[Share] = Field(default=[0.01, 0.1, 0.5, 1.0], max_length=20)
    canary: list[str] = Field(default=[], max_length=1000)
    rules: RulesOfRollout = RulesOfRollout()


class HaltRollout(Message):
    """Why a rollout is halted."""

    why: str = Field(default="", max_length=1000)


class ResumeRollout(Message):
    """Going on after a halt, by other rules where they are given."""

    rules: RulesOfRollout | None = None


class RollBackRollout(Message):
    """Going back, to the content of a version where one is named."""

    to: int | None = Field(default=None, ge=1, le=2**31 - 1)


class RolloutWave(Message):
    """One wave: its devices, and how many run the release, are on trial with it, or failed."""

    wave: int
    open: bool
    devices: int
    running: int
    on_trial: int
    failed: int


class Rollout(Message):
    """A rollout; `wave` is the newest open one, from 1, and `why` the last word on it."""

    number: int
    version: int
    state: str
    why: str
    wave: int
    wave_since: datetime
    created: datetime
    author: str
    plan: Document
    waves: list[RolloutWave]
    parts_before: PartTotals
    parts_under: PartTotals


class RolloutLine(Message):
    """A rollout in a list."""

    number: int
    version: int
    state: str
    why: str
    created: datetime
    finished: datetime | None
    author: str
