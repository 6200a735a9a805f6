"""One inspection point at work: the handshake, the frames, and one thread that judges."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime

from pitmark.core.errors import ConflictError, NotFoundError, PitmarkError
from pitmark.core.inspector import Verdict
from pitmark.edge.device_spec import PointSpec
from pitmark.edge.examiner import Examiner
from pitmark.edge.handshake import (
    SENTENCES,
    Acknowledged,
    Answer,
    Change,
    ConfigurationChanged,
    ErrorCode,
    Event,
    Handshake,
    Inspect,
    Judged,
    Order,
    Outputs,
    Phase,
    ReleaseReady,
    Triggered,
)
from pitmark.edge.parts import Frame, PartResult
from pitmark.edge.recipe import Recipe

Listener = Callable[["Point"], None]
Publish = Callable[[PartResult], None]
Grab = Callable[[float], Frame]


class Point:
    """One inspection point. Any thread may send events; one thread judges.

    Args:
        spec: What it is.
        examine: Judges frames.
        publish: Told every result, in the thread that judges; it must be quick.
        grab: Gives a frame from a camera within some seconds, or raises a PitmarkError;
            None where frames are pushed.
    """

    def __init__(
        self, spec: PointSpec, examine: Examiner, publish: Publish, *, grab: Grab | None = None
    ) -> None:
        self.spec = spec
        self._examine, self._publish, self._grab = examine, publish, grab
        self._recipes = {r.index: r for r in spec.recipes}
        self._state = Handshake(configuration=spec.first.index)
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._turn = threading.Lock()
        self._orders: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._awaited: int | None = None
        self._stopping = False
        self._offered: _Offer | None = None
        self._listeners: list[Listener] = []
        self._thread = threading.Thread(
            target=self._work, name=f"point {spec.name}", daemon=True
        )
        self.unasked = 0
        self.last: PartResult | None = None

    @property
    def outputs(self) -> Outputs:
        """What a control reads now."""
        return self._state.outputs

    def start(self) -> None:
        """Begin to judge."""
        self.look_for_release()
        self._thread.start()

    def stop(self) -> None:
        """Stop judging; a part that waits gets an error."""
        with self._lock:
            number, waiting = self._state.number, self._state.phase == Phase.INSPECTING
        if waiting:
            self.handle(Judged(number, Answer("error", code=ErrorCode.STOPPING)))
        self._orders.put(None)
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def listen(self, listener: Listener) -> None:
        """Have changes of the outputs told.

        Args:
            listener: Called in the thread that caused the change; it must be quick. It
                reads `outputs` itself: two changes may be told in either order.
        """
        self._listeners.append(listener)

    def handle(self, event: Event) -> Outputs:
        """Let something happen.

        Args:
            event: From the control, or about the release.

        Returns:
            The outputs after it.
        """
        return self._step(event)[1]

    def wait(self, ready: Callable[[Outputs], bool], timeout_s: float) -> Outputs:
        """Wait until the outputs are as wanted, or the time is over.

        Args:
            ready: Whether they are.
            timeout_s: Seconds.

        Returns:
            The outputs then.
        """
        with self._changed:
            self._changed.wait_for(lambda: ready(self._state.outputs), timeout_s)
            return self._state.outputs

    def push(self, frame: Frame, *, custom: int = 0, wait_s: float = 60.0) -> PartResult | None:
        """Give the point a frame from a source that brings frames by itself.

        Args:
            frame: The image.
            custom: The control's number for the part.
            wait_s: How long to wait for the verdict.

        Returns:
            The result; None where the control triggers and had not asked for an image.

        Raises:
            ConflictError: The last verdict is not acknowledged yet.
        """
        future: Future[PartResult] = Future()
        frame = frame.ahead()
        with self._turn:
            if self.spec.trigger == "image":
                if not self.spec.acknowledge:
                    self.handle(Acknowledged())
                before, after = self._step(Triggered(custom))
                if after.number == before.number:
                    raise ConflictError(
                        f"{self.spec.name}: {SENTENCES[ErrorCode.TRIGGER_MISSED]}",
                        hint="Acknowledge the last verdict first.",
                    )
                if after.results_ready:
                    return self.last
            if not self._offer(_Offer(frame, future)):
                return None
            return future.result(wait_s)

    def look_for_release(self) -> None:
        """Find out whether there is a release to judge with."""
        self.handle(ReleaseReady(self._examine.ready(self._recipe)))

    @property
    def _recipe(self) -> Recipe:
        return self._recipes[self._state.configuration]

    def _step(self, event: Event) -> tuple[Outputs, Outputs]:
        """The outputs before and after an event."""
        with self._lock:
            before = self._state.outputs
            self._state, orders = self._state.after(event)
            outputs = self._state.outputs
            for order in orders:
                if isinstance(order, Inspect):
                    self._awaited, self._offered = order.number, None
            self._changed.notify_all()
        for order in orders:
            self._orders.put(order)
        if outputs.number > before.number and outputs.results_ready:
            self._tell(self._unjudged(outputs, ErrorCode.NO_RELEASE))
        if outputs != before:
            for listener in self._listeners:
                listener(self)
        return before, outputs

    def _offer(self, offer: _Offer) -> bool:
        """Hand a frame to the inspection that waits for one, if any does."""
        with self._changed:
            if self._awaited is None or self._offered is not None:
                self.unasked += 1
                return False
            self._offered = offer
            self._changed.notify_all()
            return True

    def _work(self) -> None:
        while (order := self._orders.get()) is not None:
            if isinstance(order, Change):
                self._change(order.index)
            else:
                self._inspect(order)

    def _change(self, index: int) -> None:
        found = self._recipes.get(index)
        if found is not None:
            self.handle(ReleaseReady(self._examine.ready(found)))
        self.handle(ConfigurationChanged(index, found=found is not None))

    def _inspect(self, order: Inspect) -> None:
        start = time.perf_counter()
        recipe = self._recipe
        try:
            offer = self._next_offer()
        except PitmarkError as error:
            after = self.handle(Judged(order.number, Answer("error", code=ErrorCode.NO_IMAGE)))
            code = ErrorCode(after.error_code) or ErrorCode.NO_IMAGE
            self._tell(self._unjudged(after, code, error.message))
            return
        found = self._examine(offer.frame, recipe)
        total_ms = (time.perf_counter() - start) * 1000
        after = self.handle(Judged(order.number, found.answer))
        missed = after.number == order.number and (after.error_code == ErrorCode.TRIGGER_MISSED)
        result = PartResult(
            point=self.spec.name,
            number=order.number,
            custom=order.custom,
            at=_now(),
            verdict=found.verdict,
            answer=Answer("error", code=ErrorCode.TRIGGER_MISSED) if missed else found.answer,
            recipe=recipe.index,
            findings=found.findings,
            held=found.held,
            latency_ms=found.latency_ms,
            total_ms=total_ms,
            threshold=found.threshold,
            frame=offer.frame,
            inspection=found.inspection,
        )
        self._tell(result)
        if offer.future is not None:
            offer.future.set_result(result)

    def _next_offer(self) -> _Offer:
        """The frame for the inspection at hand: from the camera, or as it is pushed."""
        wait_s = self.spec.source.timeout_s
        if self._grab is not None and self.spec.trigger == "control":
            with self._lock:
                self._awaited = None
            return _Offer(self._grab(wait_s), None)
        with self._changed:
            self._changed.wait_for(lambda: self._offered is not None or self._stopping, wait_s)
            offer, self._offered, self._awaited = self._offered, None, None
        if offer is None:
            raise NotFoundError(
                f"{self.spec.name}: no image came within {wait_s:g} s of the trigger",
                hint="Look at the camera, its cable and its light.",
            )
        return offer

    def _unjudged(self, outputs: Outputs, code: ErrorCode, why: str = "") -> PartResult:
        return PartResult(
            point=self.spec.name,
            number=outputs.number,
            custom=outputs.custom,
            at=_now(),
            verdict=Verdict("error", 0.0, None, why or SENTENCES[code]),
            answer=Answer("error", code=code),
            recipe=outputs.configuration,
        )

    def _tell(self, result: PartResult) -> None:
        self.last = result
        self._publish(result)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A frame, and who waits for what comes of it."""

    frame: Frame
    future: Future[PartResult] | None


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
