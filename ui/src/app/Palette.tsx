/** Ctrl-K: any page, project or action by its name. The list itself is loaded when first asked for. */
import { useHotkeys } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { closePalette, openPalette, usePaletteOpen } from "@/app/palette";

const PaletteList = lazy(() => import("@/app/PaletteList"));

export function Palette() {
  const open = usePaletteOpen();
  useHotkeys([["mod+K", () => (open ? closePalette() : openPalette())]], []);
  if (!open) return null;
  return (
    <Suspense fallback={null}>
      <PaletteList />
    </Suspense>
  );
}
