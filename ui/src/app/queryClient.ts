/** The cache of answers. Whoever is no longer signed in is led to the door. */
import { MutationCache, QueryCache, QueryClient } from "@tanstack/react-query";
import { ApiProblem, asProblem } from "@/api/client";
import { keys } from "@/api/keys";
import { sentence } from "@/ui/figures";
import { toast } from "@/ui/toast";

const TRIES = 2;
/** What the server is still reading into memory is asked for again until it is there. */
const NOT_READY = "not_ready";
const NOT_READY_TRIES = 150;
const NOT_READY_WAIT_MS = 2000;

function notReady(error: unknown): boolean {
  return error instanceof ApiProblem && error.code === NOT_READY;
}

/** Whether a question is asked again after so many failures. */
export function asksAgain(failures: number, error: unknown): boolean {
  if (notReady(error)) return failures < NOT_READY_TRIES;
  return (
    failures < TRIES &&
    !(error instanceof ApiProblem && error.status >= 400 && error.status < 500)
  );
}

/** How long it waits before that. */
export function asksAgainAfterMs(failures: number, error: unknown): number {
  return notReady(error) ? NOT_READY_WAIT_MS : Math.min(1000 * 2 ** failures, 30_000);
}

function signedOut(error: unknown): boolean {
  return error instanceof ApiProblem && error.status === 401;
}

export const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      if (signedOut(error)) void queryClient.invalidateQueries({ queryKey: keys.session });
    },
  }),
  mutationCache: new MutationCache({
    onError: (error, _variables, _context, mutation) => {
      if (signedOut(error)) void queryClient.invalidateQueries({ queryKey: keys.session });
      // A page that shows its problem itself says so.
      if (mutation.meta?.quiet !== true) {
        const problem = asProblem(error);
        toast({ text: `${sentence(problem.message)} ${problem.hint}`.trim(), tone: "bad" });
      }
    },
  }),
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: true,
      retry: asksAgain,
      retryDelay: asksAgainAfterMs,
    },
  },
});
