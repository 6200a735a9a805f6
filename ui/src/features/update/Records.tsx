/** What was decided about versions, with the record that each decision rests on. */
import { Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { Promotion } from "@/api/types";
import { useHere } from "@/app/here";
import { Checks } from "@/features/update/Checks";
import { promotionsQuery } from "@/features/update/queries";
import { checksOf } from "@/features/update/steps";
import { whenText } from "@/ui/figures";
import { update as words } from "@/words/update";
import classes from "./UpdatePage.module.css";

export function Records() {
  const list = useQuery(promotionsQuery(useHere())).data ?? [];
  return (
    <section className={classes.records}>
      <Title order={2} fz="lg" mb={8}>
        {words.records}
      </Title>
      {list.length === 0 ? <Text c="dimmed">{words.noRecords}</Text> : null}
      {list.map((one) => (
        <Decided key={one.number} one={one} />
      ))}
    </section>
  );
}

function Decided({ one }: { one: Promotion }) {
  const what = words.decisions[one.decision] ?? one.decision;
  const reason = one.record.reason;
  return (
    <details>
      <summary>
        <strong>{words.record(one.number, what)}</strong>
        {one.version === null ? "" : `, ${words.recordVersion(one.version)}`}{" "}
        <span className={classes.dim}>{words.recordBy(one.by, whenText(one.at))}</span>
      </summary>
      {typeof reason === "string" ? <p>{reason}</p> : null}
      {checksOf(one.record).length > 0 ? <Checks of={one.record} /> : null}
    </details>
  );
}
