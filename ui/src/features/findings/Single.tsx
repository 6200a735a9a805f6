/** One finding about one image: the stage, the decision, the evidence. */

import { SegmentedControl } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { BookClass, Finding, Settle, Shape } from "@/api/types";
import { useHere } from "@/app/here";
import { Editor } from "@/canvas/editor";
import { usePictures } from "@/canvas/paint/usePictures";
import { classStyles } from "@/canvas/palette";
import { Stage } from "@/canvas/Stage";
import { toWire } from "@/canvas/shapes/wire";
import { ToolBar } from "@/canvas/ToolBar";
import { findings as words } from "@/words/findings";
import { Decisions } from "./Decisions";
import { EditPanel, TOOLS, useEditKeys } from "./Editing";
import { EvidenceList } from "./Evidence";
import classes from "./FindingsPage.module.css";
import { Overview } from "./Overview";
import { Caption, OF_TWO, Twin, Waiting } from "./Twin";
import { evidenceQuery, type FindingsWork } from "./useFindings";
import { useLetters } from "./useLetters";
import { type Layers, useScene } from "./useScene";

const NO_CLASSES: readonly BookClass[] = [];

interface SingleProps {
  work: FindingsWork;
  finding: Finding;
  mayDecide: boolean;
}

export function Single({ work, finding, mayDecide }: SingleProps) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const task = useQuery(projectQuery(here)).data?.task ?? "detection";
  const evidence = useQuery(evidenceQuery(here, finding.id)).data;
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  const pictures = usePictures(here);
  const [editor] = useState(() => new Editor());
  const [layers, setLayers] = useState<Layers>("both");
  const [edited, setEdited] = useState<string | null>(null);
  const editing = edited === finding.id;
  const prediction = useMemo(() => evidence?.prediction ?? [], [evidence]);
  const scene = {
    here,
    editor,
    pictures,
    finding,
    next: work.next,
    layers,
    prediction,
    editing,
  };
  const picture = useScene(scene);
  const ofTwo = OF_TWO.includes(finding.kind) && !editing;
  const twin = ofTwo ? (finding.related[0] ?? null) : null;
  useEffect(() => editor.setStyles(styles), [editor, styles]);

  const open = mayDecide && finding.state === "open";
  const decide = (decision: Settle) => open && work.settle(finding, decision);
  const suggests = finding.suggestion !== null;
  const correct = () => decide({ decision: suggests ? "correct" : "accept" });
  const keep = () => decide({ decision: "dismiss" });
  const edit = () => {
    setEdited(finding.id);
    editor.takeTool(TOOLS[task][1] ?? "select");
  };
  const save = () => {
    editor.settle();
    const shapes = editor.document.shapes().map(toWire) as Shape[];
    setEdited(null);
    decide({ decision: "correct", shapes });
  };
  const letters = {
    s: work.skip,
    f: () => editor.fit(),
    ...(mayDecide && { u: work.undo }),
    ...(open && { c: correct, k: keep, e: edit }),
  };
  useLetters(editing ? {} : letters);
  useEditKeys({ editor, styles, task, editing, save, cancel: () => setEdited(null) });

  return (
    <div className={classes.split}>
      <div className={classes.stage} data-two={twin !== null || undefined}>
        {editing ? <ToolBar editor={editor} tools={TOOLS[task]} /> : null}
        <Stage
          editor={editor}
          picture={picture}
          still={!editing}
          label={words.stageLabel(finding.image_name, finding.title)}
        >
          {editing ? null : (
            <div className={classes.layers}>
              <SegmentedControl
                size="xs"
                aria-label={words.layers}
                value={layers}
                onChange={(value) => setLayers(value as Layers)}
                data={[
                  { value: "labeled", label: words.legend.labeled },
                  { value: "both", label: words.legend.suggested },
                  { value: "predicted", label: words.legend.predicted },
                ]}
              />
            </div>
          )}
          <Caption finding={finding} ofTwo={twin !== null} />
          <Waiting on={picture === null} />
          {editing ? null : <Overview editor={editor} finding={finding} />}
        </Stage>
        {twin ? <Twin sha256={twin} colors={book?.classes ?? NO_CLASSES} /> : null}
      </div>
      <aside className={classes.panel} aria-label={finding.title}>
        {editing ? (
          <EditPanel
            editor={editor}
            styles={styles}
            ofImage={task === "classification"}
            save={save}
            cancel={() => setEdited(null)}
          />
        ) : (
          <>
            <div className={classes.suspicion}>
              <p className={classes.kind}>
                {finding.title}{" "}
                <span>{words.chance(String(Math.round(100 * finding.chance)))}</span>
              </p>
              <p className={classes.why}>{sentence(finding.why)}</p>
            </div>
            <Decisions
              finding={finding}
              off={!mayDecide}
              correct={correct}
              keep={keep}
              edit={edit}
              skip={work.skip}
              undo={work.undo}
              takeBack={() => work.takeBack(finding)}
            />
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keys */}
            <section className={classes.evidence} tabIndex={0} aria-label={words.evidence}>
              <EvidenceList finding={finding} evidence={evidence} styles={styles} />
            </section>
          </>
        )}
      </aside>
    </div>
  );
}

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
