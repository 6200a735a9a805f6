/** Agreement: studies, a new one in three steps, blind labeling, and the report. */

import { Skeleton } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useHere } from "@/app/here";
import { Page } from "@/ui/Page";
import { QueryProblem } from "@/ui/QueryProblem";
import { Blind } from "./Blind";
import { studiesQuery } from "./queries";
import { ReportView } from "./ReportView";
import { Studies } from "./Studies";
import { Wizard } from "./Wizard";

const route = getRouteApi("/app/p/$project/agreement");

export default function AgreementPage() {
  const here = useHere();
  const { study, view } = route.useSearch();
  const navigate = useNavigate();
  const studies = useQuery(studiesQuery(here));
  const go = (search: { study?: string; view?: string }) =>
    void navigate({
      to: "/p/$project/agreement",
      params: { project: here.project },
      search,
    });
  const leave = () => go({});

  if (study !== undefined && view === "label") return <Blind study={study} leave={leave} />;
  return (
    <Page>
      {view === "new" ? (
        <Wizard leave={leave} />
      ) : study !== undefined ? (
        <ReportView
          key={study}
          id={study}
          study={studies.data?.find((s) => s.id === study)}
          leave={leave}
        />
      ) : studies.error && !studies.data ? (
        <QueryProblem query={studies} />
      ) : studies.data ? (
        <Studies studies={studies.data} make={() => go({ view: "new" })} />
      ) : (
        <Skeleton h={240} />
      )}
    </Page>
  );
}
