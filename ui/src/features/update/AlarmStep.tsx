/** What the devices say: who sees a change, since when, where, and whether it does harm. */
import { useQuery } from "@tanstack/react-query";
import type { Device } from "@/api/types";
import { useHere } from "@/app/here";
import { harmQuery, lineQuery } from "@/features/update/queries";
import { driftOf } from "@/ui/drift";
import { countText, sentence } from "@/ui/figures";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export function AlarmStep() {
  const here = useHere();
  const devices = useQuery(lineQuery(here)).data?.devices ?? [];
  const alarmed = devices.filter((d) => driftOf(d)?.alarm);
  const harm = useQuery({ ...harmQuery(here), enabled: alarmed.length > 0 }).data;
  if (alarmed.length === 0) return <p>{words.calm}</p>;
  return (
    <>
      {alarmed.map((device) => (
        <Alarm key={device.name} device={device} />
      ))}
      {harm ? (
        <p className={classes.dim}>
          {words.harm[harm.verdict]}
          {harm.waiting > 0 ? ` ${words.harmWaiting(countText(harm.waiting))}` : ""}
        </p>
      ) : null}
    </>
  );
}

function Alarm({ device }: { device: Device }) {
  const drift = driftOf(device);
  if (drift === null) return null;
  return (
    <div className={classes.alarm}>
      <p className={classes.strong}>{words.alarmOf(device.name)}</p>
      <p>
        {[
          sentence(drift.sentence),
          drift.began ? words.since(...drift.began) : "",
          drift.places.length > 0 ? words.where(drift.places.join(", ")) : "",
        ]
          .filter(Boolean)
          .join(" ")}
      </p>
      <p>{words.ngNow(device.sentence)}</p>
    </div>
  );
}
