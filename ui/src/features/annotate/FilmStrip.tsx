/** The images before and after, as a strip that scrolls with the place. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { pictureUrl } from "@/api/here";
import type { ImageCard } from "@/api/types";
import { useHere } from "@/app/here";
import { LeftIcon, RightIcon } from "@/ui/icons";
import { annotate as words } from "@/words/annotate";
import classes from "./FilmStrip.module.css";

const FRAME_PX = 78;

interface FilmStripProps {
  cards: readonly ImageCard[];
  total: number;
  place: number;
  /** Images labeled since the list was loaded. */
  labeled: ReadonlySet<string>;
  go: (place: number) => void;
}

export function FilmStrip({ cards, total, place, labeled, go }: FilmStripProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const strip = useVirtualizer({
    horizontal: true,
    count: cards.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => FRAME_PX,
    overscan: 6,
  });
  useEffect(() => {
    if (place >= 0) strip.scrollToIndex(place, { align: "center" });
  }, [place, strip]);
  return (
    <nav className={`${classes.strip} pm-stage`} aria-label={words.strip}>
      <Step label={words.previous} off={place <= 0} run={() => go(place - 1)}>
        <LeftIcon />
      </Step>
      <div className={classes.scroller} ref={scroller} tabIndex={-1}>
        <div className={classes.film} style={{ width: strip.getTotalSize() }}>
          {strip.getVirtualItems().map(({ index, start }) => {
            const card = cards[index];
            return card ? (
              <Frame
                key={card.sha256}
                card={card}
                left={start}
                here={index === place}
                labeled={card.labeled || labeled.has(card.sha256)}
                run={() => go(index)}
              />
            ) : null;
          })}
        </div>
      </div>
      <Step
        label={words.next}
        off={place < 0 || place >= cards.length - 1}
        run={() => go(place + 1)}
      >
        <RightIcon />
      </Step>
      <span className={classes.place}>{place >= 0 ? words.place(place + 1, total) : ""}</span>
    </nav>
  );
}

interface FrameProps {
  card: ImageCard;
  left: number;
  here: boolean;
  labeled: boolean;
  run: () => void;
}

function Frame({ card, left, here, labeled, run }: FrameProps) {
  const place = useHere();
  return (
    <button
      type="button"
      className={classes.frame}
      style={{ transform: `translateX(${left}px)` }}
      aria-current={here ? "true" : undefined}
      aria-label={`${card.name}, ${labeled ? words.state.labeled : words.state.unlabeled}`}
      title={card.name}
      tabIndex={here ? 0 : -1}
      onClick={run}
    >
      <img src={pictureUrl(place, card.sha256, 96)} alt="" draggable={false} />
      {labeled ? <span className={classes.done} /> : null}
    </button>
  );
}

interface StepProps {
  label: string;
  off: boolean;
  run: () => void;
  children: React.ReactNode;
}

function Step({ label, off, run, children }: StepProps) {
  return (
    <button
      type="button"
      className={classes.step}
      aria-label={label}
      title={label}
      disabled={off}
      onClick={run}
    >
      {children}
    </button>
  );
}
