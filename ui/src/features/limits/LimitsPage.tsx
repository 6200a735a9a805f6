/** What operators may do, and when the project updates by itself. */
import { Button, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { get } from "@/api/client";
import { may, projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { LimitsForm } from "@/features/limits/LimitsForm";
import { ScheduleForm } from "@/features/limits/ScheduleForm";
import { limitsOf, scheduleOf } from "@/features/limits/values";
import { Page } from "@/ui/Page";
import { PageHead } from "@/ui/PageHead";
import { QueryProblem } from "@/ui/QueryProblem";
import { limits as words } from "@/words/limits";

export default function LimitsPage() {
  const here = useHere();
  const upkeep = useQuery({
    queryKey: keys.part(here, "upkeep"),
    queryFn: ({ signal }) => get<Upkeep>(projectPath(here, "/upkeep"), undefined, signal),
  });
  const off = !may(here.role, "admin");
  return (
    <Page>
      <PageHead title={words.title} text={words.text}>
        <Button
          variant="default"
          renderRoot={(root) => (
            <Link to="/p/$project/update" params={{ project: here.project }} {...root} />
          )}
        >
          {words.back}
        </Button>
      </PageHead>
      {off ? (
        <Text c="dimmed" mb="md">
          {words.viewer}
        </Text>
      ) : null}
      {upkeep.isError && upkeep.data === undefined ? <QueryProblem query={upkeep} /> : null}
      {upkeep.data ? (
        <>
          <ScheduleForm
            key={`schedule ${JSON.stringify(upkeep.data.schedule)}`}
            kept={scheduleOf(upkeep.data.schedule)}
            due={String(upkeep.data.due.reason ?? "")}
            off={off}
          />
          <LimitsForm
            key={`limits ${JSON.stringify(upkeep.data.limits)}`}
            kept={limitsOf(upkeep.data.limits)}
            off={off}
          />
        </>
      ) : upkeep.isError ? null : (
        <Skeleton height={300} radius="lg" maw={860} />
      )}
    </Page>
  );
}
