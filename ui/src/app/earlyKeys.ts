/** Keys pressed while the page that the address names is still on its way. */

const OF_PAGES = /\/p\/[^/]+\/annotate\//;
const MOST = 20;

interface Early {
  readonly event: KeyboardEvent;
  readonly path: string;
}

let early: Early[] = [];
let listening = 0;

// Before any page: the key that opens one is pressed while the address is still another.
window.addEventListener(
  "keydown",
  (event) => {
    const path = window.location.pathname;
    if (listening > 0 || event.repeat || !OF_PAGES.test(path)) return;
    early = [...early, { event, path }].slice(-MOST);
  },
  { capture: true },
);

/** From now on the page listens itself; gives what was pressed before and nobody used. */
export function takeEarlyKeys(): KeyboardEvent[] {
  listening += 1;
  const taken = early.filter(({ event, path }) => {
    return path === window.location.pathname && !event.defaultPrevented;
  });
  early = [];
  return taken.map(({ event }) => event);
}

/** The page that listened is left. */
export function letGoOfKeys(): void {
  listening -= 1;
}
