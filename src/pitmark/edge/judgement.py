"""The verdict on a part: what the model found, seen with the eyes of the label book.

A finding counts unless it lies outside the regions, is smaller than its class can be
according to the label book, or is within a tolerance of the recipe. Of a class that must be
caught nothing is let pass but what lies outside the regions, and the lower of its two limits
holds. What does not count is taken out of the prediction, and the rest is decided as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pitmark.core.assemble import peak_score
from pitmark.core.geometry import Point, polygon_mask
from pitmark.core.inspector import InspectorSpec, Verdict, decide
from pitmark.core.label_book import ClassEntry, LabelBook, NumericRule
from pitmark.core.predictions import Prediction
from pitmark.edge.recipe import Recipe, Region, Tolerance
from pitmark.edge.spots import Spot, find_spots

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found on a part; `passed` says why it does not count, None if it does."""

    label: str
    score: float
    box_xyxy: Box
    area_px: float
    passed: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The finding as plain JSON types."""
        return {
            "label": self.label,
            "score": round(self.score, 6),
            "box_xyxy": [round(side, 2) for side in self.box_xyxy],
            "area_px": round(self.area_px, 1),
            "passed": self.passed,
        }


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, and everything found that reached its limit, the strongest first."""

    verdict: Verdict
    findings: tuple[Finding, ...] = ()


