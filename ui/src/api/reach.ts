/** Whether the server answers; told by every request, asked again while it does not. */

const AGAIN_MS = 3000;
const listeners = new Set<() => void>();
const state = { reachable: true, timer: 0 };

/** Told by the client after each request. */
export function tellReachable(reachable: boolean, probe: () => Promise<boolean>): void {
  if (reachable === state.reachable) return;
  state.reachable = reachable;
  for (const listener of listeners) listener();
  if (!reachable) askAgain(probe);
}

export function isReachable(): boolean {
  return state.reachable;
}

export function onReachable(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function askAgain(probe: () => Promise<boolean>): void {
  clearTimeout(state.timer);
  state.timer = Number(
    setTimeout(async () => {
      if (await probe()) tellReachable(true, probe);
      else askAgain(probe);
    }, AGAIN_MS),
  );
}
