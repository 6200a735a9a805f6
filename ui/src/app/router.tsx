/** The map of the app: which address shows which page. Every page is loaded when needed. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AppFrame } from "@/app/AppFrame";
import { askProject, askSession } from "@/app/early";
import { NoSuchPage, PageFault } from "@/app/faults";
import { ProjectFrame } from "@/app/ProjectFrame";
import { search } from "@/app/search";

/** A page that is loaded when needed, with the styles that the first page does without. */
function page(load: () => Promise<{ default: () => ReactNode }>) {
  return lazyRouteComponent(async () => {
    const [loaded] = await Promise.all([load(), import("@/ui/more")]);
    return loaded;
  });
}

const root = createRootRoute({ component: Outlet, notFoundComponent: NoSuchPage });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: search({ to: "text" }),
  component: page(() => import("@/features/door/LoginPage")),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: search({ token: "text" }),
  component: page(() => import("@/features/door/SetupPage")),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite/$token",
  component: page(() => import("@/features/door/InvitePage")),
});

const invitation = createRoute({
  getParentRoute: () => root,
  path: "/invitation/$token",
  component: page(() => import("@/features/door/InvitePage")),
});
const bench = createRoute({
  getParentRoute: () => root,
  path: "/bench",
  component: lazyRouteComponent(() => import("@/canvas/bench/BenchPage")),
});

const app = createRoute({
  getParentRoute: () => root,
  id: "app",
  loader: () => askSession(),
  component: AppFrame,
});
const projects = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/projects/ProjectsPage")),
});
const people = createRoute({
  getParentRoute: () => app,
  path: "/people",
  validateSearch: search({ tab: "text" }),
  component: page(() => import("@/features/people/PeoplePage")),
});

const account = createRoute({
  getParentRoute: () => app,
  path: "/account",
  component: page(() => import("@/features/people/AccountPage")),
});

const project = createRoute({
  getParentRoute: () => app,
  path: "/p/$project",
  loader: ({ params }) => askProject(params.project),
  component: ProjectFrame,
});
const next = createRoute({
  getParentRoute: () => project,
  path: "/next",
  component: page(() => import("@/features/next/NextPage")),
});
const images = createRoute({
  getParentRoute: () => project,
  path: "/images",
  validateSearch: search({
    filter: "text",
    sort: "text",
    open: "text",
    descending: "flag",
    map: "flag",
    add: "flag",
  }),
  component: page(() => import("@/features/images/ImagesPage")),
});
const annotate = createRoute({
  getParentRoute: () => project,
  path: "/annotate/$sha",
  validateSearch: search({ filter: "text", sort: "text", descending: "flag" }),
  component: page(() => import("@/features/annotate/AnnotatePage")),
});
const book = createRoute({
  getParentRoute: () => project,
  path: "/book",
  validateSearch: search({ class: "text" }),
  component: page(() => import("@/features/book/BookPage")),
});
const agreement = createRoute({
  getParentRoute: () => project,
  path: "/agreement",
  validateSearch: search({ study: "text", view: "text" }),
  component: page(() => import("@/features/agreement/AgreementPage")),
});
const findings = createRoute({
  getParentRoute: () => project,
  path: "/findings",
  validateSearch: search({ kind: "text", state: "text", id: "text" }),
  component: page(() => import("@/features/findings/FindingsPage")),
});
const train = createRoute({
  getParentRoute: () => project,
  path: "/train",
  component: page(() => import("@/features/train/TrainPage")),
});
const report = createRoute({
  getParentRoute: () => project,
  path: "/report",
  validateSearch: search({ run: "text", other: "text", truth: "text", said: "text" }),
  component: page(() => import("@/features/report/ReportPage")),
});
const release = createRoute({
  getParentRoute: () => project,
  path: "/release",
  validateSearch: search({ run: "text" }),
  component: page(() => import("@/features/release/ReleasePage")),
});
const line = createRoute({
  getParentRoute: () => project,
  path: "/line",
  component: page(() => import("@/features/line/LinePage")),
});

const devices = createRoute({
  getParentRoute: () => project,
  path: "/devices",
  validateSearch: search({
    name: "text",
    state: "text",
    release: "text",
    behind: "flag",
    drift: "flag",
  }),
  component: page(() => import("@/features/devices/DevicesPage")),
});
const device = createRoute({
  getParentRoute: () => project,
  path: "/devices/$device",
  component: page(() => import("@/features/devices/DevicePage")),
});
const rollout = createRoute({
  getParentRoute: () => project,
  path: "/rollout",
  validateSearch: search({ release: "text" }),
  component: page(() => import("@/features/rollout/RolloutPage")),
});

const update = createRoute({
  getParentRoute: () => project,
  path: "/update",
  component: page(() => import("@/features/update/UpdatePage")),
});
const limits = createRoute({
  getParentRoute: () => project,
  path: "/limits",
  component: page(() => import("@/features/limits/LimitsPage")),
});

const exporting = createRoute({
  getParentRoute: () => project,
  path: "/export",
  component: page(() => import("@/features/export/ExportPage")),
});
const datasheet = createRoute({
  getParentRoute: () => project,
  path: "/datasheet",
  component: page(() => import("@/features/datasheet/DatasheetPage")),
});
const settings = createRoute({
  getParentRoute: () => project,
  path: "/settings",
  component: page(() => import("@/features/settings/SettingsPage")),
});

const tree = root.addChildren([
  login,
  setup,
  invite,
  invitation,
  bench,
  app.addChildren([
    projects,
    people,
    account,
    project.addChildren([
      next,
      images,
      annotate,
      book,
      agreement,
      findings,
      train,
      report,
      release,
      line,
      devices,
      device,
      rollout,
      update,
      limits,
      exporting,
      datasheet,
      settings,
    ]),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: import.meta.env.BASE_URL,
  defaultPreload: "intent",
  defaultErrorComponent: PageFault,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
