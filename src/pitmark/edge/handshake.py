"""The talk between a control (PLC) and one inspection point, as a pure state machine.

The control raises Trigger when Trigger Ready is on, waits for Results Ready, reads the
verdict and raises Results Ack; only then is the next trigger taken. The verdict stands still
from Results Ready to Results Ack. What goes wrong is an answer, too: Error with a code, and
Error always comes with NG, so that a control that looks at nothing but NG stays on the safe
side. Nothing here does I/O: events in, state and orders out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum

from pitmark.core.inspector import Outcome

NO_CLASS = -1
# What a control may give as a number: more than this not every transport can give back.
MOST_NUMBER = 2**31 - 1


class ErrorCode(IntEnum):
    """What Error Code says; `SENTENCES` has the words."""

    NONE = 0
    TRIGGER_MISSED = 1
    NO_IMAGE = 2
    NOT_JUDGED = 3
    NO_RELEASE = 4
    NO_CONFIGURATION = 5
    STOPPING = 6


SENTENCES: dict[ErrorCode, str] = {
    ErrorCode.NONE: "no error",
    ErrorCode.TRIGGER_MISSED: "a trigger came before the last part was finished and"
    " acknowledged: a part was not inspected",
    ErrorCode.NO_IMAGE: "the source gave no image in time",
    ErrorCode.NOT_JUDGED: "the image could not be read or judged",
    ErrorCode.NO_RELEASE: "no release is loaded",
    ErrorCode.NO_CONFIGURATION: "there is no configuration with the index asked for",
    ErrorCode.STOPPING: "the device was stopped while a part was inspected",
}


class Phase(StrEnum):
    """What an inspection point is doing."""

    READY = "ready"
    INSPECTING = "inspecting"
    ANSWERED = "answered"
    CHANGING = "changing"


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on one part as the control sees it.

    `classification` is the position of the class in the label book, -1 for none.
    """

    outcome: Outcome
    classification: int = NO_CLASS
    code: ErrorCode = ErrorCode.NONE

    def __post_init__(self) -> None:
        # An error without a code, or a code without an error, must not reach the line.
        if self.outcome == "error" and self.code == ErrorCode.NONE:
            object.__setattr__(self, "code", ErrorCode.NOT_JUDGED)
        elif self.code != ErrorCode.NONE and self.outcome != "error":
            object.__setattr__(self, "outcome", "error")


