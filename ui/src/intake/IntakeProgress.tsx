import { Button, Progress, Text } from "@mantine/core";
import type { Here } from "@/api/here";
import { forgetIntake, type Intake } from "@/intake/intake";
import { bytesText, countText } from "@/ui/figures";
import { ProblemNote } from "@/ui/ProblemNote";
import { frame } from "@/words/frame";
import { intake as words } from "@/words/intake";
import classes from "./intake.module.css";

interface IntakeProgressProps {
  here: Pick<Here, "organisation" | "project">;
  intake: Exclude<Intake, { phase: "reading" }>;
}

export function IntakeProgress({ here, intake }: IntakeProgressProps) {
  if (intake.phase === "failed") {
    return (
      <div className={classes.panel}>
        <ProblemNote problem={intake.problem} onRetry={intake.again} />
        <div className={classes.buttons}>
          <Button variant="default" onClick={() => forgetIntake(here)}>
            {frame.close}
          </Button>
        </div>
      </div>
    );
  }
  const { state, stop } = intake;
  const sending = state.there > 0 || state.sentBytes > 0;
  // Reading the files is quick beside sending them.
  const share =
    state.bytes === 0
      ? 0
      : (0.1 * state.hashedBytes + 0.9 * (state.sentBytes + state.knownBytes)) / state.bytes;
  return (
    <div className={classes.panel}>
      <p className={classes.dropTitle}>{sending ? words.uploading : words.reading}</p>
      <Progress
        size="lg"
        my="md"
        value={100 * Math.min(1, share)}
        aria-label={words.uploading}
      />
      <Text c="dimmed">
        {words.uploaded(countText(state.there), countText(state.files))}
        {state.knownBytes > 0 ? `, ${words.known(bytesText(state.knownBytes))}` : ""}
      </Text>
      <Text c="dimmed" mt={4}>
        {words.stays}
      </Text>
      <div className={classes.buttons}>
        <Button variant="default" onClick={stop}>
          {words.stop}
        </Button>
      </div>
    </div>
  );
}
