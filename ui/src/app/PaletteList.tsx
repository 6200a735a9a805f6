import { Modal, useMantineColorScheme } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams } from "@tanstack/react-router";
import { useId, useState } from "react";
import { projectsQuery } from "@/api/queries";
import { signOut } from "@/app/account";
import { useAccount } from "@/app/here";
import { type Command, closePalette, useOffered } from "@/app/palette";
import { PAGES } from "@/app/Rail";
import { quoted } from "@/ui/filterWords";
import { matching } from "@/ui/matching";
import { frame } from "@/words/frame";
import classes from "./PaletteList.module.css";

const MOST_SHOWN = 12;
/** Pages of a project that are not on the rail. */
const MORE_PAGES = ["export", "datasheet", "settings"] as const;

interface Entry extends Command {
  group: string;
}

export default function PaletteList() {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const entries = useEntries(text);
  const chosen = Math.min(at, entries.length - 1);
  const run = (entry: Entry | undefined) => {
    closePalette();
    entry?.run();
  };
  return (
    <Modal
      opened
      onClose={closePalette}
      withCloseButton={false}
      title={null}
      aria-label={frame.palette.title}
      yOffset="14vh"
      size={560}
      padding={0}
      transitionProps={{ duration: 90 }}
    >
      <input
        className={classes.input}
        // The palette is opened to type.
        data-autofocus
        role="combobox"
        aria-expanded="true"
        aria-controls={listId}
        aria-activedescendant={entries[chosen] ? `${listId}-${chosen}` : undefined}
        aria-label={frame.palette.hint}
        placeholder={frame.palette.hint}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
          if (step !== undefined) {
            event.preventDefault();
            setAt((chosen + step + entries.length) % Math.max(1, entries.length));
          } else if (event.key === "Enter") {
            event.preventDefault();
            run(entries[chosen]);
          }
        }}
      />
      <div className={classes.list} id={listId} role="listbox" aria-label={frame.palette.title}>
        {entries.map((entry, i) => (
          <div
            key={entry.id}
            id={`${listId}-${i}`}
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen}
            className={classes.entry}
            onPointerMove={() => setAt(i)}
            onClick={() => run(entry)}
            onKeyDown={() => undefined}
          >
            <span>{entry.label}</span>
            <span className={classes.group}>{entry.group}</span>
          </div>
        ))}
        {entries.length === 0 ? <p className={classes.none}>{frame.palette.nothing}</p> : null}
      </div>
    </Modal>
  );
}

function useEntries(text: string): Entry[] {
  const { membership } = useAccount();
  const { project } = useParams({ strict: false });
  const { setColorScheme } = useMantineColorScheme();
  const navigate = useNavigate();
  const offered = useOffered();
  const projects = useQuery(projectsQuery(membership.organisation)).data ?? [];
  const pages = project
    ? [
        ...PAGES.map(([page]) => [page, frame.rail[page]] as const),
        ...MORE_PAGES.map((page) => [page, frame.more[page]] as const),
      ].map(([page, label]) => ({
        id: `page ${page}`,
        label,
        group: frame.palette.pages,
        run: () => void navigate({ to: `/p/$project/${page}`, params: { project } }),
      }))
    : [];
  const all: Entry[] = [
    ...offered.map((c) => ({ ...c, group: frame.palette.actions })),
    ...pages,
    ...projects.map((p) => ({
      id: `project ${p.name}`,
      label: p.name,
      group: frame.palette.projects,
      run: () => void navigate({ to: "/p/$project/next", params: { project: p.name } }),
    })),
    action("projects", frame.allProjects, () => void navigate({ to: "/" })),
    action("people", frame.people, () => void navigate({ to: "/people" })),
    action("account", frame.account, () => void navigate({ to: "/account" })),
    ...(["light", "dark", "auto"] as const).map((scheme) =>
      action(`colors ${scheme}`, `${frame.colorsLabel}: ${frame.colors[scheme]}`, () =>
        setColorScheme(scheme),
      ),
    ),
    action("out", frame.signOut, () => void signOut()),
  ];
  const found = matching(all, text, (e) => e.label).slice(0, MOST_SHOWN);
  if (project && text.trim().length > 1) {
    found.push(
      action("images", frame.palette.images(text.trim()), () => {
        const search = { filter: `name has ${quoted(text.trim())}` };
        void navigate({ to: "/p/$project/images", params: { project }, search });
      }),
    );
  }
  return found;
}

function action(id: string, label: string, run: () => void): Entry {
  return { id, label, run, group: frame.palette.actions };
}