class Judge:
    """Judges the predictions of one release by one recipe.

    Args:
        spec: Of the model.
        book: The label book of the same release.
        recipe: Regions and tolerances.

    Raises:
        InvalidInputError: The recipe asks for what the model cannot do.
    """

    def __init__(self, spec: InspectorSpec, book: LabelBook, recipe: Recipe) -> None:
        recipe.check_fits(spec)
        self._spec, self._mm_per_px = spec, book.mm_per_px
        known = {c.name: c for c in book.classes}
        self._entries = [known.get(name, ClassEntry(name)) for name in spec.classes]
        self._tolerances = [recipe.tolerances.get(n, Tolerance()) for n in spec.classes]
        left, top = recipe.crop_xywh[:2] if recipe.crop_xywh else (0, 0)
        self._regions = tuple(_moved(r, left, top) for r in recipe.regions)
        self._offset = (left, top)
        self._masks: dict[tuple[int, ...], NDArray[np.bool_]] = {}

    def __call__(self, prediction: Prediction) -> Judgement:
        """The verdict on one image.

        Args:
            prediction: Of the model, for the image as cropped.

        Returns:
            The verdict with the reason in words, and the findings in pixels of the
            stored image.
        """
        if not np.isfinite(prediction.score):
            return Judgement(decide(prediction, self._spec))
        if self._spec.task == "detection":
            rest, findings = self._boxes(prediction)
        elif prediction.maps_khw is not None:
            rest, findings = self._maps(prediction)
        else:
            return Judgement(self._named(decide(prediction, self._spec)))
        verdict = self._worded(decide(rest, self._spec), findings)
        ordered = sorted(findings, key=lambda f: -f.score)
        return Judgement(verdict, tuple(self._placed(f) for f in ordered))

    def _limit(self, index: int) -> float:
        """The score from which a finding of a class counts."""
        if self._entries[index].must_catch:
            boxes = self._spec.box_thresholds
            return min(self._spec.threshold, boxes[index] if boxes else 1.0)
        return max(self._spec.threshold, self._tolerances[index].score)

    def _boxes(self, prediction: Prediction) -> tuple[Prediction, list[Finding]]:
        keep = np.ones(len(prediction.box_scores), dtype=bool)
        findings: list[Finding] = []
        places: list[tuple[int, int]] = []
        rows = zip(
            prediction.boxes_xyxy.tolist(),
            prediction.box_scores.tolist(),
            prediction.box_classes.tolist(),
            strict=True,
        )
        for position, (box, score, index) in enumerate(rows):
            x1, y1, x2, y2 = box
            why = self._outside((x1 + x2) / 2, (y1 + y2) / 2)
            if score < self._limit(index):
                # Too weak to count; with a raised limit it must not decide either.
                tolerated = score < self._tolerances[index].score
                keep[position] = why is None and not tolerated
                continue
            area = (x2 - x1) * (y2 - y1)
            why = why or self._too_small(index, (x1, y1, x2, y2), area)
            label = self._spec.classes[index]
            findings.append(Finding(label, score, (x1, y1, x2, y2), area, why))
            places.append((index, position))
        findings = self._within_count(findings, [p[0] for p in places])
        for finding, (_, position) in zip(findings, places, strict=True):
            keep[position] = finding.passed is None
        scores = prediction.box_scores[keep]
        rest = replace(
            prediction,
            score=float(scores.max(initial=0.0)),
            boxes_xyxy=prediction.boxes_xyxy[keep],
            box_scores=scores,
            box_classes=prediction.box_classes[keep],
        )
        return rest, findings

    def _maps(self, prediction: Prediction) -> tuple[Prediction, list[Finding]]:
        assert prediction.maps_khw is not None
        maps = prediction.maps_khw.astype(np.float32)
        total = np.minimum(maps.sum(axis=0), 1.0)
        winner = np.argmax(maps, axis=0)
        looked_at = self._looked_at(prediction.size_wh, total.shape)
        gone = ~looked_at
        height, width = total.shape
        cell = (prediction.size_wh[0] / width, prediction.size_wh[1] / height)
        found: list[tuple[int, Spot]] = []
        findings: list[Finding] = []
        for index in range(len(maps)):
            ours = (winner == index) & looked_at
            if self._limit(index) > self._spec.threshold:
                gone |= ours & (total < self._limit(index))
            for spot in find_spots(ours & (total >= self._limit(index))):
                finding = self._spot_finding(index, spot, total, cell)
                if finding.score >= self._limit(index):
                    found.append((index, spot))
                    findings.append(finding)
                elif finding.passed is not None:
                    gone[spot.rows, spot.columns] = True
        findings = self._within_count(findings, [i for i, _ in found])
        for finding, (_, spot) in zip(findings, found, strict=True):
            if finding.passed is not None:
                gone[spot.rows, spot.columns] = True
        if not gone.any():
            return prediction, findings
        maps[:, gone] = 0.0
        left = peak_score(np.minimum(maps.sum(axis=0), 1.0))
        score = min(float(prediction.score), left)
        return replace(prediction, score=score, maps_khw=maps.astype(np.float16)), findings

    def _spot_finding(
        self, index: int, spot: Spot, total: NDArray[np.float32], cell: tuple[float, float]
    ) -> Finding:
        box = spot.box_xyxy(cell)
        area = len(spot.rows) * cell[0] * cell[1]
        # Measured as the score of an image is, see peak_score: one bright cell is no defect.
        count = min(total.size, max(4, total.size // 1000))
        cells = np.sort(total[spot.rows, spot.columns])[-count:]
        score = float(cells.sum() / count)
        why = self._too_small(index, box, area)
        return Finding(self._spec.classes[index], score, box, area, why)

    def _too_small(self, index: int, box: Box, area_px: float) -> str | None:
        """The lower limits of the label book that a finding does not reach, in words."""
        entry = self._entries[index]
        if entry.must_catch:
            return None
        broken = [
            text for r in entry.rules if (text := _below(r, box, area_px, self._mm_per_px))
        ]
        return f"not a {entry.name} by the label book: {'; '.join(broken)}" if broken else None

    def _within_count(self, findings: list[Finding], classes: list[int]) -> list[Finding]:
        """Where no more of a class count than are tolerated, none of them does."""
        for index, tolerance in enumerate(self._tolerances):
            counted = [
                n
                for n, (f, c) in enumerate(zip(findings, classes, strict=True))
                if c == index and f.passed is None
            ]
            allowed = 0 if self._entries[index].must_catch else tolerance.count
            if len(counted) > allowed:
                continue
            why = f"within tolerance: {len(counted)} of {allowed} allowed"
            for n in counted:
                findings[n] = replace(findings[n], passed=why)
        return findings

    def _outside(self, x: float, y: float) -> str | None:
        looked_at = [r for r in self._regions if not r.ignore]
        for region in self._regions:
            if region.ignore and _holds(region.corners, x, y):
                return f"in {region.name or 'a region'}, which is left out"
        if looked_at and not any(_holds(r.corners, x, y) for r in looked_at):
            return "outside the regions that are looked at"
        return None

    def _looked_at(self, size_wh: tuple[int, int], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        key = (*size_wh, *shape)
        if key not in self._masks:
            self._masks = {key: self._region_mask(size_wh, shape)}
        return self._masks[key]

    def _region_mask(
        self, size_wh: tuple[int, int], shape: tuple[int, ...]
    ) -> NDArray[np.bool_]:
        height, width = shape
        across, down = width / size_wh[0], height / size_wh[1]
        whole = not any(not r.ignore for r in self._regions)
        mask = np.full((height, width), whole)
        for region in sorted(self._regions, key=lambda r: r.ignore):
            corners = [(x * across, y * down) for x, y in region.corners]
            inside = polygon_mask([corners], (width, height))
            mask = mask & ~inside if region.ignore else mask | inside
        return mask

    def _worded(self, verdict: Verdict, findings: list[Finding]) -> Verdict:
        counted = [f for f in findings if f.passed is None]
        must = {e.name for e in self._entries if e.must_catch}
        grave = [f for f in counted if f.label in must]
        if grave:
            best = max(grave, key=lambda f: f.score)
            limit = self._limit(self._spec.classes.index(best.label))
            reason = (
                f"{best.label}: score {best.score:.3f} reaches {limit:.3f},"
                " and it must never be missed"
            )
            return Verdict("NG", max(verdict.score, best.score), best.label, reason)
        if verdict.outcome == "OK" and findings:
            told = "; ".join(
                f"{f.label} {f.score:.3f} let pass ({f.passed})"
                for f in sorted(findings, key=lambda f: -f.score)[:3]
                if f.passed
            )
            return replace(verdict, reason=f"{told or verdict.reason}")
        return verdict

    def _named(self, verdict: Verdict) -> Verdict:
        must = {e.name for e in self._entries if e.must_catch}
        if verdict.outcome == "NG" and verdict.label in must:
            return replace(verdict, reason=f"{verdict.reason}, and it must never be missed")
        return verdict

    def _placed(self, finding: Finding) -> Finding:
        left, top = self._offset
        x1, y1, x2, y2 = finding.box_xyxy
        return replace(finding, box_xyxy=(x1 + left, y1 + top, x2 + left, y2 + top))


def _below(rule: NumericRule, box: Box, area_px: float, mm_per_px: float | None) -> str | None:
    if rule.minimum is None or (rule.unit == "mm" and mm_per_px is None):
        return None
    scale = mm_per_px if rule.unit == "mm" and mm_per_px else 1.0
    sides = (box[2] - box[0], box[3] - box[1])
    lengths = {"length": max(sides), "short_side": min(sides)}
    value = area_px * scale**2 if rule.measure == "area" else lengths[rule.measure] * scale
    lower = replace(rule, maximum=None)
    if lower.allows(value):
        return None
    return f"{lower.text()}, this one measures {value:.3g} {rule.unit_text}"


def _moved(region: Region, left: int, top: int) -> Region:
    return replace(region, corners=tuple((x - left, y - top) for x, y in region.corners))


def _holds(corners: tuple[Point, ...], x: float, y: float) -> bool:
    """Whether a point lies in a polygon (even-odd)."""
    inside = False
    for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            inside = not inside
    return inside
