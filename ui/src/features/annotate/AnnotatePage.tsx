/** Labeling: the stage in the middle, classes left, the label book right, the film below. */

import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { may } from "@/api/here";
import { labelBookQuery, projectQuery } from "@/api/queries";
import type { Task } from "@/api/types";
import { useAccount, useHere } from "@/app/here";
import { BookExcerpt } from "@/canvas/BookExcerpt";
import { runCommand } from "@/canvas/commands";
import { Editor, type ToolName } from "@/canvas/editor";
import { KeySheet } from "@/canvas/KeySheet";
import { type Command, numbersOf, saysSomething } from "@/canvas/keymap";
import { classStyles } from "@/canvas/palette";
import { Stage } from "@/canvas/Stage";
import { ToolBar } from "@/canvas/ToolBar";
import { useKeys } from "@/canvas/useKeys";
import { Empty } from "@/ui/Empty";
import { ProblemNote } from "@/ui/ProblemNote";
import { toast } from "@/ui/toast";
import { annotate as words } from "@/words/annotate";
import classes from "./AnnotatePage.module.css";
import { ClassList } from "./ClassList";
import { FilmStrip } from "./FilmStrip";
import { SaidNote } from "./SaidNote";
import { SaveNote } from "./SaveNote";
import { outboxOf } from "./saving/ours";
import { useCarried } from "./useCarried";
import { useImages } from "./useImages";
import { useWaitingKeys } from "./useWaitingKeys";
import { useWork } from "./useWork";

const route = getRouteApi("/app/p/$project/annotate/$sha");
const AHEAD = 3;

const TOOLS: Record<Task, readonly ToolName[]> = {
  classification: [],
  detection: ["select", "box"],
  segmentation: ["select", "polygon", "brush", "eraser", "box"],
  anomaly: ["select", "polygon", "brush", "eraser", "box"],
};
const FIRST_TOOL: Record<Task, ToolName> = {
  classification: "select",
  detection: "box",
  segmentation: "brush",
  anomaly: "select",
};

