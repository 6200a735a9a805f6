/** Signing out: the session ends and nothing of it stays in the page. */
import { del, setCsrf } from "@/api/client";
import { keys } from "@/api/keys";
import { queryClient } from "@/app/queryClient";

export async function signOut(): Promise<void> {
  await del("api/session");
  setCsrf("");
  queryClient.removeQueries({ predicate: (q) => q.queryKey[0] !== keys.session[0] });
  await queryClient.invalidateQueries({ queryKey: keys.session });
}
