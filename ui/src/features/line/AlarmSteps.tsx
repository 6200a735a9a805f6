/** Something new on the line: since when, where, what it is put down to, and what to do now. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { Device } from "@/api/types";
import { useHere } from "@/app/here";
import { HarmPart } from "@/features/line/HarmPart";
import { driftOf } from "@/ui/drift";
import { sentence } from "@/ui/figures";
import { line as words } from "@/words/line";
import classes from "./LinePage.module.css";

export function AlarmSteps({ devices }: { devices: readonly Device[] }) {
  const here = useHere();
  return (
    <section className={classes.alarm} aria-label={words.alarms(devices.length)}>
      {devices.map((device) => (
        <Alarm key={device.name} device={device} />
      ))}
      <div className={classes.alarmDo}>
        <Button
          renderRoot={(root) => (
            <Link to="/p/$project/update" params={{ project: here.project }} {...root} />
          )}
        >
          {words.alarmDo}
        </Button>
        <span className={classes.dim}>{words.alarmFirst}</span>
      </div>
      <HarmPart />
    </section>
  );
}

function Alarm({ device }: { device: Device }) {
  const here = useHere();
  const drift = driftOf(device);
  if (drift === null) return null;
  return (
    <>
      <h2 className={classes.alarmTitle}>
        <Link
          to="/p/$project/devices/$device"
          params={{ project: here.project, device: device.name }}
          className={classes.alarmLink}
        >
          {words.alarm(device.name)}
        </Link>
      </h2>
      <dl className={classes.alarmFacts}>
        <dt>{words.cause}</dt>
        <dd>{sentence(drift.sentence) || words.causeUnknown}</dd>
        {drift.began ? (
          <>
            <dt>{words.began}</dt>
            <dd>{words.beganBetween(...drift.began)}</dd>
          </>
        ) : null}
        {drift.places.length > 0 ? (
          <>
            <dt>{words.where}</dt>
            <dd>{drift.places.join(", ")}</dd>
          </>
        ) : null}
      </dl>
    </>
  );
}