@dataclass(frozen=True, slots=True)
class Triggered:
    """The control asks for a verdict; `custom` is its own number for the part."""

    custom: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """The inspection `number` came to an answer."""

    number: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The control has read the verdict."""


@dataclass(frozen=True, slots=True)
class ConfigurationAsked:
    """The control asks for another configuration (part, recipe)."""

    index: int


@dataclass(frozen=True, slots=True)
class ConfigurationChanged:
    """The configuration asked for is in use, or (not `found`) does not exist."""

    index: int
    found: bool = True


@dataclass(frozen=True, slots=True)
class ReleaseReady:
    """Whether there is a release to judge with."""

    ready: bool


Event = (
    Triggered | Judged | Acknowledged | ConfigurationAsked | ConfigurationChanged | ReleaseReady
)


@dataclass(frozen=True, slots=True)
class Inspect:
    """Order: get an image and judge it."""

    number: int
    custom: int


@dataclass(frozen=True, slots=True)
class Change:
    """Order: use another configuration."""

    index: int


Order = Inspect | Change


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the control can read. `number` counts triggers taken, `missed` those that came
    too early; `custom` is what the control sent with the trigger.
    """

    trigger_ready: bool
    results_ready: bool
    ok: bool
    ng: bool
    error: bool
    error_code: int
    classification: int
    configuration: int
    number: int
    missed: int
    custom: int

    def to_json(self) -> dict[str, bool | int]:
        """The outputs as plain JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class Handshake:
    """Where the talk stands. It is never changed: `after` gives the next one.

    `asked` is a configuration that waits for the part at hand to be finished; `collided`
    says that a trigger came while it was not allowed to.
    """

    phase: Phase = Phase.READY
    release: bool = False
    configuration: int = 0
    asked: int | None = None
    answer: Answer | None = None
    collided: bool = False
    number: int = 0
    missed: int = 0
    custom: int = 0

    def after(self, event: Event) -> tuple[Handshake, tuple[Order, ...]]:
        """The state after an event, and what is to be done now.

        Args:
            event: What happened. One that does not belong here, such as an answer to an
                earlier part, changes nothing.

        Returns:
            The new state and at most one order.
        """
        match event:
            case Triggered(custom):
                return self._triggered(custom)
            case Judged(number, answer):
                return self._judged(number, answer)
            case Acknowledged():
                return self._acknowledged()
            case ConfigurationAsked(index):
                return replace(self, asked=index)._settled()
            case ConfigurationChanged(index, found):
                return self._changed(index, found)
            case ReleaseReady(ready):
                return replace(self, release=ready), ()

    @property
    def outputs(self) -> Outputs:
        """What the control reads in this state."""
        answer = self.answer if self.phase == Phase.ANSWERED else None
        outcome = answer.outcome if answer else None
        return Outputs(
            trigger_ready=self.phase == Phase.READY and self.release,
            results_ready=answer is not None,
            ok=outcome == "OK",
            ng=outcome in ("NG", "error"),
            error=outcome == "error",
            error_code=int(answer.code) if answer else 0,
            classification=answer.classification if answer else NO_CLASS,
            configuration=self.configuration,
            number=self.number,
            missed=self.missed,
            custom=self.custom,
        )

    def _triggered(self, custom: int) -> tuple[Handshake, tuple[Order, ...]]:
        if self.phase != Phase.READY:
            late = replace(self, missed=self.missed + 1, collided=True)
            # The control cannot know any more which part the standing answer is about.
            return (late._answered() if self.phase == Phase.ANSWERED else late), ()
        taken = replace(self, number=self.number + 1, custom=custom)
        if not self.release:
            return taken._answered(Answer("error", code=ErrorCode.NO_RELEASE)), ()
        return replace(taken, phase=Phase.INSPECTING), (Inspect(taken.number, custom),)

    def _judged(self, number: int, answer: Answer) -> tuple[Handshake, tuple[Order, ...]]:
        if self.phase != Phase.INSPECTING or number != self.number:
            return self, ()
        return self._answered(answer), ()

    def _acknowledged(self) -> tuple[Handshake, tuple[Order, ...]]:
        if self.phase != Phase.ANSWERED:
            return self, ()
        return replace(self, phase=Phase.READY, answer=None, collided=False)._settled()

    def _changed(self, index: int, found: bool) -> tuple[Handshake, tuple[Order, ...]]:
        if self.phase != Phase.CHANGING:
            return self, ()
        if not found:
            return self._answered(Answer("error", code=ErrorCode.NO_CONFIGURATION)), ()
        there = replace(self, configuration=index, phase=Phase.READY)
        return (there._answered(), ()) if there.collided else there._settled()

    def _answered(self, answer: Answer | None = None) -> Handshake:
        if self.collided:
            answer = Answer("error", code=ErrorCode.TRIGGER_MISSED)
        return replace(self, phase=Phase.ANSWERED, answer=answer)

    def _settled(self) -> tuple[Handshake, tuple[Order, ...]]:
        """Take up a configuration that was asked for, once nothing else is under way."""
        if self.phase != Phase.READY or self.asked is None:
            return self, ()
        index = self.asked
        if index == self.configuration:
            return replace(self, asked=None), ()
        return replace(self, asked=None, phase=Phase.CHANGING), (Change(index),)


@dataclass(frozen=True, slots=True)
class Levels:
    """What a control holds on its lines; a rising Trigger or Results Ack is an event.

    `configuration` is the index asked for, -1 for no wish.
    """

    trigger: bool = False
    results_ack: bool = False
    configuration: int = -1
    custom: int = 0

    def events_since(self, before: Levels) -> tuple[Event, ...]:
        """What happened between two looks at the lines.

        Args:
            before: The lines as they were.

        Returns:
            Events in the order in which they take effect: an acknowledgement comes before
            a trigger raised with it.
        """
        out: list[Event] = []
        if self.results_ack and not before.results_ack:
            out.append(Acknowledged())
        if self.configuration >= 0 and self.configuration != before.configuration:
            out.append(ConfigurationAsked(self.configuration))
        if self.trigger and not before.trigger:
            out.append(Triggered(self.custom))
        return tuple(out)
