/** One finding at a time, large, with what speaks for it, decided by single keys. */

import { Button, SegmentedControl, Skeleton, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useMemo, useState } from "react";
import { asProblem } from "@/api/client";
import { may, pictureUrl } from "@/api/here";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { Finding, Settle, Shape, Task } from "@/api/types";
import { useHere } from "@/app/here";
import { runCommand } from "@/canvas/commands";
import { Editor, type ToolName } from "@/canvas/editor";
import { type Command, isTyping, numbersOf } from "@/canvas/keymap";
import { classStyles } from "@/canvas/palette";
import { Shot } from "@/canvas/Shot";
import { Stage, useView } from "@/canvas/Stage";
import { toWire } from "@/canvas/shapes/wire";
import { ToolBar } from "@/canvas/ToolBar";
import { useKeys } from "@/canvas/useKeys";
import { seenBox } from "@/canvas/viewport";
import { ClassChip } from "@/ui/ClassChip";
import { classColor } from "@/ui/classColors";
import { Empty } from "@/ui/Empty";
import { percent } from "@/ui/figures";
import { Key } from "@/ui/Key";
import { ProblemNote } from "@/ui/ProblemNote";
import { findings as words } from "@/words/findings";
import { EvidenceList } from "./Evidence";
import classes from "./FindingsPage.module.css";
import { GroupView } from "./GroupView";
import { readGroup } from "./group";
import { ReviewHead } from "./ReviewHead";
import { evidenceQuery, type FindingsWork, useFindings } from "./useFindings";
import { type Layers, usePictures, useScene } from "./useScene";

const route = getRouteApi("/app/p/$project/findings");
const GROUP = "inconsistent_group";
const WINDOW = { ...classColor(-1), color: "#ffffff", name: "window", good: false };
const TOOLS: Record<Task, readonly ToolName[]> = {
  classification: [],
  detection: ["select", "box"],
  segmentation: ["select", "polygon", "brush", "eraser"],
  anomaly: ["select", "polygon", "brush", "eraser"],
};

export default function FindingsPage() {
  const { kind } = route.useSearch();
  // Another kind is another queue.
  return <FindingsOf key={kind ?? ""} />;
}

function FindingsOf() {
  const here = useHere();
  const search = route.useSearch();
  const navigate = useNavigate();
  const work = useFindings(here, search.kind, search.id);
  const choose = (kind: string | undefined) =>
    void navigate({
      to: "/p/$project/findings",
      params: { project: here.project },
      search: { kind },
    });
  return (
    <div className={classes.page}>
      <ReviewHead work={work} kind={search.kind} choose={choose} />
      <Body work={work} filtered={search.kind !== undefined} all={() => choose(undefined)} />
    </div>
  );
}

interface BodyProps {
  work: FindingsWork;
  filtered: boolean;
  all: () => void;
}

function Body({ work, filtered, all }: BodyProps) {
  const mayDecide = may(useHere().role, "labeler");
  const { current } = work;
  if (current === null) {
    if (work.error) {
      return (
        <div className={classes.note}>
          <ProblemNote problem={asProblem(work.error)} />
        </div>
      );
    }
    if (work.loading) return <Skeleton className={classes.waiting} />;
    return (
      <Empty title={words.empty} text={words.emptyText}>
        {filtered ? <Button onClick={all}>{words.emptyAll}</Button> : null}
        {mayDecide ? (
          <Button variant="default" rightSection={<Key>U</Key>} onClick={work.undo}>
            {words.decide.undo}
          </Button>
        ) : null}
      </Empty>
    );
  }
  if (current.kind === GROUP) return <Group key={current.id} work={work} finding={current} />;
  return <Single work={work} finding={current} mayDecide={mayDecide} />;
}

/** Letters of this page; they differ from those of the canvas. */
function useLetters(letters: Record<string, (() => void) | undefined>): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      if (event.target instanceof Element && event.target.closest("[role=dialog]")) return;
      const act = letters[event.key.toLowerCase()];
      if (!act) return;
      event.preventDefault();
      act();
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  });
}

interface SingleProps {
  work: FindingsWork;
  finding: Finding;
  mayDecide: boolean;
}

function Single({ work, finding, mayDecide }: SingleProps) {
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
  useEffect(() => editor.setStyles(styles), [editor, styles]);

  const decide = (decision: Settle) => mayDecide && work.settle(finding, decision);
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
  useLetters(
    editing
      ? {}
      : {
          c: mayDecide ? correct : undefined,
          k: mayDecide ? keep : undefined,
          e: mayDecide ? edit : undefined,
          s: work.skip,
          u: mayDecide ? work.undo : undefined,
          f: () => editor.fit(),
        },
  );
  useEditKeys({ editor, styles, task, editing, save, cancel: () => setEdited(null) });

  return (
    <div className={classes.split}>
      <div className={classes.stage}>
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
          <div className={classes.caption}>{finding.image_name}</div>
          {editing ? null : <Overview editor={editor} finding={finding} />}
        </Stage>
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
                {finding.title} <span>{words.chance(percent(finding.score))}</span>
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
            />
            <div className={classes.evidence}>
              <EvidenceList finding={finding} evidence={evidence} styles={styles} />
            </div>
          </>
        )}
      </aside>
    </div>
  );
}

