/** One row of the gallery. Rows that come into sight take the elements of rows that left it. */
import { memo, useState } from "react";
import type { Here } from "@/api/here";
import { Cell } from "@/features/images/Cell";
import { isSelected, type Selection } from "@/features/images/selection";
import type { Gallery } from "@/features/images/useGallery";
import type { ClassColor } from "@/ui/classColors";
import classes from "./ImagesPage.module.css";

/** What all rows of a grid share. */
export interface RowLook {
  columns: number;
  cellPx: number;
  /** Without the gap below it. */
  heightPx: number;
  total: number;
}

interface GridRowProps {
  here: Here;
  gallery: Gallery;
  row: number;
  topPx: number;
  look: RowLook;
  selection: Selection;
  /** The image that the drawer shows. */
  opened: string | undefined;
  /** The list flies by: what comes into sight is drawn when it slows down. */
  hurried: boolean;
  colors: (name: string) => ClassColor;
}

export const GridRow = memo(function GridRow(props: GridRowProps) {
  const { gallery, row, look, selection, hurried } = props;
  const [drawn, setDrawn] = useState(hurried ? -1 : row);
  if (!hurried && drawn !== row) setDrawn(row);
  const first = row * look.columns;
  const count = Math.min(look.columns, look.total - first);
  const place = { top: props.topPx, height: look.heightPx };
  if (drawn !== row) {
    return <div className={classes.row} role="presentation" style={place} data-blank />;
  }
  return (
    <div className={classes.row} role="presentation" style={place}>
      {Array.from({ length: count }, (_, column) => {
        const card = gallery.at(first + column);
        return (
          <Cell
            // biome-ignore lint/suspicious/noArrayIndexKey: the place is what stays
            key={column}
            here={props.here}
            index={first + column}
            total={look.total}
            card={card}
            width={look.cellPx}
            selected={card !== undefined && isSelected(selection, card.sha256)}
            focused={first + column === selection.focus}
            opened={card !== undefined && card.sha256 === props.opened}
            colors={props.colors}
          />
        );
      })}
    </div>
  );
});
