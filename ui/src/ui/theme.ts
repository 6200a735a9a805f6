/** The look: quiet greys, one accent for the primary action, system fonts. */
import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#eef2ff",
  "#dce4fb",
  "#b9c8f4",
  "#92a9ed",
  "#718fe8",
  "#5a7de4",
  "#3f66d8",
  "#2b53c9",
  "#2247b0",
  "#183894",
];

const gray: MantineColorsTuple = [
  "#f7f8f9",
  "#eff1f3",
  "#e4e7ea",
  "#d3d8dd",
  "#b5bdc5",
  "#8d97a1",
  "#69737d",
  "#4d565f",
  "#343b42",
  "#1d2226",
];

const dark: MantineColorsTuple = [
  "#d7dbdf",
  "#b3bac1",
  "#8f98a1",
  "#636c75",
  "#434b53",
  "#343b42",
  "#262b30",
  "#1c2024",
  "#16191c",
  "#101214",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, gray, dark },
  fontFamily:
    'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", Consolas, monospace',
  headings: { fontWeight: "620", sizes: { h1: { fontSize: "1.5rem", lineHeight: "1.3" } } },
  defaultRadius: "md",
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  // By name, not by `X.extend`: that would load each of them with the first page.
  components: {
    Button: { defaultProps: { size: "sm" }, styles: { root: { minHeight: 34 } } },
    Select: { defaultProps: { allowDeselect: false, checkIconPosition: "right" } },
    Modal: { styles: { title: { fontSize: 18, fontWeight: 620 } } },
    // Its two little arrows are smaller than a finger; the arrow keys do the same.
    NumberInput: { defaultProps: { hideControls: true } },
    Menu: { defaultProps: { shadow: "md", withinPortal: true } },
    Popover: { defaultProps: { shadow: "md" } },
    Tooltip: {
      defaultProps: {
        openDelay: 400,
        withArrow: false,
        events: { hover: true, focus: true, touch: false },
      },
    },
  },
});

/** Variables of our own style sheets: `--pm-...`, for both schemes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {
    // The stage around pictures is dark in both schemes.
    "--pm-stage": "#17191b",
    "--pm-stage-raised": "#212427",
    "--pm-stage-line": "#33383d",
    "--pm-stage-text": "#dfe3e6",
    "--pm-stage-dim": "#9aa3ab",
    "--pm-rail": "84px",
    "--pm-bar": "52px",
  },
  light: {
    "--mantine-color-body": "#ffffff",
    "--mantine-color-text": "#1d2226",
    "--mantine-color-dimmed": "#5a646e",
    "--mantine-color-placeholder": "#68727c",
    "--pm-ground": "#f4f5f6",
    "--pm-surface": "#ffffff",
    "--pm-line": "#e1e4e8",
    "--pm-hover": "#edeff1",
    "--pm-accent-soft": "#e8edfc",
    "--pm-accent-text": "#2247b0",
    "--pm-ok": "#0f7a58",
    "--pm-ng": "#bf3a1f",
    "--pm-warn": "#8f5f00",
    "--pm-ok-soft": "#e2f3ec",
    "--pm-ng-soft": "#fbe9e4",
    "--pm-warn-soft": "#fbf0d9",
  },
  dark: {
    "--mantine-color-body": "#1b1e21",
    "--mantine-color-text": "#dfe3e6",
    "--mantine-color-dimmed": "#9aa3ab",
    "--mantine-color-placeholder": "#87919a",
    "--mantine-color-accent-light": "#222d4c",
    "--mantine-color-accent-light-hover": "#2a3760",
    "--mantine-color-accent-light-color": "#a9bdf5",
    "--pm-ground": "#141618",
    "--pm-surface": "#1b1e21",
    "--pm-line": "#2d3237",
    "--pm-hover": "#25292d",
    "--pm-accent-soft": "#222d4c",
    "--pm-accent-text": "#a9bdf5",
    "--pm-ok": "#4cc79c",
    "--pm-ng": "#f0866b",
    "--pm-warn": "#e0b04a",
    "--pm-ok-soft": "#173229",
    "--pm-ng-soft": "#3a211b",
    "--pm-warn-soft": "#352b15",
  },
});
