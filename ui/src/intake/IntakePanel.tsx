/** Importing by drag and drop: choose, upload, read, and what could not be read. */
import { Button } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type DragEvent, useRef, useState } from "react";
import type { Here } from "@/api/here";
import { DropPicture } from "@/intake/DropPicture";
import { fromDrop, fromInput } from "@/intake/gather";
import { IntakeDone } from "@/intake/IntakeDone";
import { IntakeOptions } from "@/intake/IntakeOptions";
import { IntakeProgress } from "@/intake/IntakeProgress";
import { startIntake, useIntake } from "@/intake/intake";
import type { LocalFile } from "@/intake/upload";
import { intake as words } from "@/words/intake";
import classes from "./intake.module.css";

interface IntakePanelProps {
  here: Pick<Here, "organisation" | "project">;
  /** Called when the person wants to see what was imported. */
  onLook: () => void;
}

export function IntakePanel({ here, onLook }: IntakePanelProps) {
  const client = useQueryClient();
  const intake = useIntake(here);
  const [chosen, setChosen] = useState<LocalFile[]>([]);
  if (intake?.phase === "reading") {
    return <IntakeDone here={here} intake={intake} onLook={onLook} />;
  }
  if (intake !== undefined) return <IntakeProgress here={here} intake={intake} />;
  if (chosen.length > 0) {
    return (
      <IntakeOptions
        files={chosen}
        onOther={() => setChosen([])}
        onGo={(options) => {
          setChosen([]);
          void startIntake(client, here, chosen, options);
        }}
      />
    );
  }
  return <DropZone onChosen={setChosen} />;
}

function DropZone({ onChosen }: { onChosen: (files: LocalFile[]) => void }) {
  const [over, setOver] = useState(false);
  const folder = useRef<HTMLInputElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    void fromDrop(event.dataTransfer).then(onChosen);
  };
  return (
    <section
      className={classes.drop}
      data-over={over || undefined}
      aria-label={words.dropTitle}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <DropPicture />
      <p className={classes.dropTitle}>{over ? words.letGo : words.dropTitle}</p>
      <p className={classes.dropText}>{words.dropText}</p>
      <div className={classes.buttons}>
        <Button variant="default" onClick={() => folder.current?.click()}>
          {words.folder}
        </Button>
        <Button variant="default" onClick={() => files.current?.click()}>
          {words.files}
        </Button>
      </div>
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        {...{ webkitdirectory: "" }}
        onChange={(e) => onChosen(fromInput(e.currentTarget.files))}
      />
      <input
        ref={files}
        type="file"
        hidden
        multiple
        onChange={(e) => onChosen(fromInput(e.currentTarget.files))}
      />
    </section>
  );
}
