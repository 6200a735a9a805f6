/** Drift over time: at each point of each device the evidence, its limit, and what moved. */
import { Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { get } from "@/api/client";
import { type Here, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { DeviceDriftCourses, DriftCourse } from "@/api/types";
import { DriftChart } from "@/ui/DriftChart";
import { countText, sentence, whenText } from "@/ui/figures";
import { drift as words } from "@/words/drift";
import classes from "./DriftPart.module.css";

const AGAIN_MS = 15_000;
const MOST_NAMES = 8;

/** Of all devices, or of the one that is named. */
export function DriftPart({ here, device }: { here: Here; device?: string }) {
  const found = useQuery({
    queryKey: keys.part(here, "drift", device ?? ""),
    queryFn: ({ signal }) =>
      get<DeviceDriftCourses[]>(projectPath(here, "/drift"), { device }, signal),
    refetchInterval: AGAIN_MS,
  }).data;
  const watches = (found ?? []).flatMap((d) =>
    d.watches.filter((w) => w.images.length > 0).map((watch) => ({ ...d, watch })),
  );
  if (watches.length === 0) return null;
  return (
    <section className={classes.part}>
      <Title order={2} fz="lg">
        {words.title}
      </Title>
      <p className={classes.dim}>{words.text}</p>
      <div className={classes.watches}>
        {watches.map(({ device: name, at, watch }) => (
          <Watch
            key={`${name} ${watch.point} ${watch.release}`}
            device={device === undefined ? name : ""}
            at={at}
            watch={watch}
          />
        ))}
      </div>
    </section>
  );
}

function Watch({ device, at, watch }: { device: string; at: string; watch: DriftCourse }) {
  const name = [device, watch.point].filter(Boolean).join(", ");
  const names = watch.newest.slice(0, MOST_NAMES).map((part) => part.name);
  return (
    <article className={classes.watch} aria-label={words.watch(name)}>
      <header className={classes.head}>
        <h3 className={classes.name}>{name}</h3>
        <span className={classes.dim}>{words.told(whenText(at))}</span>
      </header>
      <p className={classes.said} data-bad={watch.alarm || undefined}>
        {watch.alarm ? sentence(watch.sentence) : words.calm(countText(lastOf(watch)))}
      </p>
      <DriftChart watch={watch} />
      {watch.alarm ? <p className={classes.dim}>{whenAndWhere(watch)}</p> : null}
      {names.length > 0 ? (
        <p className={classes.newest}>
          <strong>{words.newest}</strong> {names.join(", ")}
          {watch.newest.length > names.length
            ? ` ${words.more(watch.newest.length - names.length)}`
            : ""}
        </p>
      ) : null}
    </article>
  );
}

function lastOf(watch: DriftCourse): number {
  return watch.images.at(-1) ?? 0;
}

function whenAndWhere(watch: DriftCourse): string {
  const { since_low: low, since_high: high } = watch;
  const places = watch.carriers.map((pair) => pair.join(" ")).join(", ");
  return [
    low !== null && high !== null ? words.began(countText(low), countText(high)) : "",
    places ? words.onlyAt(places) : "",
  ]
    .filter(Boolean)
    .join(" ");
}
