/** The embedding map: look-alikes lie close to each other; a lasso selects. */
import { Button, Loader, Select } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { asProblem, get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { isOver, mayStart, startJob, useNewestJob } from "@/api/jobs";
import { keys } from "@/api/keys";
import type { MapPoints } from "@/api/types";
import { MapCanvas } from "@/features/images/MapCanvas";
import type { Selection } from "@/features/images/selection";
import type { ClassColor } from "@/ui/classColors";
import { Empty } from "@/ui/Empty";
import { etaText, stageText } from "@/ui/jobFigures";
import { ProblemNote } from "@/ui/ProblemNote";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface MapPaneProps {
  here: Here;
  selection: Selection;
  colors: (name: string) => ClassColor;
  onSelect: (shas: string[]) => void;
  onOpen: (sha: string) => void;
}

const COLORS = Object.entries(words.mapColors).map(([value, label]) => ({ value, label }));

export function MapPane(props: MapPaneProps) {
  const { here } = props;
  const [color, setColor] = useState("class");
  const map = useQuery({
    queryKey: keys.part(here, "map", color),
    queryFn: ({ signal }) => get<MapPoints>(projectPath(here, "/map"), { color }, signal),
    staleTime: 5 * 60_000,
    placeholderData: (before) => before,
  });
  return (
    <section className={`${classes.map} pm-stage`} aria-label={words.mapTitle}>
      <div className={classes.mapHead}>
        <span style={{ flex: 1 }}>{words.mapLasso}</span>
        <Select
          w={190}
          size="xs"
          aria-label={words.mapColor}
          value={color}
          data={COLORS}
          onChange={(c) => c && setColor(c)}
        />
      </div>
      {map.isError ? <ProblemNote problem={asProblem(map.error)} /> : null}
      {map.data === undefined ? null : map.data.sha256.length === 0 ? (
        <NoMap here={here} />
      ) : (
        <MapCanvas {...props} points={map.data} byClass={color === "class"} />
      )}
    </section>
  );
}

function NoMap({ here }: { here: Here }) {
  const client = useQueryClient();
  const job = useNewestJob(here, "map");
  const start = useMutation({ mutationFn: () => startJob(client, here, "map") });
  if (job && !isOver(job)) {
    return (
      <div className={classes.stageEmpty}>
        <Empty
          order={2}
          title={words.mapDrawing}
          text={[stageText(job), etaText(job)].filter(Boolean).join(" · ")}
          picture={<Loader />}
        />
      </div>
    );
  }
  return (
    <div className={classes.stageEmpty}>
      <Empty order={2} title={words.mapNone} text={words.mapTitle}>
        {mayStart(here, "map") ? (
          <Button loading={start.isPending} onClick={() => start.mutate()}>
            {words.mapDraw}
          </Button>
        ) : null}
      </Empty>
    </div>
  );
}
