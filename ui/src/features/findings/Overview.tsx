/** Where in the image the part lies that is shown, while it is only a part. */

import { pictureUrl } from "@/api/here";
import type { Finding } from "@/api/types";
import { useHere } from "@/app/here";
import type { Editor } from "@/canvas/editor";
import { Shot } from "@/canvas/Shot";
import { useView } from "@/canvas/Stage";
import { seenBox } from "@/canvas/viewport";
import { classColor } from "@/ui/classColors";
import { findings as words } from "@/words/findings";
import classes from "./Overview.module.css";

const WINDOW = { ...classColor(-1), color: "#ffffff", name: "window", good: false };

export function Overview({ editor, finding }: { editor: Editor; finding: Finding }) {
  const here = useHere();
  const view = useView(editor);
  const [width, height] = editor.size;
  const [x1, y1, x2, y2] = seenBox(view, editor.stage);
  const whole = x1 <= 0 && y1 <= 0 && x2 >= width && y2 >= height;
  if (whole || width <= 1) return null;
  const ring = [
    [Math.max(x1, 0), Math.max(y1, 0)],
    [Math.min(x2, width), Math.max(y1, 0)],
    [Math.min(x2, width), Math.min(y2, height)],
    [Math.max(x1, 0), Math.min(y2, height)],
  ] as const;
  return (
    <div className={classes.overview}>
      <Shot
        url={(side) => pictureUrl(here, finding.sha256, side)}
        size={editor.size}
        label={words.overview}
        styles={[WINDOW]}
        shapes={[{ kind: "polygon", label: WINDOW.name, rings: [ring] }]}
        width={150}
      />
    </div>
  );
}
