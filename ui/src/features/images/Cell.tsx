/** One picture of the gallery with what is known of it. */
import { memo, useState } from "react";
import { type Here, pictureUrl } from "@/api/here";
import type { ImageCard } from "@/api/types";
import { ClassChip } from "@/ui/ClassChip";
import type { ClassColor } from "@/ui/classColors";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface CellProps {
  here: Here;
  index: number;
  card: ImageCard | undefined;
  width: number;
  selected: boolean;
  focused: boolean;
  opened: boolean;
  /** The list flies by: what comes into sight is drawn when it slows down. */
  hurried: boolean;
  colors: (name: string) => ClassColor;
}

export const Cell = memo(function Cell(props: CellProps) {
  const { here, index, card, width, selected, focused, hurried } = props;
  const [drawn, setDrawn] = useState(!hurried);
  if (!hurried && !drawn) setDrawn(true);
  if (card === undefined || !drawn) {
    return (
      <div className={classes.cell} role="option" aria-selected={selected} tabIndex={-1} />
    );
  }
  // Clicks and keys of a cell are those of the grid around it.
  return (
    <div
      id={`cell-${index}`}
      className={classes.cell}
      role="option"
      tabIndex={-1}
      aria-selected={selected}
      aria-label={spoken(card)}
      data-index={index}
      data-focus={focused || undefined}
      data-opened={props.opened || undefined}
    >
      <img
        src={pictureUrl(here, card.sha256, width * Math.min(2, window.devicePixelRatio))}
        alt=""
        loading="lazy"
        decoding="async"
        draggable={false}
      />
      {card.synthetic ? <span className={classes.made}>{words.made}</span> : null}
      <span className={classes.marks}>
        {card.findings > 0 ? (
          <span className={classes.finds} title={words.findings(card.findings)}>
            {card.findings}
          </span>
        ) : null}
        {card.right === null ? null : (
          <span
            className={classes.dot}
            data-wrong={card.right ? undefined : true}
            title={card.right ? words.right : words.wrong}
          />
        )}
      </span>
      {width > 120 ? (
        <span className={classes.chips}>
          {card.classes.slice(0, 3).map((name) => (
            <ClassChip key={name} name={name} color={props.colors(name)} onStage />
          ))}
        </span>
      ) : null}
    </div>
  );
});

function spoken(card: ImageCard): string {
  return [
    card.name,
    card.classes.join(", ") || (card.labeled ? words.nothing : words.noLabels),
    card.right === false ? words.wrong : "",
    card.findings > 0 ? words.findings(card.findings) : "",
  ]
    .filter(Boolean)
    .join("; ");
}
