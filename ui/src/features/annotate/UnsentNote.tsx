/** On every page: labels kept on this computer are sent on, and what holds them up is said. */
import { Button } from "@mantine/core";
import { useLocation, useNavigate } from "@tanstack/react-router";
import { useMemo, useSyncExternalStore } from "react";
import { useAccount } from "@/app/here";
import { annotate } from "@/words/annotate";
import { outboxOf } from "./saving/ours";
import classes from "./UnsentNote.module.css";

const words = annotate.saving;

export default function UnsentNote() {
  const { session } = useAccount();
  const email = session.person?.email ?? "";
  const outbox = useMemo(() => outboxOf(email), [email]);
  const state = useSyncExternalStore(outbox.listen, () => outbox.state);
  const navigate = useNavigate();
  const { pathname } = useLocation();
  // The page where images are labeled says it in its own place.
  if (/\/annotate\//.test(pathname)) return null;
  if (state.kind === "offline" || state.kind === "signed-out") {
    return (
      <div className={classes.note} role="status">
        {words.waiting(state.count)}
      </div>
    );
  }
  if (state.kind !== "refused") return null;
  const { project, sha256, problem } = state;
  return (
    <div className={classes.note} role="alert">
      <span>
        {words.refusedTitle}: {problem.message} {problem.hint}
      </span>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() =>
          void navigate({
            to: "/p/$project/annotate/$sha",
            params: { project, sha: sha256 },
          })
        }
      >
        {words.again}
      </Button>
      <Button
        size="compact-sm"
        variant="default"
        onClick={() => void outbox.forget(project, sha256)}
      >
        {words.drop}
      </Button>
    </div>
  );
}
