/** The code of a device, shown once, with the command to type on the device. */
import { Button, Loader, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { address } from "@/api/client";
import type { DeviceCode } from "@/api/types";
import { useHere } from "@/app/here";
import { deviceQuery } from "@/features/devices/queries";
import { CopyButton } from "@/ui/CopyButton";
import { timeText } from "@/ui/figures";
import { devices as words } from "@/words/devices";
import classes from "./DevicesPage.module.css";

interface CodeNoteProps {
  made: DeviceCode;
  /** When the code was made, to know its use from an earlier one. */
  since: number;
  onDone: () => void;
}

/** The address of this server as the page knows it. */
function serverAddress(): URL {
  return new URL(address(""), window.location.href);
}

export function CodeNote({ made, since, onDone }: CodeNoteProps) {
  const here = useHere();
  const device = useQuery(deviceQuery(here, made.name)).data?.device;
  const used =
    device?.registered != null &&
    Date.parse(device.registered) >= Math.floor(since / 1000) * 1000;
  const server = serverAddress();
  const command = `pitmark edge register ${server.href.replace(/\/$/, "")} ${made.code} --key-file device-key`;
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(server.hostname);
  const ends = timeText(made.expires);
  return (
    <section className={classes.code} aria-label={words.codeTitle(made.name)}>
      <h2 className={classes.codeTitle}>{words.codeTitle(made.name)}</h2>
      <Text>{words.codeText}</Text>
      <div className={classes.command}>
        <code>{command}</code>
        <CopyButton text={command} />
      </div>
      {local ? (
        <Text fz="sm" c="dimmed" mb={8}>
          {words.codeLoopback}
        </Text>
      ) : null}
      <div className={classes.codeFoot} data-done={used || undefined} aria-live="polite">
        {used ? (
          words.registered(made.name)
        ) : (
          <>
            <Loader size={15} />
            {`${words.waitingFor(made.name)}. ${words.codeEnds(ends)}`}
          </>
        )}
        <Button variant="default" ml="auto" onClick={onDone}>
          {words.codeDone}
        </Button>
      </div>
    </section>
  );
}
