/** The map of the app: which address shows which page. Every page is loaded when needed. */
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from "@tanstack/react-router";
import { AppFrame } from "@/app/AppFrame";
import { NoSuchPage, PageFault } from "@/app/faults";
import { ProjectFrame } from "@/app/ProjectFrame";
import { flag, text } from "@/app/search";

const root = createRootRoute({ component: Outlet, notFoundComponent: NoSuchPage });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (s) => ({ to: text(s.to) }),
  component: lazyRouteComponent(() => import("@/features/door/LoginPage")),
});
const setup = createRoute({
  getParentRoute: () => root,
  path: "/setup",
  validateSearch: (s) => ({ token: text(s.token) }),
  component: lazyRouteComponent(() => import("@/features/door/SetupPage")),
});
const invite = createRoute({
  getParentRoute: () => root,
  path: "/invite/$token",
  component: lazyRouteComponent(() => import("@/features/door/InvitePage")),
});

const app = createRoute({ getParentRoute: () => root, id: "app", component: AppFrame });
const projects = createRoute({
  getParentRoute: () => app,
  path: "/",
  component: lazyRouteComponent(() => import("@/features/projects/ProjectsPage")),
});
const people = createRoute({
  getParentRoute: () => app,
  path: "/people",
  validateSearch: (s) => ({ tab: text(s.tab) }),
  component: lazyRouteComponent(() => import("@/features/people/PeoplePage")),
});

const project = createRoute({
  getParentRoute: () => app,
  path: "/p/$project",
  component: ProjectFrame,
});
const next = createRoute({
  getParentRoute: () => project,
  path: "/next",
  component: lazyRouteComponent(() => import("@/features/next/NextPage")),
});
const images = createRoute({
  getParentRoute: () => project,
  path: "/images",
  validateSearch: (s) => ({
    filter: text(s.filter),
    sort: text(s.sort),
    descending: flag(s.descending),
    map: flag(s.map),
    open: text(s.open),
    add: flag(s.add),
  }),
  component: lazyRouteComponent(() => import("@/features/images/ImagesPage")),
});
const annotate = createRoute({
  getParentRoute: () => project,
  path: "/annotate/$sha",
  validateSearch: (s) => ({
    filter: text(s.filter),
    sort: text(s.sort),
    descending: flag(s.descending),
  }),
  component: lazyRouteComponent(() => import("@/features/annotate/AnnotatePage")),
});
const book = createRoute({
  getParentRoute: () => project,
  path: "/book",
  validateSearch: (s) => ({ class: text(s.class) }),
  component: lazyRouteComponent(() => import("@/features/book/BookPage")),
});
const agreement = createRoute({
  getParentRoute: () => project,
  path: "/agreement",
  validateSearch: (s) => ({ study: text(s.study), view: text(s.view) }),
  component: lazyRouteComponent(() => import("@/features/agreement/AgreementPage")),
});
const findings = createRoute({
  getParentRoute: () => project,
  path: "/findings",
  validateSearch: (s) => ({ kind: text(s.kind), state: text(s.state), id: text(s.id) }),
  component: lazyRouteComponent(() => import("@/features/findings/FindingsPage")),
});
const train = createRoute({
  getParentRoute: () => project,
  path: "/train",
  component: lazyRouteComponent(() => import("@/features/train/TrainPage")),
});
const report = createRoute({
  getParentRoute: () => project,
  path: "/report",
  validateSearch: (s) => ({
    run: text(s.run),
    other: text(s.other),
    truth: text(s.truth),
    said: text(s.said),
  }),
  component: lazyRouteComponent(() => import("@/features/report/ReportPage")),
});
const release = createRoute({
  getParentRoute: () => project,
  path: "/release",
  component: lazyRouteComponent(() => import("@/features/release/ReleasePage")),
});
const line = createRoute({
  getParentRoute: () => project,
  path: "/line",
  component: lazyRouteComponent(() => import("@/features/line/LinePage")),
});

const tree = root.addChildren([
  login,
  setup,
  invite,
  app.addChildren([
    projects,
    people,
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
    ]),
  ]),
]);

export const router = createRouter({
  routeTree: tree,
  basepath: new URL(document.baseURI).pathname,
  defaultPreload: "intent",
  defaultErrorComponent: PageFault,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
