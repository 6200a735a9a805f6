/** One device in the table of all. */
import { Table } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import type { FleetDevice } from "@/api/types";
import { useHere } from "@/app/here";
import { NgRate } from "@/features/devices/NgRate";
import { littleRoom, toldBy } from "@/features/devices/report";
import { whenText } from "@/ui/figures";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

/** What the lamp of a device shows. */
export function toneOf(device: Pick<FleetDevice, "state" | "drift">): string {
  if (device.state === "waiting") return "wait";
  if (device.state !== "active") return "off";
  return device.drift ? "bad" : "good";
}

export function DeviceRow({ device, most }: { device: FleetDevice; most: number }) {
  const here = useHere();
  const told = toldBy(device);
  const waits = device.state === "waiting";
  return (
    <Table.Tr>
      <Table.Td>
        <Link
          to="/p/$project/devices/$device"
          params={{ project: here.project, device: device.name }}
          className={classes.name}
        >
          <span className={classes.lamp} data-tone={toneOf(device)} />
          {device.name}
        </Link>
      </Table.Td>
      <Table.Td>
        <ReleaseOf device={device} />
      </Table.Td>
      <Table.Td>
        {device.last_seen ? whenText(device.last_seen) : words.neverSeen}
        <span className={classes.dim}>{stateText(device)}</span>
      </Table.Td>
      <Table.Td>
        <NgRate device={device} most={most} />
      </Table.Td>
      <Table.Td className={classes.sentence}>
        {device.drift ? (
          <>
            <span className={classes.bad}>{words.driftYes}</span>
            <span className={classes.dim}>{told.drift[0]}</span>
          </>
        ) : (
          <span className={classes.dim}>
            {device.report === null ? words.unknown : words.driftNo}
          </span>
        )}
      </Table.Td>
      <Table.Td>
        {waits ? null : (
          <>
            <span className={told.outboxBad ? classes.bad : undefined}>
              {told.outbox ?? words.unknown}
            </span>
            <span className={littleRoom(told) ? classes.bad : classes.dim}>{told.disk}</span>
          </>
        )}
      </Table.Td>
    </Table.Tr>
  );
}

export function stateText(device: Pick<FleetDevice, "state">): string {
  return words.states[device.state as keyof typeof words.states] ?? device.state;
}

/** The release that runs, and the one that is wanted where it is another. */
export function ReleaseOf({ device }: { device: FleetDevice }) {
  const { release, desired, on_trial, wave } = device;
  const other = desired !== null && desired !== release;
  const more = [
    other ? words.wanted(desired) : "",
    on_trial ? words.onTrial : "",
    other && wave !== null ? words.wave(wave) : "",
  ].filter(Boolean);
  return (
    <>
      {release === null ? words.noRelease : words.release(release)}
      <span className={classes.dim}>{more.join(", ")}</span>
    </>
  );
}
