/** The gallery: what there is, narrowed down, looked at, selected and changed. */
import { useHotkeys, useLocalStorage } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useReducer, useState } from "react";
import { ApiProblem, get } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { Facets } from "@/api/types";
import { useHere } from "@/app/here";
import { useCommands } from "@/app/palette";
import { AddImages } from "@/features/images/AddImages";
import { DetailDrawer } from "@/features/images/DetailDrawer";
import { FacetPanel } from "@/features/images/FacetPanel";
import { GalleryBar } from "@/features/images/GalleryBar";
import { Grid, type GridSize } from "@/features/images/Grid";
import { MapPane } from "@/features/images/MapPane";
import { SelectionBar } from "@/features/images/SelectionBar";
import { NOTHING, selectedCount, selectionAfter } from "@/features/images/selection";
import { type GalleryQuestion, seenPages, useGallery } from "@/features/images/useGallery";
import { useIntake } from "@/intake/intake";
import { colorsOf } from "@/ui/classColors";
import { frame } from "@/words/frame";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

const route = getRouteApi("/app/p/$project/images");

export default function ImagesPage() {
  const here = useHere();
  const search = route.useSearch();
  const project = useQuery(projectQuery(here)).data;
  const intake = useIntake(here);
  const [looking, setLooking] = useState(false);
  const first = project?.images === 0;
  // What an import says at its end, such as files it could not read, is not passed over.
  if (first || search.add || (intake !== undefined && !looking)) {
    return <AddImages first={first} onLook={() => setLooking(true)} />;
  }
  return <GalleryPage key={`${here.organisation} ${here.project}`} />;
}

function GalleryPage() {
  const here = useHere();
  const { filter, sort, descending, map, open } = route.useSearch();
  const goto = route.useNavigate();
  const navigate = useNavigate();
  const [size, setSize] = useLocalStorage<GridSize>({
    key: "pitmark.cells",
    defaultValue: "m",
  });
  const [seen, setSeen] = useReducer(seenPages, { first: 0, last: 0 });
  const [selection, step] = useReducer(selectionAfter, NOTHING);
  const question = useMemo<GalleryQuestion>(
    () => ({ filter, sort, descending }),
    [filter, sort, descending],
  );
  const gallery = useGallery(here, question, seen);
  const facets = useQuery({
    queryKey: keys.part(here, "facets", filter ?? ""),
    queryFn: ({ signal }) => get<Facets>(projectPath(here, "/facets"), { filter }, signal),
    placeholderData: keepPreviousData,
  });
  const book = useQuery(labelBookQuery(here)).data;
  const colors = useMemo(() => colorsOf(book?.classes ?? []), [book]);
  // Another filter is another list: what was selected in the old one is not seen any more.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the filter is the trigger
  useEffect(() => step({ kind: "none" }), [filter]);
  const set = useCallback(
    (part: Partial<ReturnType<typeof route.useSearch>>) =>
      void goto({ search: (before) => ({ ...before, ...part }), replace: true }),
    [goto],
  );
  const setFilter = useCallback((f: string | undefined) => set({ filter: f }), [set]);
  const openDetail = (sha: string) => set({ open: sha });
  useHotkeys([
    ["Escape", () => open && set({ open: undefined })],
    ["E", () => open && label(open)],
  ]);
  const label = (sha: string) =>
    void navigate({
      to: "/p/$project/annotate/$sha",
      params: { project: here.project, sha },
      search: { filter, sort, descending },
    });
  useCommands(
    useMemo(
      () => [
        { id: "add", label: words.add, run: () => void goto({ search: { add: true } }) },
        {
          id: "map",
          label: words.map,
          run: () => void goto({ search: (s) => ({ ...s, map: true }) }),
        },
      ],
      [goto],
    ),
  );
  const problem = facets.error instanceof ApiProblem ? facets.error : gallery.error;
  return (
    <div className={classes.page}>
      <title>{`${words.title} · ${here.project} · ${frame.product}`}</title>
      <h1 className="pm-hidden">{words.title}</h1>
      <FacetPanel facets={facets.data} filter={filter} colors={colors} onFilter={setFilter} />
      <div className={classes.middle}>
        <GalleryBar
          question={question}
          total={gallery.total}
          sortable={facets.data?.sortable}
          size={size}
          map={map === true}
          problem={problem}
          onSize={setSize}
          onSet={set}
        />
        <div className={classes.panes}>
          <Grid
            here={here}
            gallery={gallery}
            size={size}
            selection={selection}
            opened={open}
            step={step}
            colors={colors}
            onSeen={setSeen}
            onOpen={openDetail}
            onLabel={label}
            onClear={() => set({ filter: undefined })}
          />
          {map ? (
            <MapPane
              here={here}
              selection={selection}
              colors={colors}
              onSelect={(shas) => step({ kind: "these", shas })}
              onOpen={openDetail}
            />
          ) : null}
          {open ? (
            <DetailDrawer
              key={open}
              here={here}
              sha={open}
              colors={colors}
              onClose={() => set({ open: undefined })}
              onLabel={() => label(open)}
            />
          ) : null}
        </div>
        {selectedCount(selection, gallery.total ?? 0) > 0 ? (
          <SelectionBar
            here={here}
            selection={selection}
            filter={filter}
            total={gallery.total ?? 0}
            step={step}
          />
        ) : null}
      </div>
    </div>
  );
}
