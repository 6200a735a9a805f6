/** Icons of the tools, on a grid of 20. */

import type { ReactNode } from "react";
import { Drawn } from "@/ui/icons";
import type { ToolName } from "./editor";

const PATHS: Record<ToolName | "light" | "fit" | "eye" | "undo" | "redo", ReactNode> = {
  select: <path d="M4.5 3.5 15.5 9l-4.8 1.5L9 15.5z" />,
  box: (
    <>
      <rect x="4" y="5" width="12" height="10" />
      <path d="M2.7 5h2.6M4 3.7v2.6M14.7 15h2.6M16 13.7v2.6" />
    </>
  ),
  polygon: <path d="m4.5 6.5 7-3 4.5 6-3.5 6.5-6.5-1.5z" />,
  brush: (
    <path d="M16.5 3.5 9 11M6.9 10.9c-2.4.3-2 3-3.9 4.6 2.6 1 6.4.4 6-2.6-.2-1.2-1-1.9-2.1-2z" />
  ),
  eraser: <path d="m8 16-4-4 7.5-7.5 4.5 4.5L9 16zM7.2 8.8l4.5 4.5M9 16h7.5" />,
  light: (
    <>
      <circle cx="10" cy="10" r="6.5" />
      <path d="M10 3.5v13a6.5 6.5 0 0 0 0-13z" fill="currentColor" />
    </>
  ),
  fit: <path d="M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4" />,
  eye: (
    <>
      <path d="M2.5 10c2-3.6 4.5-5.3 7.5-5.3s5.5 1.7 7.5 5.3c-2 3.6-4.5 5.3-7.5 5.3S4.5 13.6 2.5 10z" />
      <circle cx="10" cy="10" r="2.4" />
    </>
  ),
  undo: <path d="M7 4.5 3.5 8 7 11.5M3.8 8h7.7a4.5 4.5 0 0 1 0 9H8" />,
  redo: <path d="M13 4.5 16.5 8 13 11.5M16.2 8H8.5a4.5 4.5 0 0 0 0 9H12" />,
};

export function ToolIcon({ name }: { name: keyof typeof PATHS }) {
  return <Drawn size={19}>{PATHS[name]}</Drawn>;
}
