/** What is taken for what; every number opens its images. */
import { CloseButton, UnstyledButton } from "@mantine/core";
import { Cases } from "@/features/report/Cases";
import type { Confusion } from "@/features/report/content";
import { countText, plural } from "@/ui/figures";
import { report as words } from "@/words/report";
import classes from "./ReportPage.module.css";

interface Chosen {
  truth: string;
  said: string;
}

interface ConfusionMatrixProps {
  run: string;
  confusion: Confusion;
  chosen: Chosen | null;
  onChoose: (chosen: Chosen | null) => void;
}

export function ConfusionMatrix({ run, confusion, chosen, onChoose }: ConfusionMatrixProps) {
  const { rows, columns, counts } = confusion;
  const count = chosen
    ? (counts[rows.indexOf(chosen.truth)]?.[columns.indexOf(chosen.said)] ?? 0)
    : 0;
  return (
    <>
      <div className={classes.scroll}>
        <table className={classes.matrix}>
          <thead>
            <tr>
              <td />
              {columns.map((said) => (
                <th key={said} scope="col">
                  {said}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((truth, i) => (
              <tr key={truth}>
                <th scope="row">{truth}</th>
                {columns.map((said, j) => (
                  <td key={said}>
                    <Cell
                      count={counts[i]?.[j] ?? 0}
                      total={(counts[i] ?? []).reduce((a, b) => a + b, 0)}
                      truth={truth}
                      said={said}
                      chosen={chosen?.truth === truth && chosen.said === said}
                      onChoose={onChoose}
                    />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {chosen ? (
        <>
          <div className={classes.partHead} style={{ marginTop: 14 }}>
            <span>{words.cases(plural(count, "case"), chosen.truth, chosen.said)}</span>
            <CloseButton aria-label={words.casesClose} onClick={() => onChoose(null)} />
          </div>
          <Cases run={run} question={chosen} />
        </>
      ) : null}
    </>
  );
}

interface CellProps extends Chosen {
  count: number;
  total: number;
  chosen: boolean;
  onChoose: (chosen: Chosen | null) => void;
}

function Cell({ count, total, truth, said, chosen, onChoose }: CellProps) {
  const style = { ["--share" as string]: total === 0 ? 0 : count / total };
  if (count === 0) {
    return (
      <span className={classes.cell} data-none>
        0
      </span>
    );
  }
  return (
    <UnstyledButton
      className={classes.cell}
      style={style}
      data-right={truth === said || undefined}
      data-wrong={truth === said ? undefined : true}
      aria-pressed={chosen}
      aria-label={words.cell(count, truth, said)}
      onClick={() => onChoose(chosen ? null : { truth, said })}
    >
      {countText(count)}
    </UnstyledButton>
  );
}