export default function AnnotatePage() {
  const here = useHere();
  const { session } = useAccount();
  const { sha } = route.useParams();
  const order = route.useSearch();
  const navigate = useNavigate();
  const images = useImages(here, sha, order);
  const book = useQuery(labelBookQuery(here)).data;
  const project = useQuery(projectQuery(here)).data;
  const task = project?.task ?? "detection";
  const mayLabel = may(here.role, "labeler");
  const outbox = useMemo(() => outboxOf(session.person?.email ?? ""), [session.person?.email]);
  const [editor] = useState(() => new Editor());
  const [sheet, setSheet] = useState(false);
  const [goesOn, setGoesOn] = useLocalStorage({
    key: "pitmark-go-on",
    defaultValue: true,
    getInitialValueInEffect: false,
  });

  useEffect(() => {
    if (book) editor.setStyles(classStyles(book.classes));
  }, [editor, book]);
  useEffect(() => editor.takeTool(FIRST_TOOL[task]), [editor, task]);

  const { cards, place } = images;
  const ahead = useMemo(() => {
    const next = place < 0 ? [] : cards.slice(place + 1, place + 1 + AHEAD);
    const before = place > 0 ? cards.slice(place - 1, place) : [];
    return [...next, ...before];
  }, [cards, place]);
  const work = useWork({ here, editor, outbox, card: images.card, ahead, mayLabel });
  const labeled = useLabeled(work.opened, work.said);

  // Where the page is on its way to: the address follows a moment later.
  const goal = useRef(sha);
  useEffect(() => {
    goal.current = sha;
  }, [sha]);
  const open = useCallback(
    (sha256: string) => {
      goal.current = sha256;
      void navigate({
        to: "/p/$project/annotate/$sha",
        params: { project: here.project, sha: sha256 },
        search: order,
        replace: true,
      });
    },
    [navigate, here.project, order],
  );
  const go = useCallback(
    (to: number) => {
      const card = cards[to];
      if (card) open(card.sha256);
      else if (to >= cards.length) toast({ text: words.lastImage });
      else toast({ text: words.firstImage });
    },
    [cards, open],
  );
  const carried = useCarried(editor, work.opened);

  const ofImage = task === "classification" || task === "anomaly";
  const known = book !== undefined && project !== undefined && !images.pending;
  const opened = work.opened === sha && known;
  const decided = () => {
    work.say();
    if (goesOn && place >= 0 && place < cards.length - 1) go(place + 1);
  };
  const choose = (name: string) => {
    editor.chooseClass(name);
    if (!ofImage || !mayLabel) return;
    editor.setImageClass(name);
    // A defect of an anomaly project may still be outlined.
    const good = book?.classes.find((c) => c.name === name)?.good ?? false;
    if (task === "classification" || good) decided();
  };
  const nothing = () => {
    if (!mayLabel) return;
    editor.replaceAll("nothing", []);
    decided();
  };
  const good = () => {
    const entry = book?.classes.find((c) => c.good);
    if (!entry) nothing();
    else if (mayLabel) {
      editor.replaceAll("good", [{ kind: "class", label: entry.name }]);
      decided();
    }
  };

  const copyToNext = () => {
    // At the last image they would wait for whatever image is opened later.
    if (mayLabel && cards[place + 1]) carried.take();
    go(place + 1);
  };

  const handle = (command: Command): boolean => {
    if (command.startsWith("class:")) {
      const entry = book?.classes[numbersOf(command)[0]];
      if (entry) choose(entry.name);
      return entry !== undefined;
    }
    switch (command) {
      case "previous":
        go(place - 1);
        return true;
      case "next":
        go(place + 1);
        return true;
      case "nothing":
        // A whole image is of some class: nothing to see means a good part.
        if (ofImage) good();
        else nothing();
        return true;
      case "good":
        good();
        return true;
      case "help":
        setSheet(true);
        return true;
      case "copy-to-next":
        copyToNext();
        return true;
      default:
        if (
          command.startsWith("tool:") &&
          !TOOLS[task].includes(command.slice(5) as ToolName)
        ) {
          return false;
        }
        return runCommand(editor, command);
    }
  };
  const acts = (command: Command): boolean => {
    if (goal.current !== sha) return false;
    if (command === "previous" || command === "next") return !images.searching;
    const ofShapes = command.startsWith("class:") && known && !ofImage;
    return opened || ofShapes || !mayLabel || !saysSomething(command);
  };
  const { press, count } = useWaitingKeys({
    acts,
    act: handle,
    hopeless: work.problem !== null,
  });
  useKeys((command, event) => !sheet && press(command, event.repeat));

  if (images.error) return <MissingImage project={here.project} />;
  return (
    <div className={classes.page}>
      <title>{[images.card?.name, here.project].filter(Boolean).join(" · ")}</title>
      <ClassList
        editor={editor}
        book={book?.classes ?? []}
        ofImage={ofImage}
        marks={TOOLS[task].length > 0}
        mayLabel={mayLabel}
        said={work.said}
        goesOn={goesOn}
        onGoesOn={setGoesOn}
        press={press}
      />
      <div className={classes.middle}>
        <ToolBar editor={editor} tools={TOOLS[task]}>
          <SaveNote
            outbox={outbox}
            open={(image, project) => {
              if (project === here.project) open(image);
              // The order of this project means nothing in another.
              else
                void navigate({
                  to: "/p/$project/annotate/$sha",
                  params: { project, sha: image },
                });
            }}
          />
          <Button
            size="compact-sm"
            variant="transparent"
            c="inherit"
            onClick={() => setSheet(true)}
            title={words.keys}
          >
            ?
          </Button>
        </ToolBar>
        <Stage
          editor={editor}
          picture={work.picture}
          label={words.stageLabel(images.card?.name ?? "", editor.document.count)}
        >
          <div className={classes.caption}>
            <h1 className={classes.file}>{images.card?.name}</h1>
            <SaidNote
              work={work}
              me={session.person?.email ?? ""}
              mayLabel={mayLabel}
              waiting={count > 0}
            />
          </div>
          {work.problem ? (
            <div className={classes.problem}>
              <ProblemNote problem={work.problem} />
            </div>
          ) : null}
        </Stage>
        <FilmStrip cards={cards} total={images.total} place={place} labeled={labeled} go={go} />
      </div>
      <BookExcerpt here={here} editor={editor} book={book} sha256={sha} />
      <KeySheet open={sheet} onClose={() => setSheet(false)} />
    </div>
  );
}

function MissingImage({ project }: { project: string }) {
  return (
    <Empty title={words.missing} text={words.missingHint}>
      <Button component={Link} to={`/p/${project}/images`}>
        {words.toImages}
      </Button>
    </Empty>
  );
}

/** Images that were labeled on this visit, for the film strip. */
function useLabeled(opened: string | null, said: boolean): ReadonlySet<string> {
  const [labeled, setLabeled] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (opened !== null && said) {
      setLabeled((before) => (before.has(opened) ? before : new Set([...before, opened])));
    }
  }, [opened, said]);
  return labeled;
}
