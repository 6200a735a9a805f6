/** Blind labeling: the same canvas, nobody's labels, no suggestions. */

import { Button } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { asProblem, put } from "@/api/client";
import { projectPath } from "@/api/here";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { Problem, Shape, StudyAnswer, StudyTask, Task } from "@/api/types";
import { useAccount, useHere } from "@/app/here";
import { BookExcerpt } from "@/canvas/BookExcerpt";
import { runCommand } from "@/canvas/commands";
import { Editor, type ToolName } from "@/canvas/editor";
import { KeySheet } from "@/canvas/KeySheet";
import { type Command, numbersOf } from "@/canvas/keymap";
import type { Picture } from "@/canvas/paint/picture";
import { usePictures } from "@/canvas/paint/usePictures";
import { classStyles, styleOf } from "@/canvas/palette";
import { Stage, useEditor } from "@/canvas/Stage";
import { toWire } from "@/canvas/shapes/wire";
import { ToolBar } from "@/canvas/ToolBar";
import { useKeys } from "@/canvas/useKeys";
import { swatch } from "@/ui/classColors";
import { Empty } from "@/ui/Empty";
import { Key } from "@/ui/Key";
import { ProblemNote } from "@/ui/ProblemNote";
import { QueryProblem } from "@/ui/QueryProblem";
import { agreement } from "@/words/agreement";
import classes from "./Blind.module.css";
import { studiesQuery, taskQuery } from "./queries";

const words = agreement.blind;
const TOOLS: Record<Task, readonly ToolName[]> = {
  classification: [],
  detection: ["select", "box"],
  segmentation: ["select", "polygon", "brush", "eraser"],
  anomaly: ["select", "polygon", "brush", "eraser"],
};

interface BlindProps {
  study: string;
  leave: () => void;
}

export function Blind({ study, leave }: BlindProps) {
  const here = useHere();
  const task = useQuery(taskQuery(here, study));
  if (task.error && !task.data) {
    return (
      <div className={classes.note}>
        <QueryProblem query={task} />
      </div>
    );
  }
  if (!task.data) return null;
  if (task.data.sha256 === null) {
    return <Done study={study} again={() => void task.refetch()} leave={leave} />;
  }
  return <Turn study={study} turn={task.data} sha256={task.data.sha256} leave={leave} />;
}

/** After a trial: whether another one waits. */
function Done({ study, again, leave }: BlindProps & { again: () => void }) {
  const { session } = useAccount();
  const studies = useQuery({ ...studiesQuery(useHere()), staleTime: 0 }).data;
  const mine = studies
    ?.find((s) => s.id === study)
    ?.progress.filter((p) => p.labeler === session.person?.name);
  const next = mine?.find((p) => p.answered < p.total);
  return (
    <Empty
      title={next ? words.trialDone(next.trial - 1) : words.done}
      text={next ? words.trialText : words.doneText}
    >
      {next ? <Button onClick={again}>{words.nextTrial(next.trial)}</Button> : null}
      <Button variant={next ? "default" : "filled"} onClick={leave}>
        {agreement.back}
      </Button>
    </Empty>
  );
}

interface TurnProps extends BlindProps {
  turn: StudyTask;
  sha256: string;
}

