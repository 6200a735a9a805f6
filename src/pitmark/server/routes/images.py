"""Images: the gallery, one image in detail, its pictures, the map, changes to many."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import Field

from pitmark.core.errors import InvalidInputError, NotAllowedError, NotFoundError
from pitmark.core.filter_words import LONGEST
from pitmark.ops.data.selections import Change, change_images
from pitmark.ops.images.embedding_map import read_map
from pitmark.ops.images.gallery import MOST_PER_PAGE
from pitmark.server.access import PROJECT, ProjectAccess, project_access
from pitmark.server.galleries import ProjectDesk
from pitmark.server.routes.labels import labels_of
from pitmark.server.wire_shapes import to_wire
from pitmark.wire.images import (
    Facet,
    Facets,
    FacetValue,
    ImageCard,
    ImageDetail,
    ImagePage,
    ImageSelection,
    MapPoints,
    Occurrence,
    SelectionChange,
    SelectionChanged,
)
from pitmark.wire.message import Message

router = APIRouter(prefix=PROJECT, tags=["images"])
Viewer = Annotated[ProjectAccess, Depends(project_access("viewer"))]
Labeler = Annotated[ProjectAccess, Depends(project_access("labeler"))]
_MOST_POINTS = 100_000
_FOREVER = "private, max-age=31536000, immutable"


def desk_of(request: Request, access: ProjectAccess) -> ProjectDesk:
    """What the server keeps of a project between requests.

    Args:
        request: Any request.
        access: To the project.

    Returns:
        The desk.
    """
    desk: ProjectDesk = request.app.state.galleries.of(access.store)
    return desk


class PageQuery(Message):
    """Which images, in which order, and which part of them."""

    filter: str = Field(default="", max_length=LONGEST)
    sort: str = Field(default="", max_length=200)
    descending: bool = False
    offset: int = Field(default=0, ge=0, le=10**9)
    limit: int = Field(default=100, ge=0, le=MOST_PER_PAGE)


@router.get("/images")
def list_images(
    request: Request, access: Viewer, asked: Annotated[PageQuery, Query()]
) -> ImagePage:
    """Images by filter, a page at a time."""
    page = desk_of(request, access).gallery.page(
        asked.filter,
        sort=asked.sort,
        descending=asked.descending,
        offset=asked.offset,
        limit=asked.limit,
    )
    return ImagePage(
        total=page.total,
        offset=page.offset,
        items=[ImageCard(**asdict(c)) for c in page.cards],
        revision=page.revision,
    )


@router.get("/facets")
def list_facets(
    request: Request, access: Viewer, filter: Annotated[str, Query(max_length=LONGEST)] = ""
) -> Facets:
    """What the images of a filter can be filtered by further, with counts."""
    found = desk_of(request, access).gallery.facets(filter)
    return Facets(
        total=found.total,
        facets=[
            Facet(
                name=f.name,
                title=f.title,
                values=[FacetValue(value=v, count=n) for v, n in f.values],
                more=f.more,
            )
            for f in found.facets
        ],
        sortable=found.sortable,
    )


@router.post("/images/change")
def change_many(request: Request, access: Labeler, change: SelectionChange) -> SelectionChanged:
    """Give many images a class, a group or metadata."""
    if (change.group is not None or change.metadata) and access.role not in ("admin", "owner"):
        raise NotAllowedError(
            f"groups and metadata are changed by admins, you are {access.role}",
            hint="Ask an admin of the project.",
        )
    done = change_images(
        access.store,
        _selected(request, access, change.selection),
        Change(change.label, change.group, change.metadata, change.reason),
        by=access.who,
    )
    return SelectionChanged(changed=done.changed, problems=done.problems)


@router.get("/images/{sha}")
def show_image(request: Request, access: Viewer, sha: str) -> ImageDetail:
    """One image with all that is known about it."""
    store, desk = access.store, desk_of(request, access)
    record = store.images.get(sha)
    said = desk.suggester.known(sha)
    prediction = None
    if said.run:
        prediction = Occurrence(
            run=said.run,
            shapes=to_wire(said.shapes),
            scores=list(said.scores),
            image_score=said.score,
        )
    return ImageDetail(
        card=ImageCard(**asdict(desk.gallery.card(sha))),
        mode=record.mode,
        metadata=dict(record.metadata),
        group=record.group,
        names=store.images.names_of(sha),
        reference=record.reference,
        labels=labels_of(access, sha),
        prediction=prediction,
        findings=store.findings.open_on(sha),
    )


@router.get("/images/{sha}/picture", response_class=Response)
def show_picture(request: Request, access: Viewer, sha: str, side: int = 768) -> Response:
    """The image, or a reference of one, as a JPEG of at most a certain size."""
    return _picture(request, access, sha, f"{side}", side=side)


@router.get("/images/{sha}/tile/{level}/{x}/{y}", response_class=Response)
def show_tile(
    request: Request, access: Viewer, sha: str, level: int, x: int, y: int
) -> Response:
    """A part of the image of 256 pixels; level 0 is the full size, each further one half."""
    return _picture(request, access, sha, f"{level}-{x}-{y}", tile=(level, x, y))


@router.get("/map")
def show_map(
    request: Request, access: Viewer, color: Annotated[str, Query(max_length=200)] = "class"
) -> MapPoints:
    """The embedding map as it was made last, colored by a column."""
    made = read_map(access.store)
    if made is None:
        return MapPoints(sha256=[], x=[], y=[], value=[], values=[], made=None)
    # Evenly out of more than a page can draw.
    step = -(-len(made.sha256) // _MOST_POINTS)
    shas, points = list(made.sha256[::step]), made.xy[::step].round(4).tolist()
    words = desk_of(request, access).gallery.words(shas, color)
    values = sorted(set(words))
    place = {word: n for n, word in enumerate(values)}
    return MapPoints(
        sha256=shas,
        x=[p[0] for p in points],
        y=[p[1] for p in points],
        value=[place[w] for w in words],
        values=values,
        made=made.made,
    )


def _picture(
    request: Request,
    access: ProjectAccess,
    sha: str,
    what: str,
    *,
    side: int = 0,
    tile: tuple[int, int, int] | None = None,
) -> Response:
    if not (access.store.images.shows(sha) or access.store.events.shows(sha)):
        raise NotFoundError(f"the project has no image with the sha256 {sha!r}")
    tag = f'"{sha}-{what}"'
    headers = {
        "Cache-Control": _FOREVER,
        "ETag": tag,
        "Content-Disposition": f'inline; filename="{sha[:12]}-{what}.jpg"',
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    thumbnails = request.app.state.galleries.thumbnails
    data = thumbnails.picture(sha, side) if tile is None else thumbnails.tile(sha, *tile)
    return Response(data, media_type="image/jpeg", headers=headers)


def _selected(request: Request, access: ProjectAccess, selection: ImageSelection) -> list[str]:
    if bool(selection.sha256) == (selection.filter is not None):
        raise InvalidInputError("give the images by sha256 or by a filter, one of the two")
    if selection.filter is None:
        return selection.sha256
    return desk_of(request, access).gallery.shas(selection.filter)
