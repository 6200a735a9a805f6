/** An error as a person sees it: what is wrong, and what to do about it. */
import { Button, Group, Text } from "@mantine/core";
import type { Problem } from "@/api/types";
import { sentence } from "@/ui/figures";
import { frame } from "@/words/frame";
import classes from "./ProblemNote.module.css";

interface ProblemNoteProps {
  problem: Pick<Problem, "message" | "hint">;
  onRetry?: (() => void) | undefined;
}

export function ProblemNote({ problem, onRetry }: ProblemNoteProps) {
  return (
    <div className={classes.note} role="alert">
      <Text fw={600}>{sentence(problem.message)}</Text>
      {problem.hint ? <Text mt={2}>{problem.hint}</Text> : null}
      {onRetry ? (
        <Group mt="sm">
          <Button variant="default" onClick={onRetry}>
            {frame.retry}
          </Button>
        </Group>
      ) : null}
    </div>
  );
}
