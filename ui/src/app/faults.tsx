/** What a page shows when it cannot be shown. */
import { Button, Stack } from "@mantine/core";
import { type ErrorComponentProps, useNavigate } from "@tanstack/react-router";
import { asProblem } from "@/api/client";
import { Empty } from "@/ui/Empty";
import { ProblemNote } from "@/ui/ProblemNote";
import { frame } from "@/words/frame";

export function PageFault({ error, reset }: ErrorComponentProps) {
  return (
    <Stack p="xl" maw={640} mx="auto" mt="10vh">
      <ProblemNote problem={asProblem(error)} onRetry={reset} />
    </Stack>
  );
}

export function NoSuchPage() {
  const navigate = useNavigate();
  return (
    <Empty title={frame.notFound} text={frame.notFoundHint}>
      <Button onClick={() => navigate({ to: "/" })}>{frame.allProjects}</Button>
    </Empty>
  );
}
