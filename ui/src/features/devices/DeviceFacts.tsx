/** What a device says of itself. */
import { Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { FleetDevice } from "@/api/types";
import { ReleaseOf, stateText, toneOf } from "@/features/devices/DeviceRow";
import { littleRoom, toldBy } from "@/features/devices/report";
import { countText, whenText } from "@/ui/figures";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

export function DeviceFacts({ device }: { device: FleetDevice }) {
  const told = toldBy(device);
  const rows: [string, ReactNode][] = [
    [
      words.state,
      <span key="state" className={classes.name}>
        <span className={classes.lamp} data-tone={toneOf(device)} />
        {stateText(device)}
      </span>,
    ],
    [words.releaseLabel, <ReleaseOf key="release" device={device} />],
    [words.heads.seen, device.last_seen ? whenText(device.last_seen) : words.neverSeen],
    [words.created, whenText(device.created)],
    [words.registeredAt, device.registered ? whenText(device.registered) : words.neverSeen],
  ];
  if (device.report !== null) {
    rows.push(
      [words.healthy, marked(told.healthy ? words.healthyYes : words.healthyNo, !told.healthy)],
      [words.update, told.update || words.unknown],
      [words.outbox, marked(told.outbox ?? words.unknown, told.outboxBad)],
      [words.disk, marked(told.disk ?? words.unknown, littleRoom(told))],
      [words.disagreements, countText(told.disagreements)],
      [words.software, told.software || words.unknown],
      [
        words.troubles,
        told.troubles.length === 0
          ? words.noTroubles
          : told.troubles.map(([where, what]) => (
              <span key={where} className={classes.bad}>
                {`${where}: ${what}`}
                <br />
              </span>
            )),
      ],
    );
  }
  return (
    <section className={classes.part}>
      <Title order={2} fz="md">
        {words.facts}
      </Title>
      {device.state === "silent" && device.last_seen ? (
        <p className={classes.dim}>{words.silentNote(whenText(device.last_seen))}</p>
      ) : null}
      <dl className={classes.facts}>
        {rows.map(([name, value]) => (
          <div key={name} style={{ display: "contents" }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function marked(text: string, bad: boolean): ReactNode {
  return <span className={bad ? classes.bad : undefined}>{text}</span>;
}
