/** Says so while the server does not answer; asks everything anew once it does. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { isReachable, onReachable } from "@/api/reach";
import { frame } from "@/words/frame";
import classes from "./OfflineNote.module.css";

export function OfflineNote() {
  const reachable = useSyncExternalStore(onReachable, isReachable);
  const client = useQueryClient();
  const before = useRef(reachable);
  useEffect(() => {
    if (reachable && !before.current) void client.invalidateQueries();
    before.current = reachable;
  }, [client, reachable]);
  if (reachable) return null;
  return (
    <div className={classes.note} role="alert">
      {frame.offline}
    </div>
  );
}
