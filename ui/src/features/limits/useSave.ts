/** Saving limits or the schedule. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { put } from "@/api/client";
import { projectPath } from "@/api/here";
import { keys } from "@/api/keys";
import type { Upkeep } from "@/api/types";
import { useHere } from "@/app/here";
import { toast } from "@/ui/toast";
import { limits as words } from "@/words/limits";

export function useSave(what: "limits" | "schedule") {
  const here = useHere();
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: object) => put<Upkeep>(projectPath(here, `/${what}`), change),
    meta: { quiet: true },
    onSuccess: (now) => {
      client.setQueryData(keys.part(here, "upkeep"), now);
      toast({ text: words.saved });
    },
  });
}
