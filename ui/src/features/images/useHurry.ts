/** Whether a list is scrolled so fast that nobody can see what is in it. */
import { type UIEvent, useCallback, useEffect, useRef, useState } from "react";

/** A picture is gone then before it is recognized. */
const FAST_PX_PER_MS = 5;
const CALM_MS = 110;

interface Hurry {
  hurried: boolean;
  /** For the element that scrolls. */
  onScroll: (event: UIEvent) => void;
}

export function useHurry(): Hurry {
  const [hurried, setHurried] = useState(false);
  const last = useRef({ top: 0, at: 0, timer: 0 });
  useEffect(() => () => window.clearTimeout(last.current.timer), []);
  const onScroll = useCallback((event: UIEvent) => {
    const [top, at] = [event.currentTarget.scrollTop, performance.now()];
    const { current } = last;
    setHurried(Math.abs(top - current.top) > FAST_PX_PER_MS * Math.max(at - current.at, 1));
    window.clearTimeout(current.timer);
    last.current = { top, at, timer: window.setTimeout(() => setHurried(false), CALM_MS) };
  }, []);
  return { hurried, onScroll };
}
