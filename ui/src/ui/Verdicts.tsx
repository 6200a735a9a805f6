/** The newest verdicts as they come in, with the pictures that were sent. */
import { type Here, pictureUrl } from "@/api/here";
import type { Inspection } from "@/api/types";
import { whenText } from "@/ui/figures";
import { verdicts, line as words } from "@/words/line";
import classes from "./Verdicts.module.css";

interface VerdictsProps {
  here: Pick<Here, "organisation" | "project">;
  items: readonly Inspection[];
}

export function Verdicts({ here, items }: VerdictsProps) {
  if (items.length === 0) return <p className={classes.none}>{words.nothingNew}</p>;
  return (
    <ul className={`${classes.verdicts} pm-stage`}>
      {items.map((item) => (
        <li key={item.key} className={classes.verdict} data-verdict={item.verdict}>
          {item.sha256 ? (
            <img src={pictureUrl(here, item.sha256, 192)} alt={item.name} loading="lazy" />
          ) : (
            <span className={classes.noPicture}>{item.name}</span>
          )}
          <span className={classes.said}>
            <strong>{verdicts[item.verdict] ?? item.verdict}</strong>{" "}
            {item.reason || item.label}
          </span>
          <span className={classes.from}>
            {item.device}, {whenText(item.at)}
          </span>
        </li>
      ))}
    </ul>
  );
}
