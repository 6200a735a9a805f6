/** One question: what a person said, what the project says, and a way to answer in place. */
import { Button, Textarea } from "@mantine/core";
import { type FormEvent, useState } from "react";
import type { Question } from "@/features/datasheet/sheet";
import { datasheet as words } from "@/words/datasheet";
import { frame } from "@/words/frame";
import classes from "./DatasheetPage.module.css";

interface QuestionPartProps {
  question: Question;
  busy: boolean;
  /** Undefined where the person may only read. */
  onSave: ((text: string) => Promise<unknown>) | undefined;
}

const MOST_LETTERS = 20_000;

export function QuestionPart({ question, busy, onSave }: QuestionPartProps) {
  const [editing, setEditing] = useState(false);
  const { answer, told } = question;
  const blank = answer === null && told.length === 0;
  const label = answer !== null ? words.change : blank ? words.answer : words.add;
  return (
    <div className={classes.question} id={question.key}>
      <h3>
        {question.text}
        {onSave && !editing ? (
          <Button
            size="compact-sm"
            variant={blank ? "light" : "default"}
            aria-label={`${label}: ${question.text}`}
            onClick={() => setEditing(true)}
          >
            {label}
          </Button>
        ) : null}
      </h3>
      {editing && onSave ? (
        <Editing
          question={question}
          busy={busy}
          onSave={onSave}
          onClose={() => setEditing(false)}
        />
      ) : answer !== null ? (
        <p className={classes.own} title={words.byPerson}>
          {answer}
        </p>
      ) : null}
      {told.map((text) => (
        <p key={text} title={words.byProject}>
          {text}
        </p>
      ))}
      {blank && !editing ? <p className={classes.blank}>{words.blank}</p> : null}
    </div>
  );
}

interface EditingProps extends QuestionPartProps {
  onSave: (text: string) => Promise<unknown>;
  onClose: () => void;
}

function Editing({ question, busy, onSave, onClose }: EditingProps) {
  const [text, setText] = useState(question.answer ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void onSave(text.trim()).then(onClose);
  };
  return (
    <form
      className={classes.edit}
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <Textarea
        aria-label={words.ownLabel(question.text)}
        autosize
        minRows={2}
        maxRows={14}
        maxLength={MOST_LETTERS}
        data-autofocus
        autoFocus
        value={text}
        onChange={(e) => setText(e.currentTarget.value)}
      />
      <div className={classes.buttons}>
        <Button type="submit" loading={busy} disabled={text.trim() === (question.answer ?? "")}>
          {words.save}
        </Button>
        <Button variant="default" onClick={onClose}>
          {frame.cancel}
        </Button>
      </div>
    </form>
  );
}