function Turn({ study, turn, sha256, leave }: TurnProps) {
  const here = useHere();
  const client = useQueryClient();
  const book = useQuery(labelBookQuery(here)).data;
  const task = useQuery(projectQuery(here)).data?.task ?? "detection";
  const [editor] = useState(() => new Editor());
  const [sending, setSending] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [sheet, setSheet] = useState(false);
  const picture = useTurnPicture(turn, sha256);
  const ofImage = task === "classification" || task === "anomaly";

  useEffect(() => {
    if (book) editor.setStyles(classStyles(book.classes));
  }, [editor, book]);
  useEffect(() => editor.takeTool(TOOLS[task][1] ?? "select"), [editor, task]);
  // The same image may come again in the next trial: then it is a new turn, too.
  const turnId = `${turn.trial} ${sha256}`;
  const opened = useRef("");
  useEffect(() => {
    opened.current = turnId;
    editor.open([turn.width, turn.height], []);
    setProblem(null);
  }, [editor, turn.width, turn.height, turnId]);

  // State comes with the next rendering, a second key may come before that.
  const onItsWay = useRef(false);
  const answer = async () => {
    if (onItsWay.current) return;
    editor.settle();
    onItsWay.current = true;
    // What would be drawn now would be in no answer.
    editor.readOnly = true;
    setSending(true);
    setProblem(null);
    const shapes = editor.document.shapes().map(toWire) as Shape[];
    const body: StudyAnswer = { trial: turn.trial, sha256, shapes };
    try {
      const next = await put<StudyTask>(projectPath(here, `/studies/${study}/answers`), body);
      client.setQueryData(taskQuery(here, study).queryKey, next);
      void client.invalidateQueries({ queryKey: studiesQuery(here).queryKey });
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      onItsWay.current = false;
      editor.readOnly = false;
      setSending(false);
    }
  };
  const choose = (name: string) => {
    editor.chooseClass(name);
    if (!ofImage) return;
    editor.setImageClass(name);
    const good = book?.classes.find((c) => c.name === name)?.good ?? false;
    if (task === "classification" || good) void answer();
  };
  const nothing = () => {
    editor.replaceAll("nothing", []);
    void answer();
  };
  const good = () => {
    // Without the label book a good part would be answered as no class at all.
    if (!book) return;
    const entry = book.classes.find((c) => c.good);
    editor.replaceAll("good", entry ? [{ kind: "class", label: entry.name }] : []);
    void answer();
  };
  const acts: Partial<Record<Command, () => void>> = {
    nothing,
    good,
    help: () => setSheet(true),
    next: () => void answer(),
    finish: () => {
      if (!editor.tool.finish()) void answer();
    },
  };
  const handle = (command: Command): boolean => {
    const act = acts[command];
    const entry = command.startsWith("class:") && book?.classes[numbersOf(command)[0]];
    const known =
      !command.startsWith("tool:") || TOOLS[task].includes(command.slice(5) as ToolName);
    if (act) act();
    else if (entry) choose(entry.name);
    else return known && runCommand(editor, command);
    return true;
  };
  useKeys((command) => !sheet && handle(command));

  return (
    <div className={classes.page}>
      <title>{words.title}</title>
      <aside className={classes.left}>
        <div>
          <h1>{words.title}</h1>
          <p className={classes.quiet}>{words.place(turn.place, turn.total, turn.trial)}</p>
          <div className={classes.track} aria-hidden="true">
            <span style={{ width: `${(100 * (turn.place - 1)) / Math.max(turn.total, 1)}%` }} />
          </div>
        </div>
        <Classes editor={editor} ofImage={ofImage} choose={choose} />
        <div className={classes.buttons}>
          <Button
            variant="default"
            justify="space-between"
            rightSection={<Key>N</Key>}
            onClick={nothing}
          >
            {words.nothing}
          </Button>
          {book?.classes.some((c) => c.good) ? (
            <Button
              variant="default"
              justify="space-between"
              rightSection={<Key>G</Key>}
              onClick={good}
            >
              {words.good}
            </Button>
          ) : null}
          <Button
            justify="space-between"
            loading={sending}
            rightSection={<Key>↵</Key>}
            onClick={() => void answer()}
          >
            {words.next}
          </Button>
        </div>
        <p className={classes.foot}>{words.note}</p>
        <Button variant="default" onClick={leave}>
          {words.leave}
        </Button>
      </aside>
      <div className={classes.middle}>
        <ToolBar editor={editor} tools={TOOLS[task]} />
        <Stage editor={editor} picture={picture} label={words.stageLabel(turn.place)}>
          {problem ? (
            <div className={classes.problem}>
              <ProblemNote
                problem={{
                  message: words.notSaved,
                  hint: `${problem.message} ${problem.hint}`,
                }}
                onRetry={() => void answer()}
              />
            </div>
          ) : null}
        </Stage>
      </div>
      <BookExcerpt here={here} editor={editor} book={book} sha256={null} />
      <KeySheet open={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}

function useTurnPicture(turn: StudyTask, sha256: string): Picture | null {
  const here = useHere();
  const [shown, setShown] = useState<{ sha256: string; picture: Picture } | null>(null);
  const pictures = usePictures(here, 2);
  const { width, height } = turn;
  useEffect(() => {
    let left = false;
    pictures.get(sha256, [width, height]).then(
      (picture) => !left && setShown({ sha256, picture }),
      () => undefined,
    );
    return () => {
      left = true;
    };
  }, [pictures, sha256, width, height]);
  return shown !== null && shown.sha256 === sha256 ? shown.picture : null;
}

interface ClassesProps {
  editor: Editor;
  ofImage: boolean;
  choose: (name: string) => void;
}

function Classes({ editor, ofImage, choose }: ClassesProps) {
  useEditor(editor);
  const chosen = ofImage ? editor.imageClass : editor.activeClass;
  return (
    <div className={classes.classes}>
      {editor.styles.map((style, n) => (
        <button
          key={style.name}
          type="button"
          data-large={ofImage || undefined}
          aria-pressed={style.name === chosen}
          onClick={() => choose(style.name)}
        >
          <span
            className={classes.swatch}
            style={{ background: swatch(styleOf(editor.styles, style.name)) }}
            aria-hidden="true"
          />
          <span className={classes.name}>{style.name}</span>
          {n < 9 ? <Key>{String(n + 1)}</Key> : null}
        </button>
      ))}
    </div>
  );
}
