/** Everything behind the door: who is signed in, the bar on top, the page below. */
import { Button, Skeleton } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { Navigate, Outlet, useLocation } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense, useMemo } from "react";
import { useJobEvents } from "@/api/jobs";
import { sessionQuery } from "@/api/queries";
import type { Session } from "@/api/types";
import { signOut } from "@/app/account";
import { enteredOf, ORGANISATION_KEY } from "@/app/early";
import { AccountProvider } from "@/app/here";
import { OfflineNote } from "@/app/OfflineNote";
import { Palette } from "@/app/Palette";
import { TopBar } from "@/app/TopBar";
import { Empty } from "@/ui/Empty";
import { QueryProblem } from "@/ui/QueryProblem";
import { door } from "@/words/door";
import { frame } from "@/words/frame";
import classes from "./AppFrame.module.css";

// What was labeled before the page was closed is sent from whatever page comes next.
const UnsentNote = lazy(() => import("@/features/annotate/UnsentNote"));
const DOORS = ["/login", "/setup"];

export function AppFrame() {
  const session = useQuery(sessionQuery);
  const { href, pathname } = useLocation();
  if (session.data === undefined) {
    return session.isError ? (
      <div className={classes.alone}>
        <QueryProblem query={session} />
      </div>
    ) : (
      <Skeletons />
    );
  }
  // While the page in front of the door is loaded, this one is still there.
  if (DOORS.some((door) => pathname.startsWith(door))) return null;
  if (session.data.setup_needed) return <Navigate to="/setup" />;
  if (session.data.person === null) {
    return <Navigate to="/login" search={href === "/" ? {} : { to: href }} />;
  }
  return <Signed session={session.data} />;
}

function Signed({ session }: { session: Session }) {
  const [wanted, enter] = useLocalStorage({ key: ORGANISATION_KEY, defaultValue: "" });
  const membership = enteredOf(session, wanted);
  const account = useMemo(
    () => (membership ? { session, membership, enter } : null),
    [session, membership, enter],
  );
  if (account === null) {
    return (
      <Empty title={door.homeless} text={door.homelessHint}>
        <Button onClick={() => void signOut()}>{frame.signOut}</Button>
      </Empty>
    );
  }
  return (
    <AccountProvider account={account}>
      <Inside organisation={account.membership.organisation}>
        <Outlet />
      </Inside>
    </AccountProvider>
  );
}

function Inside({ organisation, children }: { organisation: string; children: ReactNode }) {
  useJobEvents(organisation);
  return (
    <div className={classes.frame}>
      <button type="button" className={classes.skip} onClick={focusPage}>
        {frame.skip}
      </button>
      <TopBar />
      <div className={classes.below}>
        <OfflineNote />
        <Suspense fallback={null}>
          <UnsentNote />
        </Suspense>
        {children}
      </div>
      <Palette />
    </div>
  );
}

function focusPage() {
  document.getElementById("page")?.focus();
}

function Skeletons() {
  return (
    <div className={classes.frame} aria-busy="true" role="status" aria-label={frame.loading}>
      <div className={classes.barSkeleton}>
        <Skeleton height={20} width={180} />
      </div>
      <div className={classes.below}>
        <Skeleton height={28} width={220} m="xl" />
      </div>
    </div>
  );
}
