/** One picture of the gallery with what is known of it. */
import { memo } from "react";
import { type Here, pictureUrl } from "@/api/here";
import type { ImageCard } from "@/api/types";
import { type ClassColor, swatch } from "@/ui/classColors";
import { images as words } from "@/words/images";
import classes from "./ImagesPage.module.css";

interface CellProps {
  here: Here;
  index: number;
  total: number;
  card: ImageCard | undefined;
  width: number;
  selected: boolean;
  focused: boolean;
  opened: boolean;
  colors: (name: string) => ClassColor;
}

const MOST_NAMES = 3;
const NAMES_FROM_PX = 120;

export const Cell = memo(function Cell(props: CellProps) {
  const { here, index, card, width, selected, focused } = props;
  if (card === undefined) {
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
      aria-posinset={index + 1}
      aria-setsize={props.total}
      data-index={index}
      data-focus={focused || undefined}
      data-opened={props.opened || undefined}
    >
      <img
        // Another image never shows the picture of the one before it.
        key={card.sha256}
        src={pictureUrl(here, card.sha256, width * Math.min(2, window.devicePixelRatio))}
        alt=""
        decoding="async"
        draggable={false}
      />
      {card.synthetic ? <span className={classes.made}>{words.made}</span> : null}
      <Marks card={card} />
      {width > NAMES_FROM_PX && card.classes.length > 0 ? (
        <span className={classes.chips} title={card.classes.join(", ")}>
          <span>
            {card.classes.slice(0, MOST_NAMES).map((name) => (
              <span key={name}>
                <i style={{ background: swatch(props.colors(name)) }} />
                {name}
              </span>
            ))}
          </span>
        </span>
      ) : null}
    </div>
  );
});

/** Open findings, and whether the newest run was right. */
function Marks({ card }: { card: ImageCard }) {
  if (card.findings === 0 && card.right === null) return null;
  return (
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
  );
}

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
