/** One device: what runs there, what it says of itself, its last verdicts, and why not. */
import { Button, Skeleton, Title } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { del, post } from "@/api/client";
import { may } from "@/api/here";
import { keys } from "@/api/keys";
import type { DeviceCode, DeviceNote, FleetDevice } from "@/api/types";
import { useHere } from "@/app/here";
import { CodeNote } from "@/features/devices/CodeNote";
import { DeviceFacts } from "@/features/devices/DeviceFacts";
import { devicePath, deviceQuery } from "@/features/devices/queries";
import { toldBy } from "@/features/devices/report";
import { DriftPart } from "@/ui/DriftPart";
import { sentence, whenText } from "@/ui/figures";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { Sure } from "@/ui/Sure";
import { toast } from "@/ui/toast";
import { Verdicts } from "@/ui/Verdicts";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

const route = getRouteApi("/app/p/$project/devices/$device");

export default function DevicePage() {
  const here = useHere();
  const { device: name } = route.useParams();
  const found = useQuery(deviceQuery(here, name));
  const [code, setCode] = useState<{ made: DeviceCode; since: number } | null>(null);
  if (found.data === undefined) {
    return (
      <Page>
        {found.isError ? <QueryProblem query={found} /> : <Skeleton height={240} radius="lg" />}
      </Page>
    );
  }
  const { device, notes, latest } = found.data;
  const drift = toldBy(device).drift;
  return (
    <Page>
      <PageHead title={device.name} text={device.sentence}>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/devices" params={{ project: here.project }} {...root} />
          )}
        >
          {words.back}
        </Button>
        {may(here.role, "admin") ? (
          <Keys device={device} onCode={(made) => setCode({ made, since: Date.now() })} />
        ) : null}
      </PageHead>
      {code ? <CodeNote {...code} onDone={() => setCode(null)} /> : null}
      {drift.length > 0 ? (
        <div className={classes.alarm}>
          {drift.map((said) => (
            <p key={said}>{sentence(said || words.driftYes)}</p>
          ))}
        </div>
      ) : null}
      <div className={classes.parts}>
        <DeviceFacts device={device} />
        <Notes notes={notes} />
      </div>
      <DriftPart here={here} device={device.name} />
      <section className={classes.latest}>
        <Title order={2} fz="lg">
          {words.latest}
        </Title>
        <Verdicts here={here} items={latest} />
      </section>
    </Page>
  );
}

function Keys({ device, onCode }: { device: FleetDevice; onCode: (c: DeviceCode) => void }) {
  const here = useHere();
  const client = useQueryClient();
  const { name } = device;
  const forget = () => client.invalidateQueries({ queryKey: keys.project(here) });
  const renew = useMutation({
    mutationFn: () => post<DeviceCode>(devicePath(here, name, "/code")),
    onSuccess: onCode,
    onSettled: forget,
  });
  const revoke = useMutation({
    mutationFn: () => del(devicePath(here, name)),
    onSuccess: () => toast({ text: words.revoked(name) }),
    onSettled: forget,
  });
  return (
    <>
      <Sure
        loading={renew.isPending}
        sentence={words.renewSure(name)}
        onSure={() => renew.mutate()}
      >
        {words.renew}
      </Sure>
      {device.state === "revoked" ? null : (
        <Sure
          loading={revoke.isPending}
          sentence={words.revokeSure(name)}
          onSure={() => revoke.mutate()}
        >
          {words.revoke}
        </Sure>
      )}
    </>
  );
}

function Notes({ notes }: { notes: readonly DeviceNote[] }) {
  return (
    <section className={classes.part}>
      <Title order={2} fz="md">
        {words.notes}
      </Title>
      {notes.length === 0 ? <p className={classes.dim}>{words.noNotes}</p> : null}
      <ul className={classes.notes}>
        {notes.map((note) => {
          const bad = note.outcome === "refused" || note.outcome === "rolled back";
          const name = note.version === null ? words.noteUnknown : words.noteOf(note.version);
          return (
            <li key={`${note.at} ${note.outcome} ${note.version}`}>
              <span className={bad ? classes.bad : undefined}>
                {`${name} ${words.outcomes[note.outcome] ?? note.outcome}`}
              </span>
              {note.reason ? `: ${sentence(note.reason)}` : ""}
              <span className={classes.dim}>{whenText(note.at)}</span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