interface EditKeys {
  editor: Editor;
  styles: ReturnType<typeof classStyles>;
  task: Task;
  editing: boolean;
  save: () => void;
  cancel: () => void;
}

/** The keys of the canvas while labels are edited. */
function useEditKeys({ editor, styles, task, editing, save, cancel }: EditKeys): void {
  const chooseClass = (command: Command): boolean => {
    const name = styles[numbersOf(command)[0]]?.name;
    if (name === undefined) return false;
    if (task === "classification") editor.setImageClass(name);
    else editor.chooseClass(name);
    return true;
  };
  useKeys((command, event) => {
    if (!editing) return false;
    if (event.key === "Enter" && event.ctrlKey) save();
    else if (command === "escape" && !editor.tool.draft && editor.selection.size === 0)
      cancel();
    else if (command.startsWith("class:")) return chooseClass(command);
    else return runCommand(editor, command);
    return true;
  });
}

/** Where in the image the part lies that is shown, while it is only a part. */
function Overview({ editor, finding }: { editor: Editor; finding: Finding }) {
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

function sentence(text: string): string {
  const begun = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}

interface DecisionsProps {
  finding: Finding;
  off: boolean;
  correct: () => void;
  keep: () => void;
  edit: () => void;
  skip: () => void;
  undo: () => void;
}

function Decisions({ finding, off, correct, keep, edit, skip, undo }: DecisionsProps) {
  return (
    <div className={classes.decisions}>
      {off ? <Text fz="sm">{words.viewer}</Text> : null}
      <Button
        size="md"
        className={classes.first}
        justify="space-between"
        disabled={off}
        rightSection={<Key>C</Key>}
        onClick={correct}
      >
        {finding.suggestion === null ? words.decide.accept : words.decide.correct}
      </Button>
      <Button
        size="md"
        variant="default"
        className={classes.first}
        justify="space-between"
        disabled={off}
        rightSection={<Key>K</Key>}
        onClick={keep}
      >
        {words.decide.keep}
      </Button>
      <div className={classes.others}>
        <Button variant="default" disabled={off} rightSection={<Key>E</Key>} onClick={edit}>
          {words.decide.edit}
        </Button>
        <Button variant="default" rightSection={<Key>S</Key>} onClick={skip}>
          {words.decide.skip}
        </Button>
        <Button variant="default" disabled={off} rightSection={<Key>U</Key>} onClick={undo}>
          {words.decide.undo}
        </Button>
      </div>
    </div>
  );
}

interface EditPanelProps {
  editor: Editor;
  styles: ReturnType<typeof classStyles>;
  ofImage: boolean;
  save: () => void;
  cancel: () => void;
}

function EditPanel({ editor, styles, ofImage, save, cancel }: EditPanelProps) {
  return (
    <div className={classes.edit}>
      <h2>{words.edit.title}</h2>
      <p className={classes.quiet}>{words.edit.hint}</p>
      <div className={classes.classes}>
        {styles.map((style, n) => (
          <button
            key={style.name}
            type="button"
            onClick={() =>
              ofImage ? editor.setImageClass(style.name) : editor.chooseClass(style.name)
            }
          >
            <ClassChip name={style.name} color={style} />
            {n < 9 ? <Key>{String(n + 1)}</Key> : null}
          </button>
        ))}
      </div>
      <Button size="md" justify="space-between" rightSection={<Key>Ctrl ↵</Key>} onClick={save}>
        {words.edit.save}
      </Button>
      <Button
        variant="default"
        justify="space-between"
        rightSection={<Key>Esc</Key>}
        onClick={cancel}
      >
        {words.edit.cancel}
      </Button>
    </div>
  );
}

function Group({ work, finding }: { work: FindingsWork; finding: Finding }) {
  const here = useHere();
  const book = useQuery(labelBookQuery(here)).data;
  const evidence = useQuery(evidenceQuery(here, finding.id));
  const styles = useMemo(() => classStyles(book?.classes ?? []), [book]);
  const off = !may(here.role, "labeler");
  const group = readGroup(evidence.data?.group ?? null);
  const settle = (label: string, note: string) =>
    work.settle(finding, { decision: "correct", label, whole_group: true, note });
  const keep = () => work.settle(finding, { decision: "dismiss", whole_group: true });
  const sides = group?.sides ?? [];
  useLetters({
    "1": sides[0] && !off ? () => settle(sides[0]?.label ?? "", "") : undefined,
    "2": sides[1] && !off ? () => settle(sides[1]?.label ?? "", "") : undefined,
    k: off ? undefined : keep,
    s: work.skip,
    u: off ? undefined : work.undo,
  });
  if (group) {
    return <GroupView group={group} styles={styles} off={off} settle={settle} keep={keep} />;
  }
  if (evidence.isPending) return <Skeleton className={classes.waiting} />;
  return (
    <Empty title={finding.title} text={`${finding.why} ${words.group.gone}`}>
      <Button variant="default" rightSection={<Key>S</Key>} onClick={work.skip}>
        {words.decide.skip}
      </Button>
    </Empty>
  );
}
